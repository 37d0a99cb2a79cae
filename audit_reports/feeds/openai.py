"""`openai`, the audit logs of an organization on the OpenAI API platform: an event is one action of a session or of an
API key.

Format: https://platform.openai.com/docs/api-reference/audit-logs/object. What an event is about stands under a key
named as its type, with dots (`"api_key.created": {...}`) as documented, with underscores as some collectors write it.
Of an API key that belongs to a user the vendor's screen shows the user; `actor_type` still says that a key acted. Names
of types are in the past: what did not happen ends in `failed`. `changes_requested` tells only what a field became, so
the value before is null. A project has members and roles of its own, and is the catalogue's sub-organization.
"""

from __future__ import annotations

from audit_reports.expressions import (
    address,
    after_last_dot,
    before_last_dot,
    changed_fields,
    counterpart,
    epoch_seconds,
    first_member,
    first_of,
)
from audit_reports.feed import Feed

_COUNTERPARTS = {
    "api_key.created": ("API Keys", "Created"),
    "api_key.deleted": ("API Keys", "Deleted"),
    "admin_api_key.created": ("API Keys", "Created"),
    "admin_api_key.deleted": ("API Keys", "Deleted"),
    "invite.sent": ("Members", "Invited"),
    "invite.accepted": ("Members", "Joined"),
    "user.added": ("Members", "Joined"),
    "user.deleted": ("Members", "Removed"),
    # The role is all that can be updated of a user.
    "user.updated": ("Members", "Role Changed"),
    "role.assignment.created": ("Members", "Role Changed"),
    "role.assignment.deleted": ("Members", "Role Changed"),
    "organization.updated": ("Organization", "Updated"),
    "project.created": ("Organization", "Sub-Organization Created"),
    "project.updated": ("Organization", "Sub-Organization Updated"),
    "scim.enabled": ("Integrations", "Enabled"),
    "scim.disabled": ("Integrations", "Disabled"),
    "tunnel.created": ("Connections", "Created"),
    "tunnel.updated": ("Connections", "Updated"),
    "tunnel.deleted": ("Connections", "Deleted"),
}

_FAMILY = before_last_dot("$.type")
_VERB = after_last_dot("$.type")

# The type is the event's own word: only a plain one may become a key to look under.
_KEY = "nullif(regexp_extract($.type, '^[a-z][a-z0-9_.]*$'), '')"
_DETAILS = f"coalesce(json_extract(raw, {_KEY}), json_extract(raw, replace({_KEY}, '.', '_')))"


def _detail(*pointers: str) -> str:
    return first_member(_DETAILS, *pointers)


_NAME = _detail(
    "/data/email",
    "/email",
    "/data/name",
    "/data/title",
    "/name",
    "/data/group_name",
    "/role_name",
    "/data/fine_tuned_model_checkpoint",
    "/configs/0/name",
    "/certificates/0/name",
    "/principal_id",
    "/id",
    "/configs/0/id",
    "/certificates/0/id",
)

_SESSION_USER = ("$.actor.session.user.email", "$.actor.session.user.name", "$.actor.session.user.id")
_KEY_OWNER = (
    "$.actor.api_key.user.email",
    "$.actor.api_key.user.name",
    "$.actor.api_key.user.id",
    "$.actor.api_key.service_account.name",
    "$.actor.api_key.service_account.id",
    "$.actor.api_key.name",
    "$.actor.api_key.id",
)

FEED = Feed(
    name="openai",
    product="OpenAI organization audit logs",
    exported_from="GET https://api.openai.com/v1/organization/audit_logs",
    recognised_by=(
        ("object=organization.audit_log",),
        ("effective_at", "type"),
        ("type", "actor.session"),
        ("type", "actor.api_key"),
    ),
    columns={
        "event_id": "$.id",
        "occurred_at": f"coalesce({epoch_seconds('$.effective_at')}, $.effective_at)",
        "event": "$.type",
        "category": counterpart("$.type", _COUNTERPARTS, 0, _FAMILY),
        "action": counterpart("$.type", _COUNTERPARTS, 1, _VERB),
        # A login that failed before a user was known names only the address tried.
        "actor": f"""coalesce({first_of(*_SESSION_USER, *_KEY_OWNER)},
            CASE WHEN $.type = 'login.failed' THEN {_detail("/email", "/data/email")} END)""",
        "actor_id": first_of(
            "$.actor.session.user.id",
            "$.actor.api_key.user.id",
            "$.actor.api_key.service_account.id",
            "$.actor.api_key.id",
        ),
        "actor_type": """CASE WHEN $.actor.api_key.type = 'service_account' OR $.actor.api_key.service_account.id IS NOT NULL
            THEN 'service' WHEN $.actor.type = 'api_key' OR $.actor.api_key.id IS NOT NULL THEN 'api_key'
            WHEN $.actor.type = 'session' OR $.actor.session.user.id IS NOT NULL THEN 'human' END""",
        "resource": f"CASE WHEN {_FAMILY} NOT IN ('login', 'logout') THEN {_NAME} END",
        "resource_type": _FAMILY,
        "resource_id": _detail("/principal_id", "/id", "/configs/0/id", "/certificates/0/id"),
        "changes": changed_fields("NULL::VARCHAR", f"json_extract({_DETAILS}, '/changes_requested')::VARCHAR"),
        "source": "CASE $.actor.type WHEN 'session' THEN 'App' WHEN 'api_key' THEN 'API' END",
        "ip": address("$.actor.session.ip_address"),
        "country": "$.actor.session.ip_address_details.country",
        "region": first_of(
            "$.actor.session.ip_address_details.region", "$.actor.session.ip_address_details.region_code"
        ),
        "city": "nullif($.actor.session.ip_address_details.city, '')",
        "outcome": f"CASE WHEN {_VERB} = 'failed' THEN 'failure' WHEN {_VERB} IS NOT NULL THEN 'success' END",
        "workspace": first_of("$.project.name", "$.project.id"),
        "user_agent": "nullif($.actor.session.user_agent, '')",
    },
)
