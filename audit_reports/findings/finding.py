"""What is a finding? Something in a period that deserves a person's attention: what, why, who, when, and its events.

A check is a small class in `findings/`, one file each; `findings.find` runs them all. Checks are deterministic: they look at
stored history alone, as of the log's landing, and say nothing because of a field that events do not have.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from audit_reports.filter import Filter
from audit_reports.journal import time_text

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.findings.evidence import Evidence

Severity = Literal["high", "medium", "low"]
SHOWN = 5
"""How many of its events a finding shows; the filter gives all."""

SEVERITIES: tuple[Severity, ...] = ("high", "medium", "low")
"""Worst first."""


@dataclass(frozen=True)
class Threshold:
    """A number of a check that the configuration may set: what it is unless set, and what it means, with its unit."""

    default: float
    meaning: str


@dataclass(frozen=True)
class Shown:
    """One event of a finding, as far as a reader needs it to recognise it; the time is UTC, what is unknown is None."""

    occurred_at: Annotated[datetime, "when it happened, UTC"]
    event_id: Annotated[str, "its id"]
    event: Annotated[str, "what, as the vendor's screen names it"]
    actor: Annotated[str | None, "who"]
    resource: Annotated[str | None, "to what"]
    source: Annotated[str | None, "through what"]
    ip: Annotated[str | None, "from which address"]
    country: Annotated[str | None, "from which country, ISO alpha-2"]
    city: Annotated[str | None, "from which city"]


@dataclass(frozen=True)
class Finding:
    """One finding; its times are UTC, `until` is that of its last event (or the end of a silence)."""

    finding: Annotated[str, "the check that found it, as the configuration names it"]
    severity: Annotated[Severity, "high, medium or low"]
    actor: Annotated[str | None, "who; None where nobody stands behind it"]
    sentence: Annotated[str, "what happened, in one sentence"]
    reason: Annotated[str, "why that is unusual: its number beside its baseline"]
    since: Annotated[datetime, "the time of its first event"]
    until: Annotated[datetime, "the time of its last event"]
    where: Annotated[Filter, "the filter that gives its events, and no others"]
    advice: Annotated[str, "what to do next"]
    events: Annotated[int, "how many events it has"] = 0
    event_ids: Annotated[tuple[str, ...], "the ids of its events, oldest first, a thousand at most"] = ()
    shown: Annotated[tuple[Shown, ...], "its first events"] = ()

    @property
    def id(self) -> str:
        """A name of its own, the same whenever the same thing is found again: `first_country-3fa2b1`."""
        text = f"{self.finding}\0{self.actor}\0{time_text(self.since)}"
        return f"{self.finding}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"

    @property
    def order(self) -> tuple[datetime, str, str]:
        """What findings of one severity are put in order by: their first event's time, their check, who."""
        return self.since, self.finding, self.actor or ""


@dataclass(frozen=True)
class Draft:
    """A finding before its events were looked at: those of its filter, and what is said of how many there are."""

    finding: Finding
    own: Filter
    say: Callable[[int], str]

    def told(self, events: int, shown: Sequence[Shown]) -> Finding:
        """Return the finding with its events: how many there are, and the first of them."""
        return replace(
            self.finding,
            sentence=self.say(events),
            events=events,
            event_ids=tuple(one.event_id for one in shown),
            shown=tuple(shown[:SHOWN]),
        )


class Check(ABC):
    """One kind of finding. Its constants describe it; `find` looks for it in a period."""

    name: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity]
    description: ClassVar[str]
    advice: ClassVar[str]
    thresholds: ClassVar[Mapping[str, Threshold]] = {}

    @abstractmethod
    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield what is found in the evidence; `at` has a value for each threshold. Nothing found yields nothing."""

    def found(
        self,
        evidence: Evidence,
        *,
        actor: str | None,
        sentence: str | Callable[[int], str],
        reason: str,
        since: datetime,
        until: datetime,
        severity: Severity | None = None,
        actors: Sequence[str] | None = None,
        predicate: pl.Expr | None = None,
        **where: object,
    ) -> Draft:
        """Return what this check found: its events are those of the actor (or of `actors`) between two times within `where`.

        `where` are keywords of `Filter.of`; a `predicate` must hold too. A `sentence` that needs the number of events gets it.
        """
        own = evidence.where(actor=actors or actor, since=since, until=until, predicate=predicate, **where)
        finding = Finding(
            finding=self.name,
            severity=severity or self.severity,
            actor=actor,
            sentence="",
            reason=reason,
            since=since,
            until=until,
            where=evidence.log.where.also(own),
            advice=self.advice,
        )
        return Draft(finding, own, sentence if callable(sentence) else lambda _: sentence)

    def found_between(
        self,
        evidence: Evidence,
        begin: Mapping[str, Any],
        end: Mapping[str, Any],
        *,
        sentence: str,
        reason: str,
        **where: Any,
    ) -> Draft:
        """Return what a pair of events of `Evidence.pairs` shows, of one thing, by one actor or by two: all between them."""
        actors = list(dict.fromkeys(str(one["actor"]) for one in (begin, end)))
        if end["resource"]:
            where["resource"] = end["resource"]
        return self.found(
            evidence,
            actor=actors[0],
            actors=actors if len(actors) > 1 else None,
            sentence=sentence,
            reason=reason,
            since=begin["occurred_at"],
            until=end["occurred_at"],
            **where,
        )
