"""How far is long work? What it tells whoever watches; how a terminal draws it, says `progress`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far a piece of work is: which, and bytes of all that it goes through; `events` about how many, where it counts them."""

    bytes: int
    total: int
    events: int | None = None
    work: str = "landing"


Watcher = Callable[[Progress], None]
"""Is told again and again how far work is, by one thread at a time: the one that asked for the work, or one beside it."""


def unwatched(progress: Progress) -> None:
    """Nobody watches."""
