"""Where did an event come from, if it does not say? From its address, in a database that the user names."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.geo import Geo
from audit_reports.ingest.landing import land

EVENT = {"id": "1", "occurred_at": "2026-03-02T09:00:00Z", "category": "Members", "action": "Left"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test-City")
    madrid = {
        "country": {"iso_code": "ES"},
        "subdivisions": [{"names": {"en": "Madrid"}}],
        "city": {"names": {"en": "Móstoles"}},
    }
    writer.insert_network(IPSet(["203.0.113.0/24"]), madrid)
    writer.insert_network(IPSet(["2001:db8::/32"]), {"registered_country": {"iso_code": "DE"}})
    path = tmp_path / "places.mmdb"
    writer.to_db_file(str(path))
    return path


@pytest.fixture
def settings(tmp_path: Path, database: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(f'[geo]\ndatabase = "{database}"\n')
    return path


def test_an_address_has_country_region_and_city(database: Path) -> None:
    geo = Geo(database)
    assert geo.place("203.0.113.7") == ("ES", "Madrid", "Móstoles")
    assert geo.place("2001:db8::1") == ("DE", None, None)
    assert geo.place("198.51.100.1") == (None, None, None)
    assert geo.place("no address") == (None, None, None)


def test_events_are_placed_by_their_address_where_they_do_not_say(cli: Cli, tmp_path: Path, settings: Path) -> None:
    events: list[dict[str, Any]] = [
        EVENT | {"id": "a", "ip": "203.0.113.7"},
        EVENT | {"id": "b", "ip": "203.0.113.7", "location": {"country": "France"}},
        EVENT | {"id": "c", "ip": "198.51.100.1"},
        EVENT | {"id": "d"},
    ]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events))
    landed = cli("ingest", file, "--config", settings, "--store", tmp_path / "store")
    assert landed.code == 0
    assert "2 events have no country" in landed.err
    checked = {row["event_id"]: row["country"] for row in cli("feeds", "check", file, "--config", settings).rows}
    found = {row["event_id"]: row for row in cli("events", "--store", tmp_path / "store").rows}
    assert checked == {name: row["country"] for name, row in found.items()}
    places = {name: (row["country"], row["region"], row["city"]) for name, row in found.items()}
    assert places == {
        "a": ("ES", "Madrid", "Móstoles"),
        "b": ("FR", None, None),
        "c": (None, None, None),
        "d": (None, None, None),
    }


def test_each_distinct_address_is_looked_up_once(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Counter[str] = Counter()
    geo = Geo(database)
    look_up = geo._looked_up
    monkeypatch.setattr(geo, "_looked_up", lambda ip: (asked.update([ip]), look_up(ip))[1])
    events = [EVENT | {"id": f"e{n}", "ip": f"203.0.113.{n % 2}"} for n in range(6)]
    for number, some in enumerate((events[:4], events[4:])):
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(event) + "\n" for event in some))
        land(
            tmp_path / "store",
            [str(tmp_path / f"{number}.jsonl")],
            FEEDS,
            now=datetime(2026, 3, 30, tzinfo=UTC),
            geo=geo,
        )
    assert AuditLog(tmp_path / "store").by("country")["events"].to_list() == [6]
    assert asked == {"203.0.113.0": 1, "203.0.113.1": 1}


@pytest.mark.parametrize(("text", "words"), [(None, "there is no file"), ("no database", "is no MaxMind database")])
def test_a_wrong_database_is_one_line(cli: Cli, tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "wrong.mmdb").write_text(text)
    settings = tmp_path / "settings.toml"
    settings.write_text(f'[geo]\ndatabase = "{tmp_path / "wrong.mmdb"}"\n')
    file = tmp_path / "events.jsonl"
    file.write_text(json.dumps(EVENT) + "\n")
    ran = cli("ingest", file, "--config", settings, "--store", tmp_path / "store")
    assert (ran.code, words in ran.err, ran.err.count("\n")) == (2, True, 1)
    assert not (tmp_path / "store").exists()
