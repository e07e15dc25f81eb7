# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The miner's network settings: the valid form fields, and the resulting address."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from .fields import Value

LEASED_NETMASK = "255.0.0.0"
LEASED_GATEWAY = "127.0.0.1"
LEASED_DNS = ("127.0.0.1", "")


@dataclass
class Network:
    """`mode` is the configured one; the rest is live, so it lags behind until networkd has restarted.

    `dhcp_lease` is the address that the DHCP server will assign next; None stands for the current one. `is_leased` is
    true while the live values come from it. `up` is false if networkd refused the settings and the interface has no
    address.
    """

    ipaddress: str
    mode: str = "dhcp"
    netmask: str = LEASED_NETMASK
    gateway: str = LEASED_GATEWAY
    dns: list[str] = field(default_factory=lambda: list(LEASED_DNS))
    dhcp_lease: str | None = None
    is_leased: bool = True
    up: bool = True

    def fields(self) -> dict[str, str]:
        """The six fields of the network page."""
        dns = [*self.dns, "", ""]
        return {"dhcp": self.mode, **self.addresses(), "dns1": dns[0], "dns2": dns[1]}

    def addresses(self) -> dict[str, str]:
        return {"ipaddress": self.ipaddress, "netmask": self.netmask, "gateway": self.gateway}

    def take_lease(self) -> str:
        """Applies the DHCP server's lease; returns the address that the interface should get."""
        if not self.is_leased:
            self.netmask, self.gateway, self.dns = LEASED_NETMASK, LEASED_GATEWAY, list(LEASED_DNS)
            self.is_leased = True
        self.up = True
        return self.dhcp_lease or self.ipaddress

    def take_static(self, form: dict[str, Value]) -> str:
        """Applies the form; returns the address that the interface should get."""
        self.netmask, self.gateway = str(form["netmask"]), str(form["gateway"])
        self.dns = [str(server) for server in dns_of(form)]
        self.is_leased = False
        self.up = is_contiguous(self.netmask)
        return str(form["ipaddress"])


def problem(form: dict[str, Value]) -> str | None:
    """The firmware's message for the first invalid field, trailing blank included; None for a valid form."""
    if form.get("dhcp") not in ("dhcp", "static"):
        return "invalid dhcp setting"
    if form["dhcp"] == "dhcp":
        return None
    first, second = dns_of(form)
    checks = (
        (form.get("ipaddress"), "invalid ip address"),
        (form.get("netmask"), "invalid netmask "),
        (form.get("gateway"), "invalid gateway "),
        (first, "invalid dns 1 "),
        (second, "invalid dns 2 "),
    )
    return next((message for value, message in checks if not _is_dotted_quad(value)), None)


def dns_of(form: dict[str, Value]) -> tuple[Value | None, Value | None]:
    """The first two items; PHP takes single characters if the field is text."""
    dns = form.get("dns", [])
    if isinstance(dns, dict):
        return dns.get("0"), dns.get("1")
    return (dns[0] if dns else None), (dns[1] if len(dns) > 1 else None)


def is_contiguous(netmask: str) -> bool:
    """Whether networkd accepts the mask: the firmware itself does not check it."""
    bits = f"{int(ipaddress.IPv4Address(netmask)):032b}"
    return "01" not in bits


def _is_dotted_quad(value: Value | None) -> bool:
    try:
        return isinstance(value, str) and str(ipaddress.IPv4Address(value)) == value
    except ValueError:
        return False
