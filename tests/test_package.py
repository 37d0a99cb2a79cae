"""Is the house in order? Light to import, one direction, few rooms, each dependency at home in one place."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "audit_reports"
FILES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
VAGUE_NAMES = {"base", "common", "core", "helper", "helpers", "lib", "misc", "tools", "util", "utils"}

HEAVY = {
    *("deltalake", "duckdb", "jinja2", "narwhals", "numpy", "openpyxl", "pandas", "plotly", "polars"),
    *("polars_hash", "pyarrow", "weasyprint", "xlsxwriter", "IPython", "nbclient", "jupyterlab", "s3fs", "botocore"),
    *("py4j", "pyspark"),
}

ROOMS: tuple[tuple[str, ...], ...] = (
    (
        *("catalogue", "clock", "columns", "config", "countries", "errors", "meant", "network", "period", "plan"),
        *("resources", "stopping", "ingest.watching"),
    ),
    (
        *("expressions", "feed", "feed_folder", "feeds", "ingest.csv_records", "ingest.documents", "ingest.find"),
        *(
            "ingest.geo",
            "ingest.inputs",
            "ingest.look",
            "ingest.packing",
            "ingest.rows",
            "ingest.spool",
            "ingest.strict",
        ),
    ),
    (
        *("access", "commit", "ingest", "journal", "maintenance.backup", "maintenance.replay", "place", "places"),
        *("reads", "store"),
    ),
    ("maintenance",),
    # a view counts itself, `log.by("actor")`: the words of counting stand beside it
    (
        *("activity", "activity_change", "behaviour", "engine", "engines", "filter", "filters", "log", "log_table"),
        *("scan", "snapshot", "store_info", "timeline", "vocabulary"),
    ),
    (
        *("always_shown", "past", "quarters", "readers", "trust"),
        *("reviews.actors", "reviews.categories", "reviews.figures", "reviews.locations"),
    ),
    ("findings", "reviews.amendment", "reviews.carried"),
    ("reviews",),
    ("ingest.progress", "outputs", "screens"),
    ("delivery",),
    ("demo", "notebook", "sample"),
    ("__main__", "cli", "commands", "ingest_command", "invocation", "maintenance_commands", "review_commands"),
)
"""The house from left to right: a module imports from its own room and from those to its left.

A name is a module of the package or a folder with all that is in it, but for what is named by itself. A new one is added
where it belongs.
"""

FENCES: dict[str, set[str]] = {
    "deltalake": {"commit", "store"},
    "polars_hash": {"ingest.row_hashes"},
    "s3fs": {"places"},
    "botocore": {"places"},
    "duckdb": {
        *("commit", "engines", "feeds", "maintenance.landed_rows", "store"),
        *("ingest.copies", "ingest.geo", "ingest.landing", "ingest.quarantine", "ingest.staging"),
    },
    "jinja2": {"outputs.rendering", "outputs.template_check"},
    "maxminddb": {"ingest.geo"},
    "narwhals": {
        *("activity", "activity_change", "behaviour", "engine", "engines", "filter", "filters", "log", "store_info"),
        *("always_shown", "past", "quarters", "timeline", "trust", "findings", "reviews.actors", "reviews.review"),
    },
    "py4j": {"engines"},
    "pyspark": {"engines"},
    "numpy": set(),
    "openpyxl": set(),
    "pandas": set(),
    "plotly": {"outputs.html", "outputs.pictures"},
    "weasyprint": {"outputs.pdf"},
    "xlsxwriter": {"outputs.workbook", "outputs.xlsx"},
}
"""Who may import a dependency; one that is not listed here may be imported by all."""

CLOCKS = {"now", "today", "utcnow", "time", "time_ns"}


def name_of(file: Path) -> str:
    """Return the dotted name of a module of the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def parts_of(name: str) -> tuple[str, ...]:
    """Return the parts of the house that a module belongs to, the smaller one first; none for the package itself.

    >>> parts_of("audit_reports.ingest.rows"), parts_of("audit_reports.log"), parts_of("audit_reports")
    (('ingest.rows', 'ingest'), ('log',), ())
    """
    _, *inside = name.split(".")
    return tuple(".".join(inside[:depth]) for depth in range(min(len(inside), 2), 0, -1))


def room_of(name: str) -> int | None:
    """Return the number of the room that a module stands in, None where the table does not know it."""
    return next((number for part in parts_of(name) for number, room in enumerate(ROOMS) if part in room), None)


def imports(tree: ast.Module) -> Iterator[str]:
    """Yield every module that a file imports, inside functions too; imports for types alone do not count."""
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for part in node.body
        for inner in ast.walk(part)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of(file: Path) -> Iterator[str]:
    """Yield every module that a file of the package imports."""
    return imports(ast.parse(file.read_text(encoding="utf-8")))


@pytest.fixture(scope="module", params=FILES, ids=name_of)
def file(request: pytest.FixtureRequest) -> Path:
    """Return each file of the package in turn."""
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def tree(file: Path) -> ast.Module:
    """Return the file's syntax tree."""
    return ast.parse(file.read_text(encoding="utf-8"))


# ------------------------------------------------------------------------------------------------ each file


def test_says_what_it_is_for(tree: ast.Module) -> None:
    assert (ast.get_docstring(tree) or "").strip(), "a module says first what it is for"


def test_has_a_name_that_says_something(file: Path) -> None:
    assert not VAGUE_NAMES & set(name_of(file).split(".")), "name the file after what it does"


def test_is_one_room_and_not_two(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines; are these two rooms in one?"


def test_stands_in_the_house(file: Path) -> None:
    name = name_of(file)
    assert not parts_of(name) or room_of(name) is not None, f"say in ROOMS where {name!r} stands"


def test_imports_only_what_stands_to_its_left(file: Path, tree: ast.Module) -> None:
    own = name_of(file)
    if not parts_of(own):
        return  # the package itself shows what the rooms hold, and loads it lazily: test_import_is_light
    here = room_of(own)
    wrong = []
    for name in imports(tree):
        if name.partition(".")[0] != "audit_reports":
            continue
        there = room_of(name)
        if there is not None and here is not None and there > here:
            wrong.append(name)
    assert not wrong, f"{own} stands to the left of {wrong}"


def test_imports_absolutely(tree: ast.Module) -> None:
    relative = [ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
    assert not relative


def test_stays_inside_the_fences(file: Path, tree: ast.Module) -> None:
    own = set(parts_of(name_of(file)))
    tops = {name.partition(".")[0] for name in imports(tree)}
    assert not [top for top in tops if top in FENCES and not own & FENCES[top]], "imported outside its place"


def test_reads_the_clock_in_one_place(file: Path, tree: ast.Module) -> None:
    if name_of(file) == "audit_reports.clock":
        return
    reads = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and ast.unparse(node.func.value).rpartition(".")[2] in {"date", "datetime", "time"}
    ]
    assert not reads, "audit_reports.clock is the one place that reads the clock"


# ------------------------------------------------------------------------------------------------ the package


def loaded_by(module: str) -> tuple[set[str], list[str], str]:
    """Import a module in a new process; return the libraries loaded, files opened and what was printed."""
    program = f"""
import json, sys
opened = []
def watch(event, arguments):
    what = str(arguments[0]) if arguments else ""
    if event == "open" and not what.endswith((".py", ".pyc")) and "__pycache__" not in what:
        opened.append(what)
    elif event.split(".")[0] in ("socket", "subprocess"):
        opened.append(event)
sys.addaudithook(watch)
import {module}
facts = [sorted({{name.partition(".")[0] for name in sys.modules}}), list(opened)]
sys.__stdout__.write("\\0" + json.dumps(facts))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    printed, _, facts = done.stdout.partition("\0")
    names, opened = json.loads(facts)
    return set(names), opened, printed + done.stderr


def test_import_is_light() -> None:
    names, opened, printed = loaded_by("audit_reports")
    assert not names & HEAVY
    assert not opened
    assert not printed


def test_command_line_loads_nothing_that_help_does_not_need() -> None:
    names, opened, printed = loaded_by("audit_reports.cli")
    assert not names & HEAVY
    assert not opened
    assert not printed


def test_rooms_name_each_part_once() -> None:
    parts = [part for room in ROOMS for part in room]
    assert sorted(parts) == sorted(set(parts))
    dotted = [part for part in [*parts, *(one for many in FENCES.values() for one in many)] if "." in part]
    assert not [part for part in dotted if not (PACKAGE / f"{part.replace('.', '/')}.py").exists()]


def test_no_module_needs_itself() -> None:
    names = {name_of(file) for file in FILES if parts_of(name_of(file))}
    needed: dict[str, set[str]] = {}
    for file in FILES:
        own = name_of(file)
        found = {imported if imported in names else imported.rpartition(".")[0] for imported in imports_of(file)}
        needed[own] = found & names - {own}
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        pytest.fail(f"these need each other: {' -> '.join(reversed(error.args[1]))}")


def test_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
