"""The page in a browser: it fetches nothing, complains of nothing, draws every picture, and runs no event's text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from audit_reports.demo import World
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.log import AuditLog
from audit_reports.outputs.html import write_html
from audit_reports.outputs.output import write_review
from audit_reports.period import Period
from audit_reports.reviews.review import make_review
from audit_reports.sample import HOSTILE_TEXTS
from audit_reports.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
CHARTS = ["time", "clock", "actors", "categories", "changes", "world"]
NOW = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    api = pytest.importorskip(
        "playwright.sync_api", reason="playwright absent: pip install playwright", exc_type=ImportError
    )
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(chromium), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def sample_page(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    timezone = "Europe/Madrid"
    period = Period.parse(world.sample.worst_week, timezone=timezone, now=NOW)
    (path,) = write_html(make_review(AuditLog(world.store, timezone=timezone), period), tmp_path_factory.mktemp("page"))
    return path


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A week in which every text of every event is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    texts = [*HOSTILE_TEXTS, "<img src=x onerror=window.ran=1>", "</script><script>window.ran=1</script>", "{{ 7*7 }}", "@ink",
             "<a href='javascript:window.ran=1'>x</a>", "%{x}", "$x^2$", "x" * 400]  # fmt: skip
    events = [
        {"id": f"{week}-{n}", "occurred_at": (datetime(2026, 3, 3, tzinfo=UTC) - timedelta(weeks=week, minutes=-n)).isoformat(),
         "category": text if n % 2 else "API Keys", "action": text if n % 2 else "Created", "actor": {"name": text, "role": text},
         "resource": {"name": text, "type": text}, "changes": {text: [text, text]}, "source": text, "workspace": text,
         "location": {"country": "ES" if n % 2 else text, "city": text}}
        for week in (0, 1) for n, text in enumerate(texts) for _ in range(1 + week)
    ]  # fmt: skip
    raw = folder / "hostile.jsonl"
    raw.write_text("\n".join(map(json.dumps, events)))
    store = Store.create(folder / "store")
    land(store, [str(raw)], FEEDS, now=NOW)
    (path,) = write_html(make_review(AuditLog(store.uri), Period.parse("2026-W10", timezone="UTC", now=NOW)), folder)
    return path


def opened(browser: Browser, path: Path, **context: Any) -> tuple[Page, list[str]]:
    """Open a page and return it with everything that went wrong or left it."""
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(8_000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
    page.on("dialog", lambda dialog: wrong.append("a dialog opened"))
    page.goto(path.as_uri())
    page.wait_for_selector("[data-chart=world].js-plotly-plot .js-fill", state="attached")
    return page, wrong


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (360, "dark"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in ((1440, "light"), (1440, "dark"), (360, "light"))),
    ],
)
def test_the_page_draws_every_picture_and_fetches_nothing(
    browser: Browser, sample_page: Path, scheme: str, width: int
) -> None:
    page, wrong = opened(browser, sample_page, color_scheme=scheme, viewport={"width": width, "height": 800})
    assert page.eval_on_selector_all("[data-chart]", "all => all.map(one => one.dataset.chart)") == CHARTS
    for name in CHARTS:
        marks = page.locator(f"[data-chart={name}] .main-svg :is(.point path, .points path, .js-fill, image)").count()
        assert marks > 0, name
    assert page.locator("[data-chart=world] .js-fill").count() >= 3
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(
        "[...document.querySelectorAll('.still')].every(one => getComputedStyle(one).display === 'none')"
    )
    assert wrong == []


def test_pictures_turn_dark_with_the_page(browser: Browser, sample_page: Path) -> None:
    page, wrong = opened(browser, sample_page, color_scheme="light")
    fill = "document.querySelector('[data-chart=time] .point path').style.fill"
    light = page.evaluate(fill)
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(400)  # the page's policy forbids the evaluated condition that a wait would need
    assert page.evaluate(fill) != light
    assert wrong == []


def test_paper_has_the_still_pictures(browser: Browser, sample_page: Path) -> None:
    page, _ = opened(browser, sample_page)
    page.emulate_media(media="print")
    shown = "all => all.map(one => getComputedStyle(one).display !== 'none')"
    assert page.eval_on_selector_all(".still", shown) == [True] * len(CHARTS)
    assert page.eval_on_selector_all(".plot", shown) == [False] * len(CHARTS)


def test_without_scripts_the_still_pictures_stay(browser: Browser, sample_page: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(sample_page.as_uri())
    assert page.locator(".still svg").first.is_visible()


def test_hostile_texts_are_shown_and_never_run(browser: Browser, hostile_page: Path) -> None:
    page, wrong = opened(browser, hostile_page, viewport={"width": 360, "height": 800})
    assert wrong == []
    assert page.evaluate("window.ran") is None
    assert page.locator("a, img, iframe, object, form").count() == 0
    assert page.locator(".main-svg a").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    text = page.locator("body").inner_text()
    for shown in ("<script>alert(1)</script>", "<img src=x onerror=window.ran=1>", "{{ 7*7 }}", "%{x}", r"\u202e"):
        assert shown in text
    assert not {"\x1b", "\u202e"} & set(hostile_page.read_text(encoding="utf-8"))
    labels = page.locator("[data-chart=actors] .ytick text").all_text_contents()
    assert any(label.startswith("<") for label in labels)
    page.locator("[data-chart=actors] .nsewdrag").hover(position={"x": 5, "y": 34})
    page.wait_for_selector("[data-chart=actors] .hovertext", state="attached")
    assert page.evaluate("window.ran") is None
    assert wrong == []


@pytest.mark.slow
def test_names_without_end_widen_nothing_and_hide_nothing(browser: Browser, tmp_path: Path) -> None:
    name = "a" * 10_000
    who = {"actor": {"name": name, "role": name}, "workspace": name, "location": {"country": "ES", "city": name}}
    events = [
        {"id": str(n), "occurred_at": f"2026-03-04T10:{n:02}:00Z", "category": "Assistants", "action": "Deleted",
         "resource": {"name": name}, **who}
        for n in range(25)
    ] + [{"id": "k", "occurred_at": "2026-03-04T11:00:00Z", "category": "API Keys", "action": "Created", **who}]  # fmt: skip
    raw = tmp_path / "long.jsonl"
    raw.write_text("\n".join(map(json.dumps, events)))
    land(Store.create(tmp_path / "store"), [str(raw)], FEEDS, now=NOW)
    review = make_review(AuditLog(tmp_path / "store"), Period.parse("2026-W10", timezone="UTC", now=NOW))
    write_review(review, tmp_path / "out", ["html", "mail"], arguments={})
    told = ["gravely, first: aaa", "aaa deleted 25 things within 24 minutes. No feed has a gap", "is accounted for."]
    for file, width in (("review.html", 360), ("mail.html", 320)):
        page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
        page.goto((tmp_path / "out" / file).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width, file
        text = " ".join(page.locator("body").inner_text().split())
        assert all(one in text for one in told), text[:600]
