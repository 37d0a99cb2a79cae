"""What do mail programs draw of a mail? The elements, attributes and styles that all of three draw, and who drops which others.

Outlook is that of Windows, up to 2021 and in Microsoft 365, which draws by Word; Gmail its web page and its apps; Apple Mail that
of macOS and iOS. From caniemail.com's tables, Campaign Monitor's guide to CSS in mail, Microsoft's "Word 2007 HTML and CSS
rendering capabilities in Outlook", and Google's "CSS support in Gmail".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

DRAWN_ELEMENTS = {
    "html", "head", "meta", "title", "body", "table", "tr", "td", "th", "p", "h1", "h2", "h3", "br", "wbr", "b", "span",
}  # fmt: skip
"""Elements that all draw; `div` is not among them, for Outlook ignores its width and padding.

`wbr` draws nothing: where Outlook does not know it, a name is broken where it must be, as without it.
"""

DRAWN_ATTRIBUTES = {
    *(
        "align",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "charset",
        "colspan",
        "content",
        "dir",
        "height",
        "lang",
        "name",
    ),
    "nowrap",
    *("role", "style", "valign", "width"),
}

DRAWN_STYLES: dict[str, set[str]] = {
    "background-color": {"body", "table", "td", "th"},
    "border": {"table", "td", "th"},
    "border-bottom": {"td", "th"},
    "border-top": {"td", "th"},
    "color": DRAWN_ELEMENTS,
    "font-family": DRAWN_ELEMENTS,
    "font-size": DRAWN_ELEMENTS,
    "font-weight": DRAWN_ELEMENTS,
    "line-height": DRAWN_ELEMENTS,
    "margin": {"body", "p", "h1", "h2", "h3"},
    "max-width": {"table"},  # Outlook drops it, so that the table needs a width, and one around it for Outlook alone
    "padding": {"body", "td", "th"},
    "word-break": {"td", "th", "p"},
}
"""Styles that all draw, each on the elements on which Outlook does too."""

DROPPED: dict[str, dict[str, str]] = {
    "elements": {
        "style": "Gmail, in mails that are forwarded or of other accounts, and where it is longer than 8 KB",
        "link": "Outlook, Gmail",
        "script": "Outlook, Gmail, Apple Mail",
        "form": "Outlook; Gmail asks before it sends",
        "input": "Outlook, Gmail",
        "button": "Outlook draws its text alone",
        "svg": "Outlook, Gmail",
        "video": "Outlook, Gmail",
        "audio": "Outlook, Gmail",
        "iframe": "Outlook, Gmail, Apple Mail",
        "object": "Outlook, Gmail, Apple Mail",
        "details": "Outlook, Gmail: always open or always shut",
        "img": "none, but its picture: Gmail one that is a data: URI, all one from elsewhere until the reader allows it",
        "div": "Outlook draws it, without its width, height and padding",
        "ul": "Outlook, its margins and padding",
    },
    "attributes": {
        "class": "Gmail, where the style element is dropped",
        "id": "Gmail",
        "background": "Outlook on all but the body",
        "onclick": "Outlook, Gmail, Apple Mail",
        "src": "Gmail, where it is a data: URI",
    },
    "styles": {
        "display": "Outlook, flex, grid, inline-block and table; Gmail's apps, flex and grid partly",
        "position": "Outlook, Gmail",
        "float": "Outlook",
        "background": "Outlook, but for a colour; Gmail the whole style with a url()",
        "background-image": "Outlook, Gmail with a data: URI",
        "border-radius": "Outlook: square corners",
        "box-shadow": "Outlook, Gmail",
        "text-shadow": "Outlook",
        "opacity": "Outlook, Gmail",
        "transform": "Outlook, Gmail",
        "animation": "Outlook, Gmail",
        "transition": "Outlook, Gmail",
        "min-width": "Outlook",
        "min-height": "Outlook",
        "max-height": "Outlook, Gmail",
        "height": "Outlook on anything but tables, cells and pictures",
        "width": "Outlook on anything but tables, cells and pictures",
        "overflow": "Outlook",
        "overflow-wrap": "Outlook, Gmail",
        "white-space": "Outlook",
        "gap": "Outlook, Gmail",
        "object-fit": "Outlook, Gmail",
        "clip-path": "Outlook, Gmail",
        "filter": "Outlook, Gmail",
        "cursor": "Outlook",
        "content": "Outlook, Gmail",
        "list-style": "Outlook partly",
        "word-wrap": "Outlook draws it on no cell",
    },
    "values": {
        "rem": "Outlook",
        "vw": "Outlook",
        "vh": "Outlook",
        "calc(": "Outlook",
        "var(": "Outlook, Gmail",
        "rgba(": "Outlook",
        "hsl(": "Outlook",
        "url(": "Outlook; Gmail drops the whole style",
        "!important": "Outlook, in a style in place",
        "-webkit-": "Outlook, Gmail",
        "@media": "Outlook; Gmail partly",
    },
}
"""What some program drops, and which: whoever writes a template of a mail finds here why it is not to be used."""

_FOR_OUTLOOK = re.compile(r"<!--\[if mso\]>.*?<!\[endif\]-->", re.DOTALL)
_UNIT = re.compile(r"\d(rem|vw|vh)\b")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in DRAWN_ELEMENTS:
            self.found.append(f"<{tag}>: {DROPPED['elements'].get(tag, 'not known to be drawn')}")
        given = dict(attributes)
        for name in given:
            if name not in DRAWN_ATTRIBUTES:
                self.found.append(f"{name} of <{tag}>: {DROPPED['attributes'].get(name, 'not known to be drawn')}")
        if tag not in ("meta", "br", "wbr"):
            self.open.append(tag)
        self.found += _styles(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> where none is to be closed")


def dropped(html: str) -> list[str]:
    """Return what some mail program drops of a mail, with its name, and every element that is not closed; empty for none."""
    reader = _Reader()
    reader.feed(_FOR_OUTLOOK.sub("", html))
    reader.close()
    return [*reader.found, *(f"<{tag}> is not closed" for tag in reader.open)]


def _styles(tag: str, given: dict[str, str | None]) -> Iterator[str]:
    text = given.get("style") or ""
    for part in filter(None, text.split(";")):
        name, _, value = (one.strip() for one in part.partition(":"))
        if tag not in DRAWN_STYLES.get(name, set()):
            yield f"{name} of <{tag}>: {DROPPED['styles'].get(name, 'not known to be drawn there')}"
        for word, who in DROPPED["values"].items():
            if word in value and (not word.isalpha() or _UNIT.search(value)):
                yield f"{value} of <{tag}>: {who}"
        if name == "max-width" and "width" not in given:
            yield f"max-width of <{tag}> without a width: Outlook"
        if name == "background-color" and tag in ("table", "td", "th") and "bgcolor" not in given:
            yield f"background-color of <{tag}> without bgcolor: Outlook"
