"""Which values are right although no event has them? Those of the catalogue, the feeds, the countries and our own columns."""

from __future__ import annotations

from audit_reports.columns import ACTOR_TYPES, OUTCOMES


def vocabulary(column: str) -> set[str]:
    """Return the values that are right although no event has them."""
    from audit_reports.catalogue import CATALOGUE
    from audit_reports.feeds import FEEDS

    match column:
        case "country":
            return set(country_names())
        case "outcome":
            return set(OUTCOMES)
        case "actor_type":
            return set(ACTOR_TYPES)
        case "feed":
            return set(FEEDS)
        case "category" | "action" | "event":
            return {str(getattr(kind, column)) for kind in CATALOGUE}
    return set()


def country_names() -> dict[str, str]:
    """Return the countries' short English names by their codes."""
    from audit_reports.countries import countries

    return {code: country.name for code, country in countries().items()}
