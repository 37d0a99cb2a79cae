"""What is in the files that people hand over? Finds them, looks at the first events, and says how DuckDB reads them."""

from __future__ import annotations

import glob
import io
import json
import os
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import Feed, listed, literal, recognise
from audit_reports.packing import HEAD, Packing, head, unpacked, whole
from audit_reports.spool import nested, records

Shape = Literal["lines", "document", "csv", "parquet"]

ENDINGS = tuple(
    kind + packing
    for kind in (".json", ".jsonl", ".ndjson", ".csv", ".parquet")
    for packing in ("", ".gz", ".zst")
    if not (kind == ".parquet" and packing)
)
_SAMPLE = 20


@dataclass(frozen=True)
class Input:
    """One file with events: where it is, how it is packed and shaped, and whose events it holds.

    `name` is what people see, `path` what is read; they differ where a file had to be spooled. `elements` is the JSON path
    of the events in a document. `feed` is None where no feed recognises the events. `size` is in bytes, as stored.
    """

    name: str
    path: Path
    size: int
    shape: Shape
    packing: Packing
    elements: str
    feed: Feed | None


@dataclass(frozen=True)
class Unreadable:
    """One file that holds no event at all, and why."""

    name: str
    path: Path
    reason: str


def feed_name(one: Input | Unreadable) -> str | None:
    """Return the name of the feed whose events a file holds, None where there is none."""
    return one.feed.name if isinstance(one, Input) and one.feed else None


@dataclass
class Found:
    """The files of a landing: what can be read, what holds no event, and how many were passed over by their ending.

    `named` are the inputs that the caller named one by one: in those, a file without events is a mistake.
    """

    inputs: list[Input] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    skipped: int = 0
    named: set[Path] = field(default_factory=set)


def find(paths: Sequence[str], feeds: Mapping[str, Feed], *, feed: Feed | None, names: Mapping[str, str]) -> Found:
    """Return the inputs behind files, folders and globs, each once, in a stable order.

    With `feed` no file is asked whose events it holds; `names` says what people see instead of a path. Raises
    `UsageError` for a path that does not exist, for a folder without events, and for a named file that holds no event or
    that no feed recognises.
    """
    found = Found()
    seen: set[Path] = set()
    for given in paths:
        named, walked = _expand(given, found)
        for path in named:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                looked = look(path, feeds, feed=feed, name=names.get(given, ""))
                if isinstance(looked, Unreadable):
                    raise UsageError(f"{quoted(looked.name)} holds no event: {looked.reason}; nothing was landed")
                if looked.feed is None:
                    raise UsageError(unrecognised(looked.name, feeds))
                found.named.add(path)
                found.inputs.append(looked)
        for path in walked:
            if path.resolve() not in seen:
                seen.add(path.resolve())
                looked = look(path, feeds, feed=feed, name=names.get(str(path), ""))
                if isinstance(looked, Unreadable):
                    found.unreadable.append(looked)
                else:
                    found.inputs.append(looked)
    return found


def unrecognised(name: str, feeds: Mapping[str, Feed]) -> str:
    """Return the line that says that no feed knows a file's events, with what each feed looks for."""
    tried = "; ".join(
        f"{f.name} needs {' or '.join(' + '.join(keys) for keys in f.recognised_by)}" for f in feeds.values()
    )
    return f"no feed recognises the events of {quoted(name)}. Tried: {tried}. Name one with --feed"


def _expand(given: str, found: Found) -> tuple[list[Path], list[Path]]:
    """Return the files that were named and those that a walk or a pattern found."""
    path = Path(given)
    if path.is_file():
        return [path], []
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        known = [file for file in files if file.name.lower().endswith(ENDINGS)]
        found.skipped += len(files) - len(known)
        if not known:
            raise UsageError(
                f"the folder {quoted(given)} holds no file ending in .json .jsonl .ndjson .csv .parquet (.gz .zst)"
            )
        return [], known
    if path.exists():
        raise UsageError(f"{quoted(given)} is neither a file nor a folder; pipe a stream in with -")
    matched = sorted(Path(match) for match in glob.glob(given, recursive=True)) if glob.has_magic(given) else []
    files = [match for match in matched if match.is_file()]
    if not files:
        raise UsageError(f"no such file or folder: {quoted(given)}")
    return [], files


def look(path: Path, feeds: Mapping[str, Feed], *, feed: Feed | None, name: str = "") -> Input | Unreadable:
    """Look at the head of one file and say how to read it, or why there is nothing to read."""
    try:
        name = name or str(path).encode().decode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        return Unreadable(shown, path, "its name is no UTF-8; rename it")
    size = path.stat().st_size
    if size == 0:
        return Unreadable(name, path, "it is empty")
    try:
        packing, start = head(path)
    except (EOFError, zlib.error):
        return Unreadable(name, path, "the archive is cut or damaged")
    except OSError as error:
        return Unreadable(name, path, f"the archive cannot be unpacked ({type(error).__name__})")
    if packing == "zstd" and not whole(path):  # DuckDB takes the end of a cut one for the end of the file
        return Unreadable(name, path, "the archive is cut or damaged")
    if start[:4] == b"PAR1":
        return Input(name, path, size, "parquet", packing, "$", feed or _recognised_parquet(path, feeds))
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        return Unreadable(name, path, "it is blank")
    bare = re.sub(r"\.(gz|zst)$", "", name.lower())
    garbled = b"\0" in start[:4096] or text.count("�") > len(text) // 20
    if garbled and not text.lstrip().startswith(("{", "[")):  # one garbled line among events is quarantined by itself
        return Unreadable(name, path, "it is not text")
    if bare.endswith(".csv") or (text.lstrip()[0] not in "{[" and "," in text.splitlines()[0] and name == "-"):
        events = csv_sample(text)
        return Input(name, path, size, "csv", packing, "$", feed or recognise(events, feeds))
    if bare.endswith((".jsonl", ".ndjson")) or _is_lines(text, whole=len(start) < HEAD):
        events = [event for line in text.splitlines()[:_SAMPLE] if isinstance(event := _decoded(line), dict)]
        return Input(name, path, size, "lines", packing, "$", feed or recognise(events, feeds))
    return _document(name, path, packing, text, feeds=feeds, feed=feed)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_lines(text: str, *, whole: bool) -> bool:
    """Say whether a JSON text is one event a line: its first line is complete, or it is no document and others are."""
    lines = [line for line in text.splitlines() if line.strip()]
    if text.lstrip().startswith("["):
        return False
    if len(lines) > 1 and isinstance(_decoded(lines[0]), dict):
        return True
    if whole and _decoded(text) is not None:
        return False
    return sum(isinstance(_decoded(line), dict) for line in lines[:_SAMPLE] if line.startswith("{")) > 1


def _document(
    name: str,
    path: Path,
    packing: Packing,
    text: str,
    *,
    feeds: Mapping[str, Feed],
    feed: Feed | None,
) -> Input | Unreadable:
    """Say where the events of one JSON document are: it is an event itself, or a list, or has a list inside."""
    start, size = text.lstrip(), path.stat().st_size
    if start[0] == "[":
        events = list(_elements(start, 1))
        if not events and _decoded(text) is not None:
            return Unreadable(name, path, "its list is empty")
        if not events:
            return Unreadable(name, path, "it is not JSON")
        dicts = [event for event in events if isinstance(event, dict)]
        return Input(name, path, size, "document", packing, "$[*]", feed or recognise(dicts, feeds))
    if start[0] != "{":
        return Unreadable(name, path, "it is not JSON")
    members, lists = _members(start)
    candidates = {"none": feed} if feed else feeds
    if (own := recognise([members], candidates)) is not None:
        return Input(name, path, size, "document", packing, "$", own)
    for key, events in lists.items():
        if '"' in key or "\\" in key:  # no path names it
            continue
        dicts = [event for event in events if isinstance(event, dict)]
        theirs = recognise(dicts, candidates)
        if theirs is not None:
            return Input(name, path, size, "document", packing, f'$."{key}"[*]', theirs)
    if not members and not lists:
        return Unreadable(name, path, "it is not JSON")
    if len(lists) == 1 and not (events := next(iter(lists.values()))):
        return Unreadable(name, path, "its list is empty")
    inside = [key for key, events in lists.items() if events and all(isinstance(event, dict) for event in events)]
    elements = f'$."{inside[0]}"[*]' if len(inside) == 1 and '"' not in inside[0] else "$"
    return Input(name, path, size, "document", packing, elements, feed)


_DECODER = json.JSONDecoder()
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
    rows = [row for _, row in zip(range(_SAMPLE), records(io.StringIO(text)), strict=False)]
    return (
        [nested(rows[0].cells, row.cells) for row in rows[1:] if len(row.cells) == len(rows[0].cells)] if rows else []
    )


def _recognised_parquet(path: Path, feeds: Mapping[str, Feed]) -> Feed | None:
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    return recognise([dict.fromkeys(names, "")], feeds)


def source_sql(inputs: Sequence[Input], *, numbered: bool) -> str:
    """Return the query that reads inputs of one shape as `raw`, `file` and `line`.

    `line` is the element's number in a document and the row's in Parquet. Lines have theirs only if `numbered` (slower,
    and then it counts the lines that are not blank); it is null otherwise.
    """
    files = listed(one.path for one in inputs)
    first = inputs[0]
    packing = f", compression = {literal(first.packing)}" if first.packing != "none" else ""
    if first.shape == "parquet":
        return (
            'SELECT json_merge_patch(to_json(t), \'{"filename": null, "file_row_number": null}\')::VARCHAR AS raw, '
            "filename AS file, file_row_number + 1 AS line "
            f"FROM read_parquet({files}, filename = true, file_row_number = true, hive_partitioning = false) t"
        )
    if first.shape == "document":
        largest = max(map(_document_bytes, inputs))
        wanted = "[json]" if first.elements == "$" else f"json_extract(json, {literal(first.elements)})"
        return (
            "SELECT unnest(events)::VARCHAR AS raw, file, generate_subscripts(events, 1) AS line FROM ("
            f"SELECT {wanted} AS events, filename AS file FROM read_json_objects({files}, format = 'unstructured', "
            f"filename = true, maximum_object_size = {largest}{packing}))"
        )
    line = "row_number() OVER ()" if numbered else "NULL::BIGINT"
    return (
        f"SELECT json::VARCHAR AS raw, filename AS file, {line} AS line "
        f"FROM read_ndjson_objects({files}, ignore_errors = true, filename = true{packing})"
    )


def _document_bytes(one: Input) -> int:
    """Return a bound on the unpacked size of a document: gzip says its own, zstd is taken for forty times smaller."""
    if one.packing == "gzip":
        with one.path.open("rb") as file:
            file.seek(-4, io.SEEK_END)
            size = int.from_bytes(file.read(4), "little")
    else:
        size = one.size * (40 if one.packing == "zstd" else 1)
    return max(size + 1024, 1 << 24)


def flaw(one: Input) -> str | None:
    """Return why a whole file cannot be read, or None where it can: the slow look, for a file that DuckDB gave up on."""
    try:
        with unpacked(one.path) as file:
            if one.shape == "document":
                json.loads(file.read())
            else:
                while file.read(HEAD):
                    pass
    except (EOFError, OSError, zlib.error):
        return "the archive is cut or damaged"
    except UnicodeDecodeError:
        return "bytes that are no UTF-8"
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    return None
