"""What if a name attacks its reader? Names that a browser, a sheet, a terminal or a mail would act on."""

from __future__ import annotations

from datetime import datetime, timedelta

from audit_reports.sample.people import CITIES, Actor, Place
from audit_reports.sample.truth import Incident
from audit_reports.sample.world import Event, Resource, World

HOSTILE_TEXTS: tuple[str, ...] = (
    "<script>alert(1)</script>",
    '=HYPERLINK("http://evil.example","x")',
    "\u001b[31mred",
    '"><img src=x onerror=alert(1)>',
    "Ana\r\nBcc: everyone@evil.example",
    "\u202egpj.exe",
    "N" * 3000,
    "'; DROP TABLE events; --",
    "{{ 7*7 }}",
    "+cmd|' /C calc'!A0",
    "</script><script>alert(2)</script>",
    "../../etc/passwd",
    "%s%n{0}$(id)`id`",
)
"""Each of them is an actor's name, a resource's and a user agent."""

_CREATED, _SENT = timedelta(days=40), timedelta(days=26)
"""How long before the worst week they begin: in the week that is CSV, and in one that is a JSON array."""


def hostile_names(world: World, at: datetime) -> Incident:
    """Let a stranger with each name appear, touch something with that name, and send it as a user agent."""
    events: list[Event] = []
    harmless = Resource("Assistant", world.new_id("ast"), "Visitor Desk")
    visitor = _visitor(world, "Visitor")
    for number, text in enumerate(HOSTILE_TEXTS):
        moment = at + timedelta(minutes=11 * number)
        asset = Resource("Assistant", world.new_id("ast"), text)
        agent = Place(visitor.office.ip, CITIES["madrid"], text)
        events.append(world.record(moment - _CREATED, visitor, "Assistants", "Created", asset))
        events.append(world.record(moment - _SENT, visitor, "Assistants", "Updated", harmless, place=agent))
        events.append(world.record(moment, _visitor(world, text), "Assistants", "Updated", harmless))
        events.append(world.record(moment + timedelta(minutes=4), visitor, "Assistants", "Updated", asset, place=agent))
    events.sort(key=lambda event: str(event["occurred_at"]))
    return Incident(
        name="hostile_names",
        title="Names that attack their reader",
        sentence="Visitors have names and programs that are scripts, formulas, escapes and headers.",
        actor=None,
        since=datetime.fromisoformat(events[0]["occurred_at"]),
        until=datetime.fromisoformat(events[-1]["occurred_at"]),
        event_ids=tuple(event["id"] for event in events),
        facts={"texts": list(HOSTILE_TEXTS)},
    )


def _visitor(world: World, name: str) -> Actor:
    place = Place("198.51.100.77", CITIES["madrid"], "Mozilla/5.0")
    return Actor(world.new_id("usr"), name, "human", place, place, role="Member")
