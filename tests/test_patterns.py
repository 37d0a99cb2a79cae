r"""Regular expressions: each engine finds what Polars finds, `\d`, `\w`, `\s` and `\p{...}` of any script among it."""

from __future__ import annotations

import polars as pl
from conftest import Frames, collected

from audit_reports import Filter
from audit_reports.filters.kinds import COLUMN_TYPES, polars_type
from audit_reports.filters.twin import marked

TEXTS = [
    "",
    "a",
    "ab\n",
    "a\nb",
    "b",
    "é",
    "É",
    "ß",
    "1٣",
    "_x",
    "a.b",
    "[a]",
    "a]b",
    "-",
    "\t \u2003",
    "😀",
    "aXb",
    "XX",
    "A1",
]
TEXTS += ["foo bar", "\x0b", "\u212a", "ſ", "α", "a\r\nb", "a\u2028b", "\\", "{1}", "#"]

PATTERNS = [
    *(r"\w", r"\W", r"^\w+$", r"[\w.-]+$", r"[^\w]", r"\d+", r"\D", r"\s", r"\S+", r"[\d\s]", r"[^\s\d]+"),
    *(
        r"\p{L}",
        r"\pN",
        r"\P{Lu}",
        r"[\p{Lu}\d]",
        r"\p{Greek}|\p{Emoji}",
        r"[[:alpha:]]",
        r"[[:^alpha:]]",
        r"[[:word:]]{2}",
    ),
    *(r"[]a]", r"[^]a]", r"[a\]]", r"[a\-z]", r"\[", r"\.", r"\\", r"\{1\}", r"[#{}]"),
    *(r"\x{e9}", r"\u00e9", r"\u{e9}", r"[\x{e0}-\x{ff}]", r"\x41", r"\t", r"\v"),
    *(r"(?i)é", r"(?i)[é]", r"(?i)\w", r"(?i:k)", r"(?i)s", r"(?i-s)a", r"(?m)^b$", r"(?s)a.b", r"a.b", r"a.{2}b"),
    *(r"a$", r"b$", r"\Aa\z", r"^$", r"a{1,2}", r"a{2}?", r"(a|b)*$", r"(?P<n>a)", r"(?<n>a)b?", r"x*", r"(?:)"),
]


def test_a_pattern_finds_on_every_engine_what_it_finds_in_polars(frames: Frames) -> None:
    schema = {name: polars_type(type_) for name, type_ in COLUMN_TYPES.items()}
    rows = pl.DataFrame(
        [{"event_id": f"{number:03}", "actor": text} for number, text in enumerate(TEXTS)], schema=schema
    )
    predicates = {pattern: pl.col("actor").str.contains(pattern) for pattern in PATTERNS}
    conditions = {f"p{number}": Filter.of(one).condition for number, one in enumerate(predicates.values())}
    found = collected(marked(frames(rows), conditions, addresses=list)).sort("event_id")
    for (pattern, predicate), name in zip(predicates.items(), conditions, strict=True):
        wanted = rows.select(predicate).to_series().to_list()
        differing = [text for text, one, two in zip(TEXTS, found[name].to_list(), wanted, strict=True) if one != two]
        assert differing == [], pattern
