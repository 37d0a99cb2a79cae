"""How does DuckDB read files in S3? Through s3fs, which asks S3 anew for each thing that DuckDB wants to know of a file."""

from __future__ import annotations

import re
from typing import Any

from s3fs import S3FileSystem

_MONTH = re.compile(r"(.+/events)/(day=\d{4}-\d\d)")
"""The table and the month of a file of events."""


class StoreFiles(S3FileSystem):  # type: ignore[misc]
    """s3fs that asks once what a Parquet file is: the store's never change under their name, and a log has many.

    DuckDB asks for one after the other before it reads any, so S3 is asked for all event files of a month at a time.
    """

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._known: dict[str, Any] = {}
        self._listed: set[str] = set()

    async def _info(self, path: str, *words: Any, **named: Any) -> Any:
        name = self._strip_protocol(path)
        month = _MONTH.match(name)
        if month and month[0] not in self._listed and name not in self._known:
            self._listed.add(month[0])
            self._known |= await self._find(month[1], prefix=month[2], detail=True)
        if name not in self._known:
            found = await super()._info(path, *words, **named)
            if not name.endswith(".parquet"):
                return found
            self._known[name] = found
        return self._known[name]

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget what was known of a path that was written."""
        super().invalidate_cache(path)
        self._known.clear()
        self._listed.clear()
