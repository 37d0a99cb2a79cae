"""`box`, the events of a Box enterprise or of one user: an event is one act on a file, a folder, an account or a policy.

Format: https://developer.box.com/reference/resources/event/ as the streams `admin_logs`, `admin_logs_streaming` and those of
a user give it. `created_by` is who did it; the user of id 2 is anyone not signed in (`Unknown User`), and of a failed login
by such a one the account that was tried, the `source`, is the actor. A Shield alert keeps the actor that Box names, not the
user it suspects, and the addresses inside it are not the event's. `source` differs by kind of event, `additional_details`
too, and some tools deliver the latter as text. The events are of what was done, but for those of what failed or was refused,
and for alerts and violations, which say nothing about it.
"""

from __future__ import annotations

from audit_reports.expressions import address, counterpart, first_of
from audit_reports.feed import Feed

_TYPE = "$.event_type"

_COUNTERPARTS = {
    "NEW_USER": ("Members", "Joined"),
    "MASTER_INVITE_ACCEPT": ("Members", "Joined"),
    "DELETE_USER": ("Members", "Removed"),
    "CHANGE_ADMIN_ROLE": ("Members", "Role Changed"),
    "APPLICATION_PUBLIC_KEY_ADDED": ("API Keys", "Created"),
    "APPLICATION_PUBLIC_KEY_DELETED": ("API Keys", "Deleted"),
    "APPLICATION_CREATED": ("Integrations", "Created"),
    "ENTERPRISE_APP_AUTHORIZATION_UPDATE": ("Integrations", "Updated"),
    "CONTENT_WORKFLOW_AUTOMATION_ADD": ("Workflows", "Created"),
    "CONTENT_WORKFLOW_AUTOMATION_DELETE": ("Workflows", "Deleted"),
}

# Most names end in the verb, `LEGAL_HOLD_POLICY_CREATE`; these begin with it, or are nothing else.
_LEADING = "(ADD|REMOVE|DELETE|EDIT|NEW|CHANGE|ENABLE|DISABLE|UPDATE|FAILED)"
_FAMILY = f"""CASE WHEN {_TYPE} IN ('LOGIN', 'FAILED_LOGIN', 'ADMIN_LOGIN') THEN 'login'
    WHEN NOT contains({_TYPE}, '_') THEN 'item'
    ELSE lower(coalesce(nullif(regexp_extract({_TYPE}, '^{_LEADING}_(.+)$', 2), ''), regexp_extract({_TYPE}, '^(.+)_[^_]+$', 1)))
    END"""
_VERB = f"""CASE WHEN {_TYPE} IN ('LOGIN', 'FAILED_LOGIN', 'ADMIN_LOGIN') THEN lower({_TYPE})
    ELSE lower(coalesce(nullif(regexp_extract({_TYPE}, '^{_LEADING}_', 1), ''), regexp_extract({_TYPE}, '([^_]+)$', 1))) END"""

_WHO = first_of(*[f"$.{by}.{name}" for by in ("created_by", "action_by") for name in ("login", "name", "id")])
_UNKNOWN = f"($.created_by.id = '2' OR {_WHO} IS NULL)"
_TRIED = f"""CASE WHEN {_TYPE} = 'FAILED_LOGIN' AND {_UNKNOWN}
    THEN {first_of("$.source.login", "$.source.name")} END"""
_NAMES = ("item_name", "folder_name", "file_name", "group_name", "login", "name", "user_email", "user_name")
_NAMED = first_of(*[f"$.source.{name}" for name in _NAMES])
_ID = first_of(*[f"$.source.{name}" for name in ("item_id", "folder_id", "file_id", "group_id", "id", "user_id")])
_DETAILS = "TRY_CAST($.additional_details AS JSON)"


def _detail(name: str) -> str:
    return f"nullif(json_extract_string({_DETAILS}, '/{name}'), '')"


FEED = Feed(
    name="box",
    product="Box events",
    exported_from="GET /2.0/events?stream_type=admin_logs or admin_logs_streaming",
    recognised_by=(
        ("type=event", "event_type"),
        *(("event_type", f"created_by.{key}") for key in ("login", "name", "type")),
        ("event_type", "event_id", "source"),
    ),
    # each kind of event has a source and details of its own
    any_type=("$.source", "$.additional_details"),
    columns={
        "event_id": "$.event_id",
        "occurred_at": first_of("$.created_at", "$.recorded_at"),
        "event": _TYPE,
        "category": counterpart(_TYPE, _COUNTERPARTS, 0, _FAMILY),
        "action": counterpart(_TYPE, _COUNTERPARTS, 1, _VERB),
        "actor": f"coalesce({_TRIED}, {_WHO})",
        "actor_id": first_of("$.created_by.id", "$.action_by.id"),
        # an application acts under an address that Box made for it
        "actor_type": """CASE WHEN $.created_by.login ILIKE '%@boxdevedition.com' THEN 'service'
            WHEN coalesce($.created_by.type, $.action_by.type) = 'user' AND coalesce($.created_by.id, '') <> '2'
            THEN 'human' END""",
        "resource": f"coalesce({_NAMED}, {_detail('group_name')}, {_detail('shield_alert/rule_name')}, {_ID})",
        "resource_type": f"""coalesce({first_of("$.source.item_type", "$.source.type")},
            CASE WHEN $.source.folder_id IS NOT NULL THEN 'folder' WHEN $.source.file_id IS NOT NULL THEN 'file'
            WHEN $.source.group_id IS NOT NULL THEN 'group' WHEN $.source.user_id IS NOT NULL THEN 'user' END)""",
        "resource_id": _ID,
        "source": f"coalesce({_detail('service_name')}, {_detail('service_id')})",
        "ip": address("$.ip_address"),
        "outcome": f"""CASE WHEN regexp_matches({_TYPE}, 'FAILED|BLOCKED|DENIED') THEN 'failure'
            WHEN regexp_matches({_TYPE}, 'ALERT|VIOLATION|MALICIOUS|ABNORMAL') THEN NULL ELSE 'success' END""",
        "user_agent": _detail("user_agent"),
    },
)
