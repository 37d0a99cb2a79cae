"""How does CSV become JSON? Each record becomes one object, dotted names nested, so that a feed reads both alike.

Python's own reader says where a record ends, DuckDB makes the objects of many records at once.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from audit_reports.feed import literal
from audit_reports.ingest.strict import strict_sql

if TYPE_CHECKING:
    import duckdb

_BATCH = 5_000
_LONGEST_CELL = 1 << 26

Tree = Mapping[str, Any]
"""The names of a header, dotted ones nested: a cell's number at each leaf."""


@dataclass(frozen=True)
class Record:
    """One CSV record: the line on which it ends, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Unfit:
    """One record that is no event: its line, the reason, and its text."""

    line: int
    reason: str
    text: str


def records(text: IO[str]) -> Iterator[Record]:
    """Yield the records of a CSV text (RFC 4180), blank lines left out; raises `csv.Error` for a cell beyond 64 MB."""
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(text)
    for cells in reader:
        if cells:
            yield Record(reader.line_num, cells)


def tree(header: Sequence[str]) -> Tree:
    """Return a header as a tree of names; a name that is both a cell and what stands around others stays dotted.

    >>> tree(["id", "actor.email", "actor.name", "id.x"])
    {'id': 0, 'actor': {'email': 1, 'name': 2}, 'id.x': 3}
    """
    parents = {name[:at] for name in header for at, c in enumerate(name) if c == "."}
    leaves = set(header) & parents
    made: dict[str, Any] = {}
    for number, name in enumerate(header):
        steps = [name] if any(name.startswith(leaf + ".") for leaf in leaves) else name.split(".")
        at = made
        for step in steps[:-1]:
            at = at.setdefault(step, {})
        at[steps[-1]] = number
    return made


def nested(names: Tree, cells: Sequence[str]) -> dict[str, Any]:
    """Return one record as an object: dotted names nested, empty cells absent.

    >>> nested(tree(["id", "actor.email", "ip"]), ["1", "a@x", ""])
    {'id': '1', 'actor': {'email': 'a@x'}}
    """
    event: dict[str, Any] = {}
    for name, at in names.items():
        value = nested(at, cells) if isinstance(at, dict) else cells[at]
        if value:
            event[name] = value
    return event


def events(connection: duckdb.DuckDBPyConnection, text: IO[str]) -> Iterator[list[tuple[int, str]] | Unfit]:
    """Yield records, some at a time, as line and JSON text of the event, on one line; `changes` that holds JSON is kept so.

    A record with more or fewer cells than the header, or with bytes that are no UTF-8 (escaped as surrogates), is unfit.
    Raises `csv.Error` for a header that names a column twice, and as `records` does.
    """
    found = records(text)
    header = next(found, Record(0, [])).cells
    if len(set(header)) != len(header):
        raise csv.Error("the header names a column twice")
    query = f"SELECT {_object_sql(tree(header))} FROM csv_records"
    while batch := list(islice(found, _BATCH)):
        fit = []
        for record in batch:
            if reason := _unfit(record, len(header)):
                buffer = io.StringIO()
                csv.writer(buffer, lineterminator="").writerow(record.cells)
                yield Unfit(record.line, reason, buffer.getvalue())
            else:
                fit.append(record)
        if fit:
            texts = _objects(connection, query, fit)
            yield [(record.line, text) for record, text in zip(fit, texts, strict=True)]


def _objects(connection: duckdb.DuckDBPyConnection, query: str, fit: Sequence[Record]) -> list[str]:
    import pyarrow as pa

    columns = zip(*(record.cells for record in fit), strict=True)
    table = pa.table({f"c{number}": pa.array(cells, pa.string()) for number, cells in enumerate(columns)})
    connection.register("csv_records", table)
    made = [text for (text,) in connection.execute(query).fetchall()]
    connection.unregister("csv_records")
    return made


def _object_sql(names: Tree) -> str:
    """Return the expression of an object's JSON text, with the members that have a value."""
    members = ", ".join(_member_sql(name, at) for name, at in names.items())
    return f"'{{' || concat_ws(',', {members}) || '}}'" if names else "'{}'"


def _member_sql(name: str, at: Any) -> str:
    key = literal(json.dumps(name, ensure_ascii=False) + ":")
    if isinstance(at, dict):
        return f"{key} || nullif({_object_sql(at)}, '{{}}')"
    cell = f"nullif(c{at}, '')"
    value = f"to_json({cell})::VARCHAR"
    if name == "changes":
        is_json = f"json_valid({cell}) AND {strict_sql(cell)} IS NOT NULL"
        value = f"CASE WHEN {is_json} THEN translate({cell}, chr(10) || chr(13), '  ') ELSE {value} END"
    return f"{key} || {value}"


def _unfit(record: Record, width: int) -> str | None:
    try:
        "".join(record.cells).encode()
    except UnicodeEncodeError:
        return "bytes that are no UTF-8"
    if len(record.cells) != width:
        return f"a record of {len(record.cells)} cells under a header of {width}"
    return None
