"""`snyk`, the audit logs of a Snyk group or organization: an event is one thing that a user, or Snyk itself, did there.

Format: https://docs.snyk.io/snyk-api/reference/audit-logs (REST: `org_id`, `user_id`) and the older API v1, which writes the
same events with `orgId`, `userId`. The log knows users by their id alone: that is the actor, and an event without one has
none, also where `content` names the user to whom something happened. A service account's id looks like a user's, so the
actor is a human only where the event can come from nobody else. Addresses, places and ids of events are not in the log; the
same event twice is the same by its hash. Sign-ins are not logged; a call that only reads, `api.access`, is where asked for.
"""

from __future__ import annotations

from audit_reports.expressions import after_last_dot, before_last_dot, change, changed_fields, counterpart, first_of
from audit_reports.feed import Feed, literal

# What is added to a group and to its organizations alike has one counterpart.
_SHARED = {
    "app.create": ("Integrations", "Created"),
    "app.delete": ("Integrations", "Deleted"),
    "app.edit": ("Integrations", "Updated"),
    "app_bot.create": ("Integrations", "Created"),
    "service_account.create": ("API Keys", "Created"),
    "service_account.delete": ("API Keys", "Deleted"),
    "user.add": ("Members", "Joined"),
    "user.invite": ("Members", "Invited"),
    "user.invite.accept": ("Members", "Joined"),
    "user.invite_link.accept": ("Members", "Joined"),
    "user.leave": ("Members", "Left"),
    "user.provision.accept": ("Members", "Joined"),
    "user.provision.create": ("Members", "Invited"),
    "user.delete": ("Members", "Removed"),
    "user.remove": ("Members", "Removed"),
    "user.role.edit": ("Members", "Role Changed"),
}

_COUNTERPARTS = {
    "group.edit": ("Organization", "Updated"),
    "group.settings.edit": ("Organization", "Updated"),
    "group.delete": ("Organization", "Deleted"),
    "group.org.add": ("Organization", "Sub-Organization Created"),
    "group.org.remove": ("Organization", "Detached"),
    "org.create": ("Organization", "Sub-Organization Created"),
    "org.edit": ("Organization", "Updated"),
    "org.delete": ("Organization", "Deleted"),
    "org.integration.create": ("Integrations", "Created"),
    "org.integration.delete": ("Integrations", "Deleted"),
    "org.integration.edit": ("Integrations", "Updated"),
    "org.integration.settings.edit": ("Integrations", "Updated"),
    "org.webhook.add": ("Integrations", "Created"),
    "org.webhook.delete": ("Integrations", "Deleted"),
    **{f"{scope}.{name}": pair for scope in ("group", "org") for name, pair in _SHARED.items()},
}

# Acts of a person alone: nobody else takes up an invitation or leaves.
_PERSONAL = ("org.user.invite.accept", "org.user.invite_link.accept", "org.user.provision.accept", "org.user.leave")

_SCOPES = ("groupId", "orgId", "projectId", "group_id", "org_id", "project_id")
_USERS = ("userId", "user_id")

_GROUP = first_of("$.groupId", "$.group_id")
_ORG = first_of("$.orgId", "$.org_id")
_PROJECT = first_of("$.projectId", "$.project_id")
_USER = first_of(*[f"$.{user}" for user in _USERS])
_VERB = after_last_dot("$.event")
_FAMILY = before_last_dot("$.event")
_NAMES = (
    "email",
    "username",
    "name",
    "orgName",
    "after.name",
    "target.name",
    "url",
    "userPublicId",
    "serviceAccountPublicId",
    "integrationPublicId",
)
# Of `org.project.ignore.create` it is the project that was acted on, of `org.edit` the organization.
_TYPE = "coalesce(nullif(regexp_extract($.event, '^[^.]+[.]([^.]+)[.]', 1), ''), nullif(regexp_extract($.event, '^[^.]+'), ''))"

FEED = Feed(
    name="snyk",
    product="Snyk group and organization audit logs",
    exported_from="GET /rest/groups/ID/audit_logs/search and /rest/orgs/ID/audit_logs/search, or POST /v1/group/ID/audit",
    recognised_by=(
        ("event", "created", "content"),
        *(("event", key, scope) for key in ("created", "content", *_USERS) for scope in _SCOPES),
    ),
    # each kind of event has contents of its own
    any_type=("$.content",),
    columns={
        "occurred_at": "$.created",
        "event": "$.event",
        "category": counterpart("$.event", _COUNTERPARTS, 0, _FAMILY),
        "action": counterpart("$.event", _COUNTERPARTS, 1, _VERB),
        "actor": _USER,
        "actor_id": _USER,
        "actor_type": f"""CASE WHEN {_USER} IS NULL THEN CASE WHEN $.event LIKE '%.sso.membership.sync' THEN 'system' END
            WHEN $.content.interface = 'ui' OR $.event IN ({", ".join(map(literal, _PERSONAL))}) THEN 'human' END""",
        "resource": f"""coalesce({first_of(*[f"$.content.{name}" for name in _NAMES])}, {_PROJECT}, $.content.newOrgPublicId,
            {_ORG}, {_GROUP})""",
        "resource_type": _TYPE,
        "resource_id": f"""CASE {_TYPE} WHEN 'project' THEN {_PROJECT} WHEN 'org' THEN coalesce($.content.newOrgPublicId, {_ORG})
            WHEN 'group' THEN {_GROUP} WHEN 'user' THEN $.content.userPublicId
            WHEN 'service_account' THEN $.content.serviceAccountPublicId WHEN 'target' THEN $.content.targetId
            WHEN 'integration' THEN $.content.integrationPublicId END""",
        # `org.user.role.edit` says two names, most others two objects
        "changes": f"""coalesce({changed_fields("$.content.before", "$.content.after")}, CASE
            WHEN NOT starts_with(coalesce($.content.before, $.content.after), '{{')
            THEN {change("regexp_extract($.event, '([^.]+)[.][^.]+$', 1)", "$.content.before", "$.content.after")} END)""",
        "source": """CASE WHEN $.event = 'api.access' THEN 'API' WHEN $.content.interface IS NOT NULL THEN $.content.interface
            WHEN $.content.origin = 'cli' THEN 'cli' END""",
        # the log has what was done; only a call of the API may have been refused
        "outcome": "CASE WHEN $.event <> 'api.access' THEN 'success' END",
        "workspace": f"coalesce({_GROUP}, {_ORG})",
    },
)
