"""What became of each review? Read from the journal: claimed, made, amended, mailed, failed, signed.

A review that is made by itself leaves entries of these kinds, each with `review`, its id:
`claim`   one run says that it is at it, until `expires`; the claim ends where it was mailed or failed, or made for nobody
`review`  it was made: landing, files with their SHA-256, `amendment` (0 for the first), whom it is for, its Message-ID
`mailed`  what the mail server answered: accepted, refused, waiting, and whether it rejected the message itself
`missed`  its mail was given up, for the server had rejected it for too long: for whom, with its answer
`failed`  it could not be made or mailed, and why
`signed`  somebody reviewed it
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit_reports.journal import Entry, Journal

KINDS = ("claim", "review", "mailed", "missed", "failed", "signed")


@dataclass(frozen=True)
class History:
    """What the journal says of one review, oldest first; nothing at all for one that was never begun."""

    entries: tuple[Entry, ...] = ()

    @property
    def made(self) -> tuple[Entry, ...]:
        """The review as it was first made by itself, then its amendments."""
        return tuple(one for one in self.entries if one.kind == "review" and "amendment" in one.facts)

    @property
    def newest(self) -> Entry | None:
        """The newest form of the review, None where it was not made."""
        return self.made[-1] if self.made else None

    @property
    def signed(self) -> Entry | None:
        """The newest signature, None where there is none, or where the review was amended after it."""
        newest = self._last("signed")
        return newest if newest and self.newest and newest.number > self.newest.number else None

    @property
    def failed(self) -> Entry | None:
        """The newest failure, None where something went well after it."""
        newest, well = self._last("failed"), self._last("mailed", "review")
        return newest if newest and (well is None or newest.number > well.number) else None

    def claimed(self, now: datetime) -> Entry | None:
        """Return the claim that is still good, None where nobody is at it."""
        newest = self._last("claim")
        if newest is None or any(_ends_claim(one) for one in self.entries if one.number > newest.number):
            return None
        return newest if datetime.fromisoformat(newest.facts["expires"]) > now else None

    def mailed(self, made: Entry) -> tuple[Entry, ...]:
        """Return what the mail server answered about one form of the review."""
        amendment = made.facts["amendment"]
        return tuple(one for one in self.entries if one.kind == "mailed" and one.facts["amendment"] == amendment)

    def waiting(self, made: Entry) -> tuple[str, ...]:
        """Return the recipients who have not got one form of the review, are not refused for good and not given up."""
        missed = self.missed(made)
        done: set[str] = set(missed.facts["recipients"]) if missed else set()
        for one in self.mailed(made):
            done |= {*one.facts["accepted"], *one.facts["refused"]}
        return tuple(one for one in made.facts["recipients"] if one not in done)

    def refused(self, made: Entry) -> dict[str, str]:
        """Return the recipients whom the server refused for good, with its words."""
        found: dict[str, str] = {}
        for one in self.mailed(made):
            found |= one.facts["refused"]
        return found

    def rejected(self, made: Entry) -> tuple[Entry, ...]:
        """Return the answers by which the server rejected the message of one form, whoever it was for, oldest first."""
        return tuple(one for one in self.mailed(made) if one.facts.get("rejected"))

    def missed(self, made: Entry) -> Entry | None:
        """Return the entry that says that the mail of one form was given up, None where it was not."""
        amendment = made.facts["amendment"]
        found = (one for one in self.entries if one.kind == "missed" and one.facts["amendment"] == amendment)
        return next(found, None)

    def mailed_at(self, made: Entry) -> datetime | None:
        """Return when one form of the review was first taken by the server, None where it never was."""
        return next((one.time for one in self.mailed(made) if one.facts["accepted"]), None)

    def _last(self, *kinds: str) -> Entry | None:
        return next((one for one in reversed(self.entries) if one.kind in kinds), None)


def _ends_claim(entry: Entry) -> bool:
    """Say whether a run that claimed a review is through with it: one that is made is still to be mailed."""
    return entry.kind in ("mailed", "failed") or (entry.kind == "review" and entry.facts.get("recipients") == [])


def histories(journal: Journal) -> dict[str, History]:
    """Return what became of every review that the journal knows, by id."""
    found: dict[str, list[Entry]] = {}
    for entry in journal.entries(*KINDS):
        found.setdefault(str(entry.facts["review"]), []).append(entry)
    return {review: History(tuple(entries)) for review, entries in found.items()}


def history_of(journal: Journal, review: str) -> History:
    """Return what became of one review."""
    return histories(journal).get(review, History())


def given_up_said(missed: Entry) -> str:
    """Return in words that the mail of a review was given up, why, and where it lies."""
    facts = missed.facts
    title, where = (of(facts["review"], int(facts["amendment"])) for of in (title_of, folder_of))
    since = datetime.fromisoformat(facts["since"])
    return (
        f"the mail of {title} to {', '.join(facts['recipients'])} was given up on {missed.time:%Y-%m-%d %H:%M} UTC: the server "
        f"has rejected it since {since:%Y-%m-%d %H:%M} UTC, {facts['tries']:,} times, and said {facts['answer']}; "
        f"it lies in the store as {where}/message.eml"
    )


def title_of(review: str, amendment: int = 0) -> str:
    """Return what people call one form of a review.

    >>> title_of("weekly-2026-W10"), title_of("weekly-2026-W10", 1)
    ('weekly-2026-W10', 'amendment 1 to weekly-2026-W10')
    """
    return f"amendment {amendment} to {review}" if amendment else review


def folder_of(review: str, amendment: int = 0) -> str:
    """Return where the store keeps a review.

    >>> folder_of("weekly-2026-W10"), folder_of("weekly-2026-W10", 1)
    ('reviews/weekly-2026-W10', 'reviews/weekly-2026-W10/amendment-1')
    """
    return f"reviews/{review}" + (f"/amendment-{amendment}" if amendment else "")
