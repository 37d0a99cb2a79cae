"""Makes the README's two pictures, of the sample's review and of the first notebook, by Chromium.

    make test                                    # once: sets up what this needs
    .venv/bin/pip install nbconvert
    .venv/bin/python data/make_pictures.py       # writes data/pictures/review.png and data/pictures/notebook.png

The same sample gives the same content; only what says "7 months ago" ages. Nothing is fetched while the pages are drawn.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from playwright.sync_api import Page, sync_playwright

from audit_reports.cli import main as audit_reports

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "data" / "pictures"
WIDE = {"width": 1280, "height": 1100}
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Make the sample, its review and the executed notebook in a folder of their own, and draw both."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        audit_reports(["demo", "--out", str(folder)])
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, _CHROMIUM))), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport=WIDE)
        page.route("http*://**", lambda route: route.abort())
        page.goto(next(folder.glob("*/review.html")).as_uri())
        page.wait_for_timeout(2000)
        draw(page, "review.png")
        page.goto(notebook_page(folder).as_uri())
        page.wait_for_timeout(2000)
        page.set_viewport_size(WIDE | {"height": 1300})
        page.evaluate("text => [...document.querySelectorAll('p')].find(p => p.textContent.includes(text)).scrollIntoView()",
                      "Marta Vidal acts first")  # fmt: skip
        draw(page, "notebook.png")
        browser.close()


def notebook_page(folder: Path) -> Path:
    """Execute the first notebook on the sample in a folder and return it as a page."""
    os.environ["AUDIT_REPORTS_DEMO"] = str(folder)
    os.environ["PLOTLY_RENDERER"] = "notebook"  # plotly.js inside the page
    notebook = nbformat.read(ROOT / "notebooks" / "01_first_look.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    html, _ = HTMLExporter().from_notebook_node(notebook)
    path = folder / "notebook.html"
    path.write_text(html, encoding="utf-8")
    return path


def draw(page: Page, name: str) -> None:
    """Write what the window shows."""
    path = PICTURES / name
    page.screenshot(path=path)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
