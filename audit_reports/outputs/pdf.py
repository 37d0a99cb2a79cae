"""A review as PDF, by WeasyPrint: the page on paper, with pictures that need no script."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.errors import UsageError, quoted
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.formats import replacing

if TYPE_CHECKING:
    from audit_reports.reviews.review import Review

_LIBRARY_HINT = "the PDF needs WeasyPrint: pip install 'audit-reports[pdf]', or leave pdf out of --format"


def write_pdf(review: Review, folder: Path, appearance: Appearance = OURS) -> list[Path]:
    """Write `review.pdf`.

    Raises `UsageError` where WeasyPrint, or a library of the system that it needs, is not installed, and for a page
    that asks for anything but what it holds.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except ImportError:
        raise UsageError(_LIBRARY_HINT) from None
    except OSError as error:
        raise UsageError(f"{_LIBRARY_HINT} (its library is absent: {str(error).splitlines()[0][:120]})") from None

    from audit_reports.outputs.html import page

    path = folder / "review.pdf"
    refused: list[str] = []

    class Fetcher(URLFetcher):  # type: ignore[misc]  # the library ships no types
        """Fetches what the page itself holds, and notes what else was asked for: the library would only warn of it."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith("data:"):
                refused.append(url)
                raise ValueError(url)
            return super().fetch(url, headers)

    with replacing(path) as part, _collecting_nothing():
        # The same identifier every time: it would be random otherwise.
        document = HTML(string=page(review, appearance, on_paper=True), url_fetcher=Fetcher())
        document.write_pdf(str(part), pdf_identifier=review.id.encode(), pdf_tags=True)
        if refused:
            raise UsageError(f"a review fetches nothing, but its page asks for {quoted(refused[0])}")
    return [path]


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Let Python look for no cycles meanwhile: with each of the library's many boxes it went through the review's objects again.

    That was a fifth of the time that a large review's PDF takes; what is left in cycles is collected afterwards.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
