"""Are the README's twenty questions answered, and alike in Python and on the command line? Each row of its table is asked."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pytest
from conftest import Cli

from audit_reports import AuditLog
from audit_reports.demo import World

README = Path(__file__).resolve().parent.parent / "README.md"
TIMEZONE = "Europe/Madrid"


class Asked(NamedTuple):
    """A row of the table; `flags` is empty where only Python can say it."""

    question: str
    expression: str
    flags: str


def questions() -> list[Asked]:
    """Return the rows of the table under "Asking questions"."""
    text = README.read_text(encoding="utf-8").partition("### Asking questions")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| (.+?) \| `(log\..+?)` \| (?:`(.+?)` )?\|$", text, re.MULTILINE)
    return [Asked(*row) for row in rows]


@pytest.fixture(scope="module")
def log(world: World) -> AuditLog:
    return AuditLog(world.store, timezone=TIMEZONE)


def answer(asked: Asked, log: AuditLog) -> pl.DataFrame:
    found: pl.DataFrame = eval(asked.expression, {"log": log, "pl": pl})  # noqa: S307 - it is our own text
    return found


def as_printed(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return value.isoformat() if isinstance(value, date) else value


def test_there_are_twenty() -> None:
    assert len(questions()) == len({one.question for one in questions()}) == 20
    assert sum(bool(one.flags) for one in questions()) == 13


@pytest.mark.parametrize("asked", questions(), ids=lambda one: one.question)
def test_a_question_has_an_answer_in_the_sample(asked: Asked, log: AuditLog) -> None:
    assert answer(asked, log).height > 0


@pytest.mark.parametrize("asked", [one for one in questions() if one.flags], ids=lambda one: one.question)
def test_flags_give_the_answer_that_python_gives(asked: Asked, log: AuditLog, world: World, cli: Cli) -> None:
    ran = cli(*shlex.split(asked.flags), "--store", world.store, "--timezone", TIMEZONE)
    assert (ran.code, ran.err) == (0, "")
    rows = [
        {name: as_printed(value) for name, value in row.items()} for row in answer(asked, log).iter_rows(named=True)
    ]
    assert [json.loads(line) for line in ran.out.splitlines()] == rows


def test_the_sample_gives_away_its_incidents(log: AuditLog) -> None:
    """The answers are those that the sample's truth tells of."""
    by_question = {one.question: one for one in questions()}

    def ask(beginning: str) -> pl.DataFrame:
        (question,) = (one for one in by_question if one.startswith(beginning))
        return answer(by_question[question], log)

    newcomers = ask("Who turned up")
    assert {"paul.richter@northwind.example", "marta.vidal@northwind.example", "backup-sync"} == set(
        newcomers.filter(pl.col("country") == "VN")["actor"]
    )
    refused = ask("Who was refused one").filter(pl.col("outcome") == "failure").row(0, named=True)
    assert (refused["actor"], refused["role"], refused["events"]) == ("grace.kim@northwind.example", "Member", 17)
    story = ask("What was new")
    first = story.filter("new_place").row(0, named=True)
    assert (first["city"], first["event"]) == ("Hanoi", "API Key Created")
    assert {"API Key Created", "API Key Deleted"} <= set(story.filter("new_action")["event"])
