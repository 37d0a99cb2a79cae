"""How does the audit log of Databricks become rows, as it is delivered, as a table and on Azure?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS


def delivered(service: str, action: str, **fields: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "timestamp": 1772442845120,
        "workspaceId": "4711",
        "accountId": "acc-nw",
        "sourceIPAddress": "203.0.113.7:50514",
        "userAgent": "Mozilla/5.0",
        "serviceName": service,
        "actionName": action,
        "userIdentity": {"email": "ana@northwind.example", "subjectName": None},
        "requestId": "ServiceMain-1",
        "requestParams": {},
        "response": {"statusCode": 200, "errorMessage": None, "result": "{}"},
    } | fields


IN_TABLE = {
    "event_id": "e-1",
    "event_time": "2026-03-02T09:14:05.120+00:00",
    "workspace_id": 0,
    "account_id": "acc-nw",
    "source_ip_address": "203.0.113.7",
    "user_agent": "databricks-cli/0.230",
    "user_identity": {"email": "ana@northwind.example", "subject_name": None},
    "service_name": "accounts",
    "action_name": "setAccountAdmin",
    "request_params": {"targetUserName": "ben@northwind.example", "targetUserId": "9"},
    "response": {"status_code": 403, "error_message": "denied"},
    "identity_metadata": {"run_by": None, "run_as": None},
}
ON_AZURE = {
    "time": "2026-03-02T09:14:05.120Z",
    "category": "jobs",
    "operationName": "Microsoft.Databricks/jobs/create",
    "resourceId": "/SUBSCRIPTIONS/S1/RESOURCEGROUPS/DATA/PROVIDERS/MICROSOFT.DATABRICKS/WORKSPACES/NORTHWIND",
    "identity": '{"email": "ana@northwind.example", "subjectName": null}',
    "properties": {
        "logId": "log-1",
        "serviceName": "jobs",
        "actionName": "create",
        "sourceIPAddress": "203.0.113.7",
        "requestParams": '{"name": "Nightly load", "job_id": 12}',
        "response": '{"statusCode": 200}',
    },
}
IN_LOG_ANALYTICS = {
    "TimeGenerated": "2026-03-02T09:14:05.120Z",
    "ServiceName": "accounts",
    "ActionName": "revokeDbToken",
    "Identity": '{"email": "ana@northwind.example"}',
    "LogId": "log-2",
    "SourceIPAddress": "203.0.113.7",
    "RequestParams": '{"tokenId": "t-1"}',
    "Response": '{"statusCode": 200}',
}


def test_an_event_of_log_delivery(read: Reader) -> None:
    parameters = {"workspaceConfKeys": "enableResultsDownloading", "workspaceConfValues": "false"}
    (row,) = read("databricks", delivered("workspace", "workspaceConfEdit", requestParams=parameters))
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    assert (row["actor"], row["actor_type"], row["ip"]) == ("ana@northwind.example", "human", "203.0.113.7")
    assert (row["event"], row["category"], row["action"]) == (
        "workspaceConfEdit",
        "Organization",
        "Sub-Organization Updated",
    )
    assert json.loads(row["changes"]) == {"enableResultsDownloading": [None, "false"]}
    assert (row["workspace"], row["source"], row["outcome"]) == ("4711", "App", "success")


def test_the_table_and_both_forms_of_azure(read: Reader) -> None:
    rows = read("databricks", IN_TABLE, ON_AZURE, IN_LOG_ANALYTICS)
    assert {row["occurred_at"].isoformat() for row in rows} == {"2026-03-02T09:14:05.120000+00:00"}
    assert {(row["actor"], row["ip"]) for row in rows} == {("ana@northwind.example", "203.0.113.7")}
    assert [(row["event_id"], row["event"], row["category"], row["action"], row["resource"]) for row in rows] == [
        ("e-1", "setAccountAdmin", "Members", "Role Changed", "ben@northwind.example"),
        ("log-1", "create", "Workflows", "Created", "Nightly load"),
        ("log-2", "revokeDbToken", "API Keys", "Deleted", "t-1"),
    ]
    assert [(row["outcome"], row["workspace"], row["source"]) for row in rows] == [
        ("failure", "acc-nw", "CLI"),
        ("success", "NORTHWIND", None),
        ("success", None, None),
    ]
    for event in (IN_TABLE, ON_AZURE, IN_LOG_ANALYTICS):
        found = recognise([event], FEEDS)
        assert found is not None
        assert found.name == "databricks"


def test_every_kind_of_actor(read: Reader) -> None:
    application = "0b9f7c1e-1111-4222-8333-444455556666"
    rows = read(
        "databricks",
        delivered("jobs", "runNow", userIdentity={"email": application}),
        delivered("unityCatalog", "deleteTable", userIdentity={"email": "System-User"}),
        delivered("accounts", "login", requestParams={"authentication_method": "GENIE_AUTH"}),
        delivered("accounts", "login", userIdentity={"email": None}, requestParams={"user": "eve@northwind.example"}),
        delivered("secrets", "getSecret", userIdentity=None, requestParams={"user": "eve@northwind.example"}),
    )
    assert [(row["actor"], row["actor_type"]) for row in rows] == [
        (application, "service"),
        ("System-User", "system"),
        ("ana@northwind.example", "support"),
        ("eve@northwind.example", "human"),
        (None, None),
    ]


def test_members_of_the_account_and_of_a_workspace(read: Reader) -> None:
    rows = read(
        "databricks",
        delivered("accounts", "deactivateUser", requestParams={"targetUserName": "ben@northwind.example"}),
        delivered("workspace", "addPermissionAssignment"),
        delivered("accountsAccessControl", "updateRuleSet"),
    )
    assert [(row["category"], row["action"], row["resource"]) for row in rows] == [
        ("Members", "Removed", "ben@northwind.example"),
        ("Organization", "Sub-Organization Member Joined", None),
        ("Members", "Role Changed", None),
    ]


def test_an_action_without_counterpart_keeps_its_service(read: Reader) -> None:
    rows = read(
        "databricks",
        delivered("globalInitScripts", "create", requestParams={"name": "proxy", "script_id": "s-1"}),
        delivered("clusters", "create", response={"statusCode": 500, "errorMessage": "no quota"}),
        delivered("accounts", "IpAccessDenied", response=None),
        delivered("dbfs", "mount", response=None, requestParams=["a"]),
    )
    assert [(row["category"], row["action"], row["resource"], row["outcome"]) for row in rows] == [
        ("globalInitScripts", "create", "proxy", "success"),
        ("clusters", "create", None, "failure"),
        ("accounts", "IpAccessDenied", None, "failure"),
        ("dbfs", "mount", None, None),
    ]


def test_one_request_can_be_many_events(read: Reader) -> None:
    rows = read("databricks", delivered("jobs", "runStart"), delivered("jobs", "runSucceeded"))
    assert len({row["event_id"] for row in rows}) == 2


def test_no_time_and_another_type_are_named(read: Reader) -> None:
    rows = read(
        "databricks",
        delivered("jobs", "create", timestamp=None),
        delivered("jobs", "create", timestamp=0),
        delivered("jobs", "create", userIdentity="ana@northwind.example"),
    )
    assert [row["reason"] for row in rows] == [
        "no time",
        "a time before 2000",
        "field userIdentity is of type text, not object",
    ]


def test_few_fields_are_enough_to_recognise_and_to_name_an_event(read: Reader) -> None:
    event = {"serviceName": "dbfs", "timestamp": 1772442845120, "userIdentity": {"email": "ana@northwind.example"}}
    assert FEEDS["databricks"].recognises(event)
    assert FEEDS["databricks"].recognises({"actionName": "mount", "userIdentity": {}})
    (row,) = read("databricks", event)
    assert (row["event"], row["actor"]) == ("dbfs", "ana@northwind.example")
