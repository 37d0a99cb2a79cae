"""How is an event of GitHub's audit log read? Raw events, made after its documentation, beside the rows expected of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

BASE: dict[str, Any] = {
    "@timestamp": 1772442845120,
    "_document_id": "nW7mPq2",
    "action": "repo.create",
    "actor": "ana-ruiz",
    "actor_id": 1701,
    "actor_ip": "203.0.113.7",
    "actor_is_bot": False,
    "actor_location": {"country_code": "ES", "region": "MD", "city": "Madrid"},
    "business": "northwind-group",
    "created_at": 1772442845120,
    "operation_type": "create",
    "org": "northwind",
    "org_id": 88,
    "repo": "northwind/forecasts",
    "repo_id": 4242,
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
}


def without(*keys: str) -> dict[str, Any]:
    """Return the base event without some of its fields."""
    return {key: value for key, value in BASE.items() if key not in keys}


def test_an_event_of_a_stream(read: Reader) -> None:
    (row,) = read("github", BASE)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    expected = {
        "event_id": "nW7mPq2",
        "event": "repo.create",
        "category": "repo",
        "action": "create",
        "actor": "ana-ruiz",
        "actor_id": "1701",
        "actor_type": "human",
        "resource": "northwind/forecasts",
        "resource_type": "Repository",
        "resource_id": "4242",
        "changes": None,
        "source": "Web",
        "ip": "203.0.113.7",
        "country": "ES",
        "region": "MD",
        "city": "Madrid",
        "outcome": "success",
        "workspace": "northwind",
    }
    assert {key: row[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("action", "category", "verb"),
    [
        ("org.invite_member", "Members", "Invited"),
        ("org.remove_member", "Members", "Removed"),
        ("business.add_admin", "Members", "Role Changed"),
        ("personal_access_token.access_granted", "API Keys", "Created"),
        ("hook.config_changed", "Integrations", "Updated"),
        ("integration_installation.destroy", "Integrations", "Deleted"),
        ("org.oauth_app_access_denied", "Integrations", "Disabled"),
        ("organization_domain.create", "Domains", "Domain Created"),
        ("org.disable_two_factor_requirement", "Organization", "Updated"),
        ("org.update_member", "Members", "Role Changed"),
        ("enterprise.config.enable_anonymous_git_access", "enterprise.config", "enable_anonymous_git_access"),
        ("protected_branch.policy_override", "protected_branch", "policy_override"),
    ],
)
def test_counterparts_else_family_and_verb(read: Reader, action: str, category: str, verb: str) -> None:
    (row,) = read("github", BASE | {"action": action, "user": "ben-okoro"})
    assert (row["event"], row["category"], row["action"]) == (action, category, verb)


def test_who_removes_himself_left(read: Reader) -> None:
    (row,) = read("github", BASE | {"action": "org.remove_member", "user": "ana-ruiz", "user_id": 1701})
    assert (row["action"], row["resource"], row["resource_type"], row["resource_id"]) == (
        "Left",
        "ana-ruiz",
        "Member",
        "1701",
    )


@pytest.mark.parametrize(
    ("event", "actor", "kind"),
    [
        (BASE | {"actor": "dependabot[bot]", "actor_is_bot": True}, "dependabot[bot]", "service"),
        (BASE | {"actor": "northwind-ci[bot]", "actor_is_bot": None}, "northwind-ci[bot]", "service"),
        (without("actor") | {"external_identity_nameid": "ana@northwind.example"}, "ana@northwind.example", "human"),
        (BASE | {"actor": ""}, "1701", "human"),
        (without("actor", "actor_id") | {"action": "user.failed_login", "user": "ana-ruiz"}, "ana-ruiz", None),
        (without("actor", "actor_id"), None, None),
        (BASE | {"action": "staff.repo_unlock", "actor": "github-staff"}, "github-staff", "support"),
    ],
)
def test_actors(read: Reader, event: dict[str, Any], actor: str | None, kind: str | None) -> None:
    (row,) = read("github", event)
    assert (row["actor"], row["actor_type"]) == (actor, kind)


def test_what_was_acted_on(read: Reader) -> None:
    events: list[dict[str, Any]] = [
        {"action": "org.disable_two_factor_requirement", "user": "ana-ruiz"},
        {"action": "team.add_member", "team": "northwind/authors", "user": "ben-okoro"},
        {"action": "integration_installation.create", "name": "Forecast bot"},
        {"action": "hook.create", "hook_id": 7, "config": {"url": "https://hooks.northwind.example/in"}},
        {"action": "git.push", "repo": "", "repository": "northwind/forecasts", "user": ""},
        {"action": "business_advanced_security.enabled", "repo": None, "org": None, "user": "ana-ruiz"},
    ]
    found = [read("github", BASE | event)[0] for event in events]
    assert [(row["resource"], row["resource_type"]) for row in found] == [
        ("northwind", "Organization"),
        ("ben-okoro", "Member"),
        ("Forecast bot", "Integration"),
        ("https://hooks.northwind.example/in", "Webhook"),
        ("northwind/forecasts", "Repository"),
        ("northwind-group", "Enterprise"),
    ]


def test_changes_have_a_before_and_an_after(read: Reader) -> None:
    access = {"action": "repo.access", "previous_visibility": "private", "visibility": "public"}
    member = {"action": "repo.update_member", "old_permission": "read", "permission": "admin", "user": "ben-okoro"}
    ruleset = {"action": "repository_ruleset.update", "ruleset_name": "main", "ruleset_old_enforcement": "evaluate"}
    changed = ruleset | {"ruleset_enforcement": "disabled"}
    found = [read("github", BASE | more)[0]["changes"] for more in (access, member, changed, ruleset)]
    assert [text and json.loads(text) for text in found] == [
        {"visibility": ["private", "public"]},
        {"permission": ["read", "admin"]},
        {"enforcement": ["evaluate", "disabled"]},
        None,
    ]


def test_an_older_event_keeps_fields_in_data(read: Reader) -> None:
    older = {"actor": "ana-ruiz", "org": "northwind", "created_at": 1772442845120}
    team = older | {"action": "team.add_repository", "data": {"team": "northwind/authors"}}
    (row,) = read("github", team)
    assert (row["resource"], row["resource_type"], row["ip"], row["workspace"]) == (
        "northwind/authors",
        "Team",
        None,
        "northwind",
    )


def test_outcomes_and_sources(read: Reader) -> None:
    events: list[dict[str, Any]] = [
        {"action": "git.clone", "programmatic_access_type": "Deploy key", "user_agent": "git/2.44.0"},
        {"action": "api.request", "status_code": 404, "user_agent": "curl/8.5.0"},
        {"action": "protected_branch.rejected_ref_update", "user_agent": "git/2.44.0"},
        {"action": "workflows.completed_workflow_run", "conclusion": "cancelled", "user_agent": ""},
        {"action": "workflows.completed_workflow_run", "conclusion": "failure", "user_agent": "GitHub CLI 2.60.0"},
    ]
    found = [read("github", BASE | event)[0] for event in events]
    assert [(row["source"], row["outcome"]) for row in found] == [
        ("Git", "success"),
        ("API", "failure"),
        (None, "failure"),
        (None, None),
        ("CLI", "failure"),
    ]


def test_a_node_of_the_graphql_api(read: Reader) -> None:
    node = {
        "id": "MDQ6",
        "action": "org.update_member",
        "actorLogin": "ana-ruiz",
        "actorIp": "2001:db8::17",
        "actorLocation": {"country": "Spain", "countryCode": None, "city": "Madrid"},
        "createdAt": "2026-03-02T09:14:05Z",
        "organizationName": "northwind",
        "userLogin": "ben-okoro",
    }
    (row,) = read("github", node)
    assert (row["event_id"], row["actor"], row["ip"], row["country"]) == ("MDQ6", "ana-ruiz", "2001:db8::17", "ES")
    assert (row["resource"], row["workspace"], row["occurred_at"].isoformat()) == (
        "ben-okoro",
        "northwind",
        "2026-03-02T09:14:05+00:00",
    )


def test_times(read: Reader) -> None:
    good = [
        BASE | {"created_at": "2026-03-02 09:14:05 UTC"},
        without("created_at"),
        BASE | {"created_at": "1772442845120"},
    ]
    found = [read("github", event)[0]["occurred_at"].isoformat()[:19] for event in good]
    assert found == ["2026-03-02T09:14:05"] * 3
    bad = [without("created_at", "@timestamp"), without("@timestamp") | {"created_at": "2026-03-02 00:00:00000"}]
    assert [read("github", event)[0]["reason"] for event in bad] == ["no time", "no time"]


def test_odd_types(read: Reader) -> None:
    lists = BASE | {"org": ["northwind", "southwind"], "user": ["ben-okoro"], "actor_ip": "203.0.113.7:443"}
    (row,) = read("github", lists)
    assert (row["workspace"], row["ip"]) == ('["northwind","southwind"]', "203.0.113.7")
    (bad,) = read("github", BASE | {"actor": {"login": "ana-ruiz"}})
    assert bad["reason"] == "field actor is of type object, not text"


def test_nobody_and_somebody_without_a_login(read: Reader) -> None:
    nameless = without("actor") | {"actor_id": "", "_document_id": "n-1"}
    nobody, known = read(
        "github",
        nameless,
        nameless | {"external_identity_nameid": "ana@northwind.example", "actor_id": 17, "_document_id": "n-2"},
    )
    assert (nobody["actor"], nobody["actor_type"]) == (None, None)
    assert (known["actor"], known["actor_id"], known["actor_type"]) == ("ana@northwind.example", "17", "human")


@pytest.mark.parametrize(
    "stub",
    [
        {"action": "team.promote_maintainer", "actor": "ana-ruiz", "user": "ben-okoro"},
        {"action": "public_key.create", "actor": "ana-ruiz", "created_at": 1772442845120},
        {"action": "secret_scanning_alert.create", "created_at": 1772442845120, "repo": "northwind/shop"},
        {"action": "git.clone", "@timestamp": 1772442845120, "repository": "northwind/shop"},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(stub: dict[str, Any]) -> None:
    assert recognise([stub], FEEDS) is FEEDS["github"]
