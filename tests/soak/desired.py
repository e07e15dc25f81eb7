# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random desired states of miners, and their connection variables."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from tests.simulator.generations import GENERATIONS
from tests.soak.invariants import State

POOLS = [
    [{"url": f"stratum+tcp://{name}.example.com:3333", "user": f"farm.{name}"} for name in names]
    for names in (["a"], ["a", "b"], ["b", "a"], ["a", "b", "c"], ["d"])
]
# The levels that every mode has.
LEVELS = ["2", "3"]
PASSWORDS = ["Correct-Horse-7", "Battery-Staple-8"]
DNS = [["8.8.8.8", "8.8.4.4"], ["1.1.1.1", "9.9.9.9"]]
# The miner's first network, and the one to which it is moved; no other miner is in either.
NETS = ("127.20", "127.21")


@dataclass(frozen=True)
class Desired:
    """The desired state of one miner; None keeps the current value."""

    pools: list[dict[str, str]]
    mode: str
    level: str | None = None
    password: str | None = None
    network: dict[str, Any] | None = None

    def variables(self) -> dict[str, Any]:
        """Variables of the role provision."""
        return {
            "provision_pools": self.pools,
            "provision_autotune_mode": self.mode,
            "provision_autotune_level": self.level,
            "provision_admin_password": self.password,
            "provision_network": self.network,
        }

    def options(self) -> dict[str, dict[str, Any]]:
        """Options of the modules that set pools and mode."""
        level = {} if self.level is None else {"level": self.level}
        return {"pools": {"pools": self.pools}, "autotune": {"mode": self.mode, **level}}

    def applied_to(self, state: State) -> dict[str, Any]:
        """The state of a miner after this was applied."""
        users = {} if self.password is None else {"admin": self.password}
        level = state["autotune"]["level"] if self.level is None else self.level
        return {
            **state,
            "pools": [{**pool, "pass": "x"} for pool in self.pools],
            "autotune": {**state["autotune"], "mode": self.mode, "level": level},
            "network": {**state["network"], **(self.network or {})},
            "users": {**state["users"], **users},
        }


def any_desired(chance: random.Random, state: State) -> Desired:
    """A random desired state that this miner can reach, depending on its generation."""
    generation = state["generation"]
    return Desired(
        pools=chance.choice(POOLS),
        mode=chance.choice(GENERATIONS[generation].modes),
        level=chance.choice([None, *LEVELS]) if GENERATIONS[generation].has_level else None,
        password=chance.choice([None, *PASSWORDS]),
        network=chance.choice([None, None, _network(chance, state)]),
    )


def _network(chance: random.Random, state: State) -> dict[str, Any]:
    """Mostly the first network: a miner that moves certainly loses the reply."""
    first, second, *rest = state["host"].split(".")
    home = f"{first}.{second}"
    net = home if chance.random() < 0.7 else next(net for net in NETS if net != home)
    return {
        "mode": "static",
        "ipaddress": ".".join([net, *rest]),
        "netmask": "255.255.0.0",
        "gateway": f"{net}.255.254",
        "dns": chance.choice(DNS),
    }


def connection(state: State, auth: str, patience: dict[str, Any]) -> dict[str, Any]:
    """The connection variables of a miner in its current state. ``patience`` has the timeout and retries."""
    return {
        "ansible_host": state["host"],
        "dragonmint_port": state["port"],
        "dragonmint_password": state["users"]["admin"],
        "dragonmint_fallback_passwords": PASSWORDS,
        "dragonmint_expected_mac": state["mac"],
        "dragonmint_auth": auth,
        **patience,
    }
