"""Retention, holds and erasure: what goes is gone from the disk, what is held stays, and the journal can prove how much went."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from changed_store import (
    ANA,
    BEN,
    NOW,
    Failing,
    Stopped,
    Unlocked,
    answers,
    event,
    fill,
    hash_of_landing,
    in_table,
    on_disk,
    put,
)
from conftest import Cli

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.journal import Entry
from audit_reports.maintenance.compaction import compact
from audit_reports.maintenance.erasure import erase
from audit_reports.maintenance.holds import hold, holds, lift
from audit_reports.maintenance.landed_rows import write_day
from audit_reports.maintenance.retention import retain
from audit_reports.period import Period
from audit_reports.places import place_of
from audit_reports.store import Store
from audit_reports.trust import look

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
OLD = timedelta(days=27)  # before 3 March
REASON = "request 17"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with three landings in each of three days, the first of them early: to be copied."""
    store = tmp_path_factory.mktemp("once") / "store"
    early = datetime(2026, 3, 2, 23, tzinfo=UTC)
    put(store, store.parent / "inbox", event("early", DAYS[0], actor=ANA), "broken early", now=early)
    return fill(store, landings=2, days=DAYS)


@pytest.fixture
def filled(once: Path, store: Path) -> Path:
    """Return a copy of that store."""
    return shutil.copytree(once, store)


def events_of_days(store: Path) -> dict[str, int]:
    found = AuditLog(store).polars().group_by("day").len().sort("day")
    return {str(day): events for day, events in found.iter_rows()}


def aside(store: Path) -> list[tuple[int, str]]:
    return list(AuditLog(store).quarantine().select("landing", "raw").iter_rows())


def entry_of(store: Path, kind: str) -> Entry:
    (entry,) = Store(store).journal.entries(kind)
    return entry


def everything_in(store: Path) -> str:
    """Return all that a store's files hold, with each Parquet file read."""
    texts = []
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        if path.suffix == ".parquet":
            texts.append(pl.read_parquet(path, hive_partitioning=False).write_ndjson())
        texts.append(path.read_bytes().decode("utf-8", "replace"))
    return "\n".join(texts)


# ----------------------------------------------------------------------------------------------------------- retention


def test_whole_days_go_and_are_gone_from_the_disk(filled: Path) -> None:
    assert events_of_days(filled) == {DAYS[0]: 5, DAYS[1]: 4, DAYS[2]: 4}
    done = retain(Store(filled), older_than=OLD, now=NOW, reason="our rule")
    assert done.until == date(2026, 3, 3)
    assert [(one.day, one.events, one.files) for one in done.going] == [(date(2026, 3, 2), 5, 3)]
    assert events_of_days(filled) == {DAYS[1]: 4, DAYS[2]: 4}
    assert on_disk(filled) == in_table(filled)


def test_the_quarantine_of_landings_before_goes_too(filled: Path) -> None:
    assert aside(filled) == [(1, "broken early"), (2, "broken 1"), (3, "broken 2")]
    assert retain(Store(filled), older_than=OLD, now=NOW).quarantined == 1
    assert aside(filled) == [(2, "broken 1"), (3, "broken 2")]
    assert "broken early" not in everything_in(filled)


def test_a_dry_run_tells_the_same_and_changes_nothing(filled: Path) -> None:
    files = {path: path.read_bytes() for path in filled.rglob("*") if path.is_file()}
    asked = retain(Store(filled), older_than=OLD, now=NOW, dry_run=True)
    assert {path: path.read_bytes() for path in filled.rglob("*") if path.is_file()} == files
    done = retain(Store(filled), older_than=OLD, now=NOW)
    assert (asked.until, asked.days, asked.quarantined) == (done.until, done.days, done.quarantined)
    assert (asked.entry, done.entry) == (None, 4)


def test_the_journal_keeps_what_went(filled: Path) -> None:
    store = Store(filled)
    there = {f"events/{file.name}": file for file in store.files(store.table(), days=[DAYS[0]])}
    sums = {path: hashlib.sha256((filled / path).read_bytes()).hexdigest() for path in there}
    retain(store, older_than=OLD, now=NOW, reason="our rule")
    entry = entry_of(filled, "retention")
    facts = entry.facts
    assert {one["path"]: (one["sha256"], one["rows"]) for one in facts["removed"]} == {
        path: (sums[path], file.rows) for path, file in there.items()
    }
    assert (facts["days"], facts["kept"], facts["until"], facts["rows"]) == ([DAYS[0]], [], DAYS[1], 5)
    assert (facts["reason"], facts["by"]) == ("our rule", f"{entry.user}@{entry.host}")
    assert facts["quarantine"]["rows"] == 1
    assert {number: one["rows"] for number, one in facts["landings"].items()} == {"1": 1, "2": 2, "3": 2}
    assert store.journal.break_at() is None


def test_a_landings_hash_is_what_was_removed_and_what_remains(filled: Path) -> None:
    """Also when a compaction and an erasure came in between."""
    landed = {e.facts["landing"]: int(e.facts["rows_hash"], 16) for e in Store(filled).journal.entries("landing")}
    compact(Store(filled), now=NOW)
    erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    retain(Store(filled), older_than=OLD, now=NOW)
    removed = dict.fromkeys(landed, 0)
    for entry in Store(filled).journal.entries("retention", "erasure"):
        assert int(entry.facts["rows_hash"], 16) == sum(
            int(one["rows_hash"], 16) for one in entry.facts["landings"].values()
        )
        for number, one in entry.facts["landings"].items():
            removed[int(number)] += int(one["rows_hash"], 16)
    remaining = {number: hash_of_landing(filled, number) for number in landed}
    assert {number: removed[number] + remaining[number] for number in landed} == landed
    assert removed[1] == landed[1], "nothing is left of the first"
    assert all(remaining[number] for number in (2, 3))


def test_old_copies_from_before_a_compaction_go_too(filled: Path) -> None:
    compact(Store(filled), now=NOW)
    assert len(on_disk(filled)) == 3 + 7
    retain(Store(filled), older_than=OLD, now=NOW)
    assert on_disk(filled) == in_table(filled)


def test_a_log_says_where_retention_took_events(filled: Path, cli: Cli) -> None:
    retain(Store(filled), older_than=OLD, now=NOW)
    line = "events before 2026-03-03 (UTC) were removed by retention (journal entry 4), but for days under a hold"
    assert AuditLog(filled).hints() == [line]
    assert AuditLog(filled, as_of=1).count() == 0
    assert AuditLog(filled, as_of=1).hints() == [line]
    assert AuditLog(filled).filter(until="2026-03-03").hints() == [line]
    assert AuditLog(filled).filter(since="2026-03-03").hints() == []
    assert f"{line}\n" in cli("summary", "--by", "actor", "--store", filled).err


def test_where_only_quarantine_went_no_log_says_that_events_did(store: Path, tmp_path: Path) -> None:
    put(store, tmp_path / "inbox", event("young", "2026-03-31"), "broken")
    done = retain(Store(store), older_than=timedelta(days=1), now=NOW + timedelta(days=2))
    assert (done.until, done.going, done.quarantined, done.entry) == (date(2026, 3, 31), (), 1, 2)
    assert AuditLog(store).hints() == []
    assert (AuditLog(store).count(), aside(store)) == (1, [])


def test_a_reader_at_work_is_told_to_ask_again(filled: Path) -> None:
    reader = AuditLog(filled)
    retain(Store(filled), older_than=OLD, now=NOW)
    for ask in (reader.polars, reader.count, lambda: reader.sql("SELECT raw FROM events")):
        with pytest.raises(FailureError, match="changed while it was read") as failure:
            ask()
        assert "\n" not in str(failure.value)


def test_an_event_that_went_lands_again_from_another_file(filled: Path, tmp_path: Path) -> None:
    retain(Store(filled), older_than=OLD, now=NOW)
    put(filled, tmp_path / "again", event("early", DAYS[0], actor=ANA), event("other", DAYS[0]))
    assert events_of_days(filled)[DAYS[0]] == 2


@pytest.mark.parametrize("length", [timedelta(hours=36), timedelta(0), timedelta(days=-1), timedelta(days=999_999)])
def test_a_length_that_is_no_number_of_days_is_refused(length: timedelta, filled: Path) -> None:
    with pytest.raises(UsageError, match="--older-than 400d"):
        retain(Store(filled), older_than=length, now=NOW)


def test_a_damaged_file_is_named_and_nothing_is_removed(filled: Path) -> None:
    path = filled / in_table(filled)[0]
    pl.read_parquet(path, hive_partitioning=False).with_columns(city=pl.lit("elsewhere")).write_parquet(path)
    for work in (
        lambda: retain(Store(filled), older_than=OLD, now=NOW),
        lambda: erase(Store(filled), actor=ANA, reason=REASON, now=NOW),
    ):
        with pytest.raises(FailureError, match="is not what the journal says was written; nothing was changed"):
            work()
    path.write_bytes(b"no Parquet")
    with pytest.raises(FailureError, match="DuckDB cannot rewrite the events"):
        erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    assert len(in_table(filled)) == 7
    assert not list(Store(filled).journal.entries("retention", "erasure"))


# --------------------------------------------------------------------------------------------------------------- holds


def test_a_day_under_a_hold_stays_and_so_does_the_quarantine(filled: Path) -> None:
    set_up = hold(Store(filled), "2026-03-02..2026-03-03", reason="case 12", now=NOW)
    done = retain(Store(filled), older_than=timedelta(days=26), now=NOW)
    assert [(str(one.day), one.hold) for one in done.days] == [(DAYS[0], set_up), (DAYS[1], None)]
    assert events_of_days(filled) == {DAYS[0]: 5, DAYS[2]: 4}
    assert len(aside(filled)) == 3
    assert entry_of(filled, "retention").facts["kept"] == [DAYS[0]]
    lift(Store(filled), "2026-03-02..2026-03-03", reason="closed", now=NOW)
    retain(Store(filled), older_than=timedelta(days=26), now=NOW)
    assert events_of_days(filled) == {DAYS[2]: 4}
    assert len(aside(filled)) == 2


def test_holds_are_set_listed_and_lifted(filled: Path, cli: Cli) -> None:
    where = ("--store", filled)
    assert cli("store", "hold", *where).err == "no hold stands\n"
    ran = cli("store", "hold", "2026-03-02..2026-03-09", "--reason", "case 12", *where)
    assert (ran.code, ran.out) == (0, "2026-03-02 to before 2026-03-09 (UTC days): under a hold by journal entry 4\n")
    assert cli("store", "hold", "2026-03-02..2026-03-09", "--reason", "case 12", *where).out == ran.out, (
        "once is enough"
    )
    assert cli("store", "hold", "2026-02", "--reason", "case 13", *where).code == 0
    listed = cli("store", "hold", *where).rows
    assert [(one["first"], one["until"], one["reason"], one["entry"]) for one in listed] == [
        ("2026-03-02", "2026-03-09", "case 12", 4),
        ("2026-02-01", "2026-03-01", "case 13", 5),
    ]
    lifted = cli("store", "hold", "2026-03-02..2026-03-09", "--lift", "--reason", "closed", *where)
    assert lifted.out == "2026-03-02 to before 2026-03-09 (UTC days): no longer under the hold of journal entry 4\n"
    assert [one.range for one in holds(Store(filled).journal)] == ["2026-02-01..2026-03-01"]
    assert [entry.kind for entry in Store(filled).journal.entries("hold", "hold_lifted")] == [
        "hold",
        "hold",
        "hold_lifted",
    ]


MISTAKES = [
    ("hold 2026-03-02..2026-03-09", "a hold is set and lifted for a reason"),
    ("hold 2026-03-09..2026-03-02 --reason x", "is reversed"),
    ("hold week --reason x", "names its days"),
    ("hold someday --reason x", "no period 'someday'"),
    ("hold --reason x", "name the days"),
    ("hold 2026-02 --reason another", "is under a hold already, by journal entry 4: 'case 13'"),
    ("hold 2026-02-01..2026-02-28 --lift --reason x", "these stand: 2026-02-01..2026-03-01"),
    ("hold 2026-02 --lift", "for a reason"),
    ("retain", "say what goes"),
    ("retain --older-than 400d --actor x", "say what goes"),
    ("retain --older-than soon", "no length of time"),
    ("retain --older-than 36h", "whole days"),
    ("retain --older-than 999999d", "the calendar does not reach"),
    ("retain --actor ana", "--reason TEXT"),
    ("retain --actor ana --reason Anabel-left", "must not hold the name"),
    ("retain --actor ana --reason x --dry-run", "--dry-run goes with --older-than"),
    ("retain --older-than 400d --lift", "--lift is not for store retain"),
    ("compact --reason x", "--reason is not for store compact"),
    ("compact --grace later", "no length of time"),
    ("compact 2026-02", "'2026-02' is not for store compact"),
    ("compact --as-of 1", "--as-of is for reading"),
    ("info --dry-run", "--dry-run is not for store info"),
]


@pytest.fixture(scope="module")
def with_hold(once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = shutil.copytree(once, tmp_path_factory.mktemp("held") / "store")
    hold(Store(store), "2026-02", reason="case 13", now=NOW)
    return store


@pytest.mark.parametrize(("line", "words"), MISTAKES, ids=[case[0] for case in MISTAKES])
def test_a_mistake_gives_one_line_and_changes_nothing(line: str, words: str, with_hold: Path, cli: Cli) -> None:
    before = {path: path.read_bytes() for path in with_hold.rglob("*") if path.is_file()}
    ran = cli("store", *line.split(), "--store", with_hold)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert {path: path.read_bytes() for path in with_hold.rglob("*") if path.is_file()} == before


# ------------------------------------------------------------------------------------------------------------- erasure


def test_one_persons_events_go_and_every_other_row_stays_as_it_is(filled: Path) -> None:
    before = AuditLog(filled).polars()
    done = erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    assert (done.events, done.days, done.files) == (7, 3, 7)
    assert AuditLog(filled).polars().equals(before.filter(pl.col("actor") != ANA))
    assert on_disk(filled) == in_table(filled)


def test_rows_of_others_that_would_not_be_the_same_stop_it(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(*words: Any, where: str) -> Any:
        return write_day(*words, where=f"{where} AND event_id <> '2026-03-03-b2'")

    before = answers(filled)
    monkeypatch.setattr("audit_reports.maintenance.erasure.write_day", losing)
    with pytest.raises(
        FailureError, match="other rows of 2026-03-03 would not be the same after the erasure; nothing was"
    ):
        erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    assert answers(filled) == before


def test_files_without_the_person_are_not_touched(filled: Path, tmp_path: Path) -> None:
    put(filled, tmp_path / "more", event("carla", DAYS[1], actor="carla@northwind.example"))
    before = set(in_table(filled))
    assert erase(Store(filled), actor="carla@northwind.example", reason=REASON, now=NOW).files == 1
    assert len(before - set(in_table(filled))) == 1
    assert set(in_table(filled)) < before


def test_the_id_names_the_person_too(filled: Path) -> None:
    assert erase(Store(filled), actor="ana", reason=REASON, now=NOW).events == 7


def test_no_file_of_the_store_holds_the_name_afterwards(filled: Path, tmp_path: Path) -> None:
    """Neither the table's files, nor what a compaction replaced, nor the quarantine, however a line there writes the name."""
    name = "josé@northwind.example"
    put(
        filled,
        tmp_path / "more",
        event("j1", DAYS[0], actor=name),
        event("j2", "soon", actor=name),
        json.dumps(event("j3", "later", actor=name)),
        f"not json: {name}",
        "broken by somebody else",
    )
    latin = tmp_path / "more" / "9999.jsonl"
    latin.write_bytes(json.dumps(event("latin", DAYS[0])).encode() + b"\ncaf\xe9 jos\xe9@northwind.example\n")
    land(filled, [str(latin)], FEEDS, now=NOW, feed="invent")
    compact(Store(filled), now=NOW)
    assert name in everything_in(filled)
    done = erase(Store(filled), actor=name, reason=REASON, now=NOW)
    assert (done.events, done.quarantined) == (1, 4)
    left = everything_in(filled)
    assert name not in left
    assert json.dumps(name)[1:-1] not in left
    assert [raw for _, raw in aside(filled)] == ["broken early", "broken 1", "broken 2", "broken by somebody else"]
    assert AuditLog(filled, as_of=4).quarantine().height == 4


def test_the_journal_holds_no_name_and_says_how_much_went(filled: Path) -> None:
    erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    entry = entry_of(filled, "erasure")
    facts = entry.facts
    assert ANA not in json.dumps(facts)
    assert facts["actor_sha256"] == hashlib.sha256(ANA.encode()).hexdigest()
    assert (facts["reason"], facts["by"], facts["rows"]) == (REASON, f"{entry.user}@{entry.host}", 7)
    assert facts["days"] == list(DAYS)
    assert {number: one["rows"] for number, one in facts["landings"].items()} == {"1": 1, "2": 3, "3": 3}
    assert sum(one["rows"] for one in facts["removed"]) == 13
    assert sum(one["rows"] for one in facts["files"]) == 6


def test_a_held_day_keeps_the_persons_events_and_is_named(filled: Path, cli: Cli) -> None:
    hold(Store(filled), "2026-03-03", reason="case 12", now=NOW)
    ran = cli("store", "retain", "--actor", ANA, "--reason", REASON, "--store", filled, "--format", "table")
    assert ran.code == 0
    assert ran.out == "erased: 5 events of 2 days and 0 lines of quarantine; journal entry 5\n"
    assert "1 days under a hold keep theirs: 2026-03-03\n" in ran.err
    assert "a hold stands, so the quarantine was left as it is\n" in ran.err
    assert AuditLog(filled).filter(actor=ANA).by("day")["day"].to_list() == [date(2026, 3, 3)]


def test_events_that_name_the_person_as_resource_stay_and_are_counted(filled: Path, tmp_path: Path) -> None:
    put(filled, tmp_path / "more", event("to-ana", DAYS[1], resource={"type": "Member", "name": ANA}))
    done = erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    assert done.mentioned == 1
    assert AuditLog(filled).filter(resource=ANA).count() == 1


def test_names_of_files_stay_and_are_counted(filled: Path, tmp_path: Path, cli: Cli) -> None:
    file = tmp_path / f"{ANA}.jsonl"
    file.write_text(json.dumps(event("x", "2026-03-02")) + "\n")
    land(filled, [str(file)], FEEDS, now=NOW, feed="invent")
    ran = cli("store", "retain", "--actor", ANA, "--reason", "request 1", "--store", filled)
    assert ran.rows[0]["file_names"] == 1
    assert "the names of 1 landed files hold it, and stay: what landed is known by them" in ran.err


def test_what_was_removed_is_in_the_books(filled: Path, tmp_path: Path, cli: Cli) -> None:
    def books(as_of: int | None = None) -> tuple[int, int, int]:
        log = AuditLog(filled, as_of=as_of)
        found = look(log, log, Period.parse("2026-03", timezone="UTC", now=NOW), matched=0).books
        assert found.read == found.landed + found.duplicates + found.quarantined
        assert found.landed - found.removed == log.count()
        assert found.quarantined - found.removed_lines == log.quarantine().height
        return found.landed, found.removed, found.removed_lines

    landed = books()[0]
    first = books(as_of=1)[0]
    assert books() == (landed, 0, 0)
    gone = erase(Store(filled), actor=ANA, reason="request 1", now=NOW).events
    compact(Store(filled), now=NOW)
    assert books() == (landed, gone, 0)
    put(filled, tmp_path / "more", event("late", "2026-03-29"))
    retained = retain(Store(filled), older_than=timedelta(days=1), now=NOW + timedelta(days=1))
    gone += sum(day.events for day in retained.going)
    assert retained.quarantined == 1
    assert books() == (landed + 1, gone, 1)
    assert books(as_of=1)[:2] == (first, first)
    whole = cli("store", "info", "--store", filled).rows[0]
    assert whole["read"] == whole["events"] + whole["removed"] + whole["duplicates"] + whole["quarantined"]
    assert whole["removed"] == gone


def test_a_name_that_nobody_has_erases_nothing(filled: Path, cli: Cli) -> None:
    before = Store(filled).journal.numbers()
    ran = cli("store", "retain", "--actor", "nob'ody", "--reason", REASON, "--store", filled, "--format", "table")
    assert (ran.code, ran.out) == (
        0,
        "nothing to erase: no event has this actor, and no line of quarantine holds the name\n",
    )
    assert Store(filled).journal.numbers() == before


def test_erasing_goes_in_parts_that_fit(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_reports.maintenance.erasure.BATCH", 1)
    done = erase(Store(filled), actor=ANA, reason=REASON, now=NOW)
    assert (done.events, done.days, len(done.entries)) == (7, 3, 7)
    assert AuditLog(filled).filter(actor=ANA).count() == 0


# ----------------------------------------------------------------------------------------------- others, and killed midway


@pytest.mark.parametrize("kind", ["compaction", "retention", "erasure"])
def test_a_landing_that_came_first_is_kept_and_the_work_done_again(kind: str, filled: Path, tmp_path: Path) -> None:
    """Without a lock that holds: what keeps writers right is that the table's log takes each version once."""
    work: dict[str, Callable[[Store], object]] = {
        "compaction": lambda store: compact(store, now=NOW),
        "retention": lambda store: retain(store, older_than=OLD, now=NOW),
        "erasure": lambda store: erase(store, actor=ANA, reason=REASON, now=NOW),
    }
    late = [event("late-ana", DAYS[0], actor=ANA), event("late-ben", DAYS[2])]
    other = Store(Unlocked(place_of(filled)))
    work[kind](Store(Unlocked(place_of(filled), lambda: put(other, tmp_path / "late", *late))))
    events = {"compaction": (6, 4, 5), "retention": (0, 4, 5), "erasure": (2, 2, 3)}[kind]
    assert tuple(events_of_days(filled).get(day, 0) for day in DAYS) == events
    assert AuditLog(filled).landing == 4
    assert [entry.number for entry in Store(filled).journal.entries(kind)] == [5]
    assert Store(filled).journal.break_at() is None
    assert set(in_table(filled)) <= set(on_disk(filled))


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_retention_killed_at_any_step_is_whole_and_the_same_command_completes_it(
    steps: int, after: bool, filled: Path
) -> None:
    before = answers(filled)
    with pytest.raises(Stopped):
        retain(Store(Failing(place_of(filled), steps, Stopped(), after=after)), older_than=OLD, now=NOW)
    committed = DAYS[0] not in events_of_days(filled)
    assert committed or answers(filled) == before
    retain(Store(filled), older_than=OLD, now=NOW)
    assert events_of_days(filled) == {DAYS[1]: 4, DAYS[2]: 4}
    assert len(aside(filled)) == 2
    assert on_disk(filled) == in_table(filled)
    assert "broken early" not in everything_in(filled)
    assert entry_of(filled, "retention").facts["rows"] == 5
    assert Store(filled).journal.break_at() is None


@pytest.mark.slow
@pytest.mark.parametrize("steps", [0, 3, 7, 8, 9, 12])
def test_an_erasure_killed_at_any_step_is_whole_and_the_same_command_completes_it(steps: int, filled: Path) -> None:
    others = AuditLog(filled).filter(actor=BEN).polars()
    with pytest.raises(Stopped):
        erase(Store(Failing(place_of(filled), steps, Stopped())), actor=ANA, reason=REASON, now=NOW)
    assert AuditLog(filled).filter(actor=ANA).count() in (0, 7)
    assert AuditLog(filled).filter(actor=BEN).polars().equals(others)
    hour_later = datetime.now(UTC) + timedelta(hours=2)  # what was never committed waits an hour before it is swept
    erase(Store(filled), actor=ANA, reason=REASON, now=hour_later)
    assert ANA not in everything_in(filled)
    assert on_disk(filled) == in_table(filled)
    assert AuditLog(filled).filter(actor=BEN).polars().equals(others)
    assert entry_of(filled, "erasure").facts["rows"] == 7
    assert Store(filled).journal.break_at() is None


def test_the_command_prints_what_would_go_and_then_what_went(
    filled: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    words = ("store", "retain", "--older-than", "27d", "--store", filled)
    asked = cli(*words, "--dry-run")
    size = sum((filled / name).stat().st_size for name in in_table(filled) if DAYS[0] in name)
    assert asked.rows == [{"day": DAYS[0], "events": 5, "files": 3, "bytes": size, "kept_by": None}]
    what = "5 events of 1 days before 2026-03-03 (UTC) and 1 lines of quarantine"
    assert asked.err == f"would remove {what}; nothing was changed\n"
    done = cli(*words)
    assert done.rows == asked.rows
    assert done.err.startswith(f"removed {what}: journal entry 4\n4 files (")
    assert cli(*words).err == "nothing to remove before 2026-03-03 (UTC)\n"
