"""Any mess in the files: made by hypothesis, landed, and held against a small model of what must come of it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.feeds import FEEDS
from audit_reports.ingest.feed_check import check
from audit_reports.ingest.landing import Landing, land
from audit_reports.ingest.progress import ProgressLine
from audit_reports.ingest.staging import Reading
from audit_reports.ingest.watching import Progress
from audit_reports.maintenance.replay import replay
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
EXAMPLES = int(os.environ.get("MESS_EXAMPLES", "12"))
Row = dict[str, Any]


def event(number: int, **more: Any) -> Row:
    at = f"2026-03-{number % 20 + 1:02}T09:14:05Z"
    return {"id": f"e{number}", "occurred_at": at, "category": "Members", "action": "Left", **more}


def landed(store: Path, *files: Path, feed: str | None = None) -> Landing:
    return land(store, [str(file) for file in files], FEEDS, now=NOW, feed=feed)


def books(landing: Landing) -> tuple[int, int, int, int]:
    return landing.read, landing.landed, landing.duplicates, landing.quarantined


def aside(store: Path) -> list[tuple[str, int, str]]:
    return [(Path(file).name, line, reason) for file, line, reason, *_ in AuditLog(store).quarantine().iter_rows()]


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return bytes(sink.getvalue().to_pybytes())


PACKED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd}

# ---------------------------------------------------------------------------------------------- files of any mess

NO_EVENTS = [
    b"hello",
    b'{"id": "e1"',
    b"[1, 2]",
    b'"text"',
    b"null",
    b'{"id": "\xff"}',
    b'{"id": "x", "occurred_at": "soon", "category": "Members", "action": "Left"}',
    b'{"id": "x", "occurred_at": "2026-03-02T09:14:05Z", "category": "Members", "action": "Left",}',
    b'{"id": "x"}\x00',
    b"[" * 3000,
    json.dumps(event(1) | {"occurred_at": "2026-03-02T09:14:05"}).encode(),
]
NAMES = st.sampled_from(
    ["Ana", "Ren\u00e9 \u2028", 'a "quoted", name', "NaN, }", "null ,]", "a\\b", "\U0001f600", "x" * 20_000]
)
EVENTS = st.builds(lambda n, name: event(n, actor={"name": name}), st.integers(0, 30), NAMES)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n  \n", b" \t\n"])


@dataclass
class Made:
    """One file: its name, its bytes, and what stands in it, as line, event or None."""

    name: str
    data: bytes
    holds: list[tuple[int, Row | None]] = field(default_factory=list)


@st.composite
def line_files(draw: st.DrawFn) -> Made:
    made = Made("a.jsonl", draw(st.sampled_from([b"", b"\xef\xbb\xbf", b"\n"])))
    parts = draw(st.lists(st.one_of(EVENTS, st.sampled_from(NO_EVENTS)), max_size=12))
    for part in [event(99), *parts]:
        made.holds.append((made.data.count(b"\n") + 1, part if isinstance(part, dict) else None))
        text = part if isinstance(part, bytes) else json.dumps(part, ensure_ascii=draw(st.booleans())).encode()
        made.data += draw(st.sampled_from([b"", b" ", b"\t"])) + text + draw(ENDS)
    if draw(st.booleans()):  # large enough to be read as it lies
        made.data += b"\n" * (1 << 20)
    if draw(st.booleans()):
        made.data = made.data.rstrip()
    return made


@st.composite
def envelope_files(draw: st.DrawFn) -> Made:
    made = Made("b.jsonl", b"")
    for line, some in enumerate([[event(98)], *draw(st.lists(st.lists(EVENTS, max_size=4), max_size=4))], start=1):
        made.data += json.dumps({"records": some}).encode() + b"\n"
        made.holds += [(line, one) for one in some] or [(line, None)]
    return made


@st.composite
def documents(draw: st.DrawFn) -> Made:
    parts: list[Any] = [
        event(97),
        *draw(st.lists(st.one_of(EVENTS, st.sampled_from([1, "text", None, [{}], {}])), max_size=8)),
    ]
    indent = draw(st.sampled_from([None, 2]))
    form = draw(st.sampled_from(["list", "inside", "after another"]))
    if form == "after another":
        parts = [part for part in parts if isinstance(part, dict)]
        text = draw(st.sampled_from(["", "\n", "\r\n"])).join(json.dumps(part, indent=2) for part in parts)
    else:
        text = json.dumps(parts if form == "list" else {"more": [[1]], "Records": parts, "n": 1.5}, indent=indent)
    holds = [(n, one if isinstance(one, dict) and one else None) for n, one in enumerate(parts, start=1)]
    return Made("c.json", draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode(), holds)


@st.composite
def tables(draw: st.DrawFn) -> Made:
    names = ["id", "occurred_at", "category", "action", "actor.name"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=draw(st.sampled_from(["\n", "\r\n"])))
    writer.writerow(names)
    made = Made("d.csv", b"")
    for one in [event(96), *draw(st.lists(st.one_of(EVENTS, st.just("short")), max_size=8))]:
        if isinstance(one, str):
            writer.writerow(["x", "y"])
        else:
            name = one.get("actor", {}).get("name", "")
            writer.writerow([*(one[key] for key in names[:4]), draw(st.sampled_from(["two\nlines", name]))])
        made.holds.append((text.getvalue().count("\n"), None if isinstance(one, str) else one))
    made.data = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.getvalue().encode()
    return made


@st.composite
def inboxes(draw: st.DrawFn) -> list[Made]:
    files = draw(st.lists(st.one_of(line_files(), envelope_files(), documents(), tables()), min_size=1, max_size=4))
    for number, made in enumerate(files):
        ending = draw(st.sampled_from(sorted(PACKED)))
        made.name, made.data = f"{number}-{made.name}{ending}", PACKED[ending](made.data)
    return files


@settings(max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES < 100, suppress_health_check=list(HealthCheck))
@given(inboxes())
def test_whatever_is_in_the_files_every_event_is_landed_a_duplicate_or_set_aside(files: list[Made]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        inbox, store = Path(folder) / "inbox", Path(folder) / "store"
        inbox.mkdir()
        for made in files:
            (inbox / made.name).write_bytes(made.data)
        landing = landed(store, inbox)
        held = [one for made in files for _, one in made.holds]
        ids = {one["id"] for one in held if one}
        assert landing.read == len(held) == landing.landed + landing.duplicates + landing.quarantined
        assert landing.landed == len(ids)
        assert {row["event_id"] for row in AuditLog(store).polars().iter_rows(named=True)} == ids
        found = AuditLog(store).quarantine().filter(pl.col("reason") != "the same event with another value")
        places = Counter((Path(file).name, line) for file, line in found.select("file", "line").iter_rows())
        assert places == Counter((made.name, line) for made in files for line, one in made.holds if one is None)


# -------------------------------------------------------------------------------------------------- line formats


ONLY_DUCKDB_TAKES: list[tuple[bytes, str]] = [
    (b'{"id": "x",}', "not JSON: Expecting property name enclosed in double quotes"),
    (b'{"id": "x", "actor": {"id": "y"},}', "not JSON: Expecting property name enclosed in double quotes"),
    (b'{"id": "x", "list": [1, ], "actor": {}}', "not JSON: Expecting value"),
    (b'{"id": "x", "n": NaN}', "not JSON: NaN is no number"),
    (b'{"id": "x", "n": [-Infinity]}', "not JSON: -Infinity is no number"),
    (b'{"id": "x", "n":nan }', "not JSON: Expecting value"),
    (b'{"id": "x", "n": {"\\"": INF}}', "not JSON: Expecting value"),
]


@pytest.mark.parametrize(
    "cases",
    [ONLY_DUCKDB_TAKES, *(pytest.param([one], marks=pytest.mark.slow) for one in ONLY_DUCKDB_TAKES)],
    ids=lambda cases: "all" if len(cases) > 1 else cases[0][0].decode(),
)
@pytest.mark.parametrize("form", [".jsonl", ".json"])
def test_what_only_duckdb_takes_for_json_is_set_aside(
    form: str, cases: list[tuple[bytes, str]], tmp_path: Path
) -> None:
    good = json.dumps(event(1, actor={"name": 'NaN ,} \\" inf ,]'}, n=[-1e9, None])).encode()
    bad = [json.dumps(event(2)).encode()[:-1] + b"," + line[1:] for line, _ in cases]
    lines = [good, *bad]
    data = b"\n".join(lines) + b"\n" if form == ".jsonl" else b"[" + b",\n".join(lines) + b"]"
    store, file = tmp_path / "store", tmp_path / f"a{form}"
    for packed in (data, gzip.compress(data)):
        file.write_bytes(packed)
        checked = check(str(file), FEEDS, Reading(NOW), feed=None)
        assert (checked.read, checked.quarantined) == (len(lines), len(bad))
    assert books(landed(store, file)) == (len(lines), 1, 0, len(bad))
    assert aside(store) == [(f"a{form}", number, why) for number, (_, why) in enumerate(cases, start=2)]
    assert AuditLog(store).quarantine()["raw"].to_list() == [line.decode() for line in bad]
    assert replay(Store(store), FEEDS, Reading(NOW)).landed == 0


def test_a_comma_too_many_beside_the_events_breaks_what_holds_them(tmp_path: Path) -> None:
    one = json.dumps(event(1))
    (tmp_path / "lines.jsonl").write_text(f'{{"records": [{one}]}}\n{{"records": [{one},]}}\n', encoding="utf-8")
    assert books(landed(tmp_path / "store", tmp_path / "lines.jsonl")) == (2, 1, 0, 1)
    assert [line for _, line, _ in aside(tmp_path / "store")] == [2]
    for number, text in enumerate((f"[{one},]", f'{{"records": [{one}],}}', f'{{"records": [{one},]}}')):
        (tmp_path / f"{number}.json").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=r"holds no event: not JSON: a (value|name) expected"):
            landed(tmp_path / "store", tmp_path / f"{number}.json")


def test_a_number_of_parquet_that_json_does_not_have_is_set_aside_with_its_row(tmp_path: Path) -> None:
    rows = pl.DataFrame([event(n) | {"n": n / 4} for n in range(4)])
    rows = rows.with_columns(n=pl.when(n=0.5).then(float("nan")).otherwise("n"))
    rows.write_parquet(tmp_path / "a.parquet")
    assert books(landed(tmp_path / "store", tmp_path / "a.parquet")) == (4, 3, 0, 1)
    assert aside(tmp_path / "store") == [("a.parquet", 3, "not JSON: NaN is no number")]
    assert AuditLog(tmp_path / "store").quarantine()["raw"].to_list() == [
        '{"id":"e2","occurred_at":"2026-03-03T09:14:05Z","category":"Members","action":"Left","n":NaN}'
    ]


NUMBERS = [
    "0",
    "-0",
    "1e999",
    "1" * 400,
    "1" * 5000,
    "0." + "1" * 5000,
    "1E+4",
    "01",
    "+1",
    ".5",
    "5.",
    "0x1",
    "1_0",
    "1e",
]
WORDS = [
    "true",
    "null",
    "TRUE",
    "None",
    "undefined",
    "NaN",
    "nAn",
    "-nan",
    "inf",
    "-Infinity",
    "+inf",
    "iNFinity",
    "'a'",
]
TEXTS = [r'"\ud83d\ude00"', '"\t"', '"\x01"', '"\x7f"', r'"\x41"', r'"\u12"', '"a" "b"', r'"\/"', '"\u2028"', "`a`"]
NESTED = [
    "[1,]",
    "[,]",
    "[,1]",
    "[1,,2]",
    '{"a":1,}',
    "{,}",
    '{"a":1 , }',
    "{a:1}",
    "[1 2]",
    "[1\t,\t]",
    "[" * 99 + "]" * 99,
]
AROUND = ["1 /*c*/", "1 //c", "1 #c", "\x0b1", "\x0c1", "\xa01", "\ufeff1", "1}", "1]", "\x001", "1;"]


@pytest.mark.slow
@pytest.mark.parametrize("value", [*NUMBERS, *WORDS, *TEXTS, *NESTED, *AROUND])
def test_a_line_lands_if_and_only_if_the_standard_calls_it_json(value: str, tmp_path: Path) -> None:
    def refused(word: str) -> None:
        raise ValueError(word)

    line = json.dumps(event(2))[:-1] + f', "n": {value}, "m": 1}}'
    try:
        json.loads(line, parse_constant=refused, parse_int=str)
        fits = True
    except ValueError:
        fits = False
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(event(1))}\n{line}\n", encoding="utf-8", newline="")
    assert books(landed(tmp_path / "store", tmp_path / "a.jsonl")) == (2, 1 + fits, 0, 1 - fits)


def test_lines_of_an_old_mac(tmp_path: Path) -> None:
    (tmp_path / "mac.jsonl").write_bytes(b"\r".join(json.dumps(event(n)).encode() for n in range(3)) + b"\rhello\r")
    assert books(landed(tmp_path / "store", tmp_path / "mac.jsonl")) == (4, 3, 0, 1)
    assert aside(tmp_path / "store") == [("mac.jsonl", 4, "not JSON: Expecting value")]


@pytest.mark.parametrize("length", [100_000, 17_000_000, pytest.param(50_000_000, marks=pytest.mark.large)])
def test_long_lines_land_beside_short_ones(length: int, tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("wb") as file:
        for n in range(3):
            file.write(json.dumps(event(n, user_agent="x" * length)).encode() + b"\n")
            file.write(json.dumps(event(n + 10)).encode() + b"\nhello\n")
    assert books(landed(tmp_path / "store", tmp_path / "a.jsonl")) == (9, 6, 0, 3)
    assert [line for _, line, _ in aside(tmp_path / "store")] == [3, 6, 9]
    lengths = AuditLog(tmp_path / "store").polars()["user_agent"].str.len_chars().drop_nulls()
    assert lengths.to_list() == [length] * 3


@pytest.mark.slow
def test_twenty_lines_of_50_mb_land(tmp_path: Path) -> None:
    with (tmp_path / "a.jsonl").open("w", encoding="utf-8") as file:
        for n in range(20):
            file.write(json.dumps(event(n, payload="x" * 50_000_000)) + "\n")
    assert books(landed(tmp_path / "store", tmp_path / "a.jsonl")) == (20, 20, 0, 0)


@pytest.mark.slow
def test_half_an_archive_of_huge_lines_leaves_nothing_of_itself(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    lines = b"".join(json.dumps(event(n, payload="x" * 40_000_000)).encode() + b"\n" for n in range(5))
    (inbox / "a.jsonl.gz").write_bytes(gzip.compress(lines, 1)[:-9])
    (inbox / "b.jsonl").write_text(json.dumps(event(9, payload="x" * 2_000_000)), encoding="utf-8")
    assert books(landed(tmp_path / "store", inbox)) == (2, 1, 0, 1)
    assert aside(tmp_path / "store") == [("a.jsonl.gz", 0, "the archive is cut or damaged")]


def test_many_bad_lines_are_kept_in_their_order_in_several_files(tmp_path: Path) -> None:
    lines = 120_000
    text = json.dumps(event(1)) + "\n" + "".join(f"garbage {n}\n" for n in range(lines))
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    assert books(landed(tmp_path / "store", tmp_path / "a.jsonl")) == (lines + 1, 1, 0, lines)
    found = AuditLog(tmp_path / "store").quarantine()
    assert found["line"].to_list() == list(range(2, lines + 2))
    assert found["raw"].to_list() == [f"garbage {n}" for n in range(lines)]
    assert len(list((tmp_path / "store" / "quarantine").iterdir())) == 3


def test_thousands_of_small_files_keep_the_place_of_each_line(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    for number in range(3000):
        (inbox / f"{number // 100}").mkdir(parents=True, exist_ok=True)
        bad = "garbage\n" * (number % 100 == 7)
        (inbox / f"{number // 100}" / f"{number}.jsonl").write_text(f"\n{bad}{json.dumps(event(number))}\n{bad}")
    assert books(landed(tmp_path / "store", inbox)) == (3060, 3000, 0, 60)
    places = [(f"{number}.jsonl", line) for number in range(7, 3000, 100) for line in (2, 4)]
    assert sorted((name, line) for name, line, _ in aside(tmp_path / "store")) == sorted(places)


# ------------------------------------------------------------------------------------------------------ documents


def test_an_element_keeps_the_text_of_its_numbers(tmp_path: Path) -> None:
    text = json.dumps([event(1)])[:-2] + ', "exact": 12345678901234567890.1230}]'
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    landed(tmp_path / "store", tmp_path / "a.json")
    assert AuditLog(tmp_path / "store").polars()["raw"].to_list() == [text[1:-1]]


@pytest.mark.parametrize("tail", ["", ", {", "] trailing", "]]", " {}]"])
def test_a_broken_document_is_refused_by_name_and_one_row_in_a_folder(tail: str, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    deep = '{"a":' * 20 + "1" + "}" * 20
    (inbox / "a.json").write_text("[" + json.dumps(event(1)) + "," + deep + tail, encoding="utf-8")
    (inbox / "b.json").write_text("[" + json.dumps(event(2)) + "," + deep + "]", encoding="utf-8")
    if tail != "] trailing":  # a word behind a document is set aside as one event
        with pytest.raises(UsageError, match="holds no event: not JSON"):
            landed(tmp_path / "other", inbox / "a.json")
        assert books(landed(tmp_path / "store", inbox)) == (3, 1, 0, 2)
        assert {(name, line) for name, line, _ in aside(tmp_path / "store")} == {("a.json", 0), ("b.json", 2)}
    else:
        assert books(landed(tmp_path / "store", inbox / "a.json")) == (3, 1, 0, 2)


# -------------------------------------------------------------------------------------------------- whole files


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.jsonl", b"", "it is empty"),
        ("blank.jsonl", b" \n\r\n", "it is blank"),
        ("mark.json", b"\xef\xbb\xbf", "it is blank"),
        ("wide.jsonl", json.dumps(event(1)).encode("utf-16"), "it is UTF-16 or UTF-32, and must be UTF-8"),
        (
            "garbage.jsonl.gz",
            gzip.compress(json.dumps(event(1)).encode()) + b"garbage",
            "the archive is cut or damaged",
        ),
        ("crc.jsonl.gz", gzip.compress(json.dumps(event(1)).encode())[:-8] + bytes(8), "the archive is cut or damaged"),
        ("list.json", b"[]", "its list is empty"),
        ("a.parquet", b"PAR1 and no more", "it is cut or damaged"),
        ("twice.csv", b"id,id\n1,2\n", "not CSV: the header names a column twice"),
    ],
)
def test_a_file_without_events_says_why(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / name).write_bytes(data)
    (inbox / "good.jsonl").write_text(json.dumps(event(5)), encoding="utf-8")
    with pytest.raises(UsageError, match="holds no event"):
        land(tmp_path / "other", [str(inbox / name)], FEEDS, now=NOW, feed="invent")
    assert books(landed(tmp_path / "store", inbox)) == (2, 1, 0, 1)
    assert aside(tmp_path / "store") == [(name, 0, reason)]


def test_zeros_behind_an_archive_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(json.dumps(event(1)).encode()) + bytes(512))
    assert books(landed(tmp_path / "store", tmp_path / "a.jsonl.gz")) == (1, 1, 0, 0)


def test_pipes_and_links_in_a_circle_are_passed_over_and_counted(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "deeper").mkdir(parents=True)
    os.mkfifo(inbox / "pipe.jsonl")
    (inbox / "deeper" / "around").symlink_to(inbox)
    (inbox / "nowhere.jsonl").symlink_to(inbox / "gone")
    (inbox / "a.jsonl").write_text(json.dumps(event(1)), encoding="utf-8")
    (inbox / "same.jsonl").symlink_to(inbox / "a.jsonl")
    landing = landed(tmp_path / "store", inbox)
    assert (books(landing), landing.odd) == ((1, 1, 0, 0), 3)


@pytest.mark.parametrize("change", ["grows", "goes", "is another"])
def test_a_file_that_changes_while_it_is_read_lands_nothing(change: str, tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    for number, file in enumerate((first, second)):
        file.write_text(json.dumps(event(number)) + "\n", encoding="utf-8")

    def meddle(progress: Progress) -> None:
        if change == "grows":
            with first.open("a", encoding="utf-8") as file:
                file.write("\n")
        elif change == "is another":
            (tmp_path / "new").write_text(json.dumps(event(7)) + "\n", encoding="utf-8")
            (tmp_path / "new").replace(first)
        else:
            second.unlink(missing_ok=True)

    with pytest.raises(FailureError, match="changed while it was read; nothing was landed"):
        land(tmp_path / "store", [str(first), str(second)], FEEDS, now=NOW, progress=meddle)
    assert not (tmp_path / "store").exists()


# --------------------------------------------------------------------------------------------- check and progress


@pytest.mark.parametrize("made", [".jsonl", ".json", ".csv", ".jsonl.gz", ".json.zst", ".csv.gz"])
def test_check_takes_every_form(made: str, tmp_path: Path) -> None:
    kind = "." + made.split(".")[1]
    whole, broken = event(1), event(2) | {"occurred_at": "soon"}
    text = {
        ".jsonl": f"{json.dumps(whole)}\n{json.dumps(broken)}\n",
        ".json": json.dumps([whole, broken]),
        ".csv": "\n".join([",".join(whole), ",".join(whole.values()), ",".join(broken.values()), "short"]),
    }[kind]
    file = tmp_path / f"a{made}"
    file.write_bytes(PACKED[made.removeprefix(kind)](text.encode()))
    checked = check(str(file), FEEDS, Reading(NOW), feed=None)
    extra = {"a record of 1 cells under a header of 4": 1} if kind == ".csv" else {}
    assert (checked.feed, checked.reasons) == ("invent", {"a time that cannot be read": 1} | extra)
    assert (checked.read, checked.quarantined) == (2 + len(extra), 1 + len(extra))
    assert sorted(checked.rows["event_id"]) == ["e1", "e2"]


def test_progress_tells_bytes_and_events_and_ends_with_all(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("".join(json.dumps(event(n)) + "\n" for n in range(100)), encoding="utf-8")
    told: list[Progress] = []
    land(tmp_path / "store", [str(file)], FEEDS, now=NOW, progress=told.append)
    assert told[-1] == Progress(file.stat().st_size, file.stat().st_size, 100)


def test_the_line_on_a_terminal_is_drawn_and_taken_away() -> None:
    terminal, times = io.StringIO(), iter([0.0, 2.0, 2.01])
    line = ProgressLine(terminal, lambda: next(times))
    line(Progress(50_000_000, 100_000_000, 120_000))
    line(Progress(51_000_000, 100_000_000, 121_000))
    line.clear()
    drawn = "landing: 50 %, 50 of 100 MB, about 120,000 events, 25 MB/s, 2 s left"
    assert terminal.getvalue() == f"\r{drawn}\x1b[K\r\x1b[K"
