"""How does a change of the events become true? Takes new files into the table, lets old ones go, and commits once.

The commit in the table's log is the one point of truth, and carries the facts; the journal's entry follows it, and is
written by the next writer where a crash came between the two.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.errors import FailureError, reason
from audit_reports.journal import canonical
from audit_reports.store import EVENTS, EventFile, Store

if TYPE_CHECKING:
    import deltalake
    from deltalake.transaction import AddAction, RemoveAction


_UPLOADS = 8  # a landing has a file for each day, and S3 takes as long for a small one as for a large one


@dataclass(frozen=True)
class Staged:
    """One Parquet file that is to enter the table: where it lies, its day (ISO), its rows, and its rows' landings."""

    path: Path
    day: str
    rows: int
    first: int
    last: int


class ConflictError(FailureError):
    """Another writer's commit came first; nothing was changed, and the work can be done again on what there is now."""


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file of this machine, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def commit(
    store: Store,
    table: deltalake.DeltaTable,
    kind: str,
    facts: dict[str, Any],
    *,
    staged: Sequence[Staged] = (),
    removed: Sequence[EventFile] = (),
) -> None:
    """Take staged files into the table, let go of others, all in one commit that carries the facts, and journal it.

    The facts gain `files`, with the SHA-256 of each new one; they need `landed_at` or `at`, the time of the change. Files let
    go of stay where they are, for readers that still use them. Raises `ConflictError`, with nothing changed, where another
    commit came first, and `FailureError` where the table's log cannot be written.
    """
    from deltalake import CommitProperties, Transaction
    from deltalake.exceptions import DeltaError
    from deltalake.transaction import RemoveAction

    version = table.version() + 1
    at = datetime.fromisoformat(facts.get("landed_at") or facts["at"])
    modified = int(at.timestamp() * 1000)
    is_new = kind == "landing"
    actions: list[AddAction | RemoveAction] = []
    files: list[dict[str, Any]] = []
    with ThreadPoolExecutor(_UPLOADS) as pool:
        taken = [
            pool.submit(_taken, store, one, modified, facts.get("landing", version), is_new=is_new) for one in staged
        ]
    for one in taken:
        action, file = one.result()
        actions.append(action)
        files.append(file)
    for old in removed:
        actions.append(RemoveAction(old.name, kind != "compaction", modified, old.bytes, {"day": old.day}))
    facts["files"] = files
    told = canonical({"kind": kind, **facts})
    transactions = [Transaction("landing", int(facts["landing"]))] if is_new else None
    if kind == "retention" and removed:
        newest = max(date.fromisoformat(facts["until"]), store.retained_until(table) or date.min)
        transactions = [Transaction("retention", newest.toordinal())]
    try:
        table.create_write_transaction(
            actions,
            "append",
            table.schema(),
            partition_by=["day"],
            commit_properties=CommitProperties(
                custom_metadata={"audit_reports": told}, app_transactions=transactions, max_commit_retries=0
            ),
        )
    except (DeltaError, OSError) as error:
        # S3 may have taken the commit although its answer was lost; then trying again finds the version taken, by us.
        there = store.table()
        if there.version() < version:  # nor may it be undone: S3 may still be about to take it
            raise FailureError(f"the {kind} was not committed: {reason(error)}; run the command again") from error
        if all(one.get("audit_reports") != told for one in there.history(there.version() - version + 1)):
            for file in files:
                store.place.remove(str(file["path"]))
            raise ConflictError(f"the {kind} was not committed: {reason(error)}") from error
    store.settle(version)
    store.journal_commit({"kind": kind, **facts}, version=version)


def _taken(
    store: Store, staged: Staged, modified: int, number: int, *, is_new: bool
) -> tuple[AddAction, dict[str, Any]]:
    """Give a staged file its place in the table, and return what the log and the journal say of it."""
    from deltalake.transaction import AddAction

    name = f"day={staged.day}/{number:08}-{uuid.uuid4().hex}.parquet"
    digest, size = file_sha256(staged.path), staged.path.stat().st_size
    store.place.keep(staged.path, f"{EVENTS}/{name}")
    stats = canonical(
        {
            "numRecords": staged.rows,
            "minValues": {"landing": staged.first},
            "maxValues": {"landing": staged.last},
            "nullCount": {},
        }
    )
    action = AddAction(name, size, {"day": staged.day}, modified, is_new, stats)
    return action, {"path": f"{EVENTS}/{name}", "bytes": size, "sha256": digest, "rows": staged.rows}
