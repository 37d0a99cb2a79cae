"""How does somebody ask the same in pandas? One function for each question, which reads the columns and days that it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
from query_polars import ORDER, PREFIXES, SEARCHED
from questions import ACTOR, ALL, BEFORE, DISTINCT, EVENING, LAST, MORNING, NIGHT, SHOWN, TEXT, TOP, Span

from audit_reports.columns import NAMES

Events = Callable[[Span, list[str]], Any]
"""Gives some columns of the events of a span."""


def pandas_questions(events: Events) -> dict[str, Callable[[], Any]]:
    """Return each question as a function over what gives the events."""
    questions: dict[str, Callable[[Events], Any]] = {
        "week by actor": lambda of: _most(of, LAST, "actor"),
        "week by category and action": lambda of: _most(of, LAST, "category", "action"),
        "week by location": _places,
        "hours by weekdays": _hours,
        "new places of an actor": _new_places,
        "an actor's night": _night,
        "text, newest 50": _text,
        "network by actor": _network,
        "rare actions": _rare,
        "top 20 resources": lambda of: _most(of, ALL, "resource").head(TOP),
        "two weeks compared": _compared,
        "distinct counts": _distinct,
    }
    return {name: partial(question, events) for name, question in questions.items()}


def _most(events: Events, span: Span, *by: str) -> Any:
    return _counted(events(span, [*dict.fromkeys((*by, "actor", "occurred_at"))]), *by)


def _counted(frame: Any, *by: str) -> Any:
    grouped = frame.groupby(list(by), dropna=False)
    rows = grouped["occurred_at"].agg(["size", "min", "max"])
    if by != ("actor",):
        rows.insert(1, "actors", grouped["actor"].nunique())
    rows = rows.reset_index()
    if by == ("actor",):
        rows.insert(2, "actors", rows["actor"].notna().astype("int64"))
    rows.columns = pd.Index([*by, "events", "actors", "first_seen", "last_seen"])
    return rows.sort_values(["events", *by], ascending=[False, *[True] * len(by)])


def _places(events: Events) -> Any:
    frame = events(LAST, ["city", "region", "country", "actor", "occurred_at"])
    place = frame["city"].fillna(frame["region"])
    frame["location"] = (place + ", " + frame["country"]).fillna(place).fillna(frame["country"])
    return _counted(frame, "location")


def _hours(events: Events) -> Any:
    frame = events(ALL, ["actor", "occurred_at"])
    frame["weekday"] = frame["occurred_at"].dt.day_of_week.astype("int64") + 1
    frame["hour"] = frame["occurred_at"].dt.hour.astype("int64")
    return _counted(frame, "weekday", "hour")


def _new_places(events: Events) -> Any:
    keys = ["actor", "country"]
    known = events(Span(ALL.since, LAST.since), keys).drop_duplicates()
    frame = events(LAST, [*keys, "occurred_at", "event_id"]).dropna(subset=keys)
    frame = frame.merge(known, on=keys, how="left_anti").sort_values(["occurred_at", "event_id"])
    rows = frame.groupby(keys).agg(
        first_seen=("occurred_at", "min"),
        last_seen=("occurred_at", "max"),
        first_event_id=("event_id", "first"),
        events=("event_id", "size"),
    )
    return rows.reset_index().sort_values(["first_seen", *keys], ascending=[False, True, True])


def _night(events: Events) -> Any:
    frame = events(NIGHT, list(NAMES))
    inside = (frame["occurred_at"] >= EVENING) & (frame["occurred_at"] < MORNING)
    return frame[inside & (frame["actor"] == ACTOR)].sort_values(ORDER)


def _text(events: Events) -> Any:
    frame = events(LAST, list(NAMES))
    found = pd.Series(False, index=frame.index)
    for name in SEARCHED:
        found |= frame[name].str.lower().str.contains(TEXT.lower(), regex=False, na=False)
    return frame[found].sort_values(ORDER, ascending=[False, True, True, True]).head(SHOWN)


def _network(events: Events) -> Any:
    frame = events(ALL, ["ip", "actor", "occurred_at"])
    return _counted(frame[frame["ip"].str.startswith(PREFIXES, na=False)], "actor")


def _rare(events: Events) -> Any:
    counted = events(ALL, ["actor", "event"]).groupby(["actor", "event"], dropna=False).size()
    rows = counted.reset_index(name="events")
    rows["share"] = rows["events"] / rows.groupby("actor", dropna=False)["events"].transform("sum")
    rows["shared_by"] = rows.groupby("event")["actor"].transform("count")
    return rows.sort_values(["events", "shared_by", "share", "actor", "event"])


def _compared(events: Events) -> Any:
    now, before = (_most(events, span, "actor") for span in (LAST, BEFORE))
    rows = now.merge(before[["actor", "events"]].rename(columns={"events": "before"}), on="actor", how="outer")
    rows[["events", "before"]] = rows[["events", "before"]].fillna(0).astype("int64")
    rows["change"] = rows["events"] - rows["before"]
    rows["state"] = None
    rows.loc[rows["before"] == 0, "state"] = "new"
    rows.loc[rows["events"] == 0, "state"] = "gone"
    told = ["actor", "events", "before", "change", "state", "actors", "first_seen", "last_seen"]
    return rows[told].sort_values(["events", "before", "actor"], ascending=[False, False, True])


def _distinct(events: Events) -> Any:
    frame = events(ALL, list(DISTINCT))
    return pd.DataFrame({"events": [len(frame)], **{name: [frame[name].nunique()] for name in DISTINCT}})
