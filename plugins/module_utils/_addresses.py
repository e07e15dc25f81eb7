# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of IPv4 addresses, written as people write them and stored as spans, so that their size does not matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import ipv4_from

HUGE = 1_000_000

_RANGE = re.compile(r"([0-9.]+) *- *([0-9.]+)")

Span = tuple[int, int]


@dataclass(frozen=True)
class Addresses:
    """Addresses in ascending order without duplicates, as spans (first, last), both inclusive, that do not touch."""

    spans: tuple[Span, ...]

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.spans)

    def __iter__(self) -> Iterator[str]:
        for first, last in self.spans:
            for number in range(first, last + 1):
                yield str(IPv4Address(number))


def addresses_from(networks: Sequence[str], allow_public: bool = False, allow_huge: bool = False) -> Addresses:
    """Returns the addresses that a list names.

    Entries are networks (10.1.0.0/22), ranges (10.1.0.10-10.1.0.80 or 10.1.0.10-80) and single addresses; a leading !
    excludes the entry.

    A network is included without its network and broadcast addresses, and excluded with them. Raises InvalidInput for
    anything else, for an empty list, and for addresses that are not allowed.
    """
    included = [span for text in networks if not text.strip().startswith("!") for span in _spans(text, hosts=True)]
    excluded = [span for text in networks if text.strip().startswith("!") for span in _spans(text, hosts=False)]
    addresses = Addresses(tuple(_without(_merged(included), _merged(excluded))))
    if not addresses.spans:
        raise InvalidInput(
            "networks has no addresses" + (" left after the entries with ! are excluded." if included else ".")
        )
    _require_allowed(addresses, allow_public, allow_huge)
    return addresses


def _spans(text: str, hosts: bool) -> Iterator[Span]:
    bare = text.strip().removeprefix("!").strip()
    both = _RANGE.fullmatch(bare)
    if "/" in bare:
        yield _network(text, bare, hosts)
    elif both:
        yield _range(text, both[1], both[2])
    else:
        address = _address(text, bare)
        yield address, address


def _network(text: str, bare: str, hosts: bool) -> Span:
    _address(text, bare.partition("/")[0])
    try:
        network = IPv4Network(bare)
    except ValueError as error:
        if "has host bits set" in str(error):
            whole = IPv4Network(bare, strict=False)
            raise InvalidInput(
                f"networks has {text!r}, which is an address within a network. Write {whole} for the whole network, or "
                f"{bare.partition('/')[0]} for the address."
            ) from None
        raise _unknown(text) from None
    first, last = int(network.network_address), int(network.broadcast_address)
    return (first + 1, last - 1) if hosts and network.prefixlen < 31 else (first, last)


def _range(text: str, begin: str, end: str) -> Span:
    first = _address(text, begin)
    last = _address(text, end if "." in end else f"{begin.rpartition('.')[0]}.{end}")
    if last < first:
        raise InvalidInput(f"networks has {text!r}, which runs backwards. Write the lower address first.")
    return first, last


def _address(text: str, bare: str) -> int:
    if re.fullmatch(r"[0-9.]*[.][0-9.]*", bare):
        return int(ipv4_from(bare, "an entry of networks"))
    raise _unknown(text)


def _unknown(text: str) -> InvalidInput:
    bare = text.strip().removeprefix("!").strip()
    hint = "Give networks as 10.1.0.0/22, ranges as 10.1.0.10-10.1.0.80, or addresses as 10.1.0.10"
    try:
        IPv6Address(bare.partition("/")[0])
    except AddressValueError:
        if re.search("[A-Za-z]", bare):
            return InvalidInput(f"networks has {text!r}. Host names are not looked up. {hint}.")
        return InvalidInput(f"networks has {text!r}, which is not an IPv4 address. {hint}.")
    return InvalidInput(f"networks has {text!r}. Miners have IPv4 addresses only. {hint}.")


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    """Sorts spans in ascending order and merges those that overlap or touch."""
    current: Span | None = None
    for first, last in sorted(spans):
        if current is None or first > current[1] + 1:
            if current is not None:
                yield current
            current = (first, last)
        else:
            current = (current[0], max(current[1], last))
    if current is not None:
        yield current


def _without(spans: Iterable[Span], excluded: Iterable[Span]) -> Iterator[Span]:
    """Removes the excluded spans. Both inputs are in ascending order without overlaps."""
    gaps = list(excluded)
    for first, last in spans:
        begin = first
        for gap_first, gap_last in gaps:
            if gap_last < begin or gap_first > last:
                continue
            if gap_first > begin:
                yield begin, gap_first - 1
            begin = gap_last + 1
        if begin <= last:
            yield begin, last


def _span_of(network: str) -> Span:
    whole = IPv4Network(network)
    return int(whole.network_address), int(whole.broadcast_address)


# Addresses that are not routed on the internet: private, carrier-grade NAT, loopback, link-local, documentation and
# benchmarking. Python's own is_private differs from version to version.
_NOT_PUBLIC = list(
    _merged(
        map(
            _span_of,
            (
                "10.0.0.0/8",
                "100.64.0.0/10",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.0.2.0/24",
                "192.168.0.0/16",
                "198.18.0.0/15",
                "198.51.100.0/24",
                "203.0.113.0/24",
            ),
        )
    )
)
_OF_NO_DEVICE = list(map(_span_of, ("0.0.0.0/8", "224.0.0.0/3")))


def _require_allowed(addresses: Addresses, allow_public: bool, allow_huge: bool) -> None:
    devices = list(_without(addresses.spans, _OF_NO_DEVICE))
    if devices != list(addresses.spans):
        raise InvalidInput(
            "networks has addresses that no device can have, from 0.0.0.0/8 or 224.0.0.0/3. Remove them."
        )
    public = next(_without(addresses.spans, _NOT_PUBLIC), None)
    if public and not allow_public:
        raise InvalidInput(
            f"networks has public addresses, from {IPv4Address(public[0])} on, which may belong to somebody else. "
            f"Correct networks, or set allow_public to true if these addresses are yours."
        )
    if len(addresses) > HUGE and not allow_huge:
        raise InvalidInput(
            f"networks names {len(addresses)} addresses. Correct networks, or set allow_huge to true for more than "
            f"{HUGE}."
        )
