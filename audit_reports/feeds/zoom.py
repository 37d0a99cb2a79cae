"""`zoom`, the operation logs of administrators and the sign-ins and sign-outs of users of a Zoom account.

Format: https://developers.zoom.us/docs/api/meetings/#tag/reports, `GET /report/operationlogs` (and Zoom Phone's
`/phone/reports/operationlogs`) and `GET /report/activities`; a webhook tells of the same as `user.signed_in` and the like
(https://developers.zoom.us/docs/api/users/events/). The reports give an event no id.

What an operation did is a sentence: `Edit Group Sales  - Chat: from On to Off - Calls: from Off to On`. Its head names the
object, and its parts the settings; a part whose values cannot be told apart (a further ` to `) is left out of the changes.
`Add` also stands behind the ways that it came by: `SCIM API - Add`, `Batch Add`.
"""

from __future__ import annotations

from audit_reports.expressions import address, epoch_milliseconds, first_of
from audit_reports.feed import Feed

_DETAIL = "$.operation_detail"
_NAME = "lower(regexp_extract($.action, '[A-Za-z]+$'))"
_IS_ROLE_CHANGE = rf"regexp_matches({_DETAIL}, '^Change Role|\bRole: from ')"

_CATEGORY = f"""CASE WHEN {_IS_ROLE_CHANGE} THEN 'Members'
    WHEN $.category_type = 'User' AND {_NAME} IN ('add', 'create', 'invite', 'delete', 'remove') THEN 'Members'
    WHEN $.event IN ('user.created', 'user.deleted', 'user.disassociated', 'user.invitation_accepted') THEN 'Members'
    WHEN $.category_type = 'Account' AND {_NAME} IN ('update', 'edit') THEN 'Organization'
    WHEN $.event IN ('account.settings_updated', 'account.updated') THEN 'Organization'
    WHEN $.category_type <> '' THEN $.category_type
    WHEN $.type IS NOT NULL THEN 'Sign In/Sign Out' ELSE regexp_extract($.event, '^[^.]+') END"""

_ACTION = f"""CASE WHEN {_IS_ROLE_CHANGE} THEN 'Role Changed'
    WHEN $.category_type = 'User' AND {_NAME} IN ('add', 'create') THEN 'Joined'
    WHEN $.category_type = 'User' AND {_NAME} = 'invite' THEN 'Invited'
    WHEN $.category_type = 'User' AND {_NAME} IN ('delete', 'remove') THEN 'Removed'
    WHEN $.event IN ('user.created', 'user.invitation_accepted') THEN 'Joined'
    WHEN $.event IN ('user.deleted', 'user.disassociated') THEN 'Removed'
    WHEN $.category_type = 'Account' AND {_NAME} IN ('update', 'edit') THEN 'Updated'
    WHEN $.event IN ('account.settings_updated', 'account.updated') THEN 'Updated'
    ELSE coalesce($.action, $.type, regexp_replace($.event, '^[^.]+[.]', '')) END"""

# The object is what stands between the verb and the first setting; the role of a person is the setting of that person.
_KINDS = "User Group|IM Group|User|Group|Role|Room|Device|Recording|Meeting|Webinar"
_OBJECT = rf"""coalesce(nullif(regexp_extract({_DETAIL}, '^Change Role +- (.+): from ', 1), ''),
    nullif(trim(regexp_extract({_DETAIL},
        '^(?:Add|Edit|Update|Delete|Remove|Create|Invite)\s+(?:{_KINDS})s?\s+(.+?)(?:\s+-\s.*)?$', 1)), ''),
    nullif(trim(regexp_extract({_DETAIL}, '^(.+?)\s\s+-\s', 1)), ''))"""

# A dash divides the settings and may stand in a value: where a piece is no setting, no value is certain.
_PIECES = rf"regexp_split_to_array(regexp_replace({_DETAIL}, '^.*?\s+-\s+', ''), '\s+-\s+')"
_PARTS = f"""list_filter({_PIECES}, lambda part: regexp_matches(part, '^[^:]+.*: from .* to .*$')
    AND NOT regexp_matches(part, ': from .* to .* to |: from .*: from '))"""


def _pair(part: str) -> str:
    name = f"CASE WHEN {_DETAIL} LIKE 'Change Role%' THEN 'Role' ELSE regexp_extract({part}, '^(.*): from ', 1) END"
    before, after = (f"regexp_extract({part}, ': from (.*) to (.*)$', {n})" for n in (1, 2))
    return f"to_json({name}) || ':' || json_array({before}, {after})"


_CHANGES = (
    f"CASE WHEN contains({_DETAIL}, ': from ') AND len(list_filter({_PIECES}, lambda part: NOT contains(part, ':'))) = 0 "
    "THEN nullif('{' || array_to_string("
    f"list_sort(list_distinct(list_transform({_PARTS}, lambda part: {_pair('part')}))), ',') || '}}', '{{}}') END"
)

FEED = Feed(
    name="zoom",
    product="Zoom operation logs and sign-in activities",
    exported_from="the reports API (/report/operationlogs, /report/activities), or the account's webhooks",
    recognised_by=(
        ("operator", "operation_detail"),
        ("category_type", "operation_detail"),
        ("category_type", "action"),
        ("email", "client_type", "type"),
        ("email", "type=Sign in"),
        ("email", "type=Sign out"),
        ("event", "payload.account_id"),
    ),
    # a webhook's object has the fields of its event
    any_type=("$.payload.object", "$.payload.old_object"),
    columns={
        "occurred_at": f"""coalesce($.time, $.payload.object.date_time, {epoch_milliseconds("$.event_ts")},
            {epoch_milliseconds("$.payload.time_stamp")})""",
        "event": "coalesce(nullif(concat_ws(': ', nullif($.category_type, ''), nullif($.action, '')), ''), $.type, $.event)",
        "category": _CATEGORY,
        "action": _ACTION,
        "actor": first_of(
            "$.operator",
            "$.email",
            "$.payload.operator",
            "$.payload.operator_id",
            "CASE WHEN $.event LIKE 'user.signed%' THEN coalesce($.payload.object.email, $.payload.object.id) END",
        ),
        "actor_id": first_of(
            "$.payload.operator_id", "CASE WHEN $.event LIKE 'user.signed%' THEN $.payload.object.id END"
        ),
        "actor_type": """CASE WHEN lower($.operator) IN ('system', 'zoom') THEN 'system'
            WHEN contains(coalesce($.operator, $.email, $.payload.operator), '@') OR $.event LIKE 'user.signed%' THEN 'human'
            END""",
        "resource": first_of(_OBJECT, "$.payload.object.email", "$.payload.object.id", "$.email"),
        "resource_type": "CASE WHEN $.type IS NOT NULL THEN 'User' ELSE "
        + first_of("$.category_type", "regexp_extract($.event, '^[^.]+')")
        + " END",
        "resource_id": "nullif($.payload.object.id, '')",
        "changes": _CHANGES,
        "source": """coalesce(nullif($.client_type, ''), nullif($.payload.object.client_type, ''),
            CASE WHEN starts_with($.action, 'SCIM API') THEN 'SCIM API' END)""",
        "ip": address("$.ip_address"),
        # what these reports list has been done; a refused sign-in is not among them
        "outcome": "'success'",
        "workspace": "$.payload.account_id",
    },
)
