"""`atlassian`, Atlassian organization audit log: an event is one activity in an organization's administration or products.

Format: https://developer.atlassian.com/cloud/admin/organization/rest/api-group-events/ (`/events`, `/events-stream` and one
event by its id); what the activities are is at
https://support.atlassian.com/security-and-access-policies/docs/audit-log-activities-database/.

Decided:
- The vendor lists its actions only by an API of each organization, and adds to them often: what an action means is read off
  its words (`user_added_to_group`), not off a list of names.
- An activity in the past tense has happened, so it succeeded, unless its name says that it failed.
- Who: the actor's e-mail address, which the vendor leaves out where a profile hides it, else name, else id. Of an app the
  address is the words `Atlassian app`: it is known by its name. An app that acts on behalf of a user stays the actor.
- `processedAt` is when the log received the event, not when it happened: an event without `time` has none.
- `geo` is taken for a country where it is one; it may be coordinates, or a continent, whose code some country has, too.
"""

from __future__ import annotations

from audit_reports.expressions import address, first_of, looked_up
from audit_reports.feed import Feed, literal

# What an action is about, what was done, and the counterpart in the home feed: the first that fits is taken.
_ADDED, _TAKEN = "created|generated|added|issued", "deleted|revoked|removed"
_KEY = "(api|access|scim)_(key|token)"
_DOMAIN = "^(org_|organization_|custom_)?domain"
_EMAIL_DOMAIN = "email_domain"
_MEMBER = "^(user|member|account|managed_account|guest)_"
_RIGHT = "user.*_(group|role|admin|product|site|access)|(group|role|admin|product)_.*user|org(anization)?_admin"
_APP = "(^|_)(app|addon|plugin|integration|webhook)(_|$)"
_RULE = "automation_rule|(^|_)workflow(_|$)"
_MEANINGS = (
    (_KEY, _ADDED, "API Keys/Created"),
    (_KEY, _TAKEN, "API Keys/Deleted"),
    (_EMAIL_DOMAIN, f"{_ADDED}|[^n]verified", "Domains/Email Domain Created"),
    (_EMAIL_DOMAIN, _TAKEN, "Domains/Email Domain Deleted"),
    (_DOMAIN, f"{_TAKEN}|unverified|unclaimed", "Domains/Domain Deleted"),
    (_DOMAIN, f"{_ADDED}|verified|claimed", "Domains/Domain Created"),
    (_MEMBER, "invited|invitation_sent|invite_sent", "Members/Invited"),
    (
        _RIGHT,
        "added|removed|granted|revoked|promoted|demoted|assigned|unassigned|changed|updated",
        "Members/Role Changed",
    ),
    (_MEMBER, f"{_MEMBER}left(_|$)", "Members/Left"),
    (_MEMBER, f"{_MEMBER}(joined|created|added|provisioned|reactivated)(_(to|by|in|via)_|$)", "Members/Joined"),
    (_MEMBER, f"{_MEMBER}(removed|deleted|deactivated)(_(by|in|via|from)_|$)", "Members/Removed"),
    (_APP, "uninstalled|deleted|removed", "Integrations/Deleted"),
    (_APP, "installed|created|added", "Integrations/Created"),
    (_APP, "enabled", "Integrations/Enabled"),
    (_APP, "disabled", "Integrations/Disabled"),
    (_APP, "updated", "Integrations/Updated"),
    (_RULE, "created", "Workflows/Created"),
    (_RULE, "deleted", "Workflows/Deleted"),
    (
        "^org(anization)?_",
        "(name|details|profile|settings?)_(updated?|changed?)$|_renamed$|^[a-z]+_updated$",
        "Organization/Updated",
    ),
    ("^org(anization)?_", "^[a-z]+_deleted$", "Organization/Deleted"),
)
_PAST = "([a-z]+ed|sent|set|left|login|logout)"


def _attribute(*names: str) -> str:
    """Return attributes of an event, which the API wraps in `data` where it is asked for one event."""
    return first_of(*(f"{event}.{name}" for name in names for event in ("$.attributes", "$.data.attributes")))


_ACTION = _attribute("action")
_WORDS = f"lower(replace({_ACTION}, ' ', '_'))"
_MEANT = f"""CASE {
    " ".join(
        f"WHEN regexp_matches({_WORDS}, {literal(about)}) AND regexp_matches({_WORDS}, {literal(done)}) THEN {literal(meaning)}"
        for about, done, meaning in _MEANINGS
    )
} END"""

_NAME = _attribute("actor.name", "actor.displayName")
_ADDRESS = _attribute("actor.email")
_EMAIL = f"CASE WHEN contains({_ADDRESS}, '@') THEN {_ADDRESS} END"
_GEO = _attribute("location.geo")
_TOKEN = _attribute("actor.auth.tokenId", "actor.auth.tokenLabel")
_CONTAINER = first_of("$.attributes.container", "$.data.attributes.container")
_ORGANIZATION = f"""CASE WHEN json_valid({_CONTAINER}) THEN list_filter(json_extract({_CONTAINER}, '$[*]'),
    lambda c: starts_with(json_extract_string(c, 'type'), 'org'))[1] END"""

FEED = Feed(
    name="atlassian",
    product="Atlassian organization audit log (Atlassian Administration, Guard)",
    exported_from="Organizations REST API: GET /admin/v1/orgs/{orgId}/events or /events-stream",
    recognised_by=(
        ("attributes.action", "attributes.time"),
        ("attributes.action", "attributes.actor"),
        ("data.attributes.action", "data.attributes.time"),
    ),
    any_type=(
        "$.attributes.context",
        "$.attributes.container",
        "$.attributes.location.geo",
        "$.data.attributes.context",
        "$.data.attributes.container",
        "$.data.attributes.location.geo",
    ),
    zone="UTC",
    columns={
        "event_id": first_of("$.id", "$.data.id"),
        "occurred_at": _attribute("time"),
        "event": _ACTION,
        "category": f"""coalesce(split_part({_MEANT}, '/', 1), nullif(regexp_extract({_WORDS}, '^(.*?)_{_PAST}(_|$)', 1), ''),
            {_ACTION})""",
        "action": f"""coalesce(split_part({_MEANT}, '/', 2), nullif(regexp_extract({_WORDS}, '(?:^|_){_PAST}(_|$)', 1), ''),
            {_ACTION})""",
        "actor": f"coalesce({_EMAIL}, {_NAME}, {_attribute('actor.id')}, {_TOKEN})",
        "actor_id": _attribute("actor.id"),
        "actor_type": f"""coalesce({
            looked_up(
                _attribute("actor.type"), {"user": "human", "system": "system", "app": "service", "support": "support"}
            )
        }, CASE WHEN {_attribute("actor.onBehalfOf.id")} IS NOT NULL OR {_ADDRESS} ILIKE '% app' THEN 'service' WHEN {
            _EMAIL
        } IS NOT NULL THEN 'human'
            WHEN {_TOKEN} IS NOT NULL THEN 'api_key' WHEN {_NAME} ILIKE 'Atlassian Support%' THEN 'support'
            WHEN lower({_NAME}) IN ('system', 'atlassian', 'atlassian system') THEN 'system' END)""",
        "resource": _attribute(
            *(f"context[0].attributes.{name}" for name in ("name", "email", "displayName", "title", "key")),
            "context[0].id",
        ),
        "resource_type": _attribute("context[0].type"),
        "resource_id": _attribute("context[0].id"),
        "source": f"""CASE WHEN {_TOKEN} IS NOT NULL
            AND {_attribute("actor.auth.authType")} IS DISTINCT FROM 'session' THEN 'API' END""",
        "ip": address(_attribute("location.ip")),
        "country": f"""coalesce({_attribute("location.countryName")},
            CASE WHEN {_GEO} NOT IN ('AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA') THEN {_GEO} END)""",
        "region": _attribute("location.regionName"),
        "city": _attribute("location.city"),
        "outcome": f"""CASE WHEN regexp_matches({_WORDS}, 'fail|denied|rejected|blocked') THEN 'failure'
            WHEN regexp_matches({_WORDS}, '(^|_){_PAST}(_|$)|success') THEN 'success' END""",
        "workspace": f"""coalesce(nullif(json_extract_string({_ORGANIZATION}, '/attributes/name'), ''),
            nullif(json_extract_string({_ORGANIZATION}, 'id'), ''),
            nullif(regexp_extract(coalesce($.links.self, $.data.links.self), '/orgs/([^/]+)', 1), ''),
            {_attribute("container[0].attributes.siteName", "container[0].attributes.siteHostName", "container[0].id")})""",
    },
)
