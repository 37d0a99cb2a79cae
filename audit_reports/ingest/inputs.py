"""How is a file of events read? What is known of each, and the query that gives DuckDB its events one by one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from audit_reports.feed import Feed, listed, literal
from audit_reports.ingest.packing import Packing
from audit_reports.ingest.strict import strict_sql

Shape = Literal["lines", "document", "csv", "parquet"]

Landed = Mapping[tuple[str, int, int, str], int]
"""The landing of files by name, size in bytes, time of writing (nanoseconds since 1970) and version."""


def version_of(stat: os.stat_result) -> str:
    """Return what a disk has for a file's version: its inode and when that last changed, which nobody can set back."""
    return f"{stat.st_ino}-{stat.st_ctime_ns}"


@dataclass(frozen=True, slots=True)
class Input:
    """One file with events: where it is, how it is packed and shaped, and whose events it holds.

    `name` is what people see, `location` the path that is read, as text: a million paths would take half a gigabyte.
    `elements` is the JSON path of the events in a document, or in each line where a line is an envelope: of a list
    (`$."Records"[*]`), of one event or its text (`$."message"`), or of those in a list (`$."Records"[*]."message"`); `$` where
    it is an event itself. `feed` is None where no feed recognises the events. `size` is in bytes, as stored. `is_plain` says
    that DuckDB can read it as it lies.
    """

    name: str
    location: str
    size: int
    shape: Shape
    packing: Packing
    elements: str
    feed: Feed | None
    is_plain: bool = False

    @property
    def path(self) -> Path:
        """The path that is read."""
        return Path(self.location)

    @property
    def list_path(self) -> str:
        """The JSON path of the list's elements (`$."Records"[*]`), empty where there is no list."""
        before, is_list, _ = self.elements.partition("[*]")
        return before + is_list if is_list else ""

    @property
    def carried_path(self) -> str:
        """The JSON path of what each element, line or document has wrapped (`$."message"`); `$` where nothing is."""
        before, is_list, behind = self.elements.partition("[*]")
        return "$" + behind if is_list else before


@dataclass(frozen=True, slots=True)
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
    """The files of a landing: what can be read, what holds no event, and what was passed over.

    `skipped` counts the files with other endings, `odd` what is no file at all: pipes, devices, links that lead in a circle or
    nowhere. `named` are the inputs that the caller named one by one: in those, a file without events is a mistake.
    `known` are files that need no look, with the landing that brought them. `objects` has, for each file of this machine that was
    downloaded, when its object in S3 was written (nanoseconds since 1970) and its version.
    """

    inputs: list[Input] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    skipped: int = 0
    odd: int = 0
    named: set[Path] = field(default_factory=set)
    known: list[tuple[str, int]] = field(default_factory=list)
    objects: dict[str, tuple[int, str]] = field(default_factory=dict)

    def take(self, one: Input | Unreadable) -> None:
        """Take in one file."""
        if isinstance(one, Input):
            self.inputs.append(one)
        else:
            self.unreadable.append(one)

    def add(self, more: Found) -> None:
        """Take in what was found elsewhere; a file that is here already stays as it is."""
        if more.inputs or more.unreadable:
            everything: list[Input | Unreadable] = [*self.inputs, *self.unreadable]
            there = {os.path.realpath(one.path) for one in everything}
            self.inputs += [one for one in more.inputs if os.path.realpath(one.path) not in there]
            self.unreadable += [one for one in more.unreadable if os.path.realpath(one.path) not in there]
        self.skipped += more.skipped
        self.odd += more.odd
        self.named |= more.named
        self.known += more.known
        self.objects |= more.objects


def lines_sql(paths: Sequence[Path], like: Input, *, longest: int, quick: bool = False) -> str:
    """Return the query that reads files of JSON Lines as `raw` (null for what is no JSON), `file` and a null `line`.

    The files are not packed; `longest` bounds the bytes of a line, and a longer one makes the query fail.
    """
    size = max(longest, 1 << 24)
    return events_sql(
        f"SELECT json::VARCHAR AS text, filename AS file, NULL::BIGINT AS line FROM read_ndjson_objects({listed(paths)}, "
        f"ignore_errors = true, filename = true, compression = 'none', maximum_object_size = {size})",
        like,
        quick=quick,
    )


def events_sql(texts: str, like: Input, *, quick: bool = False) -> str:
    """Return the query that takes events out of `texts` (columns `text`, null for what is no JSON, `file`, `line`).

    A text gives one event, or each element of its list where the input's lines are envelopes, and then one null where it has
    no such list or an empty one. What a log shipper wrapped in any of these is the event, as its sender wrote it. With `quick`
    an event may be what DuckDB alone takes for JSON (see `strict`).
    """
    text, carried = "replace(text, chr(13), ' ')" if like.shape == "document" else "text", like.carried_path
    has_lists = like.shape == "lines" and like.list_path
    if carried == "$" and not has_lists:
        return f"SELECT {text if quick else strict_sql(text)} AS raw, file, line FROM ({texts})"
    whole = elements_sql(texts, like) if has_lists else f"SELECT {strict_sql(text)} AS text, file, line FROM ({texts})"
    if carried == "$":
        return f"SELECT text AS raw, file, line FROM ({whole})"
    inside = f"trim(json_extract_string(text, {literal(carried)}), ' ' || chr(9) || chr(10) || chr(13))"
    return (
        f"SELECT CASE WHEN starts_with(text, '{{') AND json_valid(text) THEN {strict_sql('text')} END AS raw, file, line "
        f"FROM (SELECT {inside} AS text, file, line FROM ({whole}))"
    )


def elements_sql(texts: str, like: Input) -> str:
    """Return the query of the elements of the lists in lines, as `text`.

    A line without such a list, or with an empty one, gives null; where elements have events wrapped, it is one of those.
    """
    inside = f"json_extract(text, {literal(like.list_path)})"
    otherwise = "NULL" if like.carried_path == "$" else "text"
    whole = f"SELECT {strict_sql('text')} AS text, file, line FROM ({texts})"
    return f"SELECT unnest(coalesce(nullif({inside}, []), [{otherwise}]))::VARCHAR AS text, file, line FROM ({whole})"


def parquet_sql(paths: Sequence[Path], like: Input, *, quick: bool = False) -> str:
    """Return the query that reads Parquet files as `raw`, `file` and `line`, the number of the row.

    A row with a NaN or an infinity is no JSON: its `raw` is null, but with `quick`.
    """
    row = 'json_merge_patch(to_json(t), \'{"filename": null, "file_row_number": null}\')::VARCHAR'
    return events_sql(
        f"SELECT {row} AS text, filename AS file, file_row_number + 1 AS line "
        f"FROM read_parquet({listed(paths)}, filename = true, file_row_number = true, hive_partitioning = false) t",
        like,
        quick=quick,
    )
