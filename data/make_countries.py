"""How was `countries.json` made, and how is it made again?

It takes the country shapes of Natural Earth (public domain), as the npm package `world-atlas` carries them
in TopoJSON, and the names of ISO 3166-1 from `pycountry`. In any folder::

    pip install pycountry
    npm pack world-atlas && tar xzf world-atlas-*.tgz
    python make_countries.py package/countries-110m.json package/countries-50m.json package/countries-10m.json

The first file gives the shapes; a country too small to be in it gets its label point alone, from the first
later file that has it. The result is written beside this script.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pycountry

Point = tuple[float, float]
Ring = list[Point]
Polygon = list[Ring]
Polygons = dict[str, list[Polygon]]

DECIMALS = 2
LIMIT_BYTES = 190_000
SMALLEST_RING = 3
ANTARCTICA = "AQ"

UNNUMBERED = {"Kosovo": "XK", "Somaliland": "SO", "N. Cyprus": "CY", "Indian Ocean Ter.": "AU"}
"""Natural Earth's shapes that carry no ISO number, and the country that they are drawn with."""

OVERSEAS: dict[str, tuple[str, tuple[float, float, float, float]]] = {
    "BQ": ("NL", (-69, 11.9, -62.8, 17.8)),
    "CC": ("AU", (96, -13, 98, -11)),
    "CX": ("AU", (105, -11, 106, -10)),
    "GF": ("FR", (-55, 2, -51, 6)),
    "GP": ("FR", (-62, 15.7, -60.9, 16.6)),
    "MQ": ("FR", (-61.3, 14.3, -60.7, 15)),
    "RE": ("FR", (55, -22, 56, -20)),
    "SJ": ("NO", (-10, 70.5, 36, 81)),
    "TK": ("NZ", (-173, -10, -171, -8)),
    "YT": ("FR", (44.9, -13.1, 45.4, -12.6)),
}
"""Codes that Natural Earth draws as a part of another country: that country, and west, south, east, north."""

SHORT_NAMES = {
    "BN": "Brunei",
    "CD": "DR Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "IO": "British Indian Ocean Territory",
    "LA": "Laos",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "RU": "Russia",
    "SH": "Saint Helena",
    "SX": "Sint Maarten",
    "TR": "Turkey",
    "UM": "US Outlying Islands",
    "US": "United States",
    "VA": "Vatican City",
    "VG": "British Virgin Islands",
    "VI": "US Virgin Islands",
    "XK": "Kosovo",
}
"""Names that ISO writes longer, or not as an English map does."""


def main() -> None:
    """Read the given files, write `countries.json` beside this script, and say how large it became."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", type=Path, help="TopoJSON that gives the shapes")
    parser.add_argument("labels", type=Path, nargs="*", help="TopoJSON for the label points of others")
    arguments = parser.parse_args()
    shapes = polygons_by_code(arguments.shapes)
    labels = [shapes, *map(polygons_by_code, arguments.labels)]
    document = {code: entry(code, shapes, labels) for code in codes(shapes)}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"
    size = len(text.encode())
    if size > LIMIT_BYTES:
        raise SystemExit(f"{size:,} bytes, more than {LIMIT_BYTES:,}: round to fewer decimals")
    (Path(__file__).parent / "countries.json").write_text(text, encoding="utf-8")
    drawn = sum(bool(country["shapes"]) for country in document.values())
    unplaced = sorted(code for code, country in document.items() if country["at"] is None)
    print(f"{len(document)} countries, {drawn} with a shape, {size:,} bytes, no label point: {unplaced}")


def codes(shapes: Polygons) -> list[str]:
    """All alpha-2 codes of ISO 3166-1, and those that the shapes add to it (`XK`)."""
    return sorted({country.alpha_2 for country in pycountry.countries} | set(shapes))


def entry(code: str, shapes: Polygons, labels: list[Polygons]) -> dict[str, Any]:
    """One country as the file has it: its name, its label point or null, and its rings."""
    drawn = [] if code == ANTARCTICA else shapes.get(code, [])
    rings = [rounded(ring) for polygon in drawn for part in flattened(polygon) for ring in part]
    at = next((label_point(source[code]) for source in labels if code in source), None)
    return {"name": name(code), "at": at, "shapes": [ring for ring in rings if len(ring) >= SMALLEST_RING]}


def name(code: str) -> str:
    """The country's short English name, without what ISO puts behind a comma."""
    if code in SHORT_NAMES:
        return SHORT_NAMES[code]
    country = pycountry.countries.lookup(code)
    text = str(getattr(country, "common_name", country.name))
    return text.partition(",")[0]


def polygons_by_code(path: Path) -> Polygons:
    """The polygons of each country in a TopoJSON file: of each the outline first, then its holes.

    Holes run the other way round than outlines, so that a fill of all rings together leaves them out.
    """
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = decoded_arcs(topology)
    numbers = {country.numeric: country.alpha_2 for country in pycountry.countries}
    found: Polygons = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        code = numbers.get(geometry.get("id")) or UNNUMBERED.get(geometry["properties"]["name"])
        if code is None:
            continue
        nested = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in nested:
            rings = [ring_of(arcs, indexes) for indexes in polygon]
            found.setdefault(overseas(code, rings[0]), []).append(rings)
    return found


def decoded_arcs(topology: dict[str, Any]) -> list[Ring]:
    """The arcs in degrees: TopoJSON keeps them as quantized steps from point to point."""
    scale_x, scale_y = topology["transform"]["scale"]
    shift_x, shift_y = topology["transform"]["translate"]
    decoded = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * scale_x + shift_x, y * scale_y + shift_y))
        decoded.append(points)
    return decoded


def ring_of(arcs: list[Ring], indexes: list[int]) -> Ring:
    """One closed ring, joined from its arcs; a negative index is an arc walked backwards."""
    ring: Ring = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring.extend(arc if not ring else arc[1:])
    return ring


def overseas(code: str, outline: Ring) -> str:
    """The code that a polygon belongs to: its country's, or that of the overseas part that it lies in."""
    for part, (country, (west, south, east, north)) in OVERSEAS.items():
        if code == country and all(west <= x <= east and south <= y <= north for x, y in outline):
            return part
    return code


def flattened(polygon: Polygon) -> Iterator[Polygon]:
    """The polygon in the pieces that a flat map from -180 to 180 shows, none of them a band across it."""
    rings = [unrolled(ring) for ring in polygon]
    for shift in (-360.0, 0.0, 360.0):
        moved = [[(x + shift, y) for x, y in ring] for ring in rings]
        clipped = [cut(cut(ring, -180.0, keep=1), 180.0, keep=-1) for ring in moved]
        if clipped[0]:
            yield [ring for ring in clipped if ring]


def unrolled(ring: Ring) -> Ring:
    """The ring with longitudes that go on past 180 where it crosses the antimeridian, instead of jumping."""
    points = ring[:1]
    for x, y in ring[1:]:
        points.append((x + 360 * round((points[-1][0] - x) / 360), y))
    return points


def cut(ring: Ring, edge: float, *, keep: int) -> Ring:
    """The part of a closed ring on one side of a meridian: east of it for 1, west for -1."""
    kept: Ring = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        inside1, inside2 = (x1 - edge) * keep >= 0, (x2 - edge) * keep >= 0
        if inside1:
            kept.append((x1, y1))
        if inside1 != inside2:
            kept.append((edge, y1 + (y2 - y1) * (edge - x1) / (x2 - x1)))
    return kept if any(x != edge for x, _ in kept) else []


def rounded(ring: Ring) -> Ring:
    """The ring with coordinates of a few decimals, without points that thereby fall together."""
    points: Ring = []
    for x, y in ring:
        point = (round(x, DECIMALS), round(y, DECIMALS))
        if not points or point != points[-1]:
            points.append(point)
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def label_point(polygons: list[Polygon], steps: int = 40) -> Point:
    """The point inside the largest polygon that lies farthest from its outline, as a grid finds it."""
    outline = max((unrolled(polygon[0]) for polygon in polygons), key=area)
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    west, south, width, height = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    cells = [((i + 0.5) / steps, (j + 0.5) / steps) for i in range(steps) for j in range(steps)]
    grid = [(west + width * across, south + height * up) for across, up in cells]
    inside = [point for point in grid if contains(outline, point)] or [outline[0]]
    x, y = max(inside, key=lambda point: distance(outline, point))
    return round((x + 180) % 360 - 180, DECIMALS), round(y, DECIMALS)


def area(ring: Ring) -> float:
    """The ring's area in square degrees, narrowed towards the poles as the globe is."""
    total = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True))
    return abs(total) / 2 * math.cos(math.radians(ring[0][1]))


def contains(ring: Ring, point: Point) -> bool:
    """Whether a point lies inside a ring, by the count of edges to its east."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x1 + (y - y1) * (x2 - x1) / (y2 - y1) > x:
            inside = not inside
    return inside


def distance(ring: Ring, point: Point) -> float:
    """How far a point is from the nearest corner of a ring, in degrees on a flat map."""
    return min(math.dist(point, corner) for corner in ring)


if __name__ == "__main__":
    main()
