"""Formats: every value kept exactly where a machine reads, and inert where a person or a spreadsheet does."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from audit_reports.errors import FailureError, UsageError
from audit_reports.outputs.formats import FORMATS, plain, table_text, write_frame
from audit_reports.outputs.workbook import FORMULA_STARTS, SHEET_ROWS

HOSTILE: list[str | None] = [
    "<script>alert(1)</script>",
    "=HYPERLINK(1)",
    "+1",
    "-1",
    "@x",
    "\tx",
    "\rx",
    "'x",
    "\x1b[31mred\x9b",
    "a\nb\u202e",
    "",
    None,
]
FRAME = pl.DataFrame(
    {
        "actor": HOSTILE,
        "events": range(-1, len(HOSTILE) - 1),
        "first_seen": [datetime(2026, 3, 2, 9, 14, 5, 120000, tzinfo=UTC)] * (len(HOSTILE) - 1) + [None],
        "day": [date(2026, 3, 2)] * len(HOSTILE),
    }
)


def written(format: str, frame: pl.DataFrame = FRAME, width: int | None = None) -> str:
    stream = io.StringIO()
    write_frame(frame, format, out=None, stream=stream, width=width)
    return stream.getvalue()


def test_jsonl_keeps_every_value_and_says_null() -> None:
    text = written("jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["actor"] for row in rows] == HOSTILE
    assert rows[0]["first_seen"] == "2026-03-02T09:14:05.120000Z"
    assert rows[0]["day"] == "2026-03-02"
    assert rows[-1] == {"actor": None, "events": 10, "first_seen": None, "day": "2026-03-02"}
    assert not {"\x1b", "\x9b", "\u202e"} & set(text)


@pytest.mark.parametrize("rows", [0, 1, 2, 100_001])
def test_json_is_one_array_of_any_length(rows: int) -> None:
    frame = pl.DataFrame({"n": range(rows)}, schema={"n": pl.Int64})
    assert json.loads(written("json", frame)) == [{"n": n} for n in range(rows)]


def test_csv_guards_formulas_and_is_undone_by_taking_the_quote_off() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv"), newline="")))
    cells = [row["actor"] for row in rows]
    assert not any(cell[:1] in tuple("=+-@\t\r") for cell in cells if cell)
    assert [cell.removeprefix("'") if cell[1:2] in tuple("=+-@\t\r'") else cell for cell in cells[:-1]] == HOSTILE[:-1]
    assert rows[0]["events"] == "-1"
    assert written("csv").splitlines()[-1].startswith(",")


def test_table_is_aligned_and_shows_what_a_terminal_would_act_on() -> None:
    lines = written("table").splitlines()
    assert len(lines) == len(HOSTILE) + 2
    assert r"\x1b[31mred\x9b" in "".join(lines)
    assert r"a\nb\u202e" in "".join(lines)
    assert all(line.isprintable() for line in lines)


def test_table_cuts_only_to_a_width_that_is_given() -> None:
    frame = pl.DataFrame({"name": ["長" * 30, "x" * 200], "n": [1, 22000]})
    assert "x" * 200 in table_text(frame)
    assert max(map(len, table_text(frame, width=40).splitlines())) <= 40
    assert "22,000" in table_text(frame, width=40)
    assert "x…" in table_text(pl.DataFrame({"raw": ["x" * 5_000_000]}), width=40), "and in no time"


def test_xlsx_holds_text_as_text_and_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_frame(FRAME, "xlsx", out=tmp_path / name, stream=io.StringIO())
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["summary"]
    assert [sheet.cell(3, 1).value, sheet.cell(3, 1).data_type] == ["=HYPERLINK(1)", "s"]
    quoted = [bool(sheet.cell(row, 1).quotePrefix) for row in range(2, len(HOSTILE) + 2)]
    assert quoted == [(text or "").startswith(FORMULA_STARTS) for text in HOSTILE], "text also after somebody edits it"
    assert sheet.cell(2, 3).value == datetime(2026, 3, 2, 9, 14, 5, 120000)  # noqa: DTZ001 - a spreadsheet has no zones
    assert sheet.cell(2, 2).value == -1


def test_parquet_keeps_everything(tmp_path: Path) -> None:
    write_frame(FRAME, "parquet", out=tmp_path / "a.parquet", stream=io.StringIO())
    assert pl.read_parquet(tmp_path / "a.parquet").equals(FRAME)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_appears_whole_or_not_at_all(format: str, tmp_path: Path) -> None:
    write_frame(FRAME, format, out=tmp_path / "out", stream=io.StringIO())
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_wrong_use_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="did you mean 'jsonl'"):
        written("jsnl")
    with pytest.raises(UsageError, match=r"--out FILE\.parquet"):
        written("parquet")
    with pytest.raises(UsageError, match="no folder"):
        write_frame(FRAME, "csv", out=tmp_path / "absent" / "a.csv", stream=io.StringIO())
    assert SHEET_ROWS + 1 == 1 << 20, "with its head"
    monkeypatch.setattr("audit_reports.outputs.workbook.SHEET_ROWS", FRAME.height - 1)
    with pytest.raises(UsageError, match="do not fit"):
        write_frame(FRAME, "xlsx", out=tmp_path / "a.xlsx", stream=io.StringIO())
    assert not list(tmp_path.iterdir())

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_parquet", full)
    with pytest.raises(FailureError, match="No space left"):
        write_frame(FRAME, "parquet", out=tmp_path / "a.parquet", stream=io.StringIO())


def test_plain_is_one_printable_line() -> None:
    assert plain("a\r\nb\u2028\x00\U000e0041") == r"a\r\nb\u2028\x00\U000e0041"


def test_a_broken_number_is_not_shown_as_a_whole_one_and_a_sheet_prints_as_wide_as_a_page(tmp_path: Path) -> None:
    frame = pl.DataFrame({"events": [1200, 3], "usual": [11.5, 12.0], "share": [0.4, None]})
    write_frame(frame, "xlsx", out=tmp_path / "a.xlsx", stream=io.StringIO())
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["summary"]
    shown = [[cell.number_format for cell in row if cell.value is not None] for row in sheet.iter_rows(min_row=2)]
    assert shown == [["#,##0", "#,##0.0##", "#,##0.0##"], ["#,##0", "#,##0"]]
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.print_title_rows) == (
        "landscape",
        0,
        "$1:$1",
    )
