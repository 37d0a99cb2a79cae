"""`gcp`, Google Cloud Audit Logs: an event is one log entry whose `protoPayload` says who called which method of which service.

Format: https://docs.cloud.google.com/logging/docs/reference/audit/auditlog/rest/Shared.Types/AuditLog within
https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry: Logging's own JSON (`gcloud logging read`, sinks to
Cloud Storage and Pub/Sub), and the rows of a sink to BigQuery, where the payload is `protopayload_auditlog`. Access Transparency
tells of Google's own staff in `jsonPayload`
(https://docs.cloud.google.com/assured-workloads/access-transparency/docs/reading-logs).

`principalEmail` is absent for identities from outside Google: then `principalSubject` names them, or for Kubernetes the
authority that was claimed. Times are UTC; an entry without `timestamp` has that of its request or, as Logging itself does it, of
its receipt. A caller inside Google's network has a word for an address (`private`, `gce-internal-ip`): that is none.
An absent status is the status OK, but the first entry of a long operation does not know yet how it ends.
BigQuery repeats method, resource and caller within `metadata`. Who is added to a policy has no role before: `[null, role]`.
"""

from __future__ import annotations

from audit_reports.expressions import address, after_last_dot, counterpart, first_of
from audit_reports.feed import Feed


def _said(path: str) -> str:
    """Return the expression of the text at a path of the payload, as Logging writes it or as BigQuery's rows do."""
    return first_of(f"$.protoPayload.{path}", f"$.protopayload_auditlog.{path}")


_METHOD = first_of(
    "$.protoPayload.methodName",
    "$.protopayload_auditlog.methodName",
    "$.protoPayload.metadata.methodName",
    "$.jsonPayload.accesses[0].methodName",
)
_SERVICE = first_of(
    "$.protoPayload.serviceName",
    "$.protopayload_auditlog.serviceName",
    "$.protoPayload.metadata.serviceName",
    "$.jsonPayload.product[0]",
    "$.resource.labels.service",
    "$.operation.producer",
)
_LAST = after_last_dot(_METHOD)
_FAMILY = f"""coalesce(regexp_replace({_SERVICE}, '[.]googleapis[.]com$', ''),
    CASE WHEN starts_with({_METHOD}, 'io.k8s.') THEN 'k8s.io' ELSE $.resource.type END)"""

# Methods with a counterpart among the categories of the home feed, by their last word; services differ in its capitals.
_COUNTERPARTS = {
    "createserviceaccountkey": ("API Keys", "Created"),
    "uploadserviceaccountkey": ("API Keys", "Created"),
    "deleteserviceaccountkey": ("API Keys", "Deleted"),
    "setiampolicy": ("Members", "Role Changed"),
    "setiampermissions": ("Members", "Role Changed"),
    "assignrole": ("Members", "Role Changed"),
    "unassignrole": ("Members", "Role Changed"),
    "grantadminprivilege": ("Members", "Role Changed"),
    "revokeadminprivilege": ("Members", "Role Changed"),
    "insertprojectownershipinvite": ("Members", "Invited"),
    "registerdomain": ("Domains", "Domain Created"),
    "addsecondarydomain": ("Domains", "Domain Created"),
    "adddomainalias": ("Domains", "Domain Created"),
    "deleteregistration": ("Domains", "Domain Deleted"),
    "removesecondarydomain": ("Domains", "Domain Deleted"),
    "removedomainalias": ("Domains", "Domain Deleted"),
    "changeorganizationname": ("Organization", "Updated"),
    "addapplication": ("Integrations", "Created"),
    "removeapplication": ("Integrations", "Deleted"),
    "authorizeapiclientaccess": ("Connections", "Created"),
    "removeapiclientaccess": ("Connections", "Deleted"),
    "inboundssoprofilecreated": ("Connections", "Created"),
    "inboundssoprofileupdated": ("Connections", "Updated"),
    "inboundssoprofiledeleted": ("Connections", "Deleted"),
    **{
        f"{verb}{what}": ("Connections", action)
        for verb, action in (("create", "Created"), ("update", "Updated"), ("delete", "Deleted"))
        for what in ("connection", "workloadidentitypoolprovider", "workforcepoolprovider")
    },
    "createworkflow": ("Workflows", "Created"),
    "deleteworkflow": ("Workflows", "Deleted"),
}
# Where the last word says too little, by the last two.
_PRECISE = {
    "apikeys.createkey": ("API Keys", "Created"),
    "apikeys.deletekey": ("API Keys", "Deleted"),
    "hmackeys.create": ("API Keys", "Created"),
    "hmackeys.delete": ("API Keys", "Deleted"),
    "adminservice.createuser": ("Members", "Joined"),
    "adminservice.deleteuser": ("Members", "Removed"),
}


def _counterpart(part: int, otherwise: str) -> str:
    last_two = f"lower(regexp_extract({_METHOD}, '[^.]+[.][^.]+$'))"
    return counterpart(last_two, _PRECISE, part, counterpart(f"lower({_LAST})", _COUNTERPARTS, part, otherwise))


_SUBJECT = _said("authenticationInfo.principalSubject")
_EMAIL = _said("authenticationInfo.principalEmail")
_ACTOR = f"""coalesce({_EMAIL}, {_SUBJECT}, {_said("authenticationInfo.authoritySelector")},
    {_said("authenticationInfo.serviceAccountDelegationInfo[0].principalSubject")},
    {_said("authenticationInfo.serviceAccountDelegationInfo[0].firstPartyPrincipal.principalEmail")},
    nullif($.jsonPayload.location.principalEmployingEntity, ''))"""
# Kubernetes has names of its own: `system:serviceaccount:SPACE:NAME`, `system:node:NAME`, and `system:anonymous` for nobody.
_ACTOR_TYPE = f"""CASE WHEN $.jsonPayload.accesses IS NOT NULL THEN 'support'
    WHEN {_EMAIL} = 'system@google.com' OR contains($.logName, 'system_event') THEN 'system'
    WHEN {_ACTOR} LIKE 'system:anonymous%' OR {_ACTOR} = 'anonymous' THEN NULL
    WHEN {_ACTOR} LIKE 'system:serviceaccount:%' OR {_EMAIL} LIKE '%gserviceaccount.com'
        OR {_SUBJECT} LIKE '%serviceAccount:%' OR {_SUBJECT} LIKE '%workloadIdentityPools%'
        OR {_said("authenticationInfo.serviceAccountKeyName")} IS NOT NULL THEN 'service'
    WHEN {_ACTOR} LIKE 'system:%' THEN 'system'
    WHEN contains({_EMAIL}, '@') OR {_SUBJECT} LIKE 'user:%' OR {_SUBJECT} LIKE '%workforcePools%' THEN 'human' END"""

_AGENT = _said("requestMetadata.callerSuppliedUserAgent")
_SOURCE = f"""CASE WHEN contains($.logName, 'system_event') THEN 'Google Cloud'
    WHEN regexp_matches({_AGENT}, '(?i)terraform') THEN 'Terraform'
    WHEN regexp_matches({_AGENT}, '(?i)gcloud|google-cloud-sdk|gsutil|kubectl|apitools') THEN 'CLI'
    WHEN starts_with({_AGENT}, 'Mozilla/') THEN 'Console' WHEN {_AGENT} <> '' THEN 'API' END"""

# The code of a status is google.rpc.Code: 0, or absent, is OK.
_CODE = _said("status.code")
_OUTCOME = f"""CASE WHEN {_CODE} <> '0' OR ({_CODE} IS NULL AND {_said("status.message")} IS NOT NULL) THEN 'failure'
    WHEN regexp_matches({_LAST}, '(?i)fail') OR $.severity IN ('ERROR', 'CRITICAL', 'ALERT', 'EMERGENCY') THEN 'failure'
    WHEN {_said("status")} IS NOT NULL THEN 'success'
    WHEN contains({_said("authorizationInfo")}, '"granted":false') THEN 'failure'
    WHEN $.operation.first = 'true' AND $.operation.last IS DISTINCT FROM 'true' THEN NULL
    WHEN coalesce({_METHOD}, {_SERVICE}) IS NOT NULL THEN 'success' END"""

_DELTAS = """json_extract(TRY_CAST(coalesce($.protoPayload.serviceData.policyDelta.bindingDeltas,
    $.protopayload_auditlog.servicedata_v1_iam.policyDelta.bindingDeltas) AS JSON), '$[*]')"""


def _roles(action: str) -> str:
    """Return the expression of the roles that a policy's change adds to, or removes from, the member `m`."""
    those = f"list_filter({_DELTAS}, lambda d: d->>'member' = m AND upper(d->>'action') = '{action}')"
    return f"nullif(array_to_string(list_transform({those}, lambda d: d->>'role'), ', '), '')"


_MEMBERS = f"list_sort(list_distinct(list_transform({_DELTAS}, lambda d: d->>'member')))"
_CHANGES = (
    f"nullif('{{' || array_to_string(list_transform({_MEMBERS}, "
    f"lambda m: to_json(m) || ':' || json_array({_roles('REMOVE')}, {_roles('ADD')})), ',') || '}}', '{{}}')"
)

FEED = Feed(
    name="gcp",
    product="Google Cloud Audit Logs",
    exported_from="a log sink to Cloud Storage, Pub/Sub or BigQuery, or gcloud logging read --format=json",
    recognised_by=(
        ("protoPayload",),
        ("protopayload_auditlog",),
        ("jsonPayload.@type=type.googleapis.com/google.cloud.audit.TransparencyLog",),
        ("operation.producer",),
    ),
    # requests and answers are the service's own; status, metadata and delegation are objects, lists or text by service and sink
    any_type=(
        "$.protoPayload.status",
        "$.protoPayload.metadata",
        "$.protoPayload.serviceData",
        "$.protoPayload.requestMetadata",
        "$.protoPayload.authorizationInfo",
        "$.protoPayload.authenticationInfo.serviceAccountDelegationInfo",
        "$.protopayload_auditlog.status",
        "$.protopayload_auditlog.servicedata_v1_iam",
        "$.protopayload_auditlog.authorizationInfo",
        "$.protopayload_auditlog.authenticationInfo.serviceAccountDelegationInfo",
        "$.jsonPayload",
        "$.resource",
        "$.operation",
    ),
    zone="UTC",
    columns={
        "event_id": first_of("$.insertId", "$.insertid", "$.insert_id"),
        "occurred_at": first_of(
            "$.timestamp",
            "$.protoPayload.timestamp",
            "$.protoPayload.requestMetadata.requestAttributes.time",
            "$.receiveTimestamp",
        ),
        "event": f"coalesce({_METHOD}, {_SERVICE}, {first_of('$.resource.type', '$.logName')})",
        "category": _counterpart(0, _FAMILY),
        "action": _counterpart(1, _LAST),
        "actor": _ACTOR,
        "actor_id": f"coalesce({_SUBJECT}, {_EMAIL})",
        "actor_type": _ACTOR_TYPE,
        "resource": first_of(
            "$.protoPayload.resourceName",
            "$.protopayload_auditlog.resourceName",
            "$.protoPayload.metadata.resourceName",
            "$.jsonPayload.accesses[0].resourceName",
        ),
        "resource_type": first_of("$.resource.type"),
        "resource_id": first_of(
            "$.resource.labels.instance_id", "$.resource.labels.unique_id", "$.resource.labels.bucket_name"
        ),
        "changes": _CHANGES,
        "source": _SOURCE,
        "ip": address(
            f"coalesce({_said('requestMetadata.callerIp')}, $.protoPayload.requestMetadata.callerIP, "
            "$.protoPayload.metadata.requestMetadata.callerIP)"
        ),
        "country": "coalesce($.jsonPayload.location.principalPhysicalLocationCountry, "
        "$.jsonPayload.location.principalOfficeCountry)",
        "outcome": _OUTCOME,
        "workspace": """coalesce(nullif($.resource.labels.project_id, ''),
            nullif(regexp_extract($.logName, '^(?:projects|folders|organizations|billingAccounts)/([^/]+)/', 1), ''))""",
        "user_agent": _AGENT,
    },
)
