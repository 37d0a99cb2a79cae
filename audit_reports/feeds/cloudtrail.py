"""`cloudtrail`, AWS CloudTrail: an event is one API call or sign-in of an AWS account.

Format: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html, delivered as
gzip files `{"Records": [...]}`. The Logstash codec for CloudTrail moves `eventTime` to `@timestamp` and removes it, so that
an event with `@timestamp` alone still has its own time. `awsRegion` is where the service ran, not where the caller was:
the row's `region` stays null, for CloudTrail tells no location but the address.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, first_of
from audit_reports.feed import Feed

_EVENT = "coalesce(nullif($.eventName, ''), $.insightDetails.eventName)"
_VERB = "regexp_extract($.eventName, '^[A-Z][a-z]+')"
_SERVICE = "regexp_replace(coalesce($.eventSource, $.insightDetails.eventSource), '[.]amazonaws[.]com$', '')"

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

# The console shows a user's name, and of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` the session.
_NAMED = "regexp_extract($.userIdentity.arn, ':(?:assumed-role/[^/]+|federated-user|user(?:/.*)?)/([^/]+)$', 1)"
_ISSUER = "$.userIdentity.sessionContext.sessionIssuer.userName"
_USER = "$.userIdentity.userName"
_IDENTIFIED = (
    "$.userIdentity.principalId",
    "$.userIdentity.arn",
    "$.userIdentity.invokedBy",
    "$.userIdentity.accountId",
)
_ACTOR = f"""CASE $.userIdentity.type
    WHEN 'Root' THEN coalesce(nullif({_USER}, ''), 'root')
    WHEN 'AssumedRole' THEN {first_of(_NAMED, _ISSUER, _USER, "$.userIdentity.arn", *_IDENTIFIED)}
    WHEN 'AWSService' THEN {first_of("$.userIdentity.invokedBy", _USER, *_IDENTIFIED)}
    ELSE {first_of(_USER, _NAMED, "$.userIdentity.onBehalfOf.userId", *_IDENTIFIED)} END"""

# The first of a call's parameters that names what it acts on; lists and objects name several or none.
_NAMES = ", ".join(
    f"$.requestParameters.{name}"
    for name in (
        "userName",
        "roleName",
        "bucketName",
        "instanceId",
        "functionName",
        "trailName",
        "keyId",
        "secretId",
        "groupId",
        "instancesSet.items[0].instanceId",
    )
)
_RESOURCE = f"""list_filter([{_NAMES}, $.resources[0].ARN, $.resources[0].arn, $.requestParameters.name],
    lambda x: x <> '' AND x[1] NOT IN ('{{', '['))[1]"""

FEED = Feed(
    name="cloudtrail",
    product="AWS CloudTrail",
    exported_from="the trail's S3 bucket, AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/*.json.gz",
    recognised_by=(
        ("eventSource", "eventName"),
        ("userIdentity", "eventName"),
        ("awsRegion", "eventName"),
        ("eventVersion", "insightDetails"),
    ),
    # each service has parameters and answers of its own
    any_type=("$.requestParameters", "$.responseElements", "$.resources"),
    zone="UTC",
    columns={
        "event_id": "$.eventID",
        "occurred_at": first_of("$.eventTime", '$."@timestamp"'),
        "event": _EVENT,
        "category": counterpart("$.eventName", _COUNTERPARTS, 0, _SERVICE),
        "action": counterpart(
            "$.eventName",
            _COUNTERPARTS,
            1,
            f"CASE WHEN $.eventName = 'ConsoleLogin' THEN 'Login' ELSE nullif({_VERB}, '') END",
        ),
        "actor": _ACTOR,
        "actor_id": first_of("$.userIdentity.arn", "$.userIdentity.principalId"),
        "actor_role": f"coalesce(nullif({_ISSUER}, ''), CASE WHEN $.userIdentity.type = 'Root' THEN 'Root' END)",
        "actor_type": """CASE WHEN $.userIdentity.type IN ('IAMUser', 'Root', 'FederatedUser', 'SAMLUser', 'WebIdentityUser',
            'IdentityCenterUser') THEN 'human'
            WHEN coalesce($.userIdentity.type, CASE WHEN $.userIdentity.invokedBy <> '' THEN 'AWSService' END) = 'AWSService'
                THEN 'system'
            WHEN $.userIdentity.type IN ('AssumedRole', 'AWSAccount', 'Role') THEN 'service' END""",
        "resource": _RESOURCE,
        "resource_type": f"coalesce($.resources[0].type, {_SERVICE})",
        "resource_id": "coalesce($.resources[0].ARN, $.resources[0].arn)",
        "source": """CASE WHEN $.userIdentity.invokedBy <> '' OR $.sourceIPAddress LIKE '%.amazonaws.com' THEN 'AWS Service'
            WHEN $.sessionCredentialFromConsole = 'true' OR $.eventType = 'AwsConsoleSignIn' OR contains($.userAgent, 'console')
                THEN 'Console'
            WHEN starts_with($.userAgent, 'aws-cli') OR starts_with($.userAgent, '[aws-cli') THEN 'CLI' ELSE 'API' END""",
        "ip": address("$.sourceIPAddress"),
        # A failed sign-in has a message and no code.
        "outcome": "CASE WHEN $.errorCode <> '' OR $.errorMessage <> '' OR $.responseElements.ConsoleLogin = 'Failure' "
        "THEN 'failure' ELSE 'success' END",
        "workspace": first_of("$.recipientAccountId", "$.userIdentity.accountId"),
        "user_agent": "$.userAgent",
    },
)
