"""How are events of a Zendesk account's audit log read?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ROLE: dict[str, Any] = {
    "url": "https://northwind.zendesk.com/api/v2/audit_logs/880017.json",
    "id": 880017,
    "action": "update",
    "action_label": "Updated",
    "actor_id": 4017,
    "actor_name": "Ana Ruiz",
    "source_id": 4009,
    "source_type": "user",
    "source_label": "Ben Okoro",
    "change_description": "Role changed from Agent to Administrator",
    "ip_address": "203.0.113.7",
    "created_at": "2026-03-02T09:14:05Z",
}


def rows(read: Reader, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Read several events, an id each."""
    return read("zendesk", *[event | {"id": n} for n, event in enumerate(events)])


def test_an_entry_becomes_a_row(read: Reader) -> None:
    (row,) = read("zendesk", ROLE)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert (row["event_id"], row["event"]) == ("880017", "user.update")
    assert (row["category"], row["action"]) == ("Members", "Role Changed")
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("Ana Ruiz", "4017", "human")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("Ben Okoro", "user", "4009")
    assert json.loads(row["changes"]) == {"Role": ["Agent", "Administrator"]}
    assert (row["ip"], row["workspace"], row["outcome"]) == ("203.0.113.7", "northwind", "success")


def test_an_entry_is_named_by_its_item_and_action(read: Reader) -> None:
    names = {
        ("apitoken", "create"): ("API Keys", "Created"),
        ("api_token", "destroy"): ("API Keys", "Deleted"),
        ("zendesk/app_market/app", "update"): ("Integrations", "Updated"),
        ("account_setting", "update"): ("Organization", "Updated"),
        ("rule", "create"): ("rule", "create"),
        ("user", "login"): ("user", "login"),
        ("ticket", "exported"): ("ticket", "exported"),
    }
    found = rows(read, *[ROLE | {"source_type": item, "action": action} for item, action in names])
    assert [(row["category"], row["action"]) for row in found] == list(names.values())
    assert [row["event"] for row in found] == [".".join(name) for name in names]


def test_sentences_become_changes_where_they_can_be_read_in_one_way(read: Reader) -> None:
    texts = (
        "Support role changed from not set to Admin\nTalk role changed from Agent to Team Lead",
        "Name changed from Time to close to Time to solve",
        "Name changed from A to B\nEnabled",
        "Enabled",
        "",
        None,
    )
    found = rows(read, *[ROLE | {"id": n, "change_description": text} for n, text in enumerate(texts)])
    assert json.loads(found[0]["changes"]) == {"Support role": [None, "Admin"], "Talk role": ["Agent", "Team Lead"]}
    assert [row["changes"] for row in found[1:]] == [None] * 5


def test_who_acts_without_a_name(read: Reader) -> None:
    numbered, product = rows(
        read,
        {key: value for key, value in ROLE.items() if key != "actor_name"},
        ROLE | {"actor_id": -1, "actor_name": "Zendesk", "ip_address": None},
    )
    assert (numbered["actor"], numbered["actor_type"]) == ("4017", "human")
    assert (product["actor"], product["actor_type"], product["ip"]) == ("Zendesk", "system", None)


def test_times_are_utc_as_documented_and_odd_types_are_named(read: Reader) -> None:
    local, broken = read(
        "zendesk", ROLE | {"created_at": "2026-03-02 09:14:05"}, ROLE | {"actor_name": {"first": "Ana", "last": "Ruiz"}}
    )
    assert local["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert broken == {"reason": "field actor_name is of type object, not text"}


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"action": "update", "source_type": "user", "actor_id": 4017},
        {"action": "update", "source_type": "user", "actor_name": "Ana Ruiz"},
        {"action_label": "Updated", "source_type": "user", "source_label": "Ben Okoro"},
        {"action": "login", "action_label": "Signed in", "source_type": None, "created_at": "2026-03-02T09:14:05Z"},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"zendesk"}


def test_an_entry_without_an_action_has_the_name_that_its_label_says(read: Reader) -> None:
    labelled, untyped, nameless = rows(
        read,
        ROLE | {"action": ""},
        ROLE | {"source_type": None},
        ROLE | {"action": None, "action_label": None},
    )
    assert (labelled["event"], labelled["category"], labelled["action"]) == ("Updated", "user", "Updated")
    assert (untyped["event"], untyped["action"]) == ("update", "update")
    assert nameless == {"reason": "no event name"}
