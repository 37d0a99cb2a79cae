"""What time is it? The one place that reads the clock."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from audit_reports.errors import UsageError


def now() -> datetime:
    """Return the current time in UTC, or that of `SOURCE_DATE_EPOCH` (seconds since 1970) where it is set.

    Raises `UsageError` where the variable holds no such number. See https://reproducible-builds.org/specs/source-date-epoch/
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH")
    if not fixed:
        return datetime.now(UTC)
    try:
        return datetime.fromtimestamp(int(fixed), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH must be whole seconds since 1970, not {fixed[:40]!r}") from None


def seconds() -> float:
    """Return seconds that only go forward, to measure how long something takes."""
    return time.monotonic()
