"""Which predicates can people write? Random Polars expressions over the columns of events, and random events to ask them of.

A `Writer` writes them from a seed, each function of Polars as likely as the next: Hypothesis draws the seeds, for where it draws
the trees themselves it soon repeats the smallest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite
from random import Random
from typing import Literal, TypeVar

import polars as pl

from audit_reports.filters.kinds import COLUMN_TYPES, polars_type

ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]
TEXTS = ("actor", "resource", "ip", "category")

# Letters of one, two, three and four bytes; those whose case is more than one letter, or depends on where it stands; marks that
# combine; text from right to left.
LETTERS = "aaabAB01 .%_-\\'\"$\n\tñÑéßΣΣςσﬁİıKſŉᾳǰ\u0301\u0345\u00a0\u2003\u200b\u202e٣９שمé😀👩🏽\U00010400"
WHOLE = [
    "ana",
    "Ana",
    "ANÁ",
    "ΑΣ ΑΣΑ",
    "straße",
    "STRASSE",
    "a.b.c",
    "aaa",
    "a\n",
    "a\nb",
    "",
    " x ",
    "12",
    "-7",
    "+5",
    " 5",
    "1e3",
    "300",
]
WHOLE += [
    "9999999999999999999",
    "0.5",
    "nan",
    "-inf",
    ".5",
    "5.",
    "1e400",
    "true",
    "e\u0301",
    "👩‍👩‍👧",
    "$1",
    "a|b",
    "\x00",
    "a\x00b",
]

MOMENTS = [
    datetime(2026, 3, 29, 0, 59, 59, 999999, UTC),  # clocks go forward in Madrid
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # and back: 02:30 twice
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 3, 8, 7, 15, tzinfo=UTC),  # in New York
    datetime(2026, 11, 1, 5, 45, 0, 1, UTC),
    datetime(2026, 11, 1, 6, 45, tzinfo=UTC),
    datetime(2026, 4, 4, 15, 10, tzinfo=UTC),  # on Lord Howe Island, by half an hour
    datetime(2026, 12, 31, 23, 59, 59, 999999, UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2024, 12, 30, 12, tzinfo=UTC),  # a Monday of week 1 of 2025
    datetime(2021, 1, 3, 23, 59, 59, tzinfo=UTC),  # a Sunday of week 53 of 2020
    datetime(2024, 2, 29, 6, 30, 15, 123456, UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
]

EVERY = ["1h", "15m", "90m", "1d", "3d", "1w", "2w", "1mo", "1q", "5mo", "1y", "30s", "7us", "250ms", "6h"]
SHIFTS = ["1d", "-1w", "3h", "-45m", "1mo", "-13mo", "1y", "20s"]
PATTERNS = [
    r"^\w+$",
    r"\s",
    r"\d",
    r"[^\w\s]",
    r"(?i)an[aá]",
    r"^$",
    r"^.$",
    r"(?s)^.+$",
    r"a.b",
    r"(?m)^b$",
    r"[[:alpha:]]{2,}",
]
PATTERNS += [
    r"\p{Lu}",
    r"\P{L}",
    r"[\d.]+$",
    r"(a|b)+",
    r"a{2,3}?",
    r"[^a]",
    r"\.",
    r"[é-ü]",
    r"\u00e9|\x{1F600}",
    r"[\W_]",
    r"\S\s\S",
]
NEW = ["", "x", "$1", "<${0}>", "$$", "\\1", "ß"]
WIDE = [1000, 2**31, 2**32 - 1, 2**40, 2**63 - 1, -(2**63), 128, 256, 65536]
TOTALS = ["total_days", "total_hours", "total_minutes", "total_seconds", "total_milliseconds", "total_microseconds"]
OPS = ["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "eq_missing", "ne_missing"]
PARTS = ["year", "month", "day", "weekday", "ordinal_day", "week", "iso_year", "quarter"]
CLOCK = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"]
WHOLE_TYPES = [pl.Int8, pl.Int16, pl.Int64, pl.UInt16, pl.UInt32]

Made = Callable[[], pl.Expr]
Some = TypeVar("Some")
Closed = Literal["both", "left", "right", "none"]
CLOSED: Sequence[Closed] = ("both", "left", "right", "none")


class Writer:
    """Writes events and predicates; what it writes depends on its seed alone."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rows = pl.DataFrame()

    def one_of(self, some: Sequence[Some]) -> Some:
        return self.random.choice(some)

    def made(self, *makers: Made) -> pl.Expr:
        return self.random.choice(makers)()

    def word(self) -> str:
        """Return a text as events may have it."""
        return self.one_of(WHOLE) if self.random.random() < 0.6 else self.letters(0, 6)

    def letters(self, least: int, most: int) -> str:
        return "".join(self.random.choices(LETTERS, k=self.random.randint(least, most)))

    def literal(self) -> str:
        """Return a text as people may look for it."""
        return self.one_of([self.letters(1, 2), self.letters(1, 3), self.one_of(WHOLE)]).replace("\x00", "")

    def moment(self) -> datetime:
        if self.random.random() < 0.7:
            return self.one_of(MOMENTS)
        return MOMENTS[-1] + timedelta(microseconds=self.random.randrange(35 * 31_557_600_000_000))

    def events(self) -> pl.DataFrame:
        """Return some events: texts may be null, the landing may be anything that fits."""
        rows = []
        for number in range(self.random.randint(8, 24)):
            at = self.moment()
            row: dict[str, object] = {
                "event_id": f"e{number}",
                "occurred_at": at,
                "day": at.date(),
                "landed_at": self.moment(),
            }
            row |= {name: self.word() if self.random.random() < 0.85 else None for name in TEXTS}
            row["landing"] = self.one_of([self.random.randint(-3, 9), self.random.randint(0, 300), self.one_of(WIDE)])
            rows.append(row)
        self.rows = pl.DataFrame(rows, schema={name: polars_type(type_) for name, type_ in COLUMN_TYPES.items()})
        return self.rows

    def hit(self, of: pl.Expr) -> pl.Expr:
        """Return a test that an expression is what Polars says it is of some event, so that a slight difference is seen."""
        try:
            values = self.rows.select(of).to_series().drop_nulls()
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            return of.is_null()
        value = self.one_of(values.to_list()) if values.len() else None
        if value is None or (isinstance(value, str) and "\x00" in value):
            return of.is_null()
        if isinstance(value, float):  # whose last digit depends on how Polars puts a query together
            return (
                of.is_between(value - abs(value) / 2**40, value + abs(value) / 2**40)
                if isfinite(value)
                else of.is_null()
            )
        return self.compared(of, pl.lit(value, dtype=values.dtype if isinstance(value, datetime) else None))

    def pick(self, depth: int, leaf: Made, *more: Made) -> pl.Expr:
        """Return a leaf, or where depth is left nearly always something made of others."""
        return leaf() if depth <= 0 or self.random.random() < 0.15 else self.one_of(more)()

    def chosen(self, depth: int, some: Made) -> pl.Expr:
        """Return a choice among expressions of one kind."""
        return self.made(
            lambda: pl.when(self.condition(depth - 1)).then(some()).otherwise(some()),
            lambda: pl.when(self.condition(depth - 1)).then(some()),
            lambda: pl.coalesce(some(), some()),
            lambda: some().fill_null(some()),
        )

    def column(self) -> pl.Expr:
        return pl.col(self.one_of(TEXTS))

    def text(self, depth: int) -> pl.Expr:
        """Return an expression of texts."""
        number = self.random.randint(-4, 4)

        def next_() -> pl.Expr:
            return self.text(depth - 1)

        return self.pick(
            depth,
            self.column,
            lambda: next_().str.to_lowercase(),
            lambda: next_().str.to_uppercase(),
            lambda: next_().str.slice(number, self.one_of([None, 0, 1, 2, 4])),
            lambda: next_().str.head(number),
            lambda: next_().str.tail(number),
            lambda: next_().str.replace(
                self.literal() or "a", self.literal(), literal=True, n=self.random.randint(1, 3)
            ),
            lambda: next_().str.replace_all(self.literal() or "a", self.literal(), literal=True),
            lambda: next_().str.replace(self.one_of(PATTERNS), self.one_of(NEW)),
            lambda: next_().str.replace_all(self.one_of(PATTERNS), self.one_of(NEW)),
            lambda: next_().str.strip_chars(self.one_of([None, self.literal()])),
            lambda: next_().str.strip_chars_start(self.one_of([None, self.literal()])),
            lambda: next_().str.strip_chars_end(self.one_of([None, self.literal()])),
            lambda: next_().str.strip_prefix(self.literal()),
            lambda: next_().str.strip_suffix(self.literal()),
            lambda: next_() + self.made(next_, lambda: pl.lit(self.literal())),
            lambda: pl.concat_str(
                next_(), next_(), separator=self.one_of(["", "-"]), ignore_nulls=self.one_of([True, False])
            ),
            lambda: self.whole(depth - 1).cast(pl.String),
            lambda: self.date(depth - 1).cast(pl.String),
            lambda: self.condition(depth - 1).cast(pl.String),
            lambda: self.chosen(depth, next_),
        )

    def leaf_number(self) -> pl.Expr:
        return self.made(
            lambda: pl.col("landing"),
            lambda: getattr(self.time(0).dt, self.one_of(PARTS + CLOCK))(),
            lambda: getattr(pl.col("day").dt, self.one_of(PARTS))(),
            lambda: self.column().str.len_chars(),
        )

    def number_literal(self) -> int:
        return self.one_of([self.random.randint(-7, 9), self.random.randint(0, 130), self.one_of(WIDE)])

    def whole(self, depth: int) -> pl.Expr:
        """Return an expression of whole numbers."""

        def next_() -> pl.Expr:
            return self.whole(depth - 1)

        def other() -> pl.Expr:
            return next_() if self.random.random() < 0.4 else pl.lit(self.number_literal())

        return self.pick(
            depth,
            self.leaf_number,
            lambda: getattr(self.time(depth - 1).dt, self.one_of(PARTS + CLOCK))(),
            lambda: getattr(self.time(depth - 1).dt.time().dt, self.one_of(CLOCK))(),
            lambda: next_() + other(),
            lambda: next_() - other(),
            lambda: next_() * other(),
            lambda: next_() // other(),
            lambda: next_() % other(),
            lambda: pl.lit(self.number_literal()) - next_(),
            lambda: pl.lit(self.number_literal()) // next_(),
            lambda: -next_(),
            lambda: next_().abs(),
            lambda: self.text(depth - 1).str.len_bytes(),
            lambda: self.text(depth - 1).str.len_chars(),
            lambda: self.text(depth - 1).cast(self.one_of(WHOLE_TYPES), strict=False),
            lambda: next_().cast(self.one_of(WHOLE_TYPES), strict=False),
            lambda: self.condition(depth - 1).cast(pl.Int32),
            lambda: self.time(depth - 1).dt.timestamp(self.one_of(["us", "ms", "ns"])),
            lambda: pl.max_horizontal(next_(), next_()),
            lambda: pl.min_horizontal(next_(), next_()),
            lambda: getattr((pl.col("landed_at") - self.instant(depth - 1)).dt, self.one_of(TOTALS))(),
            lambda: self.chosen(depth, next_),
        )

    def fraction(self, depth: int) -> pl.Expr:
        """Return an expression of numbers with a fraction."""

        def next_() -> pl.Expr:
            return self.fraction(depth - 1)

        def literal() -> float:
            # By other constants Polars divides in two ways, one of which multiplies by the inverse: the last digit differs.
            return self.one_of([0.5, -2.0, 4, 0, 0.125, 64])

        return self.pick(
            depth,
            lambda: self.whole(depth) / literal(),
            lambda: self.whole(depth - 1) / self.whole(depth - 1),
            lambda: next_() + literal(),
            lambda: next_() - next_(),
            lambda: next_() * next_(),
            lambda: next_() // self.made(lambda: pl.lit(literal()), next_),
            lambda: next_() % self.made(lambda: pl.lit(literal()), next_),
            lambda: next_() / self.made(lambda: pl.lit(literal()), next_),
            lambda: literal() / next_(),
            lambda: self.text(depth - 1).cast(pl.Float64, strict=False),
            lambda: self.whole(depth - 1).cast(pl.Float64),
            lambda: self.chosen(depth, next_),
        )

    def instant(self, depth: int) -> pl.Expr:
        """Return an expression of times in UTC."""
        return self.pick(
            depth,
            lambda: pl.col(self.one_of(["occurred_at", "landed_at"])),
            lambda: self.instant(depth - 1).dt.truncate(self.one_of(EVERY)),
            lambda: self.instant(depth - 1).dt.offset_by(self.one_of(SHIFTS)),
            lambda: self.instant(depth - 1) + timedelta(hours=self.random.randint(-30, 30)),
            lambda: self.instant(depth - 1) - pl.duration(days=2, seconds=5),
            lambda: self.time(depth - 1).dt.replace_time_zone("UTC"),
            lambda: self.time(depth - 1).dt.convert_time_zone("UTC"),
            lambda: self.chosen(depth, lambda: self.instant(depth - 1)),
        )

    def time(self, depth: int) -> pl.Expr:
        """Return an expression of times, in any zone or without one."""
        return self.pick(
            depth,
            lambda: self.instant(0).dt.convert_time_zone(self.one_of(ZONES)),
            lambda: self.instant(depth - 1),
            lambda: self.instant(depth - 1).dt.convert_time_zone(self.one_of(ZONES)),
            lambda: self.time(depth - 1).dt.truncate(self.one_of(EVERY)),
            lambda: self.time(depth - 1).dt.replace_time_zone(None),
            lambda: self.time(depth - 1) + timedelta(minutes=self.random.randint(-3000, 3000)),
        )

    def date(self, depth: int) -> pl.Expr:
        """Return an expression of dates."""
        return self.pick(
            depth,
            lambda: pl.col("day"),
            lambda: self.time(depth - 1).dt.date(),
            lambda: self.time(depth - 1).cast(pl.Date),
            lambda: self.date(depth - 1).dt.truncate(self.one_of(["1d", "2d", "1w", "3w", "1mo", "1q"])),
            lambda: self.date(depth - 1).dt.offset_by(self.one_of(["1d", "-1mo", "1y", "2w"])),
            lambda: self.date(depth - 1) + timedelta(days=self.random.randint(-40, 40)),
            lambda: self.chosen(depth, lambda: self.date(depth - 1)),
        )

    def compared(self, left: pl.Expr, right: object) -> pl.Expr:
        made: pl.Expr = getattr(left, self.one_of(OPS))(right)
        return made

    def test(self, depth: int) -> pl.Expr:
        """Return a predicate that is no combination of others."""

        def text() -> pl.Expr:
            return self.text(depth)

        amount = self.one_of([self.random.randint(-3, 70), self.random.randint(1990, 2040), self.one_of(WIDE)])
        at = self.moment()
        return self.made(
            *[lambda: self.hit(text())] * 3,
            *[lambda: self.hit(self.whole(depth))] * 3,
            lambda: self.hit(self.fraction(depth)),
            lambda: self.hit(self.instant(depth)),
            lambda: self.hit(self.date(depth)),
            lambda: self.hit(self.time(depth).dt.replace_time_zone(None)),
            lambda: self.compared(text(), self.one_of([self.column(), pl.lit(self.literal()), self.text(depth)])),
            lambda: self.compared(self.whole(depth), self.one_of([pl.lit(amount), self.whole(depth)])),
            lambda: self.whole(depth) / 7 > amount % 50 + 0.05,
            lambda: self.compared(self.fraction(depth), self.one_of([0, 0.5, 2.5, -1, self.fraction(depth)])),
            lambda: self.compared(self.instant(depth), self.one_of([pl.lit(at), self.instant(depth)])),
            lambda: self.compared(self.time(depth).dt.replace_time_zone(None), pl.lit(at.replace(tzinfo=None))),
            lambda: self.compared(self.time(depth).dt.time(), pl.lit(at.time())),
            lambda: self.compared(self.date(depth), self.one_of([pl.lit(at.date()), self.date(depth)])),
            lambda: self.compared(pl.col("landed_at") - self.instant(depth), pl.lit(timedelta(hours=amount % 99))),
            lambda: self.one_of([text(), self.whole(depth), self.date(depth), self.time(depth)]).is_null(),
            lambda: self.one_of([text(), self.whole(depth), self.fraction(depth)]).is_not_null(),
            lambda: text().is_in(
                [self.literal(), "ana", self.one_of([None, "12"])], nulls_equal=self.one_of([True, False])
            ),
            lambda: self.whole(depth).is_in([1, amount, None]),
            lambda: text().is_in(pl.concat_list(self.column(), text()), nulls_equal=self.one_of([True, False])),
            lambda: text().str.contains(self.literal(), literal=True),
            lambda: text().str.contains(self.one_of(PATTERNS)),
            lambda: text().str.starts_with(self.literal()),
            lambda: text().str.ends_with(self.literal()),
            lambda: text().is_between(pl.lit(self.literal()), self.column(), closed=self.one_of(CLOSED)),
            lambda: self.whole(depth).is_between(self.random.randint(-3, 9), amount, closed=self.one_of(CLOSED)),
            lambda: self.instant(depth).is_between(at, at + timedelta(days=9), closed=self.one_of(CLOSED)),
        )

    def condition(self, depth: int) -> pl.Expr:
        """Return a predicate."""

        def next_() -> pl.Expr:
            return self.condition(depth - 1)

        def test() -> pl.Expr:
            return self.test(max(depth - 1, 0))

        return self.pick(
            depth,
            test,
            *[test] * 8,
            lambda: next_() & next_(),
            lambda: next_() | next_(),
            lambda: next_() ^ next_(),
            lambda: pl.any_horizontal(next_(), next_(), next_()),
            lambda: pl.all_horizontal(next_(), next_()),
            lambda: self.compared(next_(), next_()),
            lambda: ~next_(),
            lambda: next_() & pl.lit(self.one_of([True, False, None])),
            lambda: self.chosen(depth, next_),
        )
