"""`azure_activity`, Microsoft Azure: an event is one operation on a resource, or one request to a resource that logs its own.

Formats: https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema (the activity log, by REST API, storage
account or Event Hub), https://learn.microsoft.com/azure/azure-monitor/reference/tables/azureactivity (data export from a
workspace), https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema (resource logs; of them Storage,
Key Vault, SQL auditing and Event Hubs name who asked in ways of their own) and, inside `properties.log` of AKS clusters,
https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ as JSON text.

Decided:
- Who: the caller as the portal shows it, which is a user's sign-in name, else the object id of a service principal; its
  application's id where that is all. Requests signed with a key or a shared access signature have its hash as actor.
- What: `Microsoft.ContainerService/managedClusters/diagnosticLogs/Read` is the name of all of a cluster's audit events;
  their own verb and resource are shown instead.
- `location` is where the resource is, not the caller: an event of Azure has no country.
- `Start` and `Accept` are neither success nor failure. Only the REST API and workspaces give an event an id; a cluster's
  audit id is shared by the stages of one request.
"""

from __future__ import annotations

from audit_reports.expressions import AMERICAN, address, first_of, looked_up, utc_time
from audit_reports.feed import Feed

# The activity log's own categories, then resource logs that say who did what.
_CATEGORIES = (
    "Administrative",
    "ServiceHealth",
    "ResourceHealth",
    "Alert",
    "Autoscale",
    "Security",
    "Recommendation",
    "Policy",
    "Action",
    "Write",
    "Delete",
    "AuditEvent",
    "StorageRead",
    "StorageWrite",
    "StorageDelete",
    "kube-audit",
    "kube-audit-admin",
    "guard",
    "SQLSecurityAuditEvents",
    "DevOpsOperationsAudit",
    "OperationalLogs",
    "RuntimeAuditLogs",
    "ContainerRegistryLoginEvents",
    "ContainerRegistryRepositoryEvents",
    "DataPlaneRequests",
    "ControlPlaneRequests",
    "JobLogs",
    "WorkflowRuntime",
)

# Operations (in lower case, for Azure writes them in several) with a counterpart among the categories of the home feed.
_COUNTERPARTS = {
    "microsoft.authorization/roleassignments/write": "Members/Role Changed",
    "microsoft.authorization/roleassignments/delete": "Members/Role Changed",
    "microsoft.authorization/elevateaccess/action": "Members/Role Changed",
    "microsoft.authorization/classicadministrators/write": "Members/Role Changed",
    "microsoft.authorization/classicadministrators/delete": "Members/Role Changed",
    "microsoft.storage/storageaccounts/regeneratekey/action": "API Keys/Created",
    "microsoft.cognitiveservices/accounts/regeneratekey/action": "API Keys/Created",
    "microsoft.documentdb/databaseaccounts/regeneratekey/action": "API Keys/Created",
    "microsoft.batch/batchaccounts/regeneratekeys/action": "API Keys/Created",
    "microsoft.eventhub/namespaces/authorizationrules/regeneratekeys/action": "API Keys/Created",
    "microsoft.servicebus/namespaces/authorizationrules/regeneratekeys/action": "API Keys/Created",
    "microsoft.search/searchservices/createquerykey/action": "API Keys/Created",
    "microsoft.search/searchservices/deletequerykey/delete": "API Keys/Deleted",
    "microsoft.insights/components/apikeys/action": "API Keys/Created",
    "microsoft.insights/components/apikeys/delete": "API Keys/Deleted",
    "microsoft.domainregistration/domains/write": "Domains/Domain Created",
    "microsoft.domainregistration/domains/delete": "Domains/Domain Deleted",
    "microsoft.communication/emailservices/domains/write": "Domains/Email Domain Created",
    "microsoft.communication/emailservices/domains/delete": "Domains/Email Domain Deleted",
    "microsoft.logic/workflows/delete": "Workflows/Deleted",
    "microsoft.logic/workflows/enable/action": "Actions/Enabled",
    "microsoft.logic/workflows/disable/action": "Actions/Disabled",
    "microsoft.web/connections/delete": "Connections/Deleted",
    "microsoft.managedidentity/userassignedidentities/delete": "Integrations/Deleted",
    "microsoft.subscription/cancel/action": "Organization/Disabled",
    "microsoft.subscription/enable/action": "Organization/Enabled",
    "microsoft.subscription/rename/action": "Organization/Updated",
    "microsoft.management/managementgroups/delete": "Organization/Deleted",
}

# https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
_CLIENTS = {
    "c44b4083-3bb0-49c1-b47d-974e53cbdf3c": "Azure Portal",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Azure PowerShell",
}

_XML = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
_MICROSOFT = "http://schemas.microsoft.com/identity/claims"


def _claim(name: str) -> str:
    """Return a claim of the caller's token; Key Vault says `claim` where the activity log says `claims`."""
    return first_of(*(f'{parent}."{name}"' for parent in ("$.identity.claims", "$.identity.claim", "$.claims")))


def _kubernetes(pointer: str) -> str:
    """Return a field of the audit event that an AKS cluster logs as JSON text."""
    return f"CASE WHEN json_valid($.properties.log) THEN json_extract_string($.properties.log, '{pointer}') END"


_OPERATION = first_of(
    "$.operationName.value",
    "$.operationName.localizedValue",
    "CASE WHEN NOT regexp_matches($.operationName, '^[\\[{]') THEN $.operationName END",
    "$.OperationNameValue",
    "$.OperationName",
    "$.EventName",
)
_VERB = _kubernetes("/verb")
_KIND = _kubernetes("/objectRef/resource")
_COUNTERPART = looked_up(f"lower({_OPERATION})", _COUNTERPARTS)

_USER = first_of(
    "$.caller",
    "$.Caller",
    _claim(f"{_XML}/upn"),
    _claim(f"{_XML}/emailaddress"),
    _claim("upn"),
    _claim("unique_name"),
    f"regexp_replace({_claim(f'{_XML}/name')}, '^live.com#', '')",
    _claim("name"),
    "$.identity.requester.upn",
    "$.properties.server_principal_name",
    "$.properties.caller",
    _kubernetes("/user/username"),
    "CASE WHEN NOT regexp_matches($.identity, '^[\\[{]') THEN $.identity END",
)
_PRINCIPAL = first_of(
    _claim(f"{_XML}/spn"),
    _claim(f"{_MICROSOFT}/objectidentifier"),
    _claim("oid"),
    _claim(f"{_XML}/nameidentifier"),
    _claim("appid"),
    "$.identity.requester.objectId",
    "$.identity.requester.appId",
    "$.identity.authorization.evidence.principalId",
    "$.authorization.evidence.principalId",
)
_KEY = "nullif($.identity.tokenHash, '')"
_RESOURCE = first_of("$.resourceId", "$.ResourceId", "$._ResourceId", "$.resourceUri")
# What follows the last provider is its name, then types and names by turns.
_TYPED = f"regexp_extract({_RESOURCE}, '(?i)^(?:.*)/providers/([^/]+(?:/[^/]+/[^/]+)+)/?$', 1)"

_RESULT = f"""lower({
    first_of(
        "$.status.value",
        "$.status",
        "$.ActivityStatusValue",
        "$.resultType",
        "$.Status",
        "$.properties.succeeded",
        "$.properties.metricResponseType",
    )
})"""
_CODE = first_of(
    "$.statusCode",
    "$.properties.httpStatusCode",
    "$.properties.statusCode",
    _kubernetes("/responseStatus/code"),
    "CASE WHEN regexp_full_match($.resultSignature, '[1-5][0-9][0-9]') THEN $.resultSignature END",
)
_HTTP = f"try_cast({_CODE} AS INTEGER)"

FEED = Feed(
    name="azure_activity",
    product="Microsoft Azure activity log and resource logs",
    exported_from="diagnostic settings to a storage account or Event Hub, `az monitor activity-log list`, a workspace's export",
    recognised_by=(
        *((f"category={category}", "operationName") for category in _CATEGORIES),
        *((f"category={category}", "properties.log") for category in ("kube-audit", "kube-audit-admin", "guard")),
        ("resourceId", "operationName"),
        *(("time", "operationName", key) for key in ("category", "callerIpAddress", "correlationId", "properties")),
        ("resourceId", "EventName", "EventTimeString"),
        ("eventDataId", "operationName"),
        ("OperationNameValue", "TimeGenerated"),
    ),
    any_type=(
        "$.operationName",
        "$.category",
        "$.status",
        "$.identity",
        "$.claims",
        "$.properties",
        "$.resourceType",
    ),
    as_text=("$.properties", "$.identity", "$.authorization", "$.claims", "$.operationName", "$.category", "$.status"),
    zone="UTC",
    columns={
        "event_id": f"""coalesce({first_of("$.eventDataId", "$.EventDataId", "$.properties.eventDataId")},
            {_kubernetes("/auditID")} || coalesce('/' || {_kubernetes("/stage")}, ''))""",
        "occurred_at": first_of(
            utc_time("$.time", *AMERICAN),
            "$.time",
            "$.eventTimestamp",
            "$.TimeGenerated",
            utc_time("$.EventTimeString", *AMERICAN),
            "$.EventTimeString",
            _kubernetes("/requestReceivedTimestamp"),
            _kubernetes("/stageTimestamp"),
        ),
        "event": f"coalesce({_VERB} || coalesce(' ' || nullif({_KIND}, ''), ''), {_OPERATION})",
        "category": f"""coalesce(split_part({_COUNTERPART}, '/', 1),
            {first_of("$.category.value", "$.category", "$.CategoryValue", "$.Category")},
            nullif(regexp_extract({_OPERATION}, '^([^/]+)/', 1), ''))""",
        "action": f"""coalesce(split_part({_COUNTERPART}, '/', 2), {_VERB}, nullif($.properties.action_name, ''),
            nullif(regexp_extract({_OPERATION}, '(?i)([^/]+)(/action)?$', 1), ''))""",
        "actor": f"coalesce({_USER}, {_PRINCIPAL}, {_KEY})",
        "actor_id": f"""coalesce({
            first_of(
                _claim(f"{_MICROSOFT}/objectidentifier"),
                _claim("oid"),
                "$.identity.requester.objectId",
                "$.identity.authorization.evidence.principalId",
                "$.authorization.evidence.principalId",
                _claim("appid"),
                "$.identity.requester.appId",
                _kubernetes("/user/uid"),
            )
        }, {_KEY})""",
        "actor_role": first_of("$.identity.authorization.evidence.role", "$.authorization.role"),
        "actor_type": f"""CASE WHEN starts_with({_USER}, 'system:serviceaccount:') THEN 'service'
            WHEN starts_with({_USER}, 'system:') OR {_USER} ILIKE 'microsoft.%' THEN 'system'
            WHEN {_claim("idtyp")} = 'app' THEN 'service' WHEN contains({_USER}, '@') THEN 'human'
            WHEN {_claim("idtyp")} = 'user' THEN 'human'
            ELSE coalesce({
            looked_up(
                first_of("$.identity.authorization.evidence.principalType", "$.authorization.evidence.principalType"),
                {"User": "human", "ServicePrincipal": "service"},
            )
        }, CASE WHEN {_USER} IS NULL AND {_claim("appid")} IS NOT NULL THEN 'service'
                WHEN $.identity.type IN ('SAS', 'AccountKey') OR {_USER} IS NULL AND {
            _KEY
        } IS NOT NULL THEN 'api_key' END) END""",
        "resource": first_of(
            "$.properties.objectKey",
            f"concat_ws('/', {_kubernetes('/objectRef/namespace')}, {_kubernetes('/objectRef/name')})",
            f"regexp_extract({_RESOURCE}, '([^/]+)/?$', 1)",
        ),
        "resource_type": f"""coalesce(nullif({_KIND}, '') || coalesce('/' || {_kubernetes("/objectRef/subresource")}, ''),
            {first_of("$.resourceType.value", "$.resourceType")},
            nullif(regexp_replace({_TYPED}, '/([^/]+)/[^/]+', '/\\1', 'g'), ''))""",
        "resource_id": _RESOURCE,
        "source": f"""coalesce({looked_up(_claim("appid"), _CLIENTS)}, CASE WHEN {_VERB} IS NOT NULL THEN 'Kubernetes API' END,
            nullif($.properties.application_name, ''), CASE WHEN {_claim("appid")} IS NOT NULL THEN 'API' END)""",
        "ip": address(
            first_of(
                "$.callerIpAddress",
                "$.CallerIpAddress",
                "$.httpRequest.clientIpAddress",
                "$.properties.clientIpAddress",
                "$.properties.client_ip",
                _claim("ipaddr"),
                _kubernetes("/sourceIPs/0"),
            )
        ),
        "outcome": f"""CASE WHEN {_HTTP} >= 400 THEN 'failure' WHEN {_RESULT} IN ('failure', 'failed', 'false') THEN 'failure'
            WHEN {_RESULT} IN ('success', 'succeeded', 'true') OR {_HTTP} BETWEEN 100 AND 399 THEN 'success'
            WHEN ends_with({_RESULT}, 'error') OR ends_with({_RESULT}, 'failure') THEN 'failure' END""",
        "workspace": first_of(
            "$.tenantId",
            _claim(f"{_MICROSOFT}/tenantid"),
            "$.subscriptionId",
            "$.SubscriptionId",
            f"lower(regexp_extract({_RESOURCE}, '(?i)^/subscriptions/([^/]+)', 1))",
        ),
        "user_agent": first_of(
            "$.properties.userAgentHeader",
            "$.properties.clientInfo",
            "$.properties.userAgent",
            _kubernetes("/userAgent"),
        ),
    },
)
