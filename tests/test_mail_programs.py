"""Mails are made of what Outlook, Gmail and Apple Mail draw: nothing in them is dropped by any of the three."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from mail_programs import DRAWN_ATTRIBUTES, DRAWN_ELEMENTS, DRAWN_STYLES, DROPPED, dropped

from audit_reports.demo import World
from audit_reports.log import AuditLog
from audit_reports.outputs.mail import mail_body
from audit_reports.period import Period
from audit_reports.reviews.review import make_review

MADRID = "Europe/Madrid"


@pytest.mark.parametrize(
    "week",
    ["2026-W10", "2026-W08", "2026-W01", "2025-W20"],
    ids=["the worst week", "a gap in it", "nothing before it", "a quiet one"],
)
def test_a_mail_holds_nothing_that_is_dropped(world: World, week: str) -> None:
    period = Period.parse(week, timezone=MADRID, now=datetime(2026, 4, 1, tzinfo=UTC))
    html = mail_body(make_review(AuditLog(world.store, timezone=MADRID), period), "mail.html")
    assert dropped(html) == []
    assert html.count("<!--[if mso]>") == html.count("<![endif]-->") == 2


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<div>a</div>", "<div>: Outlook draws it, without its width"),
        ("<style>p { color: red }</style>", "<style>: Gmail"),
        ('<img src="data:image/png;base64,AA">', "src of <img>: Gmail"),
        ('<table style="max-width:9px"></table>', "max-width of <table> without a width: Outlook"),
        ('<table><tr><td style="background-color:#fff"></td></tr></table>', "background-color of <td> without bgcolor"),
        ('<p style="padding:9px">a</p>', "padding of <p>: not known to be drawn there"),
        ('<p style="margin:1rem">a</p>', "1rem of <p>: Outlook"),
        ('<p style="color:var(--ink)">a</p>', "var(--ink) of <p>: Outlook, Gmail"),
        ('<p class="a">a</p>', "class of <p>: Gmail"),
        ("<table><tr><td>a</tr></table>", "where none is to be closed"),
        ("<p>a", "<p> is not closed"),
    ],
)
def test_what_is_dropped_is_found(html: str, said: str) -> None:
    assert any(said in line for line in dropped(html)), dropped(html)


def test_the_two_lists_do_not_contradict_each_other() -> None:
    assert not DRAWN_ELEMENTS & set(DROPPED["elements"])
    assert not DRAWN_ATTRIBUTES & set(DROPPED["attributes"])
    assert not set(DRAWN_STYLES) & set(DROPPED["styles"])
