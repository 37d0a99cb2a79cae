"""A store that many small landings have filled, and what tests ask of it before and after a change."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import polars as pl

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.ingest.row_hashes import rows_hash
from audit_reports.place import Place
from audit_reports.store import EVENTS, Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
ANA, BEN = "ana@northwind.example", "ben@northwind.example"


def event(name: str, day: date | str, *, actor: str = BEN, **more: Any) -> dict[str, Any]:
    at = f"{day}T{len(name) % 24:02}:00:00Z"
    who = {"id": actor.partition("@")[0], "email": actor}
    return {"id": name, "occurred_at": at, "category": "Members", "action": "Left", "actor": who, **more}


def put(store: Path | Store, inbox: Path, *events: dict[str, Any] | str, now: datetime = NOW) -> int | None:
    """Land some events, or lines, from a new file, and return the number of the landing."""
    inbox.mkdir(exist_ok=True)
    file = inbox / f"{len(list(inbox.iterdir())):04}.jsonl"
    lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in events]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return land(store, [str(file)], FEEDS, now=now, feed="invent").landing


def fill(store: Path, *, landings: int = 5, days: Iterable[str] = ("2026-03-02", "2026-03-03")) -> Path:
    """Land so many small files, each with an event by Ana and one by Ben in each day, and a line that cannot be read."""
    for number in range(1, landings + 1):
        put(
            store,
            store.parent / "inbox",
            *(event(f"{day}-a{number}", day, actor=ANA) for day in days),
            *(event(f"{day}-b{number}", day, source="App") for day in days),
            f"broken {number}",
        )
    return store


def answers(store: Path, *, as_of: int | None = None) -> list[str]:
    """Return what a log says, as text: every event, the counts, the SQL, and the quarantine."""
    log = AuditLog(store, as_of=as_of)
    told = [log.polars(), log.newest(), log.by("actor", "day"), log.by("event"), log.quarantine()]
    return [frame.write_ndjson() for frame in told] + [str(log.count())]


def all_answers(store: Path) -> list[list[str]]:
    return [answers(store, as_of=number) for number in range(1, AuditLog(store).landing + 1)]


def on_disk(store: Path) -> list[str]:
    """Return the Parquet files that lie in the table's folder, whoever knows them."""
    return sorted(str(path.relative_to(store)) for path in store.glob("events/day=*/*"))


def in_table(store: Path) -> list[str]:
    opened = Store(store)
    return sorted(f"{EVENTS}/{file.name}" for file in opened.files(opened.table()))


def hash_of_landing(store: Path, landing: int) -> int:
    """Return the order-free hash of the rows of a landing that are there now, by way of Polars."""
    file = store.parent / "one-landing.parquet"
    AuditLog(store).polars().filter(pl.col("landing") == landing).write_parquet(file)
    return int(rows_hash([file]), 16)


class Stopped(BaseException):
    """The process ends here, as if it had been killed."""


class Failing:
    """A place that works so many times, and then raises at each step that changes it, before or after the step."""

    def __init__(self, place: Place, steps: int, error: BaseException, *, after: bool = False) -> None:
        self.place, self.steps, self.error, self.after = place, steps, error, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.place, name)
        if name not in ("publish", "replace", "keep", "remove", "settle"):
            return found

        def step(*arguments: Any, **named: Any) -> Any:
            self.steps -= 1
            if self.steps < 0 and not self.after:
                raise self.error
            done = found(*arguments, **named)
            if self.steps < 0:
                raise self.error
            return done

        return step


class Unlocked:
    """A place whose lock holds nobody, as on S3 when it was not renewed in time; `meanwhile` is done once, as a file is read."""

    def __init__(self, place: Place, meanwhile: Callable[[], object] = lambda: None) -> None:
        self.place, self.meanwhile = place, meanwhile

    def __getattr__(self, name: str) -> Any:
        return getattr(self.place, name)

    def writing(self) -> AbstractContextManager[None]:
        return nullcontext()

    @contextmanager
    def staging(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    def open(self, path: str) -> IO[bytes]:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        return self.place.open(path)
