"""Are the files of a review still as they were made? The one door to them: each is held to its SHA-256 in the journal."""

from __future__ import annotations

import hashlib
from pathlib import Path

from audit_reports.delivery.history import folder_of, title_of
from audit_reports.errors import FailureError, quoted
from audit_reports.journal import Entry
from audit_reports.store import Store

RECORD, MESSAGE = "run.json", "message.eml"


class NotAsMadeError(FailureError):
    """A file of a review is absent, or was changed after the review was made."""


def kept_files(store: Store, made: Entry, *names: str, folder: Path | None = None) -> dict[str, bytes]:
    """Return files of one form of a review by name, all but its mail unless some are named, as they were made.

    `made` is the journal's entry of that form. They are read from the store, or from a folder where one is given. Raises
    `NotAsMadeError` where one of them is absent or was changed.
    """
    amendment = int(made.facts.get("amendment", 0))
    title, place = title_of(made.facts["review"], amendment), folder_of(made.facts["review"], amendment)
    hashes = {**made.facts["files"], MESSAGE: made.facts.get("message")}
    found = {}
    for name in names or made.facts["files"]:
        try:
            data = store.place.read(f"{place}/{name}") if folder is None else (folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotAsMadeError(f"{title} is not whole: {quoted(name)} is absent") from None
        if hashlib.sha256(data).hexdigest() != hashes[name]:
            raise NotAsMadeError(f"{title} was changed after it was made: {quoted(name)}")
        found[name] = data
    return found
