"""What a planned review shows: the sections, the order and the length that are picked; and what is left out, by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Cli

from audit_reports.demo import World
from audit_reports.errors import UsageError
from audit_reports.outputs.appearance import OURS
from audit_reports.outputs.html import page, page_context
from audit_reports.outputs.mail import mail_body
from audit_reports.plan import Plan
from audit_reports.reviews.review import Review


def plan(**table: object) -> Plan:
    """Read a `[[review]]` table."""
    return Plan.of({"name": "board", **table}, mail=None, formats=("html",))


def test_only_what_is_picked_is_shown_and_the_rest_is_named(review: Review) -> None:
    look = OURS.of_plan(plan(sections=["actors"], rows=3))
    shown = page(review, look)
    assert "By actor</h2>" in shown
    assert "By location</h2>" not in shown
    said = (
        "Not shown in this review: What needs attention, When, By event category, By location, Always shown, Who read"
    )
    findings = f"{len(review.findings)} findings"
    for document in (shown, mail_body(review, "mail.html", look), mail_body(review, "mail.txt", look)):
        assert said in " ".join(document.split())
        assert findings in document
        assert review.findings[0].reason not in document
        assert f"{review.trust.books.quarantined} quarantined" in document or "quarantined 10" in document
    assert set(page_context(review, look).charts) == {"actors"}
    people, every = (page_context(review, OURS.of_plan(plan(rows=rows))).tables["people"] for rows in (3, 500))
    assert (len(people.rows), people.more) == (3, len(every.rows) - 3)
    assert people.more_events == sum(row["events"] for row in every.rows[3:])
    assert f"{people.more} more, together {people.more_events:,} events" in shown
    told = mail_body(review, "mail.txt", look).partition("BY ACTOR\n")[2].partition("\n\n")[0]
    assert (told.count("\n- ") + told.startswith("- "), f"- and {people.more} more" in told) == (4, True)
    assert "Not shown" not in page(review)


def test_rows_stand_in_the_order_that_is_picked(review: Review) -> None:
    def rows(sort: str, table: str, column: str) -> list[object]:
        return [row[column] for row in page_context(review, OURS.of_plan(plan(sort=sort))).tables[table].rows]

    changes = [abs(int(str(change))) for change in rows("change", "categories", "change")]
    assert changes == sorted(changes, reverse=True)
    assert changes[0] == review.categories["change"].abs().max()
    names = [str(name) for name in rows("name", "people", "actor")]
    assert names == sorted(names)
    events = [int(str(number)) for number in rows("events", "locations", "events")]
    assert events == sorted(events, reverse=True)


def test_feeds_narrow_the_filter() -> None:
    assert plan(feeds=["invent"], filter={"workspace": "Northwind"}).filter == {
        "workspace": "Northwind",
        "feed": ["invent"],
    }


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"sections": ["actor"]}, "unknown section 'actor': did you mean 'actors'?"),
        ({"sections": "actors"}, "sections must be a list of texts"),
        ({"sort": "changes"}, "unknown sort 'changes': did you mean 'change'?"),
        ({"rows": 0}, "rows must be a whole number from 1 to 500"),
        ({"rows": True}, "rows must be a whole number from 1 to 500"),
        ({"feeds": ["a"], "filter": {"feed": "b"}}, "feeds and the feed of filter say the same"),
    ],
)
def test_what_cannot_be_picked_is_refused(table: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match="board") as refused:
        plan(**table)
    assert said in str(refused.value)


def test_the_keys_are_known_to_the_configuration(cli: Cli, world: World) -> None:
    keys = 'sections = ["actors"]\nsort = "change"\nrows = 5\nfeeds = ["invent"]'
    Path("audit-reports.toml").write_text(f'[[review]]\nname = "board"\n{keys}\n', encoding="utf-8")
    assert cli("calendar", "--store", world.store, "--limit", "1").code == 0
