"""Which files were handed over? Finds them behind files, folders and globs, each once, however many there are."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import Feed
from audit_reports.ingest.inputs import Found, Landed, Unreadable, version_of
from audit_reports.ingest.look import look

ENDINGS = tuple(
    kind + packing
    for kind in (".json", ".jsonl", ".ndjson", ".csv", ".parquet")
    for packing in ("", ".gz", ".zst")
    if not (kind == ".parquet" and packing)
)


def find(paths: Sequence[str], feeds: Mapping[str, Feed], *, feed: Feed | None, names: Mapping[str, str]) -> Found:
    """Return the inputs behind files, folders and globs, each once, in a stable order; no path gives none.

    With `feed` no file is asked whose events it holds; `names` says what people see instead of a path. Raises
    `UsageError` for a path that does not exist or may not be read, for a folder without events, and for a named file that holds
    no event or that no feed recognises.

    >>> find(["nowhere.jsonl"], {}, feed=None, names={})
    Traceback (most recent call last):
    audit_reports.errors.UsageError: no such file or folder: 'nowhere.jsonl'
    """
    found = Found()
    seen: set[str] = set()
    for given in paths:
        is_named = Path(given).is_file()
        for text in [given] if is_named else _expand(given, found):
            real = os.path.realpath(text)
            if real in seen:
                continue
            seen.add(real)
            path = Path(text)
            looked = look(path, feeds, feed=feed, name=names.get(given if is_named else text, ""))
            if is_named:
                _insist(looked, feeds)
                found.named.add(path)
            found.take(looked)
    return found


def find_inboxes(
    paths: Sequence[str],
    feeds: Mapping[str, Feed],
    *,
    feed: Feed | None,
    landed: Landed,
    names: Mapping[str, str],
) -> Found:
    """Return the inputs behind paths that are looked at again and again: what is empty or absent today may come tomorrow.

    Files that have `landed` and are as they were are not looked at. `names` says what people see instead of a path.

    >>> find_inboxes(["nowhere/*.jsonl"], {}, feed=None, landed={}, names={}).inputs
    []
    """
    found = Found()
    seen: set[str] = set()
    for given in paths:
        path = Path(given).expanduser()
        if path.is_dir():
            texts = sorted(_walk(str(path), found, set()))
        else:
            texts = sorted(text for text in [str(path), *glob.glob(str(path), recursive=True)] if Path(text).is_file())
        for text in dict.fromkeys(texts):
            stat = Path(text).stat()
            landing = landed.get((text, stat.st_size, stat.st_mtime_ns, version_of(stat)))
            if landing is not None:
                found.known.append((text, landing))
                continue
            real = os.path.realpath(text)
            if real in seen:
                continue
            seen.add(real)
            found.take(look(Path(text), feeds, feed=feed, name=names.get(text, "")))
    return found


def _insist(looked: object, feeds: Mapping[str, Feed]) -> None:
    """Raise the error of a named file that holds no event or that no feed recognises."""
    if isinstance(looked, Unreadable):
        raise UsageError(f"{quoted(looked.name)} holds no event: {looked.reason}; nothing was landed")
    if getattr(looked, "feed", None) is None:
        raise UsageError(unrecognised(getattr(looked, "name", ""), feeds))


def unrecognised(name: str, feeds: Mapping[str, Feed]) -> str:
    """Return the line that says that no feed knows a file's events.

    >>> unrecognised("doors.jsonl", {"okta": ..., "github": ...}).partition(". ")[0]
    "no feed recognises the events of 'doors.jsonl', of 2 that were tried"
    """
    return (
        f"no feed recognises the events of {quoted(name)}, of {len(feeds)} that were tried. Name one with --feed: "
        f"{', '.join(feeds)}; `audit-reports feeds` says what each looks for"
    )


def _expand(given: str, found: Found) -> list[str]:
    """Return the files that a walk of a folder or a pattern finds, sorted."""
    path = Path(given)
    if path.is_dir():
        files = sorted(_walk(str(path), found, set()))
        if not files:
            raise UsageError(
                f"the folder {quoted(given)} holds no file ending in .json .jsonl .ndjson .csv .parquet (.gz .zst)"
            )
        return files
    if path.exists():
        raise UsageError(f"{quoted(given)} is neither a file nor a folder; pipe a stream in with -")
    matched = sorted(glob.glob(given, recursive=True)) if glob.has_magic(given) else []
    files = [match for match in matched if Path(match).is_file()]
    if not files:
        raise UsageError(f"no such file or folder: {quoted(given)}")
    return files


def _walk(folder: str, found: Found, around: set[str]) -> Iterator[str]:
    """Yield the files with known endings below a folder, links followed but in circles; count what is passed over."""
    around = around | {os.path.realpath(folder)}
    try:
        entries = list(os.scandir(folder))
    except PermissionError as error:
        raise UsageError(f"cannot read the folder {quoted(folder)}: {error.strerror}; nothing was landed") from None
    for entry in entries:
        if entry.is_dir():
            if entry.is_symlink() and os.path.realpath(entry.path) in around:
                found.odd += 1
            else:
                yield from _walk(entry.path, found, around)
        elif not entry.is_file():
            found.odd += 1
        elif entry.name.lower().endswith(ENDINGS):
            yield entry.path
        else:
            found.skipped += 1
