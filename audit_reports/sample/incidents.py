"""What else went wrong at Northwind? A dozen small stories, each played at its moment by its own function."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from audit_reports.sample.hostile import hostile_names
from audit_reports.sample.night import worst_night
from audit_reports.sample.people import CITIES, MACHINES, PEOPLE, SUPPORT, Actor, Place
from audit_reports.sample.rhythm import local
from audit_reports.sample.truth import Incident
from audit_reports.sample.world import Event, Resource, Step, World, member

_MADRID, _BERLIN, _LONDON = CITIES["madrid"], CITIES["berlin"], CITIES["london"]


def incidents() -> list[tuple[datetime, Step]]:
    """Return the stories, as moments (UTC) and steps to take then, each of which returns its `Incident`."""
    return [
        (local("2026-02-05", "10:12:30.400", CITIES["austin"]), failures_then_success),
        (local("2026-02-07", "02:31:09.010", _LONDON), support_at_night),
        (local("2026-02-12", "16:30:12.250", _BERLIN), acts_after_removal),
        (local("2026-02-25", "18:11:40.800", _LONDON), role_for_an_evening),
        (local("2026-02-27", "09:40:03.330", _BERLIN), impossible_travel),
        (local("2026-03-03", "09:00:00", _MADRID), hostile_names),
        (local("2026-03-04", "01:41:17.900", _MADRID), worst_night),
        (local("2026-03-06", "15:02:11.070", CITIES["bengaluru"]), mass_deletion),
        (local("2026-03-17", "13:20:45.600", _LONDON), key_on_a_second_network),
        (local("2026-03-18", "23:05:31.480", CITIES["austin"]), dormant_account),
        (local("2026-03-19", "12:15:00.150", _MADRID), promoted),
        (local("2026-03-21", "17:04:52.700", _MADRID), weekend_domain),
        (local("2026-03-26", "16:10:08.900", CITIES["barcelona"]), leaving_spree),
    ]


def told(name: str, title: str, sentence: str, actor: Actor, events: Sequence[Event], **facts: Any) -> Incident:
    """Return the incident that these events, in the order of their times, make."""
    return Incident(
        name=name,
        title=title,
        sentence=sentence,
        actor=actor.label,
        since=datetime.fromisoformat(events[0]["occurred_at"]),
        until=datetime.fromisoformat(events[-1]["occurred_at"]),
        event_ids=tuple(event["id"] for event in events),
        facts=facts,
    )


def failures_then_success(world: World, at: datetime) -> Incident:
    """Seventeen refused tries to create an API key, then one that works."""
    actor = PEOPLE["grace.kim"]
    events = []
    for number, outcome in enumerate(["failure"] * 17 + ["success"]):
        moment = at + timedelta(seconds=number * 13 + world.rng.random())
        key = Resource("API Key", world.new_id("key"), "quick-export")
        events.append(world.record(moment, actor, "API Keys", "Created", key, source="API", outcome=outcome))
    return told(
        "failures_then_success",
        "Seventeen failures before a success",
        "Grace Kim, a Member, is refused an API key seventeen times within four minutes, and then gets it.",
        actor,
        events,
        failures=17,
    )


def support_at_night(world: World, at: datetime) -> Incident:
    """The vendor's staff changes the workspace on a Saturday night."""
    northwind = Resource("Organization", "org_1", "Northwind")
    assistants = world.rng.sample(world.live["Assistants"], 4)
    events = [world.record(at, SUPPORT, "Organization", "Updated", northwind, changes={"audit_days": [365, 90]})]
    for number, assistant in enumerate(assistants, start=1):
        events.append(world.record(at + timedelta(minutes=3 * number), SUPPORT, "Assistants", "Updated", assistant))
    return told(
        "support_at_night",
        "The vendor's staff at work on a weekend night",
        "Invent Support shortens the audit retention and edits four assistants in the night to a Saturday.",
        SUPPORT,
        events,
    )


def acts_after_removal(world: World, at: datetime) -> Incident:
    """A member is removed; the same evening and two days later the account still acts."""
    actor, owner = PEOPLE["leo.fischer"], PEOPLE["ana.ruiz"]
    removal = world.record(at, owner, "Members", "Removed", member(actor))
    assistant = world.rng.choice(world.live["Assistants"])
    chat = Resource("Chat", world.new_id("cht"), "Chat 70417")
    acts = [
        (timedelta(hours=4, minutes=41), "Assistants", "Updated", assistant),
        (timedelta(hours=4, minutes=44), "Assistants", "Duplicated", assistant),
        (timedelta(hours=5, minutes=2), "Conversations", "Chat Deleted", chat),
        (timedelta(days=1, hours=6), "Assistants", "Updated", assistant),
        (timedelta(days=1, hours=30), "Assistants", "Updated", assistant),
    ]
    events = [
        world.record(at + after, actor, category, action, resource, source="API", place=actor.home)
        for after, category, action, resource in acts
    ]
    return told(
        "acts_after_removal",
        "A removed member who still acts",
        "Leo Fischer is removed by Ana Ruiz, and five more events carry his name in the two days after.",
        actor,
        events,
        removed_at=removal["occurred_at"],
        removal=removal["id"],
        removed_by=owner.label,
    )


def role_for_an_evening(world: World, at: datetime) -> Incident:
    """A role is raised after hours and lowered again before midnight."""
    actor, raised = PEOPLE["ben.okoro"], PEOPLE["chloe.evans"]
    evening = ((timedelta(), ["Member", "Owner"]), (timedelta(hours=4, minutes=22), ["Owner", "Member"]))
    events = [
        world.record(at + after, actor, "Members", "Role Changed", member(raised), changes={"role": list(roles)})
        for after, roles in evening
    ]
    return told(
        "role_for_an_evening",
        "A role raised and lowered the same evening",
        "Ben Okoro makes Chloe Evans an Owner at ten past six and a Member again before eleven.",
        actor,
        events,
        member=raised.label,
        roles=["Member", "Owner", "Member"],
    )


def impossible_travel(world: World, at: datetime) -> Incident:
    """The same account in Berlin and, less than an hour later, in São Paulo."""
    actor = PEOPLE["hannah.weiss"]
    away = Place("203.0.113.150", CITIES["sao_paulo"], actor.office.user_agent)
    events = []
    for minutes, place in ((0, actor.office), (7, actor.office), (44, away), (52, away), (58, away)):
        assistant = world.rng.choice(world.live["Assistants"])
        moment = at + timedelta(minutes=minutes)
        events.append(world.record(moment, actor, "Assistants", "Updated", assistant, place=place))
    return told(
        "impossible_travel",
        "Two continents within an hour",
        "Hannah Weiss works in Berlin, and thirty-seven minutes later in São Paulo.",
        actor,
        events,
        countries=["DE", "BR"],
    )


def mass_deletion(world: World, at: datetime) -> Incident:
    """Forty assistants gone in ten minutes."""
    actor = PEOPLE["dev.patel"]
    events = []
    for number, assistant in enumerate(world.rng.sample(world.live["Assistants"], 40)):
        world.delete("Assistants", assistant)
        moment = at + timedelta(seconds=number * 14.9 + world.rng.random() * 5)
        events.append(world.record(moment, actor, "Assistants", "Deleted", assistant))
    return told(
        "mass_deletion",
        "Forty assistants deleted in ten minutes",
        "Dev Patel deletes forty assistants on a Friday afternoon, in less than ten minutes.",
        actor,
        events,
        deleted=40,
    )


def key_on_a_second_network(world: World, at: datetime) -> Incident:
    """A key that always worked from one address is used from another one."""
    actor = MACHINES["ci-deploy"]
    second = Place("192.0.2.140", None, "curl/7.61.1")
    events = []
    for number in range(9):
        assistant = world.rng.choice(world.live["Assistants"])
        moment = at + timedelta(minutes=2.3 * number)
        events.append(world.record(moment, actor, "Assistants", "Updated", assistant, source="API", place=second))
    return told(
        "key_on_a_second_network",
        "An API key on a second network",
        "The key ci-deploy, used from one address for ten weeks, updates nine assistants from another.",
        actor,
        events,
        ips=[actor.office.ip, second.ip],
    )


def dormant_account(world: World, at: datetime) -> Incident:
    """An account that was silent for two months wakes at night."""
    actor = PEOPLE["victor.hale"]
    events = []
    for number in range(24):
        assistant = world.rng.choice(world.live["Assistants"])
        moment = at + timedelta(seconds=41 * number)
        events.append(world.record(moment, actor, "Assistants", "Updated", assistant, source="CLI", place=actor.home))
    return told(
        "dormant_account",
        "A dormant account wakes",
        "Victor Hale, silent since mid-January, updates assistants twenty-four times around midnight.",
        actor,
        events,
        silent_since=actor.left.isoformat(),
    )


def promoted(world: World, at: datetime) -> None:
    """The promotion that `weekend_domain` rests on; no incident by itself."""
    irene = PEOPLE["irene.castro"]
    world.record(
        at,
        PEOPLE["marta.vidal"],
        "Members",
        "Role Changed",
        member(irene),
        changes={"role": ["Member", "Editor"]},
    )
    world.roles[irene.id] = "Editor"


def weekend_domain(world: World, at: datetime) -> Incident:
    """Two days after a promotion, a domain and a sender address appear on a Saturday."""
    actor = PEOPLE["irene.castro"]
    made = (("Domain", "northwind-care.example"), ("Email Domain", "northwind-care.example"),
            ("Email Identity", "billing@northwind-care.example"))  # fmt: skip
    events = []
    for number, (kind, name) in enumerate(made):
        resource = Resource(kind, world.new_id("dom"), name)
        moment = at + timedelta(minutes=6.5 * number)
        events.append(world.record(moment, actor, "Domains", f"{kind} Created", resource, place=actor.home))
    return told(
        "weekend_domain",
        "A domain and a sender address added on a Saturday",
        "Irene Castro, an Editor for two days, adds a look-alike domain and a billing address on it.",
        actor,
        events,
        domain="northwind-care.example",
    )


def leaving_spree(world: World, at: datetime) -> Incident:
    """Chats are deleted by the dozen, then the account leaves."""
    actor = PEOPLE["nuria.soler"]
    events = []
    for number in range(86):
        chat = Resource("Chat", world.new_id("cht"), f"Chat {world.rng.randrange(10_000, 99_999)}")
        moment = at + timedelta(seconds=17 * number + world.rng.random() * 9)
        events.append(world.record(moment, actor, "Conversations", "Chat Deleted", chat))
    events.append(world.record(at + timedelta(minutes=41), actor, "Members", "Left", member(actor)))
    return told(
        "leaving_spree",
        "A chat-deletion spree before leaving",
        "Nuria Soler deletes eighty-six chats in twenty-five minutes and leaves a quarter of an hour later.",
        actor,
        events,
        deleted=86,
    )
