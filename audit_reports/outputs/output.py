"""What can a review be written as? The contract: one registry of words and writers, and the run's own record.

A writer takes the review, a folder and how the user wants reviews to look, writes its files there whole, and returns their paths.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports import __version__
from audit_reports.errors import FailureError, UsageError
from audit_reports.journal import time_text
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.formats import plain, replacing
from audit_reports.reads import position

if TYPE_CHECKING:
    from datetime import datetime

    from audit_reports.reviews.amendment import Amendment
    from audit_reports.reviews.review import Review
    from audit_reports.store import Store

Writer = Callable[["Review", Path, Appearance], list[Path]]

OUTPUTS: Mapping[str, str] = {
    "html": "audit_reports.outputs.html:write_html",
    "pdf": "audit_reports.outputs.pdf:write_pdf",
    "mail": "audit_reports.outputs.mail:write_mail",
    "xlsx": "audit_reports.outputs.xlsx:write_xlsx",
    "csv": "audit_reports.outputs.tables:write_csv",
    "json": "audit_reports.outputs.tables:write_json",
    "parquet": "audit_reports.outputs.tables:write_parquet",
}
"""Each format's word, and where its writer is; one is loaded when it is asked for."""

LIBRARIES = ("deltalake", "duckdb", "jinja2", "narwhals", "plotly", "polars", "weasyprint", "xlsxwriter")


def write_review(
    review: Review,
    folder: Path,
    formats: Iterable[str] = ("html",),
    *,
    arguments: Mapping[str, Any],
    appearance: Appearance = OURS,
) -> list[Path]:
    """Write a review in some formats into a folder, made if absent, then `run.json`; return the paths in that order.

    `arguments` are what the caller was asked to do, kept in `run.json` as they are. Raises `UsageError` for an unknown
    format and for a format whose library is not installed, before anything is written; `FailureError` where writing fails.
    """
    wanted = list(dict.fromkeys(formats))
    writers = [_writer(word) for word in wanted]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{plain(str(folder))} is a file, not a folder to write the review into") from None
    except OSError as error:
        raise FailureError(f"cannot make the folder {plain(str(folder))}: {error.strerror}") from error
    written = [path for writer in writers for path in writer(review, folder, appearance)]
    record = folder / "run.json"
    facts = run_record(review, folder, written, arguments) | {"appearance": appearance.record()}
    text = json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True)
    with replacing(record) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return [*written, record]


def journal_review(store: Store, review: Review, written: Iterable[Path], *, time: datetime) -> bool:
    """Add to a store's journal that a review was made, with the SHA-256 of each file; return False where it cannot be.

    A reader who may not write to the store can still make a review: it is for the caller to say that no entry was made.
    """
    paths = list(written)
    folder = paths[-1].parent  # that of run.json, which comes last
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    facts = review_facts(store, review, files)
    try:
        store.journal.append("review", facts, time=time)
    except (OSError, UsageError):  # S3 refuses with the latter
        return False
    return True


def review_facts(store: Store, review: Review, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what a journal entry says of a review: what it saw and found (ids alone), its files, how far the read chains are."""
    return {
        "review": review.id,
        "landing": review.landing,
        "journal_entry": review.journal_entry,
        "filter": review.filter_hash,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "findings": [one.id for one in review.findings],
        "reads": position(store.place),
    }


def run_record(review: Review, folder: Path, written: Iterable[Path], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `run.json` says: what was asked, what it was computed from, and what came out, with its hashes."""
    books = review.trust.books
    return {
        "review": review.id,
        "arguments": dict(arguments),
        "period": {
            "name": review.period.name,
            "since": review.period.since.isoformat(),
            "until": review.period.until.isoformat(),
            "timezone": review.period.timezone,
        },
        "landing": review.landing,
        "journal_entry": review.journal_entry,
        "filter": {"sentence": review.filter_sentence, "json": review.filter_json, "sha256": review.filter_hash},
        "rules": {"json": review.rules_json, "sha256": review.rules_hash},
        "tables": {
            name: {
                "rows": frame.height,
                "filter_sha256": sorted({one.filter_hash for one in review.provenance if one.table == name}),
            }
            for name, frame in review.tables.items()
        },
        "computed": [
            {
                "table": one.table,
                "title": one.title,
                "filter": one.sentence,
                "filter_sha256": one.filter_hash,
                "landing": one.landing,
                "sql": one.sql,
                "command": one.command,
            }
            for one in review.provenance
        ],
        "figures": {one.name: one.value for one in review.figures},
        "findings": [
            {
                "finding": one.id,
                "check": one.finding,
                "severity": one.severity,
                "actor": one.actor,
                "sentence": one.sentence,
                "since": time_text(one.since),
                "until": time_text(one.until),
                "events": one.events,
            }
            for one in review.findings
        ],
        "carried": [asdict(one) | {"due": one.due.isoformat() if one.due else None} for one in review.carried],
        "amendment": _amendment(review.amendment) if review.amendment else None,
        "hidden": [
            {
                "finding": one.finding.id,
                "sentence": one.finding.sentence,
                "owner": one.by.owner,
                "reason": one.by.reason,
                "until": one.by.until.isoformat(),
            }
            for one in review.hidden
        ],
        "counts": {
            "read": books.read,
            "landed": books.landed,
            "duplicates": books.duplicates,
            "quarantined": books.quarantined,
            "removed": books.removed,
            "in_period": review.trust.in_period,
            "matched": review.trust.matched,
        },
        "versions": {"audit_reports": __version__, **_versions()},
        "files": {path.relative_to(folder).as_posix(): _sha256(path) for path in written},
    }


def _amendment(one: Amendment) -> dict[str, Any]:
    return asdict(one) | {"made_at": time_text(one.made_at)}


def _writer(word: str) -> Writer:
    if word not in OUTPUTS:
        raise UsageError.unknown("format", word, OUTPUTS)
    module, _, name = OUTPUTS[word].partition(":")
    writer: Writer = getattr(import_module(module), name)
    return writer


def _versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
