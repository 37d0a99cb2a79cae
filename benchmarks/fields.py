"""Which fields does everybody take out of an event? The columns of the design, as a person would find them in the feed's JSON."""

from __future__ import annotations

from collections.abc import Mapping

FIELDS: Mapping[str, tuple[str, ...]] = {
    "event_id": ("id",),
    "occurred_at": ("occurred_at",),
    "category": ("category",),
    "action": ("action",),
    "actor": ("actor.email", "actor.name", "actor.id"),
    "actor_id": ("actor.id",),
    "actor_role": ("actor.role",),
    "actor_type": ("actor.type",),
    "resource": ("resource.name", "resource.id"),
    "resource_type": ("resource.type",),
    "resource_id": ("resource.id",),
    "changes": ("changes",),
    "source": ("source",),
    "ip": ("ip",),
    "country": ("location.country",),
    "region": ("location.region",),
    "city": ("location.city",),
    "workspace": ("workspace",),
    "outcome": ("outcome",),
    "user_agent": ("user_agent",),
}
"""Each column and the places of its value, of which the first that holds one counts."""

PATHS = sorted({path for paths in FIELDS.values() for path in paths})

Tree = dict[str, "Tree | None"]


def tree() -> Tree:
    """Return the objects that the paths lead through, each with its fields; None stands for a value."""
    top: Tree = {}
    for path in PATHS:
        *parents, last = path.split(".")
        at = top
        for parent in parents:
            inner = at.setdefault(parent, {})
            assert inner is not None  # noqa: S101 - no path leads through the value of another
            at = inner
        at[last] = None
    return top


def sql_type(at: Tree, struct: str, text: str) -> str:
    """Return the type of such objects in a dialect: `STRUCT` and `VARCHAR` in DuckDB, `Tuple` elsewhere."""
    inside = ", ".join(f"{name} {sql_type(inner, struct, text) if inner else text}" for name, inner in at.items())
    return f"{struct}({inside})"
