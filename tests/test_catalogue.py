"""The catalogue holds the fifty event types of the `invent` feed, labelled as its own screen does."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import narwhals as nw
import polars as pl
import pytest

from audit_reports.always_shown import SHOWN, always_shown, shown
from audit_reports.catalogue import CATALOGUE, EVENT_TYPES

TYPES_BY_CATEGORY = {
    "Organization": 13,
    "Members": 5,
    "Assistants": 6,
    "Actions": 4,
    "Integrations": 5,
    "Connections": 3,
    "Broadcasts": 2,
    "Workflows": 3,
    "Domains": 6,
    "Conversations": 1,
    "API Keys": 2,
}


def test_it_has_fifty_types_in_eleven_categories() -> None:
    assert len(CATALOGUE) == 50
    assert Counter(kind.category for kind in CATALOGUE) == TYPES_BY_CATEGORY


def test_every_pair_and_every_label_is_its_own() -> None:
    assert len(EVENT_TYPES) == len(CATALOGUE)
    assert len({kind.event for kind in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize(
    ("category", "action", "event", "always_shown"),
    [
        ("Assistants", "Updated", "Assistant Updated", False),
        ("Assistants", "Duplicated From", "Assistant Duplicated From", False),
        ("Actions", "Deleted", "Action Deleted", False),
        ("Conversations", "Chat Deleted", "Chat Deleted", False),
        ("Members", "Role Changed", "Member Role Changed", True),
        ("API Keys", "Created", "API Key Created", True),
        ("Domains", "Domain Created", "Domain Created", True),
        ("Domains", "Email Domain Created", "Email Domain Created", True),
        ("Integrations", "Enabled", "Integration Enabled", True),
        ("Organization", "Transferred To", "Organization Transferred To", True),
        ("Organization", "Sub-Organization Member Joined", "Sub-Organization Member Joined", False),
    ],
)
def test_labels_read_as_on_the_products_own_screen(category: str, action: str, event: str, always_shown: bool) -> None:
    kind = EVENT_TYPES[category, action]
    assert (kind.event, kind.always_shown) == (event, always_shown)


def test_whatever_changes_who_may_do_what_is_always_shown() -> None:
    shown = {kind.event for kind in CATALOGUE if kind.always_shown}
    assert shown >= {kind.event for kind in CATALOGUE if kind.category in ("API Keys", "Domains")}
    assert shown >= {kind.event for kind in CATALOGUE if "Role Changed" in kind.action}
    assert shown >= {
        "Organization Deleted",
        "Organization Transferred",
        "Organization Disabled",
        "Member Removed",
    }
    assert not any(kind.always_shown for kind in CATALOGUE if kind.category == "Assistants")


def test_what_is_marked_is_shown_oldest_first_and_of_a_feeds_own_names_its_own() -> None:
    at, nothing = datetime(2026, 3, 2, tzinfo=UTC), dict.fromkeys((*SHOWN, "actor_role"), None)
    kinds = [{"feed": "invent", "category": kind.category, "action": kind.action} for kind in CATALOGUE]
    told = [{"feed": "cloudtrail", "event": "StopLogging"}, {"feed": "cloudtrail", "actor_role": "Root"}]
    others = [{"feed": "okta", "event": "StopLogging"}, {"feed": "okta", "actor_role": "Root"}]
    rows = [
        nothing | {"event_id": f"{n:02}", "occurred_at": at - timedelta(minutes=n), "landing": 1} | row
        for n, row in enumerate([*kinds, *told, *others])
    ]
    frame = nw.from_native(pl.LazyFrame(rows, infer_schema_length=None))
    ids = shown(frame, always_shown({"invent", "cloudtrail"})).collect()["event_id"].to_list()
    marked = [n for n, kind in enumerate(CATALOGUE) if kind.always_shown]
    assert ids == [f"{n:02}" for n in reversed([*marked, 50, 51])]
