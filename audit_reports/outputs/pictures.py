"""How does activity look on paper? The same pictures as SVG: for print, for PDF, and where no script runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, sqrt

from audit_reports.outputs.chart_values import Bar, Grid, Place, dot_size, is_new, tints
from audit_reports.outputs.formats import plain
from audit_reports.outputs.palette import Palette, heat_colors

WIDTH = 720
LABEL_WIDTH = 205
ROW = 18
"""How high a bar is with the space around it."""
LABEL_CHARACTERS = 28


def bars(rows: Sequence[Bar], palette: Palette) -> str:
    """Return horizontal bars with their numbers, a tick on each for the period before."""
    step, most = ROW, _most(rows)
    scale = (WIDTH - LABEL_WIDTH - 60) / most
    parts = []
    for place, bar in enumerate(rows):
        y = place * step
        parts.append(_text(LABEL_WIDTH - 8, y + 13, bar.label, palette.ink, anchor="end"))
        parts.append(
            f'<rect x="{LABEL_WIDTH}" y="{y + 3}" width="{bar.now * scale:.1f}" height="12" fill="{palette.accent}"/>'
        )
        x = LABEL_WIDTH + bar.before * scale
        parts.append(f'<rect x="{x - 1:.1f}" y="{y + 1}" width="2" height="16" fill="{palette.before}"/>')
        end = LABEL_WIDTH + max(bar.now, bar.before) * scale
        parts.append(_text(end + 6, y + 13, f"{bar.now:,}", palette.muted))
    return _svg(len(rows) * step + 4, parts)


def small_bars(counts: Sequence[int], palette: Palette) -> str:
    """Return one small bar for each count, the last marked by its class; who reads aloud hears the numbers."""
    step, high, most = 6, 16, max(counts, default=0) or 1
    drawn = []
    for place, count in enumerate(counts):
        size = max(1.0, count / most * high) if count else 0.75
        drawn.append(f"M{place * step} {high}v-{size:.2f}h4.5v{size:.2f}z")
    # The style sheet says the colours again, in dark too; paper takes them from here.
    past, last = "".join(drawn[:-1]), "".join(drawn[-1:])
    paths = f'<path d="{past}" fill="{palette.before}"/><path class="last" d="{last}" fill="{palette.accent}"/>'
    said = ", ".join(f"{count:,}" for count in counts)
    wide = step * len(counts)
    return (
        f'<svg class="line" role="img" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
        f'aria-label="{said}"><title>{said}</title>{paths}</svg>'
    )


def differences(rows: Sequence[Bar], palette: Palette) -> str:
    """Return bars to the left for fewer than before and to the right for more, with their numbers."""
    step, zero = ROW, LABEL_WIDTH + (WIDTH - LABEL_WIDTH) / 2
    scale = ((WIDTH - LABEL_WIDTH) / 2 - 50) / max(1, *(abs(bar.now - bar.before) for bar in rows))
    parts = [f'<rect x="{zero - 0.5}" y="0" width="1" height="{len(rows) * step}" fill="{palette.muted}"/>']
    for place, bar in enumerate(rows):
        y, change = place * step, bar.now - bar.before
        size = abs(change) * scale
        x = zero if change > 0 else zero - size
        fill = palette.accent if change > 0 else palette.before
        parts.append(_text(LABEL_WIDTH - 8, y + 13, bar.label, palette.ink, anchor="end"))
        parts.append(f'<rect x="{x:.1f}" y="{y + 3}" width="{size:.1f}" height="12" fill="{fill}"/>')
        end, anchor = (zero + size + 6, "start") if change > 0 else (zero - size - 6, "end")
        parts.append(_text(end, y + 13, f"{change:+,}", palette.muted, anchor=anchor))
    return _svg(len(rows) * step + 4, parts)


def columns(rows: Sequence[Bar], palette: Palette) -> str:
    """Return columns in the order of time with their numbers, a line across each for the period before."""
    height, most = 150, _most(rows)
    slot = WIDTH / len(rows)
    every = ceil(len(rows) / 12)
    parts = []
    for place, bar in enumerate(rows):
        x, size = place * slot + slot * 0.19, bar.now / most * height
        line = 22 + height - bar.before / most * height
        parts.append(
            f'<rect x="{x:.1f}" y="{22 + height - size:.1f}" width="{slot * 0.62:.1f}" height="{size:.1f}" '
            f'fill="{palette.accent}"/>'
            f'<rect x="{x - slot * 0.08:.1f}" y="{line - 1:.1f}" width="{slot * 0.78:.1f}" height="2" fill="{palette.before}"/>'
        )
        if place % every == 0:
            middle = (place + 0.5) * slot
            parts.append(_text(middle, 22 + height + 16, bar.label, palette.muted, anchor="middle"))
            top = min(22 + height - size, line) - 5
            parts.append(_text(middle, top, f"{bar.now:,}", palette.ink, anchor="middle"))
    return _svg(height + 46, parts)


def heat(grid: Grid, palette: Palette) -> str:
    """Return the grid of days and hours with the number in each cell that has events."""
    left, step = 90, 20
    wide = (WIDTH - left) / 24
    colors, most = heat_colors(palette), max(1, *(n for line in grid.counts for n in line))
    parts = [_text(left + (h + 0.5) * wide, 12, f"{h:02}", palette.muted, anchor="middle") for h in range(24)]
    for place, (name, line) in enumerate(zip(grid.rows, grid.counts, strict=True)):
        y = 18 + place * step
        parts.append(_text(left - 8, y + 14, name, palette.ink, anchor="end"))
        for hour, events in enumerate(line):
            level = ceil(4 * events / most)
            parts.append(
                f'<rect x="{left + hour * wide + 1:.1f}" y="{y + 1}" width="{wide - 2:.1f}" height="{step - 2}" '
                f'fill="{colors[level]}"/>'
            )
            if events:
                ink = palette.paper if level > 2 else palette.ink  # noqa: PLR2004 - the darker half of the colours
                parts.append(_text(left + (hour + 0.5) * wide, y + 14, f"{events}", ink, anchor="middle", size=9))
    return _svg(22 + step * len(grid.rows), parts)


def world(places: Sequence[Place], palette: Palette) -> str:
    """Return the world map, tinted by events, a dot on each country that has some."""
    from audit_reports.countries import countries

    every, level = countries(), tints(places)
    fills = (palette.land, palette.tint1, palette.tint2, palette.tint3, palette.tint4)
    paths: list[list[str]] = [[] for _ in fills]
    for code, country in every.items():
        for ring in country.shapes:
            points = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in ring)
            paths[level.get(code, 0)].append(f"M{points}Z")
    parts = [
        f'<path d="{"".join(path)}" fill="{fill}" fill-rule="evenodd" stroke="{palette.coast}" stroke-width="0.4"/>'
        for path, fill in zip(paths, fills, strict=True)
        if path
    ]
    for place in places:
        if place.now and place.code in every and (at := every[place.code].at):
            fill = palette.alert if is_new(place, places) else palette.accent
            radius = sqrt(dot_size(place, places)) * 1.6
            parts.append(
                f'<circle cx="{_x(at[0]):.1f}" cy="{_y(at[1]):.1f}" r="{radius:.1f}" fill="{fill}" stroke="{palette.paper}"/>'
            )
    return _svg(_y(-56), parts)


def _x(longitude: float) -> float:
    return (longitude + 170) * 2


def _y(latitude: float) -> float:
    return (84 - latitude) * 2.4


def _most(rows: Sequence[Bar]) -> int:
    return max(1, *(max(bar.now, bar.before) for bar in rows))


def _text(x: float, y: float, text: str, color: str, *, anchor: str = "start", size: int = 11) -> str:
    shown = plain(text)
    if len(shown) > LABEL_CHARACTERS:
        shown = shown[: LABEL_CHARACTERS - 1] + "…"
    place = f'x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}" font-size="{size}"'
    return f"<text {place}>{escape(shown, quote=False)}</text>"


def _svg(height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" '
        f'font-family="sans-serif">{"".join(parts)}</svg>'
    )
