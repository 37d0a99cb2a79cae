"""What do all tests share? A fixed time zone, no settings of the developer's own, parts that may be absent."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import chdir
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl
import pytest
from processes import ByFile, needs_spark

from audit_reports import AuditLog
from audit_reports.cli import main
from audit_reports.demo import World, land_sample
from audit_reports.feeds import FEEDS
from audit_reports.ingest.find import find
from audit_reports.ingest.spool import CLASSES, reading_sql
from audit_reports.ingest.staging import Reading
from audit_reports.period import Period
from audit_reports.reviews.review import Review, make_review
from audit_reports.store import connect

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from xdist.remote import Producer

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ALLOWED_SKIPS = ("shared data absent",)
"""How the reason of a skip may begin under `--no-silent-skips`; any other skip fails there."""

RUNS = ("quick", "slow", "large", "spark", "every")
"""Which tests are asked for. `quick` and `slow` are what must hold before a change is taken."""

os.environ["TZ"] = "UTC"
time.tzset()
for _name in [name for name in os.environ if name.startswith(("AUDIT_REPORTS_", "AWS_"))] + ["SOURCE_DATE_EPOCH"]:
    os.environ.pop(_name, None)
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # else keys are looked for on the network


# ---------------------------------------------------------------------------------------- the rule on skips


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that CI runs with, and that of `make crash`."""
    parser.addoption("--crowd-seconds", default="5", help="how long writers, a compactor and readers work at once")
    parser.addoption("--kills", type=int, default=6, help="how often the crash test kills a writer")
    parser.addoption(
        "--run",
        choices=RUNS,
        default=RUNS[0],
        help="quick: all that is not slow or large; slow: what is marked so, and few cases on Spark; large: what is "
        "marked so; spark: every case on Spark; every: all of them",
    )
    parser.addoption("--faults", type=int, default=6, help="how often the mail server of the fault test fails")
    parser.addoption(
        "--no-silent-skips",
        action="store_true",
        help="fail every skip whose reason is not among: " + ", ".join(ALLOWED_SKIPS),
    )


def fail_silent_skip(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip without an allowed reason into a failure, where the run asks for that."""
    if not config.getoption("--no-silent-skips") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    reason = reason.removeprefix("Skipped: ").removeprefix("Skipped").strip()
    if not reason.startswith(ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"skipped because {reason!r}; this run allows only {ALLOWED_SKIPS}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the skips of tests."""
    report = yield
    fail_silent_skip(item.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skips of whole modules."""
    report = yield
    fail_silent_skip(collector.config, report)
    return report


# -------------------------------------------------------------------------------------------- who runs which tests


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Share out the tests between several processes."""
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what is asked for, and begin with Spark, which takes longest, so that at the end no process is left alone with it."""
    run = config.getoption("--run")
    asked: Counter[str] = Counter()
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in sorted(items, key=lambda item: not needs_spark(item.nodeid)):
        runs = {"every"}
        if item.get_closest_marker("large"):
            runs.add("large")
        elif needs_spark(item.nodeid):
            test = item.nodeid.partition("[")[0]
            asked[test] += 1
            few = item.get_closest_marker("few_on_spark")
            runs |= {"spark", "slow"} if few is None or asked[test] <= few.args[0] else {"spark"}
        else:
            runs.add("slow" if item.get_closest_marker("slow") else "quick")
        (kept if run in runs else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


# --------------------------------------------------------------------------------- parts that may be absent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real events that lies beside the checkout; skip where it does not."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("shared data absent: no ../shared/data beside the checkout")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the browser's program; skip where none is installed."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    pytest.skip("Chromium absent: none of " + ", ".join(CHROMIUM_NAMES))


@pytest.fixture(scope="session")
def java() -> None:
    """Skip where no Java is installed, on which Spark runs."""
    if not shutil.which("java"):
        pytest.skip("Java absent: Spark needs a java on PATH")


# --------------------------------------------------------------------------------------------- stores and the program


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return the sample world, landed once for the whole session: to be read, never written."""
    return land_sample(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def review(world: World) -> Review:
    """Return the review of the sample's worst week, on clocks in Madrid, made once for the whole session."""
    period = Period.parse("2026-W10", timezone="Europe/Madrid", now=datetime(2026, 4, 1, tzinfo=UTC))
    return make_review(AuditLog(world.store, timezone=period.timezone), period)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a path at which there is no store yet."""
    return tmp_path / "store"


# ------------------------------------------------------------------------------------------- one expectation, all engines

Frames = Callable[[pl.DataFrame], nw.LazyFrame[Any]]


@pytest.fixture(scope="session")
def spark(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return the session of a Spark with two executor processes, one for the whole run and all of its processes."""
    from spark_cluster import spark_cluster

    if "PYTEST_XDIST_WORKER" in os.environ:
        (tmp_path_factory.getbasetemp().parent / "spark").mkdir()  # a second process that starts one fails here
    with spark_cluster(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session", params=["DuckDB", "Polars", "Spark"])
def frames(request: pytest.FixtureRequest) -> Iterator[Frames]:
    """Return what makes events a lazy frame of each engine in turn; `collected` gives the rows of any of them."""
    if request.param == "Polars":
        yield lambda rows: nw.from_native(rows.lazy())
        return
    if request.param == "Spark":
        session = request.getfixturevalue("spark").newSession()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        yield lambda rows: nw.from_native(session.createDataFrame(rows.to_arrow()))
        return
    with connect() as connection:
        yield lambda rows: nw.from_native(connection.from_arrow(rows.to_arrow()))


def collected(frame: nw.LazyFrame[Any]) -> pl.DataFrame:
    """Run a lazy frame of any engine and return its rows, in its order."""
    rows: pl.DataFrame = frame.collect(backend="polars").to_native()
    return rows


# ------------------------------------------------------------------------------------------------------------------ S3

_S3_PROGRAM = """
import sys
import tempfile
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), sep=":", flush=True)
sys.stdin.read()
"""


class S3Server:
    """A server that speaks as S3 does, a process of its own on a free port of loopback."""

    def __init__(self) -> None:
        self._requests = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server runs
        self.process = subprocess.Popen(
            [sys.executable, "-c", _S3_PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._requests,
            text=True,
        )
        assert self.process.stdout is not None
        self.endpoint = f"http://{self.process.stdout.readline().strip()}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "eu-south-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def stop(self) -> None:
        """End the process; a second time does nothing."""
        self.process.kill()
        self.process.communicate()
        self._requests.close()
        self._client.close()

    def requests(self, uri: str) -> list[str]:
        """Return what was asked of a place so far, in order: `GET /bucket/store/format.json`."""
        written = os.fstat(self._requests.fileno()).st_size
        log = os.pread(self._requests.fileno(), written, 0).decode(errors="replace")
        found = re.findall(r'"(?:\x1b\[\d+m)*([A-Z]+ /[^ "]*)', log)  # a part of an object is written in colour
        return [one for one in found if f"/{uri.removeprefix('s3://').partition('/')[0]}" in one]

    @cached_property
    def _client(self) -> Any:
        """A client of the server, one for all buckets: to make it takes half a second."""
        import botocore.session

        return botocore.session.get_session().create_client(
            "s3",
            region_name="eu-south-2",
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the server takes any
        )

    def bucket(self) -> str:
        """Make a new bucket and return its URI."""
        name = f"bucket-{uuid.uuid4().hex}"
        self._client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-south-2"})
        return f"s3://{name}"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """Return a running S3 server, one for the whole session."""
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URI of a new bucket, with the environment set to reach it."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server.bucket()


Reader = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return what reads events as a landing does: `read("okta", {...}, ...)` gives a row each, or `{"reason": ...}`.

    An event is an object or a line of text; the rows come in the order of the events and, for several of one line, of their ids.
    Nothing is landed, which takes a third of the time: `test_what_a_reader_reads_is_what_lands` holds it to a landing.
    """

    def rows(feed: str, *events: dict[str, Any] | str) -> list[dict[str, Any]]:
        lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
        file = tmp_path / f"{feed}-{len(list(tmp_path.iterdir()))}.jsonl"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        inputs = find([str(file)], FEEDS, feed=FEEDS[feed], names={}).inputs
        judged = Reading(datetime(2026, 11, 1, tzinfo=UTC)).judged(FEEDS[feed], reading_sql(inputs, CLASSES[0])[1])
        with connect() as connection:
            connection.execute(f"CREATE TEMP TABLE judged AS SELECT * EXCLUDE (file, line) FROM ({judged})")
            read = connection.sql("SELECT * FROM judged ORDER BY raw, event_id").pl()
        found: dict[str, list[dict[str, Any]]] = {}
        for row in read.iter_rows(named=True):
            reason = row.pop("reason")
            found.setdefault(row["raw"], []).append({"reason": reason} if reason else row)
        return [row for line in lines for row in found[line.strip()]]

    return rows


@dataclass(frozen=True)
class Ran:
    """What a run of the program gave: its exit code, its standard output and its words on standard error."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The output of a run in a pipe: one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


Cli = Callable[..., Ran]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cli]:
    """Give the program, run in this process in an empty folder of its own, with `stdin` piped into it."""
    (tmp_path / "here").mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-settings"))

    def run(*words: object, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    with chdir(tmp_path / "here"):  # left before pytest removes the folder, which monkeypatch may not be
        yield run
