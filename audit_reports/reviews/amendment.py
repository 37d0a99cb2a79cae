"""What did late events change in a review? An amendment: its numbers and findings beside those of the form before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from audit_reports import __version__

if TYPE_CHECKING:
    from audit_reports.reviews.review import Review


@dataclass(frozen=True)
class Late:
    """What one landing brought of one feed, after the review was made."""

    feed: Annotated[str, "the feed"]
    landing: Annotated[int, "the landing that brought them"]
    events: Annotated[int, "how many events of the period"]


@dataclass(frozen=True)
class ChangedFigure:
    """A figure whose value is another one now."""

    name: Annotated[str, "the figure's word, as in the table figures"]
    label: Annotated[str, "its title for people"]
    before: Annotated[int | None, "its value in the form before; None as for a figure"]
    after: Annotated[int | None, "its value now"]


@dataclass(frozen=True)
class Told:
    """A finding, as far as it takes to say which one it is."""

    finding: Annotated[str, "its id"]
    severity: Annotated[str, "high, medium or low"]
    sentence: Annotated[str, "what happened"]


@dataclass(frozen=True)
class Amendment:
    """What is different in this form of a review, and why there is another form."""

    number: Annotated[int, "1 for the first amendment"]
    made_at: Annotated[datetime, "when the form before was made, UTC"]
    landing: Annotated[int, "the landing that the form before saw"]
    late: Annotated[tuple[Late, ...], "the events that have landed since, by landing and feed"]
    figures: Annotated[tuple[ChangedFigure, ...], "the figures that changed"]
    new: Annotated[tuple[Told, ...], "findings that the form before had not"]
    gone: Annotated[tuple[Told, ...], "findings of the form before that are none any more"]
    others: Annotated[tuple[str, ...], "what beside the events is not as it was then, a clause each"] = ()

    @property
    def events(self) -> int:
        """How many events have landed since."""
        return sum(one.events for one in self.late)

    @property
    def caution(self) -> str:
        """That not every change need come from the late events, and why; empty where all of them do."""
        return f"Not every change need come from them: {'; '.join(self.others)}." if self.others else ""


def amendment_of(
    review: Review, record: Mapping[str, Any], late: Sequence[Late], *, number: int, made_at: datetime
) -> Amendment:
    """Return what is different in a review against the form of which `record` is the `run.json`."""
    figures: Mapping[str, int | None] = record.get("figures", {})
    before = {str(one["finding"]): Told(one["finding"], one["severity"], one["sentence"]) for one in record["findings"]}
    now = {one.id: Told(one.id, one.severity, one.sentence) for one in review.findings}
    return Amendment(
        number=number,
        made_at=made_at,
        landing=int(record["landing"]),
        late=tuple(late),
        figures=tuple(
            ChangedFigure(one.name, one.label, figures[one.name], one.value)
            for one in review.figures
            if one.name in figures and figures[one.name] != one.value
        ),
        new=tuple(told for finding, told in now.items() if finding not in before),
        gone=tuple(told for finding, told in before.items() if finding not in now),
        others=tuple(_others(review, record)),
    )


def _others(review: Review, record: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a review is made by otherwise than the form of which `record` is the `run.json`."""
    rules = record.get("rules")
    if rules is None:
        yield "the form before has not recorded by which thresholds and exceptions it judged"
    elif rules["sha256"] != review.rules_hash:
        yield "findings are judged by other thresholds or exceptions than then"
    if record["filter"]["sha256"] != review.filter_hash:
        yield "the filter is another one than then"
    if (version := record["versions"]["audit_reports"]) != __version__:
        yield f"it is made by audit-reports {__version__}, then {version}"


def matters(amendment: Amendment, *, late_share: float) -> bool:
    """Say whether readers are to be mailed an amendment, or whether it is kept for who looks for it.

    It matters where a finding is new or gone, where events that are always shown came late, and where the late events are
    at least such a share of those that the review had; where it had none, any event is.
    """
    if amendment.new or amendment.gone or any(one.name == "always_shown" for one in amendment.figures):
        return True
    events = next((one for one in amendment.figures if one.name == "events"), None)
    had = (events.before if events else 0) or 0
    return amendment.events >= late_share * max(had, 1)
