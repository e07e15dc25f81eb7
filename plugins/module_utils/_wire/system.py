# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of the controller board: identity, network, and the commands that restart or switch off the miner."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import mac_address
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    Endpoint,
    Reply,
    Request,
    nothing,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import (
    ADMIN,
    FOR_ADMIN,
    FOR_GUEST,
    INNO_2018_09,
    INNO_2019,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import (
    is_number,
    kibibytes_of,
    section_of,
    text_of,
)


@dataclass(frozen=True)
class Identity:
    """Identity of the miner. ``firmware`` and ``build_date`` are None if the miner does not know its version."""

    type: str | None
    hwver: str | None
    mac: str | None
    firmware: str | None
    build_date: str | None


@dataclass(frozen=True)
class Network:
    """The network settings: ``mode`` is the configured one (dhcp or static), the addresses are the live ones."""

    mode: str
    ipaddress: str | None
    netmask: str | None
    gateway: str | None
    dns: tuple[str, ...]


@dataclass(frozen=True)
class Hardware:
    """Uptime, load over 1, 5 and 15 minutes, and memory of the controller board."""

    uptime_seconds: int | None
    load: tuple[float, ...]
    memory_used_bytes: int | None
    memory_free_bytes: int | None
    memory_total_bytes: int | None
    cache_used_bytes: int | None
    cache_free_bytes: int | None
    cache_total_bytes: int | None


@dataclass(frozen=True)
class Overview:
    """Everything that the miner reports about itself, except for mining."""

    identity: Identity
    network: Network
    hardware: Hardware


def update_network(network: Network) -> Request[None]:
    """Applies network settings and restarts the network; if the address changes, the reply usually gets lost."""
    if network.mode == "dhcp":
        return Request(UPDATE_NETWORK, {"dhcp": "dhcp"})
    first, *others = network.dns
    form = {
        "dhcp": "static",
        "ipaddress": network.ipaddress or "",
        "netmask": network.netmask or "",
        "gateway": network.gateway or "",
        "dns[0]": first,
        "dns[1]": others[0] if others else first,
    }
    return Request(UPDATE_NETWORK, form)


def _read_overview(answer: Mapping[str, Any], reply: Reply) -> Overview:
    network, hardware, version = (section_of(answer, name) for name in ("network", "hardware", "version"))
    mac = text_of(version.get("ethaddr"))
    return Overview(
        Identity(
            type=text_of(answer.get("type")),
            hwver=text_of(version.get("hwver")),
            mac=mac_address(mac) if mac else None,
            firmware=text_of(version.get("platform_v")),
            build_date=text_of(version.get("build_date")),
        ),
        _network(network),
        _hardware(hardware),
    )


def _read_network(answer: Mapping[str, Any], reply: Reply) -> Network:
    return _network(answer)


def _read_type(answer: Mapping[str, Any], reply: Reply) -> str | None:
    return text_of(answer.get("type"))


def _network(values: Mapping[str, Any]) -> Network:
    return Network(
        mode="static" if values.get("dhcp") == "static" else "dhcp",
        ipaddress=text_of(values.get("ipaddress")),
        netmask=text_of(values.get("netmask")),
        gateway=text_of(values.get("gateway")),
        dns=tuple(server for server in (text_of(values.get("dns1")), text_of(values.get("dns2"))) if server),
    )


def _hardware(values: Mapping[str, Any]) -> Hardware:
    status = text_of(values.get("status")) or ""
    load = _LOAD.search(status)
    return Hardware(
        uptime_seconds=uptime_seconds(status),
        load=tuple(float(number) for number in load.groups() if is_number(number)) if load else (),
        memory_used_bytes=kibibytes_of(values.get("memUsed")),
        memory_free_bytes=kibibytes_of(values.get("memFree")),
        memory_total_bytes=kibibytes_of(values.get("memTotal")),
        cache_used_bytes=kibibytes_of(values.get("cacheUsed")),
        cache_free_bytes=kibibytes_of(values.get("cacheFree")),
        cache_total_bytes=kibibytes_of(values.get("cacheTotal")),
    )


def uptime_seconds(status: str) -> int | None:
    """Reads the uptime from a line of the `uptime` command, to the minute at best. None if there is none."""
    up = _UPTIME.search(status)
    if not up or not any(up.groups()):
        return None
    days, hours, clock_minutes, minutes = (int(number or 0) for number in up.groups())
    return ((days * 24 + hours) * 60 + clock_minutes + minutes) * 60


_LOAD = re.compile(r"load average: *([\d.]+), *([\d.]+), *([\d.]+)")
_UPTIME = re.compile(
    r"\bup +(?:(?P<days>\d{1,6}) days?, *)?"
    r"(?:(?P<hours>\d{1,4}):(?P<clock_minutes>\d{2})|(?P<minutes>\d{1,4}) min)?"
)
OVERVIEW = Endpoint("overview", FOR_GUEST, _read_overview)
TYPE = Endpoint("type", FOR_GUEST, _read_type)
NETWORK = Endpoint("network", FOR_GUEST, _read_network)
UPDATE_NETWORK = Endpoint("updateNetwork", FOR_ADMIN, nothing, writes=True)
REBOOT = Endpoint("reboot", FOR_ADMIN, nothing, writes=True)
POWEROFF = Endpoint("poweroff", FOR_ADMIN, nothing, writes=True)
RESTART_CGMINER = Endpoint("restartCgMiner", FOR_ADMIN, nothing, writes=True)
FACTORY_RESET = Endpoint("factoryReset", FOR_ADMIN, nothing, writes=True)
# Only its existence matters. Which users may call it is unknown; the admin may.
LOCK_STATE = Endpoint("getLockState", {INNO_2018_09: ADMIN, INNO_2019: ADMIN}, nothing)
