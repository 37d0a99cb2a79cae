"""`entra`, Microsoft Entra ID: an event is one directory change, one sign-in, one detected risk or one provisioning step.

Formats: https://learn.microsoft.com/graph/api/resources/directoryaudit, .../signin, .../riskdetection and
.../provisioningobjectsummary (Graph API); https://learn.microsoft.com/entra/identity/monitoring-health/howto-integrate-activity-logs-with-azure-monitor-logs
(diagnostic settings to a storage account or Event Hub: the same objects inside `properties`); and
https://learn.microsoft.com/azure/azure-monitor/reference/tables/signinlogs (data export from a workspace: the columns of
the table, in capitals).

Decided:
- When: the sign-in's or activity's own time, for `time` is that of the log and lags by minutes for service principals; a
  detected risk is timed by `time`, because what was risky may be days older. Some categories write `time` as
  `8/22/2022 6:07:16 PM`; all times are documented to be UTC.
- Who: a user before an application: AD FS names the application in each sign-in of a user.
- Where: `location` at the top is a country for sign-ins, but a data centre's region for other categories.
- Sign-ins that Entra calls interrupted (more proof or consent asked for) neither succeeded nor failed.
- RiskyUsers are states of a user, under the user's id: they have no id of their own.
"""

from __future__ import annotations

from audit_reports.expressions import AMERICAN, address, counterpart, first_of, looked_up, utc_time
from audit_reports.feed import Feed, literal

_CATEGORIES = (
    "AuditLogs",
    "SignInLogs",
    "NonInteractiveUserSignInLogs",
    "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs",
    "MicrosoftServicePrincipalSignInLogs",
    "ADFSSignInLogs",
    "B2CRequestLogs",
    "ProvisioningLogs",
    "RiskyUsers",
    "UserRiskEvents",
    "RiskyServicePrincipals",
    "ServicePrincipalRiskEvents",
    "MicrosoftGraphActivityLogs",
    "AzureADGraphActivityLogs",
    "NetworkAccessTrafficLogs",
    "EnrichedOffice365AuditLogs",
    "CustomSecurityAttributeAuditLogs",
)
_TABLES = (
    "AuditLogs",
    "SigninLogs",
    "AADNonInteractiveUserSignInLogs",
    "AADServicePrincipalSignInLogs",
    "AADManagedIdentitySignInLogs",
    "ADFSSignInLogs",
    "AADProvisioningLogs",
    "AADRiskyUsers",
    "AADUserRiskEvents",
    "AADRiskyServicePrincipals",
    "AADServicePrincipalRiskEvents",
    "MicrosoftGraphActivityLogs",
    "AADCustomSecurityAttributeAuditLogs",
)

_JOINED, _REMOVED, _ROLE_CHANGED = ("Members", "Joined"), ("Members", "Removed"), ("Members", "Role Changed")

# Activities with a counterpart among the categories of the home feed.
_COUNTERPARTS = {
    "Invite external user": ("Members", "Invited"),
    "Invite external user with reset invitation status": ("Members", "Invited"),
    "Redeem external user invite": _JOINED,
    "Add user": _JOINED,
    "Create user": _JOINED,
    "Bulk create users - finished (bulk)": _JOINED,
    "Restore user": _JOINED,
    "Delete user": _REMOVED,
    "Hard Delete user": _REMOVED,
    "Delete external user": _REMOVED,
    "Add member to role": _ROLE_CHANGED,
    "Remove member from role": _ROLE_CHANGED,
    "Add eligible member to role": _ROLE_CHANGED,
    "Remove eligible member from role": _ROLE_CHANGED,
    "Add scoped member to role": _ROLE_CHANGED,
    "Remove scoped member from role": _ROLE_CHANGED,
    "Add member to role in PIM completed (permanent)": _ROLE_CHANGED,
    "Add member to role in PIM completed (timebound)": _ROLE_CHANGED,
    "Add member to role completed (PIM activation)": _ROLE_CHANGED,
    "Add eligible member to role in PIM completed (permanent)": _ROLE_CHANGED,
    "Add eligible member to role in PIM completed (timebound)": _ROLE_CHANGED,
    "Add member to role outside of PIM (permanent)": _ROLE_CHANGED,
    "Remove member from role (PIM activation expired)": _ROLE_CHANGED,
    "Remove member from role completed (PIM deactivate)": _ROLE_CHANGED,
    "Remove member from role in PIM completed (permanent)": _ROLE_CHANGED,
    "Remove member from role in PIM completed (timebound)": _ROLE_CHANGED,
    "Remove eligible member from role in PIM completed (permanent)": _ROLE_CHANGED,
    "Remove eligible member from role in PIM completed (timebound)": _ROLE_CHANGED,
    "Remove permanent direct role assignment": _ROLE_CHANGED,
    "Remove permanent eligible role assignment": _ROLE_CHANGED,
    "Add service principal credentials": ("API Keys", "Created"),
    "Remove service principal credentials": ("API Keys", "Deleted"),
    "Add application": ("Integrations", "Created"),
    "Update application": ("Integrations", "Updated"),
    "Delete application": ("Integrations", "Deleted"),
    "Hard Delete application": ("Integrations", "Deleted"),
    "Add service principal": ("Integrations", "Created"),
    "Update service principal": ("Integrations", "Updated"),
    "Remove service principal": ("Integrations", "Deleted"),
    "Hard delete service principal": ("Integrations", "Deleted"),
    "Enable service principal": ("Integrations", "Enabled"),
    "Disable service principal": ("Integrations", "Disabled"),
    "Consent to application": ("Connections", "Created"),
    "Add delegated permission grant": ("Connections", "Created"),
    "Add OAuth2PermissionGrant": ("Connections", "Created"),
    "Update delegated permission grant": ("Connections", "Updated"),
    "Revoke consent": ("Connections", "Deleted"),
    "Remove delegated permission grant": ("Connections", "Deleted"),
    "Remove OAuth2PermissionGrant": ("Connections", "Deleted"),
    "Add unverified domain": ("Domains", "Domain Created"),
    "Add verified domain": ("Domains", "Domain Created"),
    "Remove unverified domain": ("Domains", "Domain Deleted"),
    "Remove verified domain": ("Domains", "Domain Deleted"),
    "Update company": ("Organization", "Updated"),
    "Update company settings": ("Organization", "Updated"),
    "Set Company Information": ("Organization", "Updated"),
    "Set directory feature on tenant": ("Organization", "Updated"),
}

# Codes at which Entra shows a sign-in as interrupted: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_INTERRUPTED = (16000, 50058, 50072, 50074, 50076, 50079, 50097, 50125, 50127, 50129, 50140, 50158, 51006, 65001, 70044)


def _field(name: str, *also: str) -> str:
    """Return a field as diagnostic settings nest it, as the Graph API has it, then as the other paths give it."""
    return first_of(f"$.properties.{name}", f"$.{name}", *also)


def _inside(text: str, pointer: str) -> str:
    """Return what stands inside a column that an export gives as an object or as its JSON text.

    It is named by a JSON pointer, for a path would be taken out of the event itself.
    """
    return f"CASE WHEN json_valid({text}) THEN json_extract_string({text}, {literal(pointer)}) END"


def _value(text: str) -> str:
    """Return the JSON of a property's value: Entra encodes most of them once more, as JSON in a text."""
    # DuckDB reads NaN and Infinity, which are no JSON to others.
    readable = f"json_valid({text}) AND NOT regexp_matches({text}, '(?i)[[,:]\\s*-?(nan|inf)')"
    is_json = f"{text} IN ('true', 'false', 'null') OR regexp_matches({text}, '^[[{{\"0-9-]') AND {readable}"
    encoded = f"CASE WHEN {is_json} THEN json({text})::VARCHAR ELSE to_json({text})::VARCHAR END"
    return f"CASE WHEN {text} IS NULL THEN 'null' ELSE {encoded} END"


_PROPERTY = "['displayName', 'oldValue', 'newValue']"


def _changes(targets: str, own: str) -> str:
    """Return `{"property": [before, after]}` of the properties of all targets, else of the event's own.

    Those that only name others are left out.
    """
    listed = f"""coalesce(
        CASE WHEN json_valid({targets}) THEN nullif(json_extract({targets}, '$[*].modifiedProperties[*]'), []) END,
        CASE WHEN json_valid({own}) THEN json_extract({own}, '$[*]') END)"""
    read = f"list_transform({listed}, lambda p: json_extract_string(p, {_PROPERTY}))"
    told = f"list_filter({read}, lambda p: p[1] <> '' AND p[1] <> 'Included Updated Properties' AND p[1] NOT LIKE 'TargetId.%')"
    pair = f"to_json(p[1]) || ':[' || {_value('p[2]')} || ',' || {_value('p[3]')} || ']'"
    return f"nullif('{{' || array_to_string(list_transform({told}, lambda p: {pair}), ',') || '}}', '{{}}')"


_LOGGED = first_of(utc_time("$.time", *AMERICAN), "$.time", "$.TimeGenerated")
_RISK = _field("riskEventType", "$.RiskEventType")
_CREATED = _field("createdDateTime", "$.CreatedDateTime")
_ACTIVITY_TIME = _field("activityDateTime", "$.ActivityDateTime")
_DETECTED = _field("detectedDateTime", "$.DetectedDateTime")

_EVENT = f"""coalesce({_field("activityDisplayName", "$.ActivityDisplayName", "$.operationName", "$.OperationName")},
    CASE WHEN {_RISK} IS NOT NULL THEN 'User Risk Detection' WHEN {_field("provisioningAction")} IS NOT NULL
        THEN 'Provisioning activity' WHEN {_CREATED} IS NOT NULL THEN 'Sign-in activity' END)"""
_IS_SIGN_IN = f"{_EVENT} = 'Sign-in activity'"

_STARTER = "$.properties.initiatedBy", "$.initiatedBy"
_USER = first_of(
    *(f"{by}.user.userPrincipalName" for by in _STARTER),
    _inside("$.InitiatedBy", "/user/userPrincipalName"),
    *(f"{by}.user.displayName" for by in _STARTER),
    *(f"{by}.user.id" for by in _STARTER),
    "$.properties.userPrincipalName",
    "$.userPrincipalName",
    "$.UserPrincipalName",
    "$.properties.signInIdentifier",
    "$.signInIdentifier",
    _field("userDisplayName", "$.UserDisplayName"),
    f"nullif({_field('userId', '$.UserId')}, '00000000-0000-0000-0000-000000000000')",
)
_APP = first_of(
    *(
        f"{by}.app.{name}"
        for name in ("displayName", "servicePrincipalName", "servicePrincipalId", "appId")
        for by in _STARTER
    ),
    _inside("$.InitiatedBy", "/app/displayName"),
    _field("servicePrincipalName", "$.ServicePrincipalName"),
    _field("servicePrincipalDisplayName"),
    f"CASE WHEN {_field('servicePrincipalId', '$.ServicePrincipalId')} IS NOT NULL THEN {_field('appDisplayName')} END",
    _field("servicePrincipalId", "$.ServicePrincipalId"),
)
_PROVISIONER = first_of(*(f"{by}.{name}" for name in ("Name", "displayName", "Id", "id") for by in _STARTER))

_TARGETS = first_of("$.properties.targetResources", "$.targetResources", "$.TargetResources")
_TARGET = f"""CASE WHEN json_valid({_TARGETS}) THEN json_extract_string({_TARGETS},
    ['/0/displayName', '/0/userPrincipalName', '/0/id', '/0/type']) END"""
_DETAILS = first_of("$.properties.additionalDetails", "$.additionalDetails", "$.AdditionalDetails")
_AGENT_DETAIL = f"""CASE WHEN json_valid({_DETAILS}) THEN json_extract_string(list_filter(json_extract({_DETAILS}, '$[*]'),
    lambda d: lower(json_extract_string(d, 'key')) = 'user-agent')[1], 'value') END"""

_CODE = f"""coalesce({_field("status.errorCode")}, {_inside("$.Status", "/errorCode")},
    CASE WHEN regexp_full_match($.resultType, '[0-9]+') THEN $.resultType END,
    CASE WHEN regexp_full_match($.ResultType, '[0-9]+') THEN $.ResultType END)"""
_RESULT = f"""lower(coalesce({_field("result", "$.Result")}, {_field("provisioningStatusInfo.Status")},
    {_field("provisioningStatusInfo.status")}, nullif($.resultType, '')))"""
_STATUS_CODE = "try_cast($.properties.responseStatusCode AS INTEGER)"


def _place(name: str) -> str:
    place = _field(f"location.{name}")
    return f"nullif(coalesce({place}, {_inside('$.LocationDetails', '/' + name)}), 'Unknown')"


_AT = first_of("$.location", "$.Location", "$.properties.location")

FEED = Feed(
    name="entra",
    product="Microsoft Entra ID (Azure Active Directory) audit, sign-in, risk and provisioning logs",
    exported_from="Graph API auditLogs and identityProtection; diagnostic settings to storage or Event Hub; a workspace's export",
    recognised_by=(
        *((f"category={category}", "operationName") for category in _CATEGORIES),
        *((f"Category={category}", "OperationName") for category in _CATEGORIES),
        *((f"Type={table}", "TimeGenerated") for table in _TABLES),
        ("operationName=Sign-in activity",),
        ("operationName", "properties.activityDisplayName"),
        ("operationName", "properties.userPrincipalName"),
        ("properties.activityDisplayName", "properties.initiatedBy"),
        ("activityDisplayName", "activityDateTime", "loggedByService"),
        ("activityDisplayName", "activityDateTime", "initiatedBy"),
        ("createdDateTime", "userPrincipalName", "appId"),
        ("createdDateTime", "servicePrincipalId", "appId"),
        ("riskEventType", "activityDateTime", "detectionTimingType"),
        ("provisioningAction", "activityDateTime", "provisioningStatusInfo"),
    ),
    any_type=(
        "$.identity",
        "$.initiatedBy",
        "$.properties.initiatedBy",
        "$.location",
        "$.properties.location",
        "$.Location",
        "$.LocationDetails",
        "$.status",
        "$.properties.status",
        "$.Status",
        "$.InitiatedBy",
        "$.targetResources",
        "$.properties.targetResources",
        "$.TargetResources",
        "$.additionalDetails",
        "$.properties.additionalDetails",
        "$.AdditionalDetails",
        "$.modifiedProperties",
        "$.properties.modifiedProperties",
        "$.properties.targetIdentity",
        "$.properties.sourceIdentity",
        "$.targetIdentity",
        "$.sourceIdentity",
        "$.signInEventTypes",
        "$.properties.provisioningStatusInfo",
        "$.provisioningStatusInfo",
    ),
    as_text=("$.properties", "$.initiatedBy", "$.status", "$.location"),
    zone="UTC",
    columns={
        "event_id": f"""CASE WHEN coalesce($.category, $.Category, '') NOT LIKE 'Risky%'
            THEN {_field("id", "$.Id", "$.properties.requestId")} END""",
        "occurred_at": f"""coalesce(CASE WHEN {_RISK} IS NULL THEN coalesce({_CREATED}, {_ACTIVITY_TIME}) END, {_LOGGED},
            {_DETECTED}, {_ACTIVITY_TIME})""",
        "event": _EVENT,
        "category": counterpart(
            _EVENT,
            _COUNTERPARTS,
            0,
            f"""coalesce(nullif($.properties.category, ''), nullif($.category, ''), nullif($.Category, ''),
            CASE WHEN {_RISK} IS NOT NULL THEN 'UserRiskEvents' WHEN {_IS_SIGN_IN} THEN {
                looked_up(
                    "$.signInEventTypes[0]",
                    {
                        "nonInteractiveUser": "NonInteractiveUserSignInLogs",
                        "servicePrincipal": "ServicePrincipalSignInLogs",
                        "managedIdentity": "ManagedIdentitySignInLogs",
                    },
                    "'SignInLogs'",
                )
            } END)""",
        ),
        "action": counterpart(
            _EVENT,
            _COUNTERPARTS,
            1,
            f"""CASE WHEN {_IS_SIGN_IN} THEN 'Sign-in' ELSE {
                first_of(
                    _field("operationType", "$.AADOperationType"),
                    _RISK,
                    _field("provisioningAction"),
                    "$.properties.requestMethod",
                    "$.properties.riskState",
                )
            } END""",
        ),
        "actor": first_of(
            _USER,
            _APP,
            _PROVISIONER,
            _field("appId"),
            "CASE WHEN NOT starts_with($.identity, '{') THEN $.identity END",
            "$.Identity",
        ),
        "actor_id": first_of(
            *(f"{by}.user.id" for by in _STARTER),
            *(f"{by}.app.{name}" for name in ("servicePrincipalId", "appId") for by in _STARTER),
            _field("userId", "$.UserId"),
            _field("servicePrincipalId", "$.ServicePrincipalId"),
            f"CASE WHEN {_USER} IS NULL THEN {_field('appId', '$.AppId')} END",
        ),
        "actor_role": _field("userType", "$.UserType"),
        "actor_type": f"""CASE WHEN starts_with({_USER}, 'Sync_') THEN 'service' WHEN {_USER} IS NOT NULL THEN 'human'
            WHEN {_APP} IS NOT NULL THEN 'service'
            WHEN {first_of(*(f"{by}.{name}" for name in ("Type", "initiatorType") for by in _STARTER))} = 'system' THEN 'system'
            WHEN {_field("appId")} IS NOT NULL THEN 'service' END""",
        "resource": first_of(
            f"({_TARGET})[1]",
            f"({_TARGET})[2]",
            f"({_TARGET})[3]",
            _field("resourceDisplayName", "$.ResourceDisplayName"),
            "$.properties.requestUri",
            *(
                f"{who}.{name}"
                for name in ("Name", "displayName", "Id", "id")
                for who in ("$.properties.sourceIdentity", "$.sourceIdentity")
            ),
            _field("appDisplayName", "$.AppDisplayName"),
        ),
        "resource_type": f"""coalesce(nullif(({_TARGET})[4], ''), CASE WHEN {_IS_SIGN_IN} THEN 'Application' END,
            {first_of("$.properties.sourceIdentity.identityType", "$.sourceIdentity.identityType")})""",
        "resource_id": f"""coalesce(nullif(({_TARGET})[3], ''), nullif($.properties.resourceId, ''),
            {first_of("$.properties.sourceIdentity.Id", "$.sourceIdentity.id")}, CASE WHEN {_IS_SIGN_IN}
            AND NOT starts_with($.resourceId, '/') THEN nullif($.resourceId, '') END)""",
        "changes": _changes(_TARGETS, first_of("$.properties.modifiedProperties", "$.modifiedProperties")),
        "source": first_of(
            _field("appDisplayName", "$.AppDisplayName"),
            _field("clientAppUsed", "$.ClientAppUsed"),
            _field("loggedByService", "$.LoggedByService"),
            _field("source"),
        ),
        "ip": address(
            first_of(
                "$.callerIpAddress",
                _field("ipAddress", "$.IPAddress", "$.CallerIpAddress"),
                *(f"{by}.user.ipAddress" for by in _STARTER),
                _inside("$.InitiatedBy", "/user/ipAddress"),
            )
        ),
        "country": f"""coalesce({_place("countryOrRegion")}, CASE WHEN coalesce($.category, $.Category, '') NOT IN
            ('AuditLogs', 'MicrosoftGraphActivityLogs') AND regexp_full_match({_AT}, '[A-Za-z]{{2}}') THEN {_AT} END)""",
        "region": _place("state"),
        "city": _place("city"),
        # a list of one, so that the code is looked for once
        "outcome": f"""nullif(coalesce(list_transform([{_CODE}], lambda c: CASE WHEN c = '0' THEN 'success'
            WHEN c IN {tuple(map(str, _INTERRUPTED))} THEN '' WHEN c IS NOT NULL THEN 'failure' END)[1], {
            looked_up(
                _RESULT,
                {"success": "success", **dict.fromkeys(("failure", "failed", "timeout", "clienterror"), "failure")},
                f"CASE WHEN {_STATUS_CODE} < 400 THEN 'success' WHEN {_STATUS_CODE} >= 400 THEN 'failure' END",
            )
        }), '')""",
        "workspace": f"""coalesce({first_of("$.tenantId", "$.AADTenantId", "$.properties.tenantId", "$.TenantId")},
            {_field("resourceTenantId", "$.ResourceTenantId")},
            nullif(regexp_extract($.resourceId, '(?i)^/tenants/([^/]+)/', 1), ''))""",
        "user_agent": f"coalesce({_field('userAgent', '$.UserAgent')}, nullif({_AGENT_DETAIL}, ''))",
    },
)
