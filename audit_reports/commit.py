"""How does a landing become true? Moves the staged files into the table and commits them once, all of it on the disk.

The commit in the table's log is the one point of truth, and carries the landing's facts; the journal's entry follows it, and
is written by the next writer where a crash came between the two.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.errors import FailureError
from audit_reports.feed import listed
from audit_reports.journal import canonical, sync, sync_folder
from audit_reports.store import Store

if TYPE_CHECKING:
    import deltalake
    import duckdb
    from deltalake.transaction import AddAction, RemoveAction


def staged_files(folder: Path) -> list[Path]:
    """Return the Parquet files that a landing has staged below a folder, in a stable order."""
    return sorted(folder.glob("*/day=*/*.parquet"))


def rows_of(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> int:
    """Return how many rows some Parquet files hold, from their footers."""
    if not files:
        return 0
    return int(
        connection.execute(f"SELECT count(*) FROM read_parquet({listed(files)}, hive_partitioning = false)").fetchall()[
            0
        ][0]
    )


def rows_hash(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """Return the order-free hash of some files' rows: the sum, in hex, of the first 64 bits of each row's SHA-256.

    A row's text is feed, event_id, occurred_at in microseconds and raw, joined by U+001F: what the event is and the evidence.
    """
    if not files:
        return f"{0:032x}"
    (total,) = connection.execute(
        "SELECT sum(('0x' || left(sha256(text), 16))::UBIGINT)::VARCHAR FROM ("
        "SELECT concat_ws(chr(31), feed, event_id, epoch_us(occurred_at), raw) AS text "
        f"FROM read_parquet({listed(files)}, hive_partitioning = false))"
    ).fetchall()[0]
    return f"{int(total or 0):032x}"


def commit(
    store: Store,
    table: deltalake.DeltaTable,
    staged: Sequence[Path],
    facts: dict[str, Any],
    *,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Move staged files into the table, commit them with the landing's facts, and journal it.

    The facts gain `files`, with the SHA-256 of each. Raises `FailureError`, with nothing landed, where another landing came
    first or the table's log cannot be written.
    """
    from deltalake import CommitProperties, Transaction
    from deltalake.exceptions import DeltaError

    number = int(facts["landing"])
    modified = int(datetime.fromisoformat(facts["landed_at"]).timestamp() * 1000)
    actions: list[AddAction | RemoveAction] = []
    files: list[dict[str, Any]] = []
    for path in staged:
        action, file = _moved(store, path, number, rows_of(connection, [path]), modified)
        actions.append(action)
        files.append(file)
    sync_folder(store.events)
    facts["files"] = files
    try:
        table.create_write_transaction(
            actions,
            "append",
            table.schema(),
            partition_by=["day"],
            commit_properties=CommitProperties(
                custom_metadata={"audit_reports": canonical(facts)},
                app_transactions=[Transaction("landing", number)],
                max_commit_retries=0,
            ),
        )
    except DeltaError as error:
        for file in files:
            (store.root / str(file["path"])).unlink(missing_ok=True)
        raise FailureError(f"the landing was not committed: {str(error).splitlines()[0]}") from error
    log = store.events / "_delta_log"
    for path in sorted(log.glob("*.json"))[-2:]:
        with path.open("rb") as opened:
            sync(opened.fileno())
    sync_folder(log)
    store.journal_landing(facts)


def _moved(store: Store, staged: Path, number: int, rows: int, modified: int) -> tuple[AddAction, dict[str, Any]]:
    """Sync one staged file, give it its place in the table, and return what the log and the journal say of it."""
    from deltalake.transaction import AddAction

    day = staged.parent.name.removeprefix("day=")
    path = f"day={day}/{number:08}-{uuid.uuid4().hex}.parquet"
    target = store.events / path
    with staged.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        sync(file.fileno())
    size = staged.stat().st_size
    target.parent.mkdir(exist_ok=True)
    staged.replace(target)
    sync_folder(target.parent)
    bounds = {"landing": number}
    stats = canonical({"numRecords": rows, "minValues": bounds, "maxValues": bounds, "nullCount": {}})
    action = AddAction(path, size, {"day": day}, modified, True, stats)
    return action, {"path": f"events/{path}", "bytes": size, "sha256": digest, "rows": rows}
