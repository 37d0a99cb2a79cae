"""`anthropic`, the activity of an organization on Claude: an event is one thing that a user, a key or a directory did.

Format: https://platform.claude.com/docs/en/manage-claude/compliance-activity-feed (the Compliance API, Claude and
Console alike), and the older export of Settings, Data and privacy,
https://support.claude.com/en/articles/9970975-how-to-access-audit-logs, which has `event`, `actor_info` and
`entity_info` in place of `type` and `actor`. Every type has fields of its own, at the top of the event: the resource is
the most particular one that it gives. A workspace of the Console has members and roles of its own, and is the
catalogue's sub-organization; a single sign-on, a directory and an MCP server are integrations. An event of Anthropic's
own staff names nobody, and neither does a failed sign-in without an address: `actor` is null then. Types are named in
the past; one that only says that something was begun has no outcome.
"""

from __future__ import annotations

from audit_reports.expressions import address, change, counterpart, first_member, first_of
from audit_reports.feed import Feed, literal

_ACTOR_TYPES = {
    "user_actor": "human",
    "unauthenticated_user_actor": "human",
    "api_actor": "api_key",
    "admin_api_key_actor": "api_key",
    "service_account_actor": "service",
    "federated_identity_actor": "service",
    "federated_actor": "service",
    "scim_directory_sync_actor": "system",
    "system_actor": "system",
    "anthropic_actor": "support",
    # A phone that proved itself to be one: no person, key or service is named.
    "attested_device_actor": "",
}

_COUNTERPARTS = {
    "api_key_created": ("API Keys", "Created"),
    "admin_api_key_created": ("API Keys", "Created"),
    "platform_api_key_created": ("API Keys", "Created"),
    "service_key_created": ("API Keys", "Created"),
    "api_key_deleted": ("API Keys", "Deleted"),
    "admin_api_key_deleted": ("API Keys", "Deleted"),
    "platform_api_key_deleted": ("API Keys", "Deleted"),
    "service_key_revoked": ("API Keys", "Deleted"),
    "org_user_invite_sent": ("Members", "Invited"),
    "org_user_invite_re_sent": ("Members", "Invited"),
    "org_user_invite_accepted": ("Members", "Joined"),
    "org_join_request_approved": ("Members", "Joined"),
    "org_join_request_instant_approved": ("Members", "Joined"),
    "scim_user_created": ("Members", "Joined"),
    "org_user_deleted": ("Members", "Removed"),
    "scim_user_deleted": ("Members", "Removed"),
    "account_deleted": ("Members", "Left"),
    "claude_user_role_updated": ("Members", "Role Changed"),
    "role_assignment_granted": ("Members", "Role Changed"),
    "role_assignment_revoked": ("Members", "Role Changed"),
    "rbac_role_assigned": ("Members", "Role Changed"),
    "rbac_role_unassigned": ("Members", "Role Changed"),
    "platform_workspace_created": ("Organization", "Sub-Organization Created"),
    "platform_workspace_updated": ("Organization", "Sub-Organization Updated"),
    "platform_workspace_member_added": ("Organization", "Sub-Organization Member Joined"),
    "platform_workspace_member_updated": ("Organization", "Sub-Organization Member Role Changed"),
    "claude_organization_settings_updated": ("Organization", "Updated"),
    "org_analytics_api_capability_updated": ("Organization", "Updated"),
    "org_compliance_api_settings_updated": ("Organization", "Updated"),
    "org_discoverability_settings_updated": ("Organization", "Updated"),
    "org_magic_link_second_factor_toggled": ("Organization", "Updated"),
    "org_sso_group_role_mappings_updated": ("Organization", "Updated"),
    "org_sso_provisioning_mode_changed": ("Organization", "Updated"),
    "org_sso_toggled": ("Organization", "Updated"),
    "org_deleted_via_bulk": ("Organization", "Deleted"),
    "org_domain_verified": ("Domains", "Domain Created"),
    "org_domain_removed": ("Domains", "Domain Deleted"),
    "claude_chat_deleted": ("Conversations", "Chat Deleted"),
    "conversation_deleted": ("Conversations", "Chat Deleted"),
    "claude_gdrive_integration_created": ("Integrations", "Created"),
    "claude_gdrive_integration_updated": ("Integrations", "Updated"),
    "claude_gdrive_integration_deleted": ("Integrations", "Deleted"),
    "claude_github_integration_created": ("Integrations", "Created"),
    "claude_github_integration_updated": ("Integrations", "Updated"),
    "claude_github_integration_deleted": ("Integrations", "Deleted"),
    "ghe_configuration_created": ("Integrations", "Created"),
    "ghe_configuration_updated": ("Integrations", "Updated"),
    "ghe_configuration_deleted": ("Integrations", "Deleted"),
    "mcp_server_created": ("Integrations", "Created"),
    "mcp_server_updated": ("Integrations", "Updated"),
    "mcp_server_deleted": ("Integrations", "Deleted"),
    "org_sso_connection_activated": ("Integrations", "Enabled"),
    "org_sso_connection_deactivated": ("Integrations", "Disabled"),
    "org_sso_connection_deleted": ("Integrations", "Deleted"),
    "org_directory_sync_activated": ("Integrations", "Enabled"),
    "org_directory_sync_deleted": ("Integrations", "Deleted"),
    "integration_user_connected": ("Connections", "Created"),
    "integration_user_disconnected": ("Connections", "Deleted"),
    "ghe_user_connected": ("Connections", "Created"),
    "ghe_user_disconnected": ("Connections", "Deleted"),
}

_TYPE = "coalesce($.type, $.event)"
_SPLIT = "'^(.+?)_(signed_in_[a-z]+|signed_(?:in|out)|logged_out|re_sent|access_failed|deletion_failed|[a-z]+)$'"
_FAMILY = f"coalesce(nullif(regexp_extract({_TYPE}, {_SPLIT}, 1), ''), {_TYPE})"
_VERB = f"coalesce(nullif(regexp_extract({_TYPE}, {_SPLIT}, 2), ''), {_TYPE})"

# From the most particular to the most general, for a chat names its project and a key its service, too.
_RESOURCE_NAMES = (
    "$.url",
    "$.filename",
    "$.deleted_user_email",
    "$.invited_email",
    "$.user_email",
    "$.key_name",
    "$.tool_name",
    "$.mcp_server_name",
    "$.command_name",
    "$.plugin_name",
    "$.skill_name",
    "$.group_name",
    "$.role_name",
    "$.domain",
    "$.repository_name",
    "$.service_name",
)
_RESOURCE_IDS = (
    "$.claude_file_id",
    "$.claude_project_document_id",
    "$.claude_artifact_id",
    "$.claude_chat_snapshot_id",
    "$.claude_chat_id",
    "$.claude_project_id",
    "$.file_id",
    "$.admin_api_key_id",
    "$.service_key_id",
    "$.api_key_id",
    "$.deleted_user_id",
    "$.invite_id",
    "$.principal_id",
    "$.target_id",
    "$.user_id",
    "$.group_id",
    "$.role_id",
    "$.mcp_server_id",
    "$.plugin_id",
    "$.skill_id",
    "$.command_id",
    "$.integration_id",
    "$.ghe_configuration_id",
    "$.marketplace_id",
    "$.connection_id",
    "$.share_id",
    "$.workspace_id",
)


def _told(text: str, *members: str) -> str:
    """Return the first text among the members of an object that is read as its JSON text."""
    return first_member(f"TRY_CAST({text} AS JSON)", *members)


# Values that a type tells outside `updates`, before and after.
_CHANGED = {
    "role": ("$.previous_role", "$.current_role"),
    "mode": ("$.previous_mode", "$.new_mode"),
    "quantity": ("$.previous_quantity", "$.new_quantity"),
}

# `updates` is a list of {type, previous_value, current_value} wherever it tells both values.
_UPDATES = "CASE WHEN json_type(TRY_CAST($.updates AS JSON)) = 'ARRAY' THEN TRY_CAST($.updates AS JSON) END"
_LISTED_CHANGES = f"""nullif('{{' || array_to_string(list_transform(
    list_filter(CAST({_UPDATES} AS JSON[]), lambda u: json_exists(u, 'type') AND json_exists(u, 'current_value')),
    lambda u: to_json(json_extract_string(u, 'type')) || ':' || json_array(json_extract(u, 'previous_value'),
        json_extract(u, 'current_value'))), ',') || '}}', '{{}}')"""

FEED = Feed(
    name="anthropic",
    product="Claude organization activity (Compliance API, audit log export)",
    exported_from="GET https://api.anthropic.com/v1/compliance/activities, or Settings, Data and privacy, Export logs",
    recognised_by=(
        *(("type", f"actor.type={kind}") for kind in _ACTOR_TYPES),
        ("type", "created_at", "actor.email_address"),
        ("type", "created_at", "organization_id", "actor.type"),
        ("type", "created_at", "organization_uuid"),
        ("created_at", "event", "actor_info"),
        ("created_at", "event", "client_platform"),
        ("created_at", "event", "event_info", "entity_info"),
    ),
    # each type has fields of its own; the export's details are objects, in its CSV form their text
    any_type=(
        *_RESOURCE_NAMES,
        *_RESOURCE_IDS,
        *(value for values in _CHANGED.values() for value in values),
        "$.updates",
        "$.actor_info",
        "$.entity_info",
        "$.actor.provider",
    ),
    columns={
        "event_id": "$.id",
        "occurred_at": "$.created_at",
        "event": _TYPE,
        "category": counterpart(_TYPE, _COUNTERPARTS, 0, _FAMILY),
        "action": counterpart(_TYPE, _COUNTERPARTS, 1, _VERB),
        "actor": first_of(
            "$.actor.email_address",
            "$.actor.unauthenticated_email_address",
            "$.actor.user_id",
            "$.actor.api_key_id",
            "$.actor.admin_api_key_id",
            "$.actor.service_account_id",
            "$.actor.service",
            "$.actor.subject",
            "$.actor.provider.signed_principal",
            "$.actor.provider.issuer",
            "$.actor.directory_id",
            "$.actor.external_client_id",
            _told("$.actor_info", "email_address", "/metadata/email_address", "email", "name", "uuid"),
        ),
        "actor_id": first_of(
            "$.actor.user_id",
            "$.actor.api_key_id",
            "$.actor.admin_api_key_id",
            "$.actor.service_account_id",
            "$.actor.subject",
            "$.actor.directory_id",
            "$.actor.external_client_id",
            _told("$.actor_info", "uuid", "id"),
        ),
        "actor_type": f"nullif(CASE $.actor.type "
        f"{' '.join(f'WHEN {literal(kind)} THEN {literal(ours)}' for kind, ours in _ACTOR_TYPES.items())} END, '')",
        "resource": first_of(*_RESOURCE_NAMES, *_RESOURCE_IDS, _told("$.entity_info", "name", "uuid")),
        "resource_type": f"coalesce({_told('$.entity_info', 'type')}, {_FAMILY})",
        "resource_id": first_of(*_RESOURCE_IDS, _told("$.entity_info", "uuid")),
        "changes": f"coalesce({_LISTED_CHANGES}, "
        f"{', '.join(change(literal(field), *values) for field, values in _CHANGED.items())})",
        "source": """CASE WHEN $.actor.type IN ('api_actor', 'admin_api_key_actor', 'service_account_actor') THEN 'API'
            WHEN $.actor.type = 'scim_directory_sync_actor' THEN coalesce(nullif($.actor.idp_connection_type, ''), 'SCIM')
            ELSE nullif($.client_platform, '') END""",
        "ip": address("coalesce($.actor.ip_address, $.ip_address)"),
        "outcome": f"""CASE WHEN try_cast($.status_code AS INTEGER) >= 400 THEN 'failure'
            WHEN regexp_matches({_TYPE}, '_(failed|blocked|invalid)$') THEN 'failure'
            WHEN regexp_matches({_TYPE}, '_(initiated|started|attempted|requested|proposed)$') THEN NULL
            WHEN regexp_matches({_TYPE}, '(ed|_sent|_success|_(logged|signed)_out|_signed_in(_[a-z]+)?)$') THEN 'success' END""",
        "workspace": first_of("$.organization_id", "$.organization_uuid"),
        "user_agent": first_of("$.actor.user_agent", "$.user_agent"),
    },
)
