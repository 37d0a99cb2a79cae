"""What is there for a run to do? Reviews that are due, mails that wait, and reviews for which events have landed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from audit_reports.delivery.history import History, histories
from audit_reports.delivery.late import late_events, waited_for
from audit_reports.delivery.schedule import Due, due_periods, reach
from audit_reports.log import AuditLog
from audit_reports.plan import Plan
from audit_reports.reviews.amendment import Late
from audit_reports.store import Store


@dataclass(frozen=True)
class Task:
    """One form of a review that is to be made, or sent: the first (`amendment` 0), or one that `late` events ask for.

    Those are counted up to `landing`, which the amendment sees; None sees the newest. `waiting` are those to whom a form
    that is made is still to be sent, empty for one that is to be made.
    """

    due: Due
    amendment: int = 0
    late: tuple[Late, ...] = ()
    landing: int | None = None
    waiting: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[datetime, str, int]:
        """Oldest first."""
        return self.due.at, self.due.review, self.amendment


def tasks(store: Store, plans: Iterable[Plan], *, timezone: str, now: datetime) -> tuple[list[Task], dict[str, int]]:
    """Return what is due and not done, oldest first, and by plan how many older periods are left out for its `catch_up`."""
    known = histories(store.journal)
    since = reach(store, known)
    found: list[Task] = []
    left_out: dict[str, int] = {}
    for plan in plans:
        due = due_periods(plan, timezone=timezone, now=now, since=since)
        left_out[plan.name] = sum(not known.get(one.review, History()).made for one in due[: -plan.catch_up])
        for one in due:
            history = known.get(one.review, History())
            found += [
                Task(one, int(made.facts["amendment"]), waiting=waiting)
                for made in history.made
                if (waiting := history.waiting(made))
            ]
        found += [Task(one) for one in due[-plan.catch_up :] if not known.get(one.review, History()).made]
        found += _amendments(store, plan, due[-plan.catch_up :], known, now=now, timezone=timezone)
    return sorted(found, key=lambda task: task.order), {name: number for name, number in left_out.items() if number}


def _amendments(
    store: Store, plan: Plan, due: list[Due], known: Mapping[str, History], *, now: datetime, timezone: str
) -> list[Task]:
    newest = [(one, made) for one in due if (made := known.get(one.review, History()).newest)]
    landed = store.landings()
    lowest = min((int(made.facts["landing"]) for _, made in newest), default=None)
    if lowest is None or not landed or landed[-1].landing <= lowest:
        return []
    log = AuditLog(store, timezone=timezone)
    late = late_events(log, plan, {one.period: int(made.facts["landing"]) for one, made in newest})
    return [
        Task(one, int(made.facts["amendment"]) + 1, late[one.period], log.landing)
        for one, made in newest
        if one.period in late and waited_for(log, plan, late[one.period], now=now)
    ]
