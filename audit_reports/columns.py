"""Which columns does an event have? The one vocabulary of fields, the same in code, flags, reports and files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of the event row: its name, its DuckDB type, what it means, and whether it may be null."""

    name: str
    type: str
    meaning: str
    nullable: bool = True


COLUMNS: tuple[Column, ...] = (
    Column("event_id", "VARCHAR", "the feed's own id; where it has none, a hash of the raw event", False),
    Column("occurred_at", "TIMESTAMPTZ", "when it happened, in UTC", False),
    Column("feed", "VARCHAR", "the product that the event came from", False),
    Column("event", "VARCHAR", "as the vendor's own screen names it", False),
    Column("category", "VARCHAR", "what kind of thing was done"),
    Column("action", "VARCHAR", "what was done to it"),
    Column("actor", "VARCHAR", "who: the name that the vendor's screen shows"),
    Column("actor_id", "VARCHAR", "the actor's id"),
    Column("actor_role", "VARCHAR", "the actor's role"),
    Column("actor_type", "VARCHAR", "human, service, api_key, system or support"),
    Column("resource", "VARCHAR", "what was acted on"),
    Column("resource_type", "VARCHAR", "the kind of the resource"),
    Column("resource_id", "VARCHAR", "the resource's id"),
    Column("changes", "VARCHAR", 'JSON {"field": [before, after]}, where the event says'),
    Column("source", "VARCHAR", "what the action came through"),
    Column("ip", "VARCHAR", "client address, v4 or v6, without port"),
    Column("country", "VARCHAR", "ISO 3166-1 alpha-2 code"),
    Column("region", "VARCHAR", "the region of the country"),
    Column("city", "VARCHAR", "the city"),
    Column("outcome", "VARCHAR", "success or failure"),
    Column("workspace", "VARCHAR", "the tenant, organisation or account"),
    Column("user_agent", "VARCHAR", "the client program, as it calls itself"),
    Column("raw", "VARCHAR", "the event as received", False),
    Column("landed_at", "TIMESTAMPTZ", "when it landed, in UTC", False),
    Column("landing", "BIGINT", "the landing that brought it", False),
    Column("day", "DATE", "the UTC date of occurred_at; the partition", False),
)

NAMES: tuple[str, ...] = tuple(column.name for column in COLUMNS)
REQUIRED: tuple[str, ...] = tuple(column.name for column in COLUMNS if not column.nullable)
STAMPED: frozenset[str] = frozenset({"feed", "raw", "landed_at", "landing", "day"})
"""The columns that the store fills in itself; every other one a feed may fill."""

TEXT: tuple[str, ...] = tuple(column.name for column in COLUMNS if column.type == "VARCHAR")
SEARCHED: tuple[str, ...] = tuple(name for name in TEXT if name != "raw")
"""The columns that a search looks into."""

TIMES: tuple[str, ...] = tuple(column.name for column in COLUMNS if column.type == "TIMESTAMPTZ")

ACTOR_TYPES = ("human", "service", "api_key", "system", "support")
OUTCOMES = ("success", "failure")
