"""`okta`, the Okta System Log: an event is one LogEvent of an organisation.

Format: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/, as the API, the export and the
log streams give it; a stream to Amazon EventBridge puts the same object into `detail`, and names the organisation in `source`.

Okta writes the word `unknown` where it has no name or id: that is none. A person is known by `alternateId`, the login or email
(of a failed sign-in, the name that was attempted); of an app that is a mere id, so its `displayName` comes first. `ipChain`
begins with the client, so it stands in for a missing client. Of the outcomes, ALLOW is a success and DENY a failure; a
CHALLENGE has not ended yet and SKIPPED is neither. The sessions of Okta's own support (`user.session.impersonation.initiate`
and the like) are marked as such; the grant that lets them in is a customer's act. Which `debugData` and which targets an event
has depends on its type.
"""

from __future__ import annotations

from audit_reports.expressions import (
    address,
    after_last_dot,
    before_last_dot,
    change,
    changed_fields,
    counterpart,
    first_of,
    looked_up,
)
from audit_reports.feed import Feed


def _at(path: str) -> str:
    """Return the expression of the text at a path of the LogEvent, in an EventBridge envelope or bare; null where empty."""
    return first_of(f"$.detail.{path}", f"$.{path}")


def _known(path: str) -> str:
    return f"CASE WHEN lower({_at(path)}) <> 'unknown' THEN {_at(path)} END"


_TYPE = _at("eventType")
_HOOK_VERBS = {
    "created": "Created",
    "updated": "Updated",
    "deleted": "Deleted",
    "activated": "Enabled",
    "deactivated": "Disabled",
}
_LIFECYCLE_VERBS = {
    "create": "Created",
    "update": "Updated",
    "delete": "Deleted",
    "activate": "Enabled",
    "deactivate": "Disabled",
}
_COUNTERPARTS = {
    "user.lifecycle.create": ("Members", "Joined"),
    "user.lifecycle.deactivate": ("Members", "Removed"),
    "user.lifecycle.delete.completed": ("Members", "Removed"),
    "user.account.privilege.grant": ("Members", "Role Changed"),
    "user.account.privilege.revoke": ("Members", "Role Changed"),
    "group.privilege.grant": ("Members", "Role Changed"),
    "group.privilege.revoke": ("Members", "Role Changed"),
    "iam.resourceset.bindings.add": ("Members", "Role Changed"),
    "iam.resourceset.bindings.delete": ("Members", "Role Changed"),
    "system.api_token.create": ("API Keys", "Created"),
    "system.api_token.revoke": ("API Keys", "Deleted"),
    "app.oauth2.credentials.lifecycle.create": ("API Keys", "Created"),
    "app.oauth2.credentials.lifecycle.delete": ("API Keys", "Deleted"),
    "system.custom_url_domain.initiate": ("Domains", "Domain Created"),
    "system.custom_url_domain.delete": ("Domains", "Domain Deleted"),
    "system.email_domain.create": ("Domains", "Email Domain Created"),
    "system.email_domain.delete": ("Domains", "Email Domain Deleted"),
    "system.idp.lifecycle.create": ("Connections", "Created"),
    "system.idp.lifecycle.update": ("Connections", "Updated"),
    "system.idp.lifecycle.activate": ("Connections", "Updated"),
    "system.idp.lifecycle.deactivate": ("Connections", "Updated"),
    "system.idp.lifecycle.delete": ("Connections", "Deleted"),
    "workflows.user.connection.create": ("Connections", "Created"),
    "workflows.user.connection.reauthorize": ("Connections", "Updated"),
    "workflows.user.connection.revoke": ("Connections", "Deleted"),
    "workflows.user.connection.delete": ("Connections", "Deleted"),
    "workflows.user.flow.create": ("Workflows", "Created"),
    "workflows.user.flow.delete": ("Workflows", "Deleted"),
    "account.org.add": ("Organization", "Sub-Organization Created"),
    **{
        f"{family}.lifecycle.{verb}": ("Integrations", action)
        for family in ("application", "app.oauth2.client", "system.log_stream")
        for verb, action in _LIFECYCLE_VERBS.items()
    },
    **{
        f"{family}.{verb}": ("Integrations", action)
        for family in ("event_hook", "inline_hook")
        for verb, action in _HOOK_VERBS.items()
    },
}


_TARGETS = "coalesce($.detail.target, $.target)"
_TARGET_TYPE = _at("target[0].type")
# The first target that tells what was changed, from what and to what.
_CHANGED = (
    f"CASE WHEN contains({_TARGETS}, 'changeDetails') AND json_valid({_TARGETS}) THEN "
    f"list_filter(json_extract({_TARGETS}, '$[*].changeDetails'), lambda d: json_type(d) = 'OBJECT')[1] END"
)
_PRIVILEGES = change(
    "'privilege'", _at("debugContext.debugData.privilegeRevoked"), _at("debugContext.debugData.privilegeGranted")
)

_NESTED = ("debugContext", "authenticationContext", "securityContext", "transaction", "request", "target")

FEED = Feed(
    name="okta",
    product="Okta System Log",
    exported_from="the System Log API (/api/v1/logs), Reports > System Log, or a log stream",
    recognised_by=(
        *(("eventType", key) for key in ("published", "legacyEventType", "outcome.result", "client.ipAddress")),
        *(("eventType", f"actor.{key}") for key in ("alternateId", "displayName", "id")),
        ("detail.eventType", "detail.published"),
    ),
    any_type=(
        *(f"$.{name}" for name in _NESTED),
        "$.client.userAgent",
        "$.client.geographicalContext",
        "$.detail",
    ),
    columns={
        "event_id": _at("uuid"),
        "occurred_at": _at("published"),
        "event": _TYPE,
        "category": counterpart(_TYPE, _COUNTERPARTS, 0, before_last_dot(_TYPE)),
        "action": counterpart(_TYPE, _COUNTERPARTS, 1, after_last_dot(_TYPE)),
        "actor": f"""coalesce(CASE WHEN {_at("actor.type")} IN ('User', 'AppUser') OR {_at("actor.type")} IS NULL
                THEN {_known("actor.alternateId")} END,
            {_known("actor.displayName")}, {_known("actor.alternateId")}, {_known("actor.id")})""",
        "actor_id": _known("actor.id"),
        "actor_type": f"""CASE WHEN regexp_matches({_TYPE}, '^user[.]session[.]impersonation[.](initiate|extend|end)$')
                THEN 'support'
            WHEN {_at("actor.type")} IN ('User', 'AppUser') THEN 'human'
            WHEN {_at("actor.type")} IN ('SystemPrincipal', 'System') THEN 'system'
            WHEN regexp_matches({_at("actor.type")}, 'App$|AppInstance$|Client|Service|Agent|Bot|Workload') THEN 'service' END""",
        "resource": f"""CASE WHEN {_TARGET_TYPE} IN ('User', 'AppUser')
            THEN coalesce({_known("target[0].alternateId")}, {_known("target[0].displayName")}, {_known("target[0].id")})
            ELSE coalesce({_known("target[0].displayName")}, {_known("target[0].alternateId")}, {_known("target[0].id")}) END""",
        "resource_type": _TARGET_TYPE,
        "resource_id": _known("target[0].id"),
        "changes": "coalesce("
        + changed_fields(f"json_extract_string({_CHANGED}, '/from')", f"json_extract_string({_CHANGED}, '/to')")
        + f", {_PRIVILEGES})",
        "source": f"""CASE WHEN {_at("transaction.detail.requestApiTokenId")} IS NOT NULL
                OR {_at("actor.type")} = 'PublicClientApp' THEN 'API'
            ELSE {looked_up(_at("transaction.type"), {"WEB": "Web", "JOB": "Job"}, _at("transaction.type"))} END""",
        "ip": f"coalesce({address(_at('client.ipAddress'))}, {address(_at('request.ipChain[0].ip'))})",
        "country": f"""coalesce({_at("client.geographicalContext.country")},
            {_at("request.ipChain[0].geographicalContext.country")})""",
        "region": f"""coalesce({_at("client.geographicalContext.state")},
            {_at("request.ipChain[0].geographicalContext.state")})""",
        "city": f"""coalesce({_at("client.geographicalContext.city")},
            {_at("request.ipChain[0].geographicalContext.city")})""",
        "outcome": looked_up(
            f"upper({_at('outcome.result')})",
            {
                "SUCCESS": "success",
                "ALLOW": "success",
                "FAILURE": "failure",
                "DENY": "failure",
                "RATE_LIMIT": "failure",
            },
        ),
        "workspace": "nullif(regexp_extract($.source, 'okta[.]com/([^/]+)', 1), '')",
        "user_agent": f"""coalesce({_at("client.userAgent.rawUserAgent")},
            CASE WHEN NOT starts_with({_at("client.userAgent")}, '{{') THEN {_at("client.userAgent")} END)""",
    },
)
