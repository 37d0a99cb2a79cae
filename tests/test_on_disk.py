"""Is it on the disk when it is reported done? A power cut then takes nothing: every file and every name was forced there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from changed_store import ANA, NOW, event, put

from audit_reports.maintenance.compaction import compact
from audit_reports.maintenance.erasure import erase
from audit_reports.maintenance.retention import retain
from audit_reports.store import Store

_OF_NO_MEANING = ("lock", "staging", "reads")
"""What a store can lose: a lock, half a landing, and by design the newest lines of who read it."""


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], set[str]]:
    """Return what says which files and names below a folder, its own too, a power cut could take now."""
    synced: dict[int, int | frozenset[str]] = {}
    real = os.fsync

    def noted(descriptor: int) -> None:
        real(descriptor)
        found = os.fstat(descriptor)
        is_folder = stat.S_ISDIR(found.st_mode)
        synced[found.st_ino] = frozenset(os.listdir(descriptor)) if is_folder else found.st_size

    def unsynced(folder: Path) -> set[str]:
        gone = set()
        for path in (folder, *folder.rglob("*")):
            names = synced.get(path.parent.stat().st_ino)
            is_named = isinstance(names, frozenset) and path.name in names
            is_whole = path.is_dir() or synced.get(path.stat().st_ino) == path.stat().st_size
            name = str(path.relative_to(folder))
            if not (is_named and is_whole) and not name.startswith(_OF_NO_MEANING):
                gone.add(name)
        return gone

    monkeypatch.setattr(os, "fsync", noted)
    return unsynced


def test_what_is_reported_done_is_on_the_disk(store: Path, tmp_path: Path, lost: Callable[[Path], set[str]]) -> None:
    there = tmp_path / "new" / "store"
    for number in range(3):
        put(
            there, tmp_path / "in", event(f"a{number}", "2026-01-02", actor=ANA), event(f"b{number}", "2026-03-02"), "x"
        )
        assert lost(there) == set(), f"of landing {number + 1}"
    assert "." not in lost(there.parent), "nor the folder in which it was made"
    compact(Store(there), now=NOW)
    assert lost(there) == set()
    erase(Store(there), actor=ANA, reason="asked for", now=NOW)
    assert lost(there) == set()
    retain(Store(there), older_than=timedelta(days=60), now=NOW)
    assert lost(there) == set()
