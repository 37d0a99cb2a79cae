"""What happened in the worst night? An admin's account was used from a city where nobody works."""

from __future__ import annotations

from datetime import datetime, timedelta

from audit_reports.sample.people import CITIES, PEOPLE, Actor, Place
from audit_reports.sample.truth import Incident
from audit_reports.sample.world import Event, Resource, World, member

_INTRUDER = Place("192.0.2.66", CITIES["hanoi"], "python-requests/2.28.1")
_COPIED = 9
_CHATS = 14


def worst_night(world: World, at: datetime) -> Incident:
    """Play the night: tries, a key made and deleted, a helper raised, a way out built, traces removed."""
    marta, helper, owner = PEOPLE["marta.vidal"], PEOPLE["paul.richter"], PEOPLE["ana.ruiz"]
    events: list[Event] = []

    def step(
        minutes: float,
        actor: Actor,
        category: str,
        action: str,
        resource: Resource,
        *,
        role: tuple[str, str] | None = None,
        source: str = "App",
        outcome: str = "success",
    ) -> None:
        moment = at + timedelta(minutes=minutes)
        changes = {"role": list(role)} if role else None
        event = world.record(
            moment,
            actor,
            category,
            action,
            resource,
            changes=changes,
            source=source,
            outcome=outcome,
            place=_INTRUDER,
        )
        events.append(event)

    northwind = Resource("Organization", "org_1", "Northwind")
    for number in range(3):
        step(number * 0.7, marta, "Organization", "Transferred", northwind, outcome="failure")
    step(4.6, marta, "Members", "Role Changed", member(owner), role=("Owner", "Member"), outcome="failure")

    backup = Resource("API Key", world.new_id("key"), "backup-sync")
    step(6.2, marta, "API Keys", "Created", backup)
    key = Actor(backup.id, backup.name, "api_key", _INTRUDER, _INTRUDER)
    copied = world.rng.sample(world.live["Assistants"], _COPIED)
    for number, original in enumerate(copied):
        step(7.5 + number * 0.4, key, "Assistants", "Duplicated", original, source="API")
    step(12.7, marta, "API Keys", "Deleted", backup)

    step(24.1, marta, "Members", "Role Changed", member(helper), role=("Editor", "Admin"))
    world.roles[helper.id] = "Admin"
    relay = Resource("Integration", world.new_id("int"), "Webhook relay")
    step(31.8, marta, "Integrations", "Created", relay)
    bucket = Resource("Connection", world.new_id("con"), "s3-export on 192.0.2.80")
    step(36.3, marta, "Connections", "Created", bucket)
    step(41.0, marta, "Connections", "Updated", bucket)

    report = Resource("API Key", world.new_id("key"), "tmp-report")
    step(58.4, helper, "API Keys", "Created", report)
    forward = Resource("Action", world.new_id("act"), "Send transcript to relay")
    step(63.9, helper, "Actions", "Created", forward)
    for number in range(_CHATS):
        chat = Resource("Chat", world.new_id("cht"), f"Chat {world.rng.randrange(10_000, 99_999)}")
        step(85 + number * 0.3, helper, "Conversations", "Chat Deleted", chat, source="API")

    step(118.2, helper, "Connections", "Deleted", bucket)
    step(121.7, helper, "Integrations", "Disabled", relay)
    step(122.5, helper, "Integrations", "Deleted", relay)
    step(139.0, helper, "API Keys", "Deleted", report)
    step(146.5, marta, "Members", "Role Changed", member(helper), role=("Admin", "Editor"))
    world.roles[helper.id] = "Editor"

    return Incident(
        name="worst_night",
        title="A night-time admin from a new country",
        sentence="Marta Vidal's account, never used outside Spain, works from Hanoi at night: it creates an "
        "API key, copies nine assistants with it, deletes it within seven minutes, raises a helper to "
        "Admin, builds a way out through a webhook and a bucket, and removes the traces.",
        actor=marta.label,
        since=at,
        until=datetime.fromisoformat(events[-1]["occurred_at"]),
        event_ids=tuple(event["id"] for event in events),
        facts={
            "country": "VN",
            "ip": _INTRUDER.ip,
            "actors": [marta.label, helper.label, key.label],
            "short_lived_keys": [backup.name, report.name],
            "raised_and_lowered": helper.label,
        },
    )
