"""How does a log look in a notebook? The log table of the product's own screen: a page of rows, the true count above."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

_STYLE = """<style>
.audit-log{font:13px/1.45 system-ui,sans-serif;border-collapse:collapse;width:100%;max-width:1200px}
.audit-log th{text-align:left;font-weight:600;border-bottom:1px solid #8886;padding:4px 10px}
.audit-log td{text-align:left;border-bottom:1px solid #8883;padding:4px 10px;vertical-align:top;max-width:260px;
overflow-wrap:anywhere;unicode-bidi:isolate}
.audit-log small{opacity:.7}.audit-log-count{font:13px system-ui,sans-serif;margin:4px 0 8px}
</style>"""
_LONG = 120


def log_table(rows: pl.DataFrame, *, total: int, sentence: str, now: datetime) -> str:
    """Return a page of events as HTML: Actor with role, Event, Resource, Source, Location, Date (relative, UTC in its title).

    Every value is shown as text. With no row the table says so.
    """
    shown = f", showing {rows.height:,} of {total:,}, the newest" if rows.height < total else ""
    count = f"<div class='audit-log-count'><b>{total:,} events</b>{shown}. {_text(sentence)}</div>"
    if not rows.height:
        return (
            _STYLE
            + "<div class='audit-log-count'><b>0 events</b>: the filter matches nothing. "
            + _text(sentence)
            + "</div>"
        )
    body = "".join(_row(row, now) for row in rows.iter_rows(named=True))
    heads = "".join(f"<th>{name}</th>" for name in ("Actor", "Event", "Resource", "Source", "Location", "Date"))
    return f"{_STYLE}{count}<table class='audit-log'><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _row(row: dict[str, Any], now: datetime) -> str:
    moment: datetime = row["occurred_at"]
    place = ", ".join(str(part) for part in (row["city"] or row["region"], row["country"]) if part)
    actor = _text(row["actor"]) + (f"<br><small>{_text(row['actor_role'])}</small>" if row["actor_role"] else "")
    date = f"<span title='{moment:%Y-%m-%d %H:%M:%S} UTC'>{relative(moment, now)}</span>"
    cells = (actor, _text(row["event"]), _text(row["resource"]), _text(row["source"]), _text(place), date)
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _text(value: object) -> str:
    if value is None or value == "":
        return "<small>unknown</small>"
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in str(value))
    return escape(text if len(text) <= _LONG else text[: _LONG - 1] + "…")


def relative(moment: datetime, now: datetime) -> str:
    """Return how long ago a time was, as a person says it.

    >>> from datetime import UTC
    >>> relative(datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC))
    '2 hours ago'
    """
    seconds = int((now - moment).total_seconds())
    ago = abs(seconds)
    for unit, size in (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if ago >= size:
            number = ago // size
            words = f"{number} {unit}{'s' if number != 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"
