"""How does Polars compute what Narwhals lacks? For frames of the user's own, and for tests that hold engines to Polars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import narwhals as nw
import polars as pl

from audit_reports import network
from audit_reports.engine import Native


def with_native(frame: nw.LazyFrame[Any], columns: Mapping[str, Native]) -> nw.LazyFrame[Any]:
    """Return a frame with native columns added under some names."""
    native: pl.LazyFrame = frame.to_native()
    return nw.from_native(native.with_columns(**{name: _expression(one) for name, one in columns.items()}))


def _expression(native: Native) -> pl.Expr:
    column = pl.col(native.column)
    match native.function, native.arguments:
        case "in zone", (str(zone),):
            return column.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        case "microseconds", ():
            return column.dt.timestamp("us")
        case "network", ():
            return pl.coalesce(_taken(network.V4, column), _taken(network.V6, column.str.to_lowercase()))
        case "iso week", ():
            return column.dt.strftime("%G-W%V")
        case "weekday", ():
            return column.dt.weekday()
    raise NotImplementedError(f"Polars has no native {native.function!r}")


def _taken(steps: network.Steps, value: pl.Expr) -> pl.Expr:
    """Return steps of regular expressions on a value."""
    for pattern, replacement in steps:
        if replacement is None:
            value = value.str.extract(pattern, 0)
        else:
            value = value.str.replace_all(pattern, re.sub(r"\\(\d)", r"${\1}", replacement))
    return value
