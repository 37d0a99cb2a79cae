"""How does a table leave the program? One writer for each format word, and text made safe for a terminal.

Times are UTC as `2026-03-02T09:14:05.120000Z`, nulls explicit. JSON, JSON Lines and Parquet keep every value exactly;
in CSV a text cell that a spreadsheet could run gets one `'` before it; a terminal shows what it could act on escaped.
"""

from __future__ import annotations

import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from audit_reports.errors import FailureError, UsageError
from audit_reports.outputs.workbook import FORMULA_STARTS, write_workbook

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("table", "jsonl", "json", "csv", "parquet", "xlsx")
SLICE_ROWS = 50_000
"""Rows turned into text at a time, so that a large answer streams."""

NULL_SHOWN = "-"
_ACTED_ON = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def write_frame(
    frame: pl.DataFrame, format: str, *, out: Path | None, stream: IO[str], width: int | None = None
) -> None:
    """Write a table in one of `FORMATS`, to the file `out` or else to the text stream.

    `width` is that of the terminal, in columns, and matters to `table` alone: None cuts nothing. A file is written beside
    its place and moved there whole. Raises `UsageError` for an unknown format, for `parquet` or `xlsx` without `out`, and
    for more rows than a sheet holds; `FailureError` where the file cannot be written.
    """
    if format not in FORMATS:
        raise UsageError.unknown("format", format, FORMATS)
    if format in ("parquet", "xlsx") and out is None:
        raise UsageError(f"{format} is a file, not text: say where with --out FILE.{format}")
    if out is None:
        for text in _texts(frame, format, width):
            stream.write(text)
        return
    with replacing(out) as path:
        if format == "parquet":
            frame.write_parquet(path)
        elif format == "xlsx":
            write_workbook({"events" if "event_id" in frame.columns else "summary": frame}, path)
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(_texts(frame, format, width))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move it there when the block ends well: a reader never sees half a file.

    Raises `UsageError` where the folder is absent or `path` is a folder, `FailureError` where writing fails.
    """
    if not path.parent.is_dir():
        raise UsageError(f"no folder {plain(str(path.parent))} to write {plain(path.name)} into")
    if path.is_dir():
        raise UsageError(f"{plain(str(path))} is a folder, not a file to write")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", dir=path.parent)
        os.close(handle)
        part = Path(name)
        try:
            yield part
            part.chmod(0o666 & ~_umask())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise FailureError(f"cannot write {plain(str(path))}: {error.strerror or plain(str(error))}") from error


def plain(text: str) -> str:
    """Return text on one line, with every character that a terminal could act on or hide behind shown as its escape.

    >>> plain("Ana\\x1b[31m\\u202e")
    'Ana\\\\x1b[31m\\\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shortened(text: str, most: int | None) -> str:
    """Return a text plain, and where it is longer than so many letters without its middle, saying how many are left out.

    Its end stays, for there a sentence that begins with a name of any length says what happened. None leaves it whole.

    >>> shortened("a" * 100 + " left.", 12)
    'aaaaaaaa… (94 characters more) …eft.'
    """
    if most is None or len(text) <= most:
        return plain(text)
    end = most // 3
    return f"{plain(text[: most - end])}… ({len(text) - most:,} characters more) …{plain(text[-end:])}"


def times_as_text(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with its timestamps as UTC text of one length, `2026-03-02T09:14:05.120000Z`; null stays null."""
    import polars as pl

    return frame.with_columns(
        pl.col(name).dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )


def guarded(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as CSV cells that no spreadsheet runs: times as text, lists as JSON, `'` before a formula.

    Numbers stay numbers, a negative one too: only text can come from an event.
    """
    import json

    import polars as pl

    flat = times_as_text(frame).with_columns(
        pl.col(name).map_elements(lambda values: json.dumps(list(values), ensure_ascii=False), return_dtype=pl.String)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List)
    )
    text = pl.col(pl.String)
    runs = text.str.slice(0, 1).is_in(FORMULA_STARTS)
    return flat.with_columns(pl.when(runs).then(pl.lit("'") + text).otherwise(text).name.keep())


def jsonl_text(frame: pl.DataFrame) -> str:
    r"""Return the rows as JSON objects, one a line; what a terminal could act on is written `\u`-escaped, the same value."""
    return _ACTED_ON.sub(lambda match: f"\\u{ord(match.group()):04x}", times_as_text(frame).write_ndjson())


def json_texts(frame: pl.DataFrame) -> Iterator[str]:
    """Yield the pieces of one JSON array, an object a line."""
    yield "["
    between = "\n"
    for part in _slices(frame):
        yield between + jsonl_text(part).rstrip("\n").replace("\n", ",\n")
        between = ",\n"
    yield "\n]\n"


def csv_texts(frame: pl.DataFrame) -> Iterator[str]:
    """Yield the pieces of a CSV: null is nothing, an empty text is `""`."""
    yield guarded(frame.clear()).write_csv()
    for part in _slices(frame):
        yield guarded(part).write_csv(include_header=False)


def table_text(frame: pl.DataFrame, width: int | None = None) -> str:
    """Return the frame as aligned columns for a terminal, every cell on one line.

    Null is `-`, numbers stand right. With a `width` in terminal columns the widest text columns are cut, ending in `…`.
    """
    shown = times_as_text(frame)
    rows = [[_cell(value) for value in row] for row in shown.iter_rows()]
    names = [plain(name) for name in frame.columns]
    widths = [max([cells(name), *(cells(row[i]) for row in rows)]) for i, name in enumerate(names)]
    if width is not None:
        widths = _fitted(widths, [max(cells(name), 8) for name in names], width)
    right = [dtype.is_numeric() for dtype in frame.dtypes]
    lines = [[*names], ["─" * n for n in widths], *rows]
    return "".join(_line(line, widths, right) + "\n" for line in lines)


def cells(text: str) -> int:
    """Return how many terminal columns a text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _slices(frame: pl.DataFrame) -> Iterable[pl.DataFrame]:
    return frame.iter_slices(SLICE_ROWS) if frame.height else ()


def _texts(frame: pl.DataFrame, format: str, width: int | None) -> Iterator[str]:
    writers: dict[str, Callable[[], Iterator[str]]] = {
        "table": lambda: iter([table_text(frame, width)]),
        "jsonl": lambda: (jsonl_text(part) for part in _slices(frame)),
        "json": lambda: json_texts(frame),
        "csv": lambda: csv_texts(frame),
    }
    return writers[format]()


def _cell(value: object) -> str:
    if value is None:
        return NULL_SHOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else plain(str(value))


def _line(row: list[str], widths: list[int], right: list[bool]) -> str:
    parts = []
    for text, size, to_right in zip(row, widths, right, strict=True):
        shown = _cut(text, size)
        pad = " " * (size - cells(shown))
        parts.append(pad + shown if to_right else shown + pad)
    return "  ".join(parts).rstrip()


def _cut(text: str, size: int) -> str:
    if cells(text) <= size:
        return text
    text = text[:size]  # a line may have 50 MB
    while cells(text) > size - 1:
        text = text[:-1]
    return text + "…"


def _fitted(widths: list[int], least: list[int], width: int) -> list[int]:
    """Take columns from the widest first until the row fits, never below each column's least."""
    fitted = list(widths)
    over = sum(fitted) + 2 * (len(fitted) - 1) - width
    while over > 0:
        room = [(size, i) for i, size in enumerate(fitted) if size > least[i]]
        if not room:
            break
        fitted[max(room)[1]] -= 1
        over -= 1
    return fitted


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
