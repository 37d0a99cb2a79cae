"""Who works at Northwind, where, and from which addresses?

Everybody here is invented. Addresses are of the ranges kept for documentation (RFC 5737, RFC 3849).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

WORKSPACE = "Northwind"

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/26.2 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 26_2 like Mac OS X) {_WEBKIT} Mobile/15E148",
)


@dataclass(frozen=True)
class City:
    """A city with an office: country as ISO 3166-1 alpha-2, IANA timezone, the office's public address.

    `lunch` is the local hour at which the office goes quiet; on `holidays` it is closed.
    """

    name: str
    region: str
    country: str
    timezone: str
    office: str
    lunch: int
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Place:
    """Where an event comes from: a network address, a city (None: unknown) and a program (None: unsaid)."""

    ip: str | None
    city: City | None
    user_agent: str | None


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts; `pace` is the events of an ordinary working day.

    `role` is the one at the start. `joined` and `left` bound the days of routine work, half-open.
    """

    id: str
    name: str
    type: str
    office: Place
    home: Place
    pace: float = 0
    email: str | None = None
    role: str | None = None
    joined: date = date.min
    left: date = date.max

    @property
    def label(self) -> str:
        """What the column `actor` shows: the email, else the name."""
        return self.email or self.name


def _days(*texts: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(f"2026-{text}") for text in texts)


CITIES: Mapping[str, City] = MappingProxyType(
    {
        "madrid": City("Madrid", "Madrid", "ES", "Europe/Madrid", "203.0.113.7", 14, _days("01-06")),
        "barcelona": City("Barcelona", "Catalonia", "ES", "Europe/Madrid", "203.0.113.19", 14, _days("01-06")),
        "london": City("London", "England", "GB", "Europe/London", "203.0.113.42", 12),
        "berlin": City("Berlin", "Berlin", "DE", "Europe/Berlin", "203.0.113.77", 12),
        "austin": City("Austin", "Texas", "US", "America/Chicago", "203.0.113.101", 12, _days("01-19", "02-16")),
        "new_york": City(
            "New York", "New York", "US", "America/New_York", "203.0.113.120", 12, _days("01-19", "02-16")
        ),
        "sao_paulo": City(
            "São Paulo", "São Paulo", "BR", "America/Sao_Paulo", "203.0.113.150", 12, _days("02-16", "02-17")
        ),
        "recife": City("Recife", "Pernambuco", "BR", "America/Recife", "203.0.113.163", 12, _days("02-16", "02-17")),
        "bengaluru": City(
            "Bengaluru",
            "Karnataka",
            "IN",
            "Asia/Kolkata",
            "203.0.113.200",
            13,
            _days("01-15", "01-26", "03-19"),
        ),
        "hanoi": City("Hanoi", "Hanoi", "VN", "Asia/Ho_Chi_Minh", "192.0.2.66", 12),
    }
)
"""The offices, and the one city that has none."""

_PEOPLE = """
Owner  2.0 Ana Ruiz        madrid      | Owner  1.5 Oliver Grant    london
Admin  5.0 Marta Vidal     madrid      | Admin  5.0 Ben Okoro       london
Admin  4.5 Katrin Müller   berlin      | Admin  4.5 Jake Turner     austin
Admin  4.0 Priya Nair      bengaluru   | Admin  4.0 Rafael Souza    sao_paulo
Editor 9.0 Tomás Iglesias  madrid      | Editor 8.0 Lucía Ferrer    barcelona
Editor 9.5 Hannah Weiss    berlin      | Editor 7.0 Jonas Krüger    berlin
Editor 8.5 Emily Carter    london      | Editor 7.5 George Hill     london
Editor 9.0 Sofia Ramírez   new_york    | Editor 8.0 Ethan Brooks    austin
Editor 9.5 Dev Patel       bengaluru   | Editor 9.0 Ananya Rao      bengaluru
Editor 8.0 Vikram Shetty   bengaluru   | Editor 8.5 Camila Rocha    sao_paulo
Editor 7.5 João Lima       recife      | Editor 7.0 Nuria Soler     barcelona
Editor 8.0 Maya Cohen      new_york    | Editor 7.0 Paul Richter    berlin
Editor 8.5 Isha Menon      bengaluru   | Editor 7.0 Clara Duarte    sao_paulo
Member 5.0 Leo Fischer     berlin      | Member 6.0 Irene Castro    madrid
Member 5.5 Marc Pujol      barcelona   | Member 6.0 Chloe Evans     london
Member 5.0 Harry Walsh     london      | Member 5.5 Grace Kim       austin
Member 5.0 Noah Reed       new_york    | Member 6.0 Rohan Gupta     bengaluru
Member 5.5 Kavya Iyer      bengaluru   | Member 5.0 Pedro Alves     recife
Member 6.0 Bianca Melo     sao_paulo   | Member 5.5 Felix Braun     berlin
Member 5.0 Sara Molina     madrid      | Member 4.0 Victor Hale     austin
"""

_STAYS: Mapping[str, tuple[date, date]] = MappingProxyType(
    {
        "isha.menon": (date(2026, 1, 19), date.max),
        "felix.braun": (date(2026, 2, 2), date.max),
        "clara.duarte": (date(2026, 3, 9), date.max),
        "leo.fischer": (date.min, date(2026, 2, 12)),
        "nuria.soler": (date.min, date(2026, 3, 26)),
        "harry.walsh": (date.min, date(2026, 2, 27)),
        "victor.hale": (date.min, date(2026, 1, 17)),
    }
)
"""The days of routine work of those who came or went during the twelve weeks, half-open."""

_PLAIN = str.maketrans("áãéíóúü", "aaeiouu")


def _person(number: int, role: str, pace: float, name: str, city: City) -> Actor:
    login = name.lower().translate(_PLAIN).replace(" ", ".")
    agent = _BROWSERS[number % len(_BROWSERS)]
    home = f"2001:db8:{number:x}::{number * 7:x}" if number % 3 == 0 else f"198.51.100.{number}"
    joined, left = _STAYS.get(login, (date.min, date.max))
    return Actor(
        id=f"usr_{number}",
        name=name,
        type="human",
        office=Place(city.office, city, agent),
        home=Place(home, city, agent),
        pace=pace,
        email=f"{login}@northwind.example",
        role=role,
        joined=joined,
        left=left,
    )


def _people() -> dict[str, Actor]:
    people: dict[str, Actor] = {}
    for number, entry in enumerate(_PEOPLE.strip().replace("\n", "|").split("|"), start=1):
        role, pace, first, last, city = entry.split()
        person = _person(number, role, float(pace), f"{first} {last}", CITIES[city])
        people[person.label.partition("@")[0]] = person
    return people


def _machine(id: str, name: str, type: str, pace: float, place: Place, *, email: str | None = None) -> Actor:
    return Actor(id=id, name=name, type=type, office=place, home=place, pace=pace, email=email)


PEOPLE: Mapping[str, Actor] = MappingProxyType(_people())
"""The forty people, by the part of their address before the at sign."""

MACHINES: Mapping[str, Actor] = MappingProxyType(
    {
        "sync-bot": _machine(
            "bot_1",
            "Sync Bot",
            "service",
            18,
            Place("198.51.100.201", None, "northwind-sync/3.2"),
            email="sync-bot@northwind.example",
        ),
        "qa-bot": _machine("bot_2", "QA Bot", "service", 14, Place("198.51.100.202", None, "qa-runner/1.9")),
        "privacy-bot": _machine("bot_3", "Privacy Bot", "service", 20, Place("2001:db8:b07::3", None, None)),
        "ci-deploy": _machine(
            "key_1", "ci-deploy", "api_key", 16, Place("198.51.100.210", CITIES["london"], "invent-cli/1.8.2")
        ),
        "crm-sync": _machine(
            "key_2", "crm-sync", "api_key", 14, Place("198.51.100.211", None, "python-requests/2.32.5")
        ),
        "reporting": _machine(
            "key_3", "reporting", "api_key", 6, Place("2001:db8:a91::5", CITIES["berlin"], "curl/8.17.0")
        ),
    }
)
"""Bots and API keys, which work on every day of the week."""

SUPPORT = _machine(
    "sup_1", "Invent Support", "support", 0, Place("192.0.2.10", None, None), email="support@invent.example"
)
SYSTEM = _machine("system", "Invent", "system", 0, Place(None, None, None))
