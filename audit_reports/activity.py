"""How much of what? Counts of a view by its dimensions, as one SQL query over `events` that can be read and run again."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from audit_reports.errors import UsageError
from audit_reports.feed import literal

_PLAIN = {
    "actor": "actor",
    "actor_type": "actor_type",
    "category": "category",
    "action": "action",
    "event": "event",
    "country": "country",
    "city": "city",
    "location": "nullif(concat_ws(', ', coalesce(city, region), country), '')",
    "network": "network",
    "source": "source",
    "resource": "resource",
    "resource_type": "resource_type",
    "role": "actor_role",
    "feed": "feed",
    "workspace": "workspace",
    "outcome": "outcome",
}
_LOCAL = {
    "week": "strftime({local}, '%G-W%V')",
    "day": "({local})::DATE",
    "hour": "hour({local})",
    "weekday": "isodow({local})",
}

DIMENSIONS: tuple[str, ...] = (*_PLAIN, *_LOCAL)
"""What activity can be counted by."""


def by_sql(dimensions: Sequence[str], *, timezone: str) -> str:
    """Return the query over `events` that counts them by some dimensions.

    A row has the dimensions, `events`, `actors` (distinct, unknown ones not counted), `first_seen` and `last_seen` (UTC);
    sorted by events, most first, then by the dimensions, null last. `week`, `day`, `hour` (0-23) and `weekday` (1-7, ISO)
    are those that clocks in the timezone show. Raises `UsageError` for an unknown or repeated dimension and for none.
    """
    if not dimensions:
        raise UsageError(f"name a dimension to count by: {', '.join(DIMENSIONS)}")
    for dimension in dimensions:
        if dimension not in DIMENSIONS:
            raise UsageError.unknown("dimension", dimension, DIMENSIONS)
    if len(set(dimensions)) != len(dimensions):
        raise UsageError("a dimension is named twice")
    local = "occurred_at AT TIME ZONE " + literal(timezone)
    chosen = ", ".join(
        f"{_PLAIN[name] if name in _PLAIN else _LOCAL[name].format(local=local)} AS {name}" for name in dimensions
    )
    places = [str(place) for place in range(1, len(dimensions) + 1)]
    return (
        f"SELECT {chosen}, count(*) AS events, count(DISTINCT actor) AS actors, min(occurred_at) AS first_seen, "
        f"max(occurred_at) AS last_seen FROM events GROUP BY {', '.join(places)} "
        f"ORDER BY events DESC, {', '.join(f'{place} NULLS LAST' for place in places)}"
    )


def networks(addresses: Iterable[str]) -> dict[str, str]:
    """Return the network of each address: its /24 for v4, its /48 for v6; text that is no address has none.

    >>> networks(["203.0.113.7", "2001:db8:1:2::3", "AWS Internal"])
    {'203.0.113.7': '203.0.113.0/24', '2001:db8:1:2::3': '2001:db8:1::/48'}
    """
    found: dict[str, str] = {}
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        size = 24 if address.version == 4 else 48  # noqa: PLR2004 - IP's own version number
        found[text] = str(ipaddress.ip_network(f"{text}/{size}", strict=False))
    return found
