"""What was probably meant? Guesses for a message: words of other tools, dates, lengths, zones and networks in another form."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta

_LISTED = """
actor: user username user_name who principal identity email person login
human: user person people employee
service: bot robot machine service_account
support: vendor staff
actor_type: user_type
actor_role: role user_role
role: actor_role user_role
Admin: administrator
event: event_name event_type name
action: verb operation activity method
category: kind class group
outcome: status result success
success: ok okay succeeded successful allowed granted passed true
failure: error denied refused rejected false
occurred_at: time timestamp datetime date_time when at hour weekday week month
hour: time
day: date
week: month
ip: ip_address address client_ip source_ip remote_addr host
network: ip ip_address address subnet cidr range
resource: object target item subject
location: region place geo
workspace: tenant organisation organization org account
feed: product app application vendor log
source: channel via client
user_agent: browser device
cloudtrail: aws amazon
azure_activity: azure
entra: microsoft azure_ad active_directory
google_workspace: gsuite workspace
gcp: gcloud google_cloud
GB: uk england britain
day: yesterday
America/Los_Angeles: pst pdt pacific
America/Denver: mdt mountain
America/Chicago: cst cdt central
America/New_York: edt eastern
Europe/London: bst
Europe/Paris: cest mez
Asia/Kolkata: ist
Asia/Tokyo: jst
UTC: z zulu
"""


def _other_words() -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _LISTED.strip().splitlines():
        ours, _, theirs = line.partition(": ")
        for word in theirs.split():
            found.setdefault(word, []).append(ours)
    return found


_OTHER_WORDS = _other_words()
_DAYS = (
    re.compile(r"(?P<y>\d{4})[-/. ](?P<m>\d{1,2})[-/. ](?P<d>\d{1,2})(?!\d).*", re.ASCII),
    re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})(?!\d).*", re.ASCII),
)
_WEEK = re.compile(r"(\d{4})[-_/. ]?w(?:eek)?[-_ ]?(\d{1,2})", re.ASCII | re.IGNORECASE)
_QUARTER = re.compile(r"(\d{4})[-_/ ]?q([1-4])", re.ASCII | re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})[-_/. ](\d{1,2})", re.ASCII)
_NAMED_MONTH = re.compile(
    r"(?P<y>\d{4})[-_/. ]?(?P<m>[a-z]{3,})|(?P<month>[a-z]{3,})[-_/. ]?(?P<year>\d{4})", re.ASCII | re.IGNORECASE
)
_RANGE = re.compile(r"(\d{4}-\d\d-\d\d)\s*(?:\.{3}|:|/|to|until|–|-)\s*(\d{4}-\d\d-\d\d)", re.ASCII)
_LENGTH = re.compile(r"[-+]?(\d{1,6})\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_UNITS = (("mo", 30, "d"), ("m", 1, "m"), ("h", 1, "h"), ("d", 1, "d"), ("w", 1, "w"), ("y", 365, "d"), ("", 1, "d"))
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])0?(\d{1,2})(?::?00)?", re.ASCII | re.IGNORECASE)
_LIKE_V4 = re.compile(r"((?:\d{1,3}\.){0,3}\d{1,3}\.?)(?:[/-](\d{1,3}))?", re.ASCII)
_LAST_MONTH, _WIDEST_OFFSET = 12, 12
_MISSPELT = 0.8
"""Of the letters of a word and its misspelling so many are alike."""


def other_word(word: str, known: Iterable[str], *, misspelt: bool = False) -> str | None:
    """Return the known word that stands for what other tools call so, `misspelt` or not; None where no such is known.

    >>> other_word("username", ["actor", "category"]), other_word("--tenant", ["--workspace"]), other_word("x", ["actor"])
    ('actor', '--workspace', None)
    >>> other_word("adress", ["actor", "ip"], misspelt=True)
    'ip'
    """
    bare = {one.lstrip("-").replace("-", "_"): one for one in known}
    said = folded(word).lstrip("_")
    words = difflib.get_close_matches(said, _OTHER_WORDS, cutoff=_MISSPELT) if misspelt else [said]
    return next((bare[one] for other in words for one in _OTHER_WORDS.get(other, []) if one in bare), None)


def same_part(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that has most parts of this one's, misspelt or not, the shortest of them; None where none has any.

    >>> same_part("Paris/Europe", ["Europe/Paris", "UTC"]), same_part("API Tokens", ["API Keys"])
    ('Europe/Paris', 'API Keys')
    >>> same_part("Pariss", ["Europe/Paris", "UTC"])
    'Europe/Paris'
    """
    known = list(known)
    there = sorted({part for one in known for part in _parts(one)})
    parts = {near for part in _parts(word) for near in difflib.get_close_matches(part, there, n=1, cutoff=_MISSPELT)}
    best = min(known, key=lambda one: (-len(parts & _parts(one)), len(one)), default=None)
    return best if best is not None and parts & _parts(best) else None


def day_meant(text: str) -> str | None:
    """Return the date that a text looks like, made one that the calendar has, None where it looks like none.

    >>> day_meant("2026-3-2"), day_meant("02.03.2026"), day_meant("2026-02-30"), day_meant("2026-03-02 25:00")
    ('2026-03-02', '2026-03-02', '2026-02-28', '2026-03-02')
    """
    match = next((found for form in _DAYS if (found := form.fullmatch(text.strip()))), None)
    if match is None:
        return None
    year, month = max(int(match["y"]), 1), min(max(int(match["m"]), 1), _LAST_MONTH)
    last = 31 if month == _LAST_MONTH else (date(year, month + 1, 1) - timedelta(days=1)).day
    return date(year, month, min(max(int(match["d"]), 1), last)).isoformat()


def period_meant(text: str, months: Sequence[str] = ()) -> str | None:
    """Return the period that a text looks like, also by the name of one of twelve months; None where it looks like none.

    >>> period_meant("2026W10"), period_meant("2026q1"), period_meant("2026/03"), period_meant("2026-03-02:2026-03-09")
    ('2026-W10', '2026-Q1', '2026-03', '2026-03-02..2026-03-09')
    >>> period_meant("March 2026", ["January", "February", "March"]), period_meant("2026-feb", ["January", "February"])
    ('2026-03', '2026-02')
    """
    word = text.strip()
    if match := _WEEK.fullmatch(word):
        return f"{match[1]}-W{int(match[2]):02}"
    if match := _QUARTER.fullmatch(word):
        return f"{match[1]}-Q{match[2]}"
    if match := _MONTH.fullmatch(word):
        return f"{match[1]}-{min(max(int(match[2]), 1), _LAST_MONTH):02}"
    if match := _NAMED_MONTH.fullmatch(word):
        year, name = match["y"] or match["year"], (match["m"] or match["month"]).casefold()
        for month, full in enumerate(months, start=1):
            if full.casefold().startswith(name):
                return f"{year}-{month:02}"
    if match := _RANGE.fullmatch(word):
        return f"{match[1]}..{match[2]}"
    return day_meant(word)


def length_meant(text: str) -> str | None:
    """Return the length of time that a text looks like, None where it looks like none.

    >>> length_meant("7days"), length_meant("1 week"), length_meant("7"), length_meant("1y"), length_meant("soon")
    ('7d', '1w', '7d', '365d', None)
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None or not int(match[1]):
        return None
    said = match[2].casefold()
    for start, times, unit in _UNITS:
        if said.startswith(start) if start else not said:
            return f"{int(match[1]) * times}{unit}"
    return None


def zone_meant(text: str) -> str | None:
    """Return the IANA zone of a whole offset from UTC, whose sign is the other way round, None for all else.

    >>> zone_meant("UTC+2"), zone_meant("-05:00"), zone_meant("+05:30")
    ('Etc/GMT-2', 'Etc/GMT+5', None)
    """
    match = _OFFSET.fullmatch(text.strip())
    if match is None or not 0 < int(match[2]) <= _WIDEST_OFFSET:
        return None
    return f"Etc/GMT{'-' if match[1] == '+' else '+'}{int(match[2])}"


def network_meant(text: str) -> str | None:
    """Return the address or network that a text looks like: numbers too large made the largest, absent ones zero, or None.

    >>> network_meant("203.0.113.0/33"), network_meant("10.0/16"), network_meant("10.0.0.*"), network_meant("home")
    ('203.0.113.0/32', '10.0.0.0/16', '10.0.0.0/24', None)
    >>> network_meant("203.0.113.7:443"), network_meant("[2001:db8::1]"), network_meant("10.0.0.0 / 8")
    ('203.0.113.7', '2001:db8::1', '10.0.0.0/8')
    >>> network_meant("http://10.0.0.1"), network_meant("10..0.0/-8"), network_meant("10.0.0.0-10.0.0.255")
    ('10.0.0.1', '10.0.0.0/8', '10.0.0.0/24')
    """
    word = re.sub(r"^[a-z]+://|\s|[,;]+$", "", text.casefold()).replace(",", ".").replace("\\", "/").replace("/-", "/")
    word = re.sub(r":{3,}", "::", re.sub(r"\.{2,}", ".", word))
    first, _, last = word.partition("-")
    with suppress(ValueError, TypeError):
        networks = [*ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last))]
        return str(networks[0]) if len(networks) == 1 else None
    word = re.sub(r"^\[(.+)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", word)
    word = re.sub(r"(\.\*)+$", ".", word).removesuffix(".") if word.endswith("*") else word
    if word == "localhost":
        return "127.0.0.1"
    with suppress(ValueError):
        ipaddress.ip_network(word, strict=False)
        return word
    match = _LIKE_V4.fullmatch(word)
    if match is not None:
        numbers = [min(int(number), 255) for number in match[1].rstrip(".").split(".")]
        address = ".".join(map(str, [*numbers, 0, 0, 0][:4]))
        size = match[2] or (str(8 * len(numbers)) if len(numbers) < 4 else None)  # noqa: PLR2004 - an address has four
        return address if size is None else str(ipaddress.ip_network(f"{address}/{min(int(size), 32)}", strict=False))
    address, slash, size = word.partition("/")
    if slash and size.isdecimal() and ":" in address:
        with suppress(ValueError):
            return str(ipaddress.ip_network(f"{address}/{min(int(size), 128)}", strict=False))
    return None


def folded(word: str) -> str:
    """Return a word as it is compared: in small letters, with `_` for spaces and hyphens."""
    return re.sub(r"[\s-]+", "_", word.strip().casefold())


def _parts(word: str) -> set[str]:
    return {part for part in re.split(r"[\W_]+", word.casefold()) if len(part) > 1}
