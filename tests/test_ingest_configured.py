"""What does `ingest` without arguments do? It lands what is new at the [[ingest]] paths, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from audit_reports.ingest import find
from audit_reports.ingest.look import look


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(f'''
store = "{tmp_path / "store"}"
[[ingest]]
paths = ["{tmp_path}/inbox/*.jsonl"]
feed = "invent"
[[ingest]]
paths = ["{tmp_path}/other"]
''')
    return path


def put(path: Path, *names: str) -> None:
    path.parent.mkdir(exist_ok=True)
    event = {"occurred_at": "2026-03-02T09:00:00Z", "category": "Members", "action": "Left"}
    path.write_text("".join(json.dumps({"id": name, **event}) + "\n" for name in names))


def test_what_is_new_is_landed_in_one_landing(cli: Cli, tmp_path: Path, settings: Path) -> None:
    put(tmp_path / "inbox" / "a.jsonl", "1", "2")
    put(tmp_path / "other" / "b.jsonl", "3")
    ran = cli("ingest", "--config", settings, "--format", "json")
    assert json.loads(ran.out) == {"landing": 1, "read": 3, "landed": 3, "duplicates": 0, "quarantined": 0}
    put(tmp_path / "inbox" / "c.jsonl", "4")
    ran = cli("ingest", "--config", settings, "--format", "json")
    assert json.loads(ran.out) == {"landing": 2, "read": 1, "landed": 1, "duplicates": 0, "quarantined": 0}
    assert len(cli("events", "--config", settings).rows) == 4


def test_run_lands_the_same_then_makes_what_is_due(
    cli: Cli, tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2026, 3, 9, 6, tzinfo=UTC).timestamp())))
    put(tmp_path / "inbox" / "a.jsonl", "1", "2")
    ran = cli("run", "--config", settings)
    assert (ran.code, ran.rows[0]["landed"]) == (0, 2)
    settings.write_text(settings.read_text() + '[[review]]\nname = "weekly"\n')
    put(tmp_path / "inbox" / "b.jsonl", "3")
    ran = cli("run", "--config", settings)
    assert (ran.code, ran.rows[0]["landed"]) == (0, 1)
    assert "weekly-2026-W10: made" in ran.err


def test_a_file_that_landed_is_not_read_again(
    cli: Cli, tmp_path: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "inbox" / "a.jsonl", "1")
    assert cli("ingest", "--config", settings).code == 0
    put(tmp_path / "inbox" / "b.jsonl", "2")
    looked: list[str] = []

    def noted(path: Path, *rest: Any, **more: Any) -> Any:
        looked.append(path.name)
        return look(path, *rest, **more)

    monkeypatch.setattr(find, "look", noted)
    assert cli("ingest", "--config", settings).rows[0]["landed"] == 1
    assert looked == ["b.jsonl"]


def test_a_pattern_reaches_any_depth_where_it_says_so(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'[[ingest]]\npaths = ["{tmp_path}/inbox/**/*.jsonl"]\n')
    (tmp_path / "inbox" / "2026").mkdir(parents=True)
    put(tmp_path / "inbox" / "2026" / "03" / "a.jsonl", "1")
    assert cli("ingest", "--config", path, "--store", tmp_path / "store").rows[0]["landed"] == 1


def test_an_entrys_feed_is_whose_its_files_are(cli: Cli, tmp_path: Path, settings: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "other").mkdir()
    for folder in ("inbox", "other"):
        (tmp_path / folder / "doors.jsonl").write_text(
            f'{{"occurred_at": "2026-03-02T09:00:00Z", "event": "door opened", "n": "{folder}"}}\n'
        )
    assert cli("ingest", "--config", settings).code == 0
    assert [(row["feed"], row["reason"]) for row in cli("store", "quarantine", "--config", settings).rows] == [
        ("invent", "no id")
    ]
    assert [row["feed"] for row in cli("events", "--config", settings).rows] == ["generic"], (
        "recognised, for none is named"
    )


def test_empty_inboxes_are_no_mistake(cli: Cli, tmp_path: Path, settings: Path) -> None:
    (tmp_path / "other").mkdir()
    ran = cli("ingest", "--config", settings, "--format", "json")
    assert (ran.code, json.loads(ran.out)["read"]) == (0, 0)


def test_a_file_without_events_is_one_quarantined_row(cli: Cli, tmp_path: Path, settings: Path) -> None:
    put(tmp_path / "inbox" / "a.jsonl", "1")
    (tmp_path / "inbox" / "empty.jsonl").touch()
    ran = cli("ingest", "--config", settings, "--format", "json")
    assert (ran.code, json.loads(ran.out)["quarantined"]) == (1, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[ingest]]\npaths = "inbox"\n', "paths must be a list of texts"),
        ("[[ingest]]\nfeed = 'invent'\n", "[[ingest]] needs paths"),
        ("[[ingest]]\npaths = ['x']\nfeed = 'invnt'\n", "unknown feed 'invnt': did you mean 'invent'?"),
    ],
)
def test_a_wrong_entry_is_one_line(cli: Cli, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    ran = cli("ingest", "--config", path, "--store", tmp_path / "store")
    assert (ran.code, words in ran.err, ran.err.count("\n")) == (2, True, 1)
    assert not (tmp_path / "store").exists()
