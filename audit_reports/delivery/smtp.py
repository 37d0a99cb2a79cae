"""How is a mail handed to a server? Over verified TLS, with back-off, and with the server's own words as the receipt.

A login comes from the environment (`AUDIT_REPORTS_SMTP_USER`, `AUDIT_REPORTS_SMTP_PASSWORD`, or the same with `_FILE` for a
file that holds it), never from a command line or the configuration.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit_reports.errors import UsageError, quoted
from audit_reports.plan import Mail, address_of

TIMEOUT_S = 60
WAITS_S = (2.0, 8.0, 30.0)
"""Between one try and the next; when all are over, the mail waits in the outbox for the next run."""

_LONGEST = 300
_TRY_AGAIN = (*range(400, 500), 552)
"""Answers after which a recipient is tried again; 552, a full box, is one by RFC 5321, 4.5.3.1.10, although it begins with 5."""


@dataclass(frozen=True)
class Receipt:
    """What became of a mail: who got it, with the server's answer, and who was refused, for now or for good.

    `waiting` are the recipients to whom it must be tried again, with the last reason; `refused` those whom the server
    will never take. `rejected` is what the server said where it rejected the message itself for good (5xx), whoever it is
    for: that is tried again another day, since it may be a filter that errs.
    """

    accepted: tuple[str, ...] = ()
    answer: str = ""
    waiting: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    rejected: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nobody is waiting any more."""
        return not self.waiting


def login_of(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return user and password, None where neither is given; raises `UsageError` for one without the other."""
    user, password = (_secret(environment, f"AUDIT_REPORTS_SMTP_{word}") for word in ("USER", "PASSWORD"))
    if (user is None) != (password is None):
        absent = "AUDIT_REPORTS_SMTP_USER" if user is None else "AUDIT_REPORTS_SMTP_PASSWORD"
        raise UsageError(f"a mail login needs a user and a password, and {absent} (or {absent}_FILE) is not set")
    return None if user is None or password is None else (user, password)


def send(
    mail: Mail,
    message: bytes,
    recipients: Sequence[str],
    *,
    login: tuple[str, str] | None,
    wait: Callable[[float], None],
    waits_s: Sequence[float] = WAITS_S,
) -> Receipt:
    """Hand a message to the server for some recipients, and try again where that may help.

    Whoever was accepted is not sent to again. A lost answer counts as not accepted: the same bytes, with the same
    Message-ID, go out once more; a message that was rejected for good is not tried again here. Never raises for what a
    server or a network does: that is in the receipt. Raises `UsageError` for a certificate file that cannot be read.
    """
    if login is not None and mail.security == "none":
        raise UsageError('a login is never sent without TLS; say security = "starttls" or "tls" in [mail]')
    context = _context(mail)
    receipt = Receipt(waiting=dict.fromkeys(recipients, "not tried yet"))
    for pause in (*waits_s, None):
        receipt = _try(mail, message, receipt, login, context)
        if receipt.is_complete or receipt.rejected or pause is None:
            break
        wait(pause)
    return receipt


def _try(
    mail: Mail, message: bytes, receipt: Receipt, login: tuple[str, str] | None, context: ssl.SSLContext | None
) -> Receipt:
    """Return the receipt after one more try for those who are waiting."""
    there = {address_of(one, "recipients"): one for one in receipt.waiting}
    try:
        server = _connected(mail, context)
    except (OSError, smtplib.SMTPException) as error:
        return replace(receipt, waiting=dict.fromkeys(there.values(), _said(error)))
    try:
        if login is not None:
            server.login(*login)
        taken, denied, answer = _transfer(server, address_of(mail.sender, "sender"), list(there), message)
    except (OSError, smtplib.SMTPException) as error:
        said = _said(error)
        return replace(
            receipt, waiting=dict.fromkeys(there.values(), said), rejected=said if _is_for_good(error) else ""
        )
    finally:
        with suppress(OSError, smtplib.SMTPException):  # the answer to the message counts, not that to the farewell
            server.quit()
    return Receipt(
        accepted=(*receipt.accepted, *(there[address] for address in taken)),
        answer=answer or receipt.answer,
        waiting={there[a]: said for a, (code, said) in denied.items() if code in _TRY_AGAIN},
        refused={**receipt.refused, **{there[a]: said for a, (code, said) in denied.items() if code not in _TRY_AGAIN}},
    )


def _transfer(
    server: smtplib.SMTP, sender: str, addresses: Sequence[str], message: bytes
) -> tuple[list[str], dict[str, tuple[int, str]], str]:
    """Return who was taken, who was denied with code and words, and the server's answer to the message itself.

    `smtplib.sendmail` keeps the answer to itself, and the receipt needs it; so its steps stand here (RFC 5321, 3.3).
    """
    server.ehlo_or_helo_if_needed()
    code, words = server.mail(sender, [f"size={len(message)}"] if server.has_extn("size") else [])
    if code != 250:  # noqa: PLR2004 - RFC 5321: requested mail action okay, completed
        raise smtplib.SMTPSenderRefused(code, words, sender)
    taken: list[str] = []
    denied: dict[str, tuple[int, str]] = {}
    for address in addresses:
        code, words = server.rcpt(address)
        if code in (250, 251):
            taken.append(address)
        else:
            denied[address] = (code, f"{code} {_plain(words)}")
    if not taken:
        server.rset()
        return [], denied, ""
    code, words = server.data(message)
    if code != 250:  # noqa: PLR2004
        raise smtplib.SMTPDataError(code, words)
    return taken, denied, f"{code} {_plain(words)}"


def _connected(mail: Mail, context: ssl.SSLContext | None) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
    if mail.security == "starttls":
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _context(mail: Mail) -> ssl.SSLContext | None:
    if mail.security == "none":
        return None
    try:
        return ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file else None)
    except (OSError, ssl.SSLError):
        raise UsageError(f"[mail] ca_file: no certificates can be read from {quoted(mail.ca_file)}") from None


def _is_for_good(error: Exception) -> bool:
    """Say whether a server has rejected a message, or its sender, for good; a login that it rejects is the user's to mend."""
    return isinstance(error, smtplib.SMTPDataError | smtplib.SMTPSenderRefused) and error.smtp_code >= 500  # noqa: PLR2004


def _secret(environment: Mapping[str, str], name: str) -> str | None:
    if (path := environment.get(f"{name}_FILE")) is not None:
        try:
            return Path(path).read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{name}_FILE: {quoted(path)} cannot be read") from None
    return environment.get(name)


def _said(error: Exception) -> str:
    """Return what went wrong, in the server's words where it spoke; a password never stands in it."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_plain(error.smtp_error)}"
    if isinstance(error, OSError) and error.strerror:
        return quoted(error.strerror, most=_LONGEST)[1:-1]
    return quoted(str(error) or type(error).__name__, most=_LONGEST)[1:-1]


def _plain(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return quoted(" ".join(text.split()), most=_LONGEST)[1:-1]
