"""What do `run`, `calendar` and `sign` do? Each body calls the library once and prints what it says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping

from audit_reports import clock
from audit_reports.delivery.agenda import Task, tasks
from audit_reports.delivery.calendar import calendar, frame, wrong
from audit_reports.delivery.deliver import Office, deliver, tell_of_landing
from audit_reports.delivery.history import title_of
from audit_reports.delivery.ready import ready_files
from audit_reports.delivery.sign import Decision, sign
from audit_reports.delivery.smtp import login_of
from audit_reports.errors import AuditReportsError, UsageError, reason
from audit_reports.ingest_command import ingest
from audit_reports.invocation import Run, say
from audit_reports.outputs.formats import plain
from audit_reports.outputs.review_summary import counted
from audit_reports.store import Store


def run_due(run: Run) -> int:
    """Land what the configuration names, then make and mail every review that is due and not yet done."""
    if run.arguments.ready is not None:
        sys.stdout.write("\n".join(ready_files(run.arguments.ready).values()))
        return 0
    if run.arguments.check:
        return _check(run)
    if not run.config.ingest and not run.config.plans:
        raise UsageError("nothing to do: the configuration has no [[ingest]] and no [[review]]")
    is_dry = run.arguments.dry_run
    if not run.config.plans:
        return 0 if is_dry else ingest(run)
    store = Store(run.store) if is_dry else Store.create(run.store)
    code = 0 if is_dry else _land(run, store)
    office = _office(run, store)
    to_do, left_out = tasks(store, run.config.plans, timezone=run.timezone, now=office.now)
    # A run that makes nothing would say it every hour.
    begun = {task.due.plan.name for task in to_do if not task.waiting}
    for plan in run.config.plans:
        if (number := left_out.get(plan.name)) and (is_dry or plan.name in begun):
            are = counted(number, "older period is", "older periods are")
            say(f"{plan.name}: {are} not made, for catch_up is {plan.catch_up}")
    if not to_do:
        say("no review is due")
    for task in to_do:
        if is_dry:
            say(_would_be(task))
            continue
        outcome = deliver(office, task)
        say(f"{outcome.review}: {outcome.what}" + (f" ({outcome.why})" if outcome.why else ""))
        code = max(code, int(outcome.is_failure))
    return code


def _office(run: Run, store: Store) -> Office:
    return Office(
        *(store, run.config.mail, login_of(os.environ), run.timezone, clock.now(), time.sleep),
        rules=run.rules(),
        appearance=run.appearance(),
    )


def _land(run: Run, store: Store) -> int:
    """Land what the configuration names; where that fails no review is made of what is not whole, and its owner is told."""
    if not run.config.ingest:
        return 0
    try:
        return ingest(run)
    except BrokenPipeError:
        raise  # what was to land has landed, and only the reader of its books is gone
    except (AuditReportsError, OSError) as error:
        tell_of_landing(_office(run, store), reason(error))
        raise


def _would_be(task: Task) -> str:
    """Return what a run would do about one form of a review."""
    title = title_of(task.due.review, task.amendment)
    if task.waiting:
        return f"{title}: would be sent to {', '.join(task.waiting)}"
    mailed = f"mailed to {', '.join(task.due.plan.recipients) or 'nobody'}"
    if not task.late:
        return f"{title}: would be made and {mailed}"
    events = sum(one.events for one in task.late)
    landings = ", ".join(dict.fromkeys(str(one.landing) for one in task.late))
    return f"{title}: would be made, for {events:,} late events in landing {landings}, and {mailed} if it matters"


def _check(run: Run) -> int:
    """Say what somebody must look at, a line each, and exit 1 where there is anything."""
    store = Store(run.store)
    lines = wrong(store, run.config.plans, timezone=run.timezone, now=clock.now())
    sys.stdout.writelines(f"{plain(line)}\n" for line in lines)
    return 1 if lines else 0


def show_calendar(run: Run) -> int:
    """Print each due period of each review, and what became of it."""
    if not run.config.plans:
        raise UsageError("the configuration has no [[review]], so that no period is ever due")
    days = calendar(run.opened(), run.config.plans, timezone=run.timezone, now=clock.now())
    limit = run.arguments.limit
    if limit is not None and limit < 0:
        raise UsageError("--limit must be a whole number, zero or more")
    shown = days if limit is None else days[max(0, len(days) - limit) :]
    table = frame(shown)
    on_screen = run.format == "table" and run.out is None
    run.write(
        table.select("review", "due_at", "state", "reason", "made_at", "mailed_at", "signed_by") if on_screen else table
    )
    if len(shown) < len(days):
        say(f"showing {len(shown):,} of {len(days):,}")
    return 0


def sign_review(run: Run) -> int:
    """Record who reviewed a review and what they decided."""
    arguments = run.arguments
    decisions = [Decision.parse(text) for text in arguments.decide]
    signed = sign(run.opened(), arguments.review, decisions=decisions, note=arguments.note, now=clock.now())
    after = f", {signed.after_mail} after its mail" if signed.after_mail is not None else ""
    sys.stdout.write(f"signed by {signed.entry.user}: journal entry {signed.entry.number}{after}\n")
    for line in signed.warnings:
        say(f"warning: {line}")
    return 0


REVIEWING: Mapping[str, Callable[[Run], int]] = {"run": run_due, "calendar": show_calendar, "sign": sign_review}
