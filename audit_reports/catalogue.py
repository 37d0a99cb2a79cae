"""Which events does the `invent` feed know, how are they labelled, and which must a reviewer always see?

Fifty types in eleven categories. `always_shown` marks what changes who may do what, where data can leave to,
or whether the workspace exists at all; routine building, however much of it, is left to counts and findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class EventType:
    """One type of event: its pair of `category` and `action`, its label, and whether reviewers always see it.

    `event` is the label of the product's own screen, such as `Member Role Changed`; no field is empty.
    """

    category: str
    action: str
    event: str
    always_shown: bool


CATALOGUE: tuple[EventType, ...] = (
    EventType("Organization", "Updated", "Organization Updated", True),
    EventType("Organization", "Deleted", "Organization Deleted", True),
    EventType("Organization", "Disabled", "Organization Disabled", True),
    EventType("Organization", "Enabled", "Organization Enabled", True),
    EventType("Organization", "Restored", "Organization Restored", True),
    EventType("Organization", "Transferred", "Organization Transferred", True),
    EventType("Organization", "Transferred To", "Organization Transferred To", True),
    EventType("Organization", "Detached", "Organization Detached", True),
    EventType("Organization", "Detached From", "Organization Detached From", True),
    EventType("Organization", "Sub-Organization Created", "Sub-Organization Created", True),
    EventType("Organization", "Sub-Organization Updated", "Sub-Organization Updated", False),
    EventType("Organization", "Sub-Organization Member Joined", "Sub-Organization Member Joined", False),
    EventType("Organization", "Sub-Organization Member Role Changed", "Sub-Organization Member Role Changed", True),
    EventType("Members", "Invited", "Member Invited", False),
    EventType("Members", "Joined", "Member Joined", False),
    EventType("Members", "Removed", "Member Removed", True),
    EventType("Members", "Left", "Member Left", True),
    EventType("Members", "Role Changed", "Member Role Changed", True),
    EventType("Assistants", "Created", "Assistant Created", False),
    EventType("Assistants", "Updated", "Assistant Updated", False),
    EventType("Assistants", "Deleted", "Assistant Deleted", False),
    EventType("Assistants", "Restored", "Assistant Restored", False),
    EventType("Assistants", "Duplicated", "Assistant Duplicated", False),
    EventType("Assistants", "Duplicated From", "Assistant Duplicated From", False),
    EventType("Actions", "Created", "Action Created", False),
    EventType("Actions", "Deleted", "Action Deleted", False),
    EventType("Actions", "Enabled", "Action Enabled", False),
    EventType("Actions", "Disabled", "Action Disabled", False),
    EventType("Integrations", "Created", "Integration Created", True),
    EventType("Integrations", "Deleted", "Integration Deleted", True),
    EventType("Integrations", "Updated", "Integration Updated", False),
    EventType("Integrations", "Enabled", "Integration Enabled", True),
    EventType("Integrations", "Disabled", "Integration Disabled", True),
    EventType("Connections", "Created", "Connection Created", True),
    EventType("Connections", "Updated", "Connection Updated", False),
    EventType("Connections", "Deleted", "Connection Deleted", True),
    EventType("Broadcasts", "Created", "Broadcast Created", False),
    EventType("Broadcasts", "Deleted", "Broadcast Deleted", False),
    EventType("Workflows", "Created", "Workflow Created", False),
    EventType("Workflows", "Deleted", "Workflow Deleted", False),
    EventType("Workflows", "Restored", "Workflow Restored", False),
    EventType("Domains", "Domain Created", "Domain Created", True),
    EventType("Domains", "Domain Deleted", "Domain Deleted", True),
    EventType("Domains", "Email Domain Created", "Email Domain Created", True),
    EventType("Domains", "Email Domain Deleted", "Email Domain Deleted", True),
    EventType("Domains", "Email Identity Created", "Email Identity Created", True),
    EventType("Domains", "Email Identity Deleted", "Email Identity Deleted", True),
    EventType("Conversations", "Chat Deleted", "Chat Deleted", False),
    EventType("API Keys", "Created", "API Key Created", True),
    EventType("API Keys", "Deleted", "API Key Deleted", True),
)
"""All fifty types, in the order of the product's own list."""

EVENT_TYPES: Mapping[tuple[str, str], EventType] = MappingProxyType(
    {(kind.category, kind.action): kind for kind in CATALOGUE}
)
"""The same types by their pair of category and action.

>>> EVENT_TYPES["Members", "Role Changed"].event
'Member Role Changed'
"""
