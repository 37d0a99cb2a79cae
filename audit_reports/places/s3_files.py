"""How does DuckDB read files in S3? Through s3fs, which asks S3 anew for each thing that DuckDB wants to know of a file."""

from __future__ import annotations

from typing import Any

from s3fs import S3FileSystem


class StoreFiles(S3FileSystem):  # type: ignore[misc]
    """s3fs that asks once what a Parquet file is: the store's never change under their name, and a log has many."""

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._known: dict[str, Any] = {}

    async def _info(self, path: str, *words: Any, **named: Any) -> Any:
        if path not in self._known:
            found = await super()._info(path, *words, **named)
            if not path.endswith(".parquet"):
                return found
            self._known[path] = found
        return self._known[path]

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget what was known of a path that was written."""
        super().invalidate_cache(path)
        self._known.clear()
