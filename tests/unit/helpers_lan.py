# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for a whole network, in which miners move from one address to another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import Unreachable
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Probe
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Reply

from .helpers import INVALID_REQUEST, SUCCESS, WRONG_PASSWORD, Clock, basic, logged_in, said

OLD, NEW, OTHER = "10.1.0.25", "10.1.0.40", "10.1.0.77"


@dataclass
class Device:
    """A miner in the simulated network. ``network`` is None for a device that is not a miner.

    ``pages`` are replies that it sends before its page.
    """

    network: dict[str, Any] | None
    mac: str = "a0:b0:45:00:00:01"
    password: str = "dragonadmin"
    ignores: bool = False
    pages: list[Reply] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)

    @property
    def changes_received(self) -> int:
        return [action for action, _login in self.asked].count("updateNetwork")


@dataclass
class Lan:
    """Stands in for the whole network: devices by address. A device told to move sends no reply.

    ``lease`` is the address that DHCP assigns, ``travel_s`` how long a moving miner is unreachable, ``squatter`` the
    device that takes the address to which it moves.
    """

    devices: dict[str, Device]
    lease: str = OLD
    travel_s: float = 0.0
    squatter: Device | None = None
    clock: Clock = field(default_factory=Clock)
    probed: list[str] = field(default_factory=list)
    arrivals: list[tuple[float, str, Device]] = field(default_factory=list)

    def move(self, host: str, address: str) -> None:
        device = self.devices.pop(host)
        if self.squatter:
            self.devices[address] = self.squatter
        else:
            self.arrivals.append((self.clock.now + self.travel_s, address, device))

    def device_at(self, host: str) -> Device | None:
        for at, address, device in self.arrivals:
            if self.clock.now >= at:
                self.devices.setdefault(address, device)
        return self.devices.get(host)

    def probe(self, command: Probe) -> bool:
        self.probed.append(command.host)
        return self.device_at(command.host) is not None

    def transport(self, url: str, *_others: Any) -> Wire:
        return Wire(self, urlsplit(url).hostname or "")


@dataclass
class Wire:
    """Stands in for Transport."""

    lan: Lan
    host: str

    def post(self, path: str, form: dict[str, str], authorization: str | None, slow_s: float = 0.0) -> Reply:
        device, action = self.lan.device_at(self.host), path.replace("/api/", "", 1)
        if device is None:
            raise Unreachable("Nobody answers.", "nobody answers", sent=False)
        device.asked.append((action, authorization))
        if device.network is None:
            return Reply(200, b"<html><title>Printer</title></html>")
        if action == "auth":
            device.tried.append(form["password"])
            return logged_in() if form["password"] == device.password else WRONG_PASSWORD
        if authorization != basic("admin", device.password):
            return INVALID_REQUEST
        return getattr(self, f"_{action}")(device, form)

    def get(self, path: str) -> Reply:
        device = self.lan.device_at(self.host)
        if device is None:
            raise Unreachable("Nobody answers.", "nobody answers", sent=False)
        if device.pages:
            return device.pages.pop(0)
        title = "Printer" if device.network is None else "DragonMint"
        return Reply(200, f"<html><title>{title}</title></html>".encode())

    def close(self) -> None:
        """There is nothing to close."""

    def _type(self, device: Device, form: dict[str, str]) -> Reply:
        return said(success=True, type="T1")

    def _network(self, device: Device, form: dict[str, str]) -> Reply:
        return said(**device.network, success=True)

    def _overview(self, device: Device, form: dict[str, str]) -> Reply:
        return said(success=True, type="T1", network=device.network, version={"ethaddr": device.mac})

    def _updateNetwork(self, device: Device, form: dict[str, str]) -> Reply:  # noqa: N802 - the device's name
        if device.ignores:
            return SUCCESS
        address = form.get("ipaddress", self.lan.lease)
        device.network = live(
            form["dhcp"],
            ipaddress=address,
            **({"dns1": form["dns[0]"], "dns2": form["dns[1]"]} if "dns[0]" in form else {}),
        )
        if address == self.host:
            return SUCCESS
        self.lan.move(self.host, address)
        raise Unreachable("It went.", "the connection was closed", sent=True)


def live(mode: str, **changes: str) -> dict[str, Any]:
    """The settings as the miner reports them."""
    settings = {"ipaddress": OLD, "netmask": "255.255.252.0", "gateway": "10.1.0.1", "dns1": "10.1.0.1", "dns2": ""}
    return {"dhcp": mode, **settings, **changes}
