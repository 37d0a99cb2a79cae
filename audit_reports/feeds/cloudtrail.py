"""`cloudtrail`, AWS CloudTrail: an event is one API call or sign-in of an AWS account.

Format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html, delivered as
gzip files `{"Records": [...]}`. The Logstash codec for CloudTrail moves `eventTime` to `@timestamp` and removes it, so that
an event with `@timestamp` alone still has its own time. `awsRegion` is where the service ran, not where the caller was:
the row's `region` stays null, for CloudTrail tells no location but the address.
"""

from __future__ import annotations

from audit_reports.feed import Feed, literal

_VERB = "regexp_extract($.eventName, '^[A-Z][a-z]+')"
_SERVICE = "regexp_replace($.eventSource, '[.]amazonaws[.]com$', '')"

# AWS calls with a counterpart among the categories of the home feed.
_COUNTERPARTS = {
    "CreateAccessKey": ("API Keys", "Created"),
    "DeleteAccessKey": ("API Keys", "Deleted"),
    "CreateUser": ("Members", "Joined"),
    "DeleteUser": ("Members", "Removed"),
    "AddUserToGroup": ("Members", "Role Changed"),
    "RemoveUserFromGroup": ("Members", "Role Changed"),
    "AttachUserPolicy": ("Members", "Role Changed"),
    "DetachUserPolicy": ("Members", "Role Changed"),
    "PutUserPolicy": ("Members", "Role Changed"),
    "DeleteUserPolicy": ("Members", "Role Changed"),
    "RegisterDomain": ("Domains", "Domain Created"),
    "DeleteDomain": ("Domains", "Domain Deleted"),
    "CreateEmailIdentity": ("Domains", "Email Identity Created"),
    "DeleteEmailIdentity": ("Domains", "Email Identity Deleted"),
    "InviteAccountToOrganization": ("Organization", "Sub-Organization Created"),
    "DeleteOrganization": ("Organization", "Deleted"),
}


def _counterpart(part: int, otherwise: str) -> str:
    cases = " ".join(f"WHEN {literal(name)} THEN {literal(pair[part])}" for name, pair in _COUNTERPARTS.items())
    return f"CASE $.eventName {cases} ELSE {otherwise} END"


# Of an assumed role `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` the console shows the session.
_ACTOR = """CASE $.userIdentity.type
    WHEN 'Root' THEN coalesce($.userIdentity.userName, 'root')
    WHEN 'AssumedRole' THEN coalesce(nullif(regexp_extract($.userIdentity.arn, 'assumed-role/[^/]+/(.+)$', 1), ''),
        $.userIdentity.sessionContext.sessionIssuer.userName, $.userIdentity.userName, $.userIdentity.arn,
        $.userIdentity.principalId)
    WHEN 'FederatedUser' THEN coalesce(nullif(regexp_extract($.userIdentity.arn, 'federated-user/(.+)$', 1), ''),
        $.userIdentity.principalId)
    ELSE coalesce($.userIdentity.userName, $.userIdentity.invokedBy, $.userIdentity.onBehalfOf.userId,
        $.userIdentity.principalId, $.userIdentity.arn, $.userIdentity.accountId) END"""

FEED = Feed(
    name="cloudtrail",
    product="AWS CloudTrail",
    exported_from="the trail's S3 bucket, AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/*.json.gz",
    recognised_by=(("eventVersion", "eventSource", "eventName"), ("userIdentity", "eventSource", "eventName")),
    # each service has parameters and answers of its own
    any_type=("$.requestParameters", "$.responseElements"),
    columns={
        "event_id": "$.eventID",
        "occurred_at": """coalesce($.eventTime, $."@timestamp")""",
        "event": "$.eventName",
        "category": _counterpart(0, _SERVICE),
        "action": _counterpart(1, f"CASE WHEN $.eventName = 'ConsoleLogin' THEN 'Login' ELSE nullif({_VERB}, '') END"),
        "actor": _ACTOR,
        "actor_id": "coalesce($.userIdentity.arn, $.userIdentity.principalId)",
        "actor_role": "coalesce($.userIdentity.sessionContext.sessionIssuer.userName, "
        "CASE WHEN $.userIdentity.type = 'Root' THEN 'Root' END)",
        "actor_type": """CASE WHEN $.userIdentity.type IN ('IAMUser', 'Root', 'FederatedUser', 'SAMLUser', 'WebIdentityUser',
            'IdentityCenterUser') THEN 'human' WHEN $.userIdentity.type = 'AWSService' THEN 'system'
            WHEN $.userIdentity.type IN ('AssumedRole', 'AWSAccount', 'Role') THEN 'service' END""",
        "resource": "coalesce($.requestParameters.userName, $.requestParameters.roleName, $.requestParameters.bucketName, "
        "$.requestParameters.instanceId, $.requestParameters.functionName, $.requestParameters.trailName, "
        "$.requestParameters.keyId, $.requestParameters.secretId, $.requestParameters.groupId, $.resources[0].ARN, "
        "$.requestParameters.name)",
        "resource_type": f"coalesce($.resources[0].type, {_SERVICE})",
        "resource_id": "$.resources[0].ARN",
        "source": """CASE WHEN $.userIdentity.invokedBy IS NOT NULL OR $.sourceIPAddress LIKE '%.amazonaws.com' THEN 'AWS Service'
            WHEN $.sessionCredentialFromConsole = 'true' OR $.eventType = 'AwsConsoleSignIn' OR contains($.userAgent, 'console')
                THEN 'Console'
            WHEN starts_with($.userAgent, 'aws-cli') OR starts_with($.userAgent, '[aws-cli') THEN 'CLI' ELSE 'API' END""",
        "ip": "CASE WHEN regexp_matches($.sourceIPAddress, '^([0-9]{1,3}([.][0-9]{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+)$') "
        "THEN $.sourceIPAddress END",
        "outcome": "CASE WHEN $.errorCode IS NOT NULL OR $.responseElements.ConsoleLogin = 'Failure' THEN 'failure' "
        "ELSE 'success' END",
        "workspace": "coalesce($.recipientAccountId, $.userIdentity.accountId)",
        "user_agent": "$.userAgent",
    },
)
