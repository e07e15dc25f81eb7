# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job provision: its variables, and the proof that a miner mines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings.autotune import autotune_from
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail import RECORD_OF_OTHERS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import is_hashing
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.waiting import is_final

PREFIX = "provision_"

NETWORK = Variable(
    "provision_network",
    "dict",
    "The desired network settings. After a change, the role continues at the new address.",
    options=(
        Variable(
            "mode",
            "str",
            "Whether the miner gets its address from V(dhcp) or has a V(static) one.",
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
            "Search this network, such as V(10.1.0.0/22), for a miner that has moved. The miner is recognized by its "
            "MAC address.",
        ),
    ),
)
POOLS = Variable(
    "provision_pools",
    "list",
    "The 1 to 3 desired pools, in order, as for M(minerops.dragonmint.dragonmint_pools).",
    elements="dict",
    options=(
        Variable(
            "url", "str", "The address of the pool, such as V(stratum+tcp://pool.example.com:3333)", required=True
        ),
        Variable("user", "str", "The worker, as the pool knows it.", required=True),
        Variable(
            "password",
            "str",
            "The password of the worker. Defaults to V(x). V(null) keeps the password that the miner has.",
            secret=True,
        ),
    ),
)

ENDS_CURTAILMENT = Variable(
    "provision_ends_curtailment",
    "bool",
    "Also set the mode of curtailed miners. By default, they keep their mode until the event in the record of the role "
    "curtail ends.",
    default=False,
)


def _check(values: Mapping[str, Any]) -> None:
    """Raises InvalidVariables for values that are invalid only in combination."""
    if values.get("at_once") and values.get("test_pools"):
        raise InvalidVariables(
            "provision_test_pools and provision_at_once are both true, but pools can only be tested miner by miner. "
            "Provision a few miners with provision_test_pools and --limit first, and then all of them with "
            "provision_at_once alone."
        )
    mode, level = values.get("autotune_mode"), values.get("autotune_level")
    if mode is not None and level is not None:
        try:
            autotune_from(mode, level)
        except InvalidInput as error:
            raise InvalidVariables(f"provision_autotune_level: {error}") from None


VARIABLES = Variables(
    PREFIX,
    (
        Variable(
            "provision_admin_password",
            "str",
            "The desired password of the user C(admin). The role logs in with it. If the miner refuses it, the role "
            "tries C(dragonmint_fallback_passwords), C(dragonmint_password) and the factory passwords.",
            secret=True,
        ),
        Variable(
            "provision_guest_password",
            "str",
            "The desired password of the user C(guest). Of Innosilicon's firmware, only the one titled InnoMiner can "
            "set it; other miners with Innosilicon's firmware are skipped.",
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
            "provision_test_pools",
            "bool",
            "Test O(provision_pools) on up to 3 of the miners with the same pool URLs before setting the pools on "
            "any miner. If one of them cannot use a pool, or if none of them can test pools, the run ends and no "
            "pools are set. Only Innosilicon's firmware of 2019 can test pools. Pools are not tested in check mode. "
            "This can't be combined with C(provision_at_once).",
            default=False,
        ),
        Variable(
            "provision_autotune_mode",
            "str",
            "The desired autotune mode.",
            choices=("efficient", "balanced", "factory", "performance", "off"),
        ),
        Variable("provision_autotune_level", "str", "The level of that mode, on Innosilicon's firmware only."),
        ENDS_CURTAILMENT,
        *RECORD_OF_OTHERS,
        replace(
            REPORT_FOLDER,
            text="The folder on the controller that has the record, if O(curtail_record) is not set; relative to where "
            "Ansible was started.",
            of_playbook=False,
        ),
        Variable(
            "provision_verify_mining",
            "bool",
            "Verify at the end that the miner mines: cgminer answers, a board is alive and hashing, and one of "
            "O(provision_pools) is alive (any pool, if they are not set). This is not verified in check mode.",
            default=True,
        ),
        Variable(
            "provision_verify_timeout",
            "float",
            "How many seconds to wait for the miner to mine.",
            default=300,
            minimum=0,
        ),
        Variable(
            "provision_at_once",
            "bool",
            "Set the pools of all miners in one task and their autotune modes in another, each miner with its own "
            "values, and verify mining in the same way. A big fleet then takes minutes instead of hours. Passwords "
            "and network are still set miner by miner. The value must be the same for all miners of a run.",
            default=False,
            of_playbook=True,
        ),
        TARGET,
    ),
    _check,
)


def outcome(seen: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns whether a miner mines, as far as one look at it shows.

    ``seen`` is the result of the module dragonmint_facts, ``values`` are the variables of the job. The keys are
    ``is_ok``; ``is_over``, whether further looks are pointless; and ``summary``, a sentence on what is missing.
    """
    mining = seen.get("ansible_facts", {}).get("dragonmint_mining") or {}
    is_ready = bool(mining.get("ready"))
    hashing = [
        str(board["id"])
        for board in mining.get("boards") or ()
        if board.get("status") == "Alive" and is_hashing(board, mining)
    ]
    alive = [_bare(pool["url"]) for pool in mining.get("pools") or () if pool.get("status") == "Alive"]
    desired = None if values["pools"] is None else [_bare(pool["url"]) for pool in values["pools"]]
    is_ok = is_ready and bool(hashing) and bool(alive if desired is None else set(alive) & set(desired))
    summary = "The miner mines."
    if "error_code" in seen:
        summary = str(seen.get("msg"))
    elif not is_ok:
        summary = (
            f"The settings are as desired, but the miner did not mine within {values['verify_timeout']:g} s: "
            f"cgminer {'answers' if is_ready else 'does not answer'}, boards hashing: {_listed(hashing)}, "
            f"pools alive: {_listed(alive)} (desired is {'any' if desired is None else ' or '.join(desired)}). "
            "Check the boards and the pools, or allow more time with provision_verify_timeout."
        )
    return {"is_ok": is_ok, "is_over": is_ok or is_final(seen), "summary": summary}


def pool_tests(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Returns whether pools may be set, after some miners have tested them.

    ``results`` are those of the module dragonmint_pool_test by miner, empty if it has not run. The keys are ``is_ok``,
    and ``summary``, which says why not. A miner that could not run the test is no objection to the pools.
    """
    unusable = {name: result for name, result in results.items() if result.get("error_code") == "rejected"}
    untested = {name: result for name, result in results.items() if "error_code" in result and name not in unusable}
    usable = [result for result in results.values() if result and "error_code" not in result]
    if unusable:
        summary = f"No pools were set, since a miner cannot use them. {_said(unusable)}"
    elif not usable:
        summary = (
            "No pools were set, since no miner could test them. Unset provision_test_pools, or provision the miners "
            f"that can test pools first. {_said(untested)}"
        )
    else:
        return {"is_ok": True, "summary": "The pools can be used."}
    return {"is_ok": False, "summary": summary.strip()}


def _said(results: Mapping[str, Mapping[str, Any]]) -> str:
    return " ".join(f"{name}: {result.get('msg')}" for name, result in results.items())


def _bare(url: str) -> str:
    """A pool's url without the flag for extranonce subscription, which miners report in two forms."""
    return re.sub("/?#xnsub$", "", url)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"
