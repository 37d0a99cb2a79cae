"""What do all tests share? A fixed time zone, no settings of the developer's own, and the parts that may be absent."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ALLOWED_SKIPS = ("shared data absent",)
"""How the reason of a skip may begin under `--no-silent-skips`; any other skip fails there."""

os.environ["TZ"] = "UTC"
time.tzset()
for _name in [name for name in os.environ if name.startswith("AUDIT_REPORTS_")] + ["SOURCE_DATE_EPOCH"]:
    os.environ.pop(_name, None)


# ------------------------------------------------------------------------------------------- the rule on skips


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that CI runs with."""
    parser.addoption(
        "--no-silent-skips",
        action="store_true",
        help="fail every skip whose reason is not among: " + ", ".join(ALLOWED_SKIPS),
    )


def fail_silent_skip(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip without an allowed reason into a failure, where the run asks for that."""
    if not config.getoption("--no-silent-skips") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    reason = reason.removeprefix("Skipped: ").removeprefix("Skipped").strip()
    if not reason.startswith(ALLOWED_SKIPS):
        report.outcome = "failed"
        report.longrepr = f"skipped because {reason!r}; this run allows only {ALLOWED_SKIPS}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge the skips of tests."""
    report = yield
    fail_silent_skip(item.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge the skips of whole modules."""
    report = yield
    fail_silent_skip(collector.config, report)
    return report


# ---------------------------------------------------------------------------------------- parts that may be absent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real events that lies beside the checkout; skip where it does not."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("shared data absent: no ../shared/data beside the checkout")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Return the browser's program; skip where none is installed."""
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    pytest.skip("Chromium absent: none of " + ", ".join(CHROMIUM_NAMES))
