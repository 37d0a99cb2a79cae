"""How does a user add a feed? By one file in the folder that the configuration names, written as ours are."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Cli

from audit_reports.feeds import FEEDS

DOOR = '''
"""`door`, the badge readers of the office."""

from audit_reports.feed import Feed

FEED = Feed(
    name="door",
    product="Badge readers",
    exported_from="the controller's nightly file",
    recognised_by=(("badge", "door", "at"),),
    columns={"event_id": "$.n", "occurred_at": "$.at", "event": "'Door ' || $.result", "actor": "$.badge", "resource": "$.door"},
    zone="Europe/Madrid",
)
'''


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "feeds").mkdir()
    (tmp_path / "feeds" / "door.py").write_text(DOOR)
    path = tmp_path / "settings.toml"
    path.write_text(f'[feeds]\nfolder = "{tmp_path / "feeds"}"\n')
    return path


def test_its_events_are_recognised_checked_landed_and_asked_for(cli: Cli, tmp_path: Path, settings: Path) -> None:
    file = tmp_path / "badges.jsonl"
    file.write_text(
        '{"n": 7, "badge": "Ana Ruiz", "door": "Archive", "at": "2026-03-02 09:00:00", "result": "Opened"}\n'
    )
    known = {row["feed"]: row for row in cli("feeds", "--config", settings).rows}
    assert len(known) == len(FEEDS) + 1
    assert all(row["product"] and row["exported_from"] and row["recognised_by"] for row in known.values())
    assert known["door"]["exported_from"] == "the controller's nightly file"
    before = set(tmp_path.rglob("*"))
    (shown,) = cli("feeds", "check", file, "--config", settings).rows
    assert (shown["event"], shown["reason"]) == ("Door Opened", None)
    assert set(tmp_path.rglob("*")) == before, "nothing is landed, and no store made"
    where = ("--config", settings, "--store", tmp_path / "store")
    assert cli("ingest", file, *where, "--timezone", "Asia/Tokyo").code == 0, "which is for feeds that define no zone"
    (row,) = cli("events", "--store", tmp_path / "store", "--config", settings, "--feed", "door").rows
    assert (row["actor"], row["event"], row["occurred_at"]) == (
        "Ana Ruiz",
        "Door Opened",
        "2026-03-02T08:00:00.000000Z",
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("FEED = ", "cannot be read: SyntaxError"),
        ("import no_such_library", "cannot be read: ModuleNotFoundError"),
        ("feed = 1", "has no constant FEED"),
        (DOOR.replace('name="door"', 'name="invent"'), "there is a feed 'invent' already"),
        (DOOR.replace('"actor"', '"actr"'), "unknown column 'actr': did you mean 'actor'?"),
    ],
)
def test_a_wrong_file_is_one_line(cli: Cli, tmp_path: Path, settings: Path, text: str, words: str) -> None:
    (tmp_path / "feeds" / "door.py").write_text(text)
    ran = cli("feeds", "--config", settings)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err


def test_an_absent_folder_is_one_line(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[feeds]\nfolder = "no-such-folder"\n')
    assert "there is no folder 'no-such-folder'" in cli("feeds", "--config", path).err
