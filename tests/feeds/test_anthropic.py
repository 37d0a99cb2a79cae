"""How does the activity of a Claude organization become rows?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ANA = {
    "type": "user_actor",
    "email_address": "ana@northwind.example",
    "user_id": "user_nw17",
    "ip_address": "2001:db8::7",
    "user_agent": "Mozilla/5.0",
}


def activity(kind: str, actor: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"activity_{kind}",
        "created_at": "2026-03-02T09:14:05.120Z",
        "organization_id": "org_nw",
        "organization_uuid": "7f1d0f0e-1111-4222-8333-444455556666",
        "type": kind,
        "actor": actor or ANA,
    } | fields


def test_a_user_with_counterpart_resource_and_change(read: Reader) -> None:
    (row,) = read(
        "anthropic",
        activity(
            "claude_user_role_updated",
            user_id="user_nw9",
            user_email="ben@northwind.example",
            previous_role="user",
            current_role="admin",
        ),
    )
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "user_nw17", "human")
    assert (row["event"], row["category"], row["action"]) == ("claude_user_role_updated", "Members", "Role Changed")
    assert (row["resource"], row["resource_id"]) == ("ben@northwind.example", "user_nw9")
    assert json.loads(row["changes"]) == {"role": ["user", "admin"]}
    assert (row["ip"], row["workspace"], row["outcome"]) == ("2001:db8::7", "org_nw", "success")


def test_every_kind_of_actor(read: Reader) -> None:
    actors: list[dict[str, Any]] = [
        {"type": "user_actor", "email_address": "", "user_id": "user_nw17", "ip_address": "203.0.113.7"},
        {"type": "api_actor", "api_key_id": "apikey_1", "ip_address": "203.0.113.7"},
        {"type": "admin_api_key_actor", "admin_api_key_id": "adminkey_1"},
        {"type": "service_account_actor", "service_account_id": "svac_1", "ip_address": "203.0.113.7"},
        {"type": "unauthenticated_user_actor", "unauthenticated_email_address": "eve@northwind.example"},
        {"type": "unauthenticated_user_actor", "unauthenticated_email_address": None, "ip_address": "203.0.113.7"},
        {"type": "scim_directory_sync_actor", "directory_id": "directory_1", "idp_connection_type": "OktaSCIMV2"},
        {"type": "anthropic_actor", "email_address": None},
        {"type": "system_actor", "service": "retention"},
        {
            "type": "federated_actor",
            "subject": None,
            "provider": {"type": "aws", "signed_principal": "arn:aws:iam::1:role/ci"},
        },
        {"type": "a_later_actor"},
    ]
    rows = read("anthropic", *(activity("group_viewed", actor, id=str(n)) for n, actor in enumerate(actors)))
    assert [(row["actor"], row["actor_type"]) for row in rows] == [
        ("user_nw17", "human"),
        ("apikey_1", "api_key"),
        ("adminkey_1", "api_key"),
        ("svac_1", "service"),
        ("eve@northwind.example", "human"),
        (None, "human"),
        ("directory_1", "system"),
        (None, "support"),
        ("retention", "system"),
        ("arn:aws:iam::1:role/ci", "service"),
        (None, None),
    ]


def test_counterparts_and_the_vendors_own_families(read: Reader) -> None:
    rows = read(
        "anthropic",
        activity("service_key_revoked", service_key_id="sk_1", service_name="billing"),
        activity("org_domain_verified", domain="northwind.example"),
        activity("claude_chat_deleted", claude_chat_id="claude_chat_1", claude_project_id="claude_proj_1"),
        activity("claude_file_access_failed", claude_file_id="claude_file_1", filename="plan.pdf"),
        activity("user_logged_out"),
    )
    assert [(row["category"], row["action"], row["resource"], row["outcome"]) for row in rows] == [
        ("API Keys", "Deleted", "billing", "success"),
        ("Domains", "Domain Created", "northwind.example", "success"),
        ("Conversations", "Chat Deleted", "claude_chat_1", "success"),
        ("claude_file", "access_failed", "plan.pdf", "failure"),
        ("user", "logged_out", None, "success"),
    ]


def test_what_was_only_begun_has_no_outcome_and_a_refused_call_failed(read: Reader) -> None:
    rows = read(
        "anthropic",
        activity("sso_login_initiated"),
        activity("compliance_api_accessed", url="https://api.example/v1", status_code=403),
        activity("compliance_api_accessed", id="2", url="https://api.example/v1", status_code=200),
    )
    assert [row["outcome"] for row in rows] == [None, "failure", "success"]


def test_updates_become_changes_where_they_tell_values(read: Reader) -> None:
    told = [
        {"type": "workspace_role", "previous_value": "user", "current_value": "admin"},
        {"type": "quota", "previous_value": None, "current_value": {"a": 1}},
    ]
    rows = read(
        "anthropic",
        activity("platform_workspace_member_updated", updates=told, user_id="user_nw9", workspace_id="wrkspc_1"),
        activity("claude_user_settings_updated", updates=["theme"]),
        activity("claude_organization_settings_updated", updates={"theme": "dark"}),
    )
    assert json.loads(rows[0]["changes"]) == {"workspace_role": ["user", "admin"], "quota": [None, {"a": 1}]}
    assert (rows[0]["category"], rows[0]["action"]) == ("Organization", "Sub-Organization Member Role Changed")
    assert [row["changes"] for row in rows[1:]] == [None, None]


def test_the_export_of_the_settings_page(read: Reader) -> None:
    event = {
        "created_at": "2026-03-02T09:14:05+00:00",
        "actor_info": {"name": "Ana Ruiz", "uuid": "u-17", "metadata": {"email_address": "ana@northwind.example"}},
        "event": "project_created",
        "event_info": {},
        "entity_info": {"type": "project", "uuid": "p-1", "name": None},
        "ip_address": "203.0.113.7",
        "client_platform": "ios",
    }
    rows = read("anthropic", event, event | {"actor_info": json.dumps(event["actor_info"])})
    for row in rows:
        assert (row["event"], row["actor"], row["actor_id"]) == ("project_created", "ana@northwind.example", "u-17")
        assert (row["resource"], row["resource_type"], row["source"], row["ip"]) == (
            "p-1",
            "project",
            "ios",
            "203.0.113.7",
        )


def test_a_time_without_a_zone_is_not_guessed(read: Reader) -> None:
    (row,) = read("anthropic", activity("group_viewed", created_at="2026-03-02 09:14:05"))
    assert row["reason"] == "a time without a zone"


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {
            "type": "claude_chat_created",
            "created_at": "2026-03-02T09:14:05Z",
            "organization_uuid": "7f1d",
            "actor": None,
        },
        {
            "type": "a_later_type",
            "created_at": "2026-03-02T09:14:05Z",
            "actor": {"email_address": "ana@northwind.example"},
        },
        {
            "event": "user_signed_out",
            "created_at": "2026-03-02T09:14:05Z",
            "actor_info": None,
            "client_platform": "web",
        },
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"anthropic"}


def test_sign_ins_and_chats_of_the_export(read: Reader) -> None:
    names = {
        "user_signed_in_sso": ("user", "signed_in_sso", "success"),
        "user_signed_out": ("user", "signed_out", "success"),
        "conversation_deleted": ("Conversations", "Chat Deleted", "success"),
    }
    info = {"name": "Ana Ruiz", "uuid": "u-17"}
    rows = read(
        "anthropic",
        *(
            {"created_at": "2026-03-02T09:14:05Z", "event": name, "actor_info": info, "device_id": name}
            for name in names
        ),
    )
    assert {row["event"]: (row["category"], row["action"], row["outcome"]) for row in rows} == names


def test_a_value_told_before_and_after_may_be_a_list(read: Reader) -> None:
    (row,) = read("anthropic", activity("group_updated", previous_role=["user"], current_role=["user", "owner"]))
    assert json.loads(row["changes"]) == {"role": [["user"], ["user", "owner"]]}
