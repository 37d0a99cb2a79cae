"""Copies: the same event lands once, wherever it comes again from; with another value it is quarantined.

A property test makes files of a mess and lands them; a model in plain Python says what must come out.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.copies import CONFLICT
from audit_reports.ingest.landing import Landing, land
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)


def landed(store: Path, *files: Path) -> Landing:
    return land(Store.create(store), [str(file) for file in files], FEEDS, now=NOW)


def books(landing: Landing) -> tuple[int, int, int, int]:
    return landing.read, landing.landed, landing.duplicates, landing.quarantined


def line(text: str = "", *, event_id: str = "e1", at: str = "2026-03-02T09:00:00Z") -> str:
    """One raw event, with `text` (more JSON members) at its end."""
    more = f", {text}" if text else ""
    return f'{{"id": "{event_id}", "occurred_at": "{at}", "category": "Members", "action": "Left"{more}}}'


def write(path: Path, *lines: str) -> Path:
    data = "".join(one + "\n" for one in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


LOOSE = line('"n": [1,]', event_id="loose")
REORDERED = (
    '{"action":"Left","category":"Members","occurred_at":"2026-03-02T09:00:00Z","id":"e1","x":{"b":[1,2],"a":"é"}}'
)

COPIES = [
    # one event, the other, what becomes of the other
    (line(), line(), "duplicate"),
    (line('"x": {"a": "\\u00e9", "b": [1, 2]}'), REORDERED, "duplicate"),
    (line('"n": 1'), line('"n": 1.0'), "duplicate"),
    (line('"n": 100'), line('"n": 1e2'), "duplicate"),
    (line('"n": 1'), line('"n": 2'), "conflict"),
    (line('"n": 1'), line('"n": "1"'), "conflict"),
    (line('"n": 1'), line('"n": true'), "conflict"),
    (line('"n": 1'), line('"n": "number 1"'), "conflict"),
    (line('"n": null'), line(), "conflict"),
    (line('"n": [1, 2]'), line('"n": [2, 1]'), "conflict"),
    (line('"n": 10000000000000000000000000000000001'), line('"n": 10000000000000000000000000000000002'), "conflict"),
    (line('"n": 1e99999999999999999999'), line('"n": 2e99999999999999999999'), "conflict"),
    (line(), line(at="2026-03-02T09:00:00.000Z"), "conflict"),
    (line(), line(at="2026-03-03T09:00:00Z"), "landed"),
    (line(), line(event_id="E1"), "landed"),
]


@pytest.mark.parametrize("apart", ["one file", "two files", "two landings"])
@pytest.mark.parametrize("case", COPIES, ids=range(len(COPIES)))
def test_what_becomes_of_an_event_that_comes_again(
    case: tuple[str, str, str], apart: str, store: Path, tmp_path: Path
) -> None:
    first, other, fate = case
    counts: Counter[str] = Counter()
    match apart:
        case "one file":
            landings = [landed(store, write(tmp_path / "a.jsonl", first, other))]
        case "two files":  # the packed one comes second, whatever the program reads first
            landings = [landed(store, write(tmp_path / "z.jsonl", first), write(tmp_path / "a.jsonl.gz", other))]
        case _:
            landings = [landed(store, write(tmp_path / "a.jsonl", first))]
            landings += [landed(store, write(tmp_path / "b.jsonl", "", other))]  # else it is the same file
    for landing in landings:
        counts.update(landed=landing.landed, duplicate=landing.duplicates, conflict=landing.quarantined)
    assert +counts == Counter(["landed", fate])
    log = AuditLog(store)
    raws = log.polars()["raw"].to_list()
    if fate == "conflict":
        assert raws == [first], "the first in file order stays"
        ((_, _, reason, feed, raw, _),) = log.quarantine().iter_rows()
        assert (reason, feed, raw) == (CONFLICT, "invent", other)
    elif fate == "landed":
        assert sorted(raws) == sorted([first, other])


def test_the_first_in_file_order_stays_when_lines_are_spooled(store: Path, tmp_path: Path) -> None:
    table = "id,occurred_at,category,action,source\n{},2026-03-02T09:00:00Z,Members,Left,{}\n"
    files = [tmp_path / f"{n}.csv" for n in range(6)]
    for n, file in enumerate(files):
        file.write_text(table.format("e1", f"source {n}"))
    assert books(landed(store, *files)) == (6, 1, 0, 5)
    assert AuditLog(store).polars()["source"].to_list() == ["source 0"]
    assert [Path(file).name for file in AuditLog(store).quarantine()["file"]] == [f"{n}.csv" for n in range(1, 6)]


def test_a_copy_is_a_copy_beside_a_line_that_only_duckdb_takes_for_json(store: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", line(), line(), LOOSE, line(event_id="e2"), line('"n": 1', event_id="e2"))
    assert books(landed(store, file)) == (5, 2, 1, 2)
    assert AuditLog(store).polars()["event_id"].sort().to_list() == ["e1", "e2"]


def test_a_copy_in_another_form_is_a_copy(store: Path, tmp_path: Path) -> None:
    files = [write(tmp_path / "a.jsonl", line()), tmp_path / "a.json", tmp_path / "a.csv"]
    files[1].write_text(json.dumps({"events": [json.loads(line())]}, indent=1))
    files[2].write_text("id,occurred_at,category,action,ip\ne1,2026-03-02T09:00:00Z,Members,Left,\n")
    assert books(landed(store, *files)) == (3, 1, 2, 0)
    assert AuditLog(store).count() == 1


def test_only_the_days_of_what_arrives_are_read(store: Path, tmp_path: Path) -> None:
    march = [line(event_id=f"e{day}", at=f"2026-03-{day:02}T09:00:00Z") for day in (1, 2, 3)]
    assert books(landed(store, write(tmp_path / "a.jsonl", *march))) == (3, 3, 0, 0)
    for day in (1, 3):
        (file,) = store.glob(f"events/day=2026-03-0{day}/*")
        file.write_bytes(b"whoever reads this fails")
    again = write(tmp_path / "b.jsonl", march[1], line(event_id="e", at="2026-03-02T10:00:00Z"))
    assert books(landed(store, again)) == (2, 1, 1, 0)


def test_the_same_file_again_is_nothing_new_and_says_so(store: Path, tmp_path: Path, cli: Cli) -> None:
    file = write(tmp_path / "a.jsonl", line(), "hello")
    assert cli("ingest", file, "--store", store).code == 0
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    renamed = write(tmp_path / "b.jsonl", line(), "hello")
    for again in (file, renamed):
        ran = cli("ingest", again, "--store", store, "--format", "json")
        assert json.loads(ran.out) == {"landing": None, "read": 0, "landed": 0, "duplicates": 0, "quarantined": 0}
        assert (ran.code, ran.err) == (0, f"{again}: landed before, in landing 1; nothing to do\n")
    assert before == {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    both = cli("ingest", file, write(tmp_path / "c.jsonl", line(event_id="e2")), "--store", store)
    assert both.rows == [{"landing": 2, "read": 1, "landed": 1, "duplicates": 0, "quarantined": 0}]


# ---------------------------------------------------------------------------------------- a mess, and its model


@dataclass
class Model:
    """What a store must hold, kept with dictionaries alone."""

    events: dict[tuple[str, str], Any] = field(default_factory=dict)
    quarantine: Counter[tuple[str, int]] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, name: str, number: int, text: str) -> None:
        self.counts["read"] += 1
        try:
            value = json.loads(text, parse_float=Decimal)
            moment = datetime.fromisoformat(value["occurred_at"])
            key = (value["id"], moment.astimezone(UTC).date().isoformat())
            fits = moment.tzinfo is not None and value["category"] and value["action"]
        except (ValueError, KeyError, TypeError):
            fits = False
        if fits and key not in self.events:
            self.counts["landed"] += 1
            self.events[key] = value
        elif fits and self.events[key] == value:
            self.counts["duplicates"] += 1
        else:
            self.counts["quarantined"] += 1
            self.quarantine[name, number] += 1


TIMES = ["2026-03-02T09:00:00Z", "2026-03-03T01:30:00+02:00", "2026-03-03T09:00:00Z", "2026-03-02T09:00:00", "soon"]
EVENTS = st.fixed_dictionaries(
    {"id": st.sampled_from(["e1", "e2", "e3"]), "occurred_at": st.sampled_from(TIMES), "action": st.just("Left")},
    optional={"category": st.just("Members"), "n": st.sampled_from([1, 1.0, 2, "1"]), "actor": st.just({"name": "é<"})},
)
TEXTS = st.builds(
    lambda event, ascii, reverse: json.dumps(dict(reversed(event.items())) if reverse else event, ensure_ascii=ascii),
    EVENTS,
    st.booleans(),
    st.booleans(),
)
BROKEN = st.sampled_from(["hello", "[1]", '"x"', "17", '{"id": "e1"', "{}}", LOOSE])
FILES = st.one_of(
    st.tuples(st.sampled_from([".jsonl", ".jsonl.gz"]), st.lists(TEXTS | TEXTS | BROKEN | st.just(""), max_size=6)),
    st.tuples(st.just(".json"), st.lists(TEXTS, min_size=1, max_size=6)),
)
SETTINGS = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.mark.slow
@SETTINGS
@given(st.lists(st.lists(FILES, min_size=1, max_size=3), min_size=1, max_size=3))
def test_whatever_arrives_the_books_balance_and_the_store_holds_what_a_plain_model_holds(
    deliveries: list[list[tuple[str, list[str]]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, model = Path(folder) / "store", Model()
        for number, delivery in enumerate(deliveries):
            paths, model.counts = [], Counter()
            for index, (ending, texts) in enumerate(delivery):
                path = Path(folder) / f"{number}-{index}{ending}"
                good = json.dumps({"id": f"own {number}-{index}", **GOOD})
                if ending == ".json":
                    path.write_text("[" + ",\n".join([*texts, good]) + "]")
                else:
                    write(path, good, *texts)
                    texts = [good, *texts]  # noqa: PLW2901 - the file as written
                paths.append(path)
                for place, text in enumerate([*texts, good] if ending == ".json" else texts, start=1):
                    if text:
                        model.take(path.name, place, text)
            landing = landed(store, *paths)
            assert books(landing) == tuple(
                model.counts[name] for name in ("read", "landed", "duplicates", "quarantined")
            )
            assert landing.read == landing.landed + landing.duplicates + landing.quarantined
        log = AuditLog(store)
        rows = {(row["event_id"], str(row["day"])): row for row in log.polars().iter_rows(named=True)}
        assert len(rows) == log.count()
        assert {key: json.loads(row["raw"], parse_float=Decimal) for key, row in rows.items()} == model.events
        assert Counter((Path(file).name, at) for file, at in log.quarantine().select("file", "line").iter_rows()) == (
            model.quarantine
        )


GOOD = {"occurred_at": TIMES[0], "category": "Members", "action": "Left"}
