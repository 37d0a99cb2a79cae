"""How are events of Snyk's audit logs read?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

GROUP = "0f1e2d3c-0000-4000-8000-00000000aa01"
ORG = "0f1e2d3c-0000-4000-8000-00000000bb02"
ANA = "0f1e2d3c-0000-4000-8000-00000000cc03"

INVITED: dict[str, Any] = {
    "created": "2026-03-02T09:14:05.120Z",
    "event": "org.user.invite",
    "group_id": GROUP,
    "org_id": ORG,
    "user_id": ANA,
    "content": {"email": "ben@northwind.example", "role": "Org Collaborator", "interface": "ui"},
}


def test_an_event_of_the_rest_api_becomes_a_row(read: Reader) -> None:
    (row,) = read("snyk", INVITED)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    assert (row["event"], row["category"], row["action"]) == ("org.user.invite", "Members", "Invited")
    assert (row["actor"], row["actor_id"], row["actor_type"]) == (ANA, ANA, "human")
    assert (row["resource"], row["resource_type"]) == ("ben@northwind.example", "user")
    assert (row["source"], row["workspace"], row["outcome"]) == ("ui", GROUP, "success")
    assert (row["ip"], row["country"], row["user_agent"]) == (None, None, None)
    assert len(row["event_id"]) == 64, "the log has no ids of events"


def test_the_older_api_writes_the_same_in_camel_case(read: Reader) -> None:
    older = {"groupId": GROUP, "orgId": ORG, "userId": ANA} | {k: INVITED[k] for k in ("created", "event", "content")}
    new, old = read("snyk", INVITED, older)
    ignored = {"event_id", "raw"}
    assert {k: v for k, v in old.items() if k not in ignored} == {k: v for k, v in new.items() if k not in ignored}


def test_counterparts_else_the_vendors_own_family_and_verb(read: Reader) -> None:
    names = {
        "group.service_account.create": ("API Keys", "Created"),
        "org.integration.settings.edit": ("Integrations", "Updated"),
        "group.user.role.edit": ("Members", "Role Changed"),
        "org.delete": ("Organization", "Deleted"),
        "org.project.ignore.create": ("org.project.ignore", "create"),
        "api.access": ("api", "access"),
    }
    rows = read("snyk", *[INVITED | {"event": name, "content": {}} for name in names])
    assert [(row["category"], row["action"]) for row in rows] == list(names.values())
    assert [row["outcome"] for row in rows] == ["success"] * 5 + [None]
    assert rows[-1]["source"] == "API"


def test_what_changed_are_the_members_that_differ(read: Reader) -> None:
    before, after = {"name": "old", "limit": 5, "on": True}, {"name": "new", "limit": 5, "tags": ["a"]}
    objects, texts, one, none = read(
        "snyk",
        INVITED | {"event": "org.edit", "content": {"before": before, "after": after}},
        INVITED | {"event": "org.user.role.edit", "content": {"before": "Org Collaborator", "after": "Org Admin"}},
        INVITED
        | {"event": "group.request_access_settings.edit", "content": {"before": {}, "after": {"isEnabled": True}}},
        INVITED | {"content": "nothing to say"},
    )
    assert json.loads(objects["changes"]) == {"name": ["old", "new"], "on": [True, None], "tags": [None, ["a"]]}
    assert json.loads(texts["changes"]) == {"role": ["Org Collaborator", "Org Admin"]}
    assert json.loads(one["changes"]) == {"isEnabled": [None, True]}
    assert none["changes"] is None


def test_nobody_is_named_where_the_event_names_nobody(read: Reader) -> None:
    someone = {key: value for key, value in INVITED.items() if key != "user_id"}
    synced, unknown, by_key = read(
        "snyk",
        someone | {"event": "group.sso.membership.sync", "content": {"userPublicId": ANA}},
        someone | {"event": "group.edit", "user_id": ""},
        INVITED | {"event": "org.project.test", "content": {"origin": "cli"}, "project_id": "p-1"},
    )
    assert (synced["actor"], synced["actor_type"]) == (None, "system")
    assert (unknown["actor"], unknown["actor_type"]) == (None, None)
    assert (by_key["actor"], by_key["actor_type"]) == (ANA, None), "a service account has such an id, too"
    assert (by_key["source"], by_key["resource_type"], by_key["resource_id"]) == ("cli", "project", "p-1")


def test_an_event_without_its_time_is_not_guessed(read: Reader) -> None:
    (row,) = read("snyk", {key: value for key, value in INVITED.items() if key != "created"})
    assert row == {"reason": "no time"}


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"event": "org.edit", "created": "2026-03-02T09:14:05Z", "org_id": ORG},
        {"event": "group.sso.edit", "groupId": GROUP, "userId": ANA},
        {"event": "org.edit", "content": {"name": "x"}, "project_id": "p-1"},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"snyk"}


def test_an_empty_name_names_nothing(read: Reader) -> None:
    (row,) = read("snyk", INVITED | {"content": {"email": None, "name": "", "userPublicId": "u-9"}})
    assert row["resource"] == "u-9"
