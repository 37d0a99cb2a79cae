"""Which reviews are made by themselves, of what, for whom, and by which mail server? What the configuration plans.

Each table of `audit-reports.toml` becomes a value here; what cannot be meant is refused in a line that names its table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from audit_reports.errors import UsageError, quoted
from audit_reports.period import RELATIVE

SECURITY = {"starttls": 587, "tls": 465, "none": 25}
"""How a mail server is spoken to, each with its usual port."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SECTIONS = {
    "findings": "What needs attention",
    "when": "When",
    "actors": "By actor",
    "categories": "By event category",
    "locations": "By location",
    "always_shown": "Always shown",
    "reads": "Who read the audit data",
    "computed": "How each table was computed",
}
"""The sections of a review that may be left out, by their words, in the order in which they stand."""

SORTS = ("events", "change", "name")
"""What the rows of a review's tables may be put in order by: most events, largest change, or their names."""

MOST_ROWS = 500
"""A document of more rows would be read by nobody; the tables' own files have them all."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LENGTH = re.compile(r"(\d{1,4})([mhd])")
_SIZE = re.compile(r"([1-9]\d{0,3}) ?MB")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Mail:
    """How mail leaves: the server, how it is spoken to, who sends, to which domains, and who is told of failures.

    `allowed_domains` empty allows every domain. `max_size` is how many bytes a message may have, as it is sent. `give_up` is
    how long a message is tried again that the server rejects itself, whoever it is for.
    """

    host: str
    port: int
    security: str
    sender: str
    owner: str | None = None
    ca_file: Path | None = None
    allowed_domains: tuple[str, ...] = ()
    max_size: int = 10_000_000
    give_up: timedelta = timedelta(days=5)

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Mail:
        """Read the table `[mail]`; raises `UsageError` for what is absent, of the wrong type, or unsafe.

        >>> Mail.of({"host": "smtp.example.com", "sender": "Audit <audit@example.com>"}).port
        587
        """
        where = "[mail]"
        host, sender = (_needed(table, key, where) for key in ("host", "sender"))
        security = str(table.get("security", "starttls"))
        if security not in SECURITY:
            raise UsageError.unknown("security", security, SECURITY, f"in {where}")
        if security == "none" and host not in LOOPBACK:
            raise UsageError(
                f'{where} security = "none" is for this machine alone; say "starttls" or "tls" for {quoted(host)}'
            )
        port = table.get("port", SECURITY[security])
        if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 1 << 16:
            raise UsageError(f"{where} port must be a number from 1 to 65535")
        domains = tuple(domain.casefold().removeprefix("@") for domain in _texts(table, "allowed_domains", where))
        made = cls(
            host=host,
            port=port,
            security=security,
            sender=sender,
            owner=_text(table, "owner", where),
            ca_file=Path(ca).expanduser() if (ca := _text(table, "ca_file", where)) else None,
            allowed_domains=domains,
            max_size=_size(table, where),
            give_up=_length(table, "give_up", where, cls.give_up),
        )
        address_of(sender, f"{where} sender")
        if made.owner is not None:
            made.check_recipients([made.owner], f"{where} owner")
        return made

    def check_recipients(self, recipients: Sequence[str], where: str) -> None:
        """Raise `UsageError` for what is no address, and for one of a domain that mail must not go to."""
        for one in recipients:
            domain = address_of(one, where).rpartition("@")[2].casefold()
            if self.allowed_domains and domain not in self.allowed_domains:
                raise UsageError(
                    f"{where}: {quoted(one)} is of no allowed domain; [mail] allowed_domains has "
                    + ", ".join(quoted(domain)[1:-1] for domain in self.allowed_domains)
                )


@dataclass(frozen=True)
class Plan:
    """One `[[review]]`: its name, the period's kind, how long to wait for late events, and what is made for whom.

    `catch_up` is how many missed periods are made at most. `filter` holds keywords as `Filter.of` takes them. From
    `late_share` of late events on an amendment is mailed in any case: 0.05 is one in twenty. `sections` are shown and no
    others, `rows` of each table at most (None: as many as a document shows by itself), in the order that `sort` says.
    """

    name: str
    period: str = "week"
    delay: timedelta = timedelta()
    catch_up: int = 8
    recipients: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    late_share: float = 0.05
    sections: tuple[str, ...] = tuple(SECTIONS)
    sort: str = "events"
    rows: int | None = None

    @classmethod
    def of(cls, table: Mapping[str, Any], *, mail: Mail | None, formats: Sequence[str]) -> Plan:
        """Read a table `[[review]]`; `formats` are the words that are known. Raises `UsageError` for what cannot be meant."""
        name = _needed(table, "name", "[[review]]")
        if not _NAME.fullmatch(name):
            raise UsageError(f"[[review]] name {quoted(name)}: use small letters, digits, - and _, forty at most")
        where = f"[[review]] {name}"
        period = _text(table, "period", where) or "week"
        if period not in RELATIVE:
            raise UsageError.unknown("period", period, RELATIVE, f"in {where}")
        catch_up = table.get("catch_up", 8)
        if not isinstance(catch_up, int) or isinstance(catch_up, bool) or catch_up < 1:
            raise UsageError(f"{where}: catch_up must be a whole number, one or more")
        recipients = _texts(table, "recipients", where)
        if recipients and mail is None:
            raise UsageError(f"{where} has recipients, and there is no [mail] to send by")
        if mail is not None:
            mail.check_recipients(recipients, where)
        chosen = _texts(table, "formats", where)
        for word in chosen:
            if word not in formats:
                raise UsageError.unknown("format", word, formats, f"in {where}")
        filtered = table.get("filter", {})
        if not isinstance(filtered, dict):
            raise UsageError(f"{where}: filter is a table, as filter = {{ category = 'Members' }}")
        share = table.get("late_share", cls.late_share)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise UsageError(f"{where}: late_share must be a number from 0 to 1; 0.05 is one event in twenty")
        if feeds := _texts(table, "feeds", where):
            if "feed" in filtered:
                raise UsageError(f"{where}: feeds and the feed of filter say the same; give one")
            filtered = {**filtered, "feed": list(feeds)}
        sections = _texts(table, "sections", where) if "sections" in table else tuple(SECTIONS)
        for word in sections:
            if word not in SECTIONS:
                raise UsageError.unknown("section", word, SECTIONS, f"in {where}")
        sort = _text(table, "sort", where) or cls.sort
        if sort not in SORTS:
            raise UsageError.unknown("sort", sort, SORTS, f"in {where}")
        rows = table.get("rows")
        if rows is not None and (not isinstance(rows, int) or isinstance(rows, bool) or not 1 <= rows <= MOST_ROWS):
            raise UsageError(f"{where}: rows must be a whole number from 1 to {MOST_ROWS}")
        return cls(
            *(
                name,
                period,
                _length(table, "delay", where, cls.delay),
                catch_up,
                recipients,
                chosen,
                filtered,
                float(share),
            ),
            sections=sections,
            sort=sort,
            rows=rows,
        )


def plans_of(tables: Sequence[Mapping[str, Any]], *, mail: Mail | None, formats: Sequence[str]) -> tuple[Plan, ...]:
    """Read all `[[review]]` tables; raises `UsageError` for a name that two of them share, since a review's id has it."""
    found = tuple(Plan.of(table, mail=mail, formats=formats) for table in tables)
    names = [plan.name for plan in found]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two [[review]] tables are named {quoted(name)}; a name stands in the ids of its reviews")
    return found


def address_of(text: str, where: str) -> str:
    """Return the bare address of `Name <address>`; raises `UsageError` for what is none, or would break a header.

    >>> address_of("Audit <audit@example.com>", "sender")
    'audit@example.com'
    """
    _, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or not text.isprintable() or any(c.isspace() or c in ",;<>" for c in address):
        raise UsageError(f"{where}: {quoted(text)} is no mail address")
    return address


def _size(table: Mapping[str, Any], where: str) -> int:
    text = _text(table, "max_size", where)
    if text is None:
        return Mail.max_size
    match = _SIZE.fullmatch(text)
    if match is None:
        raise UsageError(f"{where}: max_size {quoted(text)} is no size; write 10MB, the least that is possible is 1MB")
    return int(match[1]) * 1_000_000


def _length(table: Mapping[str, Any], key: str, where: str, usual: timedelta) -> timedelta:
    text = _text(table, key, where)
    if text is None:
        return usual
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise UsageError(f"{where}: {key} {quoted(text)} is no length of time; write 30m, 6h or 2d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _needed(table: Mapping[str, Any], key: str, where: str) -> str:
    value = _text(table, key, where)
    if not value:
        raise UsageError(f"{where} needs {key}")
    return value


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{where}: {key} must be text")
    return value


def _texts(table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{where}: {key} must be a list of texts")
    return tuple(value)
