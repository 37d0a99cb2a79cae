"""Which network is an address of? Its /24 for v4, its /48 for v6, in steps that every engine can take on a column.

What is an address, and how its network is written, is as Python's `ipaddress` has it, and a network has no zone. Asking
that would take the distinct addresses first; these are regular expressions that RE2, Rust and Java read alike, each with
what replaces all that it finds (`\\1` is its first group), or None: text in which it finds nothing becomes null.
"""

from __future__ import annotations

Steps = tuple[tuple[str, str | None], ...]

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_HEX = "[0-9a-f]{1,4}"
_SHORTENED = "|".join(rf"(?:{_HEX}:){{1,{7 - after}}}(?::{_HEX}){{1,{after}}}" for after in range(1, 7))

V4: Steps = (
    (rf"\A(?:{_OCTET}\.){{3}}{_OCTET}\z", None),
    (r"[0-9]+\z", "0/24"),
)
"""The steps for text that may be a v4 address."""

V6: Steps = (
    (r"%[^%/]+\z", ""),  # the zone of a link
    (rf":(?:{_OCTET}\.){{3}}{_OCTET}\z", ":0:0"),  # the last 32 bits written as v4
    (rf"\A(?:(?:{_HEX}:){{7}}{_HEX}|(?:{_HEX}:){{1,7}}:|:(?::{_HEX}){{1,7}}|::|{_SHORTENED})\z", None),
    (rf"\A::((?:{_HEX}:){{6}}{_HEX})\z", r"0:\1"),  # a `::` that ends before the third hextet does
    (rf"\A::((?:{_HEX}:){{5}}{_HEX})\z", r"0:0:\1"),
    (rf"\A({_HEX})::((?:{_HEX}:){{5}}{_HEX})\z", r"\1:0:\2"),
    (rf"\A((?:{_HEX}(?::{_HEX}){{0,2}})?).*\z", r"\1"),  # the first three; after a `::` all are zero
    (r"(\A|:)0+([0-9a-f])", r"\1\2"),
    (r"\A(.*?)(?:(?:\A|:)0)*\z", r"\1::/48"),
)
"""The steps for text in lower case that may be a v6 address."""
