"""`onelogin`, the events of OneLogin: an event is one act of a user, an administrator, an application or OneLogin itself.

Format: https://developers.onelogin.com/api-docs/1/events/event-resource (the Events API) and
https://developers.onelogin.com/api-docs/1/events/webhooks (the event broadcaster: a JSON array, or JSON Lines, with
`event_timestamp` and `uuid`; through Amazon EventBridge the same in `detail`). All times are in UTC.

An event carries no name, only `event_type_id`: that number is the event, as the API gives it, and category and action are what
the vendor's list of event types says about it. What a type that is not listed here did, nobody can tell from the event, so its
category, action and outcome stay null. `actor_user_name` acted and `user_name` was acted upon; only of a sign-in, a sign-out or
a change of one's own password the two are one, so that the second stands in for a missing first. An event of a session in which
an administrator had assumed the user names the user, and the administrator's id in `actor_role`.
"""

from __future__ import annotations

from audit_reports.expressions import address, change, first_of, looked_up
from audit_reports.feed import Feed, literal


def _at(field: str) -> str:
    """Return the expression of a field's text, in an EventBridge envelope or bare; null where empty."""
    return first_of(f"$.detail.{field}", f"$.{field}")


_TYPE = _at("event_type_id")
_OK, _BAD = "success", "failure"

# Event type ids by what they mean: category, action and how it went.
_KINDS: dict[tuple[str, str, str | None], str] = {
    ("Login", "Login", _OK): "5 68 78 122 130 140 153 900 904 1010",
    ("Login", "Login", _BAD): "6 69 77 86 118 123 129 141 154 901 905 906",
    ("Login", "Challenge", None): "1001",
    ("Login", "Challenge", _BAD): "1002 950",
    ("Login", "Logout", _OK): "7 516 550",
    ("Login", "Assume User", _OK): "3 555",
    ("App", "Login", _OK): "8",
    ("App", "Login", _BAD): "9 35 85 90",
    ("App", "Logout", _OK): "29",
    ("App", "Provision", _OK): "26 51 52 53 54 55 59 208",
    ("App", "Provision", _BAD): "25 61 62 63 64 65 250 251",
    ("App", "Request", None): "34",
    ("App", "Request Approved", _OK): "137",
    ("App", "Request Denied", _OK): "138",
    ("App", "Add to Role", _OK): "1",
    ("App", "Add to Role", _BAD): "9042",
    ("App", "Remove from Role", _OK): "2",
    ("App", "Remove from Role", _BAD): "9043",
    ("Password", "Request", None): "10",
    ("Password", "Change", _OK): "11 145 211 510 511 1608",
    ("Password", "Change", _BAD): "106 146 517 518",
    ("Password", "Approve Request", _OK): "18",
    ("Password", "Reveal", _OK): "240",
    ("User", "Unlock", _OK): "12 120 554",
    ("User", "Lock", _OK): "19 531 553",
    ("User", "Lock", _BAD): "526",
    ("User", "Update", _OK): "14 529 512",
    ("User", "Update", _BAD): "49 532 519",
    ("User", "Activate", _OK): "16",
    ("User", "Deactivate", _OK): "15",
    ("User", "Suspend", _OK): "21 551",
    ("User", "Reactivate", _OK): "32 552",
    ("Members", "Invited", _OK): "115 535 546",
    ("Members", "Invited", _BAD): "525 545",
    ("Members", "Joined", _OK): "13 48 101 291 533",
    ("Members", "Joined", _BAD): "116 239 534",
    ("Members", "Removed", _OK): "17 530",
    ("Members", "Removed", _BAD): "237 524",
    ("Members", "Role Changed", _OK): "4 72 73 147 148 149 150 151 152 513 514 2106 2107 2108 2109",
    ("Members", "Role Changed", _BAD): "520 521 9040 9041 9044 9045",
    ("Role", "Create", _OK): "1801",
    ("Role", "Create", _BAD): "9046",
    ("Role", "Delete", _OK): "1802",
    ("Role", "Delete", _BAD): "9047",
    ("Factor", "Register", _OK): "22 540 1244 1400",
    ("Factor", "Remove", _OK): "24 1600",
    ("Factor", "Lost", None): "36",
    ("Factor", "Unlock", _OK): "40",
    ("Factor", "Verify", _OK): "528 537",
    ("Factor", "Verify", _BAD): "527 538",
    ("Factor", "Create", _OK): "170",
    ("Factor", "Update", _OK): "171 1245",
    ("Factor", "Delete", _OK): "172",
    ("API Keys", "Created", _OK): "179",
    ("API Keys", "Deleted", _OK): "180",
    ("API Key", "Enable", _OK): "181",
    ("API Key", "Disable", _OK): "182",
    ("Integrations", "Created", _OK): "410 600 700 1300 1424 2003",
    ("Integrations", "Created", _BAD): "701 1301 1401 2004",
    ("Integrations", "Updated", _OK): "411 601 702 1302 1402 2007",
    ("Integrations", "Updated", _BAD): "703 1303 1403 2008",
    ("Integrations", "Deleted", _OK): "412 602 704 1304 1404 2009",
    ("Integrations", "Deleted", _BAD): "705 1305 1405 2010",
    ("Connections", "Created", _OK): "74 198",
    ("Connections", "Updated", _OK): "76 112 119 541",
    ("Connections", "Deleted", _OK): "75 199",
    ("Organization", "Updated", _OK): "70 71 196 197 215 2002",
    ("Organization", "Sub-Organization Created", _OK): "1505 1511",
    ("Organization", "Sub-Organization Updated", _OK): "1507 1513",
    ("Policy", "Create", _OK): "156",
    ("Policy", "Update", _OK): "157",
    ("Policy", "Delete", _OK): "158",
    ("Mapping", "Create", _OK): "189",
    ("Mapping", "Delete", _OK): "190",
    ("Mapping", "Disable", _OK): "191",
    ("Mapping", "Enable", _OK): "192",
    ("Mapping", "Update", _OK): "193",
    ("Note", "Create", _OK): "3023",
    ("Note", "View", _OK): "87",
    ("Note", "Edit", _OK): "88",
    ("Note", "Delete", _OK): "89",
    ("Group", "Create", _OK): "3020",
    ("Group", "Update", _OK): "3021",
    ("Group", "Delete", _OK): "3022",
    ("Certificate", "Create", _OK): "177",
    ("Certificate", "Delete", _OK): "178",
    ("Directory", "Import", _OK): "33 113 114",
    ("Directory", "Import", _BAD): "66 67",
    ("Directory", "Export", _OK): "131 132 907",
    ("Directory", "Export", _BAD): "133",
    ("Privilege", "Create", _OK): "2100 2101",
    ("Privilege", "Update", _OK): "2102 2103",
    ("Privilege", "Delete", _OK): "2104 2105",
    ("Privilege", "Denied", _BAD): "1200 1201 2114 3024 3025 3027 3028",
    ("API", "Bad Request", _BAD): "400",
    ("API", "Unauthorized", _BAD): "401",
    ("OIDC", "Authenticate", _OK): "515 3001 3003 3005 3007 3009 3011",
    ("OIDC", "Authenticate", _BAD): "522 3000 3002 3004 3006 3008 3010",
    ("Report", "Generate", _OK): "244",
    ("Report", "Generate", _BAD): "245 246",
    ("Report", "Create", _OK): "2201",
    ("Report", "Update", _OK): "2202",
    ("Report", "Delete", _OK): "2204",
}
# Types in which the user is the one who acts.
_OWN_ACTS = (
    "5 6 7 8 9 10 11 29 68 69 77 78 86 90 106 122 123 129 130 140 141 153 154 900 901 904 905 906 1001 1002 1010 1608"
)
_VIA_API = (
    "122 123 400 401 501 502 503 510 511 512 513 514 515 516 517 518 519 520 521 522 523 524 525 526 527 528 529 530 531 532 533 "
    "534 535 536 537 538 539 540 545 546 551 552 553 554 2100 2102 2104 2106 2108 2110 2112"
)


def _kind(part: int) -> str:
    values = {number: value for kind, numbers in _KINDS.items() if (value := kind[part]) for number in numbers.split()}
    return looked_up(_TYPE, values)


def _is_one_of(numbers: str) -> str:
    return f"{_TYPE} IN ({', '.join(map(literal, numbers.split()))})"


_CREDENTIAL = f"coalesce({_at('api_credential_name')}, {_at('client_id')})"
_OWN = f"{_is_one_of(_OWN_ACTS)} OR {_at('actor_user_id')} = {_at('user_id')}"

# What was acted on: the first that the event names, from the most particular on.
_RESOURCES = (
    "otp_device",
    "authentication_factor",
    "certificate",
    "note",
    "policy",
    "mapping",
    "trusted_idp",
    "directory",
)
_NAMES = {
    "authentication_factor": "authentication_factor_description",
    "note": "note_title",
    "user": "user_name",
}
_ORDER = (*_RESOURCES, "user", "app", "role", "group")


def _resource(values: dict[str, str]) -> str:
    """Return the expression that gives a value for the first kind of thing that the event names."""
    return (
        "CASE "
        + " ".join(f"WHEN {_at(_NAMES.get(k, f'{k}_name'))} IS NOT NULL THEN {values[k]}" for k in _ORDER)
        + " END"
    )


def _if(condition: str, field: str) -> str:
    return f"CASE WHEN {condition} THEN {_at(field)} END"


FEED = Feed(
    name="onelogin",
    product="OneLogin events",
    exported_from="the Events API (/api/1/events), the event broadcaster (webhook), or Activity > Events",
    recognised_by=(
        ("event_type_id",),
        ("detail.event_type_id",),
    ),
    any_type=("$.detail", "$.create", "$.notes"),
    zone="UTC",
    columns={
        "event_id": f"coalesce({_at('uuid')}, {_at('id')}, {_at('create._id')})",
        "occurred_at": f"coalesce({_at('created_at')}, {_at('event_timestamp')})",
        "event": _TYPE,
        "category": _kind(0),
        "action": _kind(1),
        "actor": f"coalesce({_at('actor_user_name')}, CASE WHEN {_OWN} THEN {_at('user_name')} END, {_at('actor_system')}, "
        f"CASE WHEN {_at('actor_user_id')} IS NULL THEN {_CREDENTIAL} END, {_at('actor_user_id')}, "
        f"CASE WHEN {_is_one_of(_OWN_ACTS)} THEN {_at('user_id')} END)",
        "actor_id": f"coalesce({_at('actor_user_id')}, CASE WHEN {_is_one_of(_OWN_ACTS)} THEN {_at('user_id')} END, "
        f"{_at('client_id')})",
        "actor_role": f"'assumed by ' || {_at('assuming_acting_user_id')}",
        "actor_type": f"""CASE WHEN lower({_at("assumed_by_superadmin_or_reseller")}) IN ('true', '1') THEN 'support'
            WHEN coalesce({_at("actor_user_name")}, {_at("actor_user_id")}) IS NOT NULL
                OR {_is_one_of(_OWN_ACTS)} AND coalesce({_at("user_name")}, {_at("user_id")}) IS NOT NULL THEN 'human'
            WHEN {_at("actor_system")} IS NOT NULL THEN 'system' WHEN {_CREDENTIAL} IS NOT NULL THEN 'api_key' END""",
        "resource": _resource({k: _at(_NAMES.get(k, f"{k}_name")) for k in _ORDER}),
        "resource_type": _resource({k: literal(k.replace("_", " ").capitalize()) for k in _ORDER}),
        "resource_id": _resource({k: _at(f"{k}_id") for k in _ORDER}),
        "changes": "coalesce("
        + change("'privilege'", _if(_is_one_of("73"), "privilege_name"), _if(_is_one_of("72"), "privilege_name"))
        + f", {change(literal('role'), _if(_is_one_of('148 150'), 'role_name'), _if(_is_one_of('4 147 149'), 'role_name'))})",
        "source": f"CASE WHEN {_CREDENTIAL} IS NOT NULL OR {_is_one_of(_VIA_API)} THEN 'API' ELSE {_at('app_name')} END",
        "ip": address(_at("ipaddr")),
        "outcome": _kind(2),
        "workspace": _at("account_id"),
        "user_agent": _at("user_agent"),
    },
)
