"""`zendesk`, the audit log of a Zendesk account: an event is one change of an item, a sign-in or an export.

Format: https://developer.zendesk.com/api-reference/ticketing/account-configuration/audit_logs/. An event has no name but the
pair of item and action, `user` and `update`; the row joins them to `user.update`, as `update` alone would say nothing.
Times are UTC, as documented. The actor -1 is the product itself. What changed stands in `change_description` as sentences,
a line each: they become `changes` only where every line can be read in one way. An item `organization` is a customer of the
account, not the account. `rule` is any business rule: automations, macros, triggers and views.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, first_of
from audit_reports.feed import Feed

_ACTION = first_of("$.action", "$.action_label")
_TYPE = "nullif($.source_type, '')"
# The label says it in the words of the screen: it is a name of its own.
_EVENT = f"coalesce({_TYPE} || '.' || nullif($.action, ''), {_ACTION})"
_TEXT = "$.change_description"

# Zendesk names some kinds of items, and its events have others: what they have is listed here, and no guess.
_KEYS = ("apitoken", "api_token")
_APP = "zendesk/app_market/app"
_COUNTERPARTS = {
    "user.create": ("Members", "Joined"),
    "user.destroy": ("Members", "Removed"),
    **{f"{key}.create": ("API Keys", "Created") for key in _KEYS},
    **{f"{key}.destroy": ("API Keys", "Deleted") for key in _KEYS},
    f"{_APP}.create": ("Integrations", "Created"),
    f"{_APP}.update": ("Integrations", "Updated"),
    f"{_APP}.destroy": ("Integrations", "Deleted"),
    **{f"account_setting.{verb}": ("Organization", "Updated") for verb in ("create", "update", "destroy")},
}

# `Role changed from Agent to Administrator`, or `Support role changed from ...`
_IS_ROLE = rf"$.source_type = 'user' AND {_ACTION} = 'update' AND regexp_matches({_TEXT}, '(?im)^([a-z ]+ )?role changed from ')"

_LINES = f"string_split(trim({_TEXT}, chr(10)), chr(10))"
_PARTS = "'^(.+?) changed from (.*?) to (.*)$'"
# A value that holds the words of the sentence itself could be cut at two places.
_CLEAR = (
    f"len(list_filter({_LINES}, lambda l: NOT regexp_matches(l, {_PARTS}) "
    "OR len(string_split(l, ' changed from ')) <> 2 OR len(string_split(l, ' to ')) <> 2)) = 0"
)


def _part(number: int) -> str:
    return f"to_json(nullif(regexp_extract(l, {_PARTS}, {number}), 'not set'))"


_CHANGED = (
    f"array_to_string(list_transform({_LINES}, lambda l: {_part(1)} || ':' || json_array({_part(2)}, {_part(3)})), ',')"
)

FEED = Feed(
    name="zendesk",
    product="Zendesk audit log",
    exported_from="GET /api/v2/audit_logs",
    recognised_by=(
        ("action", "action_label", "created_at"),
        *(
            (action, "source_type", key)
            for action in ("action", "action_label")
            for key in ("actor_id", "actor_name", "source_id", "source_label", "change_description", "created_at")
        ),
    ),
    zone="UTC",
    columns={
        "event_id": "$.id",
        "occurred_at": "$.created_at",
        "event": _EVENT,
        "category": f"CASE WHEN {_IS_ROLE} THEN 'Members' ELSE {counterpart(_EVENT, _COUNTERPARTS, 0, _TYPE)} END",
        "action": f"CASE WHEN {_IS_ROLE} THEN 'Role Changed' ELSE {counterpart(_EVENT, _COUNTERPARTS, 1, _ACTION)} END",
        "actor": first_of("$.actor_name", "$.actor_id"),
        "actor_id": "nullif($.actor_id, '')",
        "actor_type": "CASE WHEN TRY_CAST($.actor_id AS BIGINT) > 0 THEN 'human' WHEN $.actor_id = '-1' THEN 'system' END",
        "resource": "coalesce(nullif($.source_label, ''), $.source_id)",
        "resource_type": _TYPE,
        "resource_id": "$.source_id",
        "changes": f"CASE WHEN {_TEXT} LIKE '% changed from %' AND {_CLEAR} THEN '{{' || {_CHANGED} || '}}' END",
        "ip": address("$.ip_address"),
        # the log has what was changed, and who signed in
        "outcome": f"CASE WHEN {_ACTION} IS NOT NULL THEN 'success' END",
        "workspace": "nullif(regexp_extract($.url, '^https?://([^./]+)[.]zendesk[.]com', 1), '')",
    },
)
