"""Which countries are there, where are they, and what shape do they have on a flat map?

Shapes are Natural Earth's at 1:110 million, in the public domain; `data/make_countries.py` made the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from audit_reports.resources import data_file

Point = tuple[float, float]


@dataclass(frozen=True)
class Country:
    """One country of ISO 3166-1, or Kosovo as `XK`.

    `code` is alpha-2 and `name` short English. Points are (longitude, latitude) in degrees, -180 to 180 and
    -90 to 90. `at` is where a label or a bubble belongs, None for one uninhabited island. `shapes` are rings,
    not closed by a repeated point; a hole runs the other way round than an outline, so that one fill of all
    rings leaves it out. Countries too small for a world map, and Antarctica, have no shapes.
    """

    code: str
    name: str
    at: Point | None
    shapes: tuple[tuple[Point, ...], ...]


@cache
def countries() -> Mapping[str, Country]:
    """Return all countries by their code, in the order of the codes.

    Raises `ResourceMissingError` where the package came without its data file.

    >>> countries()["ES"].name
    'Spain'
    >>> countries()["SG"].shapes
    ()
    """
    document = json.loads(data_file("countries.json").read_text(encoding="utf-8"))
    return MappingProxyType({code: _country(code, fields) for code, fields in document.items()})


def _country(code: str, fields: dict[str, Any]) -> Country:
    at = fields["at"]
    return Country(
        code=code,
        name=fields["name"],
        at=None if at is None else (at[0], at[1]),
        shapes=tuple(tuple((x, y) for x, y in ring) for ring in fields["shapes"]),
    )
