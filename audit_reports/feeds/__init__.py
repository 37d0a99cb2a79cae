"""Which feeds are known? One entry a product, in the order in which an unnamed file is tried; `generic` is last."""

from __future__ import annotations

from collections.abc import Mapping

from audit_reports.feed import Feed
from audit_reports.feeds import cloudtrail, generic, invent

FEEDS: Mapping[str, Feed] = {feed.name: feed for feed in (invent.FEED, cloudtrail.FEED, generic.FEED)}
