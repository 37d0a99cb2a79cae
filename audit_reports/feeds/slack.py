"""`slack`, the Audit Logs API of a Slack Enterprise organisation: an event is one entry.

Format: https://docs.slack.dev/reference/audit-logs-api/methods-actions-reference, as the API, its JSON export and the log
pipelines that ask it deliver it: `{"entries": [...]}` or one entry a line.

`date_create` counts seconds since 1970. `USLACKUSER` is the actor where no person acted. A preference (`pref.*`) belongs to the
workspace or the organisation, so changing it is an update of that. An anomaly says in free text where Slack thinks that it
came from ("Leeds, GB" beside "Atlanta, GA"): no country can be told from that for certain, so none is. Slack writes an entry
when something has happened, so an entry is a success unless its action says otherwise; an anomaly is neither.
"""

from __future__ import annotations

from audit_reports.expressions import address, change, counterpart, epoch_seconds, first_of
from audit_reports.feed import Feed

_ROLE_CHANGES = (
    "role_change_to_admin",
    "role_change_to_guest",
    "role_change_to_owner",
    "role_change_to_user",
    "role_assigned",
    "role_removed",
    "role_added_to_usergroup",
    "role_modified_on_usergroup",
    "role_removed_from_usergroup",
    "permissions_assigned",
    "permissions_removed",
    "admin_removed",
    "owner_removed",
    "owner_transferred",
)
_COUNTERPARTS = {
    "user_created": ("Members", "Joined"),
    "guest_created": ("Members", "Joined"),
    "user_deactivated": ("Members", "Removed"),
    "guest_deactivated": ("Members", "Removed"),
    **dict.fromkeys(_ROLE_CHANGES, ("Members", "Role Changed")),
    "app_installed": ("Integrations", "Created"),
    "org_app_workspace_added": ("Integrations", "Created"),
    "app_uninstalled": ("Integrations", "Deleted"),
    "app_deleted": ("Integrations", "Deleted"),
    "org_app_workspace_removed": ("Integrations", "Deleted"),
    "app_approved": ("Integrations", "Enabled"),
    "app_restricted": ("Integrations", "Disabled"),
    "app_scopes_expanded": ("Integrations", "Updated"),
    "app_resources_added": ("Integrations", "Updated"),
    "app_resources_granted": ("Integrations", "Updated"),
    "idp_configuration_added": ("Connections", "Created"),
    "idp_configuration_deleted": ("Connections", "Deleted"),
    "idp_prod_configuration_updated": ("Connections", "Updated"),
    "workflow_created": ("Workflows", "Created"),
    "workflow_deleted": ("Workflows", "Deleted"),
    "organization_deleted": ("Organization", "Deleted"),
    "service_owner_transferred": ("Organization", "Transferred"),
    "workspace_created": ("Organization", "Sub-Organization Created"),
}

# Of a name such as `private_channel_archived` the family is `channel`, of `org_app_...` it is `app`, else it is the first word.
_FAMILY = """CASE WHEN starts_with($.action, 'pref.') THEN 'Organization' WHEN contains($.action, 'channel') THEN 'channel'
    WHEN starts_with($.action, 'org_app_') THEN 'app' ELSE regexp_extract($.action, '^[^_.]+') END"""
_VERB = """CASE WHEN starts_with($.action, 'pref.') THEN 'Updated'
    ELSE coalesce(nullif(regexp_replace($.action, '^(.*channel|org_app|[^_.]+)[_.]?', ''), ''), $.action) END"""

_ACTOR = first_of(
    "$.actor.user.email", "$.actor.user.name", "$.actor.app.name", "$.actor.user.id", "$.actor.app.id", "$.actor.id"
)


def _of_entity(field: str) -> str:
    """Return the expression of a field of the entity, which lies under the name of its type."""
    pointer = f"'/' || regexp_replace($.entity.type, '[^A-Za-z0-9_]', '', 'g') || '/{field}'"
    return f"json_extract_string(TRY_CAST($.entity AS JSON), {pointer})"


_CHANGES = (
    change("regexp_replace($.action, '^pref[.]', '')", "$.details.previous_value", "$.details.new_value"),
    change("'scopes'", "$.details.previous_scopes", "$.details.new_scopes"),
)

FEED = Feed(
    name="slack",
    product="Slack Audit Logs API",
    exported_from="the Audit Logs API (/audit/v1/logs), or organisation settings, Security, Audit logs, Export JSON",
    recognised_by=(
        ("action", "date_create"),
        ("action", "actor.user"),
        ("action", "context.location"),
        ("action", "context.ip_address"),
    ),
    # an entity has the fields of its type, and details those of the action
    any_type=("$.entity", "$.details", "$.context.app"),
    columns={
        "event_id": "$.id",
        "occurred_at": f"coalesce({epoch_seconds('$.date_create')}, $.date_create)",
        "event": "$.action",
        "category": counterpart("$.action", _COUNTERPARTS, 0, _FAMILY),
        "action": counterpart("$.action", _COUNTERPARTS, 1, _VERB),
        "actor": _ACTOR,
        "actor_id": first_of("$.actor.user.id", "$.actor.app.id", "$.actor.id"),
        "actor_type": """CASE WHEN $.actor.user.id = 'USLACKUSER' THEN 'system'
            WHEN coalesce($.actor.user.email, $.actor.user.name, $.actor.user.id) IS NOT NULL THEN 'human'
            WHEN $.actor.type <> 'user' THEN 'service' END""",
        "resource": first_of(*map(_of_entity, ("email", "name", "title", "id"))),
        "resource_type": "$.entity.type",
        "resource_id": first_of(_of_entity("id")),
        "changes": f"coalesce({', '.join(_CHANGES)})",
        "source": """CASE WHEN $.details.acting_agent <> '' THEN $.details.acting_agent
            WHEN regexp_matches($.context.ua, '^com[.](tinyspeck|[Ss]lack)') THEN 'Mobile app'
            WHEN regexp_matches($.context.ua, 'Slack_SSB|Electron') THEN 'Desktop app'
            WHEN starts_with($.context.ua, 'Mozilla/') THEN 'Browser' WHEN $.context.ua <> '' THEN 'API' END""",
        "ip": address("$.context.ip_address"),
        "outcome": """CASE WHEN regexp_matches($.action, 'fail|blocked|denied|declined') THEN 'failure'
            WHEN $.action NOT LIKE 'anomaly%' THEN 'success' END""",
        "workspace": first_of("$.context.location.name", "$.context.location.domain", "$.context.location.id"),
        "user_agent": "nullif($.context.ua, '')",
    },
)
