"""How do files in S3 become files of this machine? Downloads what `s3://` paths name, whole and unchanged, for one landing.

A path is an object, a prefix with all below it, or a pattern; what a person sees stays its name in S3.
"""

from __future__ import annotations

import glob
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from audit_reports.errors import UsageError, quoted
from audit_reports.ingest.find import ENDINGS
from audit_reports.ingest.inputs import Landed
from audit_reports.ingest.watching import Progress, Watcher, unwatched
from audit_reports.place import Kept
from audit_reports.places.s3 import S3

_SCHEME = "s3://"
_DOWNLOADS = 8


@dataclass
class Fetched:
    """Paths that are all on this machine, and what is known of those that are in S3.

    `names` has what people see for a downloaded file, `objects` when its object was written (nanoseconds since 1970) and its
    version. `known` are objects that were not downloaded, for they have landed, with their landing.
    """

    paths: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    objects: dict[str, tuple[int, str]] = field(default_factory=dict)
    known: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def fetched(
    paths: Sequence[str],
    names: Mapping[str, str],
    *,
    landed: Landed,
    may_be_absent: bool = False,
    progress: Watcher | None = None,
) -> Iterator[Fetched]:
    """Give paths that are all on this machine, and the names that people see for them; copies from S3 are gone afterwards.

    A named object stays a named file, a prefix a folder, a pattern a pattern. An object that has `landed`, and of which S3 says
    what it said then (name, size, time, ETag), is not downloaded. Raises `UsageError` where nothing is found,
    but where it `may_be_absent`; `FailureError` where an object changes while it is read.
    """
    if not are_remote(paths):
        yield Fetched(list(paths), dict(names))
        return
    here = Fetched(names=dict(names))
    with tempfile.TemporaryDirectory(prefix="audit-reports-") as folder:
        for number, path in enumerate(paths):
            if not path.startswith(_SCHEME):
                here.paths.append(path)
                continue
            given = _fetch(
                *(path, Path(folder) / str(number), here, landed),
                may_be_absent=may_be_absent,
                progress=progress or unwatched,
            )
            if given:
                here.paths.append(given)
        yield here


def are_remote(paths: Sequence[str]) -> bool:
    """Say whether any path is in S3."""
    return any(path.startswith(_SCHEME) for path in paths)


def _asked(given: str) -> tuple[S3, str, list[Kept]]:
    """Return the bucket that a path is in, what the path names there (`object`, `prefix`, `pattern`), and the objects."""
    from fsspec.utils import glob_translate

    bucket, _, key = given.removeprefix(_SCHEME).partition("/")
    place = S3(_SCHEME + bucket)
    if key and not key.endswith("/") and (one := place.found(key)):
        return place, "object", [one]
    below = list(place.walk(key))
    if below or not glob.has_magic(key):
        return place, "prefix", below
    before = re.match(r"(?:[^*?\[]*/)?", key)
    wanted = re.compile(glob_translate(key))
    there = place.walk(before.group() if before else "")
    return place, "pattern", [kept for kept in there if wanted.match(kept.path)]


def _fetch(
    given: str, folder: Path, here: Fetched, landed: Landed, *, may_be_absent: bool, progress: Watcher
) -> str | None:
    """Download what is new of what one path names; return the path that says the same on this machine, None for nothing."""
    place, kind, chosen = _asked(given)
    if may_be_absent and not any(_ending(kept.path) for kept in chosen):
        return None
    if not chosen:
        raise UsageError(f"no such file or folder: {quoted(given)}")
    if kind == "prefix" and not any(_ending(kept.path) for kept in chosen):
        raise UsageError(
            f"the folder {quoted(given)} holds no file ending in .json .jsonl .ndjson .csv .parquet (.gz .zst)"
        )
    local: dict[Path, Kept] = {}
    for number, kept in enumerate(chosen):
        written, name = int(kept.modified) * 1_000_000_000, place.location(kept.path)
        if (landing := landed.get((name, kept.bytes, written, kept.tag))) is not None:
            here.known.append((name, landing))
            continue
        path = folder / f"{number:08}{_ending(kept.path)}"
        local[path] = kept
        here.names[str(path)], here.objects[str(path)] = name, (written, kept.tag)
    if not local:
        return None
    folder.mkdir()
    total, done = sum(kept.bytes for kept in local.values()), 0
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        running = [pool.submit(_download, place, kept, path, every=kind != "prefix") for path, kept in local.items()]
        for kept, one in zip(local.values(), running, strict=True):
            one.result()
            done += kept.bytes
            progress(Progress(done, total, work="downloading"))
    if kind == "object":
        return str(next(iter(local)))
    return str(folder) if kind == "prefix" else glob.escape(str(folder)) + "/*"


def _ending(path: str) -> str:
    return next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if path.lower().endswith(ending)), "")


def _download(place: S3, kept: Kept, local: Path, *, every: bool) -> None:
    """Download one object; what a folder walk passes over by its ending is there only to be counted."""
    if every or _ending(kept.path):
        place.fetch(kept, local)
    else:
        local.touch()
