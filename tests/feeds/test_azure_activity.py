"""How is an event of `azure_activity` read? Raw events after Microsoft's documentation, each beside the row expected of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS, azure_activity

SUBSCRIPTION = "/subscriptions/0B1C2D3E-0000-4000-8000-0123456789AB"
ACCOUNT = f"{SUBSCRIPTION}/resourceGroups/northwind-rg/providers/Microsoft.Storage/storageAccounts/northwindfiles"
CLUSTER = f"{SUBSCRIPTION}/resourceGroups/northwind-rg/providers/Microsoft.ContainerService/managedClusters/shop"
XML = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
MICROSOFT = "http://schemas.microsoft.com/identity/claims"


def logged(category: str, operation: Any, resource: str, **more: Any) -> dict[str, Any]:
    """Return an event as diagnostic settings deliver it."""
    return {
        "time": "2026-03-02T09:14:05.1200000Z",
        "resourceId": resource,
        "operationName": operation,
        "category": category,
        "correlationId": "c-1",
        "location": "westeurope",
        **more,
    }


POD = {
    "kind": "Event",
    "apiVersion": "audit.k8s.io/v1",
    "auditID": "k-01",
    "stage": "ResponseComplete",
    "verb": "create",
    "user": {"username": "system:serviceaccount:shop:deployer", "uid": "sa-1"},
    "sourceIPs": ["198.51.100.4", "10.0.0.9"],
    "userAgent": "kubectl/v1.31",
    "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": "cart-1"},
    "responseStatus": {"code": 403},
    "requestReceivedTimestamp": "2026-03-02T09:14:05.120000Z",
}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a role assignment of a user in the portal": (
        logged(
            "Administrative",
            "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
            f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/ra-1",
            resultType="Success",
            resultSignature="Succeeded.Created",
            callerIpAddress="203.0.113.7",
            tenantId="t-1",
            identity={
                "authorization": {"evidence": {"role": "Owner", "principalType": "User", "principalId": "u17"}},
                "claims": {
                    "appid": "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
                    "name": "Ana Ruiz",
                    f"{XML}/upn": "ana@northwind.example",
                    f"{MICROSOFT}/objectidentifier": "u-17",
                },
            },
        ),
        {
            "event": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
            "category": "Members",
            "action": "Role Changed",
            "actor": "ana@northwind.example",
            "actor_id": "u-17",
            "actor_role": "Owner",
            "actor_type": "human",
            "resource": "ra-1",
            "resource_type": "Microsoft.Authorization/roleAssignments",
            "source": "Azure Portal",
            "ip": "203.0.113.7",
            "country": None,
            "outcome": "success",
            "workspace": "t-1",
        },
    ),
    "a service principal that has only begun": (
        logged(
            "Administrative",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            ACCOUNT,
            resultType="Start",
            identity={"claims": {"appid": "a-7", "idtyp": "app", f"{MICROSOFT}/objectidentifier": "sp-7"}},
        ),
        {
            "category": "Administrative",
            "action": "listKeys",
            "actor": "sp-7",
            "actor_type": "service",
            "resource": "northwindfiles",
            "resource_type": "Microsoft.Storage/storageAccounts",
            "source": "API",
            "outcome": None,
            "workspace": "0b1c2d3e-0000-4000-8000-0123456789ab",
        },
    ),
    "the activity log's REST API": (
        {
            "authorization": {
                "action": "Microsoft.Storage/storageAccounts/delete",
                "role": "Contributor",
                "scope": ACCOUNT,
            },
            "caller": "ana@northwind.example",
            "claims": {"appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"},
            "category": {"value": "Administrative", "localizedValue": "Administrative"},
            "eventDataId": "e-01",
            "eventTimestamp": "2026-03-02T09:14:05.1200000Z",
            "submissionTimestamp": "2026-03-02T09:16:00Z",
            "httpRequest": {"clientIpAddress": "203.0.113.7", "method": "DELETE"},
            "operationName": {"value": "Microsoft.Storage/storageAccounts/delete", "localizedValue": "Delete account"},
            "resourceId": ACCOUNT,
            "resourceType": {"value": "Microsoft.Storage/storageAccounts"},
            "status": {"value": "Failed", "localizedValue": "Failed"},
            "subscriptionId": "sub-1",
        },
        {
            "event_id": "e-01",
            "event": "Microsoft.Storage/storageAccounts/delete",
            "category": "Administrative",
            "action": "delete",
            "actor": "ana@northwind.example",
            "actor_role": "Contributor",
            "source": "Azure CLI",
            "ip": "203.0.113.7",
            "outcome": "failure",
            "workspace": "sub-1",
            "occurred_at": "2026-03-02T09:14:05.120000+00:00",
        },
    ),
    "a workspace's export": (
        {
            "TimeGenerated": "2026-03-02T09:14:05.12Z",
            "OperationNameValue": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
            "CategoryValue": "Administrative",
            "ActivityStatusValue": "Success",
            "Caller": "Microsoft.Insights/autoscaleSettings",
            "CallerIpAddress": "",
            "EventDataId": "e-02",
            "SubscriptionId": "sub-1",
            "_ResourceId": f"{SUBSCRIPTION}/resourcegroups/rg/providers/microsoft.compute/virtualmachines/web-1",
            "Type": "AzureActivity",
        },
        {
            "event_id": "e-02",
            "actor": "Microsoft.Insights/autoscaleSettings",
            "actor_type": "system",
            "resource": "web-1",
            "resource_type": "microsoft.compute/virtualmachines",
            "outcome": "success",
            "ip": None,
        },
    ),
    "a request to storage, signed with a key, from an address with a port": (
        logged(
            "StorageRead",
            "GetBlob",
            f"{ACCOUNT}/blobServices/default",
            statusCode=404,
            callerIpAddress="203.0.113.7:50123",
            identity={"type": "SAS", "tokenHash": "key1(0A1B)"},
            properties={
                "accountName": "northwindfiles",
                "objectKey": "/northwindfiles/a.txt",
                "userAgentHeader": "curl/8",
            },
        ),
        {
            "event": "GetBlob",
            "category": "StorageRead",
            "action": "GetBlob",
            "actor": "key1(0A1B)",
            "actor_type": "api_key",
            "resource": "/northwindfiles/a.txt",
            "resource_type": "Microsoft.Storage/storageAccounts/blobServices",
            "ip": "203.0.113.7",
            "outcome": "failure",
            "user_agent": "curl/8",
        },
    ),
    "a request to storage with a token, whose authorization is a list": (
        logged(
            "StorageWrite",
            "PutBlob",
            f"{ACCOUNT}/blobServices/default",
            statusCode=201,
            identity={
                "type": "OAuth",
                "authorization": [{"action": "write", "result": "Granted"}],
                "requester": {"appId": "a-9", "objectId": "u-9", "upn": "ben@northwind.example"},
            },
        ),
        {"actor": "ben@northwind.example", "actor_id": "u-9", "actor_type": "human", "outcome": "success"},
    ),
    "a request to a key vault": (
        logged(
            "AuditEvent",
            "SecretGet",
            f"{SUBSCRIPTION}/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/NORTHWIND",
            resultType="Success",
            resultSignature="Forbidden",
            callerIpAddress="203.0.113.7",
            identity={"claim": {f"{XML}/upn": "ben@northwind.example", "appid": "a-9"}},
            properties={
                "httpStatusCode": 403,
                "clientInfo": "azsdk",
                "id": "https://northwind.vault.azure.net/secrets/x",
            },
        ),
        {
            "actor": "ben@northwind.example",
            "actor_type": "human",
            "resource_type": "MICROSOFT.KEYVAULT/VAULTS",
            "outcome": "failure",
            "user_agent": "azsdk",
        },
    ),
    "a statement in a database": (
        logged(
            "SQLSecurityAuditEvents",
            "AuditEvent",
            f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Sql/servers/s1/databases/orders",
            properties={
                "action_name": "DATABASE AUTHENTICATION FAILED",
                "server_principal_name": "report_reader",
                "client_ip": "198.51.100.4",
                "application_name": "Northwind BI",
                "succeeded": "false",
            },
        ),
        {
            "event": "AuditEvent",
            "action": "DATABASE AUTHENTICATION FAILED",
            "actor": "report_reader",
            "actor_type": None,
            "resource": "orders",
            "resource_type": "Microsoft.Sql/servers/databases",
            "source": "Northwind BI",
            "ip": "198.51.100.4",
            "outcome": "failure",
        },
    ),
    "an audit event of a cluster, inside its log": (
        logged(
            "kube-audit",
            "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read",
            CLUSTER,
            properties={"log": json.dumps(POD), "pod": "kube-apiserver-1"},
        ),
        {
            "event_id": "k-01/ResponseComplete",
            "event": "create pods",
            "category": "kube-audit",
            "action": "create",
            "actor": "system:serviceaccount:shop:deployer",
            "actor_id": "sa-1",
            "actor_type": "service",
            "resource": "shop/cart-1",
            "resource_type": "pods/exec",
            "source": "Kubernetes API",
            "ip": "198.51.100.4",
            "outcome": "failure",
            "user_agent": "kubectl/v1.31",
        },
    ),
    "an operation of Event Hubs, whose log has another form": (
        {
            "EventName": "Create EventHub",
            "EventTimeString": "3/2/2026 9:14:05 AM +00:00",
            "Status": "Succeeded",
            "Caller": "Portal",
            "category": "OperationalLogs",
            "resourceId": f"{SUBSCRIPTION}/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.EVENTHUB/NAMESPACES/NORTHWIND",
        },
        {
            "event": "Create EventHub",
            "actor": "Portal",
            "outcome": "success",
            "occurred_at": "2026-03-02T09:14:05+00:00",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reads_an_event(read: Reader, name: str) -> None:
    event, expected = CASES[name]
    assert azure_activity.FEED.recognises(event)
    (row,) = read("azure_activity", event)
    assert "reason" not in row, row
    got = row | {"occurred_at": row["occurred_at"].isoformat()}
    assert {column: got[column] for column in expected} == expected


def test_the_log_of_a_cluster_may_be_no_json(read: Reader) -> None:
    event = logged("kube-apiserver", "Microsoft.ContainerService/managedClusters/diagnosticLogs/Read", CLUSTER)
    (row,) = read("azure_activity", event | {"properties": {"log": "I0302 09:14:05 trace.go:236] slow"}})
    assert (row["event"], row["actor"]) == (event["operationName"], None)


def test_a_cluster_event_without_any_time_goes_to_quarantine(read: Reader) -> None:
    audit = {key: value for key, value in POD.items() if key != "requestReceivedTimestamp"}
    (row,) = read("azure_activity", {"category": "kube-audit", "properties": {"log": json.dumps(audit)}})
    assert row == {"reason": "no time"}


@pytest.mark.parametrize(
    ("identity", "actor"),
    [
        ("ana@northwind.example", "ana@northwind.example"),
        ({"claims": {"upn": "ana@northwind.example"}}, "ana@northwind.example"),
        ({"claim": {"oid": "nw-oid", "appid": "nw-app"}}, "nw-oid"),
        ({"claims": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": "nw-1"}}, "nw-1"),
        ('{"claims": {}}', None),
        ({}, None),
        (None, None),
    ],
)
def test_an_identity_of_any_form(read: Reader, identity: Any, actor: str | None) -> None:
    event = {"time": "3/2/2026 9:14:05 AM +00:00", "operationName": "SecretGet", "category": "AuditEvent"}
    (row,) = read("azure_activity", event | {"identity": identity})
    assert (row["actor"], row["occurred_at"].isoformat()) == (actor, "2026-03-02T09:14:05+00:00")


@pytest.mark.parametrize(
    "event",
    [
        {"category": "AzureFirewallNetworkRule", "operationName": "AzureFirewallNetworkRuleLog"},
        {"callerIpAddress": "203.0.113.7", "operationName": "Microsoft.Network/networkSecurityGroups/write"},
        {"resourceId": "/subscriptions/s/providers/x", "operationName": "Microsoft.Compute/disks/delete"},
        {"category": "kube-audit", "properties": {"log": "{}"}},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(event: dict[str, Any]) -> None:
    assert recognise([{"time": "2026-03-02T09:14:05Z", **event}], FEEDS) is azure_activity.FEED
