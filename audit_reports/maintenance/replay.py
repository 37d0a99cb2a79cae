"""What does a mended feed understand now? Reads the quarantine again, and lands what has become clear.

A line leaves the quarantine when one of its events can land; what of it still cannot stays there, with the reason that holds
now. The landing's books say so: what left the quarantine counts as fewer than none, so that the sums over all landings hold.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.commit import commit
from audit_reports.feed import Feed, literal, recognise
from audit_reports.ingest.copies import CONFLICT, take_out_copies
from audit_reports.ingest.landed_files import write_inputs
from audit_reports.ingest.quarantine import BASE64, Quarantined
from audit_reports.ingest.quarantine_files import keep_quarantine
from audit_reports.ingest.row_hashes import rows_hash
from audit_reports.ingest.staging import OWN, Reading, copy_sql, staged_files
from audit_reports.ingest.strict import strict_sql
from audit_reports.journal import time_text
from audit_reports.stopping import stoppable
from audit_reports.store import Store

if TYPE_CHECKING:
    import deltalake
    import duckdb
    import polars as pl

_LINE = ["file", "line", "raw"]
_GOOD = "SELECT * FROM judged WHERE reason IS NULL"


@dataclass(frozen=True)
class Replayed:
    """What came of reading the quarantine again: the landing (None where nothing became clear), and how many events.

    `tried` rows of the quarantine were read again; `left` are in it now, whatever kind they are.
    """

    landing: int | None
    tried: int
    landed: int
    duplicates: int
    left: int


def replay(store: Store, feeds: Mapping[str, Feed], reading: Reading) -> Replayed:
    """Land what the feeds now understand of a store's quarantine, in one atomic commit.

    A line keeps its feed; one whose feed was not known is recognised by itself. What holds no event at all (a whole file,
    bytes that are no UTF-8) cannot be read again from here: its file can be landed again once it is mended.
    """
    with store.writing() as table, store.place.staging() as folder, store.connect() as connection:
        if reading.geo is not None:
            reading.geo.serve(connection)
        number = (table.transaction_version("landing") or 0) + 1
        rows = _quarantine(store)
        tried = _candidates(rows, feeds)
        if not tried.height:
            return Replayed(None, 0, 0, 0, rows.height)
        _judge(connection, tried, feeds, reading)
        return _land(store, table, connection, folder=folder, number=number, reading=reading, rows=rows, tried=tried)


def _quarantine(store: Store) -> pl.DataFrame:
    """Return the quarantine as it stands, each row with the `path` of its file."""
    import polars as pl

    text, whole = pl.String, pl.Int64
    schema = {"file": text, "line": whole, "reason": text, "feed": text, "raw": text, "landing": whole, "path": text}
    found = [
        pl.read_parquet(io.BytesIO(store.place.read(path))).with_columns(path=pl.lit(path))
        for path in store.quarantine_files()
    ]
    return pl.concat([pl.DataFrame(schema=schema), *found])


def _candidates(rows: pl.DataFrame, feeds: Mapping[str, Feed]) -> pl.DataFrame:
    """Return the rows that can be read again, each with a feed that is known now."""
    import polars as pl

    lines = rows.filter((pl.col("line") > 0) & ~pl.col("raw").str.starts_with(BASE64))
    unknown = lines.filter(pl.col("feed").is_null())["raw"].unique()
    recognised = {raw: name for raw in unknown if (name := _recognised(raw, feeds))}
    by_itself = pl.col("raw").replace_strict(recognised, default=None, return_dtype=pl.String)
    return lines.with_columns(feed=pl.coalesce("feed", by_itself)).filter(pl.col("feed").is_in(list(feeds)))


def _recognised(raw: str, feeds: Mapping[str, Feed]) -> str | None:
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    found = recognise([event], feeds) if isinstance(event, dict) else None
    return found.name if found else None


def _judge(
    connection: duckdb.DuckDBPyConnection, tried: pl.DataFrame, feeds: Mapping[str, Feed], reading: Reading
) -> None:
    """Judge the events of every line once, into the table `judged`."""
    connection.register("tried", tried.unique([*_LINE, "feed"]).to_arrow())
    for number, name in enumerate(sorted(set(tried["feed"]))):
        lines = (
            f"SELECT CASE WHEN json_valid(raw) THEN {strict_sql('raw')} END AS raw, file, line "
            f"FROM tried WHERE feed = {literal(name)}"
        )
        verb = "INSERT INTO judged" if number else "CREATE TEMP TABLE judged AS"
        connection.execute(f"{verb} {reading.judged(feeds[name], lines)}")


def _land(
    store: Store,
    table: deltalake.DeltaTable,
    connection: duckdb.DuckDBPyConnection,
    *,
    folder: Path,
    number: int,
    reading: Reading,
    rows: pl.DataFrame,
    tried: pl.DataFrame,
) -> Replayed:
    """Land the judged events that can land, and write the quarantine's files anew where lines have left them."""
    import polars as pl

    good: pl.DataFrame = connection.sql(f"SELECT file, line, raw FROM ({_GOOD})").pl()
    if good.height:
        copy = copy_sql(f"SELECT {', '.join(OWN)} FROM ({_GOOD})", folder / "0", number, reading.now)
        stoppable(connection, lambda: connection.execute(copy))
    conflicts, duplicates = take_out_copies(
        connection,
        folder,
        lambda days: [file.path for file in store.files(table, days=days)],
        lambda ids: _events(connection, ids),
        differ=False,
    )
    disputed = pl.DataFrame(
        [(row.file, row.line, row.raw, CONFLICT, row.feed) for row in conflicts],
        schema={"file": pl.String, "line": pl.Int64, "raw": pl.String, "reason": pl.String, "feed": pl.String},
        orient="row",
    )
    clear = _clear(good, disputed)
    if not clear.height:
        return Replayed(None, tried.height, 0, 0, rows.height)
    gone = rows.join(clear, on=_LINE, how="semi")
    bad: pl.DataFrame = connection.sql("SELECT file, line, raw, reason, feed FROM judged WHERE reason IS NOT NULL").pl()
    still = pl.concat([bad, disputed]).join(gone.unique(_LINE).select(*_LINE, "landing"), on=_LINE)
    rest = rows.filter(pl.col("path").is_in(gone["path"].unique().to_list())).join(clear, on=_LINE, how="anti")
    columns = ["file", "line", "reason", "feed", "raw", "landing"]
    left = pl.concat([rest.select(columns), still.select(columns)]).sort("landing", maintain_order=True)
    landed, quarantined = good.height - duplicates - len(conflicts), still.height - gone.height
    staged = staged_files(connection, folder, number)
    facts: dict[str, Any] = {
        "landing": number,
        "landed_at": time_text(reading.now),
        "read": landed + duplicates + quarantined,
        "landed": landed,
        "duplicates": duplicates,
        "quarantined": quarantined,
        "feeds": sorted(set(tried.join(clear, on=_LINE, how="semi")["feed"])),
        "inputs": write_inputs(store.place, [], landing=number),
        "rows_hash": rows_hash([one.path for one in staged]),
        "quarantine": [keep_quarantine(store.place, left, landing=number)] if left.height else [],
        "replayed": sorted(gone["path"].unique()),
    }
    commit(store, table, "landing", facts, staged=staged)
    return Replayed(number, tried.height, landed, duplicates, rows.height + quarantined)


def _clear(good: pl.DataFrame, disputed: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of which an event can land, and is not another value of one that has landed."""
    import polars as pl

    events = good.group_by(_LINE).len("events").join(disputed.group_by(_LINE).len("disputed"), on=_LINE, how="left")
    return events.filter(pl.col("events") > pl.col("disputed").fill_null(0)).select(_LINE)


def _events(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[Quarantined]:
    wanted = ", ".join(map(literal, ids))
    found = connection.execute(
        f"SELECT file, line, feed, raw, event_id, day::VARCHAR FROM ({_GOOD}) WHERE event_id IN ({wanted}) "
        "ORDER BY file, line, event_id"
    ).fetchall()
    return [
        Quarantined(file, line, CONFLICT, feed, raw, event_id, day) for file, line, feed, raw, event_id, day in found
    ]
