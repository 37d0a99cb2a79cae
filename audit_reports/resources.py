"""Where are the files that ship with the package? In the installed wheel, or in the checkout beside it."""

from __future__ import annotations

from pathlib import Path

from audit_reports.errors import FailureError, quoted

_PACKAGE = Path(__file__).resolve().parent
_HOMES = (_PACKAGE, _PACKAGE.parent)


class ResourceMissingError(FailureError, FileNotFoundError):
    """A file that belongs to the package itself is not where it was installed."""


def data_file(name: str) -> Path:
    """Return the path of a data file that ships with the package.

    `name` is relative to the folder `data`. Raises `ResourceMissingError` where there is no such file.

    >>> data_file("countries.json").is_file()
    True
    """
    return _shipped(f"data/{name}")


def templates_folder() -> Path:
    """Return the folder of the Jinja templates; raises `ResourceMissingError` where there is none."""
    return _shipped("templates")


def _shipped(relative: str) -> Path:
    for home in _HOMES:
        if (home / relative).exists():
            return home / relative
    raise ResourceMissingError(f"audit-reports came without its {quoted(relative)}: install it again")
