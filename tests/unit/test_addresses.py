# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of addresses: what they name, and what they must not name."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import islice

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from hypothesis import given
from hypothesis import strategies as st

FIRST = int(IPv4Address("10.1.0.0"))
NUMBERS = st.integers(FIRST, FIRST + 600)


def text_of(number: int) -> str:
    return str(IPv4Address(number))


@st.composite
def parts(draw: st.DrawFn) -> tuple[str, set[int], set[int]]:
    """A part of a list, the addresses it includes, and those that it excludes with a !."""
    kind = draw(st.sampled_from(["address", "range", "short range", "network"]))
    if kind == "network":
        length = draw(st.integers(23, 32))
        network = IPv4Network((draw(NUMBERS), length), strict=False)
        every = set(range(int(network.network_address), int(network.broadcast_address) + 1))
        return str(network), {int(host) for host in network.hosts()}, every
    first, last = sorted((draw(NUMBERS), draw(NUMBERS)))
    if kind == "address":
        return text_of(first), {first}, {first}
    if kind == "short range":
        last = min(last, first | 255)
        text = f"{text_of(first)}-{last & 255}"
    else:
        text = f"{text_of(first)} - {text_of(last)}"
    every = set(range(first, last + 1))
    return text, every, every


@given(st.lists(parts(), min_size=1, max_size=6), st.lists(parts(), max_size=4))
def test_a_list_names_what_its_parts_name_less_what_is_left_out(
    included: list[tuple[str, set[int], set[int]]], excluded: list[tuple[str, set[int], set[int]]]
) -> None:
    wanted = set().union(*(some for _unused, some, _all in included))
    wanted -= set().union(*(every for _unused, _some, every in excluded))
    networks = [text for text, _some, _all in included] + [f"!{text}" for text, _some, _all in excluded]
    if not wanted:
        with pytest.raises(InvalidInput, match="has no addresses"):
            addresses_from(networks)
        return
    addresses = addresses_from(networks)
    assert list(addresses) == [text_of(number) for number in sorted(wanted)]
    assert len(addresses) == len(wanted)
    assert all(last + 1 < first for (_unused, last), (first, _last) in zip(addresses.spans, addresses.spans[1:]))


def test_the_order_of_a_list_means_nothing() -> None:
    assert addresses_from(["!10.1.0.2", "10.1.0.1-3", " 10.1.0.2 "]) == addresses_from(["10.1.0.3", "10.1.0.1"])


def test_a_huge_network_is_never_written_out() -> None:
    addresses = addresses_from(["10.0.0.0/8"], allow_huge=True)
    assert len(addresses) == 2**24 - 2
    assert list(islice(addresses, 2)) == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ([], "has no addresses"),
        ([""], "not an IPv4 address"),
        (["!10.1.0.0/24"], "has no addresses"),
        (["10.1.0.7", "!10.1.0.0/24"], "left after the entries with ! are excluded"),
        (["10.1.0.80-10.1.0.10"], "runs backwards"),
        (["10.1.0.80-10"], "runs backwards"),
        (["10.1.0.5/22"], "Write 10.1.0.0/22 for the whole network, or 10.1.0.5 for the address"),
        (["10.1.0.0/33"], "not an IPv4 address"),
        (["10.1.0.300"], "an IPv4 address of 4 decimal numbers"),
        (["10.1.0.1-300"], "an IPv4 address of 4 decimal numbers"),
        (["10.1.0.1-10.1.0.2-10.1.0.3"], "not an IPv4 address"),
        (["10.1.0"], "an IPv4 address of 4 decimal numbers"),
        (["10.1.0.012"], "Use 10.1.0.12"),
        (["10.1.0.10-080"], "Use 10.1.0.80"),
        (["10.01.0.0/22"], "Use 10.1.0.0"),
        (["!fe80::1"], "IPv4 addresses only"),
        (["fe80::/64"], "IPv4 addresses only"),
        (["miner1.example.com"], "Host names are not looked up"),
        (["0.0.0.0/0"], "no device can have"),
        (["255.255.255.255"], "no device can have"),
        (["224.0.0.1"], "no device can have"),
        (["8.8.8.8"], "public addresses, from 8.8.8.8 on"),
        (["9.255.255.250-10.0.0.5"], "public addresses, from 9.255.255.250 on"),
        (["172.16.0.0-172.32.0.3"], "public addresses, from 172.32.0.0 on"),
        (["10.0.0.0/8"], "16777214 addresses"),
    ],
)
def test_what_can_not_be_meant_is_refused(networks: list[str], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        addresses_from(networks)
    assert message in str(caught.value)


def test_what_is_allowed_is_taken() -> None:
    assert len(addresses_from(["8.8.8.8", "1.1.1.1"], allow_public=True)) == 2
    assert len(addresses_from(["9.0.0.0/8"], allow_public=True, allow_huge=True)) == 2**24 - 2
    assert len(addresses_from(["127.0.0.1", "100.64.0.1", "169.254.1.1", "192.0.2.1"])) == 4
    assert len(addresses_from(["10.0.0.1-10.15.66.64"])) == 1_000_000
