"""How is an event of `entra` read? Raw events after Microsoft's documentation, each beside the row that is expected of it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS, entra

TENANT = "6f1c7a52-3f0e-4c5b-9a55-0d2d5d6b7e10"


def logged(category: str, operation: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an event as diagnostic settings deliver it."""
    return {
        "time": "2026-03-02T09:16:40.0000000Z",
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": operation,
        "operationVersion": "1.0",
        "category": category,
        "tenantId": TENANT,
        "resultSignature": "None",
        "durationMs": 0,
        "Level": 4,
        "properties": properties,
        **more,
    }


ROLE_ADDED = {
    "id": "Directory_7a_01",
    "category": "RoleManagement",
    "result": "success",
    "activityDisplayName": "Add member to role",
    "activityDateTime": "2026-03-02T09:14:05.1200000+00:00",
    "loggedByService": "Core Directory",
    "operationType": "Assign",
    "initiatedBy": {
        "user": {
            "id": "u-17",
            "displayName": None,
            "userPrincipalName": "ana@northwind.example",
            "ipAddress": "203.0.113.7:50123",
            "roles": [],
        },
        "app": None,
    },
    "targetResources": [
        {
            "id": "u-9",
            "displayName": "",
            "type": "User",
            "userPrincipalName": "ben@northwind.example",
            "modifiedProperties": [
                {"displayName": "Role.DisplayName", "oldValue": None, "newValue": '"Global Reader"'},
                {"displayName": "Included Updated Properties", "oldValue": None, "newValue": '"Role.DisplayName"'},
            ],
        },
        {"id": "r-1", "displayName": None, "type": "Role", "modifiedProperties": []},
    ],
    "additionalDetails": [{"key": "User-Agent", "value": "Mozilla/5.0"}],
}
ROLE_ROW = {
    "event_id": "Directory_7a_01",
    "event": "Add member to role",
    "category": "Members",
    "action": "Role Changed",
    "actor": "ana@northwind.example",
    "actor_id": "u-17",
    "actor_type": "human",
    "resource": "ben@northwind.example",
    "resource_type": "User",
    "resource_id": "u-9",
    "changes": '{"Role.DisplayName":[null,"Global Reader"]}',
    "source": "Core Directory",
    "ip": "203.0.113.7",
    "outcome": "success",
    "user_agent": "Mozilla/5.0",
}

SIGN_IN = {
    "id": "s-01",
    "createdDateTime": "2026-03-02T09:14:05.120Z",
    "userDisplayName": "Ana Ruiz",
    "userPrincipalName": "ana@northwind.example",
    "userId": "u-17",
    "userType": "Member",
    "appId": "a-1",
    "appDisplayName": "Azure Portal",
    "ipAddress": "2001:db8::7",
    "clientAppUsed": "Browser",
    "isInteractive": True,
    "userAgent": "Mozilla/5.0",
    "resourceDisplayName": "Windows Azure Service Management API",
    "resourceId": "res-1",
    "status": {"errorCode": 50126, "failureReason": "Wrong password"},
    "location": {"city": "Madrid", "state": "Madrid", "countryOrRegion": "Spain", "geoCoordinates": {"latitude": 40.4}},
}
SIGN_IN_ROW = {
    "event_id": "s-01",
    "event": "Sign-in activity",
    "category": "SignInLogs",
    "action": "Sign-in",
    "actor": "ana@northwind.example",
    "actor_id": "u-17",
    "actor_role": "Member",
    "actor_type": "human",
    "resource": "Windows Azure Service Management API",
    "resource_type": "Application",
    "resource_id": "res-1",
    "source": "Azure Portal",
    "ip": "2001:db8::7",
    "country": "ES",
    "region": "Madrid",
    "city": "Madrid",
    "outcome": "failure",
    "user_agent": "Mozilla/5.0",
}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a role, by diagnostic settings": (
        logged("AuditLogs", "Add member to role", ROLE_ADDED, identity="Ana Ruiz"),
        ROLE_ROW | {"workspace": TENANT, "occurred_at": "2026-03-02T09:14:05.120000+00:00"},
    ),
    "a role, by the Graph API": (ROLE_ADDED, ROLE_ROW | {"occurred_at": "2026-03-02T09:14:05.120000+00:00"}),
    "a sign-in, by diagnostic settings": (
        logged(
            "SignInLogs", "Sign-in activity", SIGN_IN, location="ES", resultType="50126", callerIpAddress="2001:db8::7"
        ),
        SIGN_IN_ROW | {"workspace": TENANT, "occurred_at": "2026-03-02T09:14:05.120000+00:00"},
    ),
    "a sign-in, by the Graph API": (SIGN_IN, SIGN_IN_ROW),
    "a sign-in, by a workspace's export": (
        {
            "TimeGenerated": "2026-03-02T09:16:40.0000000Z",
            "CreatedDateTime": "2026-03-02T09:14:05.1200000Z",
            "OperationName": "Sign-in activity",
            "Category": "SignInLogs",
            "ResultType": "0",
            "Identity": "Ana Ruiz",
            "UserPrincipalName": "ana@northwind.example",
            "UserId": "u-17",
            "IPAddress": "203.0.113.7",
            "Location": "ES",
            "LocationDetails": '{"city":"Madrid","state":"Madrid","countryOrRegion":"ES"}',
            "AppDisplayName": "Azure Portal",
            "AADTenantId": TENANT,
            "Id": "s-02",
            "Type": "SigninLogs",
        },
        {
            "event_id": "s-02",
            "actor": "ana@northwind.example",
            "ip": "203.0.113.7",
            "country": "ES",
            "city": "Madrid",
            "outcome": "success",
            "workspace": TENANT,
            "occurred_at": "2026-03-02T09:14:05.120000+00:00",
        },
    ),
    "a service principal, named by its application, in a log that writes its time otherwise": (
        logged(
            "ServicePrincipalSignInLogs",
            "Sign-in activity",
            {
                "id": "s-03",
                "createdDateTime": "",
                "userPrincipalName": "",
                "userId": "",
                "appId": "a-7",
                "appDisplayName": "northwind-deploy",
                "servicePrincipalId": "sp-7",
                "servicePrincipalName": "",
                "ipAddress": "198.51.100.4",
                "status": {"errorCode": 0},
                "location": {"city": "", "state": "", "countryOrRegion": ""},
            },
            time="3/2/2026 9:14:05 PM",
        ),
        {
            "actor": "northwind-deploy",
            "actor_id": "sp-7",
            "actor_type": "service",
            "country": None,
            "city": None,
            "outcome": "success",
            "occurred_at": "2026-03-02T21:14:05+00:00",
        },
    ),
    "AD FS names the application beside the user, and more proof asked for is no failure": (
        logged(
            "ADFSSignInLogs",
            "Sign-in activity",
            {
                "id": "s-04",
                "userPrincipalName": "ben@northwind.example",
                "servicePrincipalName": "Intranet",
                "status": {"errorCode": 50076},
            },
        ),
        {"actor": "ben@northwind.example", "actor_type": "human", "outcome": None, "category": "ADFSSignInLogs"},
    ),
    "an application that changes another, with a value that is no JSON": (
        logged(
            "AuditLogs",
            "Add service principal credentials",
            {
                "id": "Directory_7a_02",
                "category": "ApplicationManagement",
                "result": "failure",
                "activityDisplayName": "Add service principal credentials",
                "activityDateTime": "2026-03-02T09:14:05Z",
                "operationType": "Update",
                "initiatedBy": {
                    "app": {"appId": None, "displayName": "northwind-deploy", "servicePrincipalId": "sp-7"}
                },
                "targetResources": [
                    {
                        "id": "sp-9",
                        "displayName": "billing",
                        "type": "ServicePrincipal",
                        "modifiedProperties": [
                            {"displayName": "KeyDescription", "oldValue": "[]", "newValue": 'say "hi"'}
                        ],
                    }
                ],
            },
        ),
        {
            "actor": "northwind-deploy",
            "actor_id": "sp-7",
            "actor_type": "service",
            "category": "API Keys",
            "action": "Created",
            "resource": "billing",
            "changes": '{"KeyDescription":[[],"say \\"hi\\""]}',
            "outcome": "failure",
        },
    ),
    "a provisioning step": (
        logged(
            "ProvisioningLogs",
            "Provisioning activity",
            {
                "id": "p-01",
                "activityDateTime": "2026-03-02T09:14:05Z",
                "provisioningAction": "create",
                "initiatedBy": {"Type": "system", "Id": "", "Name": "Azure AD Provisioning Service"},
                "sourceIdentity": {"identityType": "User", "Id": "u-9", "Name": "Ben Okoro"},
                "provisioningStatusInfo": {"Status": "failure"},
                "modifiedProperties": [{"displayName": "active", "oldValue": None, "newValue": "True"}],
            },
            identity="p-01",
        ),
        {
            "event_id": "p-01",
            "actor": "Azure AD Provisioning Service",
            "actor_type": "system",
            "action": "create",
            "resource": "Ben Okoro",
            "resource_type": "User",
            "changes": '{"active":[null,"True"]}',
            "outcome": "failure",
        },
    ),
    "a detected risk is of the time of its detection": (
        logged(
            "UserRiskEvents",
            "User Risk Detection",
            {
                "id": "k-01",
                "riskEventType": "anonymizedIPAddress",
                "riskState": "atRisk",
                "activityDateTime": "2026-03-01T07:00:00.000Z",
                "detectedDateTime": "2026-03-02T08:00:00.000Z",
                "userPrincipalName": "ana@northwind.example",
                "location": {"countryOrRegion": "DE", "city": "Dresden"},
            },
            time="3/2/2026 9:16:40 AM",
            location="de",
        ),
        {
            "event": "User Risk Detection",
            "action": "anonymizedIPAddress",
            "actor": "ana@northwind.example",
            "country": "DE",
            "occurred_at": "2026-03-02T09:16:40+00:00",
        },
    ),
    "a call of the Graph API names a data centre's region, no country": (
        logged(
            "MicrosoftGraphActivityLogs",
            "Microsoft Graph Activity",
            {
                "requestId": "g-01",
                "requestMethod": "GET",
                "requestUri": "https://graph.microsoft.com/v1.0/users",
                "responseStatusCode": 403,
                "servicePrincipalId": "sp-7",
                "userId": None,
                "location": "West Europe",
            },
            callerIpAddress="198.51.100.4",
            location="West Europe",
        ),
        {
            "event_id": "g-01",
            "actor": "sp-7",
            "actor_type": "service",
            "action": "GET",
            "resource": "https://graph.microsoft.com/v1.0/users",
            "country": None,
            "region": None,
            "outcome": "failure",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reads_an_event(read: Reader, name: str) -> None:
    event, expected = CASES[name]
    assert entra.FEED.recognises(event)
    (row,) = read("entra", event)
    assert "reason" not in row, row
    got = row | {"occurred_at": row["occurred_at"].isoformat()}
    assert {column: got[column] for column in expected} == expected


def test_a_time_that_is_none_is_not_replaced_by_another(read: Reader) -> None:
    (row,) = read("entra", logged("SignInLogs", "Sign-in activity", SIGN_IN | {"createdDateTime": "yesterday"}))
    assert row == {"reason": "a time that cannot be read"}


def test_states_of_a_risky_user_are_events_of_their_own(read: Reader) -> None:
    states = [
        logged(
            "RiskyUsers", "Risky user", {"id": "u-17", "userPrincipalName": "ana@northwind.example", "riskState": state}
        )
        for state in ("atRisk", "dismissed")
    ]
    rows = read("entra", *states)
    assert [(row["actor"], row["action"]) for row in rows] == [
        ("ana@northwind.example", "atRisk"),
        ("ana@northwind.example", "dismissed"),
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"operationName": "Sign-in activity"},
        {"operationName": "Delete user", "properties": {"activityDisplayName": "Delete user"}},
        {"operationName": "Risk", "properties": {"userPrincipalName": "ana@northwind.example"}},
    ],
)
def test_few_fields_are_enough_to_be_told_from_other_azure_logs(event: dict[str, Any]) -> None:
    envelope = {"time": "2026-03-02T09:14:05Z", "resourceId": "/tenants/nw/providers/Microsoft.aadiam"}
    assert recognise([envelope | event], FEEDS) is entra.FEED


def test_less_important_fields_of_another_type_lose_no_event(read: Reader) -> None:
    event = {"time": "2026-03-02T09:14:05Z", "category": "AuditLogs", "operationName": "Delete user"}
    rows = read(
        "entra",
        event | {"identity": {"name": "ana"}, "properties": {"id": "1", "initiatedBy": "ana"}},
        event | {"identity": "ana", "properties": {"id": "2", "initiatedBy": {}}},
        event | {"category": "SignInLogs", "properties": {"id": "3", "location": "ES"}},
    )
    assert [(row["actor"], row["country"]) for row in rows] == [(None, None), ("ana", None), (None, "ES")]


def test_an_interrupted_sign_in_neither_succeeded_nor_failed(read: Reader) -> None:
    event = {"time": "2026-03-02T09:14:05Z", "category": "SignInLogs", "operationName": "Sign-in activity"}
    rows = read("entra", *(event | {"resultType": code} for code in ("0", "50140", "50126", "Success")))
    assert [row["outcome"] for row in rows] == ["success", None, "failure", "success"]
