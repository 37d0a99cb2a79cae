"""Landing: a raw event stands beside the row that it becomes, a broken one beside its reason, and the books balance."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from conftest import Cli

from audit_reports import AuditLog, UsageError
from audit_reports.demo import World
from audit_reports.feed import Feed
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
Row = dict[str, Any]


def landed(store: Path, *files: Path, feed: str | None = None, feeds: Mapping[str, Feed] = FEEDS) -> Landing:
    return land(Store.create(store), [str(file) for file in files], feeds, now=NOW, feed=feed)


def rows(store: Path) -> list[Row]:
    return AuditLog(store).polars().to_dicts()


def aside(store: Path) -> list[tuple[str, int, str]]:
    quarantine = AuditLog(store).quarantine()
    return [(Path(file).name, line, reason) for file, line, reason, *_ in quarantine.iter_rows()]


def books(landing: Landing) -> tuple[int, int, int, int]:
    return landing.read, landing.landed, landing.duplicates, landing.quarantined


def event(event_id: str = "e1", at: str = "2026-03-02T09:14:05.120Z", **more: Any) -> Row:
    return {"id": event_id, "occurred_at": at, "category": "Members", "action": "Left", **more}


def write(path: Path, *lines: Row | bytes) -> Path:
    """Write events (or broken lines, as bytes) as JSON Lines."""
    data = b"".join(
        (one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode()) + b"\n" for one in lines
    )
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return bytes(sink.getvalue().to_pybytes())


# ------------------------------------------------------------------------------------------------ invent: raw to row

INVENT = (
    '{"id": "evt_01", "occurred_at": "2026-03-02T09:14:05.120Z", "category": "Members", "action": "Role Changed", '
    '"actor": {"id": "usr_17", "name": "Ana Ruiz", "email": "ana@northwind.example", "role": "Admin", "type": "human"}, '
    '"resource": {"type": "Member", "id": "usr_9", "name": "Ben Okoro"}, "changes": {"role": ["Member", "Admin"]}, '
    '"source": "App", "ip": "203.0.113.7", "location": {"country": "ES", "region": "Madrid", "city": "Madrid"}, '
    '"workspace": "Northwind", "outcome": "success", "user_agent": "Mozilla/5.0"}'
)
INVENT_CSV = (
    "id,occurred_at,category,action,actor.id,actor.name,actor.email,actor.role,actor.type,resource.type,resource.id,"
    "resource.name,changes,source,ip,location.country,location.region,location.city,workspace,outcome,user_agent\r\n"
    "evt_01,2026-03-02T09:14:05.120Z,Members,Role Changed,usr_17,Ana Ruiz,ana@northwind.example,Admin,human,Member,usr_9,"
    'Ben Okoro,"{""role"": [""Member"", ""Admin""]}",App,203.0.113.7,ES,Madrid,Madrid,Northwind,success,Mozilla/5.0\r\n'
)
INVENT_ROW = {
    "event_id": "evt_01",
    "occurred_at": datetime(2026, 3, 2, 9, 14, 5, 120000, UTC),
    "feed": "invent",
    "event": "Member Role Changed",
    "category": "Members",
    "action": "Role Changed",
    "actor": "ana@northwind.example",
    "actor_id": "usr_17",
    "actor_role": "Admin",
    "actor_type": "human",
    "resource": "Ben Okoro",
    "resource_type": "Member",
    "resource_id": "usr_9",
    "changes": '{"role":["Member","Admin"]}',
    "source": "App",
    "ip": "203.0.113.7",
    "country": "ES",
    "region": "Madrid",
    "city": "Madrid",
    "outcome": "success",
    "workspace": "Northwind",
    "user_agent": "Mozilla/5.0",
    "raw": INVENT,
    "landed_at": NOW,
    "landing": 1,
    "day": date(2026, 3, 2),
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", INVENT + "\n"),
        ("no-line-end.ndjson", INVENT),
        ("one.json", json.dumps(json.loads(INVENT), indent=2)),
        ("array.json", f"[{INVENT}]"),
        ("inside.json", f'{{"exported": "today", "events": [\n{INVENT}\n]}}'),
        ("a.csv", INVENT_CSV),
        ("bom.jsonl", "\ufeff" + INVENT + "\n"),
        ("bom.json", f"\ufeff[{INVENT}]"),
        ("bom.csv", "\ufeff" + INVENT_CSV),
        ("bom.jsonl.gz", "\ufeff" + INVENT + "\n"),
        ("crlf.jsonl", INVENT + "\r\n"),
        ("blank.jsonl", f"\n\r\n  \n{INVENT}\n\n"),
        ("spaced.jsonl", f"  {INVENT}  \n"),
    ],
)
def test_an_event_in_any_form_becomes_the_same_row(name: str, text: str, store: Path, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    assert books(landed(store, file)) == (1, 1, 0, 0)
    (row,) = rows(store)
    if not name.endswith(
        ("jsonl", "ndjson", "gz")
    ):  # those keep every byte; what is cut out of a document keeps the value
        assert json.loads(row["raw"]) == json.loads(INVENT)
        row["raw"] = INVENT
    assert row == INVENT_ROW


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (event(), {"event": "Member Left", "actor": None, "resource": None, "country": None, "outcome": None}),
        (event(action="Cloned"), {"event": "Member Cloned", "category": "Members", "action": "Cloned"}),
        (event(actor={"name": "Ana", "email": "a@x"}), {"actor": "a@x"}),
        (event(actor={"name": "Ana", "id": "u1"}), {"actor": "Ana", "actor_id": "u1"}),
        (event(actor={"id": "u1"}), {"actor": "u1", "actor_id": "u1"}),
        (event(at="2026-03-02T01:14:05+05:30"), {"occurred_at": datetime(2026, 3, 1, 19, 44, 5, tzinfo=UTC)}),
        (event(at="2026-03-02T01:14:05+05:30"), {"day": date(2026, 3, 1)}),
        (event(7), {"event_id": "7"}),  # type: ignore[arg-type]
        (event(actor={"name": "<script>\u202e\x1b[31m'\";--"}), {"actor": "<script>\u202e\x1b[31m'\";--"}),
    ],
)
def test_what_an_event_leaves_out_is_null_and_what_it_says_is_kept(
    raw: Row, expected: Row, store: Path, tmp_path: Path
) -> None:
    landed(store, write(tmp_path / "a.jsonl", raw))
    (row,) = rows(store)
    assert {name: row[name] for name in expected} == expected


# ------------------------------------------------------------------------------------------------------- generic


def test_generic_takes_the_columns_by_their_own_names(store: Path, tmp_path: Path) -> None:
    raw = {"occurred_at": "2026-03-02T09:14:05Z", "event": "door opened", "actor": "ana", "ip": "2001:db8::1"}
    landed(store, write(tmp_path / "doors.jsonl", raw))
    (row,) = rows(store)
    assert (row["feed"], row["event"], row["actor"], row["ip"]) == ("generic", "door opened", "ana", "2001:db8::1")
    assert len(row["event_id"]) == 64  # it has no id: a hash of the raw event


def test_generic_takes_the_columns_that_the_configuration_maps(store: Path, tmp_path: Path, cli: Cli) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[feeds.generic]\noccurred_at = "when"\nevent = "what.name"\nactor = "who"\nevent_id = "n"\n')
    raw = {"when": "2026-03-02T09:14:05Z", "what": {"name": "door opened"}, "who": "ana", "n": 5}
    ran = cli("ingest", write(tmp_path / "doors.jsonl", raw), "--store", store, "--config", settings)
    assert (ran.code, ran.rows[0]["landed"]) == (0, 1)
    (row,) = rows(store)
    assert (row["event_id"], row["event"], row["actor"]) == ("5", "door opened", "ana")
    assert row["occurred_at"] == datetime(2026, 3, 2, 9, 14, 5, tzinfo=UTC)


def test_parquet_lands_as_the_generic_feed(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "doors.parquet"
    times = [datetime(2026, 3, 2, 9, tzinfo=UTC), None]
    pl.DataFrame({"occurred_at": times, "event": ["door opened", "lost"], "actor": ["ana", "ben"]}).write_parquet(file)
    assert books(landed(store, file)) == (2, 1, 0, 1)
    assert [(row["event"], row["actor"], row["occurred_at"]) for row in rows(store)] == [
        ("door opened", "ana", times[0])
    ]
    assert aside(store) == [("doors.parquet", 2, "no time")]


# ---------------------------------------------------------------------------------------------------- quarantine


BROKEN: list[tuple[Row | bytes, str]] = [
    (b"hello", "not JSON: Expecting value"),
    (b'{"id": "e1"', "not JSON: Expecting ',' delimiter"),
    (json.dumps(event()).encode() + b" x", "not JSON: Extra data"),
    (b'{"id": "\x00"}', "not JSON: Invalid control character at"),
    (b"[1, 2]", "not a JSON object"),
    (b'"text"', "not a JSON object"),
    (b"null", "not a JSON object"),
    (event(None), "no id"),  # type: ignore[arg-type]
    (event(""), "no id"),
    (event(category=None), "no category"),
    (event(action=""), "no action"),
    (event(at=""), "no time"),
    (event(at=None), "no time"),  # type: ignore[arg-type]
    (event(at="yesterday"), "a time that cannot be read"),
    (event(at="2026-02-30T09:00:00Z"), "a time that cannot be read"),
    (event(at="2026-03-02T09:14:05"), "a time without a zone"),
    (event(at="2026-03-02t09:14:05"), "a time without a zone"),
    (event(at="2026-03-02"), "a time without a zone"),
    (event(at="1999-12-31T23:59:59Z"), "a time before 2000"),
    (event(at="2026-03-31T06:00:01Z"), "a time after tomorrow"),
    (b'{"id": "\xe9"}', "bytes that are no UTF-8"),
]


def test_a_line_that_cannot_land_is_kept_with_its_place_and_reason(store: Path, tmp_path: Path) -> None:
    good = [event(f"good {number}") for number in range(len(BROKEN))]
    file = write(tmp_path / "a.jsonl", *(one for n, (line, _) in enumerate(BROKEN) for one in (b"", good[n], line)))
    landing = landed(store, file, feed="invent")
    assert books(landing) == (2 * len(BROKEN), len(BROKEN), 0, len(BROKEN))
    assert landing.reasons == Counter(reason for _, reason in BROKEN)
    found = AuditLog(store).quarantine().to_dicts()
    for number, (row, (line, reason)) in enumerate(zip(found, BROKEN, strict=True), start=1):
        raw = line if isinstance(line, bytes) else json.dumps(line).encode()
        kept = row.pop("raw")
        coded = kept.removeprefix("base64:")
        assert (kept.encode() if coded == kept else base64.b64decode(coded)) == raw
        assert row == {"file": str(file), "line": 3 * number, "reason": reason, "feed": "invent", "landing": 1}
        assert (coded != kept) == (reason == "bytes that are no UTF-8")


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00Z", "2026-03-31T06:00:00Z"])
def test_the_first_and_the_last_time_that_is_believed_lands(at: str, store: Path, tmp_path: Path) -> None:
    assert books(landed(store, write(tmp_path / "a.jsonl", event(at=at)))) == (1, 1, 0, 0)


def test_a_field_that_changed_its_type_is_named_with_its_file_its_line_and_both_types(
    store: Path, tmp_path: Path, cli: Cli
) -> None:
    file = write(tmp_path / "a.jsonl", event(), event("e2", actor={"email": ["ana@northwind.example"]}))
    assert cli("ingest", file, "--store", store).err == (
        f"1 in quarantine: field actor.email is of type array, not text ({file}, line 2)\n"
    )


# (time as written, in UTC by a clock in Madrid; RFC 3339 allows small letters)
TIMES = [
    ("2026-03-02T09:14:05.120Z", "2026-03-02T09:14:05.120000+00:00"),
    ("2026-03-02t09:14:05.120z", "2026-03-02T09:14:05.120000+00:00"),
    ("2026-03-02t09:14:05-05:00", "2026-03-02T14:14:05+00:00"),
    ("2026-03-02 09:14:05", "2026-03-02T08:14:05+00:00"),
    ("2026-03-02t09:14:05", "2026-03-02T08:14:05+00:00"),
]


def test_times_land_in_the_forms_that_a_standard_allows(store: Path, tmp_path: Path, cli: Cli) -> None:
    file = write(tmp_path / "a.jsonl", *(event(f"e{n}", at) for n, (at, _) in enumerate(TIMES)))
    expected = {f"e{n}": datetime.fromisoformat(utc) for n, (_, utc) in enumerate(TIMES)}
    checked = cli("feeds", "check", file, "--timezone", "Europe/Madrid").rows
    assert {row["event_id"]: datetime.fromisoformat(row["occurred_at"]) for row in checked} == expected
    ran = cli("ingest", file, "--store", store, "--timezone", "Europe/Madrid")
    assert ran.rows == [{"landing": 1, "read": len(TIMES), "landed": len(TIMES), "duplicates": 0, "quarantined": 0}]
    assert {row["event_id"]: row["occurred_at"] for row in rows(store)} == expected


def test_csv_records_that_do_not_fit_are_kept_with_their_line(store: Path, tmp_path: Path) -> None:
    header, record, *_ = INVENT_CSV.encode().split(b"\r\n")
    good = record.replace(b"evt_01,", b"evt_02,")
    cells = record.split(b",")
    many_lines = record.replace(b"Ben Okoro", b'"Ben\nOkoro"').replace(b"evt_01", b"evt_03")
    file = tmp_path / "a.csv"
    lines = [header, many_lines, record + b",more", good, cells[0] + b",,Members,Left" + b"," * 17, b"\xff" + good]
    file.write_bytes(b"\r\n".join(lines))
    assert books(landed(store, file)) == (5, 2, 0, 3)
    assert sorted(aside(store)) == [
        ("a.csv", 4, "a record of 22 cells under a header of 21"),
        ("a.csv", 6, "no time"),
        ("a.csv", 7, "bytes that are no UTF-8"),
    ]


def test_an_element_of_a_document_has_its_number(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps([event(), 17, event("e2", at="soon")]))
    assert books(landed(store, file)) == (3, 1, 0, 2)
    assert aside(store) == [("a.json", 2, "not a JSON object"), ("a.json", 3, "a time that cannot be read")]


# ------------------------------------------------------------------------------------------------------- packing


def test_gzip_of_several_members_and_zstd_are_read_whole(store: Path, tmp_path: Path) -> None:
    lines = [json.dumps(event(f"e{n}")).encode() + b"\n" for n in range(4)]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines[0]) + gzip.compress(lines[1]))
    (tmp_path / "b.jsonl.zst").write_bytes(zstd(lines[2] + b"hello\n" + lines[3]))
    assert books(landed(store, tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.zst")) == (5, 4, 0, 1)
    assert {row["event_id"] for row in rows(store)} == {"e0", "e1", "e2", "e3"}
    assert aside(store) == [("b.jsonl.zst", 2, "not JSON: Expecting value")]


def test_half_an_archive_in_a_folder_is_one_row_and_the_rest_lands(store: Path, tmp_path: Path, cli: Cli) -> None:
    folder = tmp_path / "inbox" / "deeper"
    folder.mkdir(parents=True)
    whole = gzip.compress("".join(json.dumps(event(f"h{n}-{n * 7919}")) + "\n" for n in range(5000)).encode())
    (folder / "half.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "half.jsonl.zst").write_bytes(zstd(gzip.decompress(whole))[:-20])
    (folder / "picture.json").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(99))
    (folder / "empty.jsonl").touch()
    (folder / "notes.txt").write_text("not for us")
    write(folder.parent / "good.jsonl.gz", event("e1"), event("e2"))
    (folder / "table.csv").write_text(INVENT_CSV)
    ran = cli("ingest", tmp_path / "inbox", "--store", store, "--format", "json")
    assert ran.code == 1
    assert json.loads(ran.out) == {"landing": 1, "read": 7, "landed": 3, "duplicates": 0, "quarantined": 4}
    assert sorted((name, line) for name, line, _ in aside(store)) == [
        ("empty.jsonl", 0),
        ("half.jsonl.gz", 0),
        ("half.jsonl.zst", 0),
        ("picture.json", 0),
    ]
    assert "1 files with other endings were passed over" in ran.err
    again = cli("ingest", tmp_path / "inbox", "--store", store, "--format", "json")
    assert json.loads(again.out)["landing"] is None


def test_an_archive_cut_far_behind_its_head_does_not_hinder_a_conflict_beside_it(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    whole = gzip.compress("".join(json.dumps(event(f"h{n}-{n * 7919}")) + "\n" for n in range(40_000)).encode())
    (folder / "half.jsonl.gz").write_bytes(whole[: len(whole) * 2 // 3])
    write(folder / "good.jsonl.gz", event("e1"), event("e1") | {"action": "Joined"})
    assert books(landed(store, folder)) == (3, 1, 0, 2)
    assert {(name, line) for name, line, _ in aside(store)} == {("half.jsonl.gz", 0), ("good.jsonl.gz", 2)}


@pytest.mark.parametrize("name", ["a[1].jsonl", "a*.jsonl", "a?.jsonl", "it's.jsonl", "day=2020-01-01", "a\nb.jsonl"])
def test_a_name_is_a_name_and_no_pattern(name: str, tmp_path: Path) -> None:
    """Beside each file lies one that the name would match if it were read as a pattern, and each store likewise."""
    for other in ("a1.jsonl", "ab.jsonl", "landing=7/[s]/x", "landing=7/s/x"):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / other, event("other"))
    store = tmp_path / "landing=7" / "[s]" / "store"
    file = write(tmp_path / name, event("own"), event("own"), b"hello")
    assert books(landed(store, file, feed="invent")) == (3, 1, 1, 1)
    assert [(row["event_id"], row["landing"]) for row in rows(store)] == [("own", 1)]
    assert aside(store) == [(name, 3, "not JSON: Expecting value")]


def test_globs_and_a_pipe(store: Path, tmp_path: Path, cli: Cli) -> None:
    for n in range(3):
        write(tmp_path / f"day-{n}.jsonl", event(f"e{n}"))
    ran = cli("ingest", tmp_path / "day-[01].jsonl", "--store", store)
    assert (ran.code, ran.rows[0]["landed"]) == (0, 2)
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    write(tmp_path / "deep" / "deeper" / "day-3.jsonl", event("e3"))
    assert cli("ingest", tmp_path / "**" / "day-3.jsonl", "--store", store).rows[0]["landed"] == 1
    piped = cli("ingest", "-", "--store", store, stdin=json.dumps(event("p1")).encode() + b"\nhello\n")
    assert (piped.code, piped.rows[0]) == (
        0,
        {"landing": 3, "read": 2, "landed": 1, "duplicates": 0, "quarantined": 1},
    )
    assert aside(store) == [("-", 2, "not JSON: Expecting value")]
    document = json.dumps({"events": [event("p3")]}).encode()
    for data in (INVENT_CSV.encode(), document, gzip.compress(json.dumps(event("p4")).encode())):
        assert cli("ingest", "-", "--store", store, stdin=data).rows[0]["landed"] == 1
    strict = cli("ingest", "-", "--store", store, "--strict", stdin=json.dumps(event("p2")).encode() + b"\nhello\n")
    assert (strict.code, strict.rows[0]["landed"], strict.rows[0]["quarantined"]) == (1, 1, 1)


# ------------------------------------------------------------------------------------------------------ the world


def test_the_samples_books_are_those_of_its_truth(world: World) -> None:
    truth = json.loads((world.store.parent / "truth.json").read_text(encoding="utf-8"))
    for landing, name in zip(world.landings, truth["files"], strict=True):
        assert (
            dict(zip(("read", "landed", "duplicates", "quarantined"), books(landing), strict=True))
            == (truth["books"][name])
        )
    assert AuditLog(world.store).count() == sum(book["landed"] for book in truth["books"].values())


def test_the_samples_broken_lines_stand_where_its_truth_says(world: World) -> None:
    (broken,) = [incident for incident in world.sample.truth if incident.name == "broken_lines"]
    found = {(file, line) for file, line, _ in aside(world.store)}
    assert found == {(place["file"], place["line"]) for place in broken.facts["lines"]}


def test_an_unknown_feed_is_refused_before_a_file_is_read(store: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'invent'"):
        landed(store, tmp_path / "nowhere.jsonl", feed="invant")
