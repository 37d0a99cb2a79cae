"""Which places can hold a store? One entry a scheme; what has none is a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from audit_reports.errors import UsageError, quoted
from audit_reports.place import Place
from audit_reports.places.disk import Disk
from audit_reports.places.s3 import S3

PLACES: Mapping[str, Callable[[str], Place]] = {"s3": S3}


def place_of(uri: str | Path | Place) -> Place:
    """Return the place that a URI names; a path is a folder. Raises `UsageError` for a scheme that is not known.

    >>> place_of("data/store").uri
    'data/store'
    """
    if not isinstance(uri, str | Path):
        return uri
    scheme, separator, _ = str(uri).partition("://")
    if not separator:
        return Disk(uri)
    if scheme not in PLACES:
        raise UsageError(
            f"{quoted(uri)}: a store is a folder or in S3 (s3://BUCKET/PREFIX); {quoted(scheme)} is not known"
        )
    return PLACES[scheme](str(uri))
