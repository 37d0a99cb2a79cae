"""How are events of Asana's audit log API read?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ROLE: dict[str, Any] = {
    "gid": "700001",
    "created_at": "2026-03-02T09:14:05.120Z",
    "event_type": "user_workspace_admin_role_changed",
    "event_category": "roles",
    "actor": {"actor_type": "user", "gid": "17", "name": "Ana Ruiz", "email": "ana@northwind.example"},
    "resource": {"resource_type": "user", "gid": "9", "name": "Ben Okoro", "email": "ben@northwind.example"},
    "details": {
        "old_value": "member",
        "new_value": "super_admin",
        "group": {"resource_type": "workspace", "gid": "1", "name": "Northwind"},
    },
    "context": {"context_type": "web", "client_ip_address": "203.0.113.7", "user_agent": "Mozilla/5.0"},
}


def rows(read: Reader, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Read several events, an id each."""
    return read("asana", *[event | {"gid": n} for n, event in enumerate(events)])


def test_an_event_becomes_a_row(read: Reader) -> None:
    (row,) = read("asana", ROLE)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    assert (row["event_id"], row["event"]) == ("700001", "user_workspace_admin_role_changed")
    assert (row["category"], row["action"]) == ("Members", "Role Changed")
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "17", "human")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("ben@northwind.example", "user", "9")
    assert json.loads(row["changes"]) == {"user_workspace_admin_role": ["member", "super_admin"]}
    assert (row["source"], row["ip"], row["user_agent"]) == ("web", "203.0.113.7", "Mozilla/5.0")
    assert (row["workspace"], row["outcome"]) == ("Northwind", "success")


def test_counterparts_else_the_vendors_own_category(read: Reader) -> None:
    names = {
        ("user_deprovisioned", "user_updates"): ("Members", "Removed"),
        ("workspace_associated_email_domain_added", "admin_settings"): ("Domains", "Email Domain Created"),
        ("service_account_deleted", "apps"): ("API Keys", "Deleted"),
        ("user_personal_access_token_authorized", "apps"): ("API Keys", "Created"),
        ("user_app_revoked", "apps"): ("Connections", "Deleted"),
        ("workspace_saml_settings_changed", "admin_settings"): ("Organization", "Updated"),
        ("workspace_require_two_factor_auth_disabled", "admin_settings"): ("Organization", "Updated"),
        ("workspace_announcement_created", "admin_settings"): ("admin_settings", "created"),
        ("workspace_export_started", "content_export"): ("content_export", "started"),
    }
    found = rows(read, *[ROLE | {"event_type": name, "event_category": family} for name, family in names])
    assert [(row["category"], row["action"]) for row in found] == list(names.values())


def test_who_acts_beside_users(read: Reader) -> None:
    api = {"context_type": "api", "api_authentication_method": "service_account"}
    oauth = {"context_type": "api", "api_authentication_method": "oauth", "oauth_app_name": "Timesheets"}
    service, app, asana, support, anonymous = rows(
        read,
        ROLE | {"actor": {"actor_type": "user", "gid": "5", "name": "SCIM"}, "context": api},
        ROLE | {"context": oauth},
        ROLE | {"actor": {"actor_type": "asana"}, "context": {"context_type": "asana"}},
        ROLE | {"actor": {"actor_type": "asana_support"}, "context": {"context_type": "asana_support"}},
        ROLE | {"actor": {"actor_type": "anonymous"}},
    )
    assert (service["actor"], service["actor_type"], service["source"]) == ("SCIM", "service", "api")
    assert (app["actor"], app["actor_type"], app["source"]) == ("ana@northwind.example", "human", "Timesheets")
    assert (asana["actor"], asana["actor_type"]) == ("asana", "system")
    assert (support["actor"], support["actor_type"]) == ("asana_support", "support")
    assert (anonymous["actor"], anonymous["actor_type"]) == (None, None)


def test_a_failed_login_names_the_account_that_was_tried(read: Reader) -> None:
    (row,) = rows(
        read,
        ROLE
        | {
            "event_type": "user_login_failed",
            "event_category": "logins",
            "actor": {"actor_type": "anonymous"},
            "details": {"method": ["PASSWORD"]},
            "context": {"context_type": "web", "client_ip_address": "[2001:db8::7]:443"},
        },
    )
    assert (row["actor"], row["outcome"], row["ip"]) == ("ben@northwind.example", "failure", "2001:db8::7")
    assert row["changes"] is None


def test_values_of_a_setting_keep_their_type(read: Reader) -> None:
    setting = {"event_type": "workspace_allowed_apps_changed", "event_category": "admin_settings"}
    listed, odd = rows(
        read,
        ROLE | setting | {"details": {"old_value": [], "new_value": ["a", "b"]}},
        ROLE | {"context": {"context_type": {"name": "web"}}},
    )
    assert json.loads(listed["changes"]) == {"workspace_allowed_apps": [[], ["a", "b"]]}
    assert odd == {"reason": "field context.context_type is of type object, not text"}


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"event_type": "user_login_failed", "event_category": "logins", "created_at": "2026-03-02T09:14:05Z"},
        {"event_type": "user_login_failed", "actor": {"actor_type": "anonymous"}},
        {"event_type": "user_login_failed", "context": {"client_ip_address": "203.0.113.7"}},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"asana"}


def test_a_verb_of_two_words_is_kept_whole(read: Reader) -> None:
    (row,) = rows(read, ROLE | {"event_type": "user_logged_out", "event_category": "logins"})
    assert (row["category"], row["action"]) == ("logins", "logged_out")
