"""How do a review's values become text in a document? The sandboxed, autoescaped Jinja environment and its words.

Whatever a template prints is made plain first (control and direction characters shown as escapes) and then escaped, so
that no field of an event can act, in any document; only what this package made itself is marked as safe.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audit_reports.errors import UsageError
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.chart_values import UNKNOWN
from audit_reports.outputs.formats import plain, shortened
from audit_reports.period import MONTHS, WEEKDAYS
from audit_reports.resources import templates_folder

if TYPE_CHECKING:
    from jinja2 import StrictUndefined
    from jinja2.bccache import BytecodeCache
    from jinja2.sandbox import SandboxedEnvironment
    from markupsafe import Markup

    from audit_reports.outputs.palette import Palette

SHIPPED = ("review.html", "parts.html", "mail.html", "mail.txt")
PREFIX = "audit-reports/"
"""What a template of ours is called by whoever extends it."""
BLOCKS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
"""Bars of eight heights, as letters."""

LONGEST_NAME = 200
"""How much of a name a cell of a table shows."""
_AT, _DOT_OR_CAPITAL = re.compile(r"(?<=@)(?=\S)"), re.compile(r"(?<=[A-Za-z]\.)(?=[A-Za-z])|(?<=[a-z])(?=[A-Z])")

MINUS, NONE = "\N{MINUS SIGN}", "\N{EN DASH}"


def environment(
    timezone: str, appearance: Appearance = OURS, *, escaped: bool = True, longest: int | None = None
) -> SandboxedEnvironment:
    """Return the environment for the package's templates and a user's over them; local times are of the timezone.

    A user's template extends ours as `audit-reports/review.html`. Whatever is printed is escaped, but in a plain text
    (`escaped` false); nothing can mark a text as safe. A text that is longer than `longest` is shown without its middle, and
    says so. A name that a template uses and nobody gives is an error.
    """
    from jinja2 import FunctionLoader

    sandbox, unknown = _sandbox()

    def source(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        if name in appearance.templates:
            return appearance.templates[name], f"{appearance.folder}/{name}", lambda: True
        bare = name.removeprefix(PREFIX)
        if bare not in SHIPPED:
            return None
        path = templates_folder() / bare
        return path.read_text(encoding="utf-8"), str(path), lambda: True

    made = sandbox(
        loader=FunctionLoader(source),
        autoescape=escaped,
        undefined=unknown,
        finalize=partial(_finalized, longest=longest),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_compiled(timezone, escaped, longest),
    )
    for name in ("safe", "urlize"):
        del made.filters[name]
    made.filters |= words(timezone)
    return made


def rendered(
    name: str, given: Mapping[str, Any], *, timezone: str, appearance: Appearance = OURS, longest: int | None = None
) -> str:
    """Return the document that a template gives, `review.html`, `mail.html` or `mail.txt`.

    Raises `UsageError` for a mistake in a user's template, with its file and line.
    """
    from jinja2 import TemplateError

    made = environment(timezone, appearance, escaped=not name.endswith(".txt"), longest=longest)
    try:
        return made.get_template(name).render(given)
    except (
        TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        if place := _place(error, appearance):
            raise UsageError(f"{place}: {plain(str(error))}") from None
        raise


def _place(error: BaseException, appearance: Appearance) -> str | None:
    """Return the file and line of a user's template that an error is of, None where it is of none."""
    if not appearance.templates:
        return None
    if line := getattr(error, "lineno", None):  # of a template that cannot be read
        return f"{plain(str(getattr(error, 'filename', '')))}, line {line}"
    own = {f"{appearance.folder}/{name}" for name in appearance.templates}
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in own]
    return f"{plain(frames[-1].filename)}, line {frames[-1].lineno}" if frames else None


@cache
def _sandbox() -> tuple[type[SandboxedEnvironment], type[StrictUndefined]]:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    class Sandbox(SandboxedEnvironment):
        """Jinja's own, but that a frame is only data: its methods write files and run queries."""

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return super().is_safe_attribute(obj, attr, value) and not type(obj).__module__.startswith("polars")

    class Unknown(StrictUndefined):
        """What there is not; where it was looked for by a name among names, the nearest of them is said."""

        @property
        def _undefined_message(self) -> str:
            if isinstance(self._undefined_obj, Mapping) and isinstance(self._undefined_name, str):
                return str(UsageError.unknown("name", self._undefined_name, map(str, self._undefined_obj)))
            return super()._undefined_message

    return Sandbox, Unknown


@lru_cache(maxsize=8)
def _compiled(*how: object) -> BytecodeCache:
    """Return where the code of templates is kept that were compiled in one way, for compiling is half of writing a page."""
    from jinja2.bccache import Bucket, BytecodeCache

    class Compiled(BytecodeCache):
        """Keeps code in memory, by a template's name and text."""

        def __init__(self) -> None:
            self.kept: dict[tuple[str, str], Any] = {}

        def load_bytecode(self, bucket: Bucket) -> None:
            bucket.code = self.kept.get((bucket.key, bucket.checksum))

        def dump_bytecode(self, bucket: Bucket) -> None:
            self.kept[bucket.key, bucket.checksum] = bucket.code

    return Compiled()


def words(timezone: str) -> dict[str, Callable[..., Any]]:
    """Return the filters that templates have beside Jinja's own, by name; local times are of the timezone."""
    zone = ZoneInfo(timezone)

    def local_time(moment: datetime) -> str:
        """Return a time on clocks of the review's timezone: `Wed 4 Mar 01:12:09`."""
        return local(moment, zone)

    def utc(moment: datetime) -> str:
        """Return a time in UTC: `2026-03-04 00:12`."""
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"

    return {
        "number": number,
        "signed": signed,
        "known": known,
        "breakable": breakable,
        "local": local_time,
        "utc": utc,
        "changes": changes_said,
        "code": code,
        "place": place,
        "percent": percent,
        "line": line,
        "blocks": blocks,
        "several": several,
    }


def number(value: float | None) -> str:
    """Return a number with thousands separators, a broken one with one decimal; None is a dash.

    >>> number(1200), number(11.5), number(12.0)
    ('1,200', '11.5', '12')
    """
    return NONE if value is None else f"{round(value, 1):,}".removesuffix(".0")


def signed(value: int | None) -> str:
    """Return a change with its sign, a real minus; None is a dash, no change `0`.

    >>> signed(1200), signed(0), signed(-3) == MINUS + "3"
    ('+1,200', '0', True)
    """
    if value is None:
        return NONE
    return f"+{value:,}" if value > 0 else f"{MINUS}{-value:,}" if value else "0"


def known(value: str | None) -> str:
    """Return a text, or `(unknown)` for null and for an empty one."""
    return value or UNKNOWN


def breakable(text: str) -> Markup:
    """Return a name escaped, with places to break a line where it reads well; a very long one is cut, and says so.

    They are behind each `@`; without one behind each dot between letters, and before each capital inside a word.

    >>> breakable("ana@x.example"), breakable("ec2.amazonaws.com"), breakable("DeleteRole")
    (Markup('ana@<wbr>x.example'), Markup('ec2.amazonaws.<wbr>com'), Markup('Delete<wbr>Role'))
    """
    from markupsafe import Markup

    shown = shortened(text, LONGEST_NAME)
    return Markup("<wbr>").join((_AT if "@" in shown else _DOT_OR_CAPITAL).split(shown))


def local(moment: datetime, zone: ZoneInfo) -> str:
    """Return a local time as people read it: `Wed 4 Mar 01:12:09`."""
    at = moment.astimezone(zone)
    return f"{WEEKDAYS[at.weekday()][:3]} {at.day} {MONTHS[at.month - 1][:3]} {at:%H:%M:%S}"


def place(row: dict[str, Any]) -> str:
    """Return a location as the design writes it, `Madrid, ES`; empty where the event does not say."""
    return ", ".join(str(part) for part in (row["city"] or row["region"], row["country"]) if part)


def percent(share: float | None) -> str:
    """Return a share of one in percent; None is a dash, and what is more than nothing is never told as `0 %`."""
    if share is None:
        return NONE
    return "<1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")  # noqa: PLR2004 - one in a hundred


def line(counts: Sequence[int], colors: Palette) -> Markup:
    """Return a small picture of some counts in some colours, a bar each, the last one marked: SVG that needs no script."""
    from audit_reports.outputs.pictures import small_bars

    return trusted(small_bars(counts, colors))


def blocks(counts: Sequence[int]) -> str:
    """Return some counts as letters, a bar each, for where no picture is drawn; none is the lowest only where there is none.

    >>> blocks([0, 1, 4, 8])
    '\u2581\u2582\u2585\u2588'
    """
    most = max(counts, default=0) or 1
    return "".join(BLOCKS[0 if not count else max(1, round(count / most * 7))] for count in counts)


def several(texts: Sequence[str], most: int = 3) -> str:
    """Return a few texts in one line, and how many more there are.

    >>> several(["a", "b", "c", "d"], 2)
    'a; b and 2 more'
    """
    return "; ".join(texts[:most]) + (f" and {len(texts) - most:,} more" if len(texts) > most else "")


def changes_said(text: str | None) -> str:
    """Return an event's changes as `role: Member → Admin`; what is no such JSON as it stands, null as nothing.

    >>> changes_said('{"role": ["Member", "Admin"]}')
    'role: Member → Admin'
    """
    if not text:
        return ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(found, dict):
        return text
    return "; ".join(f"{field}: {_pair(value)}" for field, value in found.items())


def code(text: str) -> Markup:
    """Return a text of several lines escaped, each line plain."""
    from markupsafe import Markup, escape

    return Markup("\n").join(escape(plain(line)) for line in text.split("\n"))


def data_island(value: object) -> Markup:
    """Return JSON that may stand in a `<script type="application/json">`: no `<`, `>`, `&` or line separator in it."""
    from markupsafe import Markup

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that HTML could act on was replaced above


def trusted(text: str) -> Markup:
    """Mark a text as HTML: only what this package wrote itself, with every foreign part escaped."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - the one door, for our own style sheet, script and pictures


def _pair(value: object) -> str:
    if isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - before and after
        return " → ".join(_short(part) for part in value)
    return _short(value)


def _short(value: object) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _finalized(value: object, longest: int | None = None) -> object:
    from markupsafe import Markup

    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return shortened(value, longest)
