"""How do raw events become judged rows? The query that a feed's expressions make, with the reason where one cannot land."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from audit_reports.columns import NAMES, STAMPED
from audit_reports.expressions import country_code, looked_up
from audit_reports.feed import Feed, literal

_PATH = re.compile(r"""[$@](?:\.(?:[A-Za-z_]\w*|"[^"']+")|\[(?:\d+|#-\d+)\])+""")
_STEP = re.compile(r"""\.(?:[A-Za-z_]\w*|"[^"']+")|\[[^\]]+\]""")

_TYPES = {"VARCHAR": "text", "BOOLEAN": "boolean", "OBJECT": "object", "ARRAY": "array"}

ZONED = r"\d\d:\d\d.*(?:Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$"
"""A time that says its zone: a clock time, then Z or an offset."""


class _Fields:
    """The paths that a feed names, each taken out once: of an event as `f1` ..., of an element of its list as `e1` ..."""

    def __init__(self) -> None:
        self.event: list[str] = []
        self.element: list[str] = []

    def bound(self, expression: str) -> str:
        """Return an expression with each bare path replaced by the field that holds its value."""
        return _PATH.sub(lambda match: self.field(match.group()), expression)

    def field(self, path: str) -> str:
        paths, name = (self.event, "f") if path.startswith("$") else (self.element, "e")
        if path not in paths:
            paths.append(path)
        return f"{name}{paths.index(path) + 1}"


def rows_sql(feed: Feed, source: str, *, latest: str, zone: str | None = None, geo: str | None = None) -> str:
    """Return the query that turns `source` (columns `raw`, `file`, `line`) into judged rows.

    The result has every column of the design but `landed_at` and `landing`, then `file`, `line` and `reason`; `reason`
    is null for a row that can land, and `day` is null for one that cannot. A null `raw` is a line that is no JSON.
    `latest` is the last believable time, as ISO text; times before 2000 are not believed either. `zone` (IANA) is that of
    times without one, where the feed does not define it. `geo` is the name of a function from an address to a struct of
    country, region and city, asked where an event says none of the three.
    """
    fields = _Fields()
    columns = {name: fields.bound(expression) for name, expression in feed.columns.items()}
    if "country" in columns:
        columns["country"] = country_code(f"({columns['country']})")
    missing = "".join(
        f" WHEN {field} IS NULL OR {field} = '' THEN {literal('no ' + path.removeprefix('$.'))}"
        for path, field in [(path, fields.field(path)) for path in feed.required]
    )
    given = [
        f"({columns[name]})::VARCHAR AS {name}" if name in columns else f"NULL::VARCHAR AS {name}"
        for name in NAMES
        if name not in STAMPED | {"event_id", "occurred_at", "event"}
    ]
    event_id = f"nullif(({columns['event_id']})::VARCHAR, '')" if "event_id" in columns else "NULL::VARCHAR"
    number = " || CASE WHEN nth > 1 THEN '#' || nth ELSE '' END" if feed.each else ""
    none = f" WHEN element IS NULL THEN {literal('no ' + feed.each.removeprefix('$.'))}" if feed.each else ""
    local_zone = feed.zone or zone
    local = f"{_cast_sql('TIMESTAMP')} AT TIME ZONE {literal(local_zone)}" if local_zone else _cast_sql("TIMESTAMPTZ")
    unzoned = "" if local_zone else " WHEN NOT zoned THEN 'a time without a zone'"
    return f"""
WITH source AS ({_each_sql(feed, source)}),
taken AS (SELECT *{_taken_sql(fields, split=False)} FROM source),
fields AS (SELECT *{_taken_sql(fields, split=True)} FROM taken),
read AS (
    SELECT coalesce({event_id}, sha256(raw)){number} AS event_id, ({columns["occurred_at"]})::VARCHAR AS time,
        ({columns["event"]})::VARCHAR AS event, {", ".join(given)}, {literal(feed.name)} AS feed, raw, file, line,
        CASE WHEN raw IS NULL THEN 'not JSON' WHEN NOT starts_with(raw, '{{') THEN 'not a JSON object'{none}
        {_changed_type_sql(feed, fields)}{missing} END AS flaw
    FROM fields),
{_placed_sql(geo)}zoned AS (
    SELECT *,
        CASE WHEN suffix(time, 'Z') THEN true ELSE regexp_matches(time, {literal(ZONED)}) END AS zoned
    FROM {"placed" if geo else "read"}),
timed AS (
    SELECT *, CASE WHEN NOT zoned THEN {local} ELSE {_cast_sql("TIMESTAMPTZ")} END AS occurred_at
    FROM zoned),
judged AS (
    SELECT *, CASE WHEN flaw IS NOT NULL THEN flaw
        WHEN time IS NULL OR time = '' THEN 'no time'
        WHEN occurred_at IS NULL THEN 'a time that cannot be read'{unzoned}
        WHEN occurred_at < TIMESTAMPTZ '2000-01-01 00:00:00Z' THEN 'a time before 2000'
        WHEN occurred_at > TIMESTAMPTZ {literal(latest)} THEN 'a time after tomorrow'
        WHEN event IS NULL OR event = '' THEN 'no event name'
        END AS reason
    FROM timed)
SELECT {", ".join(name for name in NAMES if name not in ("landed_at", "landing", "day"))},
    CASE WHEN reason IS NULL THEN DATE '1970-01-01' + (epoch_us(occurred_at) // 86400000000)::INTEGER END AS day, file, line,
    reason
FROM judged"""


def _cast_sql(kind: str) -> str:
    """Return `time` as a timestamp, null where it is none; RFC 3339 allows `t` and `z`, which DuckDB reads as capitals alone."""
    return f"coalesce(try_cast(time AS {kind}), try_cast(upper(time) AS {kind}))"


def _placed_sql(geo: str | None) -> str:
    """Return the step that asks where an address is, for events that do not say."""
    if geo is None:
        return ""
    unplaced = "country IS NULL AND region IS NULL AND city IS NULL AND ip IS NOT NULL"
    found = ", ".join(f"coalesce({name}, place.{name}) AS {name}" for name in ("country", "region", "city"))
    return f"""placed AS (
    SELECT * EXCLUDE (place) REPLACE ({found}) FROM (SELECT *, CASE WHEN {unplaced} THEN {geo}(ip) END AS place FROM read)),
"""


def _each_sql(feed: Feed, source: str) -> str:
    """Return the source with a row for each element of the feed's list; one row without element where there is none."""
    told = f"SELECT *, {_told_sql(feed)} AS told FROM ({source})"
    if feed.each is None:
        return told
    one = f"json_extract(told, {literal(feed.each)})"
    return (
        "SELECT raw, told, file, line, unnest(elements) AS element, generate_subscripts(elements, 1) AS nth FROM (SELECT *, "
        f"CASE WHEN json_type({one}) = 'OBJECT' THEN [{one}] "
        f"ELSE coalesce(nullif(json_extract(told, {literal(feed.each + '[*]')}), []), [NULL]) END AS elements FROM ({told}))"
    )


def _told_sql(feed: Feed) -> str:
    """Return the expression of the event with the JSON texts opened that it gives in place of objects and lists.

    Few events have such a text: the search for the beginning of one spares the others a second parse.
    """
    if not feed.as_text:
        return "raw"
    paths = ", ".join(map(literal, feed.as_text))
    members = ", ".join(literal('"' + path[2:] + '":') for path in feed.as_text)
    is_json = "z[1] = 'VARCHAR' AND z[2][1] IN ('{', '[') AND json_valid(z[2])"
    listed = f"list_zip(json_type(raw, [{paths}]), json_extract_string(raw, [{paths}]), [{members}])"
    opened = f"list_transform(list_filter({listed}, lambda z: {is_json}), lambda z: z[3] || z[2])"
    has_text = "starts_with(raw, '{') AND (contains(raw, '\"{') OR contains(raw, '\"['))"
    return (
        f"CASE WHEN {has_text} THEN list_transform([array_to_string({opened}, ',')], "
        "lambda p: CASE WHEN p = '' THEN raw ELSE json_merge_patch(raw, '{' || p || '}') END)[1] ELSE raw END"
    )


def _taken_sql(fields: _Fields, *, split: bool) -> str:
    """Return the columns that hold the values of the paths: as lists, each from one parse, or these split into columns."""
    taken = ""
    for paths, name, json in ((fields.event, "f", "told"), (fields.element, "e", "element")):
        if not paths:
            continue
        if split:
            taken += "".join(f", {name}[{n}] AS {name}{n}" for n in range(1, len(paths) + 1))
        else:
            taken += (
                f", json_extract_string({json}, [{', '.join(literal('$' + path[1:]) for path in paths)}]) AS {name}"
            )
    return taken


def _changed_type_sql(feed: Feed, fields: _Fields) -> str:
    """Return the cases that name a field whose type is not the one expected: text, or what stands around other fields.

    A text that begins with a bracket, or a parent without any of its fields, makes it worth looking at the types.
    """
    cases = ""
    for paths, json in ((fields.event, "told"), (fields.element, "element")):
        expected = {path: "text" for path in paths if not _is_any(feed, path)}
        suspects = [f"{field} >= '{{' OR {field} BETWEEN '[' AND '\\'" for field in map(fields.field, expected)]
        for path in paths:
            for parent, kind in _parents(path):
                if parent in expected or _is_any(feed, parent):
                    continue
                expected[parent] = kind
                inside = [fields.field(other) for other in paths if other.startswith((parent + ".", parent + "["))]
                suspects.append(f"coalesce({', '.join(inside)}, NULL) IS NULL")
        if expected:
            flaw = _type_flaw_sql(feed, json, expected)
            cases += f" WHEN ({' OR '.join(suspects)}) AND {flaw} IS NOT NULL THEN {flaw}"
    return cases


def _type_flaw_sql(feed: Feed, json: str, expected: dict[str, str]) -> str:
    """Return the expression of the first field, of those listed with what is expected there, that has another type."""
    root = "" if json == "told" else f"{(feed.each or '').removeprefix('$.')}[]."
    entries = ", ".join(f"{{'p': {literal(root + path[2:])}, 'x': {literal(kind)}}}" for path, kind in expected.items())
    types = f"json_type({json}, [{', '.join(literal('$' + path[1:]) for path in expected)}])"
    is_wrong = "CASE z[2].x WHEN 'text' THEN z[1] IN ('OBJECT', 'ARRAY') ELSE z[1] NOT IN ('NULL', upper(z[2].x)) END"
    word = looked_up("z[1]", _TYPES, "'number'")
    return (
        f"list_transform(list_filter(list_zip({types}, [{entries}]), lambda z: {is_wrong}), "
        f"lambda z: 'field ' || z[2].p || ' is of type ' || {word} || ', not ' || z[2].x)[1]"
    )


def _is_any(feed: Feed, path: str) -> bool:
    return any(path == known or path.startswith((known + ".", known + "[")) for known in feed.any_type)


def _parents(path: str) -> Iterator[tuple[str, str]]:
    """Yield what stands around a path, with the type that it must have there."""
    steps: Sequence[str] = _STEP.findall(path)
    for depth in range(1, len(steps)):
        yield path[0] + "".join(steps[:depth]), "array" if steps[depth].startswith("[") else "object"
