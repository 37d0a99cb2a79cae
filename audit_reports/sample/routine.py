"""What do people and machines do on an ordinary day? They build assistants, mostly, and tidy up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from types import MappingProxyType

from audit_reports.sample.people import MACHINES, PEOPLE, Actor
from audit_reports.sample.rhythm import at_home, days, machine_moments, working_moments
from audit_reports.sample.world import RESOURCE_TYPES, Changes, Event, Resource, Step, World

Habits = Mapping[tuple[str, str], float]

_BUILDING = {
    ("Assistants", "Updated"): 40.0,
    ("Assistants", "Created"): 4.0,
    ("Assistants", "Deleted"): 1.4,
    ("Assistants", "Restored"): 0.5,
    ("Assistants", "Duplicated"): 1.6,
    ("Actions", "Created"): 8.0,
    ("Actions", "Deleted"): 3.0,
    ("Actions", "Enabled"): 5.0,
    ("Actions", "Disabled"): 4.0,
    ("Integrations", "Updated"): 2.5,
    ("Connections", "Updated"): 4.0,
    ("Broadcasts", "Created"): 2.5,
    ("Broadcasts", "Deleted"): 0.8,
    ("Workflows", "Created"): 3.0,
    ("Workflows", "Deleted"): 1.0,
    ("Workflows", "Restored"): 0.3,
    ("Conversations", "Chat Deleted"): 4.0,
}
_WIRING = {
    ("Connections", "Created"): 0.9,
    ("Connections", "Deleted"): 0.5,
    ("Integrations", "Created"): 0.5,
    ("Integrations", "Deleted"): 0.25,
    ("Integrations", "Enabled"): 0.7,
    ("Integrations", "Disabled"): 0.6,
}

HABITS: Mapping[str, Habits] = MappingProxyType(
    {
        "Owner": {**_BUILDING, **_WIRING, ("Organization", "Updated"): 0.8},
        "Admin": {**_BUILDING, **_WIRING, ("Organization", "Updated"): 0.2},
        "Editor": {**_BUILDING, ("Connections", "Created"): 0.3},
        "Member": {
            ("Assistants", "Updated"): 30.0,
            ("Actions", "Enabled"): 4.0,
            ("Actions", "Disabled"): 3.0,
            ("Broadcasts", "Created"): 3.0,
            ("Conversations", "Chat Deleted"): 12.0,
        },
        "sync-bot": {
            ("Connections", "Updated"): 3.0,
            ("Assistants", "Updated"): 1.0,
            ("Integrations", "Updated"): 1.0,
        },
        "qa-bot": {("Actions", "Enabled"): 1.0, ("Actions", "Disabled"): 1.0, ("Assistants", "Updated"): 1.0},
        "privacy-bot": {("Conversations", "Chat Deleted"): 1.0},
        "ci-deploy": {
            ("Assistants", "Updated"): 6.0,
            ("Actions", "Created"): 1.0,
            ("Workflows", "Created"): 0.5,
        },
        "crm-sync": {("Connections", "Updated"): 2.0, ("Conversations", "Chat Deleted"): 1.0},
        "reporting": {("Broadcasts", "Created"): 1.0, ("Assistants", "Updated"): 1.0},
    }
)
"""What each role, and each machine, does: the relative frequency of each pair of category and action."""

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Assistants": (
            *("{} Helper", "{} Desk", "{} Concierge", "{} Triage"),
            *("{} Guide", "{} Copilot", "Ask {}", "{} Night Shift"),
        ),
        "Actions": (
            *("Look up {}", "Create {} ticket", "Escalate {}"),
            *("Send {} form", "Check {} status", "Cancel {}"),
        ),
        "Integrations": ("{} webhook", "{} mailbox", "{} calendar", "{} help desk"),
        "Connections": ("{} database", "{} CRM", "{} warehouse", "{} spreadsheet"),
        "Broadcasts": ("{} newsletter", "{} reminder", "{} survey", "{} outage notice"),
        "Workflows": ("{} onboarding", "{} follow-up", "{} approval", "{} digest"),
    }
)
_TOPICS = (
    *("Billing", "Refund", "Shipping", "Returns", "Warranty", "Onboarding", "Payroll", "Travel", "Visa"),
    *("Insurance", "Loyalty", "Subscription", "Invoice", "Delivery", "Claims", "Booking", "Catalogue"),
    *("Spare Parts", "Iberia", "Brasil", "UK & Ireland", "DACH", "India", "North America"),
)
_UPDATES: tuple[tuple[str, tuple[object, ...]], ...] = (
    ("model", ("standard", "large", "fast")),
    ("temperature", (0, 0.2, 0.4, 0.7)),
    ("language", ("en", "es", "de", "pt-BR", "hi")),
    ("greeting", ("Hello!", "¡Hola! ¿En qué puedo ayudarte?", "Guten Tag", "Olá", "नमस्ते")),
    ("knowledge_base", ("handbook-2025", "handbook-2026", None)),
)
_STOCK = {
    "Assistants": 170,
    "Actions": 120,
    "Integrations": 14,
    "Connections": 22,
    "Broadcasts": 12,
    "Workflows": 35,
}
"""How many of each exist before the first day."""


def stocked(world: World) -> World:
    """Fill the workspace with what was built before the first day, and return it."""
    for category, number in _STOCK.items():
        for _ in range(number):
            world.create(category, new_name(world, category))
    return world


def routine(world: World, first: date, last: date) -> list[tuple[datetime, Step]]:
    """Draw every ordinary thing done from `first` to `last`, as moments (UTC) and steps to take then."""
    steps: list[tuple[datetime, Step]] = []
    for day in days(first, last):
        for person in PEOPLE.values():
            work = partial(_work, person, at_home(person, day))
            steps += [(at, work) for at in working_moments(world.rng, person, day)]
        for machine in MACHINES.values():
            steps += [(at, partial(_run, machine)) for at in machine_moments(world.rng, machine, day)]
    return steps


def new_name(world: World, category: str) -> str:
    """Draw a name for a new resource, with a number where the name was used before."""
    name = world.rng.choice(_NAMES[category]).format(world.rng.choice(_TOPICS))
    used = sum(resource.name.startswith(name) for resource in world.live[category] + world.trash[category])
    return f"{name} {used + 1}" if used else name


def _work(person: Actor, day_off: bool, world: World, at: datetime) -> None:
    place = person.home if day_off or world.chance(0.15) else person.office
    source = world.rng.choices(("App", "API", "CLI", "Web Search"), (90, 4, 3, 3))[0]
    category, action = _chosen(world, HABITS[world.roles[person.id]])
    for event in act(world, at, person, category, action, source=source):
        event["ip"] = place.ip
        _thin(world, event)


def _run(machine: Actor, world: World, at: datetime) -> None:
    category, action = _chosen(world, HABITS[machine.name.lower().replace(" ", "-")])
    source = "CLI" if machine.name == "ci-deploy" else "API"
    for event in act(world, at, machine, category, action, source=source):
        _thin(world, event)


def _chosen(world: World, habits: Habits) -> tuple[str, str]:
    return world.rng.choices(list(habits), list(habits.values()))[0]


def act(world: World, at: datetime, actor: Actor, category: str, action: str, *, source: str = "App") -> list[Event]:
    """Do one ordinary thing to a resource that suits it, and return its events; a duplication has two."""
    resource = _suitable(world, category, action)
    outcome = "failure" if world.chance(0.012) else "success"
    if outcome == "success":
        _take_effect(world, category, action, resource)
    changes = _changes(world, action, resource)
    events = [world.record(at, actor, category, action, resource, changes=changes, source=source, outcome=outcome)]
    if action == "Duplicated" and outcome == "success":
        copy = world.create(category, f"{resource.name} (copy)")
        origin: Changes = {"duplicated_from": [None, resource.id]}
        later = at + timedelta(milliseconds=40)
        events.append(world.record(later, actor, category, "Duplicated From", copy, changes=origin, source=source))
    return events


def _suitable(world: World, category: str, action: str) -> Resource:
    if category == "Organization":
        return Resource("Organization", "org_1", "Northwind")
    if category == "Conversations":
        return Resource("Chat", world.new_id("cht"), f"Chat {world.rng.randrange(10_000, 99_999)}")
    if action == "Created":
        return Resource(RESOURCE_TYPES[category], world.new_id(category[:3].lower()), new_name(world, category))
    pool = world.trash[category] if action == "Restored" else world.live[category]
    if not pool:
        return world.create(category, new_name(world, category))
    # Some resources are worked on much more than others.
    return pool[int(len(pool) * world.rng.random() ** 1.6)]


def _take_effect(world: World, category: str, action: str, resource: Resource) -> None:
    if action == "Created":
        world.live[category].append(resource)
    elif action == "Deleted":
        world.delete(category, resource)
    elif action == "Restored" and resource in world.trash[category]:
        world.trash[category].remove(resource)
        world.live[category].append(resource)


def _changes(world: World, action: str, resource: Resource) -> Changes | None:
    if action in ("Enabled", "Disabled"):
        return {"enabled": [action == "Disabled", action == "Enabled"]}
    if action != "Updated" or world.chance(0.1):
        return None
    if resource.type == "Organization":
        return {"session_hours": world.rng.sample((8, 12, 24, 72), 2)}
    fields = world.rng.sample(_UPDATES, world.rng.choice((1, 1, 1, 2)))
    return {name: world.rng.sample(values, 2) for name, values in fields}


def _thin(world: World, event: Event) -> None:
    """Take away what an event of real life sometimes lacks; only four fields are promised."""
    if world.chance(0.9):
        return
    if world.chance(0.02):
        del event[world.rng.choice(("actor", "resource"))]
    for name in world.rng.sample(("location", "ip", "user_agent", "outcome", "source", "workspace"), 2):
        if name == "user_agent" and world.chance(0.3):
            event[name] = None
        else:
            event.pop(name, None)
        if name == "ip":
            event.pop("location", None)
