"""The tables of a review as `tables/NAME.csv`, `.json` and `.parquet`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.errors import FailureError
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.formats import plain, write_frame

if TYPE_CHECKING:
    from audit_reports.reviews.review import Review


def write_csv(review: Review, folder: Path, _: Appearance = OURS) -> list[Path]:
    """Write each table as CSV, a cell that a spreadsheet could run guarded by `'`; null is nothing."""
    return _write(review, folder, "csv")


def write_json(review: Review, folder: Path, _: Appearance = OURS) -> list[Path]:
    """Write each table as one JSON array, every value exactly."""
    return _write(review, folder, "json")


def write_parquet(review: Review, folder: Path, _: Appearance = OURS) -> list[Path]:
    """Write each table as Parquet, typed."""
    return _write(review, folder, "parquet")


def _write(review: Review, folder: Path, format: str) -> list[Path]:
    tables = folder / "tables"
    try:
        tables.mkdir(exist_ok=True)
    except OSError as error:
        raise FailureError(f"cannot make the folder {plain(str(tables))}: {error.strerror}") from error
    written = []
    for name, frame in review.tables.items():
        path = tables / f"{name}.{format}"
        write_frame(frame, format, out=path, stream=io.StringIO())
        written.append(path)
    return written
