"""Which fields may a template use? Those of the context and of all that it holds, read off the classes themselves."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from audit_reports.outputs.context import Document, Page
from audit_reports.outputs.rendering import words

UNKNOWN: Any = Any
"""The type of what can be anything: a row's value, a filter's answer."""

MARK = "<!-- Below this line: written by `make fields`. -->"
"""What stands before the generated part of `templates/README.md`."""

LEAVES = ("Filter",)
"""Classes that a template takes as they are; what they can do stands in their own docstrings."""


@dataclass(frozen=True)
class Field:
    """One field of a class, or one of its properties."""

    name: str
    type: Any
    meaning: str


@cache
def fields_of(owner: type) -> Mapping[str, Field]:
    """Return what a template may use of a class: its documented fields and its properties, by name."""
    if owner.__name__ in LEAVES or not is_dataclass(owner):
        return {}
    hints = get_type_hints(owner, localns=named(), include_extras=True)
    found = {}
    for one in fields(owner):
        hint = hints[one.name]
        is_documented = get_origin(hint) is Annotated
        found[one.name] = Field(one.name, get_args(hint)[0] if is_documented else hint, _meaning(hint))
    for name, value in inspect.getmembers(owner):
        if isinstance(value, property) and value.fget and not name.startswith("_"):
            hint = get_type_hints(value.fget, localns=named()).get("return", UNKNOWN)
            found[name] = Field(name, hint, _first_paragraph(value).rstrip("."))
    return found


def classes() -> tuple[type, ...]:
    """Return the documented classes that can be reached from the context, the context's own first."""
    found: dict[type, None] = dict.fromkeys((Document, Page))
    waiting = list(found)
    while waiting:
        for field in fields_of(waiting.pop(0)).values():
            for one in parts(field.type):
                if one not in found and fields_of(one):
                    found[one] = None
                    waiting.append(one)
    return tuple(found)


def parts(hint: Any) -> Iterator[type]:
    """Yield the classes that a type is made of.

    >>> list(parts(tuple[int, ...] | None))
    [<class 'int'>, <class 'NoneType'>]
    """
    if inner := get_args(hint):
        yield from (part for one in inner if one is not Ellipsis for part in parts(one))
    elif isinstance(hint, type):
        yield hint


def without_none(hint: Any) -> Any:
    """Return a type without None; a union of several others is anything."""
    if get_origin(hint) not in (types.UnionType, Union):
        return hint
    rest = [one for one in get_args(hint) if one is not type(None)]
    return rest[0] if len(rest) == 1 else UNKNOWN


def element(hint: Any) -> Any:
    """Return the type of what a sequence holds; of a mapping that of its values."""
    inner = [one for one in get_args(hint) if one is not Ellipsis]
    return inner[-1] if inner else UNKNOWN


def documentation() -> str:
    """Return what `templates/README.md` says of the fields: a table for each class, and the filters."""
    lines = []
    for owner in classes():
        own = dict(fields_of(owner))
        if owner is Page:
            own = {name: field for name, field in own.items() if name not in fields_of(Document)}
        lines += [
            f"### {owner.__name__}",
            "",
            _first_paragraph(owner),
            "",
            "| field | type | meaning |",
            "|---|---|---|",
        ]
        lines += [f"| `{one.name}` | {_shown(one.type)} | {one.meaning} |" for one in own.values()]
        lines.append("")
    lines += ["### Filters", "", "Beside Jinja's own:", "", "| filter | what it gives |", "|---|---|"]
    lines += [f"| `{name}` | {_first_paragraph(made)} |" for name, made in words("UTC").items()]
    return "\n".join([*lines, ""])


def with_documentation(text: str) -> str:
    """Return the text of `templates/README.md` with the fields documented as they are now, from its mark on.

    Raises `ValueError` for a text without the mark.
    """
    return text[: text.index(MARK) + len(MARK)] + "\n\n" + documentation()


def _meaning(hint: Any) -> str:
    return (
        next((one for one in get_args(hint)[1:] if isinstance(one, str)), "") if get_origin(hint) is Annotated else ""
    )


def _first_paragraph(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _shown(hint: Any) -> str:
    """Return a type as people read it: `Finding, several`, `text or none`."""
    words = {
        "str": "text",
        "int": "number",
        "float": "number",
        "bool": "yes or no",
        "datetime": "time",
        "date": "date",
        "Any": "any",
    }
    origin, inner = get_origin(hint), [one for one in get_args(hint) if one is not Ellipsis]
    if origin in (types.UnionType, Union):
        return " or ".join("none" if one is type(None) else _shown(one) for one in inner)
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin is tuple:
        return f"{_shown(inner[0])}, several" if Ellipsis in get_args(hint) else " and ".join(map(_shown, inner))
    if inner:
        return f"{_shown(inner[-1])} by name"
    name = getattr(hint, "__name__", str(hint))
    return words.get(name, name)


def named() -> Mapping[str, Any]:
    """Return what the classes' annotations name that their modules import for types alone."""
    import polars as pl
    from markupsafe import Markup

    from audit_reports.filter import Filter
    from audit_reports.period import Period
    from audit_reports.reviews.amendment import Amendment
    from audit_reports.reviews.figures import Figure

    own = (Amendment, Figure, Filter, Period)
    return {"pl": pl, "Markup": Markup} | {one.__name__: one for one in own}
