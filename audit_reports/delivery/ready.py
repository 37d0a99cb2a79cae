"""Who starts a run every hour? Ready files for cron, systemd, Kubernetes and GitHub Actions, to be adapted and put in place."""

from __future__ import annotations

from collections.abc import Mapping

from audit_reports.errors import UsageError
from audit_reports.resources import templates_folder

SCHEDULERS: Mapping[str, tuple[str, ...]] = {
    "cron": ("audit-reports.cron",),
    "systemd": ("audit-reports.service", "audit-reports.timer"),
    "kubernetes": ("kubernetes.yaml",),
    "github": ("github-actions.yaml",),
}
"""Each scheduler's word and its files; the first line of a file says where it goes."""


def ready_files(scheduler: str) -> dict[str, str]:
    """Return a scheduler's files by name; raises `UsageError` for an unknown one."""
    if scheduler not in SCHEDULERS:
        raise UsageError.unknown("scheduler", scheduler, SCHEDULERS)
    folder = templates_folder() / "schedule"
    return {name: (folder / name).read_text(encoding="utf-8") for name in SCHEDULERS[scheduler]}
