"""Which feeds are known? One entry a product, in the order in which an unnamed file is tried; `generic` is last."""

from __future__ import annotations

from collections.abc import Mapping

from audit_reports.feed import Feed
from audit_reports.feeds import (
    anthropic,
    asana,
    atlassian,
    auth0,
    azure_activity,
    box,
    cloudtrail,
    databricks,
    entra,
    gcp,
    generic,
    github,
    google_workspace,
    invent,
    mongodb_atlas,
    notion,
    okta,
    onelogin,
    openai,
    salesforce,
    slack,
    snyk,
    tines,
    wiz,
    zendesk,
    zoom,
)

FEEDS: Mapping[str, Feed] = {
    feed.name: feed
    for feed in (
        invent.FEED,
        anthropic.FEED,
        asana.FEED,
        atlassian.FEED,
        auth0.FEED,
        box.FEED,
        cloudtrail.FEED,
        databricks.FEED,
        entra.FEED,
        azure_activity.FEED,  # after those that Azure delivers in the same envelope
        gcp.FEED,
        github.FEED,
        google_workspace.FEED,
        mongodb_atlas.FEED,
        notion.FEED,
        okta.FEED,
        onelogin.FEED,
        openai.FEED,
        salesforce.FEED,
        slack.FEED,
        snyk.FEED,
        tines.FEED,
        wiz.FEED,
        zendesk.FEED,
        zoom.FEED,
        generic.FEED,
    )
}
