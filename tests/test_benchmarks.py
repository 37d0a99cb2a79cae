"""The benchmarks: they run, everybody's answer is compared with the lines themselves, and a missed aim is told."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def benchmark(tmp_path: Path, *words: str) -> str:
    """Run the benchmarks on few events and return what they print; how fast they are then says nothing."""
    command = [sys.executable, str(FOLDER / "run.py"), "--runs", "1", "--folder", str(tmp_path / "bench"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "\nAims\n" in done.stdout or "size" in words, done.stderr
    return done.stdout


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Return what imports a module of the benchmarks."""
    monkeypatch.syspath_prepend(FOLDER)
    return import_module


@pytest.fixture
def inbox(tmp_path: Path, part: Callable[[str], Any]) -> Path:
    """Return a folder with a thousand invented events."""
    part("make_events").make_events(tmp_path / "inbox", 1000, days=10, files=2)
    return tmp_path / "inbox"


# ------------------------------------------------------------------------------------------------ they run


@pytest.mark.slow
def test_landing_runs_beside_copy_and_the_peers(tmp_path: Path, part: Callable[[str], Any]) -> None:
    printed = benchmark(tmp_path, "--events", "1000", "--only", "landing,size")
    for name in ("audit-reports", "COPY as it comes", "COPY tuned"):
        assert f"\n| {name} |" in printed
    for name, library in part("peers").absent().items():
        assert f"\n{name} is absent: pip install {library}" in printed
    for name in part("peers").PEERS.keys() - part("peers").absent().keys():
        assert f"\n| {name} |" in printed, f"{name} wrote something else than the lines hold"
    assert "\n| JSON Lines, zstd -19 |" in printed
    assert "\n| events of the store |" in printed
    assert not list((tmp_path / "bench").iterdir())


@pytest.mark.slow
def test_stores_of_every_kind_run(tmp_path: Path) -> None:
    sizes = ("--store-events", "500,1000", "--file-events", "500", "--files", "20", "--memory-gb", "0.001")
    shapes = (
        "--small-files",
        "30",
        "--long-lines",
        "1",
        "--bad-lines",
        "40",
        "--csv-rows",
        "50",
        "--document-events",
        "60",
    )
    printed = benchmark(tmp_path, "--only", "files,growth,memory,small,long,bad,csv,document", *sizes, *shapes)
    for aim in (
        "many files landed and compacted, seconds",
        "landing into a store of 1,000, times a store of 500",
        "landing 0.0 GB, MB of memory",
        "landing 30 files of two events, 0.0 GB, MB of memory",
        "landing 1 lines of 50 MB, 0.1 GB, MB of memory",
        "landing 40 lines that cannot be read, 0.0 GB, MB of memory",
        "landing 50 rows of CSV, 0.0 GB, MB of memory",
        "landing 60 events in one JSON document, 0.0 GB, MB of memory",
    ):
        assert f"\n| {aim} |" in printed
    assert not list((tmp_path / "bench").iterdir())


# ------------------------------------------------------------------------------------------------ answers are compared


def test_the_answer_of_copy_is_that_of_the_lines(tmp_path: Path, inbox: Path, part: Callable[[str], Any]) -> None:
    part("copy_forms").copy_list(str(inbox), str(tmp_path / "copy"))
    expected = part("answers").expected(str(inbox))
    assert part("answers").answer(str(tmp_path / "copy")) == expected
    assert sum(row[1] for row in expected["counts"]) == 1000


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda lines: lines[1:], "an event is lost"),
        (lambda lines: [*lines, lines[-1]], "an event is there twice"),
        (lambda lines: [lines[0].replace('{"id"', '{ "id"'), *lines[1:]], "the raw line is another"),
        (lambda lines: [lines[0].replace("@northwind.example", "@zzz.example"), *lines[1:]], "an actor is another"),
        (lambda lines: [lines[0].replace(':"2026-', ':"2025-'), *lines[1:]], "a time is another"),
    ],
)
def test_an_answer_that_differs_is_seen(
    tmp_path: Path, inbox: Path, part: Callable[[str], Any], change: Callable[[list[str]], list[str]], what: str
) -> None:
    expected = part("answers").expected(str(inbox))
    file = inbox / "events-0.jsonl"
    file.write_text("".join(change(file.read_text().splitlines(keepends=True))))
    part("copy_forms").copy_list(str(inbox), str(tmp_path / "copy"))
    assert part("answers").answer(str(tmp_path / "copy")) != expected, what


def measured(
    part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, folder: Path, *, wrong: str, absent: dict[str, str]
) -> dict[str, Any]:
    """Return what the comparison measures where every process is pretended, and one of them writes too little."""
    landing, run, last = part("landing"), part("measure").Run, [""]

    def process(name: str, *_: str) -> Any:
        counts = [["Members", 7 if name == "answer" and last[0] == wrong else 8]]
        raw = None if last[0] in part("peers").WITHOUT_RAW and name == "answer" else 99
        last[0] = name
        folder.mkdir(exist_ok=True)
        return run(1.0, 1.0, 1.0, 100.0, {"counts": counts, "raw": raw})

    monkeypatch.setattr(landing, "process", process)
    monkeypatch.setattr(landing, "absent", lambda: absent)
    found: dict[str, Any] = landing.landing(folder / "inbox", folder, runs=3, many=False)
    return found


def test_a_wrong_answer_counts_as_none(
    tmp_path: Path, part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = measured(part, monkeypatch, tmp_path / "a", wrong="pandas", absent={})
    assert part("peers").PEERS.keys() - found.keys() == {"pandas"}
    assert "pandas wrote something else than the lines hold: it counts as none" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="audit-reports wrote something else than the lines hold"):
        measured(part, monkeypatch, tmp_path / "b", wrong="land", absent={})


def test_a_peer_that_is_not_installed_is_named_and_left_out(
    tmp_path: Path, part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = measured(part, monkeypatch, tmp_path / "a", wrong="", absent={"ClickHouse (chdb)": "chdb"})
    assert "ClickHouse (chdb)" not in found
    assert "ClickHouse (chdb) is absent: pip install chdb" in capsys.readouterr().out


def test_slow_peers_run_less_often(tmp_path: Path, part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(part, monkeypatch, tmp_path / "a", wrong="", absent={})
    assert {name for name, runs in found.items() if len(runs) == 2} == {"pandas", "SQLite"}
    assert {len(runs) for name, runs in found.items() if name not in part("peers").SLOW} == {3}


# ------------------------------------------------------------------------------------------------ questions


IN_PYTHON = (
    "hand-written SQL",
    "audit-reports",
    "Polars",
    "DuckDB's Polars bridge",
    "ClickHouse (chdb)",
    "pandas",
    "SQLite",
)
"""Those that need no Java."""

ON_SPARK = ("Spark", "audit-reports on Spark")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with nine weeks of few events."""
    folder = tmp_path_factory.mktemp("questions")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        days = import_module("questions").DAYS
        inbox = import_module("make_events").make_events(folder / "inbox", 20_000, days=days, files=1)[0].parent
        import_module("one_run").land(str(inbox), str(folder / "store"))
    return folder / "store"


@pytest.fixture(scope="module")
def truth(store: Path) -> dict[str, Any]:
    """Return the rows that SQL written by hand gives for each question."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        engines = import_module("query_engines")
        return {question: engines.rows(ask()) for question, ask in engines.hand(str(store)).items()}


def assert_answers(engine: str, store: Path, truth: dict[str, Any], part: Callable[[str], Any]) -> None:
    """Assert that an engine answers every question as the SQL does that is written by hand."""
    engines, questions = part("query_engines"), part("questions").QUESTIONS
    asked = engines.ENGINES[engine].opened(str(store))
    assert asked.keys() == questions.keys() == truth.keys()
    for question, ask in asked.items():
        assert engines.rows(ask()) == truth[question], question


@pytest.mark.parametrize("engine", IN_PYTHON)
def test_every_engine_answers_every_question_alike(
    engine: str, store: Path, truth: dict[str, Any], part: Callable[[str], Any]
) -> None:
    if needed := part("query_engines").absent().get(engine):
        pytest.skip(f"{needed} is not installed: `make bench` asks it")
    assert_answers(engine, store, truth, part)


def test_the_questions_have_answers(truth: dict[str, Any]) -> None:
    assert {question for question, rows in truth.items() if not rows} == set()


@pytest.fixture
def on_spark(spark: SparkSession, part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the benchmarks ask the Spark of the tests."""
    session = spark.newSession()
    session.conf.set("spark.sql.session.timeZone", "UTC")
    monkeypatch.setattr(part("query_engines"), "_spark_session", lambda: session)


@pytest.mark.slow
@pytest.mark.usefixtures("on_spark")
@pytest.mark.parametrize("engine", ON_SPARK)
def test_an_engine_on_spark_answers_every_question_alike(
    engine: str, store: Path, truth: dict[str, Any], part: Callable[[str], Any]
) -> None:
    assert_answers(engine, store, truth, part)


@pytest.mark.few_on_spark(0)
def test_each_answers_on_a_spark_of_its_own(store: Path, part: Callable[[str], Any], truth: dict[str, Any]) -> None:
    asked = part("query_workers").ask_all(store, events=6000, runs=1, only=ON_SPARK)
    assert {name: asked[name].keys() for name in ON_SPARK} == dict.fromkeys(ON_SPARK, truth.keys())


def test_an_engine_that_fails_or_answers_otherwise_counts_as_none(
    store: Path, part: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workers, run = part("query_workers"), part("measure").Run

    class Pretended:
        seconds = 0.0

        def __init__(self, name: str, _: Path) -> None:
            self.name = name

        def ask(self, question: str) -> Any:
            if self.name == "Spark":
                raise RuntimeError("its process ended with exit code 1")
            wrong = self.name == "SQLite" and question == "rare actions"
            return run(1.0, cpu=1.0, facts={"rows": [("ana", 2 if wrong else 1)]})

        def end(self) -> float:
            return 100.0

    monkeypatch.setattr(workers, "Worker", Pretended)
    monkeypatch.setattr(workers, "absent", lambda: {"Polars": "polars"})
    asked = workers.ask_all(store, events=10_000_000, runs=2, only=["SQLite", "Polars", "Spark"])
    said = capsys.readouterr().out
    assert "SQLite is left out: it is asked about 5,000,000 events at most" in said
    assert "Polars is absent: pip install polars" in said
    assert "Spark failed and counts as none: its process ended with exit code 1" in said
    assert not asked["Spark"]
    assert "SQLite" not in asked
    asked = workers.ask_all(store, events=10, runs=2, only=["SQLite"])
    assert "rare actions: another answer, it counts as none: row 1 has 2 instead of 1" in capsys.readouterr().out
    assert "rare actions" not in asked["SQLite"]
    assert len(asked["SQLite"]) == len(asked["audit-reports"]) - 1
    with pytest.raises(SystemExit, match="row 1 has 2 instead of 1"):
        workers.right("audit-reports", {"rare actions": [run(1.0, facts={"rows": [(2,)]})]}, {"rare actions": [(1,)]})


def test_the_aims_of_questions_are_ratios_to_hand_and_to_each_peer(part: Callable[[str], Any]) -> None:
    queries, run = part("queries"), part("measure").Run
    names = list(part("questions").QUESTIONS)

    def took(seconds: float, last: float) -> dict[str, Any]:
        return {name: [run(last if name == names[-1] else seconds, cpu=1.0)] * 3 for name in names}

    asked = {
        "audit-reports": took(1.0, 2.0),
        "hand-written SQL": took(1.0, 1.0),
        "Polars": took(3.0, 1.0),
        "pandas": {},
    }
    aims = queries.aims(asked, events=1000)
    assert [(aim.value, aim.most) for aim in aims] == [
        (pytest.approx(13 / 12), 1.05),
        (pytest.approx(2.0), 1.15),
        (pytest.approx(13 / 34), 1),
    ]


@pytest.mark.slow
def test_questions_run(tmp_path: Path, part: Callable[[str], Any]) -> None:
    printed = benchmark(tmp_path, "--only", "questions", "--query-events", "6000", "--engines", "Polars")
    for question in part("questions").QUESTIONS:
        assert f"\n| {question} |" in printed
    assert "\n| summary of a week of 6,000 events from the shell, times python -c, DuckDB alone |" in printed
    assert not list((tmp_path / "bench").iterdir())


@pytest.mark.slow
def test_layouts_are_written_and_asked(
    store: Path,
    tmp_path: Path,
    part: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    layout, run = part("layout"), part("run")
    every = layout.questions
    monkeypatch.setattr(layout, "questions", lambda sql: {one: every(sql)[one] for one in layout._TOLD})

    def make_store(folder: Path, events: int) -> Path:
        folder.mkdir(parents=True)
        return store

    monkeypatch.setattr(part("queries"), "make_store", make_store)
    arguments = Namespace(folder=tmp_path / "bench", runs=1, keep=False)
    assert run.of_questions(arguments, {"layout"}, 20_000) == []
    printed = capsys.readouterr().out
    for name in layout.LAYOUTS:
        assert f"\n| {name} | " in printed
    assert not list((tmp_path / "bench").iterdir())


# ------------------------------------------------------------------------------------------------ aims are judged


def test_the_aims_of_landing_are_a_ratio_of_whole_processes_and_a_bound_on_memory(part: Callable[[str], Any]) -> None:
    run = part("measure").Run
    found = {
        "audit-reports": [run(1.0, process=2.8, cpu=1.0, peak=1500.0), run(1.0, process=2.4, cpu=1.0, peak=1700.0)],
        "COPY tuned": [run(1.0, process=1.0, cpu=1.0), run(1.0, process=1.0, cpu=1.0)],
        "COPY as it comes": [run(1.0, process=2.0, cpu=1.0), run(1.0, process=2.0, cpu=1.0)],
    }
    aims = part("landing").aims(found, events=1000)
    assert [(aim.value, aim.most, aim.met) for aim in aims] == [(pytest.approx(1.3), 1.3, True), (1700.0, 2048, True)]


def test_a_missed_aim_is_told_and_exits_1(part: Callable[[str], Any], capsys: pytest.CaptureFixture[str]) -> None:
    aim = part("measure").Aim
    assert part("run").judged([aim("seconds", 25.0, 25)]) == 0
    assert part("run").judged([aim("seconds", 25.0, 25), aim("MB of memory", 2100.0, 2048)]) == 1
    assert capsys.readouterr().out.endswith(
        "| seconds | 25.00 | 25 | yes |\n| MB of memory | 2,100.00 | 2,048 | NO |\n"
    )


# ------------------------------------------------------------------------------------------------ the events


def test_days_are_equally_full_and_other_numbers_are_other_events(tmp_path: Path, part: Callable[[str], Any]) -> None:
    make = part("make_events").make_events
    first = make(tmp_path / "first", 1000, days=20, files=2)
    other = make(tmp_path / "other", 1000, days=20, files=1, first_day="2026-02-10", first=1000)
    ids: list[str] = []
    for files, day in ((first, "2026-03-02"), (other, "2026-02-10")):
        events = [json.loads(line) for file in files for line in file.read_text().splitlines()]
        days = Counter(event["occurred_at"][:10] for event in events)
        assert min(days) == day
        assert list(days.values()) == [50] * 20
        ids += [event["id"] for event in events]
    assert len(set(ids)) == 2000
