"""`google_workspace`, the activities of Google's Reports API: each of an activity's `events` is an event of its own.

Format: https://developers.google.com/workspace/admin/reports/reference/rest/v1/activities/list, one `admin#reports#activity` a
line or the API's whole answer `{"items": [...]}`. The events of each application, with their parameters, are listed under
https://developers.google.com/workspace/admin/reports/v1/appendix/activity/admin and beside it.

The actor is the account's email. A caller that is no person has a key: that of an API client, or the name of a robot such as
`SYSTEM`. The profile 105250506097979753968 is Google's placeholder for nobody. Where Google itself warns of an account
(`suspicious_login` and the like) there is no actor, and the event is listed under the account that was signed in to.
What Google's own staff did is told by the application `access_transparency`. `uniqueQualifier` tells activities of the same
moment apart. Warnings, challenges, rules and deliveries of mail are neither a success nor a failure.
"""

from __future__ import annotations

from audit_reports.expressions import address, change, counterpart, first_of, looked_up
from audit_reports.feed import Feed, literal

_PARAMETERS = "json_extract(TRY_CAST(@.parameters AS JSON), '$[*]')"
_NAMES = f"list_transform({_PARAMETERS}, lambda p: p->>'name')"


def _position(*names: str) -> str:
    """Return the expression of where the first of these parameters that an event has stands among its parameters."""
    return f"coalesce({', '.join(f'list_position({_NAMES}, {literal(name)})' for name in names)}, NULL)"


def _value(*names: str) -> str:
    """Return the expression of the value of the first of these parameters that an event has; several values are a JSON list."""
    values = ", ".join(f"v->>'{kind}'" for kind in ("value", "multiValue", "boolValue", "intValue"))
    # the list of one element gives the parameter a name, so that it is looked for once
    parameter = f"list_transform([{_PARAMETERS}[{_position(*names)}]], lambda v: coalesce({values}))[1]"
    return f"nullif({parameter}, '')"


# The parameters that name what was acted on, the first one first, with its type.
_RESOURCES = {
    "doc_title": "document",
    "USER_EMAIL": "user",
    "affected_email_address": "user",
    "target_user": "user",
    "GROUP_EMAIL": "group",
    "group_email": "group",
    "group_id": "group",
    "DOMAIN_NAME": "domain",
    "DOMAIN_ALIAS": "domain",
    "SECONDARY_DOMAIN_NAME": "domain",
    "ROLE_NAME": "role",
    "SETTING_NAME": "setting",
    "app_name": "application",
    "application_name": "application",
    "APPLICATION_NAME": "application",
    "API_CLIENT_NAME": "application",
    "DEVICE_MODEL": "device",
    "DEVICE_SERIAL_NUMBER": "device",
    "ORG_UNIT_NAME": "organizational unit",
    "event_title": "calendar event",
    "calendar_id": "calendar",
    "room_name": "space",
    "meeting_code": "meeting",
    "rule_name": "rule",
}
_IDS = {
    "document": "doc_id",
    "role": "ROLE_ID",
    "application": "client_id",
    "device": "DEVICE_ID",
    "calendar event": "event_id",
    "space": "room_id",
    "meeting": "conference_id",
    "rule": "rule_resource_name",
}
_RESOURCE_TYPE = looked_up(f"{_NAMES}[{_position(*_RESOURCES)}]", _RESOURCES)
_RESOURCE_ID = f"{_PARAMETERS}[list_position({_NAMES}, {looked_up(_RESOURCE_TYPE, _IDS)})]->>'value'"

_COUNTERPARTS = {
    "CREATE_USER": ("Members", "Joined"),
    "UNDELETE_USER": ("Members", "Joined"),
    "DELETE_USER": ("Members", "Removed"),
    "USER_INVITE": ("Members", "Invited"),
    "ASSIGN_ROLE": ("Members", "Role Changed"),
    "UNASSIGN_ROLE": ("Members", "Role Changed"),
    "GRANT_ADMIN_PRIVILEGE": ("Members", "Role Changed"),
    "REVOKE_ADMIN_PRIVILEGE": ("Members", "Role Changed"),
    "GRANT_DELEGATED_ADMIN_PRIVILEGES": ("Members", "Role Changed"),
    "ADD_PRIVILEGE": ("Members", "Role Changed"),
    "REMOVE_PRIVILEGE": ("Members", "Role Changed"),
    "ADD_SECONDARY_DOMAIN": ("Domains", "Domain Created"),
    "ADD_DOMAIN_ALIAS": ("Domains", "Domain Created"),
    "REMOVE_SECONDARY_DOMAIN": ("Domains", "Domain Deleted"),
    "REMOVE_DOMAIN_ALIAS": ("Domains", "Domain Deleted"),
    "CHANGE_PRIMARY_DOMAIN": ("Organization", "Updated"),
    "CHANGE_ORGANIZATION_NAME": ("Organization", "Updated"),
    "ADD_APPLICATION": ("Integrations", "Created"),
    "REMOVE_APPLICATION": ("Integrations", "Deleted"),
    "AUTHORIZE_API_CLIENT_ACCESS": ("Connections", "Created"),
    "REMOVE_API_CLIENT_ACCESS": ("Connections", "Deleted"),
}
# `authorize` and `revoke` are common words: of the application `token` they connect an app to an account.
_TOKENS = {"authorize": ("Connections", "Created"), "revoke": ("Connections", "Deleted")}


def _counterpart(part: int, otherwise: str) -> str:
    named = counterpart("@.name", _COUNTERPARTS, part, otherwise)
    return f"CASE WHEN $.id.applicationName = 'token' THEN {counterpart('@.name', _TOKENS, part, otherwise)} ELSE {named} END"


_PROFILE = "nullif(nullif($.actor.profileId, ''), '105250506097979753968')"
_ACTOR = f"""coalesce({first_of("$.actor.email", "$.actor.key")}, {_PROFILE},
    nullif($.actor.applicationInfo.applicationName, ''),
    CASE WHEN $.id.applicationName = 'login' THEN {_value("affected_email_address")} END)"""
_ACTOR_TYPE = f"""CASE WHEN $.id.applicationName = 'access_transparency' THEN 'support'
    WHEN $.actor.email LIKE '%gserviceaccount.com' THEN 'service' WHEN upper($.actor.key) LIKE '%SYSTEM%' THEN 'system'
    WHEN $.actor.callerType = 'KEY' THEN 'api_key' WHEN $.actor.callerType = 'APPLICATION' THEN 'service'
    WHEN $.actor.email <> '' OR {_PROFILE} IS NOT NULL THEN 'human'
    WHEN $.actor.key <> '' THEN 'api_key' WHEN $.actor.applicationInfo.oauthClientId <> '' THEN 'service' END"""

_OUTCOME = f"""CASE WHEN regexp_matches(@.name, '(?i)fail|deny|denied|blocked|rejected') THEN 'failure'
    WHEN regexp_matches(@.name, '(?i)success|succeeded') THEN 'success'
    WHEN $.id.applicationName = 'saml' AND {_value("saml_status_code")} IS NOT NULL
        THEN CASE WHEN contains({_value("saml_status_code")}, 'SUCCESS') THEN 'success' ELSE 'failure' END
    WHEN $.id.applicationName IN ('rules', 'gmail', 'alerts') OR regexp_matches(@.type, '(?i)warning|challenge|attack')
        OR regexp_matches(@.name, '(?i)warning|challenge|verification|suspicious') THEN NULL
    WHEN @.name IS NOT NULL THEN 'success' END"""

_NEW = _value("NEW_VALUE", "new_value")
_OLD = _value("OLD_VALUE", "old_value")
# A setting is changed under its own name, anything else under the name of the event.
_CHANGES = f"""CASE WHEN contains(lower(@.parameters), '"new_') OR contains(lower(@.parameters), '"old_')
    THEN coalesce({change(f"coalesce({_value('SETTING_NAME', 'USER_CUSTOM_FIELD')}, @.name)", _OLD, _NEW)},
    {change("CASE @.name WHEN 'change_owner' THEN 'owner' END", _value("owner"), _value("new_owner"))}) END"""

FEED = Feed(
    name="google_workspace",
    product="Google Workspace activity reports",
    exported_from="the Reports API, activities.list of each application",
    recognised_by=(
        ("kind=admin#reports#activity",),
        ("id.applicationName", "events"),
        ("id.uniqueQualifier", "events"),
    ),
    # a parameter has one of many types of value, and may be null; the details are those of the application
    any_type=("@.parameters", "$.resourceDetails", "$.actor.applicationInfo"),
    each="$.events",
    columns={
        "event_id": "$.id.uniqueQualifier",
        "occurred_at": "$.id.time",
        "event": first_of("@.name", "@.type", "$.id.applicationName"),
        "category": _counterpart(0, first_of("@.type", "$.id.applicationName")),
        "action": _counterpart(1, first_of("@.name", "@.type")),
        "actor": _ACTOR,
        "actor_id": f"coalesce({_PROFILE}, nullif($.actor.key, ''))",
        "actor_type": _ACTOR_TYPE,
        "resource": first_of(_value(*_RESOURCES), "$.resourceDetails[0].title"),
        "resource_type": f"coalesce({_RESOURCE_TYPE}, $.resourceDetails[0].type)",
        "resource_id": first_of(_RESOURCE_ID, "$.resourceDetails[0].id"),
        "changes": _CHANGES,
        "source": first_of("$.actor.applicationInfo.applicationName", "$.id.applicationName"),
        "ip": address("$.ipAddress"),
        "country": first_of("$.networkInfo.regionCode"),
        "region": first_of("$.networkInfo.subdivisionCode"),
        "outcome": _OUTCOME,
        "workspace": first_of("$.id.customerId"),
    },
)
