"""Where does one event of a JSON document end and the next begin? Cuts a document of any size into its elements, unparsed.

Of an element only brackets and strings are looked at: it keeps the text of its numbers and names, and may turn out to be no
JSON by itself. What stands around the elements must be JSON, or the document is broken. Memory holds one element and a few
megabytes.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, cast

from audit_reports.ingest.strict import flaw

_READ = 4 << 20
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_OTHER = rb'[^{}\[\]"]*+'
_PLAIN = rb"[^ \t\r\n,\]}]+"
_LEVELS = 6  # deeper brackets are rare, and counted one by one
_DEEPEST = 100  # how deep what stands beside the elements may be, and these levels more


def _nested(levels: int) -> bytes:
    inside = _TEXT if levels == 0 else rb"(?:" + _TEXT + rb"|" + _nested(levels - 1) + rb")"
    return rb"[{\[]" + _OTHER + rb"(?:" + inside + _OTHER + rb")*+[}\]]"


_BRACKETED = re.compile(_nested(_LEVELS), re.DOTALL)
_BRACKET = re.compile(_OTHER + rb"(?:" + _TEXT + _OTHER + rb")*+([{}\[\]])", re.DOTALL)
_STRING = re.compile(_TEXT, re.DOTALL)
_SCALAR = re.compile(_PLAIN)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_CHARACTERS = re.compile(rb'(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+')
_LONGEST_ESCAPE = 6


class BrokenError(Exception):
    """A document that is no JSON: cut, or with something around its elements that cannot stand there."""


def elements(file: IO[bytes], path: str) -> Iterator[bytes]:
    """Yield the text of each event of the documents in a file, one after another.

    `path` is `$` where a document is an event itself, `$[*]` where it is a list of them, and `$."name"[*]` where one of
    its members is, or `$."name"."name"[*]` one of theirs; a document of another form is yielded whole.

    Raises `BrokenError` where the text is cut or broken.
    """
    cursor = _Cursor(file)
    keys = [name.encode() for name in re.findall(r'\."([^"]*)"', path)]
    while first := cursor.peek():
        if path == "$[*]" and first == b"[":
            yield from cursor.list()
        elif keys and first == b"{":
            with cursor.noting() as noted:
                if not (yield from _in_member(cursor, keys)):
                    yield noted()
        else:
            yield cursor.value()


def _in_member(cursor: _Cursor, keys: list[bytes]) -> Generator[bytes, None, bool]:
    """Yield the elements of the named member, or of the named member of that, of the object at the cursor.

    Return whether there is such a list.
    """
    key, *inside = keys
    found = False
    for name in cursor.members():
        if cursor.peek() == (b"{" if inside else b"[") and name == key:
            if inside:
                found = (yield from _in_member(cursor, inside)) or found
            else:
                found = True
                cursor.forget()
                yield from cursor.list()
        else:
            cursor.skip()
    return found


class _Cursor:
    """A place in a text that is read bit by bit."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.text = file.read(_READ).removeprefix(b"\xef\xbb\xbf")
        self.at = 0
        self.ended = False
        self._noted: IO[bytes] | None = None  # what was read since, and is not in the text any more
        self._since = 0

    @contextmanager
    def noting(self) -> Iterator[Callable[[], bytes]]:
        """Give what returns the text from here to where the cursor is then, unless it was told to forget it.

        A document may be as large as its file: what is beyond some megabytes waits on the disk.
        """
        with SpooledTemporaryFile(_READ) as noted:
            self._noted, self._since = cast(IO[bytes], noted), self.at

            def text() -> bytes:
                noted.seek(0)
                return noted.read() + self.text[self._since : self.at]

            yield text
        self._noted = None

    def forget(self) -> None:
        """Note no more."""
        self._noted = None

    def more(self) -> bool:
        """Read on, as much again as is there; return False at the end."""
        if not self.ended and (data := self.file.read(max(_READ, len(self.text) - self.at))):
            if self._noted is not None:
                self._noted.write(self.text[self._since : self.at])
                self._since = 0
            self.text = self.text[self.at :] + data
            self.at = 0
            return True
        self.ended = True
        return False

    def peek(self) -> bytes:
        """Go over white space and return the byte there, empty at the end."""
        while True:
            if space := _SPACE.match(self.text, self.at):
                self.at = space.end()
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def take(self, byte: bytes) -> None:
        if self.peek() != byte:
            found = self.text[self.at : self.at + 1]
            raise BrokenError(f"{byte.decode()} expected" + ("" if found else ", and the file ends"))
        self.at += 1

    def list(self) -> Iterator[bytes]:
        """Yield the elements of the list at the cursor."""
        yield from (self.value() for _ in self.places())

    def places(self) -> Iterator[None]:
        """Stand before each element of the list at the cursor, in turn."""
        self.take(b"[")
        if self.peek() != b"]":
            yield
            while self.peek() != b"]":
                self.take(b",")
                yield
        self.take(b"]")

    def members(self) -> Iterator[bytes]:
        """Stand before the value of each member of the object at the cursor, in turn, and yield its name."""
        self.take(b"{")
        more = self.peek() != b"}"
        while more:
            if self.peek() != b'"':
                raise BrokenError("a name expected")
            name = self.value()
            if _flaw(name):
                raise BrokenError("a name that is no text")
            self.take(b":")
            yield str(json.loads(name.decode())).encode(errors="surrogatepass")
            more = self.peek() != b"}"
            if more:
                self.take(b",")
        self.take(b"}")

    def value(self) -> bytes:
        """Return the text of the value at the cursor and go behind it."""
        first = self.peek()
        while True:
            end = self._end(first)
            if end is not None and (end < len(self.text) or first in b'{["' or not self.more()):
                value = self.text[self.at : end]
                self.at = end
                return value
            if end is None and not self.more():
                raise BrokenError("the file ends inside a value")

    def skip(self, depth: int = 0) -> None:
        """Go behind the value at the cursor, which must be JSON; a deep or large one is taken in pieces."""
        first = self.peek()
        if first == b'"':
            self._skip_text()
        elif first not in (b"{", b"["):
            _insist(self.value())
        elif (end := self._near_end()) is not None:
            text, self.at = self.text[self.at : end], end
            _insist(text)
        elif depth == _DEEPEST:
            raise BrokenError("objects and lists too deep within each other")
        else:
            for _ in self.places() if first == b"[" else self.members():
                self.skip(depth + 1)

    def _near_end(self) -> int | None:
        """Return where the object or list at the cursor ends, None where it is deep or goes beyond what is read at a time."""
        while not (match := _BRACKETED.match(self.text, self.at)):
            if len(self.text) - self.at >= _READ or not self.more():
                return None
        return match.end()

    def _skip_text(self) -> None:
        characters = codecs.getincrementaldecoder("utf-8")()
        self.at += 1
        while True:
            run = _CHARACTERS.match(self.text, self.at)
            end = run.end() if run else self.at
            is_last = self.text[end : end + 1] == b'"'
            try:
                characters.decode(self.text[self.at : end], final=is_last)
            except UnicodeDecodeError:
                raise BrokenError("bytes that are no UTF-8") from None
            self.at = end
            if is_last:
                self.at += 1
                return
            if len(self.text) - end >= _LONGEST_ESCAPE or not self.more():
                raise BrokenError("a text that does not end, or with a character that it cannot have")

    def _end(self, first: bytes) -> int | None:
        """Return where the value at the cursor ends, None where that is not in the text yet."""
        if first == b'"':
            text = _STRING.match(self.text, self.at)
            return text.end() if text else None
        if first not in (b"{", b"["):
            plain = _SCALAR.match(self.text, self.at)
            if not plain:
                raise BrokenError("a value expected")
            return plain.end()
        if match := _BRACKETED.match(self.text, self.at):
            return match.end()
        depth = 0
        for match in _BRACKET.finditer(self.text, self.at):
            depth += 1 if match[1] in b"{[" else -1
            if not depth:
                return match.end()
        return None


def _insist(text: bytes) -> None:
    if why := _flaw(text):
        raise BrokenError(why)


def _flaw(text: bytes) -> str | None:
    try:
        return flaw(text.decode())
    except UnicodeDecodeError:
        return "bytes that are no UTF-8"
