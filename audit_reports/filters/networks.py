"""Which addresses are in a network? As a condition on text, so that no engine must read all addresses first.

A v4 network becomes the list of its addresses, or the pattern of their texts: exactly those that Python's `ipaddress` reads as
an address in it. A v6 address has many texts, so those are matched one by one, among the distinct ones that hold a colon.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_

import narwhals as nw

_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_FEW = 32
_WHOLE = 8

Addresses = Callable[[], Iterable[str]]
"""Gives the distinct addresses, among those of the log, that hold a colon."""


def in_networks(networks: tuple[str, ...], addresses: Addresses) -> nw.Expr:
    """Return the condition that the address is in one of some networks; null where there is no address."""
    wanted = [ipaddress.ip_network(one) for one in networks]
    exact: list[str] = []
    conditions: list[nw.Expr] = []
    sixes = [one for one in wanted if isinstance(one, ipaddress.IPv6Network)]
    for network in wanted:
        if isinstance(network, ipaddress.IPv4Network):
            if network.num_addresses <= _FEW:
                exact += map(str, network)
            else:
                conditions.append(_by_text(network))
    if sixes:
        exact += [text for text in addresses() if _is_in(text, sixes)]
    if exact or not conditions:
        conditions.append(nw.col("ip").is_in(exact))
    return reduce(or_, conditions)


def _by_text(network: ipaddress.IPv4Network) -> nw.Expr:
    fixed, bits = divmod(network.prefixlen, _WHOLE)
    octets = str(network.network_address).split(".")
    pattern = [*octets[:fixed]]
    beginnings = [".".join(octets[:fixed])]
    if bits:
        first = int(octets[fixed])
        values = [str(value) for value in range(first, first + 2 ** (_WHOLE - bits))]
        pattern.append(f"({'|'.join(values)})")
        beginnings = [".".join([*octets[:fixed], value]) for value in values]
    point = "." if len(pattern) < len(octets) else ""  # what follows the beginning, unless it is the whole address
    pattern += [_OCTET] * (len(octets) - len(pattern))
    matches = nw.col("ip").str.contains(f"^{'[.]'.join(pattern)}\\z")
    if not fixed and not bits:
        return matches
    # Texts are compared much faster than with a pattern, and that rules out nearly all addresses; after a point comes a slash.
    return (nw.col("ip") >= f"{min(beginnings)}{point}") & (nw.col("ip") < f"{max(beginnings)}/") & matches


def _is_in(text: str, networks: list[ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks)
