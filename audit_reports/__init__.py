"""audit-reports: audit events land as Parquet, DuckDB queries them through Polars expressions, reviews come out.

from audit_reports import AuditLog
log = AuditLog("data/store")
log.filter(category="API Keys").by("actor")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit_reports.delivery.kept import open_review as open_review
    from audit_reports.errors import AuditReportsError as AuditReportsError
    from audit_reports.errors import FailureError as FailureError
    from audit_reports.errors import UsageError as UsageError
    from audit_reports.filter import Filter as Filter
    from audit_reports.log import AuditLog as AuditLog

__version__ = "0.1.0"

_HOMES = {
    "AuditLog": "audit_reports.log",
    "AuditReportsError": "audit_reports.errors",
    "FailureError": "audit_reports.errors",
    "Filter": "audit_reports.filter",
    "UsageError": "audit_reports.errors",
    "open_review": "audit_reports.delivery.kept",
}

__all__ = ["AuditLog", "AuditReportsError", "FailureError", "Filter", "UsageError", "open_review"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for, so that importing the package loads nothing else."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
