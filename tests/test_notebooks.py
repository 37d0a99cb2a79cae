"""Do the notebooks run from top to bottom, and do they tell the truth? Their numbers are checked against the sample's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit_reports.sample import write_sample

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells_of(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a stored notebook."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells


def run(name: str, folder: Path) -> dict[str, Any]:
    """Run a notebook in a folder of its own and return its cells of code as they are then, by their id."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient absent: the notebooks cannot be executed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat absent: the notebooks cannot be executed")
    pytest.importorskip("ipykernel", reason="ipykernel absent: the notebooks cannot be executed")
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIT_REPORTS_DEMO", str(folder / "demo"))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}})
        client.execute()
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


def printed(cells: dict[str, Any]) -> dict[str, str]:
    """Return what each cell printed."""
    return {
        name: "".join(output.text for output in cell.outputs if output.output_type == "stream")
        for name, cell in cells.items()
    }


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run the first look and return what each of its cells printed, by the cell's id."""
    found = run("01_first_look.ipynb", tmp_path_factory.mktemp("notebook"))
    assert "application/vnd.plotly.v1+json" in found["picture"].outputs[-1].data
    assert "<table class='audit-log'>" in found["open"].outputs[-1].data["text/html"]
    return printed(found)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return the raw events of the worst night, by the truth's own ids, straight from the files."""
    sample = write_sample(tmp_path_factory.mktemp("truth"))
    wanted = set(next(story for story in sample.truth if story.name == "worst_night").event_ids)
    events = []
    for path in sample.files:
        for line in path.read_bytes().splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("id") in wanted:
                wanted.discard(event["id"])
                events.append(event)
    assert not wanted
    return events


@pytest.mark.slow
def test_the_first_look_prints_what_happened(executed: dict[str, str], night: list[dict[str, Any]]) -> None:
    def having(**values: str) -> list[dict[str, Any]]:
        return [event for event in night if all(event.get(name) == value for name, value in values.items())]

    actors = {event["actor"]["id"] for event in night}
    (address,) = {event["ip"] for event in night}
    lines = executed["note"].splitlines()
    assert lines[0] == f"{len(night)} events by {len(actors)} actors from {address}, Hanoi"
    keys = len(having(category="API Keys", action="Created"))
    assert keys == len(having(category="API Keys", action="Deleted"))
    assert lines[2] == f"{len(having(outcome='failure'))} failures, {keys} keys made and deleted again"
    copied, chats = len(having(action="Duplicated")), len(having(action="Chat Deleted"))
    assert lines[3] == f"{copied} assistants copied, {chats} chats deleted"
    gone = {event["resource"]["id"] for event in having(action="Deleted")}
    left = [event["resource"]["name"] for event in having(action="Created") if event["resource"]["id"] not in gone]
    assert lines[4] == f"still there: {', '.join(left)}"


@pytest.mark.slow
def test_the_night_is_all_that_ever_came_from_there(executed: dict[str, str], night: list[dict[str, Any]]) -> None:
    assert executed["new"].startswith(f"{len(night)} events from VN in all twelve weeks")


def test_the_conclusion_says_the_same_numbers(night: list[dict[str, Any]]) -> None:
    text = cells_of(ROOT / "notebooks" / "01_first_look.ipynb")[-1]["source"]
    written = "".join(text)
    assert f"{len(night)} events come from {night[0]['ip']}" in written
    assert sum(event["action"] == "Duplicated" for event in night) == 9
    assert "nine assistants" in written
    assert sum(event["action"] == "Chat Deleted" for event in night) == 14
    assert "fourteen chats" in written


@pytest.mark.slow
def test_asking_finds_what_the_truth_tells(tmp_path: Path) -> None:
    truth = {one.name: one for one in write_sample(tmp_path / "truth").truth}
    found = run("02_asking.ipynb", tmp_path)
    assert "application/vnd.plotly.v1+json" in found["timeline"].outputs[-1].data
    said = printed(found)
    silent = truth["silent_day"].since
    assert said["timeline"].startswith(f"least on {silent:%A %d %B}")
    spree, mass = truth["leaving_spree"], truth["mass_deletion"]
    deletions = [line.partition(" deletions")[0] for line in said["sessions"].splitlines()]
    assert deletions[:2] == [
        f"{spree.actor}: {len(spree.event_ids) - 1}",  # the last of them is that she leaves
        f"{mass.actor}: {len(mass.event_ids)}",
    ]
    second = truth["key_on_a_second_network"]
    assert said["first"] == f"ci-deploy from 192.0.2.0/24 since 17 March: {len(second.event_ids)} events\n"
    assert second.actor == "ci-deploy"
    dormant = truth["dormant_account"]
    assert said["story"] == f"silent for 61 days, then {len(dormant.event_ids)} events\n"
    story = "".join(cells_of(ROOT / "notebooks" / "02_asking.ipynb")[-2]["source"])
    assert str(dormant.actor) in story


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_stored_notebook_holds_no_outputs(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    for cell in notebook["cells"]:
        assert cell["id"]
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
