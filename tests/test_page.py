"""Does a review's page say all that it must, in its order? Headline, trust, findings, activity, what is always shown, method."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from audit_reports.errors import FailureError
from audit_reports.findings.exceptions import Expected, Hidden
from audit_reports.outputs.formats import plain
from audit_reports.outputs.html import page
from audit_reports.outputs.mail import FINDINGS, ROWS, mail_body
from audit_reports.outputs.output import run_record
from audit_reports.outputs.rendering import local, number, signed
from audit_reports.outputs.review_summary import cautions, lead, notable, readers_said
from audit_reports.reviews.actors import MACHINES
from audit_reports.reviews.review import Review

MADRID = "Europe/Madrid"


@pytest.fixture(scope="module")
def html(review: Review) -> str:
    return page(review, on_paper=False)


def text(html: str) -> str:
    """Return what is read of some HTML: a space for each tag, every space one."""
    return " ".join(
        unescape(
            re.sub(r"<wbr>|<(style|script).*?</\1>|(<[^>]*>)", lambda m: " " * bool(m[2]), html, flags=re.S)
        ).split()
    )


def section(html: str, name: str) -> str:
    """Return the HTML of a section by the id of its heading."""
    found = re.search(rf'<section[^>]*aria-labelledby="{name}".*?</section>', html, re.S)
    assert found is not None, name
    return found[0]


def when(moment: datetime | None) -> str:
    assert moment is not None
    return local(moment, ZoneInfo(MADRID))


def test_the_head_says_period_workspace_feeds_and_the_figures_beside_their_past(review: Review, html: str) -> None:
    head = text(html.partition("<section")[0])
    for said in (
        "Activity review · Northwind · activity-2026-W10 Week 10 of 2026, Monday 2 to Sunday 8 March",
        "Period, UTC 2026-03-01 23:00 to 2026-03-08 23:00",
        "Clocks Europe/Madrid, 168 hours",
        "Feeds invent",
        "Filter none: every event",
        f"As of landing {review.landing}, journal entry {review.journal_entry}",
    ):
        assert said in head
    lead = head.rpartition("8 March ")[2].partition(" Period, UTC")[0]
    assert re.fullmatch(
        r"1,979 events by [^.]+\. 16 things need attention, [^:]+: .+\. No feed has a gap in this week, [^.]+\.", lead
    )
    for one in review.figures:
        change = "as before" if one.change == 0 else f"{signed(one.change)} from {number(one.before)}"
        assert f"{one.label} {number(one.value)} {change} usually {number(one.usual)}" in head


def test_trust_adds_up_and_tells_of_each_feed(review: Review, html: str) -> None:
    trust, books, (feed,) = text(section(html, "trust")), review.trust.books, review.trust.feeds
    assert books.read == books.landed + books.duplicates + books.quarantined
    read = f"{books.landed:,} landed + {books.duplicates} duplicates + {books.quarantined} quarantined"
    whence = f"in {books.landings} landings of {books.files} files"
    assert (
        f"{books.read:,} events read = {read}, {whence}. {review.trust.in_period:,} are of this week, all matched."
        in trust
    )
    assert review.filter_hash in trust
    times = " ".join(when(moment) for moment in (feed.first_seen, feed.last_seen, feed.watermark))
    assert f"invent complete {feed.events:,} {feed.late} {times}" in trust


def test_a_finding_says_what_why_when_and_how_to_see_all_of_it(review: Review, html: str) -> None:
    told = re.findall(r"<article.*?</article>", section(html, "attention"), re.S)
    assert len(told) == len(review.findings)
    for one, article in zip(review.findings, told, strict=True):
        said = text(article)
        assert said.startswith(
            f"{one.severity} {plain(one.sentence)} {one.reason} {when(one.since)} to {when(one.until)}."
        )
        shown = article.count("<li><time>")
        assert shown == min(one.events, 5)
        assert (f"and {one.events - 5} more of {one.events}" in said) == (one.events > 5)
        assert f"{one.advice} All its events {one.id}" in said
        assert ("log.narrowed(Filter.from_json(" in said) or "The filter that gives them is too long" in said
    first = text(told[0])
    assert "audit-reports events --actor marta.vidal@northwind.example --to 2026-03-04T09:58:53.253001Z --from" in first
    assert f"--timezone {MADRID} --as-of {review.landing} " in first


def test_page_and_mail_say_what_each_exception_hid(review: Review, tmp_path: Path) -> None:
    gravest, *rest = review.findings
    why = {"owner": "ana", "reason": "a <move>", "until": date(2026, 12, 31)}
    decided = Expected.of({"finding": gravest.finding, "filter": {"actor": "x"}, **why}, timezone=MADRID)
    made = replace(review, findings=tuple(rest), hidden=(Hidden(gravest, decided),))
    said = f"{plain(gravest.sentence)} Expected by ana until 2026-12-31: a <move>"
    assert f"Expected, by a decision 1 {said}" in text(section(page(made), "attention"))
    said = f"{plain(gravest.sentence)} by ana until 2026-12-31: a <move>"
    assert f"Expected, by a decision: 1 {said}" in text(mail_body(made, "mail.html"))
    twin = " ".join(mail_body(replace(made, hidden=made.hidden * 5), "mail.txt").split())
    assert f"EXPECTED, BY A DECISION: 5 - {said.replace(' by ana', ' By ana')} - " in twin
    assert "a <move> - and 2 more" in twin
    (recorded,) = run_record(made, tmp_path, [], {})["hidden"]
    assert recorded == {"finding": gravest.id, "sentence": gravest.sentence, **why, "until": "2026-12-31"}


def test_a_page_that_would_be_too_large_is_not_made(review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_reports.outputs.html.MOST_BYTES", 4_000_000)
    with pytest.raises(FailureError, match=r"review.html would have [\d,]+ bytes, and 4,000,000 are the most"):
        page(review)


def test_sections_stand_in_their_order_and_people_apart_from_machines(review: Review, html: str) -> None:
    assert re.findall(r'<h2 id="(\w+)"', html) == [
        *("trust", "attention", "told", "when", "actors", "categories", "locations", "always", "readers", "computed"),
    ]
    people, machines = section(html, "actors").split("Service accounts, bots and API keys</h3>")
    types = dict(review.actors.select("actor", "actor_type").iter_rows())
    for rows, is_machine in ((people, False), (machines, True)):
        names = [unescape(name) for name in re.findall(r'<span class="name" title="([^"]*)"', rows)]
        assert names
        assert {types.get(name) in MACHINES for name in names} == {is_machine}
    heads = [text(head) for head in re.findall(r"<th [^>]*>.*?</th>", people, re.S)]
    assert heads == [
        *("People", "Nine weeks", "Events", "Before", "Change", "Usual", "Categories", "Places", "Off hours"),
        *("Always shown", "Failed"),
    ]
    marta = text(re.search(r'<tr><td class="who"><span class="name" title="marta.*?</tr>', people, re.S)[0])  # type: ignore[index]
    assert marta.startswith("marta.vidal@northwind.example Admin new: Hanoi, VN; API Keys, Created; ")
    assert marta.endswith(" 36 23 +13 23.5 10 2 31 % 12 4")
    kinds, places, always = (text(section(html, name)) for name in ("categories", "locations", "always"))
    assert kinds.count(" gone ") == review.categories.filter(review.categories["state"] == "gone").height > 0
    assert re.search(r"Hanoi, VN Vietnam first seen never here before: marta\.vidal@northwind\.example; paul", places)
    assert "(unknown) " in places
    assert len(re.findall(r'<td class="when">', section(html, "always"))) == review.always_shown.height
    assert "Member Role Changed role: Editor → Admin marta.vidal@northwind.example Admin Paul Richter" in always
    assert text(section(html, "readers")).startswith("Who read the audit data ")
    computed = text(section(html, "computed"))
    assert all(one.title in computed and one.filter_hash in computed for one in review.provenance)
    assert review.rules_hash in computed


@pytest.mark.parametrize(("outcome", "is_marked"), [("failure", True), ("success", False)])
def test_what_failed_is_marked_where_it_is_always_shown(review: Review, outcome: str, is_marked: bool) -> None:
    events = review.always_shown.head(5).with_columns(outcome=pl.lit(outcome))
    made = replace(review, always_shown=events)
    assert section(page(made), "always").count(">failed</span>") == 5 * is_marked
    assert mail_body(made, "mail.html").count(">failed</span>") == 5 * is_marked
    assert mail_body(made, "mail.txt").count("(failed)") == 5 * is_marked


def test_a_mail_counts_what_it_leaves_out(review: Review) -> None:
    html, twin = (mail_body(review, name) for name in ("mail.html", "mail.txt"))
    more = f"and {len(review.findings) - FINDINGS} more in the review"
    assert f">{more}<" in html
    assert f"\n  {more}\n" in twin
    machines = review.actors["actor_type"].is_in(MACHINES).fill_null(value=False).sum()
    rows = {"people": review.actors.height - machines, "machines": machines}
    rows |= {name: review.tables[name].height for name in ("categories", "locations", "always_shown")}
    left = [str(rows[name] - most) for name, most in ROWS.items()]
    assert re.findall(r">and (\d+) more<", html) == re.findall(r"^- and (\d+) more$", twin, re.M) == left


def test_a_mail_and_its_twin_say_what_matters(review: Review) -> None:
    html, twin = text(mail_body(review, "mail.html")), " ".join(mail_body(review, "mail.txt").split())
    said = [lead(review), readers_said(review), *cautions(review), *notable(review)]
    said += [f"{one.sentence} {one.reason}" for one in review.findings[:FINDINGS]]
    assert cautions(review)
    for line in said:
        assert plain(line) in html, line
        assert plain(line) in twin, line
    for row in review.always_shown.head(ROWS["always_shown"]).iter_rows(named=True):
        assert f"{when(row['occurred_at'])}, {row['actor']}" in html
        assert f"{when(row['occurred_at'])} {row['event']}" in twin
