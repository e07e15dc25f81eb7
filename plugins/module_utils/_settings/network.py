# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network settings of a miner; changing them may move it to another address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    InvalidInput,
    MinerError,
    TimedOut,
    Unreachable,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import ipv4_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import SETTLE_S, Setting
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import accepts_connections, look, search
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import (
    NETWORK,
    OVERVIEW,
    Network,
    update_network,
)


def network_from(options: Mapping[str, Any]) -> Network:
    """Returns the network settings that module options describe.

    Raises InvalidInput for settings that the firmware would accept but then be unreachable with; it checks almost
    nothing itself.
    """
    addresses = {name: options[name] for name in ("ipaddress", "netmask", "gateway", "dns")}
    if options["mode"] == "dhcp":
        given = [name for name, value in addresses.items() if value]
        if given:
            raise InvalidInput(f"With mode=dhcp, the miner gets its {' and '.join(given)} from DHCP. Leave them out.")
        return Network("dhcp", None, None, None, ())
    if options.get("search"):
        raise InvalidInput(
            "search is for mode=dhcp; with mode=static, the new address of the miner is known. Leave it out."
        )
    missing = [name for name, value in addresses.items() if not value]
    if missing:
        raise InvalidInput(f"mode=static also needs {', '.join(missing)}. The miner only accepts them together.")
    if len(options["dns"]) > 2:
        raise InvalidInput(f"dns has {len(options['dns'])} entries; expected 1 or 2.")
    address, gateway = _address("ipaddress", options["ipaddress"]), _address("gateway", options["gateway"])
    subnet = _subnet(address, options["netmask"])
    for name, host in (("ipaddress", address), ("gateway", gateway)):
        if host not in subnet or host in (subnet.network_address, subnet.broadcast_address):
            raise InvalidInput(
                f"The {name} {host} is not a host address in the network {subnet}, so the miner would no longer be "
                f"reachable. Correct it."
            )
    if address == gateway:
        raise InvalidInput(f"ipaddress and gateway are both {address}. Set gateway to the address of the router.")
    dns = tuple(str(_address("dns", server)) for server in options["dns"])
    return Network("static", str(address), options["netmask"], str(gateway), dns)


def shown(network: Network) -> dict[str, Any]:
    """Returns network settings as results and facts show them."""
    return {**asdict(network), "dns": list(dict.fromkeys(network.dns))}


def is_desired(fact: Mapping[str, Any], network: Network) -> bool:
    """Whether network settings, as shown in facts, are the desired ones."""
    current = Network(fact["mode"], fact["ipaddress"], fact["netmask"], fact["gateway"], tuple(fact["dns"]))
    return _comparable(current) == _comparable(network)


class NetworkSetting(Setting[Network]):
    """The desired network of one miner. After a change, it is searched for at its new address, by its MAC.

    ``live`` is the last result read. Its address is None if the miner has moved to an address that only DHCP knows.
    """

    name = "network settings"
    lags = True

    def __init__(self, session: Session, network: Network, hosts: Sequence[str], wait_s: float) -> None:
        """``hosts`` are the addresses to search for a miner that has moved to one that only DHCP knows."""
        super().__init__(session)
        self.live = network
        self.silent_s = wait_s
        self._network = network
        self._hosts = hosts
        self._mac = ""
        self._sent_at: float | None = None

    def read(self) -> Steps[Network]:
        sent_at = self._sent_at
        self.live = yield from (self.session.read(NETWORK) if sent_at is None else self._find(sent_at))
        return _comparable(self.live)

    def desired(self, current: Network) -> Network:
        return _comparable(self._network)

    def prepare(self, current: Network) -> Steps[None]:
        yield from self.session.require_rights()
        self._mac = (yield from self.session.read(OVERVIEW)).identity.mac or ""
        if not self._mac:
            raise BadReply(
                "The miner does not report its MAC address, so it could not be recognized at its new "
                "address. Reboot it."
            )
        address = self._network.ipaddress
        if address and address != self.live.ipaddress and (yield from accepts_connections(self.session, address)):
            raise WrongDevice(
                f"Another device already answers at {address}, so the address was not set. Give the miner another "
                f"address, or move that device first."
            )

    def write(self, current: Network) -> Steps[None]:
        self._sent_at = self.session.now()
        yield from self.session.write(update_network(self._network))

    def diff(self, before: Network, after: Network) -> tuple[Any, Any]:
        return shown(before), shown(after)

    def describe(self, value: Network) -> str:
        if value.mode == "dhcp":
            return "dhcp"
        return f"{value.ipaddress} {value.netmask} with gateway {value.gateway} and DNS {' '.join(value.dns)}"

    def _find(self, sent_at: float) -> Steps[Network]:
        """Reads the network settings wherever the miner is now."""
        if self._network.ipaddress:
            return (yield from self._find_static(self._network.ipaddress))
        try:
            found = yield from self._look(self.session.connection.host)
        except MinerError:
            found = None
        if found is None:
            elsewhere = yield from search(self.session, self._hosts, self._mac)
            found = elsewhere[1].network if elsewhere else None
        if found:
            return found
        if self.session.now() >= sent_at + (self.silent_s if self._hosts else min(self.silent_s, SETTLE_S)):
            return self._network
        raise self._silent()

    def _find_static(self, address: str) -> Steps[Network]:
        if (yield from accepts_connections(self.session, address)):
            found = yield from self._look(address)
            if found is None:
                raise WrongDevice(
                    f"The miner {self._mac} was sent the address {address}, but another device answers there. Two "
                    f"devices may have this address now. Find the other one, and disconnect it."
                )
            return found
        try:
            found = yield from self._look(self.session.connection.host)
        except (Unreachable, TimedOut):
            found = None
        if found is None:
            raise self._silent()
        return found

    def _look(self, host: str) -> Steps[Network | None]:
        """Reads the network settings of the device at an address; None if it is not this miner."""
        overview = yield from look(self.session, host, self._mac)
        return overview.network if overview else None

    def _silent(self) -> Unreachable:
        reason = f"it answers neither at {self._network.ipaddress or 'its old address'} nor at any searched address"
        return Unreachable(f"The miner {self._mac} was not found: {reason}.", reason, sent=True)


def _comparable(network: Network) -> Network:
    """The relevant part of network settings: with DHCP only the mode, and no name server twice."""
    if network.mode == "dhcp":
        return Network("dhcp", None, None, None, ())
    return replace(network, dns=tuple(dict.fromkeys(network.dns)))


def _address(name: str, text: str) -> ipaddress.IPv4Address:
    address = ipv4_from(text, name)
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        raise InvalidInput(
            f"The {name} {text!r} is not a valid IPv4 address of a device. Use an address such as 10.1.0.25."
        )
    return address


def _subnet(address: ipaddress.IPv4Address, netmask: str) -> ipaddress.IPv4Network:
    try:
        bits = format(int(ipv4_from(netmask, "netmask")), "032b")
    except InvalidInput:
        bits = ""
    if not re.fullmatch("1+00+", bits):
        raise InvalidInput(f"The netmask {netmask!r} is not valid. Use contiguous ones, such as 255.255.252.0.")
    return ipaddress.IPv4Network((int(address), bits.count("1")), strict=False)
