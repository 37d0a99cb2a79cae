"""What is a part of a Polars predicate? Nodes of the JSON tree that Polars writes of it: `{"Function": {"input": [...]}}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def opened(node: Any) -> tuple[str, Any]:
    """Return the kind of a node and what it is made of, None where it has only a kind.

    >>> opened({"Column": "actor"}), opened("Len")
    (('Column', 'actor'), ('Len', None))
    """
    if isinstance(node, Mapping) and len(node) == 1:
        ((kind, body),) = node.items()
        return str(kind), body
    return (node if isinstance(node, str) else type(node).__name__), None


def function_of(body: Any) -> tuple[str, str, Any]:
    """Return the group ("" where it is of none), the name and the options of what a node of the kind `Function` calls.

    >>> function_of({"input": [{"Column": "actor"}], "function": {"StringExpr": "Reverse"}})
    ('StringExpr', 'Reverse', None)
    """
    function = body["function"]
    if isinstance(function, str):
        return "", function, None
    group, inner = opened(function)
    name, options = opened(inner)
    return group, name, options


def called(node: Any) -> str:
    """Return what a part is called by whoever writes it, as `str.reverse`: what Polars shows after that which it is of.

    >>> called({"Function": {"input": [{"Column": "actor"}], "function": {"StringExpr": "Reverse"}}})
    'str.reverse'
    """
    import polars as pl

    kind, body = opened(node)
    of = (body.get("input") or body.get("expr")) if isinstance(body, Mapping) else None
    if of is None:
        return kind
    try:
        part, first = (
            str(pl.Expr.deserialize(json.dumps(one).encode(), format="json"))
            for one in (node, of[0] if isinstance(of, list) else of)
        )
    except pl.exceptions.PolarsError:
        return kind
    return part.removeprefix(first).removeprefix(".").partition("(")[0]


def field_of(node: Any) -> list[str]:
    """Return the words of a field of a column, `actor` and `email`; none where it is a field of anything else."""
    kind, body = opened(node)
    if kind == "Column":
        return [str(body)]
    if kind != "Function" or function_of(body)[:2] != ("StructExpr", "FieldByName"):
        return []
    of = field_of(body["input"][0])
    return [*of, str(function_of(body)[2])] if of else []


def has_column(node: Any) -> bool:
    """Say whether a part reads a column: what reads none, Polars itself can value."""
    return "Column" in kinds_of(node)


def kinds_of(node: Any) -> set[str]:
    """Return the names of the parts of a tree; what stands in a literal is a value, and no part."""
    if isinstance(node, Mapping):
        found = set(node)
        return found.union(*(kinds_of(one) for key, one in node.items() if key not in ("Literal", "Column")))
    if isinstance(node, list):
        return set().union(*map(kinds_of, node))
    return {node} if isinstance(node, str) else set()
