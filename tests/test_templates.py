"""Templates and what they are given hold each other: nothing is used that is not there, nothing is there that is not used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, DictLoader

from audit_reports.outputs.context import Document, Page
from audit_reports.outputs.rendering import environment
from audit_reports.outputs.template_check import Walk
from audit_reports.outputs.template_fields import classes, fields_of, with_documentation

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
OURS: dict[str, type] = {"review.html": Page, "mail.html": Document, "mail.txt": Document}

UNUSED = {
    "the tables' rows are shown as `tables`, which have them cut": {
        *("Review.actors", "Review.categories", "Review.locations", "Review.always_shown", "Review.tables"),
    },
    "drawn, not printed": {"Review.hours", "Review.hours_before", "Chart.figure", "Chart.height", "Period.days"},
    "a name for programs; `id` or `label` is the one for people": {
        *("Review.name", "Chart.name", "Figure.name", "ChangedFigure.name", "Finding.finding", "Told.finding"),
        *(
            "Told.severity",
            "Expected.finding",
            "Shown.event_id",
            "Finding.event_ids",
            "Finding.order",
            "Carried.order",
            "Carried.is_found_again",
        ),
    },
    "said in words, by its sentence or its command": {
        *(
            "Review.filter_json",
            "Review.filter_flags",
            "Review.rules_json",
            "Provenance.filter_json",
            "Finding.where",
            "Expected.where",
        ),
        *("FeedTrust.gaps", "FeedTrust.quiet_days", "Gap.since", "Gap.until", "Amendment.others"),
    },
    "said in the sentence `readers` and in `cautions`, or shown as the table reads": {
        *("Readers.caution", "Readers.until", "Readers.users", "Readers.reads", "Readers.table"),
    },
    "drawn, or a variable of the style sheet": {
        *(f"Palette.{name}" for name in ("before", "land", "coast", "tint1", "tint2", "tint3", "tint4")),
        *(f"Palette.heat{level}" for level in range(5)),
    },
    "shown as `still_open`, and with the findings that it is about": {"Review.carried"},
    "the place says more, and the sentence names who": {"Shown.source", "Carried.actor"},
}
"""What no template of ours uses, and why; a template of somebody else may."""


def walked(name: str, context: type, **templates: str) -> Walk:
    """Walk through a template of ours, or through one that is given."""
    made = environment("UTC")
    assert made.loader is not None
    made.loader = ChoiceLoader([DictLoader(templates), made.loader])
    walk = Walk(made, context)
    walk.template(name)
    return walk


@pytest.mark.parametrize("name", OURS)
def test_templates_use_nothing_that_is_not_there(name: str) -> None:
    assert walked(name, OURS[name]).wrong == []


def test_templates_use_every_field_but_for_a_reason() -> None:
    met = {pair for name in OURS for pair in walked(name, OURS[name]).used}
    used = {
        f"{(Document if field in fields_of(Document) and owner is Page else owner).__name__}.{field}"
        for owner, field in met
    }
    known = {f"{owner.__name__}.{field}" for owner in classes() for field in fields_of(owner)}
    known -= {f"Page.{field}" for field in fields_of(Document)}
    assert sorted(known - used) == sorted(set().union(*UNUSED.values()))


def test_every_field_is_documented() -> None:
    silent = [
        f"{owner.__name__}.{one.name}" for owner in classes() for one in fields_of(owner).values() if not one.meaning
    ]
    assert not silent
    page = TEMPLATES / "README.md"
    text = page.read_text(encoding="utf-8")
    assert with_documentation(text) == text, "make fields writes it again"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("{{ revue.id }}", 1, "unknown name 'revue': did you mean 'review'?"),
        ("\n{{ review.perod.label }}", 2, "unknown field of Review 'perod': did you mean 'period'?"),
        ("{% for one in review.figures %}\n{{ one.lable }}\n{% endfor %}", 2, "'lable': did you mean 'label'?"),
        ("{% for a in review.figures | batch(3) %}{% for b in a %}{{ b.lable }}{% endfor %}{% endfor %}", 1, "'label'?"),
        ("{% for a in findings | map(attribute='tod') %}{% endfor %}", 1, "field of Attention 'tod': did you mean 'told'?"),
        ("{% for a in findings | map(attribute='told') %}{{ a.sentense }}{% endfor %}", 1, "did you mean 'sentence'?"),
        ("{{ review.trust.feeds | rejectattr('stat') | list }}", 1, "field of FeedTrust 'stat': did you mean 'state'?"),
        ("{{ review.figure('events').valeu }}", 1, "field of Figure 'valeu': did you mean 'value'?"),
        ("{{ review.amendment.numbr if review.amendment }}", 1, "did you mean 'number'?"),
        ("{% set one = review.trust %}{{ one.bokos.read }}", 1, "did you mean 'books'?"),
        ("{% macro m(f) %}{{ f.lable }}{% endmacro %}{{ m(review.figures[0]) }}", 1, "did you mean 'label'?"),
        ("{{ tables.actors.mroe }}", 1, "field of Rows 'mroe': did you mean 'more'?"),
        ("{% if a %}{% elif review.hiden %}{% endif %}", 1, "unknown name 'a'"),
        ("{% for reason, n in review.trust.books.reasons[:8] %}{{ n.no }}{% endfor %}", 1, "field of int 'no'"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_found_with_its_line(text: str, line: int, said: str) -> None:
    wrong = walked("mine.html", Document, **{"mine.html": text}).wrong[0]
    assert (wrong.template, wrong.line) == ("mine.html", line)
    assert said in str(wrong.said)


def test_every_block_that_can_be_replaced_is_documented() -> None:
    said = dict(
        re.findall(r"^\| (`\w+\.html`).*?\| (.*) \|$", (TEMPLATES / "README.md").read_text(encoding="utf-8"), re.M)
    )
    for name, words in (("review.html", said["`review.html`"]), ("mail.html", said["`mail.html`"])):
        blocks = re.findall(r"{% block (\w+) %}", (TEMPLATES / name).read_text(encoding="utf-8"))
        assert words.replace("`", "").split() == blocks
    in_text = re.findall(r"{% block (\w+) %}", (TEMPLATES / "mail.txt").read_text(encoding="utf-8"))
    assert sorted(in_text) == sorted(blocks)
