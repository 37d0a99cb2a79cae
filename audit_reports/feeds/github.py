"""`github`, the GitHub audit log: an event is one action in an organisation or an enterprise, or one use of Git or of the API.

Format: https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/audit-log-events-for-your-organization,
as the REST API, the JSON and CSV exports and the streams (S3, Azure, Google Cloud, Splunk, Datadog) give it; and the nodes of
the GraphQL API's `auditLog`, which name the same things in camel case. Older events keep a part of their fields in `data`.

`created_at` is when it happened, in milliseconds since 1970; `@timestamp` is when it was recorded, and stands in for it. A
time that is neither a number nor says its zone is no time. The log tells what was done: an event is a success unless its
name, its status code or a workflow's conclusion says otherwise. Settings of an organisation (`org.disable_...`,
`org.update_...`) are its updates, so that a reviewer always sees them. The verb `remove_member` by the member himself means
that he left. A person who acts through a token is still that person; `source` says that it was the API.
"""

from __future__ import annotations

from audit_reports.expressions import (
    address,
    after_last_dot,
    before_last_dot,
    counterpart,
    epoch_milliseconds,
    first_of,
)
from audit_reports.feed import Feed, literal

_FAMILY = before_last_dot("$.action")
_VERB = after_last_dot("$.action")

_COUNTERPARTS = {
    "org.invite_member": ("Members", "Invited"),
    "org.add_member": ("Members", "Joined"),
    "org.remove_member": ("Members", "Removed"),
    "org.update_member": ("Members", "Role Changed"),
    "org.add_billing_manager": ("Members", "Role Changed"),
    "org.remove_billing_manager": ("Members", "Role Changed"),
    "org.add_security_manager": ("Members", "Role Changed"),
    "org.remove_security_manager": ("Members", "Role Changed"),
    "organization_moderators.add_user": ("Members", "Role Changed"),
    "organization_moderators.remove_user": ("Members", "Role Changed"),
    "organization_role.assign": ("Members", "Role Changed"),
    "organization_role.revoke": ("Members", "Role Changed"),
    "team.promote_maintainer": ("Members", "Role Changed"),
    "team.demote_maintainer": ("Members", "Role Changed"),
    "business.invite_admin": ("Members", "Invited"),
    "business.invite_member": ("Members", "Invited"),
    "business.invite_billing_manager": ("Members", "Invited"),
    "business.add_member": ("Members", "Joined"),
    "business.remove_member": ("Members", "Removed"),
    "business.add_admin": ("Members", "Role Changed"),
    "business.remove_admin": ("Members", "Role Changed"),
    "business.add_billing_manager": ("Members", "Role Changed"),
    "business.remove_billing_manager": ("Members", "Role Changed"),
    "business.add_organization": ("Organization", "Sub-Organization Created"),
    "business.create_organization": ("Organization", "Sub-Organization Created"),
    "business.remove_organization": ("Organization", "Detached"),
    "org.delete": ("Organization", "Deleted"),
    "org.restore": ("Organization", "Restored"),
    "org.transfer": ("Organization", "Transferred"),
    "org.transfer_outgoing": ("Organization", "Transferred"),
    "org.rename": ("Organization", "Updated"),
    "org.saml_disabled": ("Organization", "Updated"),
    "org.saml_enabled": ("Organization", "Updated"),
    "personal_access_token.create": ("API Keys", "Created"),
    "personal_access_token.access_granted": ("API Keys", "Created"),
    "personal_access_token.destroy": ("API Keys", "Deleted"),
    "personal_access_token.access_revoked": ("API Keys", "Deleted"),
    "oauth_access.create": ("API Keys", "Created"),
    "oauth_access.destroy": ("API Keys", "Deleted"),
    "oauth_access.revoke": ("API Keys", "Deleted"),
    "public_key.create": ("API Keys", "Created"),
    "public_key.delete": ("API Keys", "Deleted"),
    "integration.create": ("Integrations", "Created"),
    "integration.update": ("Integrations", "Updated"),
    "integration.destroy": ("Integrations", "Deleted"),
    "integration.delete": ("Integrations", "Deleted"),
    "integration.suspend": ("Integrations", "Disabled"),
    "integration.unsuspend": ("Integrations", "Enabled"),
    "integration_installation.create": ("Integrations", "Created"),
    "integration_installation.destroy": ("Integrations", "Deleted"),
    "integration_installation.delete": ("Integrations", "Deleted"),
    "integration_installation.repositories_added": ("Integrations", "Updated"),
    "integration_installation.repositories_removed": ("Integrations", "Updated"),
    "integration_installation.version_updated": ("Integrations", "Updated"),
    "integration_installation.suspend": ("Integrations", "Disabled"),
    "integration_installation.unsuspend": ("Integrations", "Enabled"),
    "oauth_application.create": ("Integrations", "Created"),
    "oauth_application.destroy": ("Integrations", "Deleted"),
    "oauth_application.reset_secret": ("Integrations", "Updated"),
    "oauth_application.transfer": ("Integrations", "Updated"),
    "org.oauth_app_access_approved": ("Integrations", "Enabled"),
    "org.oauth_app_access_denied": ("Integrations", "Disabled"),
    "org.oauth_app_access_blocked": ("Integrations", "Disabled"),
    "org.oauth_app_access_unblocked": ("Integrations", "Enabled"),
    "hook.create": ("Integrations", "Created"),
    "hook.destroy": ("Integrations", "Deleted"),
    "hook.config_changed": ("Integrations", "Updated"),
    "hook.events_changed": ("Integrations", "Updated"),
    "hook.active_changed": ("Integrations", "Updated"),
    "audit_log_streaming.create": ("Integrations", "Created"),
    "audit_log_streaming.update": ("Integrations", "Updated"),
    "audit_log_streaming.destroy": ("Integrations", "Deleted"),
    "oauth_authorization.create": ("Connections", "Created"),
    "oauth_authorization.update": ("Connections", "Updated"),
    "oauth_authorization.destroy": ("Connections", "Deleted"),
    "organization_domain.create": ("Domains", "Domain Created"),
    "organization_domain.destroy": ("Domains", "Domain Deleted"),
    "business_domain.create": ("Domains", "Domain Created"),
    "business_domain.destroy": ("Domains", "Domain Deleted"),
    "pages_protected_domain.create": ("Domains", "Domain Created"),
    "pages_protected_domain.delete": ("Domains", "Domain Deleted"),
}

_OWN_SETTING = (
    "regexp_matches($.action, '^(org|business)[.](enable|disable|update|set|change|clear|display|config)_') "
    "AND NOT ends_with($.action, '_member')"
)


def _counterpart(part: int, setting: str, otherwise: str) -> str:
    own = f"CASE WHEN {_OWN_SETTING} THEN {literal(setting)} ELSE {otherwise} END"
    return counterpart("$.action", _COUNTERPARTS, part, own)


def _time(path: str) -> str:
    """Return the expression of a time in milliseconds since 1970, or in ISO form with its zone."""
    zoned = (
        rf"CASE WHEN regexp_matches({path}, '^\d{{4}}-\d\d-\d\d[T ][\d:.]+ ?(Z|UTC|[+-]\d\d:?\d\d)$') THEN {path} END"
    )
    return f"{epoch_milliseconds(path)}, {zoned}"


_ACTOR = first_of("$.actor", "$.actorLogin")
_NAMED = first_of("$.external_identity_username", "$.external_identity_nameid", "$.actor_id")
_USER = first_of("$.user", "$.userLogin", "$.data.user", "$.invitee", "$.blocked_user")
_TEAM = first_of("$.team", "$.teamName", "$.data.team")
_REPO = first_of("$.repo", "$.repository", "$.repositoryName", "$.data.repo")
_ORG = first_of("$.org", "$.organizationName", "$.business", "$.enterpriseSlug")

# Where nobody is acted upon, `user` repeats the actor.
_OTHER = f"({_USER} IS DISTINCT FROM {_ACTOR} OR ends_with($.action, '_member') OR starts_with($.action, 'user.'))"

# What was acted on, by the kind of event: its name, its type and its id. The first with a name is taken.
_RESOURCES = (
    (
        "regexp_matches($.action, '^(org|business|team|organization_moderators|organization_role|role|user)[.]|_member$') "
        f"AND {_OTHER}",
        _USER,
        "Member",
        "$.user_id",
    ),
    ("starts_with($.action, 'team.')", _TEAM, "Team", "$.team_id"),
    (
        "starts_with($.action, 'integration') OR starts_with($.action, 'org.oauth_app')",
        first_of("$.integration", "$.name", "$.oauth_application_name", "$.data.name"),
        "Integration",
        "coalesce($.integration_id, $.oauth_application_id)",
    ),
    (
        "starts_with($.action, 'oauth_a')",
        first_of("$.oauth_application_name", "$.name"),
        "Application",
        "$.oauth_application_id",
    ),
    ("contains($.action, 'ruleset.')", first_of("$.ruleset_name"), "Ruleset", "$.ruleset_id"),
    (
        "contains($.action, 'personal_access_token')",
        first_of("$.user_programmatic_access_name"),
        "Token",
        "$.user_programmatic_access_id",
    ),
    (
        "starts_with($.action, 'hook.')",
        first_of("$.config.url", "$.data.config.url", "$.hook_id"),
        "Webhook",
        "$.hook_id",
    ),
    ("starts_with($.action, 'org.')", first_of("$.org", "$.organizationName"), "Organization", "$.org_id"),
    ("starts_with($.action, 'business.')", first_of("$.business", "$.enterpriseSlug"), "Enterprise", "$.business_id"),
    ("true", _REPO, "Repository", "$.repo_id"),
    (_OTHER, _USER, "Member", "$.user_id"),
    ("true", _TEAM, "Team", "$.team_id"),
    ("true", first_of("$.org", "$.organizationName"), "Organization", "$.org_id"),
    ("true", first_of("$.business", "$.enterpriseSlug"), "Enterprise", "$.business_id"),
)


def _resource(part: int) -> str:
    """Return the expression of the resource's name (0), type (1) or id (2)."""
    cases = " ".join(
        f"WHEN ({kind}) AND {name} IS NOT NULL THEN {(name, literal(word), number)[part]}"
        for kind, name, word, number in _RESOURCES
    )
    return f"CASE {cases} END"


# The pairs of fields that tell what a value was and what it became; one without the other tells no change.
_CHANGES = {
    "permission": ("coalesce($.old_permission, $.data.old_permission)", "coalesce($.permission, $.data.permission)"),
    "base_role": ("$.old_base_role", "$.new_base_role"),
    "role": ("$.old_role", "$.new_role"),
    "repo_permission": ("$.old_repo_permission", "$.new_repo_permission"),
    "repo_base_role": ("$.old_repo_base_role", "$.new_repo_base_role"),
    "visibility": (
        "coalesce($.previous_visibility, $.data.previous_visibility)",
        "coalesce($.visibility, $.data.visibility)",
    ),
    "owner": ("coalesce($.old_user, $.data.old_user)", "regexp_extract($.repo, '^([^/]+)/', 1)"),
    "name": ("coalesce($.old_name, $.data.old_name)", "coalesce($.new_name, $.name, $.data.new_name)"),
    "login": ("$.old_login", "$.login"),
    "active": ("$.active_was", "$.active"),
    "enforcement": ("$.ruleset_old_enforcement", "$.ruleset_enforcement"),
    "ruleset": ("$.ruleset_old_name", "$.ruleset_name"),
    "policy": ("$.old_policy", "$.new_policy"),
    "value": ("$.old_value", "$.new_value"),
}
_CHANGED = ", ".join(f"{{'f': {literal(name)}, 'v': [{old}, {new}]}}" for name, (old, new) in _CHANGES.items())

# Actions have fields of their own, and several of these are a list where an action touched several things.
_VARYING = (
    *("data", "actor_location", "actorLocation", "config", "org", "org_id", "business", "business_id", "team"),
    *("team_id", "repo", "repo_id", "repository", "user", "user_id", "login", "invitee", "blocked_user", "name"),
    *("integration", "integration_id", "hook_id", "conclusion", "permission", "old_permission", "visibility"),
    *("previous_visibility", "active", "active_was", "old_value", "new_value", "old_role", "new_role"),
    *("old_policy", "new_policy"),
)

FEED = Feed(
    name="github",
    product="GitHub audit log",
    exported_from="Organization or enterprise settings, Audit log, Export (JSON or CSV), the REST API or an audit log stream",
    recognised_by=(
        ("action", "_document_id"),
        *(
            ("action", "actor", key)
            for key in ("@timestamp", "actor_is_bot", "operation_type", "org", "business", "repo")
        ),
        *(("action", "created_at", key) for key in ("actor", "org", "repo", "business")),
        *(("action", "@timestamp", key) for key in ("org", "repo", "repository", "business")),
        ("action", "actor", "user"),
        ("action", "actorLogin", "createdAt"),
    ),
    any_type=tuple(f"$.{name}" for name in _VARYING),
    columns={
        "event_id": "coalesce($._document_id, CASE WHEN $.actorLogin IS NOT NULL THEN $.id END)",
        "occurred_at": f"""coalesce({_time("$.created_at")}, {_time('$."@timestamp"')}, $.createdAt)""",
        "event": "$.action",
        "category": _counterpart(0, "Organization", _FAMILY),
        "action": f"CASE WHEN $.action = 'org.remove_member' AND {_ACTOR} = {_USER} THEN 'Left' "
        f"ELSE {_counterpart(1, 'Updated', _VERB)} END",
        "actor": f"coalesce({_ACTOR}, CASE WHEN $.action = 'user.failed_login' THEN {_USER} END, {_NAMED})",
        "actor_id": first_of("$.actor_id"),
        "actor_type": f"""CASE WHEN starts_with($.action, 'staff.') THEN 'support'
            WHEN $.actor_is_bot = 'true' OR ends_with({_ACTOR}, '[bot]') THEN 'service'
            WHEN lower({_ACTOR}) IN ('github', 'github-system', 'github system') THEN 'system'
            WHEN lower({_ACTOR}) IN ('deploy_key', 'deploy key') THEN 'api_key'
            WHEN coalesce({_ACTOR}, {_NAMED}) IS NOT NULL THEN 'human' END""",
        "resource": _resource(0),
        "resource_type": _resource(1),
        "resource_id": _resource(2),
        "changes": f"""nullif(to_json(map_from_entries(list_transform(list_filter([{_CHANGED}],
            lambda c: c.v[1] <> c.v[2]), lambda c: (c.f, c.v))))::VARCHAR, '{{}}')""",
        "source": """CASE WHEN starts_with($.action, 'git.') THEN 'Git'
            WHEN $.programmatic_access_type IS NOT NULL OR $.action = 'api.request' OR $.request_category = 'api' THEN 'API'
            WHEN starts_with($.user_agent, 'GitHub CLI') THEN 'CLI'
            WHEN starts_with($.user_agent, 'Mozilla/') THEN 'Web' END""",
        "ip": f"coalesce({address('$.actor_ip')}, {address('$.actorIp')})",
        "country": first_of(
            "$.actor_location.country_code",
            "$.actor_location.country_name",
            "$.actorLocation.countryCode",
            "$.actorLocation.country",
        ),
        "region": first_of("$.actor_location.region", "$.actor_location.region_name", "$.actorLocation.region"),
        "city": first_of("$.actor_location.city", "$.actorLocation.city"),
        "outcome": f"""CASE WHEN $.conclusion IS NOT NULL THEN
                CASE $.conclusion WHEN 'success' THEN 'success' WHEN 'failure' THEN 'failure' WHEN 'timed_out' THEN 'failure' END
            WHEN try_cast($.status_code AS INTEGER) >= 400 THEN 'failure'
            WHEN regexp_matches({_VERB}, 'fail|reject|denied') THEN 'failure'
            WHEN $.action IS NOT NULL THEN 'success' END""",
        "workspace": _ORG,
        "user_agent": first_of("$.user_agent"),
    },
)
