"""How does activity look? The pictures of a review, each as a Plotly figure and, for paper, as an SVG.

A figure is plain data (`{"data": [...], "layout": {...}}`), which `plotly.graph_objects.Figure` takes as it is. Colours
come from a `Palette`; the page takes the figures with the colours' names in their place and puts them in as it turns
light or dark. Plotly reads labels as HTML of its own, so every text of an event is escaped here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from typing import TYPE_CHECKING, Annotated, Any

from audit_reports.outputs import pictures
from audit_reports.outputs.chart_values import (
    MANY_DAYS,
    Bar,
    Grid,
    Place,
    by_country,
    clock_grid,
    dot_size,
    is_new,
    largest_changes,
    time_bars,
    tints,
    top_bars,
)
from audit_reports.outputs.formats import plain
from audit_reports.outputs.palette import LIGHT, NAMED, Palette, heat_colors
from audit_reports.period import WEEKDAYS

if TYPE_CHECKING:
    from audit_reports.reviews.review import Review

Figure = dict[str, Any]

NARROW_CHARACTERS = 20
TICKS, NARROW_TICKS = 8, 6
"""How many times of day, or days, stand below columns at most."""
LABEL_CHARACTERS = 26
ROOM = 0.25
"""How much of the longest bar's length is left beyond it for its number."""
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Chart:
    """One picture, ready for a page."""

    name: Annotated[str, "its word, used as the id of its place in a page"]
    title: Annotated[str, "what it shows"]
    alternative: Annotated[str, "the same in a sentence, for who cannot see it"]
    figure: Annotated[Figure, "the Plotly figure, colours by name"]
    height: Annotated[int, "in pixels, on a screen"]
    picture: Annotated[str, "the SVG for paper, in light colours"]
    key: Annotated[str, "what a tick on it means; empty where it has none"] = ""


def make_charts(review: Review, light: Palette = LIGHT) -> tuple[Chart, ...]:
    """Return the pictures of a review: time, clock, actors, categories, world; none where it has no events.

    `light` are the colours for paper.
    """
    if not review.trust.matched:
        return ()
    times, grid = time_bars(review), clock_grid(review)
    actors, categories = top_bars(review, "actors", "actor"), top_bars(review, "categories", "category")
    places = by_country(review)
    kind = review.period.kind
    before = f"the {kind} before" if review.trust.has_past else ""
    rows = len(grid.rows)
    return (
        Chart(
            "time", "Events by hour" if kind == "day" else "Events by day", _highest(times), columns(times, kind, NAMED), 260,
            pictures.columns(times, light), before,
        ),
        Chart("clock", "Around the clock", grid.alternative, heat(grid, NAMED), 70 + 24 * rows, pictures.heat(grid, light)),
        Chart(
            "actors", "Most active", _highest(actors), bars(actors, kind, NAMED), _tall(actors),
            pictures.bars(actors, light), before,
        ),
        Chart(
            "categories", "By category", _highest(categories), bars(categories, kind, NAMED), _tall(categories),
            pictures.bars(categories, light), before,
        ),
        *_changes_chart(review, kind, light),
        *_world_chart(places, light),
    )  # fmt: skip


def bars(rows: Sequence[Bar], kind: str, palette: Palette) -> Figure:
    """Return horizontal bars, a tick on each for the period before."""
    places = list(range(len(rows)))
    layout = _layout(palette)
    _name_rows(layout, rows)
    layout["xaxis"] |= {"rangemode": "tozero", "tickformat": ",d", "nticks": 4, "tickangle": 0}
    shown = [label(bar.label, 80) for bar in rows]
    return {
        "data": [
            {
                "type": "bar", "orientation": "h", "name": f"this {kind}", "x": [bar.now for bar in rows], "y": places,
                "marker": {"color": palette.accent}, "customdata": shown, "width": 0.68,
                "hovertemplate": "<b>%{customdata}</b><br>%{x:,} events<extra></extra>",
            },
            {
                "type": "scatter", "mode": "markers", "name": f"{kind} before", "x": [bar.before for bar in rows], "y": places,
                "marker": {"symbol": "line-ns", "size": 13, "line": {"width": 2.5, "color": palette.before}},
                "customdata": shown, "hovertemplate": f"<b>%{{customdata}}</b><br>%{{x:,}} the {kind} before<extra></extra>",
            },
        ],
        "layout": layout,
    }  # fmt: skip


def _name_rows(layout: dict[str, Any], rows: Sequence[Bar]) -> None:
    """Write each bar's name to its left, from the top down; a narrow page, which takes what `meta` says, cuts them shorter."""
    layout["yaxis"] |= {
        "tickvals": list(range(len(rows))), "ticktext": [label(bar.label) for bar in rows], "autorange": "reversed",
        "automargin": True, "showgrid": False, "ticklabelstandoff": 6,
    }  # fmt: skip
    layout["meta"] = {"yaxis": {"ticktext": [label(bar.label, NARROW_CHARACTERS) for bar in rows]}}


def columns(rows: Sequence[Bar], kind: str, palette: Palette) -> Figure:
    """Return columns in the order of time, a tick on each for the period before."""
    places = list(range(len(rows)))
    layout = _layout(palette)
    layout["xaxis"] |= _ticks(rows, TICKS) | {"showgrid": False, "tickangle": 0}
    layout["meta"] = {"xaxis": _ticks(rows, NARROW_TICKS)}
    layout["margin"] |= {"b": 40}
    layout["yaxis"] |= {"rangemode": "tozero", "tickformat": ",d", "nticks": 5, "automargin": True}
    names = [bar.label for bar in rows]
    return {
        "data": [
            {
                "type": "bar", "name": f"this {kind}", "x": places, "y": [bar.now for bar in rows], "customdata": names,
                "marker": {"color": palette.accent}, "width": 0.62,
                "hovertemplate": "<b>%{customdata}</b><br>%{y:,} events<extra></extra>",
            },
            {
                "type": "scatter", "mode": "markers", "name": f"{kind} before", "x": places, "y": [bar.before for bar in rows],
                "marker": {
                    "symbol": "line-ew", "size": 20 if len(rows) <= MANY_DAYS else 7,
                    "line": {"width": 2.5, "color": palette.before},
                },
                "customdata": names, "hovertemplate": f"<b>%{{customdata}}</b><br>%{{y:,}} the {kind} before<extra></extra>",
            },
        ],
        "layout": layout,
    }  # fmt: skip


def _ticks(rows: Sequence[Bar], most: int) -> Figure:
    """Return the ticks of some columns, so many at most; a week's seven days are all named."""
    step = 1 if len(rows) <= len(WEEKDAYS) else ceil(len(rows) / most)
    places = list(range(0, len(rows), step))
    return {"tickvals": places, "ticktext": [rows[place].label.replace(" ", "<br>", 1) for place in places]}


def differences(rows: Sequence[Bar], palette: Palette) -> Figure:
    """Return bars to the left for fewer than before and to the right for more, with their numbers."""
    places = list(range(len(rows)))
    changes = [bar.now - bar.before for bar in rows]
    layout = _layout(palette)
    _name_rows(layout, rows)
    room = ROOM * max(map(abs, changes))
    layout["xaxis"] |= {
        "showgrid": False, "showticklabels": False, "zeroline": True, "zerolinecolor": palette.muted,
        "range": [min(0, *changes) - room, max(0, *changes) + room],
    }  # fmt: skip
    return {
        "data": [
            {
                "type": "bar", "orientation": "h", "x": changes, "y": places, "width": 0.68,
                "text": [f"{change:+,}" for change in changes], "textposition": "outside", "textangle": 0, "cliponaxis": False,
                "textfont": {"color": palette.muted, "size": 11},
                "marker": {"color": [palette.accent if bar.now > bar.before else palette.before for bar in rows]},
                "customdata": [[label(bar.label, 80), f"{bar.now:,}", f"{bar.before:,}"] for bar in rows],
                "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]} events, %{customdata[2]} before<extra></extra>",
            }
        ],
        "layout": layout,
    }  # fmt: skip


def heat(grid: Grid, palette: Palette) -> Figure:
    """Return the grid of days and hours; an hour without events is the palest."""
    layout = _layout(palette)
    layout["yaxis"] |= {
        "tickvals": list(range(len(grid.rows))), "ticktext": list(grid.rows), "autorange": "reversed", "automargin": True,
        "showgrid": False, "ticklabelstandoff": 6,
    }  # fmt: skip
    hours = list(range(0, 24, 3))
    layout["xaxis"] |= {"tickvals": hours, "ticktext": [f"{hour:02}" for hour in hours], "showgrid": False}
    scale = [[place / 4, color] for place, color in enumerate(heat_colors(palette))]
    return {
        "data": [
            {
                "type": "heatmap", "z": [list(line) for line in grid.counts], "x": list(range(24)),
                "y": list(range(len(grid.rows))), "xgap": 2, "ygap": 2, "showscale": False, "colorscale": scale, "zmin": 0,
                "customdata": [[f"{name}, {hour:02}:00" for hour in range(24)] for name in grid.rows],
                "hovertemplate": "<b>%{customdata}</b><br>%{z:,} events<extra></extra>",
            }
        ],
        "layout": layout,
    }  # fmt: skip


def world(places: Sequence[Place], palette: Palette) -> Figure:
    """Return the world as filled polygons, tinted by events, a dot on each country that has some.

    Any `geo` subplot of Plotly asks a server for its shapes; polygons of our own need nothing.
    """
    from audit_reports.countries import countries

    every = countries()
    level = tints(places)
    fills: Mapping[int, str] = dict(
        enumerate((palette.land, palette.tint1, palette.tint2, palette.tint3, palette.tint4))
    )
    data: list[Figure] = []
    for tint, fill in fills.items():
        xs: list[float | None] = []
        ys: list[float | None] = []
        for code, country in every.items():
            if level.get(code, 0) != tint:
                continue
            for ring in country.shapes:
                xs += [*(x for x, _ in ring), ring[0][0], None]
                ys += [*(y for _, y in ring), ring[0][1], None]
        if xs:
            data.append(
                {
                    "type": "scatter", "mode": "lines", "x": xs, "y": ys, "fill": "toself", "fillcolor": fill,
                    "line": {"color": palette.coast, "width": 0.5}, "hoverinfo": "skip",
                }
            )  # fmt: skip
    dots = [(place, at) for place in places if place.now and place.code in every and (at := every[place.code].at)]
    data.append(
        {
            "type": "scatter", "mode": "markers", "x": [at[0] for _, at in dots], "y": [at[1] for _, at in dots],
            "marker": {
                "size": [dot_size(place, places) for place, _ in dots], "opacity": 0.9,
                "color": [palette.alert if is_new(place, places) else palette.accent for place, _ in dots],
                "line": {"color": palette.paper, "width": 1.5},
            },
            "customdata": [[label(place.name), f"{place.now:,}", f"{place.before:,}"] for place, _ in dots],
            "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]} events, %{customdata[2]} before<extra></extra>",
        }
    )  # fmt: skip
    layout = _layout(palette)
    bare = {"visible": False, "fixedrange": True}
    layout["xaxis"] = bare | {"range": [-170, 190], "constrain": "domain"}
    layout["yaxis"] = bare | {"range": [-56, 84], "scaleanchor": "x", "scaleratio": 1.2, "constrain": "domain"}
    layout["margin"] = {"l": 0, "r": 0, "t": 0, "b": 0}
    return {"data": data, "layout": layout}


def label(text: str, most: int = LABEL_CHARACTERS) -> str:
    """Return an event's text as a label that Plotly shows as it is: one line, cut, its pseudo-HTML escaped.

    >>> label("<b>Ana</b>")
    '&lt;b&gt;Ana&lt;/b&gt;'
    """
    shown = plain(text)
    cut = shown if len(shown) <= most else shown[: most - 1] + "…"
    # Plotly would take what stands between two dollar signs for a formula.
    return escape(cut, quote=False).replace("$", "&#36;")


def _layout(palette: Palette) -> Figure:
    axis = {
        "fixedrange": True, "gridcolor": palette.line, "zeroline": False, "ticks": "", "tickfont": {"color": palette.muted},
        "color": palette.muted,
    }  # fmt: skip
    return {
        "font": {"family": FONT, "size": 12, "color": palette.ink},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 12, "t": 8, "b": 28}, "bargap": 0.3, "dragmode": False, "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": palette.paper, "bordercolor": palette.muted, "font": {"family": FONT, "color": palette.ink},
            "align": "left",
        },
        "showlegend": False,
        "xaxis": dict(axis), "yaxis": dict(axis),
    }  # fmt: skip


def _world_chart(places: Sequence[Place], light: Palette) -> list[Chart]:
    if not places:
        return []
    return [Chart("world", "Where from", _where(places), world(places, NAMED), 400, pictures.world(places, light))]


def _changes_chart(review: Review, kind: str, light: Palette) -> list[Chart]:
    rows = largest_changes(review)
    if not rows:
        return []
    said = ", ".join(f"{plain(bar.label)} {bar.now - bar.before:+,}" for bar in rows[:5])
    title = f"Largest changes against the {kind} before"
    figure, picture = differences(rows, NAMED), pictures.differences(rows, light)
    return [Chart("changes", title, f"Bar chart. {title}: {said}.", figure, 40 + 25 * len(rows), picture)]


def _tall(rows: Sequence[Bar]) -> int:
    return 50 + 25 * len(rows)


def _highest(rows: Sequence[Bar]) -> str:
    top = max(rows, key=lambda bar: bar.now)
    now, before = sum(bar.now for bar in rows), sum(bar.before for bar in rows)
    return (
        f"Bar chart of {len(rows)} bars, together {now:,} events against {before:,} in the period before. "
        f"Highest: {plain(top.label)} with {top.now:,}."
    )


def _where(places: Sequence[Place]) -> str:
    named = [f"{place.name} {place.now:,}" for place in places if place.now]
    return "World map of events by country: " + (", ".join(named) if named else "no event says from where") + "."
