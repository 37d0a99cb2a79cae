"""A real SMTP server on loopback, with TLS and a login, that can be told to refuse, to stall and to break off."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "reviews", "correct horse"


@dataclass
class Handler:
    """What the server does with what it is given; faults are taken one at a time, in order."""

    received: list[tuple[tuple[str, ...], EmailMessage]] = field(default_factory=list)
    at_recipient: dict[str, str] = field(default_factory=dict)
    at_data: list[str | Callable[[Any], str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]) -> str:
        """Take a recipient, unless told otherwise."""
        if (answer := self.at_recipient.get(address)) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """Keep a message, unless told otherwise; a fault that is called may lose the answer after that."""
        fault = self.at_data.pop(0) if self.at_data else None
        if isinstance(fault, str):
            return fault
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append((tuple(envelope.rcpt_tos), message_from_bytes(content, policy=policy.default)))
        return fault(server) if fault else f"250 kept as {len(self.received)}"


def lose_the_answer(server: Any) -> str:
    """Break the connection off after the message was kept."""
    server.transport.abort()
    return "250 nobody hears this"


@dataclass(frozen=True)
class MailServer:
    """A running server: where it listens, whose certificate to trust, and what it holds."""

    port: int
    ca_file: Path
    handler: Handler

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what was received, in order."""
        return [str(message["Message-ID"]) for _, message in self.handler.received]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for localhost that signs itself; return its file and that of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    cert, secret = folder / "ca.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert, secret


def start(folder: Path, *, security: str) -> tuple[Controller, MailServer]:
    """Start a server that wants a login over TLS; the caller stops the controller."""
    cert, key = certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    handler = Handler()

    def authenticated(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    words: dict[str, Any] = {"ssl_context": context} if security == "tls" else {"tls_context": context}
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticated,
        auth_required=True,
        auth_require_tls=security == "starttls",
        require_starttls=security == "starttls",
        **words,
    )
    controller.start()
    return controller, MailServer(controller.port, cert, handler)


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
