"""Which SQL do feeds share? Small makers of DuckDB expressions: addresses, times since 1970, country codes, lookups."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from audit_reports.countries import countries
from audit_reports.feed import literal

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"{_OCTET}([.]{_OCTET}){{3}}"
_V6 = "[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){1,7}"

# What vendors write, beside the names that the package's own table of countries has.
_OTHER_NAMES = {
    "united states of america": "US",
    "usa": "US",
    "united kingdom of great britain and northern ireland": "GB",
    "great britain": "GB",
    "uk": "GB",
    "russian federation": "RU",
    "korea, republic of": "KR",
    "republic of korea": "KR",
    "korea, democratic people's republic of": "KP",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "viet nam": "VN",
    "iran, islamic republic of": "IR",
    "syrian arab republic": "SY",
    "türkiye": "TR",
    "turkiye": "TR",
    "hong kong sar china": "HK",
    "taiwan, province of china": "TW",
    "moldova, republic of": "MD",
    "tanzania, united republic of": "TZ",
    "venezuela, bolivarian republic of": "VE",
    "bolivia, plurinational state of": "BO",
    "lao people's democratic republic": "LA",
    "brunei darussalam": "BN",
    "macedonia": "MK",
    "swaziland": "SZ",
    "ivory coast": "CI",
    "cape verde": "CV",
}


def address(expression: str) -> str:
    """Return the expression of the address in a text, without port, brackets or zone; null where the text is none.

    >>> address("$.client").startswith("CASE")
    True
    """
    bare = (
        rf"regexp_replace(regexp_replace(trim({expression}), '^\[([^\]]+)\](:[0-9]+)?$', '\1'), "
        r"'^([0-9.]+):[0-9]+$', '\1')"
    )
    colons = f"length({bare}) - length(replace({bare}, ':', ''))"
    v6 = f"(contains({bare}, '::') AND NOT regexp_matches({bare}, '::.*::|:::') OR {colons} = 7)"
    return (
        f"CASE WHEN regexp_full_match({bare}, {literal(_V4)}) THEN {bare} "
        f"WHEN regexp_full_match({bare}, {literal(_V6)}) AND {v6} THEN {bare} "
        f"WHEN regexp_full_match(lower({bare}), {literal('::ffff:' + _V4)}) THEN {bare} END"
    )


def epoch_seconds(expression: str) -> str:
    """Return the expression of a time, as text in UTC, from seconds since 1970 (a fraction allowed); null for no number."""
    return _epoch(expression, 1_000_000)


def epoch_milliseconds(expression: str) -> str:
    """Return the expression of a time, as text in UTC, from milliseconds since 1970; null for no number."""
    return _epoch(expression, 1_000)


def _epoch(expression: str, microseconds: int) -> str:
    ticks = f"try_cast(try_cast({expression} AS DECIMAL(38, 9)) * {microseconds} AS BIGINT)"
    believable = f"{ticks} BETWEEN -62135596800000000 AND 253402300799999999"
    return f"CASE WHEN {believable} THEN strftime(make_timestamp({ticks}), '%Y-%m-%dT%H:%M:%S.%fZ') END"


def looked_up(expression: str, values: Mapping[str, str], otherwise: str = "NULL") -> str:
    """Return the expression that gives for each text (exactly so written) a value, and `otherwise` for any other text.

    >>> looked_up("$.kind", {"a": "Apple"}, "$.kind")
    "CASE $.kind WHEN 'a' THEN 'Apple' ELSE $.kind END"
    """
    cases = " ".join(f"WHEN {literal(text)} THEN {literal(value)}" for text, value in values.items())
    return f"CASE {expression} {cases} ELSE {otherwise} END"


def country_code(expression: str) -> str:
    """Return the expression of the ISO alpha-2 code of a country, given as a code or as an English name; else null."""
    codes = _codes()
    names = f"MAP {{{', '.join(f'{literal(name)}: {literal(code)}' for name, code in codes.items())}}}"
    letters = " AND ".join(f"{expression}[{n}] BETWEEN 'A' AND 'Z'" for n in (1, 2))
    return (
        f"CASE WHEN strlen({expression}) = 2 AND {letters} THEN {expression} "
        f"WHEN length({expression}) = 2 AND regexp_full_match({expression}, '[A-Za-z]+') THEN upper({expression}) "
        f"ELSE ({names})[lower(trim({expression}))] END"
    )


@cache
def _codes() -> Mapping[str, str]:
    return {**_OTHER_NAMES, **{country.name.lower(): code for code, country in countries().items()}}
