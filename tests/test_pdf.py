"""A review on paper: each page says which of how many it is, headings are bookmarks, and a table's head stands on each page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from audit_reports.outputs.html import page
from audit_reports.outputs.output import write_review
from audit_reports.reviews.review import Review

ROW = r"^\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d+ Mar \d\d:\d\d:\d\d\s"
"""How a row of the table of events that are always shown begins."""


@pytest.fixture(scope="module")
def pdf(review: Review, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("weasyprint", reason="WeasyPrint absent: the extra pdf is not installed", exc_type=ImportError)
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext absent: poppler-utils is not installed")
    folder = tmp_path_factory.mktemp("pdf")
    write_review(review, folder, ["pdf"], arguments={})
    return folder / "review.pdf"


@pytest.fixture(scope="module")
def pages(pdf: Path) -> list[str]:
    """Return the text of each page."""
    return said("pdftotext", "-layout", pdf, "-").split("\f")[:-1]


@pytest.fixture(scope="module")
def bookmarks(pdf: Path) -> list[tuple[str, int]]:
    """Return the title of each bookmark with the number of its page."""
    tree = ElementTree.fromstring(said("pdftohtml", "-xml", "-i", "-stdout", pdf))  # noqa: S314 - of our own file
    return [("".join(item.itertext()), int(item.attrib["page"])) for item in tree.iter("item")]


def said(*words: str | Path) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_each_page_says_which_of_how_many_it_is(pdf: Path, pages: list[str]) -> None:
    count = re.search(r"^Pages:\s+(\d+)$", said("pdfinfo", pdf), re.M)
    assert count is not None
    assert len(pages) == int(count[1]) > 5
    for number, text in enumerate(pages, 1):
        assert re.findall(r"Page \d+ of \d+", text) == [f"Page {number} of {len(pages)}"]


def test_headings_are_bookmarks_in_their_order_and_on_their_page(
    review: Review, pages: list[str], bookmarks: list[tuple[str, int]]
) -> None:
    headings = re.findall(r"<h[123][^>]*>([^<]*)", page(review, on_paper=True))
    assert [title for title, _ in bookmarks] == [one.strip() for one in headings]
    assert {"What needs attention", "By actor", "Always shown"} <= {title for title, _ in bookmarks}
    for title, number in bookmarks:
        assert " ".join(title.split()[:2]) in " ".join(pages[number - 1].split()), title


def test_the_findings_begin_on_the_first_page(review: Review, pages: list[str]) -> None:
    first = review.findings[0]
    assert first.sentence in " ".join(pages[0].split())
    assert first.reason[:60] in " ".join(pages[0].split())


def test_the_head_of_a_table_stands_on_each_of_its_pages(pages: list[str], bookmarks: list[tuple[str, int]]) -> None:
    first, after = (dict(bookmarks)[title] for title in ("Always shown", "Who read the audit data"))
    texts = [text.partition("Who read the audit data")[0] for text in pages[first - 1 : after]]
    with_rows = [text for text in texts if re.search(ROW, text, re.M)]
    assert len(with_rows) >= 2, "a table of several pages"
    for text in with_rows:
        assert len(re.findall(r"^\s*Time\s+Event\s+Actor\s+Resource\s+Location\s+Source$", text, re.M)) == 1


def test_no_row_is_lost_between_two_pages(review: Review, pages: list[str], bookmarks: list[tuple[str, int]]) -> None:
    first, after = (dict(bookmarks)[title] for title in ("Always shown", "Who read the audit data"))
    text = "\n".join(pages[first - 1 : after]).partition("Always shown\n")[2].partition("Who read the audit data")[0]
    assert len(re.findall(ROW, text, re.M)) == review.always_shown.height
