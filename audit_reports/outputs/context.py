"""What does a template see? One object, every field documented: what all documents of a review share, and what a page adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

from audit_reports import __version__
from audit_reports.findings.finding import Finding
from audit_reports.outputs.appearance import Appearance
from audit_reports.outputs.charts import Chart
from audit_reports.outputs.palette import Palette
from audit_reports.outputs.review_summary import cautions, lead, notable, readers_said
from audit_reports.plan import SECTIONS
from audit_reports.reviews.actors import MACHINES
from audit_reports.reviews.carried import Carried
from audit_reports.reviews.review import Review, command_line

if TYPE_CHECKING:
    import polars as pl
    from markupsafe import Markup


SORTED = {"people": 1, "machines": 1, "categories": 2, "locations": 1}
"""The tables whose order a plan may change, each with how many columns are its names."""


LONGEST_COMMAND = 1500
"""A longer command than this is read by nobody, and an actor's name may be of any length."""


@dataclass(frozen=True)
class Rows:
    """The first rows of a table, as many as a document shows, and what is left."""

    rows: Annotated[tuple[dict[str, Any], ...], "each with the table's columns by name, as in tables/NAME.json"]
    more: Annotated[int, "how many rows are left out"]
    more_events: Annotated[int | None, "how many events those count; None for a table that counts none"]
    most: Annotated[int, "the most events that a row shown has, 1 at least: what bars are measured by"]


@dataclass(frozen=True)
class Attention:
    """A finding, with how to get all its events."""

    told: Annotated[Finding, "the finding"]
    carried: Annotated[Carried | None, "since when it is open, where an earlier review told it too"]
    command: Annotated[
        str | None, "the command line that prints its events; None where no flags say its filter, or too many"
    ]
    python: Annotated[str | None, "the Python that gives them; None where it is too long to be read"]


@dataclass(frozen=True)
class LeftOut:
    """A file that a mail does not carry, for it would be larger than servers take."""

    name: Annotated[str, "what it would be attached as"]
    size: Annotated[str, "how large it is, as `12.3 MB`"]
    where: Annotated[str, "where it lies"]


@dataclass(frozen=True)
class Document:
    """What every document of a review shows."""

    review: Annotated[Review, "the review itself, whole"]
    headline: Annotated[
        str, "the review in three sentences: how much, what needs attention first, whether the numbers are whole"
    ]
    notable: Annotated[tuple[str, ...], "what differs most from before, gravest first; six sentences at most"]
    cautions: Annotated[tuple[str, ...], "what makes the numbers less than whole, a sentence each"]
    readers: Annotated[str, "who read the audit data, in one sentence"]
    findings: Annotated[tuple[Attention, ...], "what needs attention, worst first, as many as the document tells"]
    tables: Annotated[
        Mapping[str, Rows],
        "people, machines, categories, locations, always_shown, on a page reads; as far as they are shown",
    ]
    sections: Annotated[
        tuple[str, ...], "the words of the sections that are shown; the rest was left out by who planned it"
    ]
    not_shown: Annotated[tuple[str, ...], "the titles of those that are left out, which a document names"]
    colors: Annotated[Palette, "the colours for a light page"]
    logo: Annotated[str | None, "the user's logo as a data: URI; None where there is none"]
    left_out: Annotated[tuple[LeftOut, ...], "what is too large to be attached to a mail; nothing in a page"]
    version: Annotated[str, "the version of audit-reports"]


@dataclass(frozen=True)
class Page(Document):
    """What `review.html` shows beside that, on a screen and on paper."""

    charts: Annotated[Mapping[str, Chart], "the pictures by name; none where the period has no events"]
    on_paper: Annotated[bool, "whether it is to be printed, and has pictures for print alone"]
    style: Annotated[Markup, "the style sheet, but for the colours"]
    light: Annotated[Markup, "the colours of a light page as variables of a style sheet, `--accent: #2f62b5;`"]
    dark: Annotated[Markup, "those of a dark page"]
    scripts: Annotated[tuple[Markup, ...], "the scripts that draw the pictures; none on paper"]
    data: Annotated[Markup, "what the scripts draw, as JSON"]
    policy: Annotated[str, "the content security policy: nothing is fetched, and only those scripts run"]


def shared(review: Review, *, rows: Mapping[str, int], findings: int, appearance: Appearance) -> dict[str, Any]:
    """Return the fields of a `Document` that shows so many rows of each table and so many findings."""
    return {
        "review": review,
        "headline": lead(review),
        "notable": tuple(notable(review)),
        "cautions": tuple(cautions(review)),
        "readers": readers_said(review),
        "findings": tuple(_attention(one, review) for one in review.findings[:findings]),
        "tables": {name: _rows(review, name, most, appearance) for name, most in rows.items()},
        "sections": appearance.sections,
        "not_shown": tuple(title for word, title in SECTIONS.items() if word not in appearance.sections),
        "colors": appearance.light,
        "logo": appearance.logo,
        "left_out": (),
        "version": __version__,
    }


def names(document: Document) -> dict[str, Any]:
    """Return what a template is given: each field under its name."""
    return {one.name: getattr(document, one.name) for one in fields(document)}


def _attention(one: Finding, review: Review) -> Attention:
    carried = next((open for open in review.carried if open.finding == one.id), None)
    command = command_line("events", one.where, landing=review.landing)
    python = f"log.narrowed(Filter.from_json({one.where.as_json()!r}))"
    return Attention(
        one, carried, *(text if text and len(text) <= LONGEST_COMMAND else None for text in (command, python))
    )


def _frame(review: Review, name: str) -> pl.DataFrame:
    """Return a table; actors are shown in two, `people` (also who is of no known type) and `machines`."""
    if name not in ("people", "machines"):
        return review.tables[name]
    is_machine = review.actors["actor_type"].is_in(MACHINES).fill_null(value=False)
    return review.actors.filter(is_machine if name == "machines" else ~is_machine)


def _rows(review: Review, name: str, most: int, appearance: Appearance) -> Rows:
    frame = _frame(review, name)
    if name in SORTED and appearance.sort == "change":
        frame = frame.sort(frame["change"].abs(), descending=True, nulls_last=True, maintain_order=True)
    elif name in SORTED and appearance.sort == "name":
        frame = frame.sort(*frame.columns[: SORTED[name]], nulls_last=True, maintain_order=True)
    shown, rest = tuple(frame.head(most).iter_rows(named=True)), frame.slice(most)
    counts = "events" in frame.columns
    return Rows(
        rows=shown,
        more=rest.height,
        more_events=int(rest["events"].sum()) if counts else None,
        most=max((row["events"] for row in shown), default=0) or 1 if counts else 1,
    )
