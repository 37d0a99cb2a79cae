"""Which tests run in one process? Those of a file, which share what is made for it; all that ask Spark, which starts once.

Marks of pytest-xdist's own `loadgroup` have no effect with pytest 9.2, and say nothing of it.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling


class ByFile(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
    """Hands out files in the order of their collection, and before them all tests that have Spark in their name."""

    def _split_scope(self, nodeid: str) -> str:
        return "Spark" if needs_spark(nodeid) else nodeid.partition("::")[0]


def needs_spark(nodeid: str) -> bool:
    """Say by a test's id whether it asks Spark."""
    return "spark" in nodeid.lower()
