"""`auth0`, the tenant logs of Auth0: an event is one log, of a sign-in, of a call of the Management API or of Auth0 itself.

Format: https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes and https://github.com/auth0/auth0-log-schemas. The API
and the export give a log bare; log streams wrap it in `{"log_id": ..., "data": {...}}`, which EventBridge puts into `detail`
and Event Grid into `data`.

Auth0 names a log by a short code. Of a call that succeeded (`sapi`, `mgmt_api_read`) the description is the name of the
operation, which Auth0's screen shows, so that is the event; a failure's description is an error text, and stays out. Category
and action of a call are read from its method and path. An application acts itself only in a client credentials exchange and in
calls without a user: a sign-in's application is what the person signed in through, its `source`, never the actor. A call that
is logged as successful but was answered with 400 or more failed.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, looked_up
from audit_reports.feed import Feed, literal


def _at(path: str) -> str:
    """Return the expression of the text at a path of the log, whatever it is wrapped in; null where empty."""
    return f"nullif(coalesce($.data.data.{path}, $.detail.data.{path}, $.data.{path}, $.{path}), '')"


_TYPE = _at("type")
_DESCRIPTION = _at("description")
_METHOD = f"lower({_at('details.request.method')})"
_PATH = rf"regexp_replace({_at('details.request.path')}, '^/?(api/)?(v2/)?|[?].*$|/$', '', 'g')"
# Ids have capitals, digits, `_` or `|`; the names of collections have not: `patch tenants/invitations/*`.
_CALL = rf"{_METHOD} || ' ' || regexp_replace({_PATH}, '/[^/]*[0-9A-Z_|%][^/]*', '/*', 'g')"

# The codes of each kind of event: its category, its action, and whether it went well.
_KINDS: dict[tuple[str, str, str | None], str] = {
    ("Login", "Login", "success"): "s scoa sens",
    ("Login", "Login", "failure"): "f fc fco fcoa fens fp fu",
    ("Login", "Warning", None): "w pla",
    (
        "Login",
        "Blocked",
        "failure",
    ): "limit_wc limit_mu limit_sul limit_delegation limit_ui pwd_leak signup_pwd_leak",
    ("Login", "Unblocked", "success"): "ublkdu",
    ("Logout", "Logout", "success"): "slo universal_logout_succeeded federated_logout_succeeded",
    (
        "Logout",
        "Logout",
        "failure",
    ): "flo oidc_backchannel_logout_failed federated_logout_failed universal_logout_failed",
    ("Members", "Joined", "success"): "ss",
    ("Members", "Joined", "failure"): "fs",
    ("Members", "Removed", "success"): "sdu du",
    ("Members", "Removed", "failure"): "fdu",
    ("Silent Authentication", "Authenticate", "success"): "ssa",
    ("Silent Authentication", "Authenticate", "failure"): "fsa",
    (
        "Token Exchange",
        "Exchange",
        "success",
    ): "seacft seccft sede seoobft seotpft sepft sepkoobft sepkotpft "
    "sepkrcft sercft sertft secte seta sepotpft ciba_exchange_succeeded idjag_exchange_succeeded jwt_bearer_exchange_succeeded",
    (
        "Token Exchange",
        "Exchange",
        "failure",
    ): "feacft feccft fede feoobft feotpft fepft fepotpft fercft ferrt fertft fecte "
    "feta fpar ciba_exchange_failed idjag_exchange_failed jwt_bearer_exchange_failed failed_on_behalf_of_token_exchange",
    ("Token Exchange", "Revoke", "success"): "srrt",
    ("Device", "Authorize", "success"): "sdeac",
    ("Device", "Authorize", "failure"): "fdeac fdeaz fdecc",
    ("User", "Change", "success"): "sce scp scpn scpr scu sui sv svr",
    ("User", "Change", "failure"): "fce fcp fcph fcpn fcpr fcu fui fv fvr fpurh fd fn",
    ("User", "Code Sent", "success"): "cls cs",
    ("MFA", "Authenticate", "success"): "gd_auth_succeed gd_recovery_succeed gd_auth_email_verification",
    ("MFA", "Authenticate", "failure"): "gd_auth_failed gd_auth_rejected gd_recovery_failed gd_otp_rate_limit_exceed "
    "gd_recovery_rate_limit_exceed gd_webauthn_challenge_failed",
    ("MFA", "Challenge", "success"): "gd_start_auth gd_send_pn gd_send_sms gd_send_voice gd_send_email mfar "
    "gd_send_email_verification",
    (
        "MFA",
        "Challenge",
        "failure",
    ): "gd_send_pn_failure gd_send_sms_failure gd_send_voice_failure gd_send_email_failure",
    ("MFA", "Enroll", "success"): "gd_enrollment_complete gd_start_enroll gd_update_device_account",
    ("MFA", "Enroll", "failure"): "gd_start_enroll_failed gd_webauthn_enrollment_failed",
    ("MFA", "Unenroll", "success"): "gd_unenroll",
    ("Organization", "Updated", "success"): "gd_tenant_update",
    ("System", "Rate Limit", "failure"): "api_limit",
    ("System", "Notification", None): "api_limit_warning depnote appi coff con admin_update_launch sys_os_update_start "
    "sys_os_update_end sys_update_start sys_update_end resource_cleanup acls_summary elevated_rate_limit",
    (
        "System",
        "Failure",
        "failure",
    ): "actions_execution_failed fcpro custom_domain_verification_failed flows_execution_failed "
    "forms_submission_failed directory_sync_failed fscim fi",
    ("Management API", "Read", "success"): "mgmt_api_read",
}
_CODES = {code: kind for kind, codes in _KINDS.items() for code in codes.split()}


def _codes(*categories: str) -> str:
    """Return the SQL list of the codes in some categories."""
    return ", ".join(literal(code) for code, kind in _CODES.items() if kind[0] in categories)


def _kind(part: int, otherwise: str = "NULL") -> str:
    return looked_up(_TYPE, {code: value for code, kind in _CODES.items() if (value := kind[part])}, otherwise)


def _resource_calls(collection: str, category: str, one: str = "") -> dict[str, tuple[str, str]]:
    """Return the counterparts of the calls that make, change and remove what is in a collection."""
    return {
        f"post {collection}": (category, f"{one}Created"),
        f"patch {collection}/*": (category, f"{one}Updated"),
        f"put {collection}/*": (category, f"{one}Updated"),
        f"delete {collection}/*": (category, f"{one}Deleted"),
    }


_CALLS = {
    **_resource_calls("clients", "Integrations"),
    **_resource_calls("log-streams", "Integrations"),
    **_resource_calls("event-streams", "Integrations"),
    **_resource_calls("hooks", "Integrations"),
    **_resource_calls("integrations/installed", "Integrations"),
    **_resource_calls("connections", "Connections"),
    "post actions/actions": ("Actions", "Created"),
    "delete actions/actions/*": ("Actions", "Deleted"),
    "post actions/actions/*/deploy": ("Actions", "Enabled"),
    "post custom-domains": ("Domains", "Domain Created"),
    "delete custom-domains/*": ("Domains", "Domain Deleted"),
    "post clients/*/credentials": ("API Keys", "Created"),
    "post clients/*/rotate-secret": ("API Keys", "Created"),
    "delete clients/*/credentials/*": ("API Keys", "Deleted"),
    "post users": ("Members", "Joined"),
    "delete users/*": ("Members", "Removed"),
    "post users/*/roles": ("Members", "Role Changed"),
    "delete users/*/roles": ("Members", "Role Changed"),
    "post roles/*/users": ("Members", "Role Changed"),
    "post tenants/invitations": ("Members", "Invited"),
    "delete tenants/members/*": ("Members", "Removed"),
    "patch tenants/members/*": ("Members", "Role Changed"),
    "put tenants/members/*": ("Members", "Role Changed"),
    "post organizations/*/invitations": ("Members", "Invited"),
    "post organizations/*/members": ("Members", "Joined"),
    "delete organizations/*/members": ("Members", "Removed"),
    "post organizations/*/members/*/roles": ("Members", "Role Changed"),
    "delete organizations/*/members/*/roles": ("Members", "Role Changed"),
    "patch tenants/settings": ("Organization", "Updated"),
    "post organizations": ("Organization", "Sub-Organization Created"),
    "patch organizations/*": ("Organization", "Sub-Organization Updated"),
}
_VERBS = {"get": "Read", "post": "Create", "put": "Update", "patch": "Update", "delete": "Delete"}
_IS_CALL = f"{_TYPE} IN ('sapi', 'fapi', 'mgmt_api_read')"
_ACCEPTED = f"{_CALL} = 'patch tenants/invitations/*' AND {_at('details.request.body.state')} = 'accepted'"


def _category(part: int, joined: str, own: str) -> str:
    calls = counterpart(_CALL, _CALLS, part, own)
    return f"CASE WHEN {_IS_CALL} THEN CASE WHEN {_ACCEPTED} THEN {literal(joined)} ELSE {calls} END ELSE {_kind(part)} END"


# What a code that is not listed says of itself.
_ENDING = f"""CASE WHEN regexp_matches({_TYPE}, '_fail(ed|ure)$') THEN 'failure'
    WHEN ends_with({_TYPE}, '_succeeded') THEN 'success' END"""

_USER_ID = f"coalesce({_at('details.request.auth.user.user_id')}, {_at('user_id')})"
_IS_MACHINE = f"""({_TYPE} IN ('seccft', 'feccft') OR {_IS_CALL} AND {_at("details.request.auth.user.email")} IS NULL
    AND {_at("user_name")} IS NULL AND coalesce(ends_with({_USER_ID}, '@clients'), true))"""
_CLIENT = f"coalesce({_at('client_name')}, {_at('client_id')}, regexp_replace({_USER_ID}, '@clients$', ''))"
_ATTEMPTED = f"coalesce({_at('details.body.username')}, {_at('details.body.email')})"
_PERSON = f"""coalesce({_at("details.request.auth.user.email")}, {_at("details.request.auth.user.name")}, {_at("user_name")},
    CASE WHEN {_TYPE} IN ({_codes("Login", "Members")}) THEN {_ATTEMPTED} END, {_USER_ID})"""

FEED = Feed(
    name="auth0",
    product="Auth0 tenant logs",
    exported_from="the Management API (/api/v2/logs), a log stream, or Monitoring > Logs",
    recognised_by=(
        *(("data.type", f"data.{key}") for key in ("log_id", "date", "details.request")),
        ("log_id", "data.type"),
        ("log_id", "type", "date"),
        ("detail.log_id", "detail.data.type"),
        ("data.log_id", "data.data.type"),
    ),
    # what a log tells in detail depends on its code
    any_type=("$.details", "$.data.details", "$.data.data", "$.detail", "$.location_info", "$.data.location_info"),
    columns={
        "event_id": f"coalesce({_at('log_id')}, $.data.log_id, {_at('_id')})",
        "occurred_at": _at("date"),
        "event": f"CASE WHEN {_TYPE} IN ('sapi', 'mgmt_api_read') THEN coalesce({_DESCRIPTION}, {_TYPE}) ELSE {_TYPE} END",
        "category": _category(0, "Members", f"coalesce(nullif(split_part({_PATH}, '/', 1), ''), 'Management API')"),
        "action": _category(1, "Joined", looked_up(_METHOD, _VERBS, _METHOD)),
        "actor": f"CASE WHEN {_IS_MACHINE} THEN {_CLIENT} ELSE {_PERSON} END",
        "actor_id": f"CASE WHEN {_IS_MACHINE} THEN coalesce({_at('client_id')}, {_USER_ID}) ELSE {_USER_ID} END",
        "actor_type": f"""CASE WHEN {_IS_MACHINE} THEN CASE WHEN {_CLIENT} IS NOT NULL THEN 'service' END
            WHEN {_PERSON} IS NOT NULL THEN 'human' WHEN {_TYPE} IN ({_codes("System")}) THEN 'system' END""",
        "resource": f"""CASE WHEN {_IS_CALL} THEN coalesce(
                {_at("details.response.body.name")}, {_at("details.request.body.name")},
                {_at("details.response.body.email")}, {_at("details.request.body.email")}, {_PATH})
            ELSE coalesce({_at("client_name")}, {_at("client_id")}) END""",
        "resource_type": f"""CASE WHEN {_IS_CALL} THEN nullif(split_part({_PATH}, '/', 1), '')
            WHEN coalesce({_at("client_name")}, {_at("client_id")}) IS NOT NULL THEN 'clients' END""",
        "resource_id": f"""CASE WHEN {_IS_CALL} THEN coalesce({_at("details.response.body.id")},
                nullif(regexp_extract({_PATH}, '/([^/]*[0-9A-Z_|%][^/]*)', 1), '')) ELSE {_at("client_id")} END""",
        "source": f"""CASE WHEN {_IS_CALL} THEN
                CASE WHEN contains({_at("details.request.channel")}, '//manage.') THEN 'Dashboard' ELSE 'Management API' END
            ELSE coalesce({_at("client_name")}, {_at("connection")}) END""",
        "ip": f"""coalesce({address(_at("ip"))}, {address(_at("details.request.ip"))})""",
        "country": f"coalesce({_at('location_info.country_code')}, {_at('location_info.country_name')})",
        "city": _at("location_info.city_name"),
        "outcome": f"""CASE WHEN try_cast({_at("details.response.statusCode")} AS INTEGER) >= 400 OR {_TYPE} = 'fapi'
                THEN 'failure'
            WHEN {_TYPE} = 'sapi' THEN 'success' ELSE {_kind(2, _ENDING)} END""",
        "workspace": f"coalesce({_at('tenant_name')}, {_at('hostname')})",
        "user_agent": f"coalesce({_at('user_agent')}, {_at('details.request.userAgent')})",
    },
)
