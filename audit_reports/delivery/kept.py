"""How is a review read and signed from Python? `open_review("data/store", "weekly-2026-W10").sign(...)`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports import clock
from audit_reports.delivery.kept_files import RECORD
from audit_reports.delivery.sign import Decision, Signature, files_of, sign
from audit_reports.outputs.formats import plain
from audit_reports.store import Store

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class KeptReview:
    """A review as it was made, in its newest form, to be read and signed; opening and signing check its files.

    `page` is its HTML, empty where it was made in other formats alone.
    """

    store: Store = field(repr=False)
    where: str
    id: str
    record: Mapping[str, Any] = field(repr=False)
    page: str = field(repr=False)

    @property
    def findings(self) -> pl.DataFrame:
        """What needs a decision, worst first, then what earlier reviews left open: finding, severity, actor, sentence, review.

        `review` is null for this one's own, else the review that told it first.
        """
        import polars as pl

        schema = dict.fromkeys(("finding", "severity", "actor", "sentence", "review"), pl.String())
        carried = [one for one in self.record["carried"] if not one["is_found_again"]]
        rows = [{name: one.get(name) for name in schema} for one in (*self.record["findings"], *carried)]
        return pl.DataFrame(rows, schema=schema)

    def sign(self, decisions: Mapping[str, str] | None = None, note: str | None = None) -> Signature:
        """Record that whom the operating system runs this as has reviewed it; see `delivery.sign.sign`, which may refuse.

        `decisions` maps the id of each finding to `expected`, `fixed` or `follow-up:OWNER:DATE`.
        """
        chosen = [Decision.parse(f"{finding}={what}") for finding, what in (decisions or {}).items()]
        return sign(self.store, self.where, decisions=chosen, note=note, now=clock.now())

    def __str__(self) -> str:
        lines = [f"{row['finding']}: {plain(row['sentence'])}" for row in self.findings.iter_rows(named=True)]
        return "\n".join([f"{self.id}, as of landing {self.record['landing']}", *lines])


def open_review(store: str | Path | Store, review: str | Path) -> KeptReview:
    """Return a review that lies in a store, by its id, or one that was made by hand, by its folder.

    Raises `UsageError` where the store's journal does not know it, `FailureError` where a file of it is gone or was changed.
    """
    opened = store if isinstance(store, Store) else Store(store)
    _, made, files = files_of(opened, str(review))
    page = files.get("review.html", b"").decode()
    return KeptReview(opened, str(review), str(made.facts["review"]), json.loads(files[RECORD]), page)
