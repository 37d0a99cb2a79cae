"""`tines`, the audit logs of a Tines tenant: an event is one operation of a user, in the product's screens or its API.

Format: https://www.tines.com/docs/api/audit-logs/list/ as the API gives it and as the export to S3 writes it. Operations are
named `StoryItemsCreation`: what it was done to, then the verb as a noun. Stories are the product's workflows. Whether
`ActionsDisabledChange` disabled or enabled is in its inputs, and unknown where they are left out. `inputs` holds whatever
the operation takes, often inside a second `inputs`.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, first_of
from audit_reports.feed import Feed

_NAME = "$.operation_name"

_COUNTERPARTS = {
    "AuthenticationTokenCreation": ("API Keys", "Created"),
    "AuthenticationTokenDeletion": ("API Keys", "Deleted"),
    "ActionIntegrationCreation": ("Integrations", "Created"),
    "ActionIntegrationRemoval": ("Integrations", "Deleted"),
    "CredentialDestruction": ("Connections", "Deleted"),
    "CredentialReplacement": ("Connections", "Updated"),
    "StoryCreation": ("Workflows", "Created"),
    "StoryImport": ("Workflows", "Created"),
    "ExampleStoryImport": ("Workflows", "Created"),
    "StoryArchive": ("Workflows", "Deleted"),
    "BatchStoryArchive": ("Workflows", "Deleted"),
    "ArchivedStoryDeletion": ("Workflows", "Deleted"),
    "ArchivedStoryDeleteAll": ("Workflows", "Deleted"),
    "StoryRestore": ("Workflows", "Restored"),
    "UsersInvitation": ("Members", "Invited"),
    "UserReinvitation": ("Members", "Invited"),
    "TeamMembersAddition": ("Members", "Joined"),
    "UserDeletion": ("Members", "Removed"),
    "TeamMemberRemoval": ("Members", "Removed"),
    "SsoConfigurationDefaultSet": ("Organization", "Updated"),
    "SsoConfigurationOidcSet": ("Organization", "Updated"),
    "SsoConfigurationSamlSet": ("Organization", "Updated"),
    "CustomCertificateAuthoritySet": ("Organization", "Updated"),
    "TenantConfigChange": ("Organization", "Updated"),
    "TenantFeatureFlagToggle": ("Organization", "Updated"),
}

_DISABLED = "coalesce($.inputs.inputs.disabled, $.inputs.disabled)"
_IS_SWITCH = f"{_NAME} = 'ActionsDisabledChange' AND {_DISABLED} IN ('true', 'false')"
_FAMILY = f"coalesce(nullif(regexp_extract({_NAME}, '^(.+?)[A-Z][a-z]+$', 1), ''), {_NAME})"
_VERB = f"coalesce(nullif(regexp_extract({_NAME}, '([A-Z][a-z]+)$', 1), ''), {_NAME})"


def _input(*names: str) -> str:
    """Return the first text among inputs, each looked for inside the second `inputs` and beside it."""
    return first_of(*[f"{inputs}.{name}" for name in names for inputs in ("$.inputs.inputs", "$.inputs")])


FEED = Feed(
    name="tines",
    product="Tines audit logs",
    exported_from="GET /api/v1/audit_logs, or Settings, Audit logs, Export to Amazon S3",
    recognised_by=(*(("operation_name", key) for key in ("created_at", "tenant_id", "request_ip", "user_email")),),
    # each operation has inputs and outputs of its own
    any_type=("$.inputs", "$.outputs"),
    columns={
        "event_id": "$.id",
        "occurred_at": "$.created_at",
        "event": _NAME,
        "category": f"CASE WHEN {_IS_SWITCH} THEN 'Actions' ELSE {counterpart(_NAME, _COUNTERPARTS, 0, _FAMILY)} END",
        "action": f"""CASE WHEN {_IS_SWITCH} THEN CASE {_DISABLED} WHEN 'true' THEN 'Disabled' ELSE 'Enabled' END
            ELSE {counterpart(_NAME, _COUNTERPARTS, 1, _VERB)} END""",
        "actor": first_of("$.user_email", "$.user_name", "$.user_id"),
        "actor_id": "nullif($.user_id, '')",
        # a user's own API key acts as the user
        "actor_type": "CASE WHEN $.user_email LIKE '%@%' THEN 'human' END",
        "resource": _input("name", "email", "title"),
        "resource_type": f"CASE WHEN {_FAMILY} <> {_NAME} THEN {_FAMILY} END",
        "resource_id": _input("authenticationTokenId", "credentialId", "storyId", "userId", "teamId", "id"),
        "source": """CASE WHEN starts_with($.request_user_agent, 'Mozilla/') THEN 'App'
            WHEN $.request_user_agent <> '' THEN 'API' END""",
        "ip": address("$.request_ip"),
        # an operation is logged when it changed something
        "outcome": f"CASE WHEN {_NAME} ILIKE '%fail%' THEN 'failure' ELSE 'success' END",
        "workspace": "$.tenant_id",
        "user_agent": "nullif($.request_user_agent, '')",
    },
)
