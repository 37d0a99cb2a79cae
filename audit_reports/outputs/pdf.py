"""A review as PDF, by WeasyPrint: the page on paper, with pictures that need no script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.errors import FailureError, UsageError
from audit_reports.formats import replacing

if TYPE_CHECKING:
    from audit_reports.review import Review

_LIBRARY_HINT = "the PDF needs WeasyPrint: pip install 'audit-reports[pdf]', or leave pdf out of --format"


def write_pdf(review: Review, folder: Path) -> list[Path]:
    """Write `review.pdf`.

    Raises `UsageError` where WeasyPrint, or a library of the system that it needs, is not installed.
    """
    try:
        from weasyprint import HTML
    except ImportError:
        raise UsageError(_LIBRARY_HINT) from None
    except OSError as error:
        raise UsageError(f"{_LIBRARY_HINT} (its library is absent: {str(error).splitlines()[0][:120]})") from None

    from audit_reports.outputs.html import page

    path = folder / "review.pdf"
    with replacing(path) as part:
        # The same identifier every time: it would be random otherwise.
        document = HTML(string=page(review, on_paper=True), url_fetcher=_nothing)
        document.write_pdf(str(part), pdf_identifier=review.id.encode(), pdf_tags=True)
    return [path]


def _nothing(url: str, *_: Any, **__: Any) -> Any:
    raise FailureError(f"a review fetches nothing, but its page asked for {url[:80]!r}")
