"""`notion`, the audit log of a Notion workspace: an event is one act on a page, a teamspace, an account or the workspace.

Format: https://www.notion.com/help/audit-log and https://developers.notion.com/compliance/audit-log-events, as Notion sends
it to a security tool: the event inside `event`; a tool that stores it may have taken it out of there, which is read the same.
What happened is `type`, `page.permissions.guest_role_added`: family, then what was done. Its particulars are in `details`;
in older events they are under the type's own name, and then only in `raw`. Members of a page or a teamspace belong to the
vendor's family; only those of the workspace have a counterpart in the catalogue.
"""

from __future__ import annotations

from audit_reports.expressions import address, after_last_dot, before_last_dot, change, first_of
from audit_reports.feed import Feed


def _either(*names: str) -> str:
    """Return the expression of the first text among members of the event, inside `event` and without it."""
    return first_of(*[f"${at}.{name}" for name in names for at in (".event", "")])


_TYPE = "coalesce($.event.type, $.type)"
_VERB = after_last_dot(_TYPE)
_FAMILY = before_last_dot(_TYPE)
_ACTOR_TYPE = "coalesce($.event.actor.type, $.actor.type)"

# By the last word of types that begin with the given family; the rest of the name differs between kinds of a thing.
_WORKSPACE = {
    "member_(added|joined)|user_(added|joined)": ("Members", "Joined"),
    "member_(invited|invite_sent)|invited|invite_sent|user_invited": ("Members", "Invited"),
    "member_(removed|deleted)|user_(removed|deleted)": ("Members", "Removed"),
    "member_left|user_left": ("Members", "Left"),
    "(member|user)_role_(updated|changed)": ("Members", "Role Changed"),
    ".*(scim|api|access)_(token|key)_(generated|created|added)": ("API Keys", "Created"),
    ".*(scim|api|access)_(token|key)_(revoked|deleted|removed)": ("API Keys", "Deleted"),
    "integration_(added|created|installed|connected)": ("Integrations", "Created"),
    "integration_(removed|deleted|uninstalled|disconnected)": ("Integrations", "Deleted"),
    "integration_(updated|changed)": ("Integrations", "Updated"),
    "(verified_|allowed_)?(email_)?domain_(added|verified)": ("Domains", "Email Domain Created"),
    "(verified_|allowed_)?(email_)?domain_(removed|deleted)": ("Domains", "Email Domain Deleted"),
    "workspace_deleted|deleted": ("Organization", "Deleted"),
    "(name|icon|workspace_name|workspace_icon|url|domain)_(updated|changed)": ("Organization", "Updated"),
}


def _counterpart(part: int, otherwise: str) -> str:
    cases = " ".join(
        f"WHEN regexp_full_match({_VERB}, '{verb}') THEN '{pair[part]}'" for verb, pair in _WORKSPACE.items()
    )
    return f"CASE WHEN starts_with({_TYPE}, 'workspace.') THEN CASE {cases} ELSE {otherwise} END ELSE {otherwise} END"


def _detail(*names: str) -> str:
    return _either(*[f"details.{name}" for name in names])


# What the act was on is the target, a page or a teamspace with whom it was shared; only else the person.
_TARGET_ID = _detail("target.page_id", "target.database_id", "target.id")
_TARGET = f"coalesce({_detail('target.name')}, {_TARGET_ID})"
_PERSON_ID = _detail("entity.id", "member.id", "user.id")
_PERSON = f"coalesce({_detail('entity.person.email', 'member.person.email', 'user.person.email')}, {_PERSON_ID})"

FEED = Feed(
    name="notion",
    product="Notion workspace audit log",
    exported_from="Settings, Connections: a security and compliance (SIEM) connection of an Enterprise workspace",
    recognised_by=(
        *(("event.type", f"event.{key}") for key in ("timestamp", "workspace_id", "actor.object", "actor.person")),
        ("type", "timestamp", "actor.object"),
        ("type", "timestamp", "actor.person"),
        ("type", "timestamp", "workspace_id", "platform"),
    ),
    # each type of event has details of its own
    any_type=("$.event.details", "$.details"),
    columns={
        "event_id": _either("id"),
        "occurred_at": _either("timestamp"),
        "event": _TYPE,
        "category": _counterpart(0, _FAMILY),
        "action": _counterpart(1, _VERB),
        "actor": _either("actor.person.email", "actor.email", "actor.name", "actor.bot.name", "actor.id"),
        "actor_id": _either("actor.id"),
        "actor_type": f"""CASE WHEN {_ACTOR_TYPE} IN ('person', 'guest') THEN 'human'
            WHEN {_ACTOR_TYPE} IN ('bot', 'integration', 'agent') THEN 'service'
            WHEN {_ACTOR_TYPE} IN ('system', 'automation', 'notion') THEN 'system' END""",
        "resource": f"coalesce({_TARGET}, {_PERSON})",
        "resource_type": f"""CASE WHEN {_TARGET} IS NOT NULL
            THEN coalesce({_detail("target.object")}, regexp_replace({_detail("target.type")}, '_id$', ''))
            WHEN {_PERSON} IS NOT NULL THEN 'user' ELSE nullif(regexp_extract({_TYPE}, '^[^.]+'), '') END""",
        "resource_id": f"coalesce({_TARGET_ID}, CASE WHEN {_TARGET} IS NULL THEN {_PERSON_ID} END)",
        "changes": "coalesce("
        + ", ".join(
            change(f"'{field}'", f"$.{at}.old_{field}", f"$.{at}.new_{field}")
            for at in ("event.details", "details")
            for field in ("permission", "role")
        )
        + ")",
        "source": _either("platform"),
        "ip": address(_either("ip_address")),
        # what did not happen is not in the log, but for a sign-in that says so
        "outcome": f"CASE WHEN {_TYPE} ILIKE '%fail%' THEN 'failure' ELSE 'success' END",
        "workspace": _either("workspace_id"),
    },
)
