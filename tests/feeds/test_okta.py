"""How is an event of the Okta System Log read? Raw events, made after Okta's documentation, beside the rows expected of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ANA = {"id": "00uAna17", "type": "User", "alternateId": "ana@northwind.example", "displayName": "Ana Ruiz"}
BEN = {"id": "00uBen09", "type": "User", "alternateId": "ben@northwind.example", "displayName": "Ben Okoro"}
PLACE = {"city": "Madrid", "state": "Madrid", "country": "Spain", "geolocation": {"lat": 40.4, "lon": -3.7}}
BASE: dict[str, Any] = {
    "uuid": "5f2f7f40-0001",
    "published": "2026-03-02T09:14:05.120Z",
    "eventType": "user.session.start",
    "version": "0",
    "severity": "INFO",
    "displayMessage": "User login to Okta",
    "actor": ANA,
    "client": {
        "ipAddress": "203.0.113.7",
        "userAgent": {"rawUserAgent": "Mozilla/5.0", "os": "Linux", "browser": "FIREFOX"},
        "geographicalContext": PLACE,
        "zone": "null",
    },
    "outcome": {"result": "SUCCESS", "reason": None},
    "target": None,
    "transaction": {"type": "WEB", "id": "t-1", "detail": {}},
    "debugContext": {"debugData": {"requestUri": "/idp/idx/identify"}},
    "request": {"ipChain": [{"ip": "203.0.113.7", "version": "V4", "geographicalContext": PLACE}]},
}


def test_a_sign_in(read: Reader) -> None:
    (row,) = read("okta", BASE)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    expected = {
        "event_id": "5f2f7f40-0001",
        "event": "user.session.start",
        "category": "user.session",
        "action": "start",
        "actor": "ana@northwind.example",
        "actor_id": "00uAna17",
        "actor_type": "human",
        "source": "Web",
        "ip": "203.0.113.7",
        "country": "ES",
        "region": "Madrid",
        "city": "Madrid",
        "outcome": "success",
        "user_agent": "Mozilla/5.0",
        "resource": None,
        "workspace": None,
    }
    assert {key: row[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("event", "category", "action"),
    [
        ("user.lifecycle.create", "Members", "Joined"),
        ("group.privilege.grant", "Members", "Role Changed"),
        ("system.api_token.revoke", "API Keys", "Deleted"),
        ("application.lifecycle.activate", "Integrations", "Enabled"),
        ("event_hook.deactivated", "Integrations", "Disabled"),
        ("system.idp.lifecycle.create", "Connections", "Created"),
        ("system.email_domain.create", "Domains", "Email Domain Created"),
        ("workflows.user.flow.delete", "Workflows", "Deleted"),
        ("policy.rule.update", "policy.rule", "update"),
    ],
)
def test_counterparts_else_family_and_verb(read: Reader, event: str, category: str, action: str) -> None:
    (row,) = read("okta", BASE | {"eventType": event})
    assert (row["category"], row["action"]) == (category, action)


@pytest.mark.parametrize(
    ("actor", "name", "kind"),
    [
        (
            {"id": "sys", "type": "SystemPrincipal", "alternateId": "system@okta.com", "displayName": "Okta System"},
            "Okta System",
            "system",
        ),
        (
            {"id": "0oaSync", "type": "PublicClientApp", "alternateId": "0oaSync", "displayName": "Roster sync"},
            "Roster sync",
            "service",
        ),
        (
            {"id": "unknown", "type": "User", "alternateId": "anna@northwind.example", "displayName": "unknown"},
            "anna@northwind.example",
            "human",
        ),
        ({"id": "00uX", "type": "User", "alternateId": "unknown", "displayName": ""}, "00uX", "human"),
        (None, None, None),
    ],
)
def test_actors(read: Reader, actor: dict[str, Any] | None, name: str | None, kind: str | None) -> None:
    (row,) = read("okta", BASE | {"actor": actor})
    assert (row["actor"], row["actor_type"]) == (name, kind)


def test_support_acts_and_customers_let_it_in(read: Reader) -> None:
    names = ["user.session.impersonation.initiate", "user.session.impersonation.grant"]
    assert [read("okta", BASE | {"eventType": name})[0]["actor_type"] for name in names] == ["support", "human"]


def test_outcomes(read: Reader) -> None:
    results = ["FAILURE", "DENY", "ALLOW", "CHALLENGE", "SKIPPED", None]
    found = [read("okta", BASE | {"outcome": {"result": result}})[0]["outcome"] for result in results]
    assert found == ["failure", "failure", "success", None, None, None]


def test_the_target_is_the_resource_and_an_api_token_the_source(read: Reader) -> None:
    token = {"id": "00TKey", "type": "Token", "alternateId": "unknown", "displayName": "ci-token"}
    used = {"type": "WEB", "detail": {"requestApiTokenId": "00TOther"}}
    named, person = read(
        "okta", BASE | {"target": [token]}, BASE | {"uuid": "2", "target": [BEN, token], "transaction": used}
    )
    assert (named["resource"], named["resource_type"], named["resource_id"]) == ("ci-token", "Token", "00TKey")
    assert (person["resource"], person["source"]) == ("ben@northwind.example", "API")


def test_changes(read: Reader) -> None:
    rule = {"id": "0pr1", "type": "PolicyRule", "displayName": "Default"}
    details = {"from": {"mfa": "always", "name": "Default"}, "to": {"mfa": "never", "name": "Default"}}
    granted = {"debugData": {"privilegeGranted": "Super administrator"}}
    changed, given, empty = read(
        "okta",
        BASE | {"target": [BEN, rule | {"changeDetails": details}]},
        BASE | {"uuid": "2", "eventType": "user.account.privilege.grant", "target": [BEN], "debugContext": granted},
        BASE | {"uuid": "3", "target": [BEN]},
    )
    assert json.loads(changed["changes"]) == {"mfa": ["always", "never"]}
    assert json.loads(given["changes"]) == {"privilege": [None, "Super administrator"]}
    assert empty["changes"] is None


def test_an_event_bridge_envelope(read: Reader) -> None:
    envelope = {
        "version": "0",
        "id": "e-1",
        "detail-type": "SystemLog",
        "source": "aws.partner/okta.com/northwind/audit",
        "time": "2026-03-02T09:15:00Z",
        "detail": BASE,
    }
    (row,) = read("okta", envelope)
    assert (row["event_id"], row["event"], row["actor"]) == (
        "5f2f7f40-0001",
        "user.session.start",
        "ana@northwind.example",
    )
    assert (row["workspace"], row["country"], row["occurred_at"].isoformat()) == (
        "northwind",
        "ES",
        "2026-03-02T09:14:05.120000+00:00",
    )


def test_odd_types(read: Reader) -> None:
    chain = {"client": {"ipAddress": None}, "request": {"ipChain": [{"ip": "2001:db8::17"}, {"ip": "203.0.113.9"}]}}
    plain = {
        "client": {"ipAddress": "203.0.113.7:8443", "userAgent": "okta-agent/1"},
        "debugContext": {"debugData": ""},
    }
    first, second = read("okta", BASE | chain, BASE | plain | {"uuid": "2", "transaction": None})
    assert (first["ip"], first["country"]) == ("2001:db8::17", None)
    assert (second["ip"], second["user_agent"], second["source"]) == ("203.0.113.7", "okta-agent/1", None)
    reasons = [row["reason"] for row in read("okta", BASE | {"published": "redacted"}, BASE | {"actor": "ana"})]
    assert reasons == ["a time that cannot be read", "field actor is of type text, not object"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("Congo Republic", "CG"), ("São Tomé and Príncipe", "ST"), ("U.S. Virgin Islands", "VI"), ("Macau", "MO")],
)
def test_countries_have_several_names(read: Reader, name: str, code: str) -> None:
    (row,) = read("okta", BASE | {"client": {"geographicalContext": {"country": name}}})
    assert row["country"] == code


@pytest.mark.parametrize(
    "stub",
    [
        {"eventType": "user.session.start", "published": "2026-03-02T09:14:05.120Z"},
        {"eventType": "user.session.start", "outcome": {"result": "FAILURE"}},
        {"eventType": "user.session.start", "actor": {"id": "00uAna17"}},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(stub: dict[str, Any]) -> None:
    assert recognise([stub], FEEDS) is FEEDS["okta"]
