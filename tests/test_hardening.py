"""What can a query reach? The store's events, and nothing else: no path, no network, no extension, no setting, no write."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.demo import World
from audit_reports.engine import Limits
from audit_reports.engines.duckdb_opening import open_locked
from audit_reports.store import Store


@pytest.fixture(scope="module")
def copy(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of its own, which what is tried here may harm."""
    folder = tmp_path_factory.mktemp("hardening") / "store"
    shutil.copytree(world.store, folder)
    (folder.parent / "secret.csv").write_text("secret\n1\n")
    return folder


OUTSIDE = [
    "SELECT * FROM read_csv('{home}/secret.csv')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('{home}/secret.csv')",
    "SELECT * FROM read_json('{store}/format.json')",
    "SELECT * FROM read_text('{store}/events/../format.json')",
    "SELECT * FROM read_text('{store}/journal/00000001.json')",
    "SELECT * FROM read_text('{store}/events/_delta_log/00000000000000000000.json')",
    "SELECT * FROM read_json('{store}/events/_delta_log/*.json')",
    "SELECT * FROM glob('{store}/events/**')",
    "SELECT * FROM read_parquet('{store}/quarantine/*.parquet')",
    "SELECT * FROM parquet_metadata('{store}/inputs/*.parquet')",
    "SELECT * FROM sniff_csv('{home}/secret.csv')",
    "SELECT * FROM glob('{home}/*')",
    "FROM '{home}/secret.csv'",
    "FROM 'https://example.com/a.parquet'",
    "FROM 's3://bucket/a.parquet'",
    "SELECT getenv('HOME')",
    "SELECT * FROM frame_of_the_caller",
]

NO_SELECT = [
    "COPY (SELECT 1) TO '{home}/out.csv'",
    "COPY (SELECT 1) TO '{store}/events/out.csv'",
    "ATTACH '{store}/events/out.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "PRAGMA database_list",
    "CREATE TABLE t AS SELECT 1",
    "CREATE SECRET (TYPE s3)",
    "EXPORT DATABASE '{home}/out'",
    "SELECT 1; DROP TABLE events",
    "SELECT 1; SELECT 2",
    "EXPLAIN SELECT 1",
    "UPDATE EXTENSIONS",
    "",
]

WRITES_IN_A_SELECT = [
    "PIVOT events ON outcome USING count(*)",  # makes a type first
    "WITH w AS (COPY (SELECT 1 AS a) TO '{store}/events/out.parquet') SELECT 1",
    "WITH w AS (COPY (SELECT 1 AS a) TO '{store}/events/out.parquet') SELECT 1; -- ) FROM (",
    "FROM (WITH w AS (COPY (SELECT 1 AS a) TO '{store}/events/out.parquet') SELECT 1)",
    "WITH w AS (INSERT INTO events FROM events RETURNING 1) FROM w",
    "WITH w AS (DELETE FROM events RETURNING 1) FROM w",
    "FROM query('COPY (SELECT 1) TO ''{store}/events/out.csv''')",
]


@pytest.mark.parametrize("query", [*OUTSIDE, *NO_SELECT, *WRITES_IN_A_SELECT])
def test_a_query_reaches_nothing_but_the_events(query: str, copy: Path) -> None:
    frame_of_the_caller = AuditLog(copy).newest(1)
    assert frame_of_the_caller.height
    files = sorted(copy.parent.rglob("*"))
    with pytest.raises((UsageError, FailureError)) as caught:
        AuditLog(copy).sql(query.format(home=copy.parent, store=copy))
    assert "\n" not in str(caught.value)
    if query in NO_SELECT:
        assert "Expected a single SELECT statement" in str(caught.value)
    assert sorted(copy.parent.rglob("*")) == files


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM events",
        "FROM events SELECT count(*)",
        "WITH c AS (SELECT actor FROM events) SELECT count(*) FROM c;",
        "VALUES (21528)",
        "SELECT count(*) FROM events -- and a word\n",
        "SELECT count(*) FROM events; -- ')",
        "FROM (PIVOT events ON feed IN ('invent') USING count(*)) SELECT sum(invent)",
    ],
)
def test_whatever_reads_is_a_select(query: str, copy: Path) -> None:
    assert AuditLog(copy).sql(query).item() == 21_528


def test_a_query_over_a_damaged_store_is_no_mistake_of_whoever_asks(copy: Path, tmp_path: Path) -> None:
    first, *_, last = sorted(copy.glob("events/day=*/*.parquet"))
    for number, file in enumerate((first, last)):
        for harm in (lambda path: path.write_bytes(b"no Parquet at all"), Path.unlink):
            damaged = tmp_path / f"{number} {harm.__name__}"
            shutil.copytree(copy, damaged)
            harm(damaged / file.relative_to(copy))
            with pytest.raises(FailureError, match="the store cannot be read"):
                AuditLog(damaged).sql("SELECT max(actor) FROM events")


def test_the_configuration_of_a_connection_is_locked(copy: Path) -> None:
    with open_locked(Store(copy), [], Limits()) as connection:
        found = dict(
            connection.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name IN ('enable_external_access', "
                "'lock_configuration', 'autoinstall_known_extensions', 'autoload_known_extensions', "
                "'allow_community_extensions', 'python_enable_replacements', 'TimeZone')"
            ).fetchall()
        )
    assert found.pop("TimeZone") == "UTC"
    assert found.pop("lock_configuration") == "true"
    assert set(found.values()) == {"false"} and len(found) == 5


SPILLING = """
import os, signal, sys
from audit_reports.engine import Limits
from audit_reports.engines.duckdb_opening import open_locked
from audit_reports.store import Store
connection = open_locked(Store(sys.argv[1]), [], Limits("128MB", 1))
print(*connection.execute(
    "SELECT current_setting('temp_directory'), current_setting('memory_limit'), current_setting('threads')"
).fetchall()[0], sep="|")
connection.execute("CREATE TEMP TABLE t AS SELECT md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) AS b FROM range(4_000_000) t(i)")
print(*os.listdir(connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]), flush=True)
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


def spilled(store: Path, temporary: Path, how: str) -> tuple[list[str], set[str]]:
    """Use more memory than is allowed in a process; return the folder, memory and threads that it had, and its files there."""
    done = subprocess.run(
        [sys.executable, "-c", SPILLING, str(store), how],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"TMPDIR": str(temporary)},
    )
    assert done.returncode == (-signal.SIGKILL if how == "killed" else 0), done.stderr
    settings, files = done.stdout.splitlines()
    return settings.split("|"), set(files.split())


def test_memory_and_threads_are_limited_and_the_spill_folder_is_the_owners_alone(copy: Path, tmp_path: Path) -> None:
    (folder, memory, threads), files = spilled(copy, tmp_path, "whole")
    assert (memory, threads) == ("122.0 MiB", "1")
    assert Path(folder).parent == tmp_path
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    assert files and not list(Path(folder).iterdir())


@pytest.mark.slow
def test_what_a_killed_process_spilled_goes_with_the_next(copy: Path, tmp_path: Path) -> None:
    (folder, *_), files = spilled(copy, tmp_path, "killed")
    assert files and {path.name for path in Path(folder).iterdir()} == files
    spilled(copy, tmp_path, "whole")
    assert not list(Path(folder).iterdir())


@pytest.mark.parametrize("there", ["open to others", "a link", "a file"])
def test_nothing_is_spilled_where_somebody_else_was_first(
    there: str, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"audit-reports-{os.geteuid()}"
    if there == "open to others":
        folder.mkdir()
        folder.chmod(0o755)
    elif there == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.write_text("")
    with pytest.raises(UsageError, match=r"is no folder of yours alone.*set TMPDIR"):
        AuditLog(copy)


@pytest.mark.parametrize(("memory", "threads"), [("lots", None), (None, 0)])
def test_a_limit_that_cannot_be_meant_is_refused(memory: str | None, threads: int | None, copy: Path) -> None:
    with pytest.raises(UsageError, match="DuckDB refuses"):
        AuditLog(copy, memory_limit=memory, threads=threads)


# --------------------------------------------------------------------------------------------------- what a view reads


def test_a_view_says_which_files_and_row_groups_it_reads(copy: Path) -> None:
    log = AuditLog(copy)
    everything = log.explain()
    assert (everything.files, everything.rows) == (everything.of_files, 21_528) and everything.files > 80
    night = log.filter(since="2026-03-03T22:00:00Z", until="2026-03-05").explain()
    assert night.days == ("2026-03-03", "2026-03-04")
    assert (night.files, night.row_groups) == (2, 2)
    assert 0 < night.rows < 1000
    none = log.filter(category="API Keys", since="2026-03-07", until="2026-03-08").explain()
    assert (none.files, none.row_groups, none.rows) == (1, 0, 0)
    lines = str(night).splitlines()
    assert lines[0] == f"files       2 of {everything.files}, of the days 2026-03-03 to 2026-03-04 (UTC)"
    assert "READ_PARQUET" in str(night) or "Parquet" in str(night)


def test_a_filter_on_time_reads_only_its_days(copy: Path) -> None:
    log = AuditLog(copy)
    day = log.filter(since="2026-03-04", until="2026-03-05")
    expected = day.count()
    kept = set(day.explain().paths)
    for path in log.files():
        if path not in kept:
            Path(path).write_bytes(b"no Parquet at all")
    assert AuditLog(copy).filter(since="2026-03-04", until="2026-03-05").count() == expected
    with pytest.raises(FailureError, match="cannot be read"):
        AuditLog(copy).filter(since="2026-03-04", until="2026-03-06").count()


def test_a_store_may_lie_in_a_folder_whose_name_is_a_pattern(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "feed=x" / "a [b] {c}* d?"
    shutil.copytree(world.store, folder / "store")
    shutil.copytree(world.store / "events", tmp_path / "feed=x" / "a b {c} de" / "events")
    log = AuditLog(folder / "store")
    assert log.count() == AuditLog(world.store).count()
    with pytest.raises(UsageError, match="DuckDB refuses the query"):
        log.sql(f"SELECT * FROM read_parquet('{tmp_path}/feed=x/a b {{c}} de/events/*/*.parquet')")
