"""In which colours is a review drawn? One set for a light page and paper, one for a dark page; a user may change them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated

from audit_reports.errors import UsageError, quoted

_COLOR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)


@dataclass(frozen=True)
class Palette:
    """The colours of a review, each as `#rrggbb`; `tint1` to `tint4` and `heat0` to `heat4` go from few to most."""

    ink: Annotated[str, "text"]
    muted: Annotated[str, "text that may be passed over"]
    line: Annotated[str, "lines between things"]
    paper: Annotated[str, "what text stands on"]
    ground: Annotated[str, "what lies behind the paper"]
    accent: Annotated[str, "bars, links and what is marked"]
    accent_ground: Annotated[str, "what a mark stands on"]
    alert: Annotated[str, "what is grave"]
    alert_ground: Annotated[str, "what that stands on"]
    before: Annotated[str, "the period before, in pictures"]
    land: Annotated[str, "countries without events"]
    coast: Annotated[str, "the lines between countries"]
    tint1: Annotated[str, "countries with few events"]
    tint2: Annotated[str, "countries with more"]
    tint3: Annotated[str, "countries with many"]
    tint4: Annotated[str, "countries with most"]
    heat0: Annotated[str, "hours without events"]
    heat1: Annotated[str, "hours with few"]
    heat2: Annotated[str, "hours with more"]
    heat3: Annotated[str, "hours with many"]
    heat4: Annotated[str, "hours with most"]


LIGHT = Palette(
    ink="#1b2430", muted="#566171", line="#e1e6ec", paper="#ffffff", ground="#f5f6f8", accent="#2f62b5",
    accent_ground="#edf3fc", alert="#b3480f", alert_ground="#fdf1e9", before="#8d98a8",
    land="#e8ecf1", coast="#ffffff", tint1="#d9e5f7", tint2="#c0d4f1", tint3="#a4c0ea", tint4="#86aae1",
    heat0="#f3f5f9", heat1="#cfddf3", heat2="#94b3e2", heat3="#4f7cc6", heat4="#1d427f",
)  # fmt: skip
DARK = Palette(
    ink="#e7ebf1", muted="#a3adbb", line="#2c3440", paper="#171c23", ground="#101419", accent="#7ba7ee",
    accent_ground="#1c2a40", alert="#f0945c", alert_ground="#33231a", before="#76808f",
    land="#2a323d", coast="#171c23", tint1="#2b3d5c", tint2="#304a75", tint3="#36578f", tint4="#3d66ab",
    heat0="#1f262f", heat1="#27395a", heat2="#365a94", heat3="#5b8bd8", heat4="#b7d1fb",
)  # fmt: skip
NAMED = Palette(**{one.name: "@" + one.name for one in fields(Palette)})
"""Each colour's name in its place, for a page that puts the colours in itself."""


def heat_colors(palette: Palette) -> tuple[str, ...]:
    """Return the colours of the grid, from none to most."""
    return (palette.heat0, palette.heat1, palette.heat2, palette.heat3, palette.heat4)


def changed(palette: Palette, colors: Mapping[str, object], where: str) -> Palette:
    """Return a palette with some colours of a user's; what is tinted from the accent or the alert follows it unless given.

    Raises `UsageError` for a colour that there is not, and for what is no `#rrggbb`.

    >>> changed(LIGHT, {"accent": "#007a5a"}, "[appearance.light]").heat4
    '#0e4f45'
    """
    known = [one.name for one in fields(Palette)]
    for name, value in colors.items():
        if name not in known:
            raise UsageError.unknown("colour", name, known, f"in {where}")
        if not isinstance(value, str) or not _COLOR.fullmatch(value):
            raise UsageError(f"{where}: {name} must be a colour as #2f62b5, not {quoted(value)}")
    given = {name: str(value).lower() for name, value in colors.items()}
    made = replace(palette, **given)
    follow: dict[str, str] = {}
    if "accent" in given:
        shares = {"accent_ground": 0.1, "tint1": 0.2, "tint2": 0.32, "tint3": 0.45, "tint4": 0.6}
        shares |= {"heat1": 0.22, "heat2": 0.5, "heat3": 0.85}
        follow |= {name: _mixed(made.paper, made.accent, share) for name, share in shares.items()}
        follow["heat4"] = _mixed(made.ink, made.accent, 0.5)
    if "alert" in given:
        follow["alert_ground"] = _mixed(made.paper, made.alert, 0.1)
    return replace(made, **(follow | given))


def as_style(palette: Palette) -> str:
    """Return the colours as the variables of a style sheet: `--accent-ground: #edf3fc; ...`."""
    return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in asdict(palette).items())


def _mixed(one: str, other: str, share: float) -> str:
    """Return a colour between two, the given share of the way from the one to the other."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()
