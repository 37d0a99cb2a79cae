r"""How does a regular expression that Polars reads become one that an engine reads alike?

Polars takes Rust's syntax, in which `\d`, `\w`, `\s` and `\p{...}` mean all of Unicode; DuckDB's RE2 knows them as ASCII, or
of an older Unicode. Each becomes a class of the very characters that Polars itself finds. What RE2 lacks is refused by its name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError, quoted

if TYPE_CHECKING:
    import polars as pl

_FLAGS = "imsU-"
_MOST = 1000  # RE2 repeats a part no more often than this
_CODE = re.compile(r"\\(?:[uU]\{([0-9A-Fa-f]+)\}|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")
_CLASS = re.compile(r"\\(?:[dDwWsS]|[pP](?:\{[^}]*\}|.))")
_BOUNDARY = re.compile(r"\\(?:[bB](?:\{[a-z-]+\})?|[<>])")
_GROUP = re.compile(r"\(\?(P?<[^>]*>|[a-zA-Z-]*[:)])")
_REPETITION = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}")
_SET = re.compile(r"&&|--|~~|\[(?!:)")
_POSIX = re.compile(r"\[:\^?[a-z]+:\]")
_REFERENCE = re.compile(r"\$(\$|\{([^}]*)\}|([0-9A-Za-z_]+))")


def check_pattern(pattern: str) -> None:
    """Raise `UsageError` for what Polars reads as no regular expression, and for the part that no engine reads alike."""
    import polars as pl

    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.PolarsError:
        raise UsageError(f"{quoted(pattern)} is no regular expression that Polars reads") from None
    re2(pattern)


def check_replacement(pattern: str, replacement: str) -> None:
    """Raise `UsageError` for a replacement that names a group otherwise than by a number from 0 to 9."""
    replacement_parts(pattern, replacement)


@cache
def re2(pattern: str) -> str:
    r"""Return a pattern of Polars' as RE2 reads it; raises `UsageError` naming the part that it lacks.

    >>> re2(r"^(?<who>[a-z]+)$")
    '^(?P<who>[a-z]+)$'
    >>> re2(r"\s")[:12]
    '[\\x{9}-\\x{d}'
    """
    return "".join(_parts(pattern))


@cache
def java(pattern: str) -> str:
    r"""Return a pattern of Polars' as Java, and so Spark, reads it.

    >>> java("(?i)^[[:alpha:]]+$")
    '(?du)(?i)^[\\p{Alpha}]+\\z'
    """
    lines = re.search(r"\(\?[a-zU]*m", pattern) is not None
    made = ["(?du)"]  # a line ends with a line feed alone, and letters of any script have a case
    for part in _parts(pattern):
        if part == "$" and not lines:  # Java's own also stands before the last line feed
            made.append(r"\z")
        elif part.startswith("(?P<"):
            made.append("(?<" + part[4:])
        elif part == r"\v":
            made.append(r"\x0B")
        elif posix := re.fullmatch(r"\[:(\^?)([a-z]+):\]", part):
            name = {"word": "w", "xdigit": "p{XDigit}"}.get(posix[2], f"p{{{posix[2].capitalize()}}}")
            made.append("\\" + (name[0].upper() + name[1:] if posix[1] else name))
        elif part.startswith("(?") and "U" in part:
            raise _refused("the flag (?U)")
        else:
            made.append(part)
    return "".join(made)


@cache
def replacement_parts(pattern: str, replacement: str) -> tuple[str | int, ...]:
    """Return a replacement in parts: texts, and the numbers of groups; raises `UsageError` as `check_replacement` does.

    >>> replacement_parts("(a)(b)", "$2-${1}$$")
    (2, '-', 1, '$')
    """
    groups = len(re.findall(r"\((?!\?)|\(\?P?<", re.sub(r"\\.|\[[^\]]*\]", "", pattern)))
    parts: list[str | int] = []
    at = 0
    for found in _REFERENCE.finditer(replacement):
        parts.append(replacement[at : found.start()])
        at = found.end()
        name = found[2] if found[3] is None else found[3]
        if found[1] == "$":
            parts.append("$")
        elif name is None or not re.fullmatch("[0-9]", name):
            raise _refused(found[0])
        elif int(name) <= groups:  # a group that is not there is empty
            parts.append(int(name))
    return tuple(part for part in (*parts, replacement[at:]) if part != "")


def re2_replacement(pattern: str, replacement: str) -> str:
    r"""Return the replacement of a pattern's matches as RE2 reads it: `$1` and `${1}` are `\1` there.

    >>> re2_replacement("(a)(b)", "$2-${1}$$")
    '\\2-\\1$'
    """
    parts = replacement_parts(pattern, replacement)
    return "".join(f"\\{part}" if isinstance(part, int) else part.replace("\\", "\\\\") for part in parts)


def java_replacement(pattern: str, replacement: str, *, before: int = 0) -> str:
    """Return the replacement as Java reads it, in a pattern with so many more groups before it.

    >>> java_replacement("(a)", "$1!", before=1)
    '$2!'
    """
    parts = replacement_parts(pattern, replacement)
    return "".join(
        f"${part + before}" if isinstance(part, int) else re.sub(r"[\\$]", r"\\\g<0>", part) for part in parts
    )


def _parts(pattern: str) -> Iterator[str]:
    at, repeated = 0, False
    while at < len(pattern):
        if found := _REPETITION.match(pattern, at):
            part = found[0]
            if repeated and part != "?":
                raise _refused(f"{part} on a repetition")
            if any(int(number) > _MOST for number in re.findall(r"\d+", part)):
                raise _refused(f"{part}, more than {_MOST} times")
            repeated = not repeated
            yield part
            at = found.end()
            continue
        repeated = False
        if pattern[at] == "[":
            end = _end_of_class(pattern, at)
            yield from _class(pattern[at:end])
            at = end
        elif pattern[at] == "\\":
            part, at = _escape(pattern, at)
            yield f"[{part}]" if part.startswith("\\x{") and "-" in part else part
        elif found := _GROUP.match(pattern, at):
            yield _group(found[0])
            at = found.end()
        else:
            yield pattern[at]
            at += 1


def _group(opening: str) -> str:
    if opening.startswith(("(?P<", "(?<")):
        return "(?P<" + opening.partition("<")[2]
    for flag in opening[2:-1]:
        if flag not in _FLAGS:
            raise _refused(f"the flag (?{flag})")
    return opening


def _escape(pattern: str, at: int) -> tuple[str, int]:
    if found := _BOUNDARY.match(pattern, at):
        raise _refused(found[0])
    if found := _CODE.match(pattern, at):
        return rf"\x{{{next(code for code in found.groups() if code)}}}", found.end()
    if found := _CLASS.match(pattern, at):
        return _ranges(found[0]), found.end()
    return pattern[at : at + 2], at + 2


def _class(text: str) -> Iterator[str]:
    at = 2 if text.startswith("[^") else 1
    yield text[:at]
    if text[at] == "]":
        yield r"\]"
        at += 1
    while at < len(text) - 1:
        if found := _POSIX.match(text, at):
            yield found[0]
            at = found.end()
        elif found := _SET.match(text, at):
            raise _refused(f"{found[0]} within [...]")
        elif text[at] == "\\":
            part, at = _escape(text, at)
            yield part
        else:
            yield text[at]
            at += 1
    yield "]"


def _end_of_class(pattern: str, at: int) -> int:
    at += 2 if pattern.startswith("[^", at) else 1
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        found = _POSIX.match(pattern, at)
        at = found.end() if found else at + (2 if pattern[at] == "\\" else 1)
    return at + 1


@cache
def _ranges(name: str) -> str:
    """Return the characters that Polars finds for a class such as `\\w`, as the ranges of a class in brackets."""
    import polars as pl

    code, letter = pl.col("code"), pl.col("letter")
    found = _letters().filter(letter.str.contains(f"^{name}$"))
    runs = found.group_by((code - pl.int_range(pl.len())).alias("run")).agg(
        code.min().alias("low"), code.max().alias("high")
    )
    return "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in runs.select("low", "high").sort("low").iter_rows())


@cache
def _letters() -> pl.DataFrame:
    import polars as pl

    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]  # noqa: PLR2004 - surrogates
    return pl.DataFrame({"code": codes, "letter": list(map(chr, codes))})


def _refused(part: str) -> UsageError:
    return UsageError(
        f"the pattern part {quoted(part)[1:-1]} cannot be run alike by every engine; write a class such as [0-9], "
        "or go on with view.lazy()"
    )
