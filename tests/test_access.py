"""Who may read? Those whom the configuration names; others are refused in a line, and the journal says so."""

from __future__ import annotations

import grp
import json
import os
from pathlib import Path

import pytest
from conftest import Cli

from audit_reports.demo import World
from audit_reports.journal import whoami
from audit_reports.store import Store

READING = (
    *(["events"], ["summary", "--by", "actor"], ["store", "info"], ["store", "journal"], ["store", "quarantine"]),
    *(["store", "hold"], ["store", "retain", "--older-than", "30d", "--dry-run"]),
)


def put(file: Path, name: str) -> Path:
    file.write_text(
        f'{{"id": "{name}", "occurred_at": "2026-03-02T09:00:00Z", "category": "Members", "action": "Left"}}\n'
    )
    return file


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return put(tmp_path / "events.jsonl", "1")


@pytest.fixture
def landed(cli: Cli, store: Path, tmp_path: Path) -> Path:
    assert cli("ingest", store, "--store", tmp_path / "store").code == 0
    return tmp_path / "store"


def settings(tmp_path: Path, *readers: str) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(f"[access]\nreaders = {json.dumps(readers)}\n")
    return path


@pytest.mark.parametrize(
    "words", [*READING, ["review", "--period", "2026-W10"], ["store", "backup", "copy"]], ids=" ".join
)
def test_others_are_refused_in_a_line_and_journaled(cli: Cli, landed: Path, tmp_path: Path, words: list[str]) -> None:
    ran = cli(*words, "--store", landed, "--config", settings(tmp_path, "nobody-else", "@no-such-group"))
    assert (ran.code, ran.out) == (2, "")
    assert "is not among the readers" in ran.err
    assert ran.err.count("\n") == 1
    entry = list(Store(landed).journal.entries())[-1]
    host, user = whoami()
    assert (entry.kind, dict(entry.facts)) == ("refused", {"asked_for": words[0], "by": f"{user}@{host}"})
    assert Store(landed).journal.break_at() is None
    assert not Path("copy").exists()


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_a_reader_by_name_or_by_group_is_let_through(cli: Cli, landed: Path, tmp_path: Path, words: list[str]) -> None:
    _, user = whoami()
    group = grp.getgrgid(os.getegid()).gr_name
    for reader in (user, f"@{group}"):
        assert cli(*words, "--store", landed, "--config", settings(tmp_path, "ana", reader)).code == 0
    assert [entry.kind for entry in Store(landed).journal.entries()] == ["landing"]


def test_an_empty_list_lets_nobody_through(cli: Cli, landed: Path, tmp_path: Path) -> None:
    assert cli("events", "--store", landed, "--config", settings(tmp_path)).code == 2


def test_the_environment_cannot_say_who_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    before = whoami()
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "ana")
    assert whoami() == before


def test_a_new_store_is_its_owners_alone_and_an_open_one_gets_a_warning(cli: Cli, landed: Path, tmp_path: Path) -> None:
    assert landed.stat().st_mode & 0o077 == 0
    assert cli("events", "--store", landed).err == ""
    landed.chmod(0o755)
    put(tmp_path / "more.jsonl", "2")
    for words in (["events"], ["ingest", tmp_path / "more.jsonl"], ["store", "backup", "copy"]):
        ran = cli(*words, "--store", landed)
        assert ran.code == 0
        assert "other users of this machine can read the store" in ran.err, words
    assert Path("copy").stat().st_mode & 0o077 == 0


def test_reading_the_sample_needs_no_configuration(cli: Cli, world: World) -> None:
    assert cli("events", "--store", world.store, "--limit", 1).code == 0
