"""Which documents are JSON? What stands around their events is held to the standard as strictly as the events are."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import NoReturn

import pytest
from test_mess import AROUND, NESTED, NUMBERS, TEXTS, WORDS, aside, books, event, landed

from audit_reports import AuditLog, UsageError

FORMS = (
    '{"n": VALUE, "Records": [EVENT]}',
    '{"Records": [EVENT], "n": VALUE, "m": 1}',
    '{"m": {"n": VALUE}, "data": {"more": [{"n": [VALUE]}], "Records": [EVENT, 7]}, "n": 1}',
)
LARGE = 5 << 20  # more than is read at a time


def is_json(text: str) -> bool:
    """Say what the standard says, by Python's own reader, which has three words for numbers too many."""

    def refused(word: str) -> NoReturn:
        raise ValueError(word)

    try:
        json.loads(text, parse_constant=refused, parse_int=str)
    except ValueError:
        return False
    return True


def test_a_document_lands_if_and_only_if_all_around_its_events_is_json(tmp_path: Path) -> None:
    inbox, fit, unfit = tmp_path / "inbox", set[str](), set[str]()
    inbox.mkdir()
    for number, (form, value) in enumerate(product(FORMS, [*NUMBERS, *WORDS, *TEXTS, *NESTED, *AROUND])):
        text = form.replace("VALUE", value).replace("EVENT", json.dumps(event(number)))
        (inbox / f"e{number}.json").write_text(text, encoding="utf-8", newline="")
        (fit if is_json(text) else unfit).add(f"e{number}")
    assert min(len(fit), len(unfit)) > 40
    landed(tmp_path / "store", inbox)
    assert set(AuditLog(tmp_path / "store").polars()["event_id"]) == fit
    refused = [(name.removesuffix(".json"), reason) for name, _, reason in aside(tmp_path / "store") if name]
    assert {name for name, reason in refused if reason.startswith("not JSON") or "is not JSON" in reason} == unfit


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("hello", "Expecting value"),
        ("-Infinity", "-Infinity is no number"),
        ('"a\nb"', "a text that does not end, or with a character that it cannot have"),
        ('{"a": 1, b: 2}', "Expecting property name enclosed in double quotes"),
        ("1, b: 2", "a name expected"),
        ('"\udcff"', "bytes that are no UTF-8"),
    ],
)
def test_a_document_with_more_than_json_around_its_events_is_refused_whole(
    more: str, reason: str, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    text = f'{{"Records": [{json.dumps(event(1))}], "more": {more}}}'
    (inbox / "a.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UsageError, match=f"holds no event: not JSON: {reason}; nothing was landed"):
        landed(tmp_path / "other", inbox / "a.json")
    (inbox / "b.jsonl").write_text(json.dumps(event(2)), encoding="utf-8")
    assert books(landed(tmp_path / "store", inbox)) == (2, 1, 0, 1)
    assert aside(tmp_path / "store") == [("a.json", 0, f"not JSON: {reason}")]


@pytest.mark.slow
def test_what_is_larger_than_a_piece_is_held_to_the_standard_in_pieces(tmp_path: Path) -> None:
    texts = '"' + "\u20ac\\u20ac\\\\" * (LARGE // 11)
    lists = "[" + '[{"a": "]"}, 1.5e9, []], ' * (LARGE // 25)
    whole = {
        "text": texts + '"',
        "list": lists + "null]",
        "object": '{"a": ' + lists + 'null], "b": {"c": ' + lists + "[]]}}",
    }
    broken = {
        "escape": texts + '\\x"',
        "control": texts + '\x01"',
        "bytes": texts + '\udce2"',
        "open text": texts,
        "word": lists + "hello]",
        "comma": lists + "]",
        "bracket": lists + "[}]",
        "open list": lists + "1",
        "name": '{"a": ' + lists + "null], b: 1}",
        "deep": "[" * LARGE,
    }
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for number, (name, value) in enumerate({**whole, **broken}.items()):
        text = f'{{"Records": [{json.dumps(event(number))}], "more": {value}}}'
        (inbox / f"{name}.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    landed(tmp_path / "store", inbox)
    assert set(AuditLog(tmp_path / "store").polars()["event_id"]) == {f"e{number}" for number in range(len(whole))}
    assert {(name, line) for name, line, _ in aside(tmp_path / "store")} == {(f"{name}.json", 0) for name in broken}


def test_a_document_without_its_list_is_kept_as_it_is_however_large(tmp_path: Path) -> None:
    whole = {"Records": [event(1)]}
    bare = [{"a": 1}, {"more": "x" * LARGE, "list": [1.50] * (LARGE // 4), "Records": {"b": "\u20ac"}}, {}, {"c": []}]
    texts = [json.dumps(whole, indent=1), *map(json.dumps, bare)]  # were its first line whole, it would be lines
    (tmp_path / "a.json").write_text("\n".join(texts), encoding="utf-8")
    assert books(landed(tmp_path / "store", tmp_path / "a.json")) == (5, 1, 0, 4)
    assert AuditLog(tmp_path / "store").quarantine()["raw"].to_list() == [json.dumps(one) for one in bare]


def test_a_line_break_inside_a_text_is_no_json_in_an_element_either(tmp_path: Path) -> None:
    good, bad = json.dumps(event(1), indent=1), json.dumps(event(2, actor={"name": "two lines"}))
    (tmp_path / "a.json").write_text(f"[{good},\r\n{bad.replace('two lines', chr(10).join(['two', 'lines']))}]")
    assert books(landed(tmp_path / "store", tmp_path / "a.json")) == (2, 1, 0, 1)
    assert [line for _, line, _ in aside(tmp_path / "store")] == [2]
