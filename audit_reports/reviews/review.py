"""What is a review? The activity of one period as a document: every number with the filter and the query behind it.

A review holds plain values and frames; how it looks is the outputs' matter. It reads no clock: the same store as of the
same landing, the same period and filter give the same review.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import narwhals as nw

from audit_reports.activity import by
from audit_reports.always_shown import always_shown, shown
from audit_reports.findings import find, findings_table
from audit_reports.findings.evidence import Evidence
from audit_reports.findings.exceptions import Hidden, Rules, sift
from audit_reports.findings.finding import Finding
from audit_reports.past import Past, by_clock, by_kind, by_place
from audit_reports.quarters import by_hour, by_quarter
from audit_reports.readers import Readers, readers
from audit_reports.reviews.actors import actors_table
from audit_reports.reviews.amendment import Amendment
from audit_reports.reviews.carried import Carried
from audit_reports.reviews.categories import categories_table
from audit_reports.reviews.figures import Figure, count_figures, figures_table
from audit_reports.reviews.locations import locations_table
from audit_reports.trust import Trust, look, trust_table

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.filter import Filter
    from audit_reports.log import AuditLog
    from audit_reports.period import Period

Ask = Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]]


NO_RULES = Rules()
"""The checks' own thresholds, and no exception."""


@dataclass(frozen=True)
class Provenance:
    """How one table of the review was computed, so that anybody can compute it again."""

    table: Annotated[str, "the table's name, as in tables/NAME.csv"]
    title: Annotated[str, "what it counts, for people"]
    sentence: Annotated[str, "the filter with the period, in English"]
    filter_json: Annotated[str, "the same filter as canonical JSON"]
    filter_hash: Annotated[str, "the SHA-256 of that JSON"]
    landing: Annotated[int, "the landing that it sees"]
    sql: Annotated[str, "the query over `events`, the filtered events, that gives its numbers"]
    command: Annotated[str | None, "a command line that prints the same numbers; None where no command does"]


@dataclass(frozen=True)
class Review:
    """One review: what it is about, what it may be trusted for, its tables, and how each was computed."""

    id: Annotated[str, "NAME-PERIOD, as activity-2026-W10"]
    name: Annotated[str, "the review's name: activity unless configured"]
    period: Annotated[Period, "the period, with UTC bounds and its timezone"]
    before: Annotated[Period, "the period that changes are measured against"]
    workspaces: Annotated[tuple[str, ...], "the workspaces that the events name, most events first"]
    filter_sentence: Annotated[str, "the user's filter in English, without the period"]
    filter_json: Annotated[str, "the same as canonical JSON"]
    filter_hash: Annotated[str, "the SHA-256 of that JSON"]
    filter_flags: Annotated[str, "command-line flags of the user's filter; empty where it filters nothing"]
    filter_is_empty: Annotated[bool, "whether the user's filter lets everything through"]
    rules_json: Annotated[str, "the thresholds and exceptions that findings were judged by, as canonical JSON"]
    rules_hash: Annotated[str, "the SHA-256 of that JSON"]
    landing: Annotated[int, "the landing that the review sees; later ones change nothing in it"]
    journal_entry: Annotated[int, "up to which entry it tells what the journal says; 0 for an empty one"]
    trust: Annotated[Trust, "what was read, and what may be missing"]
    findings: Annotated[tuple[Finding, ...], "what needs attention, worst first"]
    hidden: Annotated[tuple[Hidden, ...], "what exceptions hide, each with the decision"]
    figures: Annotated[tuple[Figure, ...], "the numbers that matter, against the period before"]
    actors: Annotated[
        pl.DataFrame, "by actor: role, type, change, what is new, off hours, nine periods; null is an unknown actor"
    ]
    categories: Annotated[pl.DataFrame, "by category and action, with change, also those that stopped, nine periods"]
    locations: Annotated[
        pl.DataFrame, "by location and country, with change and who is new there; null where the event does not say"
    ]
    hours: Annotated[pl.DataFrame, "events by local day and hour"]
    hours_before: Annotated[pl.DataFrame, "the same of the period before"]
    always_shown: Annotated[pl.DataFrame, "the events that a reviewer should always see, oldest first"]
    readers: Annotated[Readers, "who read the audit data in the period, and who was refused"]
    provenance: Annotated[tuple[Provenance, ...], "how each table was computed, in the order of the tables"] = field(
        default=()
    )
    carried: Annotated[tuple[Carried, ...], "what is open of earlier reviews, worst and oldest first"] = ()
    amendment: Annotated[Amendment | None, "what is different from the form before; None in a review's first form"] = (
        None
    )

    @property
    def tables(self) -> Mapping[str, pl.DataFrame]:
        """The tables by name, each with flat columns, in the order in which they are written."""
        return {
            "figures": figures_table(self.figures),
            "trust": trust_table(self.trust),
            "findings": findings_table(self.findings),
            "actors": self.actors,
            "categories": self.categories,
            "locations": self.locations,
            "always_shown": self.always_shown,
            "reads": self.readers.table,
        }

    @property
    def still_open(self) -> tuple[Carried, ...]:
        """What is open of earlier reviews and not among this one's own findings."""
        return tuple(one for one in self.carried if not one.is_found_again)

    def figure(self, name: str) -> Figure:
        """Return a figure by its name."""
        return next(one for one in self.figures if one.name == name)


def make_review(
    log: AuditLog,
    period: Period,
    *,
    name: str = "activity",
    rules: Rules = NO_RULES,
    carried: Sequence[Carried] = (),
    journal_entry: int | None = None,
) -> Review:
    """Make the review of a period, of what the log's filter lets through, as of the log's landing.

    `rules` are thresholds and exceptions of findings, `carried` what is open of earlier reviews. What the journal says is
    told up to `journal_entry`, that of the log's landing unless given.
    `period` and `log` should share a timezone, whose days and hours the review shows; the period's is used. A period
    without events gives a review that says why. Raises `FailureError` where the store cannot be read.
    """
    seen = log.unrecorded()  # the review is one read, and not each of its questions
    everything = seen.whole(timezone=period.timezone)
    chosen = everything.narrowed(log.where)
    before = period.before()
    now = chosen.filter(since=period.since, until=period.until)
    both = chosen.filter(since=before.since, until=period.until)
    landings = log.landings()
    always = always_shown({feed for landing in landings for feed in landing.feeds})
    quarters = both.collect(by_quarter(both.frame()))
    past = Past(chosen, period, always)
    figures = count_figures(past)
    matched = next(figure.value or 0 for figure in figures if figure.name == "events")
    trust = look(seen, everything, period, matched=matched)
    found = find(Evidence(past, trust), rules.thresholds)
    told, hidden = sift(chosen, found, rules.exceptions, on=period.days[-1])
    log.record(f"review {name}-{period.name}", rows=matched)
    entry = (landings[-1].entry if landings else 0) if journal_entry is None else journal_entry
    return Review(
        id=f"{name}-{period.name}",
        name=name,
        period=period,
        before=before,
        workspaces=tuple(row for row in now.by("workspace")["workspace"] if row is not None),
        filter_sentence=log.where.sentence(),
        filter_json=log.where.as_json(),
        filter_hash=log.where.hash,
        filter_flags=log.where.flags(),
        filter_is_empty=log.where.is_empty,
        rules_json=rules.as_json(),
        rules_hash=rules.hash,
        landing=log.landing,
        journal_entry=entry,
        trust=trust,
        findings=tuple(told),
        hidden=tuple(hidden),
        carried=_still(carried, told, hidden),
        figures=figures,
        actors=actors_table(past),
        categories=categories_table(past),
        locations=locations_table(past),
        hours=by_hour(quarters, period),
        hours_before=by_hour(quarters, before),
        always_shown=now.collect(shown(now.frame(), always)),
        readers=readers(log, period, entry=entry),
        provenance=_provenance(past, now),
    )


def _still(carried: Sequence[Carried], told: Sequence[Finding], hidden: Sequence[Hidden]) -> tuple[Carried, ...]:
    """Return what is still open, but for what an exception hides by now; what was found again is marked."""
    expected, again = {one.finding.id for one in hidden}, {one.id for one in told}
    return tuple(replace(one, is_found_again=one.finding in again) for one in carried if one.finding not in expected)


def _provenance(past: Past, now: AuditLog) -> tuple[Provenance, ...]:
    from audit_reports.engines.duckdb import query_texts

    with query_texts() as text_of:
        return _computed(past, now, text_of)


def _computed(past: Past, now: AuditLog, text_of: Callable[[Ask], str]) -> tuple[Provenance, ...]:
    period = past.period

    def of(table: str, title: str, ask: Ask, command: str | None = None, view: AuditLog = now) -> Provenance:
        where = view.where
        line = None if command is None else command_line(command, view.where, landing=view.landing)
        says = where.sentence(), where.as_json(), where.hash
        return Provenance(table, title, *says, view.landing, text_of(ask), line)

    def counted(*dimensions: str) -> Ask:
        return lambda events: by(events, dimensions, timezone=period.timezone)

    whole = past.view(past.cuts[-1])
    nine = past.view(past.periods[-1].since)
    return (
        of(
            "figures", "Kinds of events by actor, now and before", lambda events: by_kind(events, past.cuts), view=whole
        ),
        of("figures", "Places by actor, now and before", lambda events: by_place(events, past.cuts), view=whole),
        of(
            "figures",
            "Hours of people, in nine periods",
            lambda events: by_clock(events, past.cuts, timezone=period.timezone),
            view=nine,
        ),
        of("actors", "Activity by actor", counted("actor"), "summary --by actor"),
        of(
            "categories",
            "Activity by category and action",
            counted("category", "action"),
            "summary --by category,action",
        ),
        of("locations", "Activity by location", counted("location", "country"), "summary --by location,country"),
        of("always_shown", "Events that are always shown", lambda events: shown(events, past.always)),
    )


def command_line(command: str, where: Filter, *, landing: int) -> str | None:
    """Return the command line that runs through the same filter, or None where its flags cannot say it."""
    import shlex

    from audit_reports.filter import Filter

    flags = where.flags()
    words = shlex.split(flags)
    given: dict[str, list[str]] = {}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        given.setdefault(flag.removeprefix("--").replace("-", "_"), []).append(value)
    single = {"from": "since", "to": "until", "search": "search", "where": "where"}
    options: dict[str, Any] = {single.get(name, name): of[0] if name in single else of for name, of in given.items()}
    said = Filter.of(timezone=where.timezone, **options)
    if said.hash != where.hash:
        return None
    return f"audit-reports {command} {flags} --timezone {where.timezone} --as-of {landing}"
