"""In what do events come wrapped? Each vendor's own envelope and those of log shippers, recognised without being named."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit_reports import AuditLog
from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land

AT = "2026-03-02T09:14:05Z"
ANA = "ana@northwind.example"

# The smallest event that each vendor's API could answer with, the key of its list of events, and what stands beside it.
ANSWERS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "anthropic": (
        {"id": "1", "type": "api_key_created", "created_at": AT, "actor": {"type": "user_actor"}},
        "data",
        {},
    ),
    "asana": (
        {"gid": "1", "event_type": "user_invited", "created_at": AT, "actor": {"actor_type": "user"}},
        "data",
        {},
    ),
    "atlassian": ({"id": "1", "attributes": {"action": "user_invited", "time": AT}}, "data", {"meta": {"next": "n"}}),
    "auth0": ({"log_id": "1", "type": "s", "date": AT}, "logs", {"start": 0, "total": 1}),
    "azure_activity": (
        {"eventDataId": "1", "operationName": "a/b/write", "eventTimestamp": AT},
        "value",
        {"nextLink": "n"},
    ),
    "box": ({"type": "event", "event_id": "1", "event_type": "LOGIN", "created_at": AT}, "entries", {"chunk_size": 1}),
    "cloudtrail": (
        {"eventVersion": "1.08", "eventSource": "iam", "eventName": "X", "eventTime": AT, "eventID": "1"},
        "Records",
        {},
    ),
    "databricks": ({"serviceName": "accounts", "actionName": "login", "timestamp": 1772442845000}, "records", {}),
    "entra": (
        {"id": "1", "activityDisplayName": "Add user", "activityDateTime": AT, "initiatedBy": {}},
        "value",
        {"@odata.nextLink": "n"},
    ),
    "gcp": ({"insertId": "1", "timestamp": AT, "protoPayload": {"methodName": "x"}}, "entries", {"nextPageToken": "n"}),
    "github": ({"_document_id": "1", "action": "repo.create", "created_at": 1772442845000}, "events", {}),
    "google_workspace": (
        {"id": {"time": AT, "uniqueQualifier": "1", "applicationName": "login"}, "events": [{"name": "logout"}]},
        "items",
        {"kind": "admin#reports#activities"},
    ),
    "mongodb_atlas": (
        {"id": "1", "eventTypeName": "JOINED_ORG", "created": AT, "orgId": "o"},
        "results",
        {"totalCount": 1},
    ),
    "notion": ({"event": {"id": "1", "type": "page.viewed", "timestamp": AT, "workspace_id": "w"}}, "events", {}),
    "okta": ({"uuid": "1", "eventType": "user.session.start", "published": AT}, "events", {}),
    "onelogin": (
        {"id": 1, "event_type_id": 5, "created_at": AT},
        "data",
        {"status": {"error": False}, "pagination": {}},
    ),
    "openai": ({"id": "1", "type": "login.failed", "effective_at": 1772442845}, "data", {"object": "list"}),
    "salesforce": ({"EventIdentifier": "1", "EventDate": AT}, "records", {"totalSize": 1, "done": True}),
    "slack": ({"id": "1", "action": "user_login", "date_create": 1772442845}, "entries", {"response_metadata": {}}),
    "snyk": ({"event": "org.edit", "created": AT, "content": {}}, "items", {}),
    "tines": ({"id": 1, "operation_name": "Login", "created_at": AT}, "audit_logs", {"meta": {"per_page": 20}}),
    "wiz": ({"id": "1", "action": "Login", "requestId": "1", "status": "SUCCESS", "timestamp": AT}, "nodes", {}),
    "zendesk": (
        {"id": 1, "action": "login", "source_type": "user", "actor_id": 7, "created_at": AT},
        "audit_logs",
        {"next_page": None, "count": 1},
    ),
    "zoom": (
        {"operator": ANA, "action": "Add", "operation_detail": "Add User b", "time": AT},
        "operation_logs",
        {"page_size": 30},
    ),
}

# What a shipper makes of a vendor's event.
SHIPPERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Filebeat": lambda e: {
        "@timestamp": AT,
        "message": json.dumps(e),
        "log": {"offset": 1},
        "agent": {"type": "filebeat"},
    },
    "Elastic, decoded": lambda e: {"@timestamp": AT, "event": {"original": json.dumps(e), "kind": "event"}},
    "Filebeat, decoded": lambda e: {"@timestamp": AT, "json": e, "input": {"type": "httpjson"}},
    "Amazon EventBridge": lambda e: {"version": "0", "id": "7", "source": "aws", "time": AT, "detail": e},
    "Elasticsearch, a hit": lambda e: {"_index": "audit", "_id": "1", "_source": e},
    "Elasticsearch, a hit of Filebeat's": lambda e: {"_source": {"@timestamp": AT, "message": json.dumps(e)}},
    "Vector": lambda e: {"message": json.dumps(e), "source_type": "aws_s3", "timestamp": AT},
    "Fluentd": lambda e: {"log": json.dumps(e) + "\n", "stream": "stdout", "time": AT},
    "Splunk, an export": lambda e: {"preview": False, "result": {"_raw": json.dumps(e), "host": "h", "_time": AT}},
    "Splunk, HEC": lambda e: {"time": 1772442845.5, "sourcetype": "_json", "event": e},
    "Splunk, HEC with text": lambda e: {"time": 1772442845.5, "event": json.dumps(e)},
}


def landed(folder: Path, texts: dict[str, str]) -> tuple[Landing, AuditLog]:
    """Land files without naming their feed; return the books and the log."""
    (folder / "in").mkdir()
    for name, text in texts.items():
        data = text.encode()
        (folder / "in" / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    result = land(folder / "store", [str(folder / "in")], FEEDS, now=datetime(2026, 11, 1, tzinfo=UTC))
    return result, AuditLog(folder / "store")


def test_every_product_has_an_answer() -> None:
    assert set(ANSWERS) == set(FEEDS) - {"invent", "generic"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Landing, AuditLog]:
    """The answers of all vendors in each kind of file, six of each, landed from one folder."""
    texts: dict[str, str] = {}
    for feed, (event, key, beside) in ANSWERS.items():
        answer = {**beside, key: [event]}
        texts |= {
            f"{feed}, answer.json": json.dumps(answer, indent=2),
            f"{feed}, answer-2.json.gz": json.dumps(answer),
            f"{feed}, answers.jsonl": json.dumps(answer) + "\n" + json.dumps(answer) + "\n",
            f"{feed}, list.json": json.dumps([event]),
            f"{feed}, events.jsonl": json.dumps(event),
        }
    return landed(tmp_path_factory.mktemp("answers"), texts)


def test_the_answers_of_all_vendors_land_from_one_folder(answers: tuple[Landing, AuditLog]) -> None:
    result, log = answers
    books = (result.feeds, result.read, result.landed + result.duplicates, result.quarantined)
    assert books == (tuple(sorted(ANSWERS)), 6 * len(ANSWERS), 6 * len(ANSWERS), 0), log.quarantine().to_dicts()


@pytest.mark.parametrize("feed", ANSWERS)
def test_the_answer_of_a_vendor_is_its_event_in_any_file(feed: str, answers: tuple[Landing, AuditLog]) -> None:
    rows = answers[1].filter(feed=feed).polars()
    assert {json.dumps(json.loads(raw)) for raw in rows["raw"]} == {json.dumps(ANSWERS[feed][0])}
    # an event without an id has the hash of its text, whose spaces differ
    assert rows.height == 1 or set(rows["event_id"].str.len_chars()) == {64}


@pytest.mark.parametrize("feed", ["cloudtrail", "entra", "notion", "slack"])
def test_what_a_shipper_carries_is_the_event_that_its_sender_wrote(feed: str, tmp_path: Path) -> None:
    event = ANSWERS[feed][0]
    files = {f"{n}.jsonl": json.dumps(ship(event)) + "\n" for n, ship in enumerate(SHIPPERS.values())}
    result, log = landed(tmp_path, {**files, "plain.jsonl": json.dumps(event)})
    books = (result.feeds, result.read, result.landed, result.duplicates, result.quarantined)
    assert books == ((feed,), len(files) + 1, 1, len(files), 0), log.quarantine().to_dicts()
    assert json.loads(log.polars()["raw"][0]) == event


@pytest.mark.parametrize(
    ("feed", "of"),
    [
        ("cloudtrail", lambda event, shipper: event | {"eventID": shipper}),
        ("notion", lambda event, shipper: {"event": event["event"] | {"id": shipper}}),
    ],
)
def test_what_shippers_carry_in_lists_are_the_events_that_their_sender_wrote(
    feed: str, of: Callable[[dict[str, Any], str], dict[str, Any]], tmp_path: Path
) -> None:
    events = {shipper: of(ANSWERS[feed][0], shipper) for shipper in SHIPPERS}
    files: dict[str, str] = {}
    for number, (shipper, event) in enumerate(events.items()):
        one = SHIPPERS[shipper](event)
        files |= {
            f"{number}, list.json": json.dumps([one, one]),
            f"{number}, answer.json": json.dumps({"took": 1, "hits": {"total": 1, "hits": [one]}}, indent=2),
            f"{number}, answer.json.gz": json.dumps({"results": [one, one]}),
            f"{number}, lines.jsonl": f"{json.dumps({'logEvents': [one, one]})}\n" * 2,
            f"{number}, document.json": json.dumps(one, indent=2),
        }
    result, log = landed(tmp_path, files)
    many = len(SHIPPERS)
    books = (result.feeds, result.read, result.landed, result.duplicates, result.quarantined)
    assert books == ((feed,), 10 * many, many, 9 * many, 0), log.quarantine().to_dicts()
    assert {name: json.loads(raw) for name, raw in log.polars().select("event_id", "raw").rows()} == events


def test_a_column_of_csv_may_hold_the_event_that_its_sender_wrote(tmp_path: Path) -> None:
    event = json.dumps(ANSWERS["okta"][0])
    table = io.StringIO()
    csv.writer(table).writerows([["_raw", "host"], [event, "h"], ["started", "h"]])
    result, log = landed(tmp_path, {"search.csv": table.getvalue()})
    assert (result.feeds, result.read, result.landed, result.quarantined) == (("okta",), 2, 1, 1)
    assert log.polars()["raw"].to_list() == [event]
    aside = log.quarantine().select("line", "reason", "raw").rows()
    assert aside == [(3, "no event in _raw", '{"_raw":"started","host":"h"}')]


@pytest.mark.parametrize(
    ("feed", "answer"),
    [
        (
            "snyk",
            lambda e: {
                "jsonapi": {"version": "1.0"},
                "data": {"type": "x", "attributes": {"items": [e, e]}},
                "links": {},
            },
        ),
        ("wiz", lambda e: {"data": {"auditLogEntries": {"pageInfo": {"hasNextPage": False}, "nodes": [e, e]}}}),
        ("github", lambda e: {"data": {"organization": {"auditLog": {"nodes": [e, e]}}}}),
    ],
)
def test_a_list_may_stand_deeper_in_an_answer(
    feed: str, answer: Callable[[dict[str, Any]], dict[str, Any]], tmp_path: Path
) -> None:
    event = ANSWERS[feed][0]
    whole = answer(event)
    texts = {
        "1.json": json.dumps(whole),
        "2.json": json.dumps(whole, indent=2),
        "3.jsonl": f"{json.dumps(whole)}\n" * 2,
    }
    result, log = landed(tmp_path, texts)
    assert (result.feeds, result.read, result.quarantined) == ((feed,), 8, 0), log.quarantine().to_dicts()
    assert all(json.loads(raw) == event for raw in log.polars()["raw"])


def test_an_answer_without_its_list_is_kept_with_its_reason(tmp_path: Path) -> None:
    good = {"data": {"auditLogEntries": {"nodes": [ANSWERS["wiz"][0]]}}}
    bad = [{"data": {"auditLogEntries": {"nodes": []}}}, {"data": {}}, {"errors": [{"message": "denied"}]}]
    texts = {"lines.jsonl": "\n".join(map(json.dumps, [good, *bad])), "document.json": json.dumps(good, indent=1)}
    texts["document.json"] += json.dumps(bad[1])
    result, log = landed(tmp_path, texts)
    assert (result.read, result.landed, result.duplicates, result.quarantined) == (6, 1, 1, 4)
    rows = log.quarantine().sort("file", "line").select("line", "reason", "raw").rows()
    lines = [(n, "no data.auditLogEntries.nodes", json.dumps(one)) for n, one in enumerate(bad, start=2)]
    assert rows == [(2, "no time", json.dumps(bad[1])), *lines]


def test_a_file_is_whose_most_of_its_first_events_are() -> None:
    okta, slack = ANSWERS["okta"][0], ANSWERS["slack"][0]
    assert recognise([okta, slack, slack], FEEDS) is FEEDS["slack"]
    assert recognise([slack, okta, {}, okta], FEEDS) is FEEDS["okta"]


@pytest.mark.parametrize("blank", [1, 1 << 20], ids=["small", "read as they lie"])
def test_a_folder_may_mix_feeds(blank: int, tmp_path: Path) -> None:
    names = ("okta", "slack", "github")
    result, log = landed(tmp_path, {f"{name}.jsonl": json.dumps(ANSWERS[name][0]) + "\n" * blank for name in names})
    assert (result.feeds, result.landed) == (tuple(sorted(names)), 3)
    assert sorted(log.polars().select("feed", "raw").rows()) == sorted((n, json.dumps(ANSWERS[n][0])) for n in names)


@pytest.mark.parametrize(("bare", "wrapped"), [(1, 3), (3, 1)])
def test_where_most_events_are_they_are_looked_for(bare: int, wrapped: int, tmp_path: Path) -> None:
    events = [ANSWERS["cloudtrail"][0] | {"eventID": f"e{n}"} for n in range(bare + wrapped)]
    lines = [json.dumps(e if n < bare else SHIPPERS["Filebeat"](e)) for n, e in enumerate(events)]
    result, log = landed(tmp_path, {"lines.jsonl": "\n".join(lines), "list.json": f"[{', '.join(lines)}]"})
    fit, unfit = max(bare, wrapped), min(bare, wrapped)
    assert (result.feeds, result.landed, result.duplicates, result.quarantined) == (
        ("cloudtrail",),
        fit,
        fit,
        2 * unfit,
    )
    assert log.quarantine()["raw"].to_list() == (lines[:bare] if bare < wrapped else lines[bare:]) * 2


def test_a_column_of_parquet_may_hold_the_event_that_its_sender_wrote(tmp_path: Path) -> None:
    events = [ANSWERS["okta"][0] | {"uuid": f"e{n}"} for n in range(3)]
    (tmp_path / "in").mkdir()
    texts = pl.DataFrame({"@timestamp": [AT] * 4, "message": [*map(json.dumps, events), "service started"]})
    texts.write_parquet(tmp_path / "in" / "texts.parquet")
    pl.DataFrame({"_id": ["1", "2"], "_source": [{"message": json.dumps(e)} for e in events[:2]]}).write_parquet(
        tmp_path / "in" / "hits.parquet"
    )
    result = land(tmp_path / "store", [str(tmp_path / "in")], FEEDS, now=datetime(2026, 11, 1, tzinfo=UTC))
    assert (result.feeds, result.read, result.landed, result.duplicates, result.quarantined) == (("okta",), 6, 3, 2, 1)
    log = AuditLog(tmp_path / "store")
    assert sorted(log.polars()["raw"]) == sorted(map(json.dumps, events)), "byte for byte what the sender wrote"
    ((line, reason, raw),) = log.quarantine().select("line", "reason", "raw").rows()
    assert (line, reason, json.loads(raw)) == (4, "no event in message", texts.row(3, named=True))


def test_a_file_of_one_wrapped_line_is_no_document(tmp_path: Path) -> None:
    event = ANSWERS["okta"][0]
    result, log = landed(tmp_path, {"one.json": json.dumps(SHIPPERS["Filebeat"](event))})
    assert (result.feeds, result.landed) == (("okta",), 1)
    assert log.polars()["raw"].to_list() == [json.dumps(event)], "byte for byte what the sender wrote"


def test_a_wrapped_line_without_an_event_is_kept_with_its_reason(tmp_path: Path) -> None:
    good = json.dumps(SHIPPERS["Filebeat"](ANSWERS["okta"][0]))
    bad = [
        '{"message": "service started"}',
        '{"message": 7}',
        '{"other": 1}',
        '{"message": "{\\"uuid\\": 1,}"}',
        "no JSON",
    ]
    result, log = landed(tmp_path, {"mixed.jsonl": "\n".join([good, *bad])})
    assert (result.read, result.landed, result.quarantined) == (6, 1, 5)
    rows = log.quarantine().sort("line")
    assert rows["raw"].to_list() == bad
    assert rows["reason"].to_list()[:4] == [*["no event in message"] * 4]


def test_an_element_without_an_event_is_kept_with_its_reason(tmp_path: Path) -> None:
    good = json.dumps(SHIPPERS["Filebeat"](ANSWERS["okta"][0]))
    bad = ['{"message":"service started"}', '{"message":7}', '{"other":1}', "5", '{"message":"{\\"uuid\\": 1,}"}']
    elements = f"[{', '.join([good, *bad])}]"
    lines = [f'{{"logEvents": {elements}}}', '{"logEvents": []}', '{"other": 1}', "no JSON"]
    result, log = landed(tmp_path, {"lines.jsonl": "\n".join(lines), "list.json": elements})
    assert (result.read, result.landed, result.duplicates, result.quarantined) == (15, 1, 1, 13)
    rows = [(Path(file).name, *rest) for file, *rest in log.quarantine().select("file", "line", "reason", "raw").rows()]
    assert rows == [
        *[("lines.jsonl", 1, "no event in message", raw) for raw in bad],
        ("lines.jsonl", 2, "no event in message", lines[1]),
        ("lines.jsonl", 3, "no event in message", lines[2]),
        ("lines.jsonl", 4, "not JSON: Expecting value", lines[3]),
        *[("list.json", number, "no event in message", raw) for number, raw in enumerate(bad, start=2)],
    ]
