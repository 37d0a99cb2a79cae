"""Who may write to a place in S3, which has no locks? A lease: an object that its holder renews, and that lapses.

A writer puts an object that must not be there, renews it while it works, and takes over one that was not renewed for a
while. The lease only keeps writers from wasting work: a holder that was too slow to renew loses it and is not told, and
what keeps both right is that the table's log takes each version once.
"""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from audit_reports.errors import AuditReportsError

if TYPE_CHECKING:
    from audit_reports.places.s3 import S3

LOCK = "lock"


@dataclass(frozen=True)
class Terms:
    """How a lease is kept, in seconds: how often its holder renews it, when it has lapsed, and how often others look."""

    renew: float = 5.0
    lapse: float = 30.0
    look: float = 0.2


class Lease:
    """One writer's lease on a place. The object changes with each renewal, and only the version last seen is ever replaced."""

    def __init__(self, place: S3, terms: Terms) -> None:
        self.place = place
        self.terms = terms
        self.owner = uuid.uuid4().hex
        self.tag = ""
        self._done = threading.Event()
        self._renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> None:
        """Wait until the lease is free or has lapsed, and take it."""
        seen, since = "", monotonic()
        waiting = threading.Event()
        while not (tag := self.place.put_new(LOCK, self._text(0))):
            found = self.place.found(LOCK)
            there = found.tag if found else ""
            if there != seen:
                seen, since = there, monotonic()
            elif there and monotonic() - since >= self.terms.lapse:
                tag = self.place.put_over(LOCK, self._text(0), tag=there)
                if tag:
                    break
            waiting.wait(self.terms.look)
        self.tag = tag
        self._renewing.start()

    def _text(self, count: int) -> bytes:
        return json.dumps({"owner": self.owner, "renewed": count}).encode()

    def _renew(self) -> None:
        count = 0
        while not self._done.wait(self.terms.renew):
            count += 1
            try:
                tag = self.place.put_over(LOCK, self._text(count), tag=self.tag)
            except (AuditReportsError, OSError):
                continue  # S3 may be back before the lease has lapsed; the work itself finds out if it is not
            if not tag:
                return  # another writer took it over, and it is theirs now
            self.tag = tag

    def give_back(self) -> None:
        """Let the lease go; what cannot be given back lapses by itself, and the work that was done stays done."""
        self._done.set()
        self._renewing.join()
        try:
            if json.loads(self.place.read(LOCK)).get("owner") == self.owner:
                self.place.remove(LOCK)
        except (AuditReportsError, OSError, ValueError):
            return
