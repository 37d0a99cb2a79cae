"""How does activity look? The pictures of a review, each as a Plotly figure and, for paper, as an SVG.

A figure is plain data (`{"data": [...], "layout": {...}}`), which `plotly.graph_objects.Figure` takes as it is. Colours
come from a `Palette`; the page takes the figures with the colours' names in their place and puts them in as it turns
light or dark. Plotly reads labels as HTML of its own, so every text of an event is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from math import ceil, sqrt
from typing import TYPE_CHECKING, Annotated, Any

from audit_reports.formats import plain
from audit_reports.period import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from audit_reports.review import Review

Figure = dict[str, Any]

UNKNOWN = "(unknown)"
TOP = 20
CHANGES = 12
NARROW_CHARACTERS = 20
MANY_DAYS = 16
LABEL_CHARACTERS = 26
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class Palette:
    """The colours of the pictures; `land` to `tint4` and `heat0` to `heat4` go from nothing to most."""

    ink: str
    muted: str
    line: str
    paper: str
    accent: str
    before: str
    alert: str
    land: str
    coast: str
    tint1: str
    tint2: str
    tint3: str
    tint4: str
    heat0: str
    heat1: str
    heat2: str
    heat3: str
    heat4: str


LIGHT = Palette(
    ink="#1b2430", muted="#566171", line="#e3e7ed", paper="#ffffff", accent="#2f62b5", before="#8d98a8", alert="#b3480f",
    land="#e8ecf1", coast="#ffffff", tint1="#d9e5f7", tint2="#c0d4f1", tint3="#a4c0ea", tint4="#86aae1",
    heat0="#f3f5f9", heat1="#cfddf3", heat2="#94b3e2", heat3="#4f7cc6", heat4="#1d427f",
)  # fmt: skip
DARK = Palette(
    ink="#e7ebf1", muted="#a3adbb", line="#2c3440", paper="#171c23", accent="#7ba7ee", before="#76808f", alert="#f0945c",
    land="#2a323d", coast="#171c23", tint1="#2b3d5c", tint2="#304a75", tint3="#36578f", tint4="#3d66ab",
    heat0="#1f262f", heat1="#27395a", heat2="#365a94", heat3="#5b8bd8", heat4="#b7d1fb",
)  # fmt: skip
NAMED = Palette(**{one.name: "@" + one.name for one in fields(Palette)})
"""Each colour's name in its place, for a page that puts the colours in itself."""


@dataclass(frozen=True)
class Bar:
    """One bar: its label as the event says it, its events now and before."""

    label: str
    now: int
    before: int


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


def make_charts(review: Review) -> tuple[Chart, ...]:
    """Return the pictures of a review: time, clock, actors, categories, world; none where it has no events."""
    from audit_reports import pictures

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
            pictures.columns(times, LIGHT), before,
        ),
        Chart("clock", "Around the clock", grid.alternative, heat(grid, NAMED), 70 + 24 * rows, pictures.heat(grid, LIGHT)),
        Chart(
            "actors", "Most active", _highest(actors), bars(actors, kind, NAMED), _tall(actors),
            pictures.bars(actors, LIGHT), before,
        ),
        Chart(
            "categories", "By category", _highest(categories), bars(categories, kind, NAMED), _tall(categories),
            pictures.bars(categories, LIGHT), before,
        ),
        *_changes_chart(review, kind),
        *_world_chart(places),
    )  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """Events by row (a day or a weekday) and local hour."""

    rows: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def alternative(self) -> str:
        """The busiest cell and the night, in a sentence."""
        top, row, hour = max((n, -i, -h) for i, line in enumerate(self.counts) for h, n in enumerate(line))
        night = sum(n for line in self.counts for n in line[:6])
        return (
            f"Grid of days and hours. Most events, {top:,}, fall on {self.rows[-row]} from {-hour:02}:00; "
            f"{night:,} lie between 00:00 and 06:00."
        )


@dataclass(frozen=True)
class Place:
    """A country's events now and before."""

    code: str
    name: str
    now: int
    before: int


def time_bars(review: Review) -> list[Bar]:
    """Return the events by local day, or by hour for a review of one day, beside those of the period before."""
    period = review.period
    key = "hour" if period.kind == "day" else "day"
    now, before = (
        {row[key]: row["events"] for row in frame.group_by(key).agg(_sums("events")).iter_rows(named=True)}
        for frame in (review.hours, review.hours_before)
    )
    if key == "hour":
        return [Bar(f"{hour:02}:00", now.get(hour, 0), before.get(hour, 0)) for hour in range(24)]
    earlier = review.before.days
    return [
        Bar(_day(day), now.get(day, 0), before.get(earlier[place], 0) if place < len(earlier) else 0)
        for place, day in enumerate(period.days)
    ]


def clock_grid(review: Review) -> Grid:
    """Return the events by day and local hour, by weekday instead for a long period."""
    days = review.period.days
    by_weekday = len(days) > MANY_DAYS
    names = tuple(WEEKDAYS) if by_weekday else tuple(_day(day) for day in days)
    counts = [[0] * 24 for _ in names]
    place = {day: day.weekday() if by_weekday else index for index, day in enumerate(days)}
    for day, hour, events in review.hours.iter_rows():
        counts[place[day]][hour] += events
    return Grid(names, tuple(map(tuple, counts)))


def top_bars(review: Review, table: str, column: str) -> list[Bar]:
    """Return the largest values of a column of a table; the table beside the picture has them all."""
    frame = review.tables[table].group_by(column).agg(_sums()).select(column, "events", "before")
    rows = sorted(frame.iter_rows(), key=lambda row: (-row[1], -row[2], row[0] is None, row[0]))
    found = [Bar(UNKNOWN if label is None else label, now, before) for label, now, before in rows]
    return found[:TOP]


def largest_changes(review: Review) -> list[Bar]:
    """Return the pairs of category and action whose events changed most, most first; none without a past."""
    if not review.trust.has_past:
        return []
    changed = review.categories.filter(review.categories["change"] != 0)
    rows = sorted(changed.iter_rows(named=True), key=lambda row: -abs(row["change"]))[:CHANGES]
    return [
        Bar(", ".join(row[name] or UNKNOWN for name in ("category", "action")), row["events"], row["before"])
        for row in rows
    ]


def by_country(review: Review) -> list[Place]:
    """Return the countries with events now or before, most first; unknown ones are in no country."""
    frame = review.locations.filter(review.locations["country"].is_not_null())
    rows = frame.group_by("country", "country_name").agg(_sums()).iter_rows()
    places = [Place(code, name or code, now, before) for code, name, now, before in rows]
    return sorted(places, key=lambda place: (-place.now, -place.before, place.code))


def bars(rows: Sequence[Bar], kind: str, palette: Palette) -> Figure:
    """Return horizontal bars, a tick on each for the period before."""
    places = list(range(len(rows)))
    layout = _layout(palette)
    layout["yaxis"] |= {
        "tickvals": places, "ticktext": [label(bar.label) for bar in rows], "autorange": "reversed", "automargin": True,
        "showgrid": False, "ticklabelstandoff": 6,
    }  # fmt: skip
    layout["meta"] = {"narrow": [label(bar.label, NARROW_CHARACTERS) for bar in rows]}
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


def columns(rows: Sequence[Bar], kind: str, palette: Palette) -> Figure:
    """Return columns in the order of time, a tick on each for the period before."""
    places = list(range(len(rows)))
    step = ceil(len(rows) / 12)
    layout = _layout(palette)
    ticks = [bar.label.replace(" ", "<br>", 1) for bar in rows]
    layout["xaxis"] |= {"tickvals": places[::step], "ticktext": ticks[::step], "showgrid": False, "tickangle": 0}
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


def differences(rows: Sequence[Bar], palette: Palette) -> Figure:
    """Return bars to the left for fewer than before and to the right for more."""
    places = list(range(len(rows)))
    layout = _layout(palette)
    layout["yaxis"] |= {
        "tickvals": places, "ticktext": [label(bar.label) for bar in rows], "autorange": "reversed", "automargin": True,
        "showgrid": False, "ticklabelstandoff": 6,
    }  # fmt: skip
    layout["meta"] = {"narrow": [label(bar.label, NARROW_CHARACTERS) for bar in rows]}
    layout["xaxis"] |= {
        "tickformat": "+,d",
        "nticks": 4,
        "tickangle": 0,
        "zeroline": True,
        "zerolinecolor": palette.muted,
    }
    return {
        "data": [
            {
                "type": "bar", "orientation": "h", "x": [bar.now - bar.before for bar in rows], "y": places, "width": 0.68,
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


def tints(places: Sequence[Place]) -> dict[str, int]:
    """Return each country's tint, 1 to 4 by the root of its events; countries without events have none."""
    most = max((place.now for place in places), default=0)
    return {place.code: ceil(4 * sqrt(place.now / most)) for place in places if place.now}


def dot_size(place: Place, places: Sequence[Place]) -> float:
    """Return a dot's diameter in pixels; its area grows with the events."""
    return round(6 + 16 * sqrt(place.now / max(other.now for other in places)), 1)


def is_new(place: Place, places: Sequence[Place]) -> bool:
    """Say whether a country has events only now, in a log that had some from elsewhere before."""
    return place.before == 0 and any(other.before for other in places)


def heat_colors(palette: Palette) -> tuple[str, ...]:
    """Return the colours of the grid, from none to most."""
    return (palette.heat0, palette.heat1, palette.heat2, palette.heat3, palette.heat4)


def label(text: str, most: int = LABEL_CHARACTERS) -> str:
    """Return an event's text as a label that Plotly shows as it is: one line, cut, its pseudo-HTML escaped.

    >>> label("<b>Ana</b>")
    '&lt;b&gt;Ana&lt;/b&gt;'
    """
    shown = plain(text)
    cut = shown if len(shown) <= most else shown[: most - 1] + "…"
    # Plotly would take what stands between two dollar signs for a formula.
    return escape(cut, quote=False).replace("$", "&#36;")


def palettes() -> dict[str, dict[str, str]]:
    """Return the colours by name for a light and a dark page."""
    return {"light": asdict(LIGHT), "dark": asdict(DARK)}


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


def _sums(*columns: str) -> list[pl.Expr]:
    import polars as pl

    return [pl.col(column).sum() for column in columns or ("events", "before")]


def _world_chart(places: Sequence[Place]) -> list[Chart]:
    from audit_reports import pictures

    if not places:
        return []
    return [Chart("world", "Where from", _where(places), world(places, NAMED), 400, pictures.world(places, LIGHT))]


def _changes_chart(review: Review, kind: str) -> list[Chart]:
    from audit_reports import pictures

    rows = largest_changes(review)
    if not rows:
        return []
    said = ", ".join(f"{plain(bar.label)} {bar.now - bar.before:+,}" for bar in rows[:5])
    title = f"Largest changes against the {kind} before"
    figure, picture = differences(rows, NAMED), pictures.differences(rows, LIGHT)
    return [Chart("changes", title, f"Bar chart. {title}: {said}.", figure, 40 + 25 * len(rows), picture)]


def _tall(rows: Sequence[Bar]) -> int:
    return 50 + 25 * len(rows)


def _day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


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
