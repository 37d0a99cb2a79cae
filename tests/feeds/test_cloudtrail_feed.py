"""How is an event of `cloudtrail` read? Raw events after the vendor's documentation, each beside the row expected of it."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ACCOUNT = "210987654321"
USER = f"arn:aws:iam::{ACCOUNT}:user/staff/ana"


def call(identity: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": "2026-03-02T09:14:05Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "StopInstances",
        "awsRegion": "eu-south-2",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.15",
        "eventID": "e-1",
        "recipientAccountId": ACCOUNT,
        **fields,
    }


@pytest.mark.parametrize(
    ("identity", "actor"),
    [
        ({"type": "Root", "userName": "", "principalId": ACCOUNT}, "root"),
        ({"type": "IAMUser", "userName": "", "principalId": "AIDANW", "arn": USER}, "ana"),
        ({"type": "IAMUser", "principalId": "AIDANW", "arn": "", "invokedBy": "signin.amazonaws.com"}, "AIDANW"),
        ({"type": "AssumedRole", "arn": "", "userName": "", "principalId": "AROANW:ana"}, "AROANW:ana"),
        ({"type": "Role", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/ana"}, "ana"),
        ({"type": "FederatedUser", "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/ben"}, "ben"),
        ({"type": "AWSAccount", "principalId": "", "accountId": ACCOUNT}, ACCOUNT),
        ({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}, "lambda.amazonaws.com"),
        ({"invokedBy": "lambda.amazonaws.com", "accountId": ACCOUNT}, "lambda.amazonaws.com"),
        ({}, None),
        (None, None),
    ],
)
def test_an_actor_is_the_first_name_that_is_not_empty(
    read: Reader, identity: dict[str, Any], actor: str | None
) -> None:
    (row,) = read("cloudtrail", call(identity))
    assert row["actor"] == actor


def test_an_address_is_one_or_null(read: Reader) -> None:
    given = ("203.0.113.7:443", "2001:db8::7", "999.1.1.1", "AWS Internal", "lambda.amazonaws.com", "")
    rows = read("cloudtrail", *(call({}, sourceIPAddress=text, eventID=text or "none") for text in given))
    assert [row["ip"] for row in rows] == ["203.0.113.7", "2001:db8::7", None, None, None, None]


def test_what_failed(read: Reader) -> None:
    rows = read(
        "cloudtrail",
        call({}, eventID="1", errorCode=""),
        call({}, eventID="2", errorCode="AccessDenied"),
        call({}, eventID="3", eventName="ConsoleLogin", errorMessage="Failed authentication"),
    )
    assert [row["outcome"] for row in rows] == ["success", "failure", "failure"]


def test_parameters_and_resources_of_any_type(read: Reader) -> None:
    instances = {"instancesSet": {"items": [{"instanceId": "i-0nw"}]}, "groupId": ["sg-1"], "name": {"x": 1}}
    rows = read(
        "cloudtrail",
        call({}, eventID="1", requestParameters=instances),
        call({}, eventID="2", requestParameters="HIDDEN", resources={}),
        call({}, eventID="3", resources=[{"arn": "arn:aws:s3:::northwind", "type": "AWS::S3::Bucket"}]),
    )
    assert [row["resource"] for row in rows] == ["i-0nw", None, "arn:aws:s3:::northwind"]


def test_times_are_utc_and_no_time_is_none(read: Reader) -> None:
    times = ("2026-03-02 09:14:05.000000000", "2026-03-02T09:14:05", "", "hidden")
    rows = read("cloudtrail", *(call({}, eventTime=time, eventID=str(n)) for n, time in enumerate(times)))
    assert [row["occurred_at"].isoformat() for row in rows[:2]] == ["2026-03-02T09:14:05+00:00"] * 2
    assert [row["reason"] for row in rows[2:]] == ["no time", "a time that cannot be read"]


def test_an_insight_is_named_by_its_call(read: Reader) -> None:
    insight = {"eventSource": "ssm.amazonaws.com", "eventName": "PutParameter", "state": "Start"}
    event = {
        "eventVersion": "1.08",
        "eventTime": "2026-03-02T09:14:05Z",
        "eventType": "AwsCloudTrailInsight",
        "eventID": "e-1",
        "insightDetails": insight,
    }
    (row,) = read("cloudtrail", event)
    assert (row["event"], row["category"]) == ("PutParameter", "ssm")
    assert recognise([event], FEEDS) is FEEDS["cloudtrail"]


@pytest.mark.parametrize("kept", [("eventSource",), ("userIdentity",), ("awsRegion", "eventTime")])
def test_few_fields_are_enough_to_recognise_an_event(kept: tuple[str, ...]) -> None:
    event = {name: value for name, value in call({"type": "IAMUser"}).items() if name in (*kept, "eventName")}
    assert recognise([event], FEEDS) is FEEDS["cloudtrail"]
