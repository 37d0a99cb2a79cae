"""A review as a workbook: a sheet for each table, every value of its own type, to be filtered, scrolled and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from audit_reports.outputs.output import write_review
from audit_reports.reviews.review import Review


@pytest.fixture(scope="module")
def book(review: Review, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Worksheet]:
    folder = tmp_path_factory.mktemp("book")
    write_review(review, folder, ["xlsx"], arguments={})
    return {sheet.title: sheet for sheet in openpyxl.load_workbook(folder / "review.xlsx")}


def test_each_table_is_a_sheet_with_a_frozen_head_and_a_filter(review: Review, book: dict[str, Worksheet]) -> None:
    assert list(book) == [*review.tables, "computed"]
    for name, frame in review.tables.items():
        sheet = book[name]
        assert [cell.value for cell in sheet[1]] == frame.columns
        assert (sheet.max_row, sheet.freeze_panes) == (frame.height + 1, "A2"), name
        assert sheet.auto_filter.ref == (sheet.dimensions if frame.height else None), name
    titles = [row[1] for row in book["computed"].iter_rows(min_row=2, values_only=True)]
    assert titles == [one.title for one in review.provenance]


def test_a_cell_has_the_type_and_the_value_of_its_table(review: Review, book: dict[str, Worksheet]) -> None:
    for name, frame in review.tables.items():
        for column, title in enumerate(frame.columns, start=1):
            if frame.schema[title].is_nested():
                continue
            for row, value in enumerate(frame[title], start=2):
                seen = book[name].cell(row, column).value
                if isinstance(value, datetime):  # a spreadsheet has no zones, and thousandths of a second
                    assert isinstance(seen, datetime), (name, title)
                    assert abs(seen.replace(tzinfo=UTC) - value) < timedelta(milliseconds=2), (name, title)
                elif isinstance(value, str):
                    assert unescape(seen or "") == value, (name, title)
                else:
                    assert seen == pytest.approx(value), (name, title)


def test_a_list_without_anything_is_an_empty_cell(review: Review, book: dict[str, Worksheet]) -> None:
    column = review.actors.columns.index("new_places") + 1
    cells = [book["actors"].cell(row, column).value for row in range(2, review.actors.height + 2)]
    assert cells == ['["Hanoi, VN"]' if places else None for places in review.actors["new_places"].to_list()]
    assert '["Hanoi, VN"]' in cells


def test_sentences_are_to_be_read_to_their_end(review: Review, book: dict[str, Worksheet]) -> None:
    sheet, columns = book["findings"], review.tables["findings"].columns
    for name in ("sentence", "reason", "advice"):
        for row in range(2, len(review.findings) + 2):
            text = sheet.cell(row, columns.index(name) + 1)
            assert text.alignment.wrap_text, name
            assert (sheet.row_dimensions[row].height or 15) / 15 >= len(str(text.value)) / 60, name
    ids = sheet.cell(2, columns.index("event_ids") + 1)
    assert not ids.alignment.wrap_text, "a thousand of them would hide the rest"
