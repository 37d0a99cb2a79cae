"""How is an event of OneLogin read? Raw events, made after OneLogin's documentation, beside the rows expected of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

BASE: dict[str, Any] = {
    "id": 170001,
    "created_at": "2026-03-02T09:14:05.120Z",
    "account_id": 88,
    "event_type_id": 5,
    "actor_user_id": 17,
    "actor_user_name": "Ana Ruiz",
    "actor_system": "",
    "user_id": 17,
    "user_name": "Ana Ruiz",
    "assuming_acting_user_id": None,
    "app_id": None,
    "app_name": None,
    "role_id": None,
    "role_name": None,
    "client_id": None,
    "ipaddr": "203.0.113.7",
    "notes": None,
}


def test_a_sign_in(read: Reader) -> None:
    (row,) = read("onelogin", BASE)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    expected = {
        "event_id": "170001",
        "event": "5",
        "category": "Login",
        "action": "Login",
        "actor": "Ana Ruiz",
        "actor_id": "17",
        "actor_role": None,
        "actor_type": "human",
        "resource": "Ana Ruiz",
        "resource_type": "User",
        "resource_id": "17",
        "ip": "203.0.113.7",
        "outcome": "success",
        "workspace": "88",
        "changes": None,
        "source": None,
    }
    assert {key: row[key] for key in expected} == expected


def test_the_broadcaster_and_event_bridge(read: Reader) -> None:
    event = {key: value for key, value in BASE.items() if key not in ("id", "created_at")}
    webhook = event | {"create": {"_id": "u-1"}, "uuid": "u-1", "event_timestamp": "2026-03-02 09:14:05 UTC"}
    envelope = {"id": "e-1", "time": "2026-03-02T10:00:00Z", "detail": webhook | {"uuid": "u-2"}}
    found = read("onelogin", webhook, envelope)
    assert [(row["event_id"], row["event"], row["actor"]) for row in found] == [
        ("u-1", "5", "Ana Ruiz"),
        ("u-2", "5", "Ana Ruiz"),
    ]
    assert {row["occurred_at"].isoformat() for row in found} == {"2026-03-02T09:14:05+00:00"}


@pytest.mark.parametrize(
    ("number", "category", "action", "outcome"),
    [
        ("6", "Login", "Login", "failure"),
        (13, "Members", "Joined", "success"),
        (17, "Members", "Removed", "success"),
        (115, "Members", "Invited", "success"),
        (179, "API Keys", "Created", "success"),
        (600, "Integrations", "Created", "success"),
        (76, "Connections", "Updated", "success"),
        (197, "Organization", "Updated", "success"),
        (211, "Password", "Change", "success"),
        (999999, None, None, None),
    ],
)
def test_what_a_type_means(
    read: Reader, number: int | str, category: str | None, action: str | None, outcome: str | None
) -> None:
    (row,) = read("onelogin", BASE | {"event_type_id": number})
    assert (row["event"], row["category"], row["action"], row["outcome"]) == (str(number), category, action, outcome)


NOBODY = {"actor_user_id": None, "actor_user_name": None}


@pytest.mark.parametrize(
    ("changes", "actor", "kind"),
    [
        (NOBODY | {"event_type_id": 6, "user_id": None, "user_name": "anna"}, "anna", "human"),
        (NOBODY | {"event_type_id": 6, "user_name": None}, "17", "human"),
        (NOBODY | {"event_type_id": 149, "actor_system": "Mapping"}, "Mapping", "system"),
        (NOBODY | {"event_type_id": 533, "api_credential_name": "provisioning"}, "provisioning", "api_key"),
        (NOBODY | {"event_type_id": 72}, None, None),
        ({"actor_user_name": "", "event_type_id": 13, "user_id": 9}, "17", "human"),
        ({"assumed_by_superadmin_or_reseller": True}, "Ana Ruiz", "support"),
    ],
)
def test_actors(read: Reader, changes: dict[str, Any], actor: str | None, kind: str | None) -> None:
    (row,) = read("onelogin", BASE | changes)
    assert (row["actor"], row["actor_type"]) == (actor, kind)


def test_changes_and_who_had_assumed_the_user(read: Reader) -> None:
    other = {"user_id": 9, "user_name": "Ben Okoro"}
    granted, removed = read(
        "onelogin",
        BASE | other | {"event_type_id": 72, "privilege_name": "Super user", "assuming_acting_user_id": 3},
        BASE | other | {"id": 2, "event_type_id": 148, "role_name": "Finance", "client_id": "c-1"},
    )
    assert (json.loads(granted["changes"]), granted["actor_role"]) == (
        {"privilege": [None, "Super user"]},
        "assumed by 3",
    )
    assert (granted["category"], granted["action"], granted["resource"]) == ("Members", "Role Changed", "Ben Okoro")
    assert (json.loads(removed["changes"]), removed["source"]) == ({"role": ["Finance", None]}, "API")


def test_odd_values(read: Reader) -> None:
    (row,) = read(
        "onelogin", BASE | {"ipaddr": "203.0.113.7:51000", "created_at": "2026-03-02T09:14:05", "notes": {"a": 1}}
    )
    assert (row["ip"], row["occurred_at"].isoformat()) == ("203.0.113.7", "2026-03-02T09:14:05+00:00")
    (row,) = read("onelogin", BASE | {"ipaddr": "unknown"})
    assert row["ip"] is None
    reasons = [
        row["reason"] for row in read("onelogin", BASE | {"created_at": None}, BASE | {"user_name": {"first": "Ana"}})
    ]
    assert reasons == ["no time", "field user_name is of type object, not text"]


@pytest.mark.parametrize(
    "stub",
    [
        {"event_type_id": 8},
        {"event_type_id": "6", "user_name": "Ana Ruiz"},
        {"detail": {"event_type_id": 5, "user_name": "Ana Ruiz"}},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(stub: dict[str, Any]) -> None:
    assert recognise([stub], FEEDS) is FEEDS["onelogin"]
