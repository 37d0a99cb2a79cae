"""Makes many invented events of the `invent` feed as JSON Lines, by DuckDB, in the order of their times."""

from __future__ import annotations

from pathlib import Path
from random import Random

import duckdb

from audit_reports.catalogue import CATALOGUE

DAYS = 28
FIRST_DAY = "2026-03-02"
FILES = 8
ACTORS = 600
RARE = 2000  # one event in so many is of a type that a reviewer always sees
_PLACES = (
    ("ES", "Madrid", "Madrid"),
    ("ES", "Catalonia", "Barcelona"),
    ("GB", "England", "London"),
    ("DE", "Berlin", "Berlin"),
    ("US", "Texas", "Austin"),
    ("US", "New York", "New York"),
    ("BR", "Pernambuco", "Recife"),
    ("IN", "Karnataka", "Bengaluru"),
)
_FIRST = (
    "ana",
    "ben",
    "carla",
    "dev",
    "elif",
    "femi",
    "grace",
    "hugo",
    "ines",
    "joao",
    "kira",
    "liam",
    "marta",
    "nils",
)
_LAST = ("ruiz", "okoro", "silva", "patel", "kaya", "bello", "chen", "martin", "lopez", "costa", "novak", "walsh")


def make_events(
    folder: Path,
    events: int,
    *,
    files: int = FILES,
    days: int = DAYS,
    first_day: str = FIRST_DAY,
    first: int = 0,
    seed: int = 7,
) -> list[Path]:
    """Write so many events into the files of a folder and return them; files that are there already are kept.

    Four weeks or other `days`, all equally full, six hundred actors of whom few do much, all fifty event types, eight cities,
    about 430 bytes an event. Events are numbered from `first` on, and those of other numbers are others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"events-{number}.jsonl" for number in range(files)]
    done = folder / "done"
    if done.exists():
        return paths
    step = days * 86_400_000_000 / events
    with duckdb.connect() as connection:
        _people(connection, Random(seed))
        for number, path in enumerate(paths):
            part = range(events * number // files, events * (number + 1) // files)
            time = f"TIMESTAMP '{first_day}' + to_microseconds(((i - {first}) * {step})::BIGINT)"
            connection.execute(f"COPY ({_events(part, first, time, seed)}) TO '{path}' (FORMAT json)")
    done.touch()
    return paths


def _people(connection: duckdb.DuckDBPyConnection, rng: Random) -> None:
    people = []
    for number in range(ACTORS):
        name = f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}{number}"
        role = rng.choice(("Owner", "Admin", "Editor", "Editor", "Member", "Member", "Member"))
        people.append((number, name, role, *rng.choice(_PLACES), f"203.0.{rng.randrange(256)}.{rng.randrange(256)}"))
    connection.execute(
        "CREATE TABLE people (n INT, name VARCHAR, role VARCHAR, country VARCHAR, region VARCHAR, city VARCHAR, ip VARCHAR)"
    )
    connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?)", people)
    everyday = [(kind.category, kind.action) for kind in CATALOGUE if not kind.always_shown]
    rare = [(kind.category, kind.action) for kind in CATALOGUE if kind.always_shown]
    rng.shuffle(everyday)
    connection.execute("CREATE TABLE kinds (k INT, category VARCHAR, action VARCHAR)")
    rows = [*enumerate(everyday), *enumerate(rare, start=len(everyday))]
    connection.executemany("INSERT INTO kinds VALUES (?, ?, ?)", [(k, *kind) for k, kind in rows])
    connection.execute(f"CREATE MACRO everyday() AS {len(everyday)}; CREATE MACRO rare() AS {len(rare)}")


def _events(part: range, first: int, time: str, seed: int) -> str:
    """Return the query for some of the events; a row's values but its time hang on its number and the seed alone."""
    return f"""
        SELECT 'evt_' || lower(to_hex(hash(i, {seed + 1}))) AS id,
            strftime({time}, '%Y-%m-%dT%H:%M:%S.%gZ') AS occurred_at,
            category, action,
            {{'id': 'usr_' || n, 'email': name || '@northwind.example', 'role': role, 'type': 'human'}} AS actor,
            {{'type': 'Assistant', 'id': 'ast_' || r % 5000, 'name': 'Assistant ' || r % 5000}} AS resource,
            CASE WHEN r % 4 = 0 THEN 'API' ELSE 'App' END AS source, ip,
            {{'country': country, 'region': region, 'city': city}} AS location,
            'Northwind' AS workspace, CASE WHEN r % 50 = 0 THEN 'failure' ELSE 'success' END AS outcome
        FROM (SELECT range AS i, hash(range, {seed}) AS h,
                (h >> 40) AS r,
                floor({ACTORS} * pow((h % 100003) / 100003.0, 2))::INT AS n,
                CASE WHEN r % {RARE} = 0 THEN everyday() + (h % rare())::INT
                    ELSE floor(everyday() * pow((h // 100003 % 100019) / 100019.0, 1.5))::INT END AS k
            FROM range({first + part.start}, {first + part.stop}))
        JOIN people USING (n) JOIN kinds USING (k)"""
