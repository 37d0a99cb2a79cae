"""How is an event of `atlassian` read? Raw events after the vendor's documentation, each beside the row expected of it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

from audit_reports.feeds import atlassian


def event(action: str, **more: Any) -> dict[str, Any]:
    """Return an event as `/events` gives it."""
    return {
        "id": "ev-1",
        "type": "events",
        "attributes": {
            "time": "2026-03-02T09:14:05.120Z",
            "action": action,
            "actor": {"id": "712020:17", "name": "Ana Ruiz", "email": "ana@northwind.example", "links": {"self": "x"}},
            "context": [
                {"id": "712020:9", "type": "users", "attributes": {"name": "Ben Okoro"}, "links": {"alt": "y"}}
            ],
            "container": [
                {"id": "site-1", "type": "sites", "attributes": {"siteName": "northwind"}},
                {"id": "org-1", "type": "organizations", "attributes": {"name": "Northwind"}},
            ],
            "location": {
                "ip": "203.0.113.7",
                "geo": "40.4,-3.7",
                "countryName": "Spain",
                "regionName": "Madrid",
                "city": "Madrid",
            },
        }
        | more,
        "message": {"content": "Ana Ruiz changed something", "format": "simple"},
        "links": {"self": "https://api.atlassian.com/admin/v1/orgs/org-1/events/ev-1"},
    }


ROW = {
    "event_id": "ev-1",
    "event": "user_granted_role",
    "category": "Members",
    "action": "Role Changed",
    "actor": "ana@northwind.example",
    "actor_id": "712020:17",
    "actor_type": "human",
    "resource": "Ben Okoro",
    "resource_type": "users",
    "resource_id": "712020:9",
    "ip": "203.0.113.7",
    "country": "ES",
    "region": "Madrid",
    "city": "Madrid",
    "outcome": "success",
    "workspace": "Northwind",
}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an app, which has words for an address, in a continent": (
        event(
            "confluence_audit_record_removed_content_restriction",
            actor={"id": "confluence", "name": "Confluence", "email": "Atlassian app", "picture": None, "links": {}},
            location={"geo": "NA"},
        ),
        {"actor": "Confluence", "actor_id": "confluence", "actor_type": "service", "country": None},
    ),
    "settings whose change is named by a plain verb": (
        event("org_settings_update", actor={"id": "5b10:17", "email": "ana@northwind.example"}, context=[]),
        {"category": "Organization", "action": "Updated", "actor": "ana@northwind.example", "actor_type": "human"},
    ),
    "a token made in a session": (
        event(
            "api_token_created",
            actor={
                "email": "ana@northwind.example",
                "auth": {"authType": "session", "tokenId": "t", "tokenLabel": "CI"},
            },
            location={"ip": "203.0.113.7", "geo": "EU", "countryName": "Spain"},
        ),
        {"category": "API Keys", "action": "Created", "source": None, "country": "ES"},
    ),
    "a role given to a user": (event("user_granted_role"), ROW),
    "the same, asked for by its id": ({"data": event("user_granted_role")}, ROW),
    "a token without a person behind it": (
        event(
            "bitbucket_repository_deleted",
            actor={
                "id": "app-7",
                "name": "Deploy",
                "email": "",
                "auth": {"authType": "container-token", "tokenId": "tok-1"},
            },
            container=[],
            location={"ip": "198.51.100.4:443", "geo": "US"},
        ),
        {
            "category": "bitbucket_repository",
            "action": "deleted",
            "actor": "Deploy",
            "actor_type": "api_key",
            "source": "API",
            "ip": "198.51.100.4",
            "country": "US",
            "workspace": "org-1",
        },
    ),
    "an app on behalf of a user": (
        event(
            "jira_issue_viewed", actor={"id": "app-8", "name": "Rovo", "onBehalfOf": {"id": "712020:17"}}, location=None
        ),
        {"actor": "Rovo", "actor_type": "service", "ip": None, "country": None, "outcome": "success"},
    ),
    "the system, and what failed": (
        event("app_installation_failed", actor={"id": "sys", "name": "System"}, context=[]),
        {"actor": "System", "actor_type": "system", "resource": None, "outcome": "failure"},
    ),
    "an actor with only an id": (
        event("user_login_to_account", actor={"id": "712020:17", "name": None}),
        {"actor": "712020:17", "actor_type": None, "category": "user", "action": "login"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reads_an_event(read: Reader, name: str) -> None:
    raw, expected = CASES[name]
    assert atlassian.FEED.recognises(raw)
    (row,) = read("atlassian", raw)
    assert "reason" not in row, row
    assert {column: row[column] for column in expected} == expected
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"


def test_an_action_means_what_its_words_say(read: Reader) -> None:
    meanings = {
        "user_invited_to_org": ("Members", "Invited"),
        "user_added_to_org": ("Members", "Joined"),
        "user_removed_from_org": ("Members", "Removed"),
        "user_added_to_group": ("Members", "Role Changed"),
        "user_removed_from_group": ("Members", "Role Changed"),
        "managed_account_deactivated": ("Members", "Removed"),
        "user_avatar_deleted": ("user_avatar", "deleted"),
        "org_api_key_created": ("API Keys", "Created"),
        "user_api_token_revoked": ("API Keys", "Deleted"),
        "domain_verified": ("Domains", "Domain Created"),
        "domain_unverified": ("Domains", "Domain Deleted"),
        "app_uninstalled": ("Integrations", "Deleted"),
        "automation_rule_created": ("Workflows", "Created"),
        "organization_name_updated": ("Organization", "Updated"),
        "confluence_page_exported": ("confluence_page", "exported"),
    }
    rows = read("atlassian", *(event(action) | {"id": action} for action in meanings))
    assert {row["event"]: (row["category"], row["action"]) for row in rows} == meanings


def test_when_the_log_received_an_event_is_not_when_it_happened(read: Reader) -> None:
    raw = event("user_granted_role", time=None, processedAt="2026-03-02T09:14:09Z")
    assert read("atlassian", raw) == [{"reason": "no time"}]


def test_a_time_without_a_zone_is_utc_and_an_actor_is_enough_to_recognise(read: Reader) -> None:
    event = {"attributes": {"action": "user_left", "actor": {"id": "nw-1"}, "time": "2026-03-02 09:14:05.120000000"}}
    assert atlassian.FEED.recognises({"attributes": {"action": "user_left", "actor": {}}})
    (row,) = read("atlassian", event)
    assert (row["actor"], row["occurred_at"].isoformat()) == ("nw-1", "2026-03-02T09:14:05.120000+00:00")
