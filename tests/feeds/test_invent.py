"""How is an event of `invent` read, where it is not as documented?"""

from __future__ import annotations

from typing import Any

from conftest import Reader

EVENT: dict[str, Any] = {
    "id": "evt_01",
    "occurred_at": "2026-03-02T09:14:05.120Z",
    "category": "Members",
    "action": "Role Changed",
    "actor": {"id": "usr_17", "email": "ana@northwind.example"},
}


def test_a_lower_case_t_is_a_time_too(read: Reader) -> None:
    (row,) = read("invent", EVENT | {"occurred_at": "2026-03-02t09:14:05.120z"})
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"


def test_a_field_of_another_type_is_named_with_both_types(read: Reader) -> None:
    reasons = [
        row["reason"]
        for row in read(
            "invent",
            EVENT | {"actor": "ana@northwind.example"},
            EVENT | {"actor": {"email": ["ana@northwind.example"]}},
            EVENT | {"location": ["Madrid", "ES"]},
            EVENT | {"id": {"value": 1}},
            EVENT | {"resource": 7},
        )
    ]
    assert reasons == [
        "field actor is of type text, not object",
        "field actor.email is of type array, not text",
        "field location is of type array, not object",
        "field id is of type object, not text",
        "field resource is of type number, not object",
    ]


def test_numbers_and_booleans_are_read_as_their_text(read: Reader) -> None:
    (row,) = read("invent", EVENT | {"id": 17, "source": True})
    assert (row["event_id"], row["source"]) == ("17", "true")


def test_text_that_begins_with_a_bracket_is_text(read: Reader) -> None:
    (row,) = read("invent", EVENT | {"actor": {"email": "[bot] {x}"}})
    assert row["actor"] == "[bot] {x}"
