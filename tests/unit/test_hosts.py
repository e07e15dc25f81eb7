# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts name a host, and the errors for all others."""

from __future__ import annotations

import socket
from ipaddress import AddressValueError, IPv4Address
from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import install
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import host_from, ipv4_from, require_host
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import search
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import network, pools
from hypothesis import given
from hypothesis import strategies as st

# Resolvers read all of these as an IPv4 address.
MISREAD = [
    *("127.61.0.012", "010.0.0.1", "10.0.0.08", "127.1", "10.1.25", "2130706433", "0", "0x7f000001", "0x7f.1"),
    *("127.0.0.0x1", "127.0.0.1.", "rack.1", "rack.0x1f", "rack.0x", "1.2.3.4.5", "10.0.0.256", "1000.0.0.1"),
]
HOSTS = [
    "10.1.0.25",
    "0.0.0.0",
    "255.255.255.255",
    "miner",
    "rack1-07",
    "rack_1.example.com.",
    "a1.b2c",
    "0x.local",
    "::1",
]


@pytest.mark.parametrize("text", MISREAD)
def test_what_may_be_read_as_another_address_is_refused(text: str) -> None:
    for check in (host_from, require_host):
        with pytest.raises(InvalidInput, match=f"^dragonmint_host is '{text}'"):
            check(text, "dragonmint_host")


@pytest.mark.parametrize("text", HOSTS)
def test_a_host_is_returned_as_it_is(text: str) -> None:
    assert host_from(text, "host") == require_host(text, "host") == text


@pytest.mark.parametrize(
    ("text", "host"),
    [(" 10.1.0.25\n", "10.1.0.25"), ("\u00a0miner", "miner"), ("[::1]", "::1"), (" [fd00::7] ", "fd00::7")],
)
def test_blanks_and_brackets_are_left_out(text: str, host: str) -> None:
    assert host_from(text, "host") == host


FIXES = [
    ("127.61.0.012", "Use 127.61.0.12."),
    ("http://10.0.0.5", "Use 10.0.0.5 as ansible_host."),
    ("http://10.0.0.5/", "Use 10.0.0.5 as ansible_host."),
    ("http://10.0.0.5:80/#/overview", "Use 10.0.0.5 as ansible_host."),
    ("http://10.0.0.5:8085/", "Use 10.0.0.5 as ansible_host and set dragonmint_port: 8085."),
    ("https://miner.example", "Use miner.example as ansible_host and set dragonmint_scheme: https."),
    ("https://[::1]:8443", "Use ::1 as ansible_host and set dragonmint_scheme: https, dragonmint_port: 8443."),
    ("10.0.0.5:8085", "Use 10.0.0.5 as ansible_host and set dragonmint_port: 8085."),
    ("miner:80", "Use miner as ansible_host and set dragonmint_port: 80."),
    ("10.0.0.5/24", "Use 10.0.0.5 as ansible_host."),
    (
        "admin@10.0.0.5",
        "Use 10.0.0.5 as ansible_host and set dragonmint_username and dragonmint_password for the login.",
    ),
    ("10.0.0.05:8085", "Use 10.0.0.5."),
]


@pytest.mark.parametrize(("text", "fix"), FIXES)
def test_the_fix_has_the_value_of_the_user(text: str, fix: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        host_from(text, "ansible_host")
    assert str(caught.value).endswith(fix)


def test_the_name_of_a_host_in_the_inventory_can_stay() -> None:
    with pytest.raises(InvalidInput, match=r"Use 10\.0\.0\.5 as ansible_host and set dragonmint_port: 8085"):
        host_from("10.0.0.5:8085", "inventory_hostname")


NONSENSE = [
    *(
        "",
        " ",
        ":",
        ".",
        "a..b",
        "-a",
        "a-",
        "a b",
        "a\nb",
        "10.1.0.25\u200b",
        "\udc80",
        "müller",
        "\u0661\u0660.1.0.25",
    ),
    *(
        "[10.1.0.25]",
        "[::1",
        "::1]",
        "fe80::1%eth0",
        "fe80::1%/api/reboot?",
        "1:2:3",
        "a" * 64,
        f"{'a.' * 127}b",
        "10.1.0.25?x",
    ),
]


@pytest.mark.parametrize("text", NONSENSE)
def test_anything_else_is_refused_and_shown_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        host_from(text, "host")
    assert str(caught.value).startswith("host is '")
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["http://admin:secret-9@10.0.0.5/", "admin:secret-9@10.0.0.5", "a:secret-9/b@@c d"])
def test_a_password_in_it_is_not_shown(text: str) -> None:
    for check in (host_from, require_host, ipv4_from):
        with pytest.raises(InvalidInput) as caught:
            check(text, "host")
        assert "secret-9" not in str(caught.value)


@given(st.text(st.sampled_from("0123456789abfx.-:[]@/ "), max_size=20))
def test_whatever_is_accepted_means_the_same_to_resolvers(text: str) -> None:
    try:
        host = host_from(text, "host")
    except InvalidInput:
        return
    try:
        packed = socket.inet_aton(host)
    except OSError:
        return
    assert str(IPv4Address(packed)) == host


@given(st.from_regex(r"[0-9x]{1,4}(\.[0-9x]{1,4}){0,4}", fullmatch=True))
def test_an_address_is_four_plain_decimal_numbers(text: str) -> None:
    try:
        expected: IPv4Address | None = IPv4Address(text)
    except AddressValueError:
        expected = None
    if expected is None:
        with pytest.raises(InvalidInput):
            ipv4_from(text, "gateway")
    else:
        assert ipv4_from(text, "gateway") == expected


STATIC = {
    "mode": "static",
    "ipaddress": "10.1.0.25",
    "netmask": "255.255.252.0",
    "gateway": "10.1.0.1",
    "dns": ["10.1.0.1"],
    "search": None,
}
FIRMWARE = {"src": None, "url": None, "latest": False, "checksum": None, "version": "t1_20180901_120000"}


def set_pool(text: str) -> None:
    pools.pools_from([{"url": f"stratum+tcp://{text}:3333", "user": "u", "password": "x"}])


def set_url(text: str) -> None:
    install.firmware_from({**FIRMWARE, "url": f"http://{text}/x.swu"}, None)


def set_network(name: str) -> Any:
    return lambda text: network.network_from({**STATIC, name: [text] if name == "dns" else text})


@pytest.mark.parametrize("text", ["10.1.0.012", "0x0a010019", "10.25", "167837721"])
@pytest.mark.parametrize(
    "option",
    [
        pytest.param(set_pool, id="pool"),
        pytest.param(set_url, id="url"),
        *(pytest.param(set_network(name), id=name) for name in ("ipaddress", "gateway", "netmask", "dns")),
        pytest.param(lambda text: search.hosts_to_search(f"{text}/24"), id="search"),
    ],
)
def test_each_option_that_takes_an_address_refuses_them(option: Any, text: str) -> None:
    with pytest.raises(InvalidInput):
        option(text)
