"""A review as a mail's body: `mail.html` with its styles in place, as mail programs need it, and `mail.txt`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from audit_reports.errors import FailureError
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.context import Document, LeftOut, names, shared
from audit_reports.outputs.formats import replacing
from audit_reports.outputs.rendering import rendered

if TYPE_CHECKING:
    from audit_reports.reviews.review import Review

ROWS = {"people": 10, "machines": 5, "categories": 10, "locations": 8, "always_shown": 12}

FINDINGS = 8
"""How many findings a mail tells; the rest is counted, and in the page."""

MOST_HTML_BYTES = 100_000
"""Gmail cuts a body off at 102 KB."""

LONGEST = 400
"""How much of a text a mail shows; an actor's name may be of any length."""

_SHARES = (1, 2, 4, 12)

WIDTH = 76
"""How many letters a line of the plain text has at most, where there is a space to break it at."""

AS_IT_IS = "    "
"""What a line of the plain text begins with that is not to be broken: a command."""


def write_mail(review: Review, folder: Path, appearance: Appearance = OURS) -> list[Path]:
    """Write `mail.html` and `mail.txt`; raises `FailureError` where they cannot be written."""
    written = []
    for name in ("mail.html", "mail.txt"):
        path = folder / name
        with replacing(path) as part:
            part.write_text(mail_body(review, name, appearance), encoding="utf-8")
        written.append(path)
    return written


def mail_body(review: Review, template: str, appearance: Appearance = OURS, *, left_out: Sequence[LeftOut] = ()) -> str:
    """Return the body that a template, `mail.html` or `mail.txt`, gives; `left_out` are the files that it says are not attached.

    Where it would be larger than mail programs show, it tells fewer rows and findings, and counts the rest. Raises
    `FailureError` where it is too large with the fewest.
    """
    for share in _SHARES:
        given = mail_context(review, appearance, left_out=left_out, share=share)
        body = rendered(template, names(given), timezone=review.period.timezone, appearance=appearance, longest=LONGEST)
        if template.endswith(".txt"):
            body = wrapped(body)
        if len(body.encode()) < MOST_HTML_BYTES:
            return body
    raise FailureError(
        f"{template} would have {len(body.encode()):,} bytes with the fewest rows, and mail programs show {MOST_HTML_BYTES:,}"
    )


def wrapped(text: str) -> str:
    """Return a text with its long lines broken at spaces; no word is broken, and no line that begins with four spaces.

    >>> wrapped("- " + "word " * 20).splitlines()[1]
    '  word word word word word'
    """
    return "\n".join(
        line if len(line) <= WIDTH or line.startswith(AS_IT_IS) else _broken(line) for line in text.split("\n")
    )


def _broken(line: str) -> str:
    indent = "  " if line.startswith(("- ", "  ")) else ""
    return fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def mail_context(
    review: Review, appearance: Appearance = OURS, *, left_out: Sequence[LeftOut] = (), share: int = 1
) -> Document:
    """Return what the mail's templates may use, with one in `share` of the usual rows and findings, one at least."""
    rows = {name: max(1, (appearance.rows or most) // share) for name, most in ROWS.items()}
    made = Document(**shared(review, rows=rows, findings=max(1, FINDINGS // share), appearance=appearance))
    return replace(made, left_out=tuple(left_out))
