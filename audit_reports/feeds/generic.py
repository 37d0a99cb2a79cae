"""`generic`, any product: events that carry the columns of the design under their own names.

`mapped` makes the same feed for a product that names them otherwise, from the `[feeds.generic]` table of the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit_reports.columns import NAMES, STAMPED
from audit_reports.errors import UsageError, quoted
from audit_reports.feed import Feed

_FILLED = tuple(name for name in NAMES if name not in STAMPED)


def mapped(mapping: Mapping[str, str]) -> Feed:
    """Return the generic feed with some columns read from other (dotted) keys; an empty mapping changes nothing.

    Raises `UsageError` for a column that does not exist and for a key that holds a quote.

    >>> mapped({"actor": "user.name"}).columns["actor"]
    '$."user"."name"'
    """
    for column, key in mapping.items():
        if column not in _FILLED:
            raise UsageError.unknown("column", column, _FILLED, "in [feeds.generic]")
        if not key or "'" in key or '"' in key or not all(key.split(".")):
            raise UsageError(f"[feeds.generic] {column} must be a dotted key without quotes, not {quoted(key)}")
    keys = {name: mapping.get(name, name) for name in _FILLED}
    return Feed(
        name="generic",
        product="Any product, with the columns of this toolkit or a mapping to them",
        exported_from="anywhere; [feeds.generic] in the configuration maps a column to a key",
        recognised_by=((keys["occurred_at"], keys["event"]),),
        columns={name: _path(key) for name, key in keys.items()},
        any_type=(_path(keys["changes"]),),
    )


def _path(key: str) -> str:
    return "$" + "".join(f'."{part}"' for part in key.split("."))


FEED = mapped({})
