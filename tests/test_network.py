"""Which network is an address of? On every engine the one that Python's `ipaddress` says."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from conftest import Frames, collected
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_reports.engine import Native, with_native

TABLE: dict[str | None, str | None] = {
    "203.0.113.7": "203.0.113.0/24",
    "0.0.0.0": "0.0.0.0/24",  # noqa: S104 - text to be read, no server listens
    "255.255.255.255": "255.255.255.0/24",
    "2001:db8:1:2::3": "2001:db8:1::/48",
    "2001:0DB8:0001:0002:0000:0000:0000:0003": "2001:db8:1::/48",
    "::": "::/48",
    "::1": "::/48",
    "1::": "1::/48",
    "0:0:7:1:1:1:1:1": "0:0:7::/48",
    "::3:4:5:6:7:8": "0:0:3::/48",
    "::2:3:4:5:6:7:8": "0:2:3::/48",
    "1::3:4:5:6:7:8": "1:0:3::/48",
    "1::4:5:6:7:8": "1::/48",
    "1:2:3:4:5:6:7::": "1:2:3::/48",
    "::ffff:203.0.113.7": "::/48",
    "1:2:3:4:5:6:203.0.113.7": "1:2:3::/48",
    "fe80::1%eth0": "fe80::/48",
    None: None,
    "": None,
    "AWS Internal": None,
    "203.0.113": None,
    "203.0.113.256": None,
    "203.0.113.07": None,
    " 203.0.113.7": None,
    "203.0.113.7\n": None,
    "203.0.113.7/24": None,
    "203.0.113.7%eth0": None,
    "203.0.113.7:443": None,
    "٢٠٣.0.113.7": None,
    "1:2:3:4:5:6:7": None,
    "1:2:3:4:5:6:7:8:9": None,
    "1:2:3:4::5:6:7:8": None,
    "1::2::3": None,
    ":1::2": None,
    "1::2:": None,
    ":::": None,
    ":": None,
    "12345::": None,
    "g::": None,
    "::203.0.113.07": None,
    "fe80::1%": None,
    "fe80::1%a%b": None,
    "fe80::1%a/b": None,
    "::1\n": None,
}


def networks(frames: Frames, texts: list[str | None]) -> list[str | None]:
    """Return the networks of some texts, in their order."""
    rows = pl.DataFrame({"number": range(len(texts)), "ip": texts}, schema={"number": pl.Int64, "ip": pl.String})
    frame = with_native(frames(rows), {"network": Native("network", "ip")})
    return collected(frame.sort("number"))["network"].to_list()


def said_by_python(text: str) -> str | None:
    try:
        version = ipaddress.ip_address(text).version
    except ValueError:
        return None
    without_zone = text.partition("%")[0]
    return str(ipaddress.ip_network(f"{without_zone}/{24 if version == 4 else 48}", strict=False))


def test_each_address_is_of_its_network_and_other_text_of_none(frames: Frames) -> None:
    assert dict(zip(TABLE, networks(frames, list(TABLE)), strict=True)) == TABLE


@pytest.mark.parametrize("text", [text for text in TABLE if text is not None])
def test_the_table_is_what_python_says(text: str) -> None:
    assert said_by_python(text) == TABLE[text]


pieces = st.one_of(
    st.integers(0, 0xFFFF).map("{:x}".format),
    st.integers(0, 0xFFFF).map("{:04X}".format),
    st.sampled_from(["0", "0", "00", "000a", "", "", "1.2.3.4", "01", "256", "10000", "%", "%1"]),
)
near_misses = st.lists(pieces, min_size=1, max_size=10).map(":".join)
dotted = st.lists(st.integers(0, 300).map(str) | st.sampled_from(["", "00", "09"]), min_size=3, max_size=5).map(
    ".".join
)
addresses = st.ip_addresses().map(str) | st.ip_addresses(v=6).map(lambda one: one.exploded.upper())


def test_any_text_is_read_as_python_reads_it(frames: Frames) -> None:
    texts: dict[str | None, str | None] = {}  # of all examples, for one query: on Spark each takes a second

    @settings(max_examples=60, deadline=None)
    @given(st.lists(near_misses | dotted | addresses, min_size=1, max_size=200))
    def drawn(some: list[str]) -> None:
        texts.update((text, said_by_python(text)) for text in some)

    drawn()
    assert dict(zip(texts, networks(frames, list(texts)), strict=True)) == texts
