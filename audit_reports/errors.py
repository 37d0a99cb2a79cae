"""How does the toolkit fail? One small family of errors, each a line that a person can act on.

A `UsageError` is the user's mistake (exit code 2); a `FailureError` is the tool's own or that of something that it
depends on (exit code 1). Event contents never enter a message except through `quoted`, which shows them inert.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from audit_reports.meant import folded, other_word, same_part


class AuditReportsError(Exception):
    """The root of every error that this package raises on purpose."""

    exit_code = 1


class UsageError(AuditReportsError, ValueError):
    """Something that the caller asked for cannot be had; the message says what is known and what to do."""

    exit_code = 2

    @classmethod
    def unknown(
        cls, kind: str, word: str, known: Iterable[str], hint: str = "", *, meant: str | None = None
    ) -> UsageError:
        """Return the error for a word that is not among those known, naming the nearest, or what the caller says was meant.

        With few known words all are listed; with none the message says so.

        >>> print(UsageError.unknown("category", "Member", ["Members", "API Keys"]))
        unknown category 'Member': did you mean 'Members'? Known: API Keys, Members
        """
        words = sorted(set(known))
        guess = meant or other_word(word, words)
        guess = guess or next(iter(nearest(word, words)), None) or same_part(word, words)
        guess = guess or other_word(word, words, misspelt=True)
        parts = [f"unknown {kind} {quoted(word)}: "]
        if guess:
            parts.append(f"did you mean {quoted(guess)}? ")
        if not words:
            parts.append("none is known here")
        elif len(words) <= 60:  # noqa: PLR2004 - a list that still fits a few terminal lines
            parts.append("Known: " + ", ".join(quoted(w)[1:-1] for w in words))
        else:
            parts.append(f"{len(words)} are known")
        if hint:
            parts.append(f"; {hint}")
        return cls("".join(parts).strip())


class FailureError(AuditReportsError, RuntimeError):
    """The tool, or something that it depends on, failed; what was asked for may be right."""


def nearest(word: str, known: Iterable[str], *, most: int = 1, alike: float = 0.6) -> list[str]:
    """Return the known words most like `word`, best first; empty where none is near, of whose letters so many are `alike`.

    Case is ignored, and a known word that contains the given one counts as near.

    >>> nearest("assistents", ["Assistants", "Members"])
    ['Assistants']
    >>> nearest("zzz", ["Assistants"])
    []
    """
    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(folded(candidate), candidate)
    asked = folded(word)
    found = difflib.get_close_matches(asked, list(by_folded), n=most, cutoff=alike)
    if not found and len(asked) > 1:
        found = sorted((key for key in by_folded if asked in key), key=len)[:most]
    return [by_folded[key] for key in found]


def reason(error: BaseException) -> str:
    """Return what a library's error says in one line: its first, and its last where that tells more.

    Libraries paint their messages, and hand on the traceback of code that they called.

    >>> reason(OSError("Kernel error -> error\\n  \\x1b[31m↳\\x1b[0m refused"))
    'Kernel error -> error: refused'
    """
    bare = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip(" ↳\t") for line in bare.splitlines() if line.strip()] or [type(error).__name__]
    if lines[0].startswith("Traceback") or len(lines) == 1:
        return lines[-1]
    return f"{lines[0]}: {lines[-1]}" if "↳" in bare else lines[0]


def quoted(text: object, *, most: int = 120) -> str:
    """Return foreign text in quotes, on one line, with everything that a terminal could act on escaped.

    >>> quoted("a\\x1b[31m")
    "'a\\\\x1b[31m'"
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))
    return "'" + (shown if len(shown) <= most else shown[: most - 1] + "…") + "'"
