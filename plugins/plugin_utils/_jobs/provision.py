# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job provision: what its variables are."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import Variable, Variables

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
