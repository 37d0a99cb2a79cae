"""Which events must a reviewer always see? Those that change who may do what, where data can go, or what is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from audit_reports.catalogue import CATALOGUE
from audit_reports.feed import literal

BY_EVENT: Mapping[str, tuple[str, ...]] = {
    "cloudtrail": (
        # who may enter, and with what
        "ConsoleLogin", "CreateLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile", "UpdateAccessKey",
        "DeactivateMFADevice", "DeleteVirtualMFADevice", "UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy",
        # who may do what
        "CreateRole", "DeleteRole", "PutRolePolicy", "AttachRolePolicy", "UpdateAssumeRolePolicy", "PutGroupPolicy",
        "AttachGroupPolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion", "LeaveOrganization",
        # what is recorded and watched
        "StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "DeleteFlowLogs", "DeleteDetector",
        "UpdateDetector", "StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteAlarms",
        # where data and keys can go
        "PutBucketPolicy", "PutBucketAcl", "DeleteBucketPublicAccessBlock", "PutBucketPublicAccessBlock",
        "DeleteAccountPublicAccessBlock", "ModifySnapshotAttribute", "ModifyImageAttribute", "ModifyDBSnapshotAttribute",
        "AuthorizeSecurityGroupIngress", "ScheduleKeyDeletion", "DisableKey",
    ),
}  # fmt: skip
"""Events that a feed's own names mark, beside the categories and actions that all feeds share; root's acts always count."""


def always_shown_sql(feeds: Collection[str]) -> str:
    """Return the condition over the columns of `events`, in SQL that DuckDB and `--where` both read.

    Only the names of the given feeds stand in it; the categories and actions that all feeds share always do.
    """
    actions: dict[str, list[str]] = {}
    for kind in CATALOGUE:
        if kind.always_shown:
            actions.setdefault(kind.category, []).append(kind.action)
    parts = [f"(category = {literal(name)} AND action IN ({_listed(of)}))" for name, of in sorted(actions.items())]
    parts += [
        f"(feed = {literal(feed)} AND event IN ({_listed(names)}))"
        for feed, names in sorted(BY_EVENT.items())
        if feed in feeds
    ]
    if "cloudtrail" in feeds:
        parts.append("(feed = 'cloudtrail' AND actor_role = 'Root')")
    return "\n    OR ".join(parts)


def _listed(values: list[str] | tuple[str, ...]) -> str:
    return ", ".join(literal(value) for value in sorted(values))
