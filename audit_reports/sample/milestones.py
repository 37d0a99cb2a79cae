"""What happens seldom, but happens: joiners and leavers, sub-organizations, domains, keys that are rotated.

Each line is the local time of its actor in 2026, the actor, what was done to what, and the changes. Together
with the daily routine and the incidents it gives every one of the fifty event types at least one event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit_reports.sample.people import CITIES, MACHINES, PEOPLE, SUPPORT, SYSTEM, Actor
from audit_reports.sample.rhythm import local
from audit_reports.sample.world import RESOURCE_TYPES, Changes, Resource, Step, World

_MILESTONES = """
01-12 10:05 ana.ruiz      | Organization | Sub-Organization Created             | Northwind Iberia
01-12 10:40 lucia.ferrer  | Organization | Sub-Organization Member Joined       | Northwind Iberia
01-12 11:02 marc.pujol    | Organization | Sub-Organization Member Joined       | Northwind Iberia
01-14 15:31 ben.okoro     | API Keys     | Created                              | warehouse-import
01-15 10:12 priya.nair    | Members      | Invited                              | Isha Menon
01-19 09:02 isha.menon    | Members      | Joined                               | Isha Menon
01-21 12:20 ana.ruiz      | Organization | Sub-Organization Member Role Changed | Lucía Ferrer | role: Member > Admin
01-22 11:15 katrin.muller | Domains      | Domain Created                       | help.northwind.example
01-22 11:21 katrin.muller | Domains      | Email Domain Created                 | mail.northwind.example
01-22 11:34 katrin.muller | Domains      | Email Identity Created               | care@mail.northwind.example
01-27 09:44 oliver.grant  | Organization | Sub-Organization Created             | Northwind Labs
01-28 16:03 oliver.grant  | Organization | Sub-Organization Updated             | Northwind Labs | region: EU > UK
01-30 10:30 katrin.muller | Members      | Invited                              | Felix Braun
02-02 09:11 felix.braun   | Members      | Joined                               | Felix Braun
02-03 14:27 oliver.grant  | Organization | Disabled                             | Northwind Labs
02-04 09:35 oliver.grant  | Organization | Enabled                              | Northwind Labs
02-09 10:02 ben.okoro     | API Keys     | Deleted                              | warehouse-import
02-10 11:48 ana.ruiz      | Organization | Transferred                          | Northwind Iberia
02-10 11:48 lucia.ferrer  | Organization | Transferred To                       | Northwind Iberia
02-13 15:20 oliver.grant  | Organization | Sub-Organization Created             | Northwind Trial
02-17 10:10 system        | Integrations | Disabled                             | Warranty help desk
02-19 09:20 jake.turner   | Integrations | Enabled                              | Warranty help desk
02-20 16:44 oliver.grant  | Organization | Deleted                              | Northwind Trial
02-23 09:58 oliver.grant  | Organization | Restored                             | Northwind Trial
02-24 11:15 priya.nair    | Members      | Role Changed                         | Rohan Gupta | role: Member > Editor
02-25 13:12 oliver.grant  | Organization | Detached                             | Northwind Trial
02-25 13:12 oliver.grant  | Organization | Detached From                        | Northwind
02-26 17:32 harry.walsh   | Members      | Left                                 | Harry Walsh
03-02 10:21 system        | Connections  | Updated                              | Billing CRM | token: expired > renewed
03-03 11:06 marta.vidal   | Integrations | Created                              | Loyalty mailbox
03-05 10:55 ana.ruiz      | Members      | Invited                              | Clara Duarte
03-09 09:14 clara.duarte  | Members      | Joined                               | Clara Duarte
03-10 15:01 katrin.muller | Domains      | Email Identity Deleted               | care@mail.northwind.example
03-10 15:03 katrin.muller | Domains      | Email Domain Deleted                 | mail.northwind.example
03-10 15:09 katrin.muller | Domains      | Domain Deleted                       | help.northwind.example
03-12 10:40 support       | Assistants   | Restored                             | Booking Concierge
03-16 11:19 priya.nair    | Integrations | Deleted                              | Travel calendar
03-18 12:03 rafael.souza  | Connections  | Created                              | Brasil warehouse
03-24 10:26 rafael.souza  | Connections  | Deleted                              | Brasil warehouse
03-25 16:15 ben.okoro     | Workflows    | Restored                             | Claims approval
"""


@dataclass(frozen=True)
class Milestone:
    """One seldom thing; a change of role takes effect."""

    actor: Actor
    category: str
    action: str
    resource: Resource
    changes: Changes | None

    def happen(self, world: World, at: datetime) -> None:
        """Record it in the world."""
        if self.category == "Members" and self.changes:
            world.roles[self.resource.id] = self.changes["role"][1]
        source = "App" if self.actor.type == "human" else "API"
        world.record(at, self.actor, self.category, self.action, self.resource, changes=self.changes, source=source)


def milestones() -> list[tuple[datetime, Step]]:
    """Return the seldom things, as moments (UTC) and steps to take then."""
    steps: list[tuple[datetime, Step]] = []
    for line in _MILESTONES.strip().splitlines():
        when, category, action, name, *changes = (part.strip() for part in line.split("|"))
        day, clock, login = when.split()
        actor = _actor(login)
        at = local(f"2026-{day}", f"{clock}:00", actor.office.city or CITIES["london"])
        changed = _changes(changes[0]) if changes else None
        steps.append((at, Milestone(actor, category, action, _resource(category, action, name), changed).happen))
    return steps


def _changes(text: str) -> Changes:
    name, _, values = text.partition(": ")
    return {name: list(values.split(" > "))}


def _actor(login: str) -> Actor:
    return {**PEOPLE, **MACHINES, "support": SUPPORT, "system": SYSTEM}[login]


def _resource(category: str, action: str, name: str) -> Resource:
    for person in PEOPLE.values():
        if person.name == name:
            return Resource("Member", person.id, name)
    kind = action.rpartition(" ")[0] if category == "Domains" else RESOURCE_TYPES[category]
    return Resource(kind, f"{kind[:3].lower()}_{name.lower().replace(' ', '-').partition('@')[0]}", name)
