"""How is an entry of Google Cloud's audit logs read? Each entry beside the row that a person would write."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

ACTIVITY = "projects/north-shop/logs/cloudaudit.googleapis.com%2Factivity"


def entry(payload: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "insertId": "n0rth1",
        "logName": ACTIVITY,
        "timestamp": "2026-03-02T09:14:05.120456789Z",
        "receiveTimestamp": "2026-03-02T09:14:06.5Z",
        "severity": "NOTICE",
        "resource": {"type": "project", "labels": {"project_id": "north-shop"}},
        "protoPayload": {"@type": "type.googleapis.com/google.cloud.audit.AuditLog", **payload},
        **others,
    }


def by(email: str, **others: Any) -> dict[str, Any]:
    return {"principalEmail": email, **others}


ANA = by("ana@northwind.example", principalSubject="user:ana@northwind.example")
BROWSER = {"callerIp": "203.0.113.7", "callerSuppliedUserAgent": "Mozilla/5.0 (X11; Linux x86_64),gzip(gfe)"}

POLICY = {
    "serviceName": "cloudresourcemanager.googleapis.com",
    "methodName": "SetIamPolicy",
    "resourceName": "projects/north-shop",
    "status": {},
    "authenticationInfo": ANA,
    "requestMetadata": BROWSER,
    "serviceData": {
        "policyDelta": {
            "bindingDeltas": [
                {"action": "REMOVE", "role": "roles/viewer", "member": "user:ben@northwind.example"},
                {"action": "ADD", "role": "roles/owner", "member": "user:ben@northwind.example"},
                {"action": "ADD", "role": "roles/editor", "member": "allUsers"},
            ]
        }
    },
}

EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a policy": (
        entry(POLICY),
        {
            "event_id": "n0rth1",
            "event": "SetIamPolicy",
            "category": "Members",
            "action": "Role Changed",
            "actor": "ana@northwind.example",
            "actor_id": "user:ana@northwind.example",
            "actor_type": "human",
            "resource": "projects/north-shop",
            "resource_type": "project",
            "changes": '{"allUsers":[null,"roles/editor"],"user:ben@northwind.example":["roles/viewer","roles/owner"]}',
            "source": "Console",
            "ip": "203.0.113.7",
            "outcome": "success",
            "workspace": "north-shop",
        },
    ),
    "a key made by a service account, refused": (
        entry(
            {
                "serviceName": "iam.googleapis.com",
                "methodName": "google.iam.admin.v1.CreateServiceAccountKey",
                "resourceName": "projects/-/serviceAccounts/4471",
                "status": {"code": 7, "message": "Permission denied"},
                "authenticationInfo": by("deploy@north-shop.iam.gserviceaccount.com"),
                "requestMetadata": {
                    "callerIp": "2001:db8::9",
                    "callerSuppliedUserAgent": "google-cloud-sdk gcloud/502",
                },
            },
            severity="ERROR",
        ),
        {
            "category": "API Keys",
            "action": "Created",
            "actor": "deploy@north-shop.iam.gserviceaccount.com",
            "actor_type": "service",
            "source": "CLI",
            "ip": "2001:db8::9",
            "outcome": "failure",
            "changes": None,
        },
    ),
    "an identity from outside, the first entry of a long operation": (
        entry(
            {
                "serviceName": "compute.googleapis.com",
                "methodName": "v1.compute.instances.insert",
                "authenticationInfo": {
                    "principalEmail": "",
                    "principalSubject": "principal://iam.googleapis.com/locations/global/workforcePools/north/subject/cleo",
                },
                "requestMetadata": {
                    "callerIp": "gce-internal-ip",
                    "callerSuppliedUserAgent": "HashiCorp Terraform/1.9",
                },
            },
            operation={"id": "operation-17", "producer": "compute.googleapis.com", "first": True},
        ),
        {
            "event": "v1.compute.instances.insert",
            "category": "compute",
            "action": "insert",
            "actor": "principal://iam.googleapis.com/locations/global/workforcePools/north/subject/cleo",
            "actor_type": "human",
            "source": "Terraform",
            "ip": None,
            "outcome": None,
        },
    ),
    "nobody, at a cluster": (
        entry(
            {
                "serviceName": "k8s.io",
                "methodName": "io.k8s.core.v1.secrets.list",
                "resourceName": "core/v1/namespaces/shop/secrets",
                "authenticationInfo": {"authoritySelector": "system:anonymous"},
                "authorizationInfo": [{"permission": "io.k8s.core.v1.secrets.list", "granted": False}],
                "requestMetadata": "withheld",
                "resourceLocation": "withheld",
            },
            resource="withheld",
        ),
        {
            "category": "k8s.io",
            "action": "list",
            "actor": "system:anonymous",
            "actor_type": None,
            "ip": None,
            "outcome": "failure",
            "workspace": "north-shop",
        },
    ),
    "a system event": (
        entry(
            {
                "serviceName": "compute.googleapis.com",
                "methodName": "compute.instances.migrateOnHostMaintenance",
                "authenticationInfo": by("system@google.com"),
            },
            logName="organizations/7712/logs/cloudaudit.googleapis.com%2Fsystem_event",
            resource=None,
        ),
        {"actor": "system@google.com", "actor_type": "system", "source": "Google Cloud", "workspace": "7712"},
    ),
    "a row of BigQuery": (
        {
            "insertId": "n0rth2",
            "logName": ACTIVITY,
            "timestamp": "2026-03-02 09:14:05.120456 UTC",
            "protopayload_auditlog": {
                "serviceName": "run.googleapis.com",
                "methodName": "google.cloud.run.v1.Services.DeleteService",
                "resourceName": "namespaces/north-shop/services/till",
                "authenticationInfo": by("ana@northwind.example"),
                "requestMetadata": {"callerIp": "203.0.113.7"},
            },
        },
        {
            "event": "google.cloud.run.v1.Services.DeleteService",
            "category": "run",
            "action": "DeleteService",
            "actor": "ana@northwind.example",
            "resource": "namespaces/north-shop/services/till",
            "ip": "203.0.113.7",
            "outcome": "success",
        },
    ),
    "Google's own staff": (
        {
            "insertId": "n0rth3",
            "logName": "projects/north-shop/logs/cloudaudit.googleapis.com%2Faccess_transparency",
            "timestamp": "2026-03-02T09:14:05.120456Z",
            "jsonPayload": {
                "@type": "type.googleapis.com/google.cloud.audit.TransparencyLog",
                "accesses": [{"methodName": "GoogleInternal.Read", "resourceName": "//storage.example/north-shop"}],
                "location": {"principalOfficeCountry": "IE", "principalEmployingEntity": "Google Ireland Limited"},
                "product": ["Cloud Storage"],
            },
        },
        {
            "event": "GoogleInternal.Read",
            "category": "Cloud Storage",
            "actor": "Google Ireland Limited",
            "actor_type": "support",
            "country": "IE",
            "outcome": "success",
        },
    ),
    "no method": (
        entry({"serviceName": "dns.googleapis.com", "authenticationInfo": ANA}),
        {"event": "dns.googleapis.com", "category": "dns", "action": None},
    ),
}


@pytest.mark.parametrize(("raw", "expected"), EXAMPLES.values(), ids=list(EXAMPLES))
def test_an_entry_becomes_the_row_that_a_person_would_write(
    read: Reader, raw: dict[str, Any], expected: dict[str, Any]
) -> None:
    (row,) = read("gcp", raw)
    assert {name: row[name] for name in expected} == expected
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120456+00:00"


def test_the_time_of_receipt_stands_in_for_a_missing_one(read: Reader) -> None:
    received, none = read(
        "gcp",
        entry(POLICY, timestamp=None),
        entry(POLICY, timestamp=None, receiveTimestamp=None),
    )
    assert received["occurred_at"].isoformat() == "2026-03-02T09:14:06.500000+00:00"
    assert none["reason"] == "no time"


def test_an_entry_without_method_and_service_is_named_after_what_it_is_of(read: Reader) -> None:
    of_a_kind, of_a_log = read("gcp", entry({}), entry({}, insertId="n0rth4", resource=None))
    assert (of_a_kind["event"], of_a_log["event"]) == ("project", ACTIVITY)
