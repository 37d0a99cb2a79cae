"""Where does one event of a JSON document end and the next begin? Cuts a document of any size into its elements, unparsed.

Only brackets and strings are looked at: an element keeps the text of its numbers and names, and may turn out to be no JSON.
Memory holds one element and a few megabytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO

_READ = 4 << 20
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_OTHER = rb'[^{}\[\]"]*+'
_PLAIN = rb"[^\s,\]}]+"
_LEVELS = 6  # deeper brackets are rare, and counted one by one


def _nested(levels: int) -> bytes:
    inside = _TEXT if levels == 0 else rb"(?:" + _TEXT + rb"|" + _nested(levels - 1) + rb")"
    return rb"[{\[]" + _OTHER + rb"(?:" + inside + _OTHER + rb")*+[}\]]"


_BRACKETED = re.compile(_nested(_LEVELS), re.DOTALL)
_BRACKET = re.compile(_OTHER + rb"(?:" + _TEXT + _OTHER + rb")*+([{}\[\]])", re.DOTALL)
_STRING = re.compile(_TEXT, re.DOTALL)
_SCALAR = re.compile(_PLAIN)
_SPACE = re.compile(rb"\s*+")


class BrokenError(Exception):
    """A document whose brackets do not close, or with something between its elements that is no comma."""


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
            yield from _member(cursor, keys)
        else:
            yield cursor.value()


def _member(cursor: _Cursor, keys: list[bytes]) -> Iterator[bytes]:
    """Yield the elements of the named member, or of the named member of that, of the object at the cursor."""
    key, *inside = keys
    cursor.take(b"{")
    found = False
    more = cursor.peek() != b"}"
    while more:
        name = cursor.value()
        cursor.take(b":")
        if cursor.peek() == (b"{" if inside else b"[") and _name(name) == key:
            found = True
            yield from _member(cursor, inside) if inside else cursor.list()
        else:
            cursor.value()
        more = cursor.peek() != b"}"
        if more:
            cursor.take(b",")
    cursor.take(b"}")
    if not found:
        yield b"{}"


def _name(text: bytes) -> bytes:
    try:
        return str(json.loads(text)).encode()
    except ValueError:
        raise BrokenError("a name that is no text") from None


class _Cursor:
    """A place in a text that is read bit by bit."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.text = file.read(_READ).removeprefix(b"\xef\xbb\xbf")
        self.at = 0

    def more(self) -> bool:
        """Read on, as much again as is there; return False at the end."""
        data = self.file.read(max(_READ, len(self.text) - self.at))
        self.text = self.text[self.at :] + data
        self.at = 0
        return bool(data)

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
        self.take(b"[")
        if self.peek() != b"]":
            yield self.value()
            while self.peek() != b"]":
                self.take(b",")
                yield self.value()
        self.take(b"]")

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
