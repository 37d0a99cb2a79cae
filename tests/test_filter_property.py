"""Filters: of any predicate and any events, an engine says of each event what Polars says: true, false or null."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from conftest import Frames, collected
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from predicates import Writer

from audit_reports import Filter, UsageError
from audit_reports.filters.kinds import COLUMN_TYPES, polars_type
from audit_reports.filters.twin import marked

FEW = 30
EXAMPLES = int(os.environ.get("PREDICATE_EXAMPLES", FEW))
AT_ONCE = 8  # predicates in one query
DEPTH = 4


class Books:
    """How many predicates were asked, and how many of them refused, with the reasons."""

    def __init__(self) -> None:
        self.asked = 0
        self.refused: Counter[str] = Counter()

    def read(self, predicates: Sequence[pl.Expr], rows: pl.DataFrame) -> dict[str, tuple[Filter, pl.Series]]:
        """Return the filter of each predicate that Polars runs and we read, with what Polars says of each event."""
        found: dict[str, tuple[Filter, pl.Series]] = {}
        for predicate in predicates:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    said = rows.select("event_id", said=predicate).sort("event_id")["said"]
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
                continue
            self.asked += 1
            try:
                found[f"p{len(found)}"] = (Filter.of(predicate), said)
            except UsageError as refusal:
                self.refused[str(refusal)] += 1
        return found


def assert_alike(frame: nw.LazyFrame[Any], read: dict[str, tuple[Filter, pl.Series]], rows: pl.DataFrame) -> None:
    """Assert that an engine says what Polars says, and that the filter speaks and can be written down."""
    answers = collected(marked(frame, {name: one.condition for name, (one, _) in read.items()}, addresses=list))
    answers = answers.sort("event_id")
    for name, (one, said) in read.items():
        assert answers[name].to_list() == said.to_list(), f"{one.as_json()} of {rows.sort('event_id').rows()}"
        assert one.sentence().startswith(("Events whose ", "Events of which ", "All events.", "No events."))
        assert Filter.from_json(one.as_json()) == one


def test_what_is_infinite_or_no_number_says_what_polars_says(frames: Frames) -> None:
    numbers = pl.DataFrame({"event_id": ["a", "b", "c", "d"], "landing": [0, 1, 8, 2**60]})
    rows = numbers.select(
        pl.lit(None, polars_type(type_)).alias(name) if name not in numbers.columns else pl.col(name)
        for name, type_ in COLUMN_TYPES.items()
    )
    landing = pl.col("landing")
    predicates = [
        (landing / 0.125) % 0 != -1,
        (landing / 0.125) // 0 > 3,
        (landing / 0) // 2 > 3,
        (landing / 0) % 2 == 0,
        (landing / 1e-300) // 1 > 1e299,
        (landing / -1e-300) % 7 >= 0,
    ]
    books = Books()
    read = books.read(predicates, rows)
    assert len(read) == len(predicates)
    assert_alike(frames(rows), read, rows)


def test_any_predicate_says_of_any_event_what_polars_says(frames: Frames, request: pytest.FixtureRequest) -> None:
    books = Books()
    on_spark = "Spark" in request.node.name  # where a query takes seconds, so many predicates are one job
    at_once, examples = (AT_ONCE * 5, max(2, EXAMPLES // 30)) if on_spark else (AT_ONCE, EXAMPLES)

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=EXAMPLES <= FEW,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a seed has no smaller one that would say more, and to look for it takes hours
    )
    @given(st.integers(0, 2**64))
    def alike(seed: int) -> None:
        writer = Writer(seed)
        rows = writer.events()
        if read := books.read([writer.condition(DEPTH) for _ in range(at_once)], rows):
            assert_alike(frames(rows), read, rows)

    alike()
    assert books.asked > 0.9 * examples * at_once
    assert books.refused.total() <= max(0.02 * books.asked, 2), books.refused  # two of few say nothing of the share
