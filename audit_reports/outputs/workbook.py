"""How does a table become a sheet? XLSX with numbers and inert text: no formula, no link, the same bytes every time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

SHEET_ROWS = 1_048_575
"""The rows that a sheet holds below its header."""

FIRST_YEAR = 1901
"""Spreadsheets know no time before 1900, and most of them miscount the days of that year."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a cell begins with that a spreadsheet could take for a formula, or that the guard itself adds."""

CELL_CHARACTERS = 32_767
_WIDEST = 60
_LINE, _MOST_LINES = 15, 12
"""The height of a line in points, and how many of them a row shows; a row can be no higher than 409 points."""

CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""The creation time written where none is given: a constant, so that the same table gives the same bytes."""

_A4 = 9
_LEGIBLE = 250
"""How many letters across a page of a printed sheet can still be read; a wider one goes on beside, its first column again."""

_INERT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_workbook(
    sheets: Mapping[str, pl.DataFrame], path: Path, *, created: datetime = CREATED, wrapped: Collection[str] = ()
) -> None:
    """Write each frame as a sheet of that name, with a frozen header and a filter on it.

    The texts of columns named in `wrapped` go on in further lines of their cell, to be read; others stay on one.

    Printed, a sheet is as wide as a page, or goes on beside where nobody could read it so; its header is on each page.

    Times are UTC times of a spreadsheet, to the millisecond, and dates its dates, but for those before 1900, which are text
    as in every format; null and an empty list are an empty cell; a text longer than a cell may be (32,767 characters) is cut
    and says so in the cell. Raises `UsageError` where a frame has more rows than a sheet holds.
    """
    import xlsxwriter

    for name, frame in sheets.items():
        if frame.height > SHEET_ROWS:
            raise UsageError(
                f"{frame.height:,} rows of {name} do not fit: a sheet holds {SHEET_ROWS:,}; narrow the filter, or use parquet"
            )
    with xlsxwriter.Workbook(str(path), _INERT) as book:
        book.set_properties({"created": created.astimezone(UTC).replace(tzinfo=None)})
        header = book.add_format({"bold": True, "bottom": 1, "bg_color": "#eef1f4"})
        top = {"valign": "top"}
        number = book.add_format({"num_format": "#,##0", **top})
        broken = book.add_format({"num_format": "#,##0.0##", **top})  # as a whole number a share of 0.4 would read 0
        time = book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss.000"Z"', "align": "left", **top})
        day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left", **top})
        # Indented, for it would stand hard against the number before it. A text that begins like a formula is quoted, so that
        # it stays text even after somebody edits the cell.
        texts = {
            (is_inert, is_wrapped): book.add_format(
                {"indent": 1, "quote_prefix": is_inert, "text_wrap": is_wrapped, **top}
            )
            for is_inert in (False, True)
            for is_wrapped in (False, True)
        }
        for name, frame in sheets.items():
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 0)
            sheet.set_landscape()
            sheet.set_paper(_A4)
            sheet.repeat_rows(0)
            widths = [len(column) + 3 for column in frame.columns]
            for column, title in enumerate(frame.columns):
                sheet.write_string(0, column, title, header)
            for row, values in enumerate(frame.iter_rows(), start=1):
                lines = 1
                for column, value in enumerate(values):
                    if value is None or value == []:
                        continue
                    if isinstance(value, date) and value.year >= FIRST_YEAR:
                        is_time = isinstance(value, datetime)
                        moment = value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
                        sheet.write_datetime(row, column, moment, time if is_time else day)
                        widths[column] = max(widths[column], 25 if is_time else 12)
                        continue
                    if isinstance(value, int | float) and not isinstance(value, bool):
                        sheet.write_number(row, column, value, number if float(value).is_integer() else broken)
                        continue
                    text = _fitting(_as_text(value))
                    is_wrapped = frame.columns[column] in wrapped
                    sheet.write_string(row, column, text, texts[text[:1] in FORMULA_STARTS, is_wrapped])
                    widths[column] = max(widths[column], min(len(text) + 2, _WIDEST))
                    lines = max(lines, len(wrap(text, _WIDEST - 6)) if is_wrapped else 1)
                if lines > 1:  # Excel would find the height by itself, LibreOffice does not
                    sheet.set_row(row, _LINE * min(lines, _MOST_LINES))
            sheet.print_area(0, 0, frame.height, frame.width - 1)  # without it, what a long text covers is printed too
            if sum(min(width, _WIDEST) for width in widths) <= _LEGIBLE:
                sheet.fit_to_pages(1, 0)
            else:
                sheet.repeat_columns(0)
            for column, width in enumerate(widths):
                sheet.set_column(column, column, min(width, _WIDEST))
            if frame.height:
                sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _fitting(text: str) -> str:
    if len(text) <= CELL_CHARACTERS:
        return text
    mark = f" … cut: {len(text):,} characters in all"
    return text[: CELL_CHARACTERS - len(mark)] + mark
