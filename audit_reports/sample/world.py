"""What exists in the workspace at a moment, and how does an event of the `invent` feed come into being?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from audit_reports.sample.people import MACHINES, PEOPLE, WORKSPACE, Actor, Place
from audit_reports.sample.truth import Incident, stamp

Event = dict[str, Any]
Changes = dict[str, list[Any]]
Step = Callable[["World", datetime], Incident | None]

RESOURCE_TYPES = {
    "Assistants": "Assistant",
    "Actions": "Action",
    "Integrations": "Integration",
    "Connections": "Connection",
    "Broadcasts": "Broadcast",
    "Workflows": "Workflow",
    "Conversations": "Chat",
    "API Keys": "API Key",
    "Members": "Member",
    "Organization": "Organization",
    "Domains": "Domain",
}
"""What a category's events act on."""

_ID_PREFIXES = {"Assistant": "ast", "Action": "act", "API Key": "key", "Chat": "cht", "Member": "usr"}


@dataclass(frozen=True)
class Resource:
    """Something that can be acted on."""

    type: str
    id: str
    name: str


def member(person: Actor) -> Resource:
    """Return a person as the resource of an event about them."""
    return Resource("Member", person.id, person.name)


@dataclass
class World:
    """The workspace as it goes through its weeks: all that is drawn comes from `rng`, in the order of time.

    `events` grows by one with every `record`; `live` and `trash` hold the resources by category.
    """

    rng: Random
    events: list[Event] = field(default_factory=list)
    roles: dict[str, str] = field(default_factory=dict)
    live: defaultdict[str, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    trash: defaultdict[str, list[Resource]] = field(default_factory=lambda: defaultdict(list))
    _numbers: int = 0

    def __post_init__(self) -> None:
        self.roles.update({person.id: person.role for person in PEOPLE.values() if person.role})
        for key in (machine for machine in MACHINES.values() if machine.type == "api_key"):
            self.live["API Keys"].append(Resource("API Key", key.id, key.name))

    def new_id(self, prefix: str) -> str:
        """Return an id that no other event or resource has."""
        self._numbers += 1
        return f"{prefix}_{self._numbers:05x}{self.rng.getrandbits(28):07x}"

    def chance(self, probability: float) -> bool:
        """Draw whether something of that probability happens."""
        return self.rng.random() < probability

    def create(self, category: str, name: str) -> Resource:
        """Add a resource to the workspace and return it."""
        kind = RESOURCE_TYPES[category]
        resource = Resource(kind, self.new_id(_ID_PREFIXES.get(kind, kind[:3].lower())), name)
        self.live[category].append(resource)
        return resource

    def delete(self, category: str, resource: Resource) -> None:
        """Move a resource to the trash."""
        self.live[category].remove(resource)
        self.trash[category].append(resource)

    def record(
        self,
        at: datetime,
        actor: Actor | None,
        category: str,
        action: str,
        resource: Resource | None = None,
        *,
        changes: Changes | None = None,
        source: str = "App",
        outcome: str = "success",
        place: Place | None = None,
    ) -> Event:
        """Append one event, without the parts that are absent; `place` is the actor's office unless told."""
        place = place or (actor.office if actor else Place(None, None, None))
        event: Event = {
            "id": self.new_id("evt"),
            "occurred_at": stamp(at),
            "category": category,
            "action": action,
            "actor": actor and self._actor(actor),
            "resource": resource and {"type": resource.type, "id": resource.id, "name": resource.name},
            "changes": changes,
            "source": source,
            "ip": place.ip,
            "location": place.city
            and {"country": place.city.country, "region": place.city.region, "city": place.city.name},
            "workspace": WORKSPACE,
            "outcome": outcome,
            "user_agent": place.user_agent,
        }
        event = {name: value for name, value in event.items() if value is not None}
        self.events.append(event)
        return event

    def _actor(self, actor: Actor) -> dict[str, str]:
        fields = {
            "id": actor.id,
            "name": actor.name,
            "email": actor.email,
            "role": self.roles.get(actor.id, actor.role),
            "type": actor.type,
        }
        return {name: value for name, value in fields.items() if value is not None}
