"""How does the user want reviews to look? Templates of their own that extend ours, a logo, and colours."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from audit_reports.errors import UsageError, quoted
from audit_reports.outputs.palette import DARK, LIGHT, Palette, changed
from audit_reports.plan import SECTIONS, Plan

LOGO_BYTES = 200_000
TEMPLATE_BYTES = 1_000_000
ENDINGS = (".html", ".txt", ".css")
"""What a template's name ends in; other files of the folder are left alone."""

_RASTER = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_ACTIVE = re.compile(
    r"<!DOCTYPE|<!ENTITY|<script|<foreignObject|\son\w+\s*=|@import|href\s*=\s*[\"'](?!#)|url\(\s*[\"']?(?!#)", re.I
)


@dataclass(frozen=True)
class Appearance:
    """What a user has made of the look of reviews; without anything it is ours."""

    templates: Mapping[str, str] = field(default_factory=dict)
    """The text of each template of the user's, by its name."""
    folder: str = ""
    """Where they lie, for people."""
    logo: str | None = None
    """A picture as a `data:` URI."""
    light: Palette = LIGHT
    dark: Palette = DARK
    sections: tuple[str, ...] = tuple(SECTIONS)
    sort: str = "events"
    rows: int | None = None
    """As a `Plan` says them."""

    def of_plan(self, plan: Plan) -> Appearance:
        """Return the same with the sections, the order and the length that a plan picks."""
        return replace(self, sections=plan.sections, sort=plan.sort, rows=plan.rows)

    @classmethod
    def of(cls, folder: Path | None, table: Mapping[str, Any]) -> Appearance:
        """Read the folder of templates and what `[appearance]` says: `logo`, a file, `light` and `dark`, colours by name.

        Raises `UsageError` for what is absent, cannot be read, or is none of that. `template_check.checked` judges the
        templates themselves.
        """
        logo = table.get("logo")
        if logo is not None and not isinstance(logo, str):
            raise UsageError("[appearance] logo must be text, the name of a file")
        light, dark = (_colors(table, name, palette) for name, palette in (("light", LIGHT), ("dark", DARK)))
        return cls(
            templates={} if folder is None else _templates(folder),
            folder="" if folder is None else str(folder),
            logo=None if logo is None else _logo(Path(logo).expanduser()),
            light=light,
            dark=dark,
        )

    def record(self) -> dict[str, Any]:
        """Return what `run.json` says: the SHA-256 of each template and of the logo, colours that differ, what is shown."""
        return {
            "templates": {name: _sha256(text.encode()) for name, text in sorted(self.templates.items())},
            "logo": None if self.logo is None else _sha256(base64.b64decode(self.logo.partition(",")[2])),
            "light": _different(self.light, LIGHT),
            "dark": _different(self.dark, DARK),
            "sections": list(self.sections),
            "sort": self.sort,
            "rows": self.rows,
        }


OURS = Appearance()
"""The look that reviews have by themselves."""


def _templates(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise UsageError(f"templates: there is no folder {quoted(folder)}")
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in ENDINGS and path.is_file() and not path.name.startswith("."):
            try:
                found[path.name] = _read(path, TEMPLATE_BYTES).decode("utf-8")
            except UnicodeDecodeError:
                raise UsageError(f"{quoted(path)} is no UTF-8 text") from None
    if not found:
        raise UsageError(f"templates: no file of {quoted(folder)} ends in {', '.join(ENDINGS)}")
    return found


def _logo(path: Path) -> str:
    """Return a picture as a `data:` URI, which a page shows by `<img>` alone, where no script of an SVG runs."""
    data = _read(path, LOGO_BYTES)
    kind = next((kind for start, kind in _RASTER.items() if data.startswith(start)), None)
    if kind is None:
        text = data.decode("utf-8", "replace")
        if "<svg" not in text:
            raise UsageError(f"[appearance] logo {quoted(path)} is neither PNG, JPEG nor SVG")
        if found := _ACTIVE.search(text):
            raise UsageError(f"[appearance] logo {quoted(path)} does more than draw: {quoted(found[0].strip())}")
        kind = "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _read(path: Path, most: int) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {quoted(path)}: {error.strerror}") from None
    if len(data) > most:
        raise UsageError(f"{quoted(path)} has {len(data):,} bytes; {most:,} are the most")
    return data


def _colors(table: Mapping[str, Any], name: str, palette: Palette) -> Palette:
    colors = table.get(name, {})
    if not isinstance(colors, dict):
        raise UsageError(f"[appearance] {name} is a table, as {name} = {{ accent = '#2f62b5' }}")
    return changed(palette, colors, f"[appearance.{name}]")


def _different(palette: Palette, ours: Palette) -> dict[str, str]:
    usual = asdict(ours)
    return {name: value for name, value in asdict(palette).items() if value != usual[name]}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
