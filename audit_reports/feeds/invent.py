"""`invent`, the assistant-building workspace: an event names its category, action, actor and resource itself.

Format: the JSON object, JSON Lines and dotted CSV of the product's own audit log export.
"""

from __future__ import annotations

from audit_reports.catalogue import CATALOGUE
from audit_reports.feed import Feed, literal


def _label(category: str) -> str:
    """Return the label of a category's events: its word before the action, but for the actions that are labels already."""
    kinds = [kind for kind in CATALOGUE if kind.category == category]
    word = next((kind.event.removesuffix(kind.action) for kind in kinds if kind.event != kind.action), "")
    whole = [kind.action for kind in kinds if kind.event == kind.action]
    labelled = f"{literal(word)} || $.action" if word else "$.action"
    if word and whole:
        return f"CASE WHEN $.action IN ({', '.join(map(literal, whole))}) THEN $.action ELSE {labelled} END"
    return labelled


# One look at the category is enough: fifty comparisons an event would cost a tenth of a landing.
_LABELS = " ".join(
    f"WHEN {literal(category)} THEN {_label(category)}"
    for category in dict.fromkeys(kind.category for kind in CATALOGUE)
)

FEED = Feed(
    name="invent",
    product="Invent workspace audit log",
    exported_from="Organization settings, Audit Logs, Export (JSON, JSON Lines or CSV)",
    recognised_by=(("id", "occurred_at", "category", "action"), ("occurred_at", "category", "action", "actor")),
    required=("$.id", "$.category", "$.action"),
    any_type=("$.changes",),
    columns={
        "event_id": "$.id",
        "occurred_at": "$.occurred_at",
        # A type that the catalogue does not know yet still gets a readable label.
        "event": f"CASE $.category {_LABELS} ELSE $.category || ' ' || $.action END",
        "category": "$.category",
        "action": "$.action",
        "actor": "coalesce($.actor.email, $.actor.name, $.actor.id)",
        "actor_id": "$.actor.id",
        "actor_role": "$.actor.role",
        "actor_type": "$.actor.type",
        "resource": "coalesce($.resource.name, $.resource.id)",
        "resource_type": "$.resource.type",
        "resource_id": "$.resource.id",
        "changes": "$.changes",
        "source": "$.source",
        "ip": "$.ip",
        "country": "$.location.country",
        "region": "$.location.region",
        "city": "$.location.city",
        "workspace": "$.workspace",
        "outcome": "$.outcome",
        "user_agent": "$.user_agent",
    },
)
