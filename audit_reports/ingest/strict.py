"""Which texts does DuckDB take for JSON that are none? Finds `NaN`, `Infinity` and a comma before a bracket.

DuckDB's reader takes two things beyond the standard: NaN, Inf and Infinity as numbers, in capitals or not, with a minus or
without; and a comma behind the last member or element. So a text that it reads is JSON when neither stands outside of strings.
To look for them exactly costs a landing a quarter of its time. A search for what is like them, where rows are read again for
their hash, costs some hundredths, and only what it finds is looked at exactly.

RFC 8259: https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from audit_reports.feed import literal

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

_LOOSE = r"""(?s)^(?:[^"]|"(?:[^"\\]|\\.)*")*?(?:,\s*[}\]]|[nN][aA]|[iI])"""
"""From the beginning over whole strings to what is no JSON: outside of them only null, true, false and 1e9 have letters."""

_WIDE = r"[, \t\r\n][}\]]"
_COMMA = r",[ \t\r\n]*[}\]]"
_NUMBER = r"(?i-u)[:\[, \t\r\n-](?:nan|inf(?:inity)?)[ \t\r\n,}\]]"


def strict_sql(text: str) -> str:
    """Return the SQL expression of a text that DuckDB takes for JSON, null where it is none.

    >>> import duckdb
    >>> texts = "VALUES ('{\\"a\\": \\"NaN ,}\\"}'), ('{\\"a\\": nan}'), ('{\\"a\\": [1, ]}')"
    >>> duckdb.sql(f"SELECT {strict_sql('t')} FROM ({texts}) s(t)").fetchall()
    [('{"a": "NaN ,}"}',), (None,), (None,)]
    """
    return f"CASE WHEN regexp_matches({text}, {literal(_LOOSE)}) THEN NULL ELSE {text} END"


def flaw(text: str) -> str | None:
    """Return why one text, looked at by itself, is no JSON by the standard; None where it is.

    >>> flaw('{"a": [1e9, "NaN"]}')
    >>> flaw('{"a": NaN}')
    'NaN is no number'
    """
    try:
        _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return str(getattr(error, "msg", error))
    return None


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, parse_int=str)  # a number may be longer than Python reads


def is_doubtful(text: pl.Expr) -> pl.Expr:
    """Return the expression that finds, at little cost, all texts that are not strict and some that are."""
    return text.str.contains(_WIDE) | text.str.contains(_NUMBER)


def holds_loose(path: Path) -> bool:
    """Say whether any `raw` of a Parquet file is a text that DuckDB alone takes for JSON."""
    import polars as pl

    raw = pl.col("raw")
    rows = pl.scan_parquet(path, glob=False, hive_partitioning=False).select("raw")
    suspects = rows.filter(raw.str.contains(_COMMA) | raw.str.contains(_NUMBER)).collect(engine="streaming")
    return bool(suspects.select(raw.str.contains(_LOOSE).any()).item())
