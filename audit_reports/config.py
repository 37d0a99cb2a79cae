"""What has the user configured? Reads `audit-reports.toml`; every key is checked, and a wrong one is named with the nearest."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit_reports.errors import UsageError, quoted
from audit_reports.plan import Mail, Plan, plans_of

DEFAULT_STORE = "data/store"

REVIEW_FORMATS = ("html", "pdf", "mail", "xlsx", "csv", "json", "parquet")
"""What a review can be written as."""

_TABLES: Mapping[str, frozenset[str]] = {
    "feeds": frozenset({"folder", "generic"}),
    "ingest": frozenset({"paths", "feed"}),
    "geo": frozenset({"database"}),
    "access": frozenset({"readers"}),
    "query": frozenset({"memory_limit", "threads"}),
    "appearance": frozenset({"logo", "light", "dark"}),
    "mail": frozenset(
        {"host", "port", "security", "ca_file", "sender", "allowed_domains", "owner", "max_size", "give_up"}
    ),
    "review": frozenset(
        {
            "name",
            "period",
            "delay",
            "catch_up",
            "recipients",
            "formats",
            "filter",
            "late_share",
            "sections",
            "sort",
            "rows",
            "feeds",
        }
    ),
    "exception": frozenset({"finding", "filter", "owner", "reason", "until"}),
}
_LISTS = frozenset({"ingest", "review", "exception"})
_KEYS = ("store", "timezone", "templates", "findings", *_TABLES)


@dataclass(frozen=True)
class Ingest:
    """One `[[ingest]]` table: files, folders and patterns to be landed, and whose events they hold (None: as recognised)."""

    paths: tuple[str, ...]
    feed: str | None = None


@dataclass(frozen=True)
class Config:
    """The configuration: where the store is, in which timezone people think, what is landed and how, and who may read.

    `generic` maps the generic feed's columns to keys; `feeds` is the folder of the user's own feeds, `geo` the database of
    places. `readers` is None where everybody may read. `plans` are the `[[review]]` tables, `mail` how they are sent;
    `templates` is the folder of the user's own and `appearance` what that table says, unread, as
    `findings` and `exceptions` are;
    `memory_limit` and `threads` are what DuckDB may take of this machine.
    `path` is the file that was read, None where there is none.
    """

    store: str | None = None
    timezone: str | None = None
    ingest: tuple[Ingest, ...] = ()
    feeds: Path | None = None
    generic: Mapping[str, str] = field(default_factory=dict)
    geo: Path | None = None
    readers: tuple[str, ...] | None = None
    plans: tuple[Plan, ...] = ()
    mail: Mail | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)
    exceptions: tuple[Mapping[str, Any], ...] = ()
    templates: Path | None = None
    appearance: Mapping[str, Any] = field(default_factory=dict)
    memory_limit: str | None = None
    threads: int | None = None
    path: Path | None = None


def load(path: str | None, environment: Mapping[str, str]) -> Config:
    """Read the configuration: `path`, else `AUDIT_REPORTS_CONFIG`, else `./audit-reports.toml`, else the user's folder.

    Without any of them the configuration is empty. Raises `UsageError` for a named file that is absent, for what is not
    TOML, and for an unknown key, with the nearest known one.
    """
    named = path or environment.get("AUDIT_REPORTS_CONFIG")
    home = Path(environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".config")
    places = [Path(named)] if named else [Path("audit-reports.toml"), home / "audit-reports" / "audit-reports.toml"]
    for place in places:
        if place.is_file():
            return _checked(place)
    if named:
        raise UsageError(f"no configuration file at {quoted(named)}")
    return Config()


def store_of(config: Config, given: str | None, environment: Mapping[str, str]) -> str:
    """Return where the store is: as given, else `AUDIT_REPORTS_STORE`, else the configuration, else `data/store`."""
    return given or environment.get("AUDIT_REPORTS_STORE") or config.store or DEFAULT_STORE


def _checked(path: Path) -> Config:
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read the configuration {quoted(path)}: {os.strerror(error.errno or 0)}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the configuration {quoted(path)} is not TOML: {error}") from None
    for key, value in data.items():
        if key not in _KEYS:
            raise UsageError.unknown("key", key, _KEYS, f"in {path}")
        for table in value if isinstance(value, list) else [value]:
            if key in _TABLES and (not isinstance(table, dict) or isinstance(value, list) != (key in _LISTS)):
                raise UsageError(
                    f"{quoted(path)}: write {key} as {'[[' if key in _LISTS else '['}{key}{']]' if key in _LISTS else ']'}"
                )
            for inner in table if key in _TABLES else ():
                if inner not in _TABLES[key]:
                    raise UsageError.unknown("key", inner, _TABLES[key], f"in [{key}] of {path}")
    generic = data.get("feeds", {}).get("generic", {})
    if not isinstance(generic, dict) or not all(isinstance(value, str) for value in generic.values()):
        raise UsageError(f"{quoted(path)}: [feeds.generic] maps a column to the key that holds it, both as text")
    mail = Mail.of(data["mail"]) if "mail" in data else None
    return Config(
        store=_text(path, data, "store"),
        timezone=_text(path, data, "timezone"),
        ingest=tuple(_ingest(path, table) for table in data.get("ingest", [])),
        feeds=_path(_text(path, data.get("feeds", {}), "folder", "[feeds] ")),
        generic=generic,
        geo=_path(_text(path, data.get("geo", {}), "database", "[geo] ")),
        readers=_texts(path, data["access"], "readers", "[access] ") if "readers" in data.get("access", {}) else None,
        plans=plans_of(data.get("review", []), mail=mail, formats=REVIEW_FORMATS),
        mail=mail,
        findings=_findings(path, data.get("findings", {})),
        exceptions=tuple(data.get("exception", [])),
        templates=_path(_text(path, data, "templates")),
        appearance=data.get("appearance", {}),
        memory_limit=_text(path, data.get("query", {}), "memory_limit", "[query] "),
        threads=_threads(path, data.get("query", {})),
        path=path,
    )


def _ingest(path: Path, table: Mapping[str, Any]) -> Ingest:
    paths = _texts(path, table, "paths", "[[ingest]] ")
    if not paths:
        raise UsageError(f"{quoted(path)}: [[ingest]] needs paths, a list of files, folders or patterns")
    return Ingest(paths, _text(path, table, "feed", "[[ingest]] "))


def _text(path: Path, table: Mapping[str, Any], key: str, where: str = "") -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{quoted(path)}: {where}{key} must be text")
    return value


def _texts(path: Path, table: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{quoted(path)}: {where}{key} must be a list of texts")
    return tuple(value)


def _findings(path: Path, table: Any) -> Mapping[str, Any]:
    if not isinstance(table, dict) or not all(isinstance(one, dict) for one in table.values()):
        raise UsageError(f"{quoted(path)}: write thresholds as [findings.NAME], a table for each check")
    return table


def _threads(path: Path, table: Mapping[str, Any]) -> int | None:
    value = table.get("threads")
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise UsageError(f"{quoted(path)}: [query] threads must be a whole number, one or more")
    return value


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text).expanduser()
