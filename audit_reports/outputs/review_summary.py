"""What does a review say in ten lines? The same sentences for its page, its mail and the command line.

Texts of events stand in the sentences made plain (one line, nothing that a terminal acts on); a page escapes them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from audit_reports.findings.finding import SEVERITIES
from audit_reports.outputs.chart_values import UNKNOWN, by_country
from audit_reports.outputs.formats import plain, shortened
from audit_reports.past import LOOK_BACK_DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from audit_reports.reviews.review import Review

LEAST_CHANGE = 5
MOST_TOLD = 5
LONGEST, LONGEST_NAME = 120, 80
"""How many letters of a finding's sentence, and of a name, are told: a name may be of any length, and what follows it counts."""


def headline(review: Review) -> str:
    """Return the period's activity in one sentence; for a period without events, which of the four states it is."""
    trust, kind = review.trust, review.period.kind
    if trust.state == "empty":
        return f"The filter matches none of the {counted(trust.in_period, 'event')} of this {kind}."
    if trust.state == "not collected":
        return f"No event of this {kind} was collected, although events were to be expected: a gap, not calm."
    if trust.state == "quiet":
        return f"Quiet: nothing happened in this {kind}, and nothing was to be expected."
    events, actors, countries = (review.figure(name).value or 0 for name in ("events", "actors", "countries"))
    said = f"{counted(events, 'event')} by {counted(actors, 'actor')}"
    if countries:
        said += f" from {counted(countries, 'country', 'countries')}"
    change = review.figure("events").change
    if not trust.has_past:
        return f"{said}; the log has nothing of the {kind} before to compare with."
    if not change:
        return f"{said}, as many as the {kind} before."
    return f"{said}, {abs(change):,} {'more' if change > 0 else 'fewer'} than the {kind} before."


def lead(review: Review) -> str:
    """Return a review in three sentences: how much happened, what needs attention first, and whether the numbers are whole."""
    return " ".join([headline(review), _gravest(review), _wholeness(review)])


def _gravest(review: Review) -> str:
    if not review.findings:
        return "Nothing was found that needs attention."
    first = review.findings[0]
    number = len(review.findings)
    grave = sum(one.severity == "high" for one in review.findings)
    said = "One thing needs attention" if number == 1 else f"{number:,} things need attention"
    if grave and number > 1:
        said += f", {'all' if grave == number else f'{grave:,}'} of them gravely"
    return f"{said}{': ' if number == 1 else ', first: '}{shortened(first.sentence, LONGEST)}"


def _wholeness(review: Review) -> str:
    trust, kind = review.trust, review.period.kind
    gaps = sorted({plain(feed.feed) for feed in trust.feeds if feed.gaps})
    if gaps:
        return f"The numbers are not whole: {_named(gaps)} {'was' if len(gaps) == 1 else 'were'} not collected all the time."
    if trust.is_open:
        return f"The numbers are not whole yet: the {kind} was not over when events last landed."
    if late := sum(feed.late for feed in trust.feeds):
        came = f"{counted(late, 'event')} came after the {kind} was closed"
        return f"No feed has a gap; {came}, and {'is' if late == 1 else 'are'} counted."
    if not trust.feeds:
        return "None of its feeds has brought an event in the four weeks before either."
    return f"No feed has a gap in this {kind}, and all that was read is accounted for."


def notable(review: Review) -> list[str]:
    """Return up to six sentences on what differs most from before, gravest first; none for a period without events."""
    if not review.trust.matched:
        return []
    found: list[str] = []
    if codes := review.figure("new_countries").names:
        named = ", ".join(f"{place.name} ({place.now:,})" for place in by_country(review) if place.code in codes)
        found.append(f"Events from {named}, where none came from in the {LOOK_BACK_DAYS} days before.")
    for name, sentence in (
        ("api_keys", "{} of API keys"),
        ("role_changes", "{} of somebody's role"),
    ):
        if value := review.figure(name).value:
            before = f", {review.figure(name).before or 0:,} the {review.period.kind} before" * review.trust.has_past
            found.append(sentence.format(counted(value, "change")) + before + ".")
    if review.trust.has_past:
        rows = review.categories.filter(review.categories["change"] >= LEAST_CHANGE).iter_rows(named=True)
        doubled = [row for row in rows if row["events"] >= 2 * row["before"]]
        risen = sorted(doubled, key=lambda row: (-row["change"] / (row["before"] + LEAST_CHANGE), -row["change"]))[:2]
        for row in risen:
            what = ", ".join(shortened(row[key] or UNKNOWN, LONGEST_NAME) for key in ("category", "action"))
            found.append(
                f"{what}: {counted(row['events'], 'event')}, {row['before']:,} the {review.period.kind} before."
            )
    if actors := review.figure("new_actors").names:
        found.append(f"{counted(len(actors), 'actor')} not seen in the {LOOK_BACK_DAYS} days before: {_named(actors)}.")
    return found[:6]


def attention(review: Review) -> list[str]:
    """Return a sentence for each grave finding, five at most, and how many more there are of each severity; none is said."""
    if not review.findings:
        return (["Nothing was found that needs attention."] if review.trust.matched else []) + _still_open(review)
    grave = [one for one in review.findings if one.severity == "high"][:MOST_TOLD]
    rest = Counter(one.severity for one in review.findings[len(grave) :])
    found = [shortened(one.sentence, LONGEST) for one in grave]
    if rest:
        more = ", ".join(f"{rest[severity]:,} {severity}" for severity in SEVERITIES if rest[severity])
        found.append(f"{'Further' if grave else 'What'} needs attention: {more}.")
    return found + _still_open(review)


def _still_open(review: Review) -> list[str]:
    if not review.still_open:
        return []
    oldest = max(one.days for one in review.still_open)
    overdue = sum(one.is_overdue for one in review.still_open)
    return [
        f"Still open from earlier reviews: {counted(len(review.still_open), 'finding')}, the oldest for "
        + counted(oldest, "day")
        + (f"; {overdue:,} overdue." if overdue else ".")
    ]


def cautions(review: Review) -> list[str]:
    """Return a sentence for everything that makes the numbers less than whole: gaps, late events, quarantine, an open period."""
    trust, kind = review.trust, review.period.kind
    found = []
    if trust.is_open:
        found.append(f"The {kind} was not over when events last landed; more may come.")
    for feed in trust.feeds:
        for gap in feed.gaps:
            since, until = (moment.astimezone(ZoneInfo(review.period.timezone)) for moment in (gap.since, gap.until))
            found.append(
                f"Not collected: {plain(feed.feed)} has no event from {since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}."
            )
        if feed.quiet_days and feed.events:
            found.append(
                f"Quiet: nothing of {plain(feed.feed)} on {days_said(feed.quiet_days)}, when nothing was to be expected."
            )
        if feed.late:
            found.append(
                f"Late: {counted(feed.late, 'event')} of {plain(feed.feed)} arrived after the {kind} was closed."
            )
    if not trust.has_past and trust.in_period:
        found.append(f"The log has no events of the {kind} before, so changes are not shown.")
    if trust.books.removed:
        found.append(f"Removed since by retention or an erasure: {counted(trust.books.removed, 'landed event')}.")
    if review.readers.caution:
        found.append(f"Who read the audit data is not all known: {plain(review.readers.caution)}.")
    if review.readers.refused:
        found.append(f"Refused to who is not among the readers: {counted(review.readers.refused, 'attempt')} to read.")
    if trust.books.quarantined:
        gone = trust.books.removed_lines
        found.append(
            f"{trust.books.quarantined:,} of {counted(trust.books.read, 'event')} read could not be understood; "
            + (
                f"they are kept in quarantine, but for {gone:,} that were removed since."
                if gone
                else "they are kept in quarantine."
            )
        )
    return found


def readers_said(review: Review) -> str:
    """Return in one sentence who read the audit data: so many users, nobody, or nobody as far as is known."""
    who, when = review.readers, f"in this {review.period.kind}"
    if who.until < review.period.until:
        when += f", up to {who.until:%Y-%m-%d %H:%M} UTC, the time of journal entry {review.journal_entry}"
    if who.reads:
        return f"The audit data was read {counted(who.reads, 'time')} by {counted(who.users, 'user')} {when}."
    if who.caution:
        return f"Whether anybody read the audit data {when}, is not known: {plain(who.caution)}."
    return f"Nobody read the audit data {when}."


def summary_lines(review: Review) -> list[str]:
    """Return the review in about ten lines of plain text for a terminal, without an end of line."""
    period = review.period
    workspaces = _named(review.workspaces) or "no workspace named"
    lines = [
        f"{review.id}: {period.label}, {workspaces}",
        f"{period.since:%Y-%m-%d %H:%M} to {period.until:%Y-%m-%d %H:%M} UTC, as of landing {review.landing}",
        headline(review),
    ]
    books = review.trust.books
    lines.append(
        f"Read {books.read:,} = landed {books.landed:,} + duplicates {books.duplicates:,} + quarantined {books.quarantined:,}; "
        f"matched in this {period.kind}: {review.trust.matched:,}"
    )
    return (
        lines
        + attention(review)
        + notable(review)
        + [line for line in cautions(review) if not line.startswith(f"{books.quarantined:,} of")]
    )


def counted(number: int, word: str, words: str | None = None) -> str:
    """Return a number with its word.

    >>> counted(1, "event"), counted(1200, "event")
    ('1 event', '1,200 events')
    """
    return f"{number:,} {word if number == 1 else words or word + 's'}"


def days_said(days: Sequence[date]) -> str:
    """Return some dates as text, at most seven of them."""
    named = ", ".join(day.isoformat() for day in days[:7])
    return named if len(days) <= 7 else f"{named} and {len(days) - 7:,} more days"  # noqa: PLR2004 - a week


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(plain(name)[:40] for name in names[:3])
    return shown + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")  # noqa: PLR2004 - as many as fit a line
