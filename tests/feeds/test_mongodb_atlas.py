"""How does the activity feed of MongoDB Atlas become rows?"""

from __future__ import annotations

from typing import Any

from conftest import Reader


def entry(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"65f0{name}",
        "created": "2026-03-02T09:14:05Z",
        "eventTypeName": name,
        "orgId": "org-nw",
        "isGlobalAdmin": False,
        "links": [{"href": "https://cloud.example/events/1", "rel": "self"}],
    } | fields


USER = {"username": "ana@northwind.example", "userId": "u-17", "remoteAddress": "203.0.113.7"}
KEY = {"publicKey": "nwpubkey", "apiKeyId": "k-1", "remoteAddress": "203.0.113.8:443"}


def test_a_user_with_counterpart_and_resource(read: Reader) -> None:
    (row,) = read("mongodb_atlas", entry("USER_ROLES_CHANGED_AUDIT", targetUsername="ben@northwind.example", **USER))
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "u-17", "human")
    assert (row["event"], row["category"], row["action"]) == ("USER_ROLES_CHANGED_AUDIT", "Members", "Role Changed")
    assert (row["resource"], row["resource_type"], row["workspace"]) == ("ben@northwind.example", "User", "org-nw")
    assert (row["ip"], row["outcome"]) == ("203.0.113.7", "success")


def test_every_kind_of_actor(read: Reader) -> None:
    rows = read(
        "mongodb_atlas",
        entry("CLUSTER_CREATED", clusterName="search", **KEY),
        entry("CLUSTER_DELETED", username="mdb_sa_id_65aa"),
        entry("CLUSTER_UPDATED", isGlobalAdmin=True, username="", userId="u-mongo"),
        entry("HOST_DOWN", hostname="shard-00", port=27017),
    )
    assert [(row["actor"], row["actor_type"], row["source"], row["ip"]) for row in rows] == [
        ("nwpubkey", "api_key", "API", "203.0.113.8"),
        ("mdb_sa_id_65aa", "service", "API", None),
        ("u-mongo", "support", None, None),
        (None, "system", None, None),
    ]
    assert [(row["category"], row["action"], row["outcome"]) for row in rows] == [
        ("CLUSTER", "CREATED", "success"),
        ("CLUSTER", "DELETED", "success"),
        ("CLUSTER", "UPDATED", "success"),
        ("HOST", "DOWN", None),
    ]


def test_counterparts(read: Reader) -> None:
    names = (
        "INVITED_TO_ORG",
        "JOINED_GROUP",
        "API_KEY_CREATED",
        "IDENTITY_PROVIDER_DELETED",
        "DOMAIN_CREATED",
        "ORG_RENAMED",
    )
    assert [
        (row["category"], row["action"]) for row in read("mongodb_atlas", *(entry(name, **USER) for name in names))
    ] == [
        ("Members", "Invited"),
        ("Members", "Joined"),
        ("API Keys", "Created"),
        ("Integrations", "Deleted"),
        ("Domains", "Domain Created"),
        ("Organization", "Updated"),
    ]


def test_what_failed_and_what_names_no_verb(read: Reader) -> None:
    rows = read(
        "mongodb_atlas",
        entry("CPS_RESTORE_FAILED", clusterName="search"),
        entry("DATA_EXPLORER_CRUD", opType="update", database="shop", collection="orders", **USER),
    )
    assert [(row["category"], row["action"], row["resource"], row["outcome"]) for row in rows] == [
        ("CPS_RESTORE", "FAILED", "search", "failure"),
        ("DATA_EXPLORER_CRUD", "update", "orders", None),
    ]


def test_the_envelope_of_collectors_and_the_raw_form_inside(read: Reader) -> None:
    inner = entry("ALERT_CONFIG_DELETED_AUDIT", alertConfigId="alert-1", raw={"_t": "ALERT_CONFIG_AUDIT"}, **USER)
    (row,) = read("mongodb_atlas", {"response": inner})
    assert (row["event_id"], row["actor"], row["resource"]) == (inner["id"], "ana@northwind.example", "alert-1")
    assert (row["category"], row["action"]) == ("ALERT_CONFIG", "DELETED")


def test_times_without_a_zone_are_utc_and_no_time_is_none(read: Reader) -> None:
    rows = read(
        "mongodb_atlas",
        entry("ORG_RENAMED", created="2026-03-02 09:14:05"),
        {"eventTypeName": "ORG_RENAMED"},
        entry("ORG_RENAMED", username=["ana@northwind.example"]),
    )
    assert rows[0]["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert [row["reason"] for row in rows[1:]] == ["no time", "field username is of type array, not text"]
