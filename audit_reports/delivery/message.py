"""How does a review become a mail? One message: plain text, HTML, and the files that were asked for, each by its hash.

The same review, with the same time and Message-ID, gives the same bytes, so that a second try sends the very same mail.
"""

from __future__ import annotations

import hashlib
import mimetypes
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from io import BytesIO

from audit_reports.errors import quoted
from audit_reports.plan import Mail, address_of

BODIES = 700_000
"""How many bytes of a message are kept for its two bodies, in quoted-printable, and its heads."""

_LONGEST_SUBJECT = 150
_TYPES = {
    ".parquet": ("application", "vnd.apache.parquet"),
    ".xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".json": ("application", "json"),
    ".csv": ("text", "csv"),
}


def message_id(review: str, store: str, mail: Mail) -> str:
    """Return the Message-ID of a review's mail: the same for the same review of the same store, however often it is tried.

    `store` is what tells one store from another: the hash of its first journal entry.
    """
    token = hashlib.sha256(f"{store}\0{review}".encode()).hexdigest()[:32]
    return f"<{token}@{address_of(mail.sender, 'sender').rpartition('@')[2]}>"


def compose(
    mail: Mail,
    recipients: Sequence[str],
    *,
    subject: str,
    text: str,
    html: str | None,
    attachments: Mapping[str, bytes],
    identity: str,
    time: datetime,
    answers: str | None = None,
) -> bytes:
    """Return a message as the bytes that go to the server, CRLF and all; `time` is its date, `identity` its Message-ID.

    `answers` is the Message-ID of the mail that this one belongs below.

    Nothing of it can break a header: addresses were checked, a subject is made one inert line, attachments go by the names
    that this package gave them.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = quoted(" ".join(subject.split()), most=_LONGEST_SUBJECT)[1:-1]
    message["From"] = _address(mail.sender)
    message["To"] = [_address(one) for one in recipients]
    message["Date"] = format_datetime(time)
    message["Message-ID"] = identity
    if answers is not None:
        message["In-Reply-To"] = message["References"] = answers
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
    message.set_content(text, cte="quoted-printable")
    if html is not None:
        message.add_alternative(html, subtype="html", cte="quoted-printable")
    for name, data in attachments.items():
        main, sub = _type_of(name)
        charset = {"charset": "utf-8"} if main == "text" else None
        message.add_attachment(data, maintype=main, subtype=sub, filename=name, params=charset)
    _fix_boundaries(message, identity)
    return message.as_bytes()


def attachments_of(files: Mapping[str, bytes], formats: Sequence[str]) -> dict[str, bytes]:
    """Return what a mail carries of a review's files: those of the formats, tables of one kind together in a zip."""
    wanted = {"html": "review.html", "pdf": "review.pdf", "xlsx": "review.xlsx"}
    found = {name: files[name] for word, name in wanted.items() if word in formats and name in files}
    for word in ("csv", "json", "parquet"):
        tables = {
            name: data for name, data in files.items() if name.endswith(f".{word}") and name.startswith("tables/")
        }
        if word in formats and tables:
            found[f"tables-{word}.zip"] = zipped(tables)
    return found


def fitting(attachments: Mapping[str, bytes], most: int) -> tuple[dict[str, bytes], list[str]]:
    """Return the attachments that a message of so many bytes can carry, in their order, and the names of those left out.

    Base64 makes four bytes of three and ends a line after 76.

    >>> fitting({"a": bytes(900_000), "b": bytes(900_000), "c": bytes(9)}, 2_500_000)[1]
    ['b']
    """
    room, left_out = most - BODIES, []
    carried: dict[str, bytes] = {}
    for name, data in attachments.items():
        lines = -(-len(data) // 57)
        if lines * 78 <= room:
            carried[name] = data
            room -= lines * 78
        else:
            left_out.append(name)
    return carried, left_out


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip, the same bytes each time: in the order of their names, without times of their own."""
    held = BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], compress_type=zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _fix_boundaries(message: EmailMessage, identity: str) -> None:
    """Give each part with parts a boundary that is not drawn by lot."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary("=_" + hashlib.sha256(f"{identity}{number}".encode()).hexdigest()[:40])


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(display_name=name, addr_spec=address)


def _type_of(name: str) -> tuple[str, str]:
    ending = "." + name.rpartition(".")[2]
    if ending in _TYPES:
        return _TYPES[ending]
    main, _, sub = (mimetypes.guess_type(name)[0] or "application/octet-stream").partition("/")
    return main, sub
