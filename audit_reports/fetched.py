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
from pathlib import Path

from audit_reports.errors import UsageError, quoted
from audit_reports.find import ENDINGS
from audit_reports.place import Kept
from audit_reports.places.s3 import S3

_SCHEME = "s3://"
_DOWNLOADS = 8


@contextmanager
def fetched(
    paths: Sequence[str], names: Mapping[str, str], *, may_be_absent: bool = False
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Give paths that are all on this machine, and the names that people see for them; copies from S3 are gone afterwards.

    A named object stays a named file, a prefix a folder, a pattern a pattern. Raises `UsageError` where nothing is found, but
    where it `may_be_absent`; `FailureError` where an object changes while it is read.
    """
    if not any(path.startswith(_SCHEME) for path in paths):
        yield list(paths), dict(names)
        return
    local, shown = [], dict(names)
    with tempfile.TemporaryDirectory(prefix="audit-reports-") as folder:
        for number, path in enumerate(paths):
            if path.startswith(_SCHEME):
                given, theirs = _fetch(path, Path(folder) / str(number), may_be_absent=may_be_absent)
                if theirs:
                    local.append(given)
                    shown.update(theirs)
            else:
                local.append(path)
        yield local, shown


def _fetch(given: str, folder: Path, *, may_be_absent: bool) -> tuple[str, dict[str, str]]:
    """Download what one path names; return the path that says the same on this machine, and the files' names."""
    from fsspec.utils import glob_translate

    bucket, _, key = given.removeprefix(_SCHEME).partition("/")
    place = S3(_SCHEME + bucket)
    one = place.found(key) if key and not key.endswith("/") else None
    below = [] if one else list(place.walk(key))
    matched: list[Kept] = []
    if not one and not below and glob.has_magic(key):
        before = re.match(r"(?:[^*?\[]*/)?", key)
        wanted = re.compile(glob_translate(key))
        matched = [kept for kept in place.walk(before.group() if before else "") if wanted.match(kept.path)]
    chosen = [one] if one else below or matched
    if may_be_absent and not any(_ending(kept.path) for kept in chosen):
        return given, {}
    if not chosen:
        raise UsageError(f"no such file or folder: {quoted(given)}")
    local = {folder / f"{number:08}{_ending(kept.path)}": kept for number, kept in enumerate(chosen)}
    folder.mkdir()
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        for done in [pool.submit(_download, place, kept, path, every=not below) for path, kept in local.items()]:
            done.result()
    if below and not any(_ending(kept.path) for kept in below):
        raise UsageError(
            f"the folder {quoted(given)} holds no file ending in .json .jsonl .ndjson .csv .parquet (.gz .zst)"
        )
    shown = {str(path): f"{_SCHEME}{bucket}/{kept.path}" for path, kept in local.items()}
    if one:
        return next(iter(shown)), shown
    return (str(folder) if below else glob.escape(str(folder)) + "/*"), shown


def _ending(path: str) -> str:
    return next((ending for ending in sorted(ENDINGS, key=len, reverse=True) if path.lower().endswith(ending)), "")


def _download(place: S3, kept: Kept, local: Path, *, every: bool) -> None:
    """Download one object; what a folder walk passes over by its ending is there only to be counted."""
    if every or _ending(kept.path):
        place.fetch(kept, local)
    else:
        local.touch()
