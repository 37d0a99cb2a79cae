"""What is in a file? Looks at its first events and says how it is packed and shaped, and whose events it holds."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import Feed, opened, recognise
from audit_reports.ingest.csv_records import nested, records, tree
from audit_reports.ingest.inputs import Input, Shape, Unreadable
from audit_reports.ingest.packing import DAMAGED, Packing, head, packing_of

_HEADS = (1 << 16, 1 << 20, 1 << 27)
"""How many unpacked bytes are looked at, more where there is no whole event in fewer."""

_SAMPLE = 20
_DEPTH = 3  # `{"data": {"auditLogEntries": {"nodes": [...]}}}`
_SMALL = 1 << 20  # smaller files are read together

_SHIPPED = (
    "message",
    "event.original",
    "log",
    "json",
    "detail",
    "_raw",
    "result._raw",
    "result",
    "event",
    "_source.message",
    "_source.event.original",
    "_source",
)
"""Where what ships logs puts the event that it carries: Filebeat, Elasticsearch, Vector, Fluentd, EventBridge, Splunk."""


def look(path: Path, feeds: Mapping[str, Feed], *, feed: Feed | None, name: str = "") -> Input | Unreadable:
    """Look at the head of one file and say how to read it, or why there is nothing to read.

    Raises `UsageError` for a file that may not be read, and `FileNotFoundError` for one that is gone.
    """
    try:
        name or str(path).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        return Unreadable(shown, path, "its name is no UTF-8; rename it")
    name = name or str(path)
    size = path.stat().st_size
    if size == 0:
        return Unreadable(name, path, "it is empty")
    found: Input | Unreadable = Unreadable(name, path, "it is blank")
    try:
        packing = packing_of(path)
        if packing == "none" and path.name.lower().endswith((".gz", ".zst")):
            return Unreadable(name, path, "the archive cannot be unpacked (it is none)")
        for wanted in _HEADS if packing == "none" else _HEADS[1:]:
            start = head(path, packing, wanted)
            found = _looked(name, path, size, packing, start, wanted=wanted, feeds=feeds, feed=feed)
            if len(start) < wanted or (isinstance(found, Input) and (feed or found.feed)):
                break
    except PermissionError as error:
        raise UsageError(f"cannot read {quoted(name)}: {error.strerror}; nothing was landed") from None
    except FileNotFoundError:
        raise
    except (*DAMAGED, OSError):
        return Unreadable(name, path, "the archive is cut or damaged")
    return found


def _looked(
    name: str,
    path: Path,
    size: int,
    packing: Packing,
    start: bytes,
    *,
    wanted: int,
    feeds: Mapping[str, Feed],
    feed: Feed | None,
) -> Input | Unreadable:
    if start[:4] == b"PAR1":
        return _parquet(name, path, size, feeds=feeds, feed=feed)
    if (
        start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        or start[:4:2] == b"\0\0"
        or start[1:4:2] == b"\0\0"
    ):
        return Unreadable(name, path, "it is UTF-16 or UTF-32, and must be UTF-8")
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        return Unreadable(name, path, "it is blank")
    bare = re.sub(r"\.(gz|zst)$", "", name.lower())
    garbled = b"\0" in start[:4096] or text.count("\ufffd") > len(text) // 20
    if garbled and not text.lstrip().startswith(("{", "[")):  # one garbled line among events is quarantined by itself
        return Unreadable(name, path, "it is not text")
    first_line = text.lstrip().split("\n", 1)[0]
    if bare.endswith(".csv") or (text.lstrip()[0] not in "{[" and "," in first_line and name == "-"):
        where, whose = _carried(csv_sample(text), feeds if feed is None else {feed.name: feed})
        return Input(name, str(path), size, "csv", packing, where, feed or whose)
    if bare.endswith((".jsonl", ".ndjson")) or _is_lines(text, whole=len(start) < wanted):
        lines = re.split(r"[\r\n]+", text.strip(), maxsplit=_SAMPLE)[:_SAMPLE]
        events = [event for line in lines if isinstance(event := _decoded(line), dict)]
        elements, whose = _in_lines(events, feeds if feed is None else {feed.name: feed})
        is_plain = packing == "none" and size >= _SMALL and not start.startswith(codecs.BOM_UTF8) and b"\n" in start
        return Input(name, str(path), size, "lines", packing, elements, feed or whose, is_plain)
    return _document(name, path, size, packing, text, feeds=feeds, feed=feed)


def _in_lines(events: list[dict[str, Any]], feeds: Mapping[str, Feed]) -> tuple[str, Feed | None]:
    """Say where in lines the events are, and whose: the line itself, a list in it, or what a log shipper wrapped."""
    own, others = _bare(events, feeds)
    where, theirs = _inside(others, feeds)
    return (where, theirs) if theirs is not None else ("$", own)


def _bare(events: list[dict[str, Any]], feeds: Mapping[str, Feed]) -> tuple[Feed | None, list[dict[str, Any]]]:
    """Say whose events most are, and return those that are nobody's, where they are more: one stray event decides nothing."""
    own = recognise(events, feeds)
    others = [event for event in events if own is None or not (own.recognises(event) or recognise([event], feeds))]
    return own, others if 2 * len(others) > len(events) else []


def _inside(events: list[dict[str, Any]], feeds: Mapping[str, Feed]) -> tuple[str, Feed | None]:
    """Say where in lines that are no events themselves the events are, and whose."""
    found: dict[str, list[Any]] = {}
    for look_deeper in (False, True):
        found = {}
        for event in events:
            for path, some in _lists(event, depth=_DEPTH if look_deeper else 0):
                found.setdefault(path, []).extend(some)
        for path, some in found.items():
            if (theirs := _recognised(some, feeds)) is not None:
                return path, theirs
        where, theirs = _shipped(events, feeds)
        if theirs is not None:
            return where, theirs
    return _shipped_in_lists(found, feeds)


def _shipped_in_lists(lists: Mapping[str, list[Any]], feeds: Mapping[str, Feed]) -> tuple[str, Feed | None]:
    """Say in which of the lists at some paths a log shipper put its elements, where in each the vendor's own is, and whose."""
    for path, some in lists.items():
        where, theirs = _shipped(_objects(some), feeds)
        if theirs is not None:
            return path + where[1:], theirs
    return "$", None


def _carried(events: list[dict[str, Any]], feeds: Mapping[str, Feed]) -> tuple[str, Feed | None]:
    """Say where in each event the vendor's own is, and whose: it is that itself, or a log shipper wrapped it."""
    own, others = _bare(events, feeds)
    where, theirs = _shipped(others, feeds)
    return (where, theirs) if theirs is not None else ("$", own)


def _objects(elements: list[Any]) -> list[dict[str, Any]]:
    return [one for one in elements[:_SAMPLE] if isinstance(one, dict)]


def _recognised(elements: list[Any], feeds: Mapping[str, Feed]) -> Feed | None:
    return recognise(_objects(elements), feeds)


def _lists(value: Mapping[str, Any], at: str = "$", *, depth: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists in an object, with their JSON paths; those inside its members too, down to a depth."""
    inside = {f'{at}."{key}"': one for key, one in value.items() if _is_plain_name(key)}
    yield from ((f"{path}[*]", one) for path, one in inside.items() if isinstance(one, list))
    for path, one in inside.items():
        if depth and isinstance(one, dict):
            yield from _lists(one, path, depth=depth - 1)


def _shipped(events: list[dict[str, Any]], feeds: Mapping[str, Feed]) -> tuple[str, Feed | None]:
    """Say where in each event a log shipper put the vendor's own, and whose that is; `$` and None where nothing fits."""
    for path in _SHIPPED:
        carried: list[Any] = events
        for name in path.split("."):
            carried = [opened(one[name]) for one in carried if isinstance(one, dict) and name in one]
        if (theirs := recognise([one for one in carried if isinstance(one, dict)], feeds)) is not None:
            return "$" + "".join(f'."{name}"' for name in path.split(".")), theirs
    return "$", None


def _is_plain_name(key: str) -> bool:
    """Say whether a JSON path can name a member, and is read as it was written."""
    return '"' not in key and "\\" not in key and "[*]" not in key


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _is_lines(text: str, *, whole: bool) -> bool:
    """Say whether a JSON text is one event a line: its first line is complete, or it is no document and most lines are."""
    lines = [line for line in text.splitlines() if line.strip()]
    if text.lstrip().startswith("["):
        return False
    if len(lines) > 1 and isinstance(_decoded(lines[0]), dict):
        return True
    if whole and _decoded(text) is not None:
        return False
    some = lines[:_SAMPLE]
    return sum(isinstance(_decoded(line), dict) for line in some) * 2 > max(len(some), 2)


def _document(
    name: str,
    path: Path,
    size: int,
    packing: Packing,
    text: str,
    *,
    feeds: Mapping[str, Feed],
    feed: Feed | None,
) -> Input | Unreadable:
    """Say where the events of one JSON document are: it is an event itself, or a list, or has a list inside."""
    start = text.lstrip()
    candidates = {"none": feed} if feed else feeds
    if start[0] == "[":
        events = list(_elements(start, 1))
        if not events and _decoded(text) is not None:
            return Unreadable(name, path, "its list is empty")
        if not events:
            return Unreadable(name, path, "it is not JSON")
        where, whose = _carried(_objects(events), candidates)
        return Input(name, str(path), size, "document", packing, f"$[*]{where[1:]}", feed or whose)
    if start[0] != "{":
        return Unreadable(name, path, "it is not JSON")
    members, found = _members(start)
    lists = {f'$."{key}"[*]': some for key, some in found.items() if _is_plain_name(key)}
    if (own := recognise([members], candidates)) is not None:
        return Input(name, str(path), size, "document", packing, "$", own)
    for top, some in lists.items():
        if (theirs := _recognised(some, candidates)) is not None:
            return Input(name, str(path), size, "document", packing, top, theirs)
    if not members and not found:
        return Unreadable(name, path, "it is not JSON")
    where, theirs = _shipped([members], candidates)
    if theirs is not None:  # one line is the same as a line among others
        shape: Shape = "document" if "\n" in start.rstrip() else "lines"
        return Input(name, str(path), size, shape, packing, where, theirs)
    deeper = dict(_lists(members, depth=_DEPTH))
    for inner, some in deeper.items():
        if (theirs := _recognised(some, candidates)) is not None:
            return Input(name, str(path), size, "document", packing, inner, theirs)
    where, theirs = _shipped_in_lists({**lists, **deeper}, candidates)
    if theirs is not None:
        return Input(name, str(path), size, "document", packing, where, theirs)
    if list(found.values()) == [[]] and found.keys() <= members.keys():
        return Unreadable(name, path, "its list is empty")
    inside = [top for top, some in lists.items() if some and all(isinstance(one, dict) for one in some)]
    return Input(name, str(path), size, "document", packing, inside[0] if len(inside) == 1 else "$", feed)


_DECODER = json.JSONDecoder(parse_int=float)  # an integer may be longer than Python reads
_SPACE = re.compile(r"[\s,]*")


def _elements(text: str, at: int) -> Iterator[Any]:
    """Yield the first elements of a list that may be cut off, from just behind its bracket."""
    for _ in range(_SAMPLE):
        at = cast(re.Match[str], _SPACE.match(text, at)).end()
        try:
            element, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield element


def _members(text: str) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Return the members of an object that may be cut off, and the first elements of those that are lists."""
    members: dict[str, Any] = {}
    lists: dict[str, list[Any]] = {}
    at = 1
    while True:
        at = cast(re.Match[str], _SPACE.match(text, at)).end()
        try:
            key, at = _DECODER.raw_decode(text, at)
            at = (re.compile(r"\s*:\s*").match(text, at) or _fail()).end()
            if text.startswith("[", at):
                lists[str(key)] = list(_elements(text, at + 1))
            members[str(key)], at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return members, lists


def _fail() -> re.Match[str]:
    raise ValueError("no colon")


def csv_sample(text: str) -> list[dict[str, Any]]:
    """Return the first records of a CSV text as nested objects."""
    found = records(io.StringIO(text))
    try:
        rows = [row.cells for row, _ in zip(found, range(_SAMPLE), strict=False)]
    except csv.Error:
        return []
    return [nested(tree(rows[0]), cells) for cells in rows[1:] if len(cells) == len(rows[0])] if rows else []


def _parquet(name: str, path: Path, size: int, *, feeds: Mapping[str, Feed], feed: Feed | None) -> Input | Unreadable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            whose = recognise([dict.fromkeys(names, "")], feeds)
            carriers = [
                one for one in names if not whose and any(f"{shipped}.".startswith(f"{one}.") for shipped in _SHIPPED)
            ]
            some = next(file.iter_batches(_SAMPLE, columns=carriers), None) if carriers else None
            rows = some.to_pylist() if some else []
    except (pa.ArrowException, OSError):
        return Unreadable(name, path, "it is cut or damaged")
    where, theirs = ("$", whose) if whose else _shipped(rows, feeds if feed is None else {feed.name: feed})
    return Input(name, str(path), size, "parquet", "none", where, feed or theirs)
