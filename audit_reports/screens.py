"""How do people read what is too wide for a terminal? The same facts, in tables that fit."""

from __future__ import annotations

import os
import textwrap

import polars as pl

from audit_reports.outputs.formats import cells, table_text, times_as_text

_VALUES = 3


def store_tables(info: pl.DataFrame, width: int | None = None) -> list[pl.DataFrame]:
    """Return what `info` says as tables for a screen: the whole, a line a fact, and the feeds, times to the minute.

    Where the feeds' table is wider than a terminal of so many columns, it comes as two.
    """
    minute = pl.selectors.datetime().dt.strftime("%Y-%m-%d %H:%MZ")
    facts = info.head(1).with_columns(minute).row(0, named=True)
    told = {
        name: f"{value:,}" if isinstance(value, int) else value for name, value in facts.items() if value is not None
    }
    whole = pl.DataFrame({"": list(told), " ": list(told.values())})
    feeds = info.tail(-1).select(
        "feed",
        "events",
        "quarantined",
        pl.selectors.datetime(),
        pl.col("usual_delay_s").map_elements(_span, return_dtype=pl.String).alias("usual_delay"),
        "days_without_events",
        (pl.col("oldest_event_days").cast(pl.String) + " days").alias("oldest"),
    )
    feeds = feeds.with_columns(minute)
    if width is None or max(map(cells, table_text(feeds).splitlines())) <= width:
        return [whole, feeds]
    reach = ("feed", "events", "quarantined", "first_event", "last_event")
    return [whole, feeds.select(reach), feeds.select("feed", pl.exclude(reach))]


def without_folder(quarantine: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Return quarantined rows with the names of files as they are in the folder that all of them are in, and that folder.

    The folder is empty where there is none.
    """
    names = quarantine["file"].unique().to_list()
    folder, slash, _ = os.path.commonprefix(names).rpartition("/")  # noqa: RUF071 - names in S3 are no paths of this machine
    return quarantine.with_columns(pl.col("file").str.strip_prefix(folder + slash)), folder


def feeds_table(rows: pl.DataFrame, width: int | None = None) -> pl.DataFrame:
    """Return feeds with their product and, in the lines below it, where the vendor exports its events, as wide as a terminal.

    >>> rows = pl.DataFrame({"feed": ["door"], "product": ["Badge readers"], "exported_from": ["the nightly file of doors"]})
    >>> feeds_table(rows, 20).rows()
    [('door', 'Badge readers'), ('', 'the nightly'), ('', 'file of doors')]
    """
    room = (width or 120) - max(map(len, rows["feed"])) - 2
    told = [
        (name if number == 0 else "", line)
        for name, product, place in rows.select("feed", "product", "exported_from").iter_rows()
        for number, line in enumerate([*textwrap.wrap(product, room), *textwrap.wrap(place, room)])
    ]
    return pl.DataFrame(told, schema=["feed", "product, and where it exports its events"], orient="row")


def by_column(rows: pl.DataFrame) -> pl.DataFrame:
    """Return for each column of checked rows in how many it is known, and its first few different values.

    A screen has no room for rows of all columns. A column that is null in every row has no value.
    """
    text = times_as_text(rows).cast(pl.String)
    some = {name: text[name].drop_nulls().unique(maintain_order=True).head(_VALUES) for name in rows.columns}
    known = [rows.height - rows[name].null_count() for name in rows.columns]
    values = [", ".join(one) if one.len() else None for one in some.values()]
    return pl.DataFrame(
        {"column": rows.columns, "rows": known, "values": values}, schema_overrides={"values": pl.String}
    )


def _span(seconds: float) -> str:
    """Return a length of time as a person says it.

    >>> _span(21600.0), _span(95.0)
    ('6 h', '2 min')
    """
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 1.5 * size or (unit == "min" and seconds >= size):
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"
