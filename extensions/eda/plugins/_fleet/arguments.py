# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the arguments of the event source to settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.decision import Rules
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.desired import (
    PLACEHOLDERS,
    Desired,
    for_miner,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, plain
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.schema import checked
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses, addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Limits, find

_MESSAGE_MAX = 600
# Facts for a trial comparison with the limits and ratings.
_SAMPLE = {
    "dragonmint_identity": {"type": "T1"},
    "dragonmint_autotune": {"mode": "balanced", "is_tuning": False},
    "dragonmint_mining": {
        "ready": True,
        "boards": [{"id": 0, "status": "Alive", "hashrate_ths": 5.0}],
        "pools": [{"url": "", "status": "Alive"}],
    },
}


@dataclass(frozen=True)
class InventoryFiles:
    """Where the inventory is, and how often to read it."""

    paths: tuple[Path, ...]
    group: str
    refresh_s: float


@dataclass(frozen=True)
class Settings:
    """Validated arguments: either ``networks`` or an ``inventory``."""

    rules: Rules
    limits: Limits
    interval_s: float
    port: int
    credentials: tuple[Credential, ...] = field(repr=False)
    auth: str
    concurrency: int
    connect_timeout_s: float
    timeout_s: float
    deadline_s: float
    networks: Addresses | None = None
    inventory: InventoryFiles | None = None
    named_by_mac: bool = True
    limits_playbooks: bool = True
    desired: Mapping[str, Any] = field(default_factory=dict)
    snapshot: Path | None = None


def settings_from(args: Mapping[str, Any], schema: Mapping[str, Any]) -> Settings:
    """Converts arguments to settings. Raises Invalid, which names the first invalid argument."""
    given = checked(args, schema)
    credentials = tuple(
        Credential(login["username"], login["password"], login.get("name") or str(number))
        for number, login in enumerate(given["credentials"], 1)
    )
    if "networks" in given and not credentials:
        raise Invalid("credentials is missing. Networks are polled with these logins.")
    desired = given["desired"]
    # Report mistakes before anything is polled.
    Desired(for_miner(desired, dict.fromkeys(PLACEHOLDERS, "m")))
    return Settings(
        Rules(given["for"], given["storm_percent"]),
        _limits(given["health"]),
        given["interval"],
        given["port"],
        credentials,
        given["auth"],
        given["concurrency"],
        given["connect_timeout"],
        given["timeout"],
        given["deadline"],
        networks=_networks(given) if "networks" in given else None,
        inventory=_inventory(given["inventory"]) if "inventory" in given else None,
        named_by_mac=given["hostname"] == "mac",
        limits_playbooks=given["limit"],
        desired=desired,
        snapshot=Path(given["snapshot"]).expanduser() if "snapshot" in given else None,
    )


def _limits(health: Mapping[str, Any]) -> Limits:
    # Chips are not polled: their temperatures need a request of their own.
    limits = Limits(**health, max_chip_temperature_c=float("inf"))
    try:
        find({"seen": {"ansible_facts": _SAMPLE}}, limits)
    except ValueError as error:
        raise Invalid(f"health.ratings: {plain(error, _MESSAGE_MAX)}") from None
    return limits


def _networks(given: Mapping[str, Any]) -> Addresses:
    try:
        return addresses_from(given["networks"], given["allow_public"])
    except InvalidInput as error:
        raise Invalid(plain(error, _MESSAGE_MAX)) from None


def _inventory(given: Mapping[str, Any]) -> InventoryFiles:
    return InventoryFiles(tuple(Path(path).expanduser() for path in given["paths"]), given["group"], given["refresh"])
