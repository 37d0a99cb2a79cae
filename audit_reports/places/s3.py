"""`s3`, a prefix in a bucket of S3 or of anything that speaks as S3 does.

The address, region and keys come from the environment, as for every AWS program: `AWS_ENDPOINT_URL`, `AWS_REGION`,
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, else from the machine's role. An object is durable when S3
has answered. S3 has no locks: a writer puts an object named `lock` that must not be there, renews it while it works, and
takes over one that was not renewed for a while. The lock only keeps writers from wasting work; what keeps them
right is that the table's log takes each version once.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from audit_reports.errors import FailureError, UsageError, quoted
from audit_reports.place import Kept

if TYPE_CHECKING:
    import duckdb

_LOCK = "lock"
_RENEW_SECONDS = 5.0
_STALE_SECONDS = 30.0


class S3:
    """A prefix in a bucket."""

    def __init__(self, uri: str) -> None:
        try:
            import s3fs
        except ImportError:
            raise UsageError(f"{quoted(uri)}: S3 needs an extra: pip install 'audit-reports[s3]'") from None
        self.uri = uri.rstrip("/")
        self.prefix = self.uri.removeprefix("s3://")
        if not self.prefix.partition("/")[0]:
            raise UsageError(f"{quoted(uri)} names no bucket: write s3://BUCKET/PREFIX")
        self.files: Any = s3fs.S3FileSystem(
            use_listings_cache=False,
            endpoint_url=os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
        )

    @property
    def delta_options(self) -> Mapping[str, str]:
        plain = self.files.endpoint_url or ""
        return {"AWS_ALLOW_HTTP": "true"} if plain.startswith("http://") else {}

    def is_there(self) -> bool:
        return bool(self.files.find(self.prefix, maxdepth=None))

    def make(self) -> None:
        bucket = self.prefix.partition("/")[0]
        if not self.files.exists(bucket):
            raise UsageError(f"there is no bucket {quoted(bucket)}, or these keys cannot see it")

    def discard(self) -> None:
        self.files.rm(self.prefix, recursive=True)

    def read(self, path: str) -> bytes:
        return cast(bytes, self.files.cat_file(f"{self.prefix}/{path}"))

    def open(self, path: str) -> IO[bytes]:
        return cast(IO[bytes], io.BufferedReader(self.files.open(f"{self.prefix}/{path}", "rb")))

    def publish(self, path: str, data: bytes) -> bool:
        try:
            self.files.pipe_file(f"{self.prefix}/{path}", data, mode="create")
        except FileExistsError:
            return False
        return True

    def replace(self, path: str, data: bytes) -> None:
        self.files.pipe_file(f"{self.prefix}/{path}", data)

    def keep(self, local: Path, path: str) -> None:
        self.files.put_file(str(local), f"{self.prefix}/{path}")

    def remove(self, path: str) -> None:
        self.files.call_s3("delete_object", Bucket=self.prefix.partition("/")[0], Key=self._key(path))

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}".partition("/")[2]

    def names(self, folder: str) -> list[str]:
        try:
            found = self.files.ls(f"{self.prefix}/{folder}".rstrip("/"), detail=False)
        except FileNotFoundError:
            return []
        return sorted(name.rstrip("/").rpartition("/")[2] for name in found)

    def walk(self, folder: str) -> Iterator[Kept]:
        found = self.files.find(f"{self.prefix}/{folder}".rstrip("/"), detail=True)
        for name, facts in sorted(found.items()):
            modified = cast(datetime, facts["LastModified"]).timestamp()
            yield Kept(name.removeprefix(f"{self.prefix}/"), int(facts["size"]), modified)

    def unfinished(self) -> Iterator[Kept]:
        return iter(())

    def location(self, path: str) -> str:
        return f"{self.uri}/{path}"

    def settle(self, folder: str) -> None:
        """S3 has answered, so it is settled."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        lock = _Lease(self)
        lock.take()
        try:
            yield
        finally:
            lock.give_back()

    @contextmanager
    def staging(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(prefix="audit-reports-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def others_can_read(self) -> bool:
        return False

    def serve(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.register_filesystem(self.files)


class _Lease:
    """A lock that its holder renews, and that others may take once it was not renewed for half a minute."""

    def __init__(self, place: S3) -> None:
        self.place = place
        self.owner = uuid.uuid4().hex
        self.done = threading.Event()
        self.renewing = threading.Thread(target=self._renew, daemon=True)

    def take(self) -> None:
        seen, since = b"", 0.0
        waited = threading.Event()
        while not self.place.publish(_LOCK, self._text(0)):
            try:
                there = self.place.read(_LOCK)
            except FileNotFoundError:
                continue
            seen, since = (there, since + 0.2) if there == seen else (there, 0.0)
            if since >= _STALE_SECONDS:
                self.place.remove(_LOCK)
            waited.wait(0.2)
        self.renewing.start()

    def _text(self, count: int) -> bytes:
        return json.dumps({"owner": self.owner, "renewed": count}).encode()

    def _renew(self) -> None:
        count = 0
        while not self.done.wait(_RENEW_SECONDS):
            count += 1
            self.place.replace(_LOCK, self._text(count))

    def give_back(self) -> None:
        self.done.set()
        self.renewing.join()
        try:
            mine = json.loads(self.place.read(_LOCK)).get("owner") == self.owner
        except (FileNotFoundError, ValueError):
            raise FailureError(f"the lock of {quoted(self.place.uri)} was taken away") from None
        if mine:
            self.place.remove(_LOCK)
