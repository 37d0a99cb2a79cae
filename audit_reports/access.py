"""Who may read a store? Holds the `readers` of the configuration against the user whom the operating system runs us as.

It is a sign on the door, and the journal says who was sent away; the wall is the file modes of the store.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from audit_reports.errors import FailureError, UsageError, quoted
from audit_reports.journal import whoami
from audit_reports.store import Store


def check_reader(store: Store, readers: Sequence[str] | None, *, what: str, now: datetime) -> None:
    """Let a reader through: anybody where `readers` is None, else a user or a member of an `@group` that it names.

    Raises `UsageError` for others, after an entry "refused" in the store's journal that says who asked for what; the error
    says so where the store cannot be written.
    """
    if readers is None:
        return
    host, user = whoami()
    if user in readers or any(f"@{group}" in readers for group in _groups()):
        return
    refusal = f"{quoted(user)} is not among the readers of {quoted(store.uri)}"
    try:
        store.journal.append("refused", {"asked_for": what, "by": f"{user}@{host}"}, time=now)
    except (OSError, FailureError):
        raise UsageError(f"{refusal}, and the store's journal cannot be written to say so") from None
    raise UsageError(f"{refusal}; this was written in its journal")


def _groups() -> set[str]:
    """Return the names of the groups that this process's user is in."""
    numbers = {os.getegid(), *os.getgroups()}
    with suppress(KeyError):  # a user id without a name is in the process's groups alone
        own = pwd.getpwuid(os.geteuid())
        numbers.update(os.getgrouplist(own.pw_name, own.pw_gid))
    return {_name(number) for number in numbers}


def _name(number: int) -> str:
    """Return a group's name, its number where it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
