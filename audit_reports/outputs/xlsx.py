"""A review as a workbook: a sheet for each table, and one that says how they were computed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.formats import replacing
from audit_reports.outputs.workbook import write_workbook

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.reviews.review import Review


SENTENCES = ("sentence", "reason", "advice", "meaning")
"""The columns that people read as sentences."""


def write_xlsx(review: Review, folder: Path, _: Appearance = OURS) -> list[Path]:
    """Write `review.xlsx`; raises `UsageError` where a table has more rows than a sheet holds."""
    path = folder / "review.xlsx"
    with replacing(path) as part:
        write_workbook({**review.tables, "computed": _computed(review)}, part, wrapped=SENTENCES)
    return [path]


def _computed(review: Review) -> pl.DataFrame:
    import polars as pl

    fields = ("table", "title", "sentence", "filter_hash", "landing", "sql", "command")
    return pl.DataFrame([{name: getattr(one, name) for name in fields} for one in review.provenance])
