"""`wiz`, the audit log of a Wiz tenant: an event is one GraphQL operation, or one sign-in, of a user or a service
account.

Format: `auditLogEntries` of the GraphQL API, https://integrate.wiz.io/reference/prerequisites (for customers), as the
API and collectors hand them on. An action is named as the mutation: its verb, then what it was done to.
`actionParameters` is what the caller asked for, so that its `patch` tells what a field should become and not what it
was: the value before is null. A sign-in that fails can lack both `user` and `serviceAccount`; its parameters still name
who tried. A service account is a pair of a client id and its secret, the product's API key; an identity provider is an
integration, a connector a connection, an automation rule a workflow.
"""

from __future__ import annotations

from audit_reports.expressions import address, changed_fields, counterpart, first_member, first_of
from audit_reports.feed import Feed

_COUNTERPARTS = {
    "CreateServiceAccount": ("API Keys", "Created"),
    "DeleteServiceAccount": ("API Keys", "Deleted"),
    "RotateServiceAccountSecret": ("API Keys", "Created"),
    "SendUserEmailInvite": ("Members", "Invited"),
    "CreateUser": ("Members", "Joined"),
    "CreateSAMLUser": ("Members", "Joined"),
    "SAMLUserInitialProvision": ("Members", "Joined"),
    "DeleteUser": ("Members", "Removed"),
    "CreateConnector": ("Connections", "Created"),
    "UpdateConnector": ("Connections", "Updated"),
    "DeleteConnector": ("Connections", "Deleted"),
    "CreateIntegration": ("Integrations", "Created"),
    "UpdateIntegration": ("Integrations", "Updated"),
    "DeleteIntegration": ("Integrations", "Deleted"),
    "CreateSAMLIdentityProvider": ("Integrations", "Created"),
    "UpdateSAMLIdentityProvider": ("Integrations", "Updated"),
    "ModifySAMLIdentityProviderGroupMappings": ("Integrations", "Updated"),
    "DeleteSAMLIdentityProvider": ("Integrations", "Deleted"),
    "CreateAutomationRule": ("Workflows", "Created"),
    "DeleteAutomationRule": ("Workflows", "Deleted"),
    "CreateDigitalTrustCustomDomain": ("Domains", "Domain Created"),
    "DeleteDigitalTrustCustomDomain": ("Domains", "Domain Deleted"),
    "UpdateLoginSettings": ("Organization", "Updated"),
    "UpdateBasicAuthSettings": ("Organization", "Updated"),
    "UpdateCustomUserRolesSettings": ("Organization", "Updated"),
    "UpdatePortalSettings": ("Organization", "Updated"),
    "UpdateSessionLifetimeSettings": ("Organization", "Updated"),
    "UpdateIPRestrictions": ("Organization", "Updated"),
    "UpdateScannerSettings": ("Organization", "Updated"),
    "UpdateSupportContactList": ("Organization", "Updated"),
    "UpdatePortalInactivityTimeoutSettings": ("Organization", "Updated"),
}

_ACTION = "trim($.action)"
_SPLIT = "'^([A-Z][a-z]+)([A-Z].*)$'"
_FAMILY = f"coalesce(nullif(regexp_extract({_ACTION}, {_SPLIT}, 2), ''), {_ACTION})"
_VERB = f"coalesce(nullif(regexp_extract({_ACTION}, {_SPLIT}, 1), ''), {_ACTION})"

_PARAMETERS = "TRY_CAST($.actionParameters AS JSON)"


def _parameter(*pointers: str) -> str:
    return first_member(_PARAMETERS, *pointers)


_PATCH = f"json_extract({_PARAMETERS}, '/input/patch')::VARCHAR"
_IS_ROLE = f"{_ACTION} IN ('UpdateUser', 'UpdateSAMLUser') AND json_exists({_PARAMETERS}, '/input/patch/role')"

# Only of a sign-in do the parameters say who acts: those of any other action say what it was done to.
_TRIED = (
    f"CASE WHEN contains(lower({_ACTION}), 'login') OR {_ACTION} IN ('TokenRefresh', 'TokenDeviceRefresh') "
    f"THEN {_parameter('/userEmail', '/email', '/name', '/userID', '/clientID')} END"
)
_PEOPLE = ("$.user.name", "$.user.email", "$.user.id")
_SERVICES = ("$.serviceAccount.name", "$.serviceAccount.id")

FEED = Feed(
    name="wiz",
    product="Wiz audit logs",
    exported_from="auditLogEntries of the Wiz GraphQL API, or Settings, Audit Log, Export",
    recognised_by=(
        ("log_type=auditLogEntries",),
        ("action", "actionParameters"),
        ("action", "requestId", "status"),
        ("action", "sourceIP", "status"),
        ("action", "sourceIP", "timestamp"),
    ),
    # each action has parameters of its own
    any_type=("$.actionParameters",),
    zone="UTC",
    columns={
        "event_id": "$.id",
        "occurred_at": "$.timestamp",
        "event": _ACTION,
        "category": f"CASE WHEN {_IS_ROLE} THEN 'Members' ELSE {counterpart(_ACTION, _COUNTERPARTS, 0, _FAMILY)} END",
        "action": f"CASE WHEN {_IS_ROLE} THEN 'Role Changed' ELSE {counterpart(_ACTION, _COUNTERPARTS, 1, _VERB)} END",
        "actor": first_of(*_PEOPLE, *_SERVICES, _TRIED),
        "actor_id": first_of("$.user.id", "$.serviceAccount.id"),
        "actor_type": f"""CASE WHEN {first_of(*_PEOPLE)} IS NOT NULL THEN 'human'
            WHEN {first_of(*_SERVICES)} IS NOT NULL OR json_extract_string({_PARAMETERS}, '/userPoolType') = 'sa' THEN 'service'
            WHEN contains({_TRIED}, '@') THEN 'human' END""",
        "actor_role": f"CASE WHEN contains(lower({_ACTION}), 'login') THEN {_parameter('/role')} END",
        "resource": _parameter(
            "/input/name", "/input/patch/name", "/input/email", "/input/patch/email", "/input/id", "/input/ids/0", "/id"
        ),
        "resource_type": f"CASE WHEN {_FAMILY} <> {_ACTION} THEN {_FAMILY} END",
        "resource_id": _parameter("/input/id", "/input/ids/0", "/id"),
        "changes": changed_fields("NULL::VARCHAR", _PATCH),
        "source": f"""CASE WHEN starts_with(lower($.userAgent), 'wizcli') OR starts_with(lower($.userAgent), 'wiz-cli') THEN 'CLI'
            WHEN {first_of(*_PEOPLE)} IS NULL AND {first_of(*_SERVICES)} IS NOT NULL THEN 'API'
            WHEN starts_with($.userAgent, 'Mozilla/') THEN 'App' END""",
        "ip": address("$.sourceIP"),
        "outcome": "CASE upper($.status) WHEN 'SUCCESS' THEN 'success' WHEN 'FAILED' THEN 'failure' "
        "WHEN 'FAILURE' THEN 'failure' WHEN 'ACCESS_DENIED' THEN 'failure' END",
        "user_agent": "nullif($.userAgent, '')",
    },
)
