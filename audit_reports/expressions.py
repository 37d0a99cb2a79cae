"""Which SQL do feeds share? Small makers of DuckDB expressions: addresses, times since 1970, country codes, lookups, changes."""

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
    "cote d'ivoire": "CI",
    "cape verde": "CV",
    "congo republic": "CG",
    "republic of the congo": "CG",
    "democratic republic of the congo": "CD",
    "congo, the democratic republic of the": "CD",
    "são tomé and príncipe": "ST",
    "myanmar (burma)": "MM",
    "burma": "MM",
    "the bahamas": "BS",
    "the gambia": "GM",
    "east timor": "TL",
    "hashemite kingdom of jordan": "JO",
    "republic of lithuania": "LT",
    "republic of moldova": "MD",
    "federated states of micronesia": "FM",
    "micronesia, federated states of": "FM",
    "bosnia & herzegovina": "BA",
    "trinidad & tobago": "TT",
    "slovak republic": "SK",
    "macau": "MO",
    "hong kong sar": "HK",
    "palestinian territory": "PS",
    "palestine, state of": "PS",
    "holy see": "VA",
    "holy see (vatican city state)": "VA",
    "u.s. virgin islands": "VI",
    "virgin islands, u.s.": "VI",
    "virgin islands, british": "VG",
    "u.s. outlying islands": "UM",
    "united states minor outlying islands": "UM",
    "åland": "AX",
    "aland islands": "AX",
    "curacao": "CW",
    "reunion": "RE",
    "bonaire, sint eustatius and saba": "BQ",
    "bonaire, sint eustatius, and saba": "BQ",
    "st kitts and nevis": "KN",
    "st vincent and grenadines": "VC",
    "st lucia": "LC",
    "pitcairn islands": "PN",
    "falkland islands (malvinas)": "FK",
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

    What is more than a path is looked up in a map, for inside another CASE each WHEN would compute it anew.

    >>> looked_up("$.kind", {"a": "Apple"}, "$.kind")
    "CASE $.kind WHEN 'a' THEN 'Apple' ELSE $.kind END"
    >>> looked_up("lower($.kind)", {"a": "Apple"})
    "coalesce((MAP {'a': 'Apple'})[lower($.kind)], NULL)"
    """
    if "(" in expression or " " in expression:
        entries = ", ".join(f"{literal(text)}: {literal(value)}" for text, value in values.items())
        return f"coalesce((MAP {{{entries}}})[{expression}], {otherwise})"
    cases = " ".join(f"WHEN {literal(text)} THEN {literal(value)}" for text, value in values.items())
    return f"CASE {expression} {cases} ELSE {otherwise} END"


def counterpart(expression: str, pairs: Mapping[str, tuple[str, str]], part: int, otherwise: str = "NULL") -> str:
    """Return the expression that gives the category (part 0) or the action (part 1) listed for a text, else `otherwise`.

    >>> counterpart("$.kind", {"key.add": ("API Keys", "Created")}, 1, "$.verb")
    "CASE $.kind WHEN 'key.add' THEN 'Created' ELSE $.verb END"
    """
    return looked_up(expression, {name: pair[part] for name, pair in pairs.items()}, otherwise)


def change(field: str, before: str, after: str) -> str:
    """Return the expression of `{"field": [before, after]}` as JSON text, of three text expressions; null where nothing is said.

    >>> change("'role'", "$.old", "$.new").startswith("CASE")
    True
    """
    pair = f"json_array({_value(before)}, {_value(after)})"
    return (
        f"CASE WHEN coalesce({before}, {after}) IS NOT NULL AND {field} IS NOT NULL "
        f"THEN '{{' || to_json({field}) || ':' || {pair} || '}}' END"
    )


def _value(text: str) -> str:
    """Return the expression of a text as JSON: an object or a list, read as its JSON text, is that again."""
    is_json = f"{text} >= '{{' OR {text} BETWEEN '[' AND '\\'"
    return f"CASE WHEN {is_json} THEN coalesce(TRY_CAST({text} AS JSON), to_json({text})) ELSE to_json({text}) END"


def changed_fields(before: str, after: str) -> str:
    """Return the expression of `{"field": [before, after]}` for each member that differs between two objects (JSON text).

    An absent object has no members; null where nothing differs, or where one of the two is no object.

    >>> changed_fields("$.before", "$.after").startswith("CASE")
    True
    """
    old, new = (f"TRY_CAST(coalesce({text}, '{{}}') AS JSON)" for text in (before, after))
    at = "'/' || replace(replace(k, '~', '~0'), '/', '~1')"
    was, became = f"json_extract({old}, {at})", f"json_extract({new}, {at})"
    differing = (
        f"list_filter(list_sort(list_distinct(list_concat(json_keys({old}), json_keys({new})))), "
        f"lambda k: {was} IS DISTINCT FROM {became})"
    )
    members = f"list_transform({differing}, lambda k: to_json(k) || ':' || json_array({was}, {became}))"
    return (
        f"CASE WHEN coalesce({before}, {after}) IS NULL THEN NULL "
        f"WHEN json_type({old}) = 'OBJECT' AND json_type({new}) = 'OBJECT' "
        f"THEN nullif('{{' || array_to_string({members}, ',') || '}}', '{{}}') END"
    )


def first_of(*expressions: str) -> str:
    """Return the expression of the first text that is neither null nor empty: vendors send both for what they do not know.

    >>> first_of("$.name", "$.id")
    "coalesce(nullif($.name, ''), nullif($.id, ''))"
    """
    texts = ", ".join(f"nullif({expression}, '')" for expression in expressions)
    return f"coalesce({texts})"


AMERICAN = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p %z", "%m/%d/%Y %H:%M:%S %z")
"""Times as Microsoft writes them in some logs: `1/9/2026 9:41:00 AM`, with an offset or in UTC."""


def first_member(json: str, *members: str) -> str:
    """Return the expression of the first text that is not empty among members (names or JSON pointers) of a JSON value.

    >>> first_member("details", "name", "/user/id")
    "list_filter(json_extract_string(details, ['name', '/user/id']), lambda x: x <> '')[1]"
    """
    places = ", ".join(map(literal, members))
    return f"list_filter(json_extract_string({json}, [{places}]), lambda x: x <> '')[1]"


def before_last_dot(expression: str) -> str:
    """Return the expression of what a dotted name begins with, `org` of `org.create`; null where there is no dot."""
    return f"nullif(regexp_extract({expression}, '^(.+)[.][^.]+$', 1), '')"


def after_last_dot(expression: str) -> str:
    """Return the expression of the last word of a dotted name, `create` of `org.create`; the whole where there is no dot."""
    return f"nullif(regexp_extract({expression}, '[^.]+$'), '')"


def utc_time(expression: str, *formats: str) -> str:
    """Return the expression of a time, as text in UTC, from text in one of the strptime formats; null for any other text.

    A format without `%z` is read as UTC.

    >>> utc_time("$.time", "%Y%m%d")
    "strftime(try_strptime($.time, ['%Y%m%d']), '%Y-%m-%dT%H:%M:%S.%fZ')"
    """
    return f"strftime(try_strptime({expression}, [{', '.join(map(literal, formats))}]), '%Y-%m-%dT%H:%M:%S.%fZ')"


def country_code(expression: str) -> str:
    """Return the expression of the ISO alpha-2 code of a country, given as a code or as an English name; else null.

    What tables of addresses say where they know no country, `EU` or `ZZ`, is none.
    """
    codes = _codes()
    names = f"MAP {{{', '.join(f'{literal(name)}: {literal(code)}' for name, code in codes.items())}}}"
    capitals = (
        f"strlen({expression}) = 2 AND {expression} BETWEEN 'AA' AND 'ZZ' AND {expression}[2] BETWEEN 'A' AND 'Z'"
    )
    return (
        f"CASE WHEN {capitals} AND NOT contains('UK EU AP XX ZZ', {expression}) THEN {expression} "
        f"WHEN regexp_full_match({expression}, '(?i)(?:[a-z]{{2}})') AND NOT contains('UK EU AP XX ZZ', upper({expression})) "
        f"THEN upper({expression}) "
        f"ELSE ({names})[lower(trim({expression}))] END"
    )


@cache
def _codes() -> Mapping[str, str]:
    return {**_OTHER_NAMES, **{country.name.lower(): code for code, country in countries().items()}}
