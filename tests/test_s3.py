"""S3: a store in a bucket does what a store on a disk does, and what S3 refuses or loses on the way is said in a line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep

import pytest
from conftest import Cli, S3Server

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land
from audit_reports.place import Kept
from audit_reports.places.lease import LOCK, Lease, Terms
from audit_reports.places.s3 import S3
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
QUICK = Terms(renew=0.1, lapse=0.6, look=0.05)


def lines(*ids: str, day: int = 2) -> str:
    return "".join(
        json.dumps({"id": i, "occurred_at": f"2026-03-{day:02}T09:00:00Z", "category": "Members", "action": "Left"})
        + "\n"
        for i in ids
    )


def file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def put(uri: str, text: str) -> None:
    """Put an object into S3 as somebody else would."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    S3(f"s3://{bucket}").replace(key, text.encode())


def books(landing: Landing) -> tuple[int | None, int, int, int, int]:
    return landing.landing, landing.read, landing.landed, landing.duplicates, landing.quarantined


def ids(store: str | S3) -> list[str]:
    return sorted(AuditLog(store).polars()["event_id"])  # type: ignore[arg-type]


# ----------------------------------------------------------------------------------------------------- a store in S3


@pytest.mark.parametrize(
    "prefix",
    ["/with a space/ünï'cøde/", *(pytest.param(one, marks=pytest.mark.slow) for one in ("", "/feed=x/day=2020-01-01"))],
)
def test_a_store_in_s3_lands_and_answers_as_one_on_a_disk(prefix: str, s3: str, tmp_path: Path, cli: Cli) -> None:
    answers = []
    for store in (s3 + prefix, str(tmp_path / "store")):
        first = file(tmp_path / "a.jsonl", lines("e1", "e2") + lines("e3", day=5) + "hello\n")
        again = file(tmp_path / "b.jsonl", lines("e2", "e4"))
        ran = [cli("ingest", path, "--store", store) for path in (first, again, first)]
        assert [done.code for done in ran] == [0, 0, 0], ran
        counts = cli("summary", "--by", "day", "--store", store)
        events = cli("events", "--store", store, "--where", "event_id <> 'e1'")
        aside = cli("store", "quarantine", "--store", store)
        before = cli("summary", "--by", "day", "--as-of", 1, "--store", store)
        kinds = [row["kind"] for row in cli("store", "journal", "--store", store).rows]
        info = cli("store", "info", "--store", store).rows[0]
        rows = [{name: value for name, value in row.items() if name != "landed_at"} for row in events.rows]
        figures = [info[name] for name in ("landing", "events", "read", "duplicates", "quarantined")]
        answers.append([[done.rows for done in ran], counts.out, rows, aside.out, before.out, kinds, figures])
    in_s3, on_disk = answers
    assert in_s3 == on_disk
    assert in_s3[-1] == [2, 4, 6, 1, 1]


class FewAtATime(S3):
    """A place that S3 lists in small pages."""

    page = 3


def test_a_place_lists_more_than_a_page(s3: str) -> None:
    place = FewAtATime(f"{s3}/many")
    for number in range(10):
        place.replace(f"journal/{number}", b"x")
    place.replace("journal/deeper/a", b"x")
    assert place.names("journal") == [*map(str, range(10)), "deeper"]
    assert [kept.path for kept in place.walk("")] == [
        *(f"journal/{number}" for number in range(10)),
        "journal/deeper/a",
    ]


def test_a_place_takes_a_big_file_in_parts_and_gives_it_back(s3: str, tmp_path: Path) -> None:
    data = bytes(range(256)) * (4096 * 33)  # more than two parts
    (tmp_path / "big").write_bytes(data)
    place = S3(s3)
    place.keep(tmp_path / "big", "big")
    (kept,) = place.walk("")
    assert (kept.path, kept.bytes) == ("big", len(data))
    assert "-" in kept.tag, "in parts"
    place.fetch(kept, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


def test_a_name_is_given_once(s3: str) -> None:
    place = S3(s3)
    assert place.publish("a", b"mine")
    assert not place.publish("a", b"theirs")
    assert place.read("a") == b"mine"
    assert place.publish("a", b"mine"), "an answer that was lost on its way: what is there is what was written"


@pytest.mark.parametrize(
    "wrong", ["s3://", "s3:///x", "s3://b/a*b", "s3://b/a?b", "s3://b/50%", "s3://b/a//b", "s3://b/../c"]
)
def test_a_name_that_no_store_can_have_is_refused(wrong: str, s3: str) -> None:
    with pytest.raises(UsageError, match="s3://"):
        Store(wrong)


def test_a_prefix_with_other_things_is_no_store(s3: str, tmp_path: Path) -> None:
    put(f"{s3}/photos/a.png", "x")
    with pytest.raises(UsageError, match="is not a store and not empty"):
        land(f"{s3}/photos", [str(file(tmp_path / "a.jsonl", lines("e1")))], FEEDS, now=NOW)
    assert S3(s3).names("photos") == ["a.png"]


class Forgetful(S3):
    """A server of old, that passes over the condition of a write."""

    def _put(self, path: str, data: bytes, **condition: str) -> str:
        return super()._put(path, data)


def test_a_server_without_conditional_writes_is_refused(s3: str) -> None:
    with pytest.raises(UsageError, match="does not honour conditional writes"):
        Store.create(Forgetful(f"{s3}/store"))
    assert list(S3(s3).walk("")) == []


# ------------------------------------------------------------------------------------------------- many at one time


class Unlocked(S3):
    """A place whose lock holds nobody back: all that stands between two writers is the table's log."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        yield


@pytest.mark.slow
def test_two_landings_at_once_without_a_lock_lose_nothing_and_land_nothing_twice(s3: str, tmp_path: Path) -> None:
    Store.create(f"{s3}/store")
    together = threading.Barrier(3)

    def one(name: str) -> Landing:
        path = file(tmp_path / f"{name}.jsonl", lines("shared", name) + "hello\n")
        together.wait()
        return land(Store(Unlocked(f"{s3}/store")), [str(path)], FEEDS, now=NOW)

    with ThreadPoolExecutor(3) as pool:
        landings = list(pool.map(one, "abc"))
    assert sorted(books(landing)[0] or 0 for landing in landings) == [1, 2, 3]
    assert ids(f"{s3}/store") == ["a", "b", "c", "shared"]
    store = Store(f"{s3}/store")
    assert [(done.landing, done.read, done.landed, done.duplicates, done.quarantined) for done in store.landings()] == [
        (1, 3, 2, 0, 1),
        (2, 3, 1, 1, 1),
        (3, 3, 1, 1, 1),
    ]
    assert store.journal.break_at() is None
    assert AuditLog(f"{s3}/store").quarantine().height == 3
    files = {entry.path for entry in S3(f"{s3}/store").walk("events") if entry.path.endswith(".parquet")}
    assert files == {f"events/{found.name}" for found in store.files(store.table())}, "and a lost race leaves no file"


def test_a_commit_whose_answer_was_lost_is_a_landing(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """delta-rs asks again, finds the version taken, and takes its own commit for somebody else's."""
    from deltalake import DeltaTable
    from deltalake.exceptions import CommitFailedError

    commits = DeltaTable.create_write_transaction

    def lost(table: DeltaTable, *words: object, **more: object) -> None:
        commits(table, *words, **more)  # type: ignore[arg-type]
        raise CommitFailedError("a version that is there already")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", lost)
    landing = land(f"{s3}/store", [str(file(tmp_path / "a.jsonl", lines("e1")))], FEEDS, now=NOW)
    assert books(landing) == (1, 1, 1, 0, 0)
    assert ids(f"{s3}/store") == ["e1"]
    assert len(Store(f"{s3}/store").landings()) == 1


def test_a_commit_of_which_nothing_is_known_is_not_undone(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request may still be under way, and would bring in files that are gone."""
    from deltalake import DeltaTable

    commits, late = DeltaTable.create_write_transaction, []

    def silent(table: DeltaTable, *words: object, **more: object) -> None:
        late.append(lambda: commits(table, *words, **more))  # type: ignore[arg-type]
        raise OSError("operation timed out")

    Store.create(f"{s3}/store")
    path = str(file(tmp_path / "a.jsonl", lines("e1")))
    with monkeypatch.context() as patch, pytest.raises(FailureError, match="timed out; run the command again"):
        patch.setattr(DeltaTable, "create_write_transaction", silent)
        land(f"{s3}/store", [path], FEEDS, now=NOW)
    late[0]()
    assert land(f"{s3}/store", [path], FEEDS, now=NOW).known == ((path, 1),), "the next writer finds it and journals it"
    assert ids(f"{s3}/store") == ["e1"]
    assert len(Store(f"{s3}/store").landings()) == 1


def test_a_lease_waits_for_its_holder(s3: str) -> None:
    held = Lease(S3(s3), QUICK)
    held.take()
    with ThreadPoolExecutor(1) as pool:
        other = Lease(S3(s3), QUICK)
        taking = pool.submit(other.take)
        sleep(2 * QUICK.lapse)
        assert not taking.done(), "it is renewed, however long the work takes"
        held.give_back()
        taking.result(timeout=5)
    assert json.loads(S3(s3).read(LOCK))["owner"] == other.owner
    other.give_back()
    assert S3(s3).names("") == []


def test_the_lease_of_a_dead_writer_lapses_and_is_taken_over(s3: str) -> None:
    S3(s3).put_new(LOCK, b'{"owner": "killed", "renewed": 3}')
    began = monotonic()
    with S3(s3, QUICK).writing():
        assert monotonic() - began >= QUICK.lapse
        assert json.loads(S3(s3).read(LOCK))["owner"] != "killed"
    assert S3(s3).names("") == []


def test_a_holder_that_lost_its_lease_leaves_the_next_ones_alone(s3: str) -> None:
    slow = Lease(S3(s3), Terms(renew=0.3))
    slow.take()
    theirs = b'{"owner": "next", "renewed": 0}'
    S3(s3).replace(LOCK, theirs)
    sleep(0.8)
    assert S3(s3).read(LOCK) == theirs, "not renewed over it"
    slow.give_back()
    assert S3(s3).read(LOCK) == theirs, "not removed"


# --------------------------------------------------------------------------------------------------- inputs from S3


def test_inputs_come_from_s3_by_name_prefix_and_pattern(s3: str, store: Path, cli: Cli) -> None:
    put(f"{s3}/inbox/a [1].jsonl", lines("a"))
    put(f"{s3}/inbox/deep/b.jsonl", lines("b") + "hello\n")
    put(f"{s3}/inbox/notes.txt", "not for us")
    put(f"{s3}/inbox/empty.jsonl", "")
    put(f"{s3}/logs/x-1.log", lines("x1"))
    put(f"{s3}/logs/x-2.log", lines("x2"))
    put(f"{s3}/logs/deep/x-3.log", lines("x3"))
    ran = cli("ingest", f"{s3}/inbox/", f"{s3}/logs/*.log", f"{s3}/inbox/a [1].jsonl", "--store", store)
    assert (ran.code, ran.rows[0]) == (
        1,
        {"landing": 1, "read": 7, "landed": 4, "duplicates": 1, "quarantined": 2},
    )
    assert "1 files with other endings were passed over" in ran.err
    assert ids(str(store)) == ["a", "b", "x1", "x2"]
    aside = {(row["file"], row["line"]) for row in AuditLog(store).quarantine().iter_rows(named=True)}
    assert aside == {(f"{s3}/inbox/deep/b.jsonl", 2), (f"{s3}/inbox/empty.jsonl", 0)}
    again = cli("ingest", f"{s3}/logs/x-1.log", "--store", store)
    assert again.err == f"{s3}/logs/x-1.log: landed before, in landing 1; nothing to do\n"
    deep = cli("ingest", f"{s3}/logs/**/*.log", "--store", store)
    assert deep.rows[0]["landed"] == 1


@pytest.mark.slow
@pytest.mark.parametrize("configured", [True, False])
def test_an_object_that_has_landed_is_not_downloaded_again(
    configured: bool, s3: str, tmp_path: Path, cli: Cli, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = file(
        tmp_path / "settings.toml", f'[[ingest]]\npaths = ["{s3}/inbox/", "{s3}/one.jsonl", "{s3}/no*.jsonl"]\n'
    )
    fetched: list[str] = []
    fetch = S3.fetch

    def noted(place: S3, kept: Kept, local: Path) -> None:
        fetched.append(kept.path)
        fetch(place, kept, local)

    monkeypatch.setattr(S3, "fetch", noted)

    def ingest() -> tuple[list[str], list[dict[str, int]], str]:
        fetched.clear()
        words = ["--config", settings] if configured else [f"{s3}/inbox/", f"{s3}/one.jsonl"]
        ran = cli("ingest", *words, "--store", tmp_path / "store")
        assert ran.code == 0, ran
        return sorted(fetched), ran.rows, ran.err

    put(f"{s3}/inbox/a.jsonl", lines("a1"))
    put(f"{s3}/inbox/b.jsonl", lines("b1"))
    put(f"{s3}/one.jsonl", lines("o1"))
    assert ingest()[0] == ["inbox/a.jsonl", "inbox/b.jsonl", "one.jsonl"]
    names, rows, err = ingest()
    assert (names, rows[0]["read"]) == ([], 0)
    assert err.count("landed before, in landing 1; nothing to do") == 3
    put(f"{s3}/inbox/b.jsonl", lines("b2"))  # as long as before
    put(f"{s3}/inbox/c.jsonl", lines("c1"))
    names, rows, _ = ingest()
    assert (names, rows[0]["landing"], rows[0]["landed"]) == (["inbox/b.jsonl", "inbox/c.jsonl"], 2, 2)
    assert ingest()[0] == []
    assert ids(str(tmp_path / "store")) == ["a1", "b1", "b2", "c1", "o1"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nowhere.jsonl", "no such file or folder"),
        ("/no*where.jsonl", "no such file or folder"),
        ("/empty.jsonl", "/empty.jsonl' holds no event: it is empty"),
        ("/photos", "holds no file ending in"),
        ("-and-more/a.jsonl", "S3 has no bucket"),
    ],
)
def test_a_wrong_input_in_s3_is_a_mistake(path: str, words: str, s3: str, store: Path, cli: Cli) -> None:
    put(f"{s3}/empty.jsonl", "")
    put(f"{s3}/photos/a.png", "x")
    ran = cli("ingest", s3 + path, "--store", store)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert words in ran.err
    assert not store.exists()


def test_an_object_that_changes_while_it_is_read_is_told(s3: str, tmp_path: Path) -> None:
    put(f"{s3}/a.jsonl", lines("e1"))
    place = S3(s3)
    (kept,) = place.walk("")
    put(f"{s3}/a.jsonl", lines("e2"))
    with pytest.raises(FailureError, match="changed while it was read"):
        place.fetch(kept, tmp_path / "a")


# ------------------------------------------------------------------------------------------------ what can go wrong


def one_line(ran: object, code: int, words: str) -> None:
    assert getattr(ran, "code", None) == code, ran
    err = getattr(ran, "err", "")
    assert err.startswith("audit-reports: ")
    assert err.count("\n") == 1
    assert err.rstrip("\n").isprintable()
    assert words in err, err


def test_a_store_without_keys_bucket_or_address_is_a_mistake(
    s3: str, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path / "a.jsonl", lines("e1"))
    one_line(cli("ingest", path, "--store", f"{s3}-absent/store"), 2, "S3 has no bucket")
    one_line(cli("events", "--store", f"{s3}-absent/store"), 2, "S3 has no bucket")
    one_line(cli("events", "--store", f"{s3}/store"), 2, "no store at")
    one_line(cli("events", "--store", "s3://No_Such!Name/store"), 2, "no address in S3")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    one_line(cli("ingest", path, "--store", f"{s3}/store"), 2, "no keys for S3")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    one_line(cli("ingest", path, "--store", f"{s3}/store"), 2, "no keys for S3")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    one_line(cli("ingest", path, "--store", f"{s3}/store"), 2, "no keys for S3")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "what?")
    one_line(cli("ingest", path, "--store", f"{s3}/store"), 2, "S3")


class Refusing(S3):
    """A place whose keys may do nothing."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.files.call_s3 = self.refuse
        self.files.cat_file = self.refuse

    def refuse(self, *words: object, **named: object) -> None:
        raise PermissionError("Access\x1b Denied")


def test_keys_that_may_not_are_told(s3: str) -> None:
    for attempt in (Store, Store.create):
        with pytest.raises(UsageError) as told:
            attempt(Refusing(f"{s3}/store"))
        assert str(told.value) == rf"S3 refuses these keys at '{s3}/store': Access\x1b Denied"


@pytest.mark.slow
def test_a_server_that_is_gone_is_told_and_loses_nothing(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = S3Server()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = f"{server.bucket()}/store"
    land(store, [str(file(tmp_path / "a.jsonl", lines("e1")))], FEEDS, now=NOW)
    log = AuditLog(store)
    opened = Store(store)
    server.stop()
    one_line(cli("ingest", file(tmp_path / "b.jsonl", lines("e2")), "--store", store), 1, "S3 does not answer")
    one_line(cli("events", "--store", store), 1, "S3 does not answer")
    with pytest.raises(FailureError, match="cannot be read: "):
        log.count()
    with pytest.raises(FailureError, match="cannot be read"):
        opened.table()
