"""`asana`, Asana's audit log API: an event is one administrative or security-related act in an organization.

Format: https://developers.asana.com/docs/audit-log-api, its event types: https://developers.asana.com/docs/audit-log-events.
`event_type` names what happened, `event_category` the family. An actor that has no name is Asana itself (`asana`) or its
support staff (`asana_support`), who then are named by that word; of someone not signed in the event knows nothing, but whom
a failed login was for: the account that was tried is its actor. `details` differ by event type.
"""

from __future__ import annotations

from audit_reports.expressions import address, change, counterpart, first_of, looked_up
from audit_reports.feed import Feed

_COUNTERPARTS = {
    "user_invited": ("Members", "Invited"),
    "user_reprovisioned": ("Members", "Joined"),
    "user_deprovisioned": ("Members", "Removed"),
    "user_workspace_admin_role_changed": ("Members", "Role Changed"),
    "user_division_admin_role_changed": ("Members", "Role Changed"),
    "service_account_created": ("API Keys", "Created"),
    "service_account_deleted": ("API Keys", "Deleted"),
    "user_personal_access_token_authorized": ("API Keys", "Created"),
    "user_personal_access_token_revoked": ("API Keys", "Deleted"),
    "workspace_associated_email_domain_added": ("Domains", "Email Domain Created"),
    "workspace_associated_email_domain_removed": ("Domains", "Email Domain Deleted"),
    "team_harvest_integration_enabled": ("Integrations", "Enabled"),
    "team_harvest_integration_disabled": ("Integrations", "Disabled"),
    "user_app_authorized": ("Connections", "Created"),
    "user_app_revoked": ("Connections", "Deleted"),
}

_ACTOR_TYPES = {
    "user": "human",
    "external_administrator": "human",
    "service_account": "service",
    "app": "service",
    "bot": "service",
    "asana": "system",
    "asana_support": "support",
}

_TYPE = "$.event_type"
# The settings of an organization, `workspace_..._changed`, are its updates.
_OWN_SETTING = f"regexp_matches({_TYPE}, '^workspace_.*_(changed|enabled|disabled)$')"
_TRIED = f"CASE WHEN {_TYPE} = 'user_login_failed' THEN {first_of('$.resource.email', '$.resource.name')} END"

FEED = Feed(
    name="asana",
    product="Asana audit log API",
    exported_from="GET /api/1.0/workspaces/ID/audit_log_events, or a SIEM integration",
    recognised_by=(
        *(("event_type", "event_category", key) for key in ("gid", "created_at", "actor.email", "actor.name")),
        ("event_type", "actor.actor_type"),
        ("event_type", "context.context_type"),
        ("event_type", "context.client_ip_address"),
        ("event_type", "resource.resource_type"),
    ),
    any_type=("$.details",),
    columns={
        "event_id": "$.gid",
        "occurred_at": "$.created_at",
        "event": _TYPE,
        "category": counterpart(
            _TYPE, _COUNTERPARTS, 0, f"CASE WHEN {_OWN_SETTING} THEN 'Organization' ELSE $.event_category END"
        ),
        "action": counterpart(
            _TYPE,
            _COUNTERPARTS,
            1,
            f"CASE WHEN {_OWN_SETTING} THEN 'Updated' ELSE regexp_extract({_TYPE}, '((?:logged_)?[^_]+)$', 1) END",
        ),
        "actor": f"""coalesce({first_of("$.actor.email", "$.actor.name", "$.actor.gid")}, {_TRIED},
            CASE WHEN $.actor.actor_type IN ('asana', 'asana_support') THEN $.actor.actor_type END)""",
        "actor_id": "nullif($.actor.gid, '')",
        "actor_type": f"""CASE WHEN $.context.api_authentication_method = 'service_account' THEN 'service'
            WHEN $.actor.actor_type IS NULL AND $.context.context_type = 'asana_support' THEN 'support'
            ELSE {looked_up("$.actor.actor_type", _ACTOR_TYPES)} END""",
        "resource": first_of("$.resource.email", "$.resource.name", "$.resource.gid"),
        "resource_type": "$.resource.resource_type",
        "resource_id": "$.resource.gid",
        "changes": change(f"regexp_replace({_TYPE}, '_changed$', '')", "$.details.old_value", "$.details.new_value"),
        "source": first_of("$.context.oauth_app_name", "$.context.rule_name", "$.context.context_type"),
        "ip": address("$.context.client_ip_address"),
        "outcome": f"CASE WHEN {_TYPE} LIKE '%failed' THEN 'failure' ELSE 'success' END",
        # an organization names itself where it is what was acted on, or the group of a role
        "workspace": """CASE WHEN $.resource.resource_type = 'workspace' THEN coalesce($.resource.name, $.resource.gid)
            WHEN $.details.group.resource_type = 'workspace' THEN coalesce($.details.group.name, $.details.group.gid) END""",
        "user_agent": "nullif($.context.user_agent, '')",
    },
)
