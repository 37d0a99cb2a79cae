"""A review as a mail's body: `mail.html` with its styles in place, as mail programs need it, and `mail.txt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.appearance import OURS, Appearance
from audit_reports.context import Document, names, shared
from audit_reports.formats import replacing
from audit_reports.rendering import rendered

if TYPE_CHECKING:
    from audit_reports.review import Review

ROWS = {"actors": 10, "categories": 10, "locations": 8, "always_shown": 12}

FINDINGS = 8
"""How many findings a mail tells; the rest is counted, and in the page."""


def write_mail(review: Review, folder: Path, appearance: Appearance = OURS) -> list[Path]:
    """Write `mail.html` and `mail.txt`; raises `FailureError` where they cannot be written."""
    written = []
    for name in ("mail.html", "mail.txt"):
        path = folder / name
        with replacing(path) as part:
            part.write_text(mail_body(review, name, appearance), encoding="utf-8")
        written.append(path)
    return written


def mail_body(review: Review, template: str, appearance: Appearance = OURS) -> str:
    """Return the body that a template, `mail.html` or `mail.txt`, gives."""
    given = names(mail_context(review, appearance))
    return rendered(template, given, timezone=review.period.timezone, appearance=appearance)


def mail_context(review: Review, appearance: Appearance = OURS) -> Document:
    """Return what the mail's templates may use."""
    return Document(**shared(review, rows=ROWS, findings=FINDINGS, appearance=appearance))
