"""`s3`, a prefix in a bucket of S3 or of anything that speaks as S3 does.

The address, region and keys come from the environment, as for every AWS program: `AWS_ENDPOINT_URL`, `AWS_REGION`,
`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, else from a profile or the machine's role. An object is
durable when S3 has answered, and S3 checks what it receives against a checksum.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from audit_reports.errors import AuditReportsError, FailureError, UsageError, quoted
from audit_reports.place import Kept
from audit_reports.places.lease import Lease, Terms

if TYPE_CHECKING:
    import duckdb

# A server that is gone is told within seconds; delta-rs alone would try for three minutes.
_CONNECT_SECONDS, _READ_SECONDS, _TRIES = 3, 30, 3
_BLOCK = 1 << 20  # what a read of a column fetches beyond it
_PART = 1 << 24  # of a file that is uploaded in parts, several at a time
_PATTERNS = "*?[]#%\\"
_TAKEN = ("PreconditionFailed", "412")
_UNDECIDED = ("ConditionalRequestConflict", "409")  # two writes at once: S3 asks both to try again


class S3:
    """A prefix in a bucket."""

    page = 1000
    """How many names S3 gives at a time, at most."""

    at_once = 16
    grows = False

    def __init__(self, uri: str, terms: Terms | None = None) -> None:
        """Name a place; nothing is asked of S3 yet. Raises `UsageError` for a name that no store can have."""
        try:
            from audit_reports.places.s3_files import StoreFiles
        except ImportError:
            raise UsageError(f"{quoted(uri)}: S3 needs an extra: pip install 'audit-reports[s3]'") from None
        self.uri = "s3://" + uri.removeprefix("s3://").rstrip("/")
        self.bucket, _, prefix = self.uri.removeprefix("s3://").partition("/")
        self.prefix = prefix + "/" if prefix else ""
        if not self.bucket:
            raise UsageError(f"{quoted(uri)} names no bucket: write s3://BUCKET/PREFIX")
        if wrong := [c for c in self.uri if c in _PATTERNS or not c.isprintable()]:
            raise UsageError(f"{quoted(uri)}: a store's prefix in S3 cannot have {quoted(wrong[0])} in it")
        if "//" in self.prefix or {".", ".."} & set(self.prefix.split("/")):
            raise UsageError(
                f"{quoted(uri)}: a store's prefix in S3 has names between single slashes, none of dots alone"
            )
        self.terms = terms or Terms()
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None
        self.region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None
        tries = os.environ.get("AWS_MAX_ATTEMPTS", "")
        self.tries = int(tries) if tries.isdecimal() and int(tries) else _TRIES
        self.files: Any = StoreFiles(
            skip_instance_cache=True,  # the environment may have changed since the last one
            use_listings_cache=False,
            default_block_size=_BLOCK,
            endpoint_url=self.endpoint,
            client_kwargs={"region_name": self.region},
            config_kwargs={
                "connect_timeout": _CONNECT_SECONDS,
                "read_timeout": _READ_SECONDS,
                "retries": {"mode": "standard", "max_attempts": self.tries},
            },
        )

    @property
    def delta_options(self) -> Mapping[str, str]:
        told = {
            "max_retries": str(self.tries),
            "retry_timeout": f"{_READ_SECONDS}s",
            "connect_timeout": f"{_CONNECT_SECONDS}s",
            "conditional_put": "etag",  # a version of the log that is there is never written again
        }
        if self.endpoint:
            told["AWS_ENDPOINT_URL"] = self.endpoint
            told["AWS_ALLOW_HTTP"] = str(self.endpoint.startswith("http://")).lower()
        if self.region:
            told["AWS_REGION"] = self.region
        return told

    def is_there(self) -> bool:
        return any(True for _ in self._pages("", most=1))

    def make(self) -> None:
        """Make sure that the bucket is there, and that it refuses to write over what must be new; else two writers could.

        Raises `UsageError` where it does not.
        """
        probe = f"events/probe-{uuid.uuid4().hex}"  # where what a crash leaves is in nobody's way
        first, second = self.put_new(probe, b"1"), self.put_new(probe, b"2")
        self.remove(probe)
        if not first or second:
            raise UsageError(
                f"{quoted(self.uri)}: this S3 server does not honour conditional writes (If-None-Match), without which "
                "two landings could overwrite each other; take a newer server"
            )

    def discard(self) -> None:
        for kept in list(self.walk("")):
            self.remove(kept.path)

    def read(self, path: str) -> bytes:
        with self._asking():
            return cast(bytes, self.files.cat_file(self._name(path), max_concurrency=1))  # else its size is asked first

    def open(self, path: str) -> IO[bytes]:
        with self._asking():
            return cast(IO[bytes], io.BufferedReader(self.files.open(self._name(path), "rb")))

    def fetch(self, kept: Kept, local: Path) -> None:
        with self._asking():
            self.files.get_file(self._name(kept.path), str(local))
        if local.stat().st_size != kept.bytes or (kept.tag and kept.tag != self._tag(kept.path)):
            raise FailureError(f"{quoted(self.location(kept.path))} changed while it was read; run the command again")

    def publish(self, path: str, data: bytes) -> bool:
        # The answer to a write can be lost on its way; then it is done again, and finds what it wrote itself.
        return bool(self.put_new(path, data)) or self.read(path) == data

    def replace(self, path: str, data: bytes) -> None:
        self._call("put_object", path, Body=data)

    def append(self, path: str, line: Callable[[list[bytes]], bytes]) -> None:
        raise NotImplementedError("no object grows")

    def amend(self, path: str, change: Callable[[bytes], bytes]) -> None:
        there = self.read(path)
        if (changed := change(there)) != there:
            self.replace(path, changed)

    def keep(self, local: Path, path: str) -> None:
        size = local.stat().st_size
        with self._asking():
            self.files.put_file(str(local), self._name(path), chunksize=_PART)
        there = self.found(path)
        if there is None or there.bytes != size:
            raise FailureError(f"{quoted(self.location(path))} is not whole after {size} bytes were written")

    def remove(self, path: str) -> None:
        self._call("delete_object", path)

    def names(self, folder: str, *, after: str = "") -> list[str]:
        within = self._key(folder).rstrip("/") + "/" if self._key(folder) else ""
        pages = self._pages(folder, delimiter="/", after=within + after if after else "")
        found = {name[len(within) :].partition("/")[0] for name, _ in pages}
        return sorted(name for name in found if name > after)

    def walk(self, folder: str) -> Iterator[Kept]:
        for name, facts in self._pages(folder):
            if not name.endswith("/"):  # a browser's idea of a folder
                modified = facts["LastModified"].timestamp()
                yield Kept(name[len(self.prefix) :], int(facts["Size"]), modified, str(facts["ETag"]))

    def unfinished(self) -> Iterator[Kept]:
        return iter(())

    def location(self, path: str) -> str:
        return f"{self.uri}/{path}"

    def settle(self, folder: str, *, after: str = "") -> None:
        """S3 has answered, so it is settled."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        lease = Lease(self, self.terms)
        lease.take()
        try:
            yield
        finally:
            lease.give_back()

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

    # ------------------------------------------------------------------------------------------ what only S3 has

    def found(self, path: str) -> Kept | None:
        """Return what S3 says of an object; None where there is none."""
        try:
            facts = self._call("head_object", path)
        except FileNotFoundError:
            return None
        return Kept(path, int(facts["ContentLength"]), facts["LastModified"].timestamp(), str(facts["ETag"]))

    def _tag(self, path: str) -> str:
        found = self.found(path)
        return found.tag if found else ""

    def put_new(self, path: str, data: bytes) -> str:
        """Write an object that must not be there and return its tag; empty, with nothing written, where it is."""
        return self._put(path, data, IfNoneMatch="*")

    def put_over(self, path: str, data: bytes, *, tag: str) -> str:
        """Write over one version of an object and return the new tag; empty, with nothing written, where it is not there."""
        return self._put(path, data, IfMatch=tag)

    def _put(self, path: str, data: bytes, **condition: str) -> str:
        for _ in range(_TRIES):
            try:
                return str(self._call("put_object", path, Body=data, **condition)["ETag"])
            except FileNotFoundError:
                return ""
            except OSError as error:
                if isinstance(error, FileExistsError) or _code(error) in _TAKEN:
                    return ""
                if _code(error) not in _UNDECIDED:
                    raise
        raise FailureError(
            f"S3 could not decide between writers of {quoted(self.location(path))}; run the command again"
        )

    def _call(self, what: str, path: str, **given: Any) -> Any:
        with self._asking():
            return self.files.call_s3(what, Bucket=self.bucket, Key=self._key(path), **given)

    def _key(self, path: str) -> str:
        return self.prefix + path

    def _name(self, path: str) -> str:
        return f"{self.bucket}/{self._key(path)}"

    def _pages(
        self, folder: str, *, delimiter: str = "", after: str = "", most: int = 0
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the keys below a folder, or those after a key, with what S3 says of them, page by page.

        With a delimiter, folders come by their name.
        """
        key = self._key(folder).rstrip("/")
        given: dict[str, Any] = {
            "Bucket": self.bucket,
            "Prefix": key + "/" if key else "",
            "MaxKeys": most or self.page,
        }
        if delimiter:
            given["Delimiter"] = delimiter
        if after:
            given["StartAfter"] = after
        while True:
            with self._asking():
                page = self.files.call_s3("list_objects_v2", **given)
            yield from ((facts["Key"], facts) for facts in page.get("Contents", ()))
            yield from ((facts["Prefix"], facts) for facts in page.get("CommonPrefixes", ()))
            if not page.get("IsTruncated"):
                return
            given["ContinuationToken"] = page["NextContinuationToken"]

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Say in one line what S3 did not give, or the way to it; an object that is absent or in the way stays an `OSError`."""
        import botocore.exceptions as boto

        try:
            yield
        except AuditReportsError:
            raise
        except (FileNotFoundError, FileExistsError) as error:
            if _code(error) == "NoSuchBucket":
                raise UsageError(f"S3 has no bucket {quoted(self.bucket)}: make it first, or mend the name") from None
            raise
        except PermissionError as error:
            raise UsageError(f"S3 refuses these keys at {quoted(self.uri)}: {_line(error)}") from None
        except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.ProfileNotFound) as error:
            raise UsageError(
                f"no keys for S3 ({quoted(self.uri)}): set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE: "
                f"{_line(error)}"
            ) from None
        except (boto.ParamValidationError, ValueError) as error:
            raise UsageError(f"{quoted(self.uri)} is no address in S3: {_line(error)}") from None
        except (boto.BotoCoreError, OSError) as error:
            if isinstance(error, OSError) and _code(error) in (*_TAKEN, *_UNDECIDED):
                raise
            raise FailureError(f"S3 does not answer for {quoted(self.uri)}: {_line(error)}") from error


def _code(error: BaseException) -> str:
    """Return S3's own word for an error; empty where the error is not S3's."""
    answer = getattr(error.__cause__, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def _line(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return quoted(" ".join(str(text).split()))[1:-1]
