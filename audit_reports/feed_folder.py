"""Which feeds has the user added? Reads a folder of Python files with one constant `FEED` each, as those in `feeds/` are."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import Feed

# What goes wrong in a file that someone has just written.
_OWN_MISTAKES = (
    *(ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError),
    *(OSError, RuntimeError, SyntaxError, TypeError, ValueError),
)


def with_folder(feeds: Mapping[str, Feed], folder: Path) -> dict[str, Feed]:
    """Return feeds with those of a folder before them, in the order of file names; a file whose name begins with `_` is none.

    The files are run: they are the user's own code. Raises `UsageError` for a folder that is absent, a file that cannot be
    run or has no `FEED`, and a name that is taken.
    """
    if not folder.is_dir():
        raise UsageError(f"[feeds] folder: there is no folder {quoted(folder)}")
    own: dict[str, Feed] = {}
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith("_"):
            continue
        feed = _feed_in(path)
        if feed.name in feeds or feed.name in own:
            raise UsageError(f"{quoted(path)}: there is a feed {quoted(feed.name)} already; give it another name")
        own[feed.name] = feed
    return {**own, **feeds}


def _feed_in(path: Path) -> Feed:
    try:
        feed = runpy.run_path(str(path)).get("FEED")
    except _OWN_MISTAKES as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise UsageError(f"the feed {quoted(path)} cannot be read: {reason}") from error
    if not isinstance(feed, Feed):
        raise UsageError(f"the feed {quoted(path)} has no constant FEED of type Feed")
    return feed
