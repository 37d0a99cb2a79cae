"""Filters by network: exactly the texts that Python's `ipaddress` reads as an address in it, whatever else is in the column."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from conftest import Frames, collected
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit_reports.filters.networks import in_networks

near = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number))) | st.builds(
    "{}.{}.{}.{}".format, *[st.sampled_from([0, 1, 7, 9, 10, 63, 64, 127, 128, 199, 200, 249, 250, 254, 255])] * 4
)
sixes = st.ip_addresses(v=6).map(str) | st.ip_addresses(v=6).map(lambda address: address.exploded.upper())
sixes |= st.integers(0, 2**16).map(lambda number: f"2001:db8::{number:x}") | near.map("::ffff:{}".format)
others = near.map("{}.".format) | near.map("0{}".format) | near.map("{}\n".format) | near.map("x{}".format)
others |= st.sampled_from(
    ["", "AWS Internal", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", " 1.2.3.4", "1.2.3.4/32", "::1%eth0", "1.2.3.٤"]
)
networks = st.builds("{}/{}".format, near, st.integers(0, 32)) | st.builds(
    "{}/{}".format, st.ip_addresses(v=6), st.integers(0, 128)
)
networks |= st.sampled_from(["2001:db8::/32", "::/0", "0.0.0.0/0", "10.0.0.0/8", "10.7.64.0/18", "10.7.63.128/25"])


def is_in(text: str | None, wanted: list[str]) -> bool | None:
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(one) for one in wanted)


def test_a_network_holds_the_addresses_that_python_says(frames: Frames, request: pytest.FixtureRequest) -> None:
    examples = 5 if "Spark" in request.node.name else 150

    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.none() | near | near | sixes | others, min_size=1, max_size=40),
        st.lists(networks, min_size=1, max_size=3),
    )
    def alike(texts: list[str | None], written: list[str]) -> None:
        wanted = [str(ipaddress.ip_network(one, strict=False)) for one in written]
        ends = [str(ipaddress.ip_network(one)[place]) for one in wanted for place in (0, -1)]
        rows = pl.DataFrame({"ip": [*texts, *ends]}, schema={"ip": pl.String}).with_columns(n=pl.int_range(pl.len()))
        condition = in_networks(tuple(wanted), lambda: [text for text in rows["ip"].unique() if text and ":" in text])
        found = collected(frames(rows).select("n", said=condition)).sort("n")
        assert found["said"].to_list() == [is_in(text, wanted) for text in rows["ip"]]

    alike()
