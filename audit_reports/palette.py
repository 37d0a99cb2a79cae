"""In which colours are pictures drawn? One set for a light page and paper, one for a dark page."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields


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


def heat_colors(palette: Palette) -> tuple[str, ...]:
    """Return the colours of the grid, from none to most."""
    return (palette.heat0, palette.heat1, palette.heat2, palette.heat3, palette.heat4)


def palettes() -> dict[str, dict[str, str]]:
    """Return the colours by name for a light and a dark page."""
    return {"light": asdict(LIGHT), "dark": asdict(DARK)}
