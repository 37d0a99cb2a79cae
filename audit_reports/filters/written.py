"""How is a filter written down by others? Reads its canonical JSON, SQL text and Narwhals expressions, each as one filter."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from audit_reports.errors import UsageError, quoted
from audit_reports.filters.kinds import COLUMN_TYPES, polars_type
from audit_reports.filters.tree import (
    And,
    Call,
    Column,
    Compare,
    Condition,
    Constant,
    InNetwork,
    IsIn,
    IsNull,
    Match,
    Not,
    Or,
    Part,
    Search,
    Text,
)
from audit_reports.meant import other_word

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_NAME = re.compile(r"\b([A-Za-z_]\w*)\b(?!\s*\()")
_REFUSED = (
    (r"\bselect\b", "a subquery cannot be asked in a condition; go on in SQL with view.sql(...), or with view.lazy()"),
    (
        r"(?<![\w.])(now(?=\s*\()|current_(?:date|time|timestamp)\b)",
        "{} cannot be asked in a condition; use --last 7d, --from and --to",
    ),
    (
        r"\bdate_trunc\s*\(",
        "date_trunc cannot be read in a condition; in Python write pl.col('occurred_at').dt.truncate('1d')",
    ),
    (
        r"\b(isodow|weekday|dow)(?=\s*\()",
        "there is no function {} in a condition; write extract(isodow FROM occurred_at), 1 for Monday to 7 for Sunday",
    ),
    (
        r"\b(isoweek|weekofyear|isoyear|doy)(?=\s*\()",
        "there is no function {} in a condition; write extract({} FROM occurred_at)",
    ),
    (r"->|\bjson_", "a field of JSON cannot be asked in a condition; go on in SQL with view.sql(...)"),
    (r"&&", "&& cannot be read in a condition; write AND"),
)
"""What stands outside of quotes and is refused, and the line that says so, with the word in it."""


def as_polars(predicate: Any) -> pl.Expr:
    """Return a predicate, an expression of Polars or Narwhals, as one of Polars; raises `UsageError`."""
    import narwhals as nw
    import polars as pl

    match predicate:
        case pl.Expr():
            return predicate
        case nw.Expr():
            return from_narwhals(predicate)
    hint = "; SQL text is where=..." if isinstance(predicate, str) else ""
    raise UsageError(
        f"a predicate is a Polars expression such as pl.col('actor') == 'ana', not {type(predicate).__name__}{hint}"
    )


def from_json(text: str) -> Condition:
    """Return the condition that canonical JSON says; raises `UsageError` for any other text.

    >>> from_json('{"left":{"column":"actor"},"op":"null"}')
    IsNull(left=Column(name='actor'))
    """
    try:
        return _node(json.loads(text))  # type: ignore[no-any-return]  # a condition, or the next line is reached
    except UsageError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError("this is no filter's JSON; a filter writes it as filter.as_json()") from None


def _node(data: Any) -> Any:
    if not isinstance(data, dict):
        return data
    match data:
        case {"op": "in"}:
            return IsIn(_node(data["left"]), tuple(map(_node, data["values"])))
        case {"op": "null"}:
            return IsNull(_node(data["left"]))
        case {"op": "contains" | "starts with" | "ends with" | "matches" as how}:
            return Match(_node(data["left"]), how, str(data["text"]))
        case {"op": "network"}:
            return InNetwork(tuple(map(str, data["networks"])))
        case {"op": "search"}:
            return Search(str(data["text"]))
        case {"op": "not"}:
            return Not(_node(data["of"]))
        case {"op": "and" | "or" as op}:
            return (And if op == "and" else Or)(tuple(map(_node, data["of"])))
        case {"op": "==" | "!=" | "<" | "<=" | ">" | ">=" as op}:
            return Compare(_node(data["left"]), op, _node(data["right"]))
        case {"part": str(part)}:
            return Part(part, _column(data), str(data["timezone"]))
        case {"function": str(function), "arguments": [*arguments]}:
            return Call(function, tuple(map(_node, data["of"])), tuple(map(_node, arguments)), str(data["type"]))
        case {"function": "lower" | "upper" | "length" as function}:
            return Text(function, _node(data["of"]))
        case {"constant": value}:
            return Constant(_node(value), str(data["type"]))
        case {"time": str(moment)} | {"clock": str(moment)}:
            return datetime.fromisoformat(moment)
        case {"date": str(day)}:
            return date.fromisoformat(day)
        case {"column": str()}:
            return Column(_column(data))
    raise ValueError("no part of a filter")


def _column(data: Mapping[str, Any]) -> str:
    if data["column"] not in COLUMN_TYPES:
        raise UsageError.unknown("column", str(data["column"]), COLUMN_TYPES)
    return str(data["column"])


def from_sql(where: str) -> pl.Expr:
    """Return an SQL condition as a Polars expression; raises `UsageError` for what cannot be read.

    The clock is refused: a filter says the same tomorrow, and `last` counts back from now.
    """
    import polars as pl

    bare = _QUOTED.sub("''", where)
    for pattern, line in _REFUSED:
        if found := re.search(pattern, bare, re.IGNORECASE):
            raise UsageError(line.format(*[found[0]] * 2))
    try:
        expression = pl.sql_expr(where)
    except pl.exceptions.PolarsError as error:
        for word in _NAME.findall(bare):  # `user` is a function to SQL
            if word not in COLUMN_TYPES and other_word(word, COLUMN_TYPES):
                raise UsageError.unknown("column", word, COLUMN_TYPES) from None
        raise UsageError(f"the condition {quoted(where)} cannot be read: {str(error).splitlines()[0]}") from None
    for name in expression.meta.root_names():
        if name not in COLUMN_TYPES and f"{name}." not in bare:
            raise UsageError.unknown("column", name, COLUMN_TYPES, f"a text stands in single quotes: {quoted(name)}")
    return expression


def from_narwhals(predicate: nw.Expr) -> pl.Expr:
    """Return the Polars expression that a Narwhals expression is of the events' columns; raises `UsageError`."""
    import narwhals as nw
    import polars as pl

    events = pl.LazyFrame(schema={name: polars_type(type_) for name, type_ in COLUMN_TYPES.items()})
    try:
        asked: pl.LazyFrame = nw.from_native(events).select(predicate).to_native()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # JSON is the form of a plan that can be read
            plan = json.loads(asked.serialize(format="json"))
        (tree,) = plan["Select"]["expr"]
    except (nw.exceptions.NarwhalsError, pl.exceptions.PolarsError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the Narwhals expression cannot be read: {str(error).splitlines()[0]}") from None
    return pl.Expr.deserialize(json.dumps(tree).encode(), format="json")
