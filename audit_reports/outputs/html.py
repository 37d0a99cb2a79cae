"""A review as one HTML file that opens offline, fetches nothing, and runs no script but its own two."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.errors import FailureError
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.charts import make_charts
from audit_reports.outputs.context import Page, names, shared
from audit_reports.outputs.formats import replacing
from audit_reports.outputs.palette import as_style
from audit_reports.outputs.rendering import data_island, rendered, trusted
from audit_reports.resources import templates_folder

if TYPE_CHECKING:
    from audit_reports.reviews.review import Review

ROWS = {"people": 20, "machines": 10, "categories": 200, "locations": 20, "always_shown": 100, "reads": 30}
"""How many rows of each table a page shows; the rest is counted below it, and whole in the tables' own files."""

SECTION_OF = {
    "time": "when",
    "clock": "when",
    "actors": "actors",
    "categories": "categories",
    "changes": "categories",
    "world": "locations",
}
"""The section that each picture stands in."""

MOST_BYTES = 6_000_000
LONGEST = (600, 200, 60)
"""How much of a text a page shows: the most that fits into its bytes."""

FINDINGS = 40
"""How many findings a page tells; the rest is counted."""


def write_html(review: Review, folder: Path, appearance: Appearance = OURS) -> list[Path]:
    """Write `review.html`; raises `FailureError` where the file cannot be written."""
    path = folder / "review.html"
    with replacing(path) as part:
        part.write_text(page(review, appearance), encoding="utf-8")
    return [path]


def page(review: Review, appearance: Appearance = OURS, *, on_paper: bool = False) -> str:
    """Return the review's page; on paper it has pictures for print alone and no script.

    Long texts of events are cut, more of them where the page would be too large. Raises `FailureError` where it still is.
    """
    given = names(page_context(review, appearance, on_paper=on_paper))
    for longest in LONGEST:
        text = rendered("review.html", given, timezone=review.period.timezone, appearance=appearance, longest=longest)
        if len(text.encode()) <= MOST_BYTES:
            return text
    raise FailureError(f"review.html would have {len(text.encode()):,} bytes, and {MOST_BYTES:,} are the most")


def page_context(review: Review, appearance: Appearance = OURS, *, on_paper: bool = False) -> Page:
    """Return what the page's templates may use."""
    charts = [one for one in make_charts(review, appearance.light) if SECTION_OF[one.name] in appearance.sections]
    rows = {name: appearance.rows or most for name, most in ROWS.items()}
    scripts = (
        [] if on_paper or not charts else [_plotly(), (templates_folder() / "review.js").read_text(encoding="utf-8")]
    )
    figures = {one.name: one.figure | {"height": one.height} for one in charts}
    fields = shared(review, rows=rows, findings=FINDINGS, appearance=appearance)
    return Page(
        **(fields | {"logo": trusted(appearance.logo) if appearance.logo else None}),
        charts={one.name: replace(one, picture=trusted(one.picture)) for one in charts},
        on_paper=on_paper,
        style=trusted((templates_folder() / "review.css").read_text(encoding="utf-8")),
        light=trusted(as_style(appearance.light)),
        dark=trusted(as_style(appearance.dark)),
        scripts=tuple(trusted(script) for script in scripts),
        data=data_island(
            {"figures": figures, "palettes": {"light": asdict(appearance.light), "dark": asdict(appearance.dark)}}
        ),
        policy=trusted(_policy(scripts)),
    )


def _policy(scripts: list[str]) -> str:
    """Return the content security policy: nothing is fetched, and only these very scripts run."""
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{one}'" for one in hashes) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    # An HTML parser ends a script at its first "</script", which the library holds inside a string.
    text: str = get_plotlyjs()
    return text.replace("</script", "<\\/script")
