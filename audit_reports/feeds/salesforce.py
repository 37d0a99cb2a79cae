"""`salesforce`, Salesforce: an event is one row of an event log file, one real-time event, or one entry of the setup audit trail.

Formats: https://developer.salesforce.com/docs/platform/object-reference/references/eventlogfile-supported-event-types/
(event log files: CSV, COLUMNS_IN_CAPITALS), https://developer.salesforce.com/docs/platform/platform-events/guide/
(real-time events, by query, CometD, Pub/Sub API or Amazon EventBridge; FieldsSoWritten) and
https://developer.salesforce.com/docs/platform/object-reference/references/standard-objects/ (SetupAuditTrail, LoginHistory and
the objects that end in EventLog, by query).

Decided:
- Who: where one user is logged in as another, the one who does it; the other is the resource.
- `TIMESTAMP` (`20260302091405.120`) is documented to be GMT, and used where `TIMESTAMP_DERIVED` is absent.
- `Salesforce.com IP`, which stands for an address of the vendor's own, is no address: the source address is tried next.
- `REQUEST_ID` is that of a transaction, which may write several rows of those types that log its inner steps; such rows
  have no id of their own.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, epoch_milliseconds, first_of, looked_up, utc_time
from audit_reports.feed import Feed

# Types of which one transaction may write many rows, or one beside the row of the request itself.
_STEPS = (
    "ApexCallout",
    "ApexExecution",
    "ApexSoap",
    "ApexTrigger",
    "ApexUnexpectedException",
    "AuraRequest",
    "ContinuationCalloutSummary",
    "ExternalCustomApexCallout",
    "ExternalDataSourceCallout",
    "ExternalODataCallout",
    "FlowExecution",
    "LightningError",
    "LightningInteraction",
    "LightningPageView",
    "LightningPerformance",
    "NamedCredential",
    "QueuedExecution",
    "URI",
    "VisualforceRequest",
)

_JOINED, _REMOVED, _ROLE_CHANGED = ("Members", "Joined"), ("Members", "Removed"), ("Members", "Role Changed")

# Actions of the setup audit trail, and operations of permission set events, with a counterpart in the home feed.
_COUNTERPARTS = {
    "AssignedToUsers": _ROLE_CHANGED,
    "UnassignedFromUsers": _ROLE_CHANGED,
    "PermSetAssign": _ROLE_CHANGED,
    "PermSetUnassign": _ROLE_CHANGED,
    "PermSetGroupAssign": _ROLE_CHANGED,
    "PermSetGroupUnassign": _ROLE_CHANGED,
    "changedprofileforuser": _ROLE_CHANGED,
    "changedprofileforuserstdtostd": _ROLE_CHANGED,
    "changedprofileforusercusttocust": _ROLE_CHANGED,
    "changedprofileforuserstdtocust": _ROLE_CHANGED,
    "changedprofileforusercusttostd": _ROLE_CHANGED,
    "changedroleforuser": _ROLE_CHANGED,
    "changedroleforuserfromnone": _ROLE_CHANGED,
    "changedroleforusertonone": _ROLE_CHANGED,
    "groupMembership": _ROLE_CHANGED,
    "createduser": _JOINED,
    "createdcustomersuccessuser": _JOINED,
    "createdpartneruser": _JOINED,
    "activateduser": _JOINED,
    "useractivated": _JOINED,
    "deactivateduser": _REMOVED,
    "userdeactivated": _REMOVED,
    "deleteduser": _REMOVED,
    "frozeuser": _REMOVED,
    "insertConnectedApplication": ("Integrations", "Created"),
    "updateConnectedApplication": ("Integrations", "Updated"),
    "deleteConnectedApplication": ("Integrations", "Deleted"),
    "installedApp": ("Integrations", "Created"),
    "uninstalledApp": ("Integrations", "Deleted"),
    "addedDomain": ("Domains", "Domain Created"),
    "deletedDomain": ("Domains", "Domain Deleted"),
    "changedcompanyinfo": ("Organization", "Updated"),
}

_ENVELOPES = ("$", "$.data.payload", "$.payload", "$.detail.payload")


def _sent(*names: str) -> str:
    """Return fields of a real-time event, wherever a way of delivery puts its payload."""
    return first_of(*(f"{envelope}.{name}" for name in names for envelope in _ENVELOPES))


def _time(expression: str) -> str:
    """Return a time that is either ISO text or, as the Pub/Sub API has it, milliseconds since 1970."""
    is_number = f"regexp_full_match({expression}, '[0-9]{{12,14}}')"
    return f"CASE WHEN {is_number} THEN {epoch_milliseconds(expression)} ELSE {expression} END"


_SETUP = """$.attributes.type = 'SetupAuditTrail' OR $.Section IS NOT NULL AND $.Display IS NOT NULL"""
_TYPE = f"""coalesce({
    first_of(
        "$.EVENT_TYPE",
        "$.attributes.type",
        "regexp_extract($.channel, '([^/]+)$', 1)",
        "$.event.EventApiName",
        'CASE WHEN $.detail.payload.EventIdentifier IS NOT NULL THEN $."detail-type" END',
        "$.EventType",
    )
}, CASE WHEN {_sent("EventIdentifier")} IS NOT NULL THEN 'Salesforce' END)"""
_EVENT = f"CASE WHEN {_SETUP} THEN nullif($.Action, '') ELSE {_TYPE} END"
_OPERATION = f"CASE WHEN {_SETUP} THEN nullif($.Action, '') ELSE {_sent('Operation')} END"

_DELEGATED_NAME = first_of(
    "$.DELEGATED_USER_NAME", "$.DELEGATED_USERNAME", _sent("DelegatedUsername", "DelegatedUserName"), "$.DelegateUser"
)
_DELEGATED_ID = first_of("$.DELEGATED_USER_ID_DERIVED", "$.DELEGATED_USER_ID", "$.DelegatedUserIdentifier")
_NAME = first_of(
    "$.USER_NAME",
    "$.USERNAME",
    "$.USER_EMAIL",
    _sent("Username"),
    "$.UserName",
    "$.CreatedBy.Username",
    "$.CreatedBy.Name",
)
_ID = first_of(
    "$.USER_ID_DERIVED",
    "$.USER_ID",
    _sent("UserId"),
    "$.UserIdentifier",
    f"CASE WHEN {_SETUP} THEN $.CreatedById END",
)
_IMPERSONATED = f"coalesce({_DELEGATED_NAME}, {_DELEGATED_ID}) IS NOT NULL"
_USER_TYPE = first_of("$.USER_TYPE", _sent("UserType"))

# Where it did not succeed, a login says why.
_LOGIN_STATUS = first_of(
    "$.LOGIN_STATUS",
    "$.LoginStatus",
    f"CASE WHEN {_TYPE} IN ('LoginEvent', 'LoginEventStream', 'LoginHistory') THEN {_sent('Status')} END",
)
_STATUS = first_of(
    "$.STATUS", "$.REQUEST_STATUS", "$.RequestStatus", "$.SUCCESS", "$.IS_SUCCESS", _sent("PolicyOutcome")
)
_BLOCKED = (
    "block",
    "meteringblock",
    "twofadenied",
    "twofareporteddenied",
    "twofafailedgeneralerror",
    "twofafailedinvalidcode",
    "twofafailedtoomanyattempts",
)
_HTTP = f"try_cast({first_of('$.STATUS_CODE', '$.HTTP_STATUS_CODE')} AS INTEGER)"

FEED = Feed(
    name="salesforce",
    product="Salesforce Event Monitoring and Setup Audit Trail",
    exported_from="EventLogFile (CSV), real-time events (REST query, CometD, Pub/Sub API, EventBridge), SetupAuditTrail",
    recognised_by=(
        *(
            ("EVENT_TYPE", key)
            for key in ("TIMESTAMP_DERIVED", "TIMESTAMP", "ORGANIZATION_ID", "REQUEST_ID", "USER_ID")
        ),
        ("EventIdentifier", "EventDate"),
        ("EventIdentifier", "CreatedDate"),
        ("data.payload.EventIdentifier",),
        ("payload.EventIdentifier",),
        ("detail.payload.EventIdentifier",),
        ("RequestIdentifier", "Timestamp", "UserIdentifier"),
        ("attributes.type=SetupAuditTrail",),
        ("attributes.type=LoginHistory",),
        ("Action", "Section", "Display", "CreatedDate"),
    ),
    any_type=(
        "$.event",
        "$.ENTITY_NAME",
        "$.QUERIED_ENTITIES",
        "$.Records",
        "$.QueriedEntities",
        "$.data.payload.QueriedEntities",
        "$.payload.QueriedEntities",
        "$.detail.payload.QueriedEntities",
        "$.LoginGeo",
    ),
    zone="UTC",
    columns={
        "event_id": first_of(
            _sent("EventIdentifier"),
            looked_up("$.EVENT_TYPE", dict.fromkeys(_STEPS, ""), "$.REQUEST_ID"),
            f"CASE WHEN $.attributes.type IN ('SetupAuditTrail', 'LoginHistory') OR {_SETUP} THEN $.Id END",
            "$.RequestIdentifier",
        ),
        "occurred_at": first_of(
            _time("$.TIMESTAMP_DERIVED"),
            utc_time("$.TIMESTAMP", "%Y%m%d%H%M%S.%g", "%Y%m%d%H%M%S"),
            "$.TIMESTAMP",
            "CASE WHEN contains($.EVENT_DATE, ':') THEN $.EVENT_DATE END",
            _time(_sent("EventDate")),
            "$.Timestamp",
            "$.LoginTime",
            _time(_sent("CreatedDate")),
        ),
        "event": _EVENT,
        "category": counterpart(
            _OPERATION,
            _COUNTERPARTS,
            0,
            f"CASE WHEN {_SETUP} THEN coalesce(nullif($.Section, ''), 'Setup') "
            f"ELSE regexp_replace({_TYPE}, '(EventStore|EventStream|EventLog|Store|Event)$', '') END",
        ),
        "action": counterpart(
            _OPERATION,
            _COUNTERPARTS,
            1,
            first_of(
                _OPERATION,
                "$.OPERATION_TYPE",
                "$.OPERATION",
                "$.METHOD",
                "$.HTTP_METHOD",
                f"regexp_replace({_TYPE}, '(EventStore|EventStream|EventLog|Store|Event)$', '')",
            ),
        ),
        "actor": f"coalesce({_DELEGATED_NAME}, {_DELEGATED_ID}, {_NAME}, {_ID})",
        "actor_id": f"CASE WHEN {_IMPERSONATED} THEN {_DELEGATED_ID} ELSE {_ID} END",
        "actor_role": _USER_TYPE,
        "actor_type": f"""CASE WHEN {_USER_TYPE} IN ('A', 'AutomatedProcess', 'CloudIntegrationUser') THEN 'system'
            WHEN {_IMPERSONATED} OR coalesce({_NAME}, {_ID}) IS NOT NULL THEN 'human' END""",
        "resource": f"""CASE WHEN {_IMPERSONATED} AND {_TYPE} LIKE 'LoginAs%' THEN coalesce({_NAME}, {_ID}) ELSE {
            first_of(
                "$.REPORT_ID_DERIVED",
                "$.REPORT_ID",
                "$.ENTITY_NAME",
                "$.CONNECTED_APP_NAME",
                _sent("ParentName", "QueriedEntities", "ReportId"),
                "$.QUERIED_ENTITIES",
                "$.URI",
                "$.REQUEST_URI",
                _sent("PageUrl"),
                "$.Display",
            )
        } END""",
        "resource_type": f"""CASE WHEN {_TYPE} LIKE 'LoginAs%' THEN 'User'
            WHEN {_TYPE} LIKE 'PermissionSet%' THEN 'Permission Set'
            WHEN {first_of("$.REPORT_ID", _sent("ReportId"))} IS NOT NULL THEN 'Report'
            WHEN $.ENTITY_NAME <> '' THEN 'Object' WHEN $.CONNECTED_APP_NAME <> '' THEN 'Connected App' END""",
        "resource_id": f"""CASE WHEN {_IMPERSONATED} AND {_TYPE} LIKE 'LoginAs%' THEN {_ID} ELSE {
            first_of("$.REPORT_ID_DERIVED", "$.REPORT_ID", "$.CONNECTED_APP_ID", _sent("ReportId", "ParentIdList"))
        } END""",
        "source": first_of(
            "$.CONNECTED_APP_NAME",
            "$.CLIENT_NAME",
            "$.APP_NAME",
            _sent("ConnectedAppName", "Client", "Application"),
            "$.LOGIN_TYPE",
            "$.API_TYPE",
            _sent("LoginType", "ApiType"),
        ),
        "ip": f"""coalesce({address("$.CLIENT_IP")}, {address("$.SOURCE_IP")}, {address(_sent("SourceIp", "ClientIp"))},
            {address("$.CLIENT_IP_ADDRESS")})""",
        "country": first_of("$.COUNTRY_CODE", _sent("CountryIso", "Country"), "$.CountryCode", "$.LoginGeo.CountryIso"),
        "region": first_of(_sent("Subdivision"), "$.LoginGeo.Subdivision"),
        "city": first_of(_sent("City"), "$.LoginGeo.City"),
        "outcome": f"""CASE WHEN {_LOGIN_STATUS} IS NOT NULL
                THEN CASE WHEN {_LOGIN_STATUS} IN ('LOGIN_NO_ERROR', 'Success') THEN 'success' ELSE 'failure' END
            WHEN {_HTTP} >= 400 THEN 'failure' WHEN {_HTTP} >= 100 THEN 'success'
            ELSE coalesce({
            looked_up(
                f"lower({_STATUS})",
                {
                    **dict.fromkeys(("success", "s", "1", "true"), "success"),
                    **dict.fromkeys(("failure", "failed", "f", "a", "n", "0", "false", *_BLOCKED), "failure"),
                },
            )
        }, CASE WHEN {_SETUP} THEN 'success' END) END""",
        "workspace": first_of("$.ORGANIZATION_ID", _sent("OrganizationId"), "$.InternalOrganizationId"),
        "user_agent": first_of(
            "$.BROWSER_TYPE",
            "CASE WHEN NOT regexp_full_match($.USER_AGENT, '[0-9]+') THEN $.USER_AGENT END",
            _sent("UserAgent", "Browser"),
            "$.BrowserType",
        ),
    },
)
