# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job provision: its variables, and the proof that a miner mines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.waiting import is_final

PREFIX = "provision_"

NETWORK = Variable(
    "provision_network",
    "dict",
    "The network settings. After a change the role continues at the new address.",
    options=(
        Variable(
            "mode",
            "str",
            "Whether the miner gets its address by V(dhcp) or has a V(static) one.",
            choices=("dhcp", "static"),
            required=True,
        ),
        Variable("ipaddress", "str", "The static address."),
        Variable("netmask", "str", "The netmask."),
        Variable("gateway", "str", "The gateway."),
        Variable("dns", "list", "One or two name servers.", elements="str"),
        Variable(
            "search",
            "str",
            "The network in which to look, by its MAC address, for a miner that has moved, such as V(10.1.0.0/22).",
        ),
    ),
)
POOLS = Variable(
    "provision_pools",
    "list",
    "The pools, 1 to 3 in this order, as M(minerops.dragonmint.dragonmint_pools) takes them.",
    elements="dict",
    options=(
        Variable(
            "url", "str", "The address of the pool, such as V(stratum+tcp://pool.example.com:3333)", required=True
        ),
        Variable("user", "str", "The worker, as the pool knows it.", required=True),
        Variable(
            "password",
            "str",
            "The password of the worker, V(x) if it is left out. V(null) keeps the password that the miner has.",
            secret=True,
        ),
    ),
)
VARIABLES = Variables(
    PREFIX,
    (
        Variable(
            "provision_admin_password",
            "str",
            "The password that the user C(admin) must have. The role logs in with it. Where the miner refuses it, the "
            "role tries C(dragonmint_fallback_passwords), C(dragonmint_password) and the factory's passwords.",
            secret=True,
        ),
        Variable(
            "provision_guest_password",
            "str",
            "The password that the user C(guest) must have. Innosilicon's firmware cannot set it, and is skipped.",
            secret=True,
        ),
        NETWORK,
        POOLS,
        Variable(
            "provision_keep_passwords",
            "bool",
            "Keep the miner's password for each pool of O(provision_pools) that has no C(password), if the miner has a "
            "pool with the same url and user.",
            default=False,
        ),
        Variable(
            "provision_autotune_mode",
            "str",
            "The autotune mode.",
            choices=("efficient", "balanced", "factory", "performance", "off"),
        ),
        Variable("provision_autotune_level", "str", "The level of that mode, on Innosilicon's firmware only."),
        Variable(
            "provision_ends_curtailment",
            "bool",
            "Set the mode of miners that are curtailed, too. By default it is left alone until the event ends, as the "
            "record of the role curtail says.",
            default=False,
        ),
        Variable(
            "provision_verify_mining",
            "bool",
            "Verify at the end that the miner mines: cgminer answers, a board is alive and hashing, and one of "
            "O(provision_pools) is alive (any pool, if they are not set). It is not verified in check mode.",
            default=True,
        ),
        Variable(
            "provision_verify_timeout", "float", "How many seconds the miner has for that.", default=300, minimum=0
        ),
        TARGET,
    ),
)


def outcome(seen: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Returns whether a miner mines, as far as one look at it shows.

    ``seen`` is the result of the module dragonmint_facts, ``wanted`` are the variables of the job. The keys are
    ``is_ok``; ``is_over``, whether another look can show nothing else; and ``summary``, a sentence on what is missing.
    """
    mining = seen.get("ansible_facts", {}).get("dragonmint_mining") or {}
    is_ready = bool(mining.get("ready"))
    hashing = [
        str(board["id"])
        for board in mining.get("boards") or ()
        if board.get("status") == "Alive" and board.get("hashrate_ths")
    ]
    alive = [_bare(pool["url"]) for pool in mining.get("pools") or () if pool.get("status") == "Alive"]
    desired = None if wanted["pools"] is None else [_bare(pool["url"]) for pool in wanted["pools"]]
    is_ok = is_ready and bool(hashing) and bool(alive if desired is None else set(alive) & set(desired))
    summary = "The miner mines."
    if "error_code" in seen:
        summary = str(seen.get("msg"))
    elif not is_ok:
        summary = (
            f"The settings are as desired, but the miner did not mine within {wanted['verify_timeout']:g} s: "
            f"cgminer {'answers' if is_ready else 'does not answer'}, boards hashing: {_listed(hashing)}, "
            f"pools alive: {_listed(alive)} (desired is {'any' if desired is None else ' or '.join(desired)}). "
            "Check the boards and the pools, or allow more time with provision_verify_timeout."
        )
    return {"is_ok": is_ok, "is_over": is_ok or is_final(seen), "summary": summary}


def _bare(url: str) -> str:
    """A pool's url without the flag for extranonce subscription, which miners show in two ways."""
    return re.sub("/?#xnsub$", "", url)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
