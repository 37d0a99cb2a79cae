"""`databricks`, the audit log of a Databricks account and its workspaces: an event is one action of one of its
services.

Format: https://docs.databricks.com/aws/en/admin/account-settings/audit-log-delivery (log delivery to a bucket),
https://docs.databricks.com/aws/en/admin/system-tables/audit-logs (the table `system.access.audit`, the same in snake
case), and on Azure https://learn.microsoft.com/azure/databricks/admin/account-settings/audit-log-delivery (diagnostic
settings: the record in `properties`, or flat and in capitals in Log Analytics, with identity, parameters and answer as
JSON in a text). All their times are UTC. `event` is the action's name; the service, which the same action can belong
to, is the category where the catalogue has no counterpart. `requestId` is of the request, not of the event: only the
table's `event_id` and Azure's `logId` identify one. A sign-in without an identity names who tried as `user`.
Databricks' own staff sign in by Genie; a service principal's name is its application id. A workspace is the catalogue's
sub-organization, a job its workflow, a Genie space its assistant.
"""

from __future__ import annotations

from audit_reports.expressions import address, change, counterpart, epoch_milliseconds, first_member, first_of
from audit_reports.feed import Feed

_COUNTERPARTS = {
    "accounts.generateDbToken": ("API Keys", "Created"),
    "accounts.revokeDbToken": ("API Keys", "Deleted"),
    "accounts.garbageCollectDbToken": ("API Keys", "Deleted"),
    "servicePrincipalCredentials.create": ("API Keys", "Created"),
    "servicePrincipalCredentials.delete": ("API Keys", "Deleted"),
    "accounts.add": ("Members", "Joined"),
    "accounts.activateUser": ("Members", "Joined"),
    "accounts.deactivateUser": ("Members", "Removed"),
    "accounts.createUser": ("Members", "Joined"),
    "accounts.delete": ("Members", "Removed"),
    "accounts.deleteUser": ("Members", "Removed"),
    "accounts.setAdmin": ("Members", "Role Changed"),
    "accountsAccessControl.updateRuleSet": ("Members", "Role Changed"),
    "workspace.addPermissionAssignment": ("Organization", "Sub-Organization Member Joined"),
    "workspace.updatePermissionAssignment": ("Organization", "Sub-Organization Member Role Changed"),
    "workspace.updateRoleAssignment": ("Organization", "Sub-Organization Member Role Changed"),
    "accounts.removeAdmin": ("Members", "Role Changed"),
    "accounts.setAccountAdmin": ("Members", "Role Changed"),
    "accounts.removeAccountAdmin": ("Members", "Role Changed"),
    "accounts.addPrincipalToGroup": ("Members", "Role Changed"),
    "accounts.addPrincipalsToGroup": ("Members", "Role Changed"),
    "accounts.removePrincipalFromGroup": ("Members", "Role Changed"),
    "accounts.removePrincipalsFromGroup": ("Members", "Role Changed"),
    "groups.addPrincipalToGroup": ("Members", "Role Changed"),
    "groups.addPrincipalsToGroup": ("Members", "Role Changed"),
    "groups.removePrincipalFromGroup": ("Members", "Role Changed"),
    "accounts.updateAccountSettings": ("Organization", "Updated"),
    "accounts.setSetting": ("Organization", "Updated"),
    "accounts.deleteSetting": ("Organization", "Updated"),
    "accountsManager.updateAccount": ("Organization", "Updated"),
    "accountsManager.updateSubscription": ("Organization", "Updated"),
    "accountsManager.setSetting": ("Organization", "Updated"),
    "accountsManager.deleteSetting": ("Organization", "Updated"),
    "accountsManager.changeAccountOwner": ("Organization", "Transferred"),
    "accountsManager.createWorkspace": ("Organization", "Sub-Organization Created"),
    "accountsManager.createWorkspaceConfiguration": ("Organization", "Sub-Organization Created"),
    "accountsManager.updateWorkspace": ("Organization", "Sub-Organization Updated"),
    "accountsManager.updateWorkspaceConfiguration": ("Organization", "Sub-Organization Updated"),
    "workspace.workspaceConfEdit": ("Organization", "Sub-Organization Updated"),
    "workspace.updateWorkspaceSettings": ("Organization", "Sub-Organization Updated"),
    "workspace.setSetting": ("Organization", "Sub-Organization Updated"),
    "workspace.deleteSetting": ("Organization", "Sub-Organization Updated"),
    "oauth2.createCustomAppIntegration": ("Integrations", "Created"),
    "oauth2.updateCustomAppIntegration": ("Integrations", "Updated"),
    "oauth2.deleteCustomAppIntegration": ("Integrations", "Deleted"),
    "oauth2.createPublishedAppIntegration": ("Integrations", "Created"),
    "oauth2.updatePublishedAppIntegration": ("Integrations", "Updated"),
    "oauth2.deletePublishedAppIntegration": ("Integrations", "Deleted"),
    "ssoConfigBackend.create": ("Integrations", "Created"),
    "ssoConfigBackend.update": ("Integrations", "Updated"),
    "ssoConfigBackend.delete": ("Integrations", "Deleted"),
    "unityCatalog.createConnection": ("Connections", "Created"),
    "unityCatalog.updateConnection": ("Connections", "Updated"),
    "unityCatalog.deleteConnection": ("Connections", "Deleted"),
    "partnerHub.createOrReusePartnerConnection": ("Connections", "Created"),
    "partnerHub.deletePartnerConnection": ("Connections", "Deleted"),
    "jobs.create": ("Workflows", "Created"),
    "jobs.delete": ("Workflows", "Deleted"),
    "aibiGenie.createSpace": ("Assistants", "Created"),
    "aibiGenie.updateSpace": ("Assistants", "Updated"),
    "aibiGenie.trashSpace": ("Assistants", "Deleted"),
    "aibiGenie.cloneSpace": ("Assistants", "Duplicated"),
    "aibiGenie.deleteConversation": ("Conversations", "Chat Deleted"),
    "aibiGenie.genieDeleteConversation": ("Conversations", "Chat Deleted"),
}


def _field(camel: str, snake: str, *others: str) -> str:
    """Return the first value of a field under its names in log delivery, in the system table and on Azure."""
    azure = (f"$.properties.{camel}", f"$.{camel[0].upper()}{camel[1:]}")
    return first_of(f"$.{camel}", f"$.{snake}", *azure, *(f"$.{other}" for other in others))


_SERVICE = _field("serviceName", "service_name")
_ACTION = _field("actionName", "action_name")
_FULL_NAME = f"{_SERVICE} || '.' || {_ACTION}"

_PARAMETERS = f"TRY_CAST({_field('requestParams', 'request_params')} AS JSON)"
_RESPONSE = f"TRY_CAST({_field('response', 'response')} AS JSON)"
_IDENTITY = "TRY_CAST(coalesce($.user_identity, $.identity, $.Identity) AS JSON)"
_RUN_BY = "TRY_CAST(coalesce($.identityMetadata, $.identity_metadata, $.properties.identityMetadata) AS JSON)"


_METHOD = first_member(_PARAMETERS, "authentication_method", "authenticationMethod")
_IS_SIGN_IN = f"regexp_matches({_ACTION}, '(?i)login|authenti')"
_ACTOR = first_of(
    "$.userIdentity.email",
    first_member(_IDENTITY, "email"),
    "$.userIdentity.subjectName",
    first_member(_IDENTITY, "subjectName", "subject_name"),
    first_member(_RUN_BY, "runBy", "run_by"),
    f"CASE WHEN {_IS_SIGN_IN} THEN {first_member(_PARAMETERS, 'user', 'userName', 'email')} END",
)
_UUID = "'^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$'"

_TIME = first_of("$.timestamp", "$.event_time", "$.time", "$.TimeGenerated")
_STATUS = f"try_cast({first_member(_RESPONSE, 'statusCode', 'status_code')} AS INTEGER)"
_USER_AGENT = _field("userAgent", "user_agent")

FEED = Feed(
    name="databricks",
    product="Databricks audit log",
    exported_from="audit log delivery, the table system.access.audit, or diagnostic settings on Azure",
    recognised_by=(
        ("serviceName", "actionName"),
        ("serviceName", "userIdentity"),
        ("actionName", "userIdentity"),
        ("actionName", "requestParams"),
        ("service_name", "action_name"),
        ("properties.serviceName", "properties.actionName"),
        ("ServiceName", "ActionName"),
    ),
    zone="UTC",
    # each action has parameters and an answer of its own, on Azure as JSON in a text
    any_type=(
        "$.requestParams",
        "$.request_params",
        "$.RequestParams",
        "$.properties.requestParams",
        "$.response",
        "$.Response",
        "$.properties.response",
        "$.user_identity",
        "$.identity",
        "$.Identity",
        "$.identityMetadata",
        "$.identity_metadata",
        "$.properties.identityMetadata",
    ),
    as_text=("$.properties", "$.userIdentity"),
    columns={
        "event_id": first_of("$.event_id", "$.properties.logId", "$.LogId"),
        "occurred_at": f"CASE WHEN regexp_full_match({_TIME}, '[0-9.]+') THEN {epoch_milliseconds(_TIME)} ELSE {_TIME} END",
        "event": f"coalesce({_ACTION}, {_SERVICE})",
        "category": counterpart(_FULL_NAME, _COUNTERPARTS, 0, _SERVICE),
        "action": counterpart(_FULL_NAME, _COUNTERPARTS, 1, _ACTION),
        "actor": _ACTOR,
        "actor_type": f"""CASE WHEN {_METHOD} = 'GENIE_AUTH' OR {_SERVICE} = 'genie' OR ends_with({_ACTOR}, '@databricks.com')
            THEN 'support' WHEN regexp_matches({_ACTOR}, {_UUID}) THEN 'service'
            WHEN lower({_ACTOR}) = 'system-user' THEN 'system' WHEN contains({_ACTOR}, '@') THEN 'human' END""",
        "resource": first_member(
            _PARAMETERS,
            "targetUserName",
            "targetServicePrincipalName",
            "principal",
            "targetGroupName",
            "full_name_arg",
            "securable_full_name",
            "name_arg",
            "name",
            "display_name",
            "workspaceConfKeys",
            "path",
            "notebookFullPath",
            "mountPoint",
            "cluster_name",
            "tokenId",
            "scope",
            "clusterId",
            "cluster_id",
            "jobId",
            "job_id",
            "space_id",
            "setting",
        ),
        "resource_type": _SERVICE,
        "resource_id": first_member(
            _PARAMETERS,
            "targetUserId",
            "targetGroupId",
            "tokenId",
            "clusterId",
            "cluster_id",
            "jobId",
            "job_id",
            "script_id",
            "space_id",
            "notebookId",
        ),
        "changes": change(
            first_member(_PARAMETERS, "workspaceConfKeys"),
            "NULL::VARCHAR",
            first_member(_PARAMETERS, "workspaceConfValues"),
        ),
        "source": f"""CASE WHEN starts_with(lower({_USER_AGENT}), 'databricks-cli') THEN 'CLI'
            WHEN contains(lower({_USER_AGENT}), 'terraform') THEN 'Terraform'
            WHEN contains(lower({_USER_AGENT}), 'databricks-sdk') THEN 'API'
            WHEN starts_with({_USER_AGENT}, 'Mozilla/') THEN 'App' END""",
        "ip": address(_field("sourceIPAddress", "source_ip_address", "SourceIpAddress")),
        "outcome": f"""CASE WHEN {_STATUS} >= 400 OR {_ACTION} IN ('IpAccessDenied', 'accountIpAclsValidationFailed')
            THEN 'failure' WHEN {_STATUS} BETWEEN 100 AND 399 THEN 'success'
            WHEN {first_member(_RESPONSE, "errorMessage", "error_message")} IS NOT NULL THEN 'failure' END""",
        # Account-level events are recorded under workspace 0.
        "workspace": f"""coalesce(nullif({_field("workspaceId", "workspace_id", "orgId")}, '0'),
            {_field("accountId", "account_id")},
            nullif(regexp_extract(coalesce($.resourceId, $._ResourceId), '[^/]+$'), ''))""",
        "user_agent": _USER_AGENT,
    },
)
