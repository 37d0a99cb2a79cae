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
AWAY = 16  # one week in so many an actor is elsewhere
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
    only: int | None = None,
) -> list[Path]:
    """Write so many events into the files of a folder, or `only` one of them, and return them; a folder that is done is kept.

    Four weeks or other `days`, all equally full, six hundred actors of whom few do much, all fifty event types, eight cities,
    about 430 bytes an event. A week in sixteen an actor is elsewhere. Events are numbered from `first` on, and those of
    other numbers are others.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(files) if only is None else [only]
    paths = [folder / f"events-{number}.jsonl" for number in numbers]
    done = folder / "done"
    if done.exists():
        return paths
    step = days * 86_400_000_000 / events
    weeks = -(-days // 7)
    with duckdb.connect() as connection:
        _people(connection, Random(seed))
        for number, path in zip(numbers, paths, strict=True):
            part = range(events * number // files, events * (number + 1) // files)
            time = f"TIMESTAMP '{first_day}' + to_microseconds(((i - {first}) * {step})::BIGINT)"
            week = f"floor((i - {first}) * {step} / 604_800_000_000)::INT"
            query = _events(part, first, time=time, week=week, weeks=weeks, seed=seed)
            connection.execute(f"COPY ({query}) TO '{path}' (FORMAT json)")
    done.touch()
    return paths


def _people(connection: duckdb.DuckDBPyConnection, rng: Random) -> None:
    people = []
    for number in range(ACTORS):
        name = f"{rng.choice(_FIRST)}.{rng.choice(_LAST)}{number}"
        role = rng.choice(("Owner", "Admin", "Editor", "Editor", "Member", "Member", "Member"))
        home = rng.randrange(len(_PLACES))
        people.append((number, name, role, home, f"203.0.{rng.randrange(256)}.{rng.randrange(256)}"))
    connection.execute("CREATE TABLE people (n INT, name VARCHAR, role VARCHAR, home INT, ip VARCHAR)")
    connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", people)
    connection.execute("CREATE TABLE places (p INT, country VARCHAR, region VARCHAR, city VARCHAR)")
    connection.executemany("INSERT INTO places VALUES (?, ?, ?, ?)", [(p, *place) for p, place in enumerate(_PLACES)])
    everyday = [(kind.category, kind.action) for kind in CATALOGUE if not kind.always_shown]
    rare = [(kind.category, kind.action) for kind in CATALOGUE if kind.always_shown]
    rng.shuffle(everyday)
    connection.execute("CREATE TABLE kinds (k INT, category VARCHAR, action VARCHAR)")
    rows = [*enumerate(everyday), *enumerate(rare, start=len(everyday))]
    connection.executemany("INSERT INTO kinds VALUES (?, ?, ?)", [(k, *kind) for k, kind in rows])
    connection.execute(f"CREATE MACRO everyday() AS {len(everyday)}; CREATE MACRO rare() AS {len(rare)}")


def _events(part: range, first: int, *, time: str, week: str, weeks: int, seed: int) -> str:
    """Return the query for some of the events; a row's values but its time and place hang on its number and the seed alone.

    Whoever is away is so for a whole week, at a place and an address of that week.
    """
    return f"""
        WITH whereabouts AS (SELECT n, w, hash(n, w, {seed}) AS trip, trip % {AWAY} = 0 AS away,
                (home + CASE WHEN away THEN 1 + (trip // {AWAY} % {len(_PLACES) - 1})::INT ELSE 0 END) % {len(_PLACES)} AS p
            FROM people, (SELECT range::INT AS w FROM range({weeks})))
        SELECT 'evt_' || lower(to_hex(hash(i, {seed + 1}))) AS id,
            strftime({time}, '%Y-%m-%dT%H:%M:%S.%gZ') AS occurred_at,
            category, action,
            {{'id': 'usr_' || n, 'email': name || '@northwind.example', 'role': role, 'type': 'human'}} AS actor,
            {{'type': 'Assistant', 'id': 'ast_' || r % 5000, 'name': 'Assistant ' || r % 5000}} AS resource,
            CASE WHEN r % 4 = 0 THEN 'API' ELSE 'App' END AS source,
            CASE WHEN away THEN '198.51.' || w % 256 || '.' || n % 256 ELSE ip END AS ip,
            {{'country': country, 'region': region, 'city': city}} AS location,
            'Northwind' AS workspace, CASE WHEN r % 50 = 0 THEN 'failure' ELSE 'success' END AS outcome
        FROM (SELECT range AS i, hash(range, {seed}) AS h,
                (h >> 40) AS r, {week} AS w,
                floor({ACTORS} * pow((h % 100003) / 100003.0, 2))::INT AS n,
                CASE WHEN r % {RARE} = 0 THEN everyday() + (h % rare())::INT
                    ELSE floor(everyday() * pow((h // 100003 % 100019) / 100019.0, 1.5))::INT END AS k
            FROM range({first + part.start}, {first + part.stop}))
        JOIN people USING (n) JOIN whereabouts USING (n, w) JOIN places USING (p) JOIN kinds USING (k)"""
