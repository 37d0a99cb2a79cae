"""`mongodb_atlas`, the activity feed of a MongoDB Atlas organization or project: an event is one entry of it.

Format: https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listorgevents and `listgroupevents`,
with or without `raw` (includeRaw=true), and in the `response` envelope in which collectors keep an answer. An event of
an API key gives `publicKey` in place of `username`; `isGlobalAdmin` marks MongoDB's own staff. Times are documented to
be in UTC. Names are words in capitals whose last one is usually the verb; an event that tells neither an actor nor an
address, such as an alert, is the system's. A project (`GROUP`) has members and roles of its own: making one is the
catalogue's sub-organization, while its members count as members. An identity provider is an integration.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, first_of
from audit_reports.feed import Feed

_COUNTERPARTS = {
    "API_KEY_CREATED": ("API Keys", "Created"),
    "API_KEY_DELETED": ("API Keys", "Deleted"),
    "ORG_API_KEY_ADDED": ("API Keys", "Created"),
    "ORG_API_KEY_DELETED": ("API Keys", "Deleted"),
    "TEMP_GLOBAL_API_KEY_CREATED": ("API Keys", "Created"),
    "SERVICE_ACCOUNT_SECRET_ADDED": ("API Keys", "Created"),
    "SERVICE_ACCOUNT_SECRET_CREATED": ("API Keys", "Created"),
    "SERVICE_ACCOUNT_SECRET_DELETED": ("API Keys", "Deleted"),
    "INVITED_TO_ORG": ("Members", "Invited"),
    "INVITED_TO_GROUP": ("Members", "Invited"),
    "JOINED_ORG": ("Members", "Joined"),
    "JOINED_GROUP": ("Members", "Joined"),
    "JOIN_GROUP_REQUEST_APPROVED_AUDIT": ("Members", "Joined"),
    "REMOVED_FROM_ORG": ("Members", "Removed"),
    "REMOVED_FROM_GROUP": ("Members", "Removed"),
    "USER_ROLES_CHANGED_AUDIT": ("Members", "Role Changed"),
    "TEAM_ROLES_MODIFIED": ("Members", "Role Changed"),
    "GROUP_CREATED": ("Organization", "Sub-Organization Created"),
    "ORG_RENAMED": ("Organization", "Updated"),
    "ORG_SETTINGS_CONFIGURED": ("Organization", "Updated"),
    "ORG_SETTINGS_UPDATED": ("Organization", "Updated"),
    "ORG_TWO_FACTOR_AUTH_REQUIRED": ("Organization", "Updated"),
    "ORG_TWO_FACTOR_AUTH_OPTIONAL": ("Organization", "Updated"),
    "ORG_PUBLIC_API_ACCESS_LIST_REQUIRED": ("Organization", "Updated"),
    "ORG_PUBLIC_API_ACCESS_LIST_NOT_REQUIRED": ("Organization", "Updated"),
    "ORG_PUBLIC_API_WHITELIST_REQUIRED": ("Organization", "Updated"),
    "ORG_PUBLIC_API_WHITELIST_NOT_REQUIRED": ("Organization", "Updated"),
    "ORG_UI_IP_ACCESS_LIST_ENABLED": ("Organization", "Updated"),
    "ORG_UI_IP_ACCESS_LIST_DISABLED": ("Organization", "Updated"),
    "ORG_EDITED_UI_IP_ACCESS_LIST_ENTRIES": ("Organization", "Updated"),
    "ORG_EMPLOYEE_ACCESS_RESTRICTED": ("Organization", "Updated"),
    "ORG_EMPLOYEE_ACCESS_UNRESTRICTED": ("Organization", "Updated"),
    "RESTRICT_ORG_MEMBERSHIP_ENABLED": ("Organization", "Updated"),
    "RESTRICT_ORG_MEMBERSHIP_DISABLED": ("Organization", "Updated"),
    "ORG_DELETED": ("Organization", "Deleted"),
    "ORG_SUSPENDED": ("Organization", "Disabled"),
    "ORG_ACTIVATED": ("Organization", "Enabled"),
    "DOMAIN_CREATED": ("Domains", "Domain Created"),
    "DOMAIN_DELETED": ("Domains", "Domain Deleted"),
    "FEDERATION_SETTINGS_CREATED": ("Integrations", "Created"),
    "FEDERATION_SETTINGS_UPDATED": ("Integrations", "Updated"),
    "FEDERATION_SETTINGS_DELETED": ("Integrations", "Deleted"),
    "IDENTITY_PROVIDER_CREATED": ("Integrations", "Created"),
    "IDENTITY_PROVIDER_UPDATED": ("Integrations", "Updated"),
    "IDENTITY_PROVIDER_DELETED": ("Integrations", "Deleted"),
    "IDENTITY_PROVIDER_ACTIVATED": ("Integrations", "Enabled"),
    "IDENTITY_PROVIDER_DEACTIVATED": ("Integrations", "Disabled"),
    "OIDC_IDENTITY_PROVIDER_UPDATED": ("Integrations", "Updated"),
    "OIDC_IDENTITY_PROVIDER_ENABLED": ("Integrations", "Enabled"),
    "OIDC_IDENTITY_PROVIDER_DISABLED": ("Integrations", "Disabled"),
    "INTEGRATION_REMOVED": ("Integrations", "Deleted"),
}


def _field(name: str) -> str:
    return f"coalesce($.{name}, $.response.{name})"


_NAME = _field("eventTypeName")
_SPLIT = "'^(.+?)_([A-Z]+ED|NOT_REQUIRED|UP|DOWN|SUCCESSFUL|COMPLETE)(_AUDIT)?$'"
_FAMILY = f"coalesce(nullif(regexp_extract({_NAME}, {_SPLIT}, 1), ''), {_field('raw._t')}, {_NAME})"
_VERB = f"coalesce(nullif(regexp_extract({_NAME}, {_SPLIT}, 2), ''), {_field('opType')})"

_KEY = first_of(*(_field(name) for name in ("publicKey", "apiKeyId")))
_USER = first_of(*(_field(name) for name in ("username", "userId")))
_ACTOR = first_of(*(_field(name) for name in ("username", "publicKey", "serviceAccountClientId", "userId", "apiKeyId")))

# What an event is about, the most particular first: the field of its name, that of its id, its type.
_RESOURCES = (
    ("targetUsername", None, "User"),
    ("targetPublicKey", None, "API Key"),
    ("accessListEntry", None, "Access List Entry"),
    ("whitelistEntry", None, "Access List Entry"),
    ("dbUserUsername", None, "Database User"),
    ("teamName", "teamId", "Team"),
    ("processorName", None, "Stream Processor"),
    ("instanceName", None, "Stream Instance"),
    ("applicationName", "applicationId", "Application"),
    ("endpointId", "endpointId", "Private Endpoint"),
    ("collection", None, "Collection"),
    ("clusterName", "clusterId", "Cluster"),
    ("hostname", "hostId", "Host"),
    ("alertConfigId", "alertConfigId", "Alert Configuration"),
    ("alertId", "alertId", "Alert"),
    ("invoiceId", "invoiceId", "Invoice"),
    ("paymentId", "paymentId", "Payment"),
    ("teamId", "teamId", "Team"),
    ("resourceId", "resourceId", "Resource"),
    ("groupId", "groupId", "Project"),
    ("orgId", "orgId", "Organization"),
)


def _of_resource(part: str) -> str:
    """Return what is said of the first resource that the event names: its `name`, its `id` or its `type`."""
    cases = ""
    for name, identifier, kind in _RESOURCES:
        answer = {"name": _field(name), "id": _field(identifier) if identifier else "NULL", "type": f"'{kind}'"}[part]
        cases += f" WHEN nullif({_field(name)}, '') IS NOT NULL THEN {answer}"
    return f"CASE{cases} END"


FEED = Feed(
    name="mongodb_atlas",
    product="MongoDB Atlas organization and project events",
    exported_from="GET https://cloud.mongodb.com/api/atlas/v2/orgs/ORG/events or /groups/PROJECT/events",
    recognised_by=(("eventTypeName",), ("response.eventTypeName",)),
    zone="UTC",
    any_type=("$.response.raw", "$.raw", *(f"$.{name}" for name, _, _ in _RESOURCES)),
    columns={
        "event_id": _field("id"),
        "occurred_at": _field("created"),
        "event": _NAME,
        "category": counterpart(_NAME, _COUNTERPARTS, 0, _FAMILY),
        "action": counterpart(_NAME, _COUNTERPARTS, 1, _VERB),
        "actor": _ACTOR,
        "actor_id": first_of(*(_field(name) for name in ("userId", "apiKeyId", "serviceAccountClientId", "publicKey"))),
        "actor_type": f"""CASE WHEN {_field("isGlobalAdmin")} = 'true' THEN 'support'
            WHEN starts_with({_ACTOR}, 'mdb_sa_id_') THEN 'service'
            WHEN {_KEY} IS NOT NULL THEN 'api_key' WHEN {_USER} IS NOT NULL THEN 'human'
            WHEN nullif({_field("remoteAddress")}, '') IS NULL THEN 'system' END""",
        "resource": _of_resource("name"),
        "resource_type": _of_resource("type"),
        "resource_id": _of_resource("id"),
        "source": f"CASE WHEN {_KEY} IS NOT NULL OR starts_with({_ACTOR}, 'mdb_sa_id_') THEN 'API' END",
        "ip": address(_field("remoteAddress")),
        "outcome": f"""CASE WHEN regexp_matches({_NAME}, '_(FAILED|FAILURE|DENIED)(_|$)') THEN 'failure'
            WHEN regexp_matches({_NAME}, '^[A-Z]+ED_(TO|FROM)_|_(ADDED|CREATED|DELETED|REMOVED|UPDATED|CHANGED|MODIFIED|ENABLED'
                '|DISABLED|ACTIVATED|DEACTIVATED|REQUIRED|OPTIONAL|RENAMED|CONFIGURED|APPROVED|SUCCESSFUL)(_AUDIT)?$|^JOINED_')
            THEN 'success' END""",
        "workspace": first_of(_field("orgId"), _field("groupId")),
    },
)
