"""Which events must a reviewer always see? Those that change who may do what, where data can go, or what is recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from audit_reports.catalogue import CATALOGUE

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

SHOWN = (
    "occurred_at", "actor", "role", "actor_type", "event", "category", "action", "resource", "resource_type", "changes",
    "source", "ip", "country", "region", "city", "outcome", "workspace", "feed", "event_id",
)  # fmt: skip
"""The columns of an event that is shown."""


def always_shown(feeds: Collection[str]) -> nw.Expr:
    """Return the condition over the columns of events that says which are always shown; it is never null.

    Only the names of the given feeds stand in it; the categories and actions that all feeds share always do.
    """
    actions: dict[str, list[str]] = {}
    for kind in CATALOGUE:
        if kind.always_shown:
            actions.setdefault(kind.category, []).append(kind.action)
    parts = [_is("category", name) & nw.col("action").is_in(sorted(of)) for name, of in sorted(actions.items())]
    parts += [
        _is("feed", feed) & nw.col("event").is_in(sorted(names))
        for feed, names in sorted(BY_EVENT.items())
        if feed in feeds
    ]
    if "cloudtrail" in feeds:
        parts.append(_is("feed", "cloudtrail") & _is("actor_role", "Root"))
    return reduce(or_, parts).fill_null(False)


def shown(events: nw.LazyFrame[Any], always: nw.Expr) -> nw.LazyFrame[Any]:
    """Return the events that are always shown, oldest first, without what only their feed understands; none gives no row."""
    ordered = events.filter(always).sort("occurred_at", "feed", "event_id", "landing")
    return ordered.with_columns(role=nw.col("actor_role")).select(*SHOWN)


def _is(column: str, value: str) -> nw.Expr:
    return nw.col(column) == value
