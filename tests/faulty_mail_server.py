"""A mail server as a process of its own that fails at random, at every verb, and keeps books of what it did.

`python faulty_mail_server.py FOLDER SEED` listens on loopback, writes its port to FOLDER/port and a line of JSON for each
message kept and for each fault to FOLDER/books.jsonl. While there is a file FOLDER/well it makes no fault.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import ssl
import sys
import threading
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from mail_server import PASSWORD, USER, certificate, free_port

STALL_S = 2.5
"""Longer than the client of the test waits."""

CHANCE = 0.1
"""Of a fault at each verb; nine of them are said for one message to three people."""

VERBS = ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "QUIT")
REFUSALS = ("421 closing", "451 try later", "554 not now")
BOXES = ("450 greylisted", "452 mailbox full", "552 mailbox full", "550 no such user")
FOR_GOOD = ("550 no such user", "554 not now")
"""Answers to a recipient after which nobody tries again."""

ENDS = ("451 lost it", "452 disk full", "554 not liked", "lose the answer", "stall with the answer")


class Books:
    """What the server kept, whom it refused, and how it failed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self.kept = 0

    def write(self, **what: Any) -> None:
        """Add a line, which is there before anybody is answered."""
        with (self.folder / "books.jsonl").open("a") as file:
            file.write(json.dumps(what) + "\n")

    def draw(self, kinds: tuple[str, ...]) -> str | None:
        """Draw a fault, or none."""
        if (self.folder / "well").exists() or self.chance.random() >= CHANCE:
            return None
        return self.chance.choice(kinds)


class Faulty(SMTP):
    """An SMTP server that may fail before it obeys a verb."""

    books: Books

    async def _fails(self, verb: str) -> str | None:
        kind = self.books.draw(("break", "delay", "stall", *REFUSALS, *(BOXES * 2 if verb == "RCPT" else ())))
        if kind is None:
            return None
        self.books.write(fault=f"{verb}: {kind}")
        if kind in ("delay", "stall"):
            await asyncio.sleep(0.2 if kind == "delay" else STALL_S)
        if kind == "break" and isinstance(self.transport, asyncio.Transport):
            self.transport.abort()
        if kind[0].isdigit():
            await self.push(kind)
        return None if kind == "delay" else kind


def _overridden(verb: str) -> Any:
    async def obey(self: Faulty, arg: str) -> None:
        address = arg.partition("<")[2].partition(">")[0] if verb == "RCPT" else ""
        if kind := await self._fails(verb):
            if address and kind in FOR_GOOD:
                self.books.write(refused=address)
            return
        await getattr(SMTP, f"smtp_{verb}")(self, arg)

    return obey


for _verb in VERBS:
    setattr(Faulty, f"smtp_{_verb}", _overridden(_verb))


class Handler:
    """Keeps messages, and may lose the answer."""

    def __init__(self, books: Books) -> None:
        self.books = books

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        kind = self.books.draw(ENDS)
        if kind is not None:
            self.books.write(fault=f"message: {kind}")
            if kind[0].isdigit():
                return kind
        content = envelope.content
        assert isinstance(content, bytes)
        self.books.kept += 1
        self.books.write(
            kept=self.books.kept,
            to=list(envelope.rcpt_tos),
            id=str(message_from_bytes(content, policy=policy.default)["Message-ID"]),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        if kind == "lose the answer":
            server.transport.abort()
        if kind == "stall with the answer":
            await asyncio.sleep(STALL_S)
        return f"250 kept as {self.books.kept}"


def main(folder: Path, seed: int) -> None:
    """Serve until killed."""
    cert, key = certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    books = Books(folder, seed)

    def authenticated(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    class Serving(Controller):
        def factory(self) -> Faulty:
            made = Faulty(
                self.handler,
                hostname="localhost",
                tls_context=context,
                require_starttls=True,
                auth_required=True,
                authenticator=authenticated,
            )
            made.books = books
            return made

    controller = Serving(Handler(books), hostname="127.0.0.1", port=free_port())
    controller.start()
    (folder / "port").write_text(str(controller.port))
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
