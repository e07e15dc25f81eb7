# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet task decides before anything is sent: which miners, which limits, and what its result contains."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.batch import Limits, is_failure
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted

# With more miners, the result contains only those that failed.
_ALL_UP_TO = 1000
_SHOWN = 5
_CHECKED_ONLY = ("firmware",)
# These differ on every host, even if a task has only one host.
_OF_EACH_HOST = ("inventory_hostname", "inventory_hostname_short")


def require_may_run(module: str, is_check: bool) -> None:
    """Raises InvalidInput for firmware that would be installed: a rollout needs canaries and batches."""
    if module in _CHECKED_ONLY and not is_check:
        raise InvalidInput(
            f"dragonmint_fleet only checks {module}. Set check_mode: true to see which miners are eligible, and "
            "install it with the playbook minerops.dragonmint.upgrade, which stops when a batch fails."
        )


def chosen_hosts(
    hosts: Any, batch: Sequence[str], inventory: Collection[str], within_limit: Collection[str]
) -> tuple[list[str], int]:
    """Returns the hosts of a task, and how many of the requested ones are outside --limit.

    ``hosts`` is the option hosts; None means the hosts of the batch. Raises InvalidInput for hosts that are not in the
    inventory.
    """
    if hosts is None:
        return list(batch), 0
    if not isinstance(hosts, (list, tuple)) or not all(isinstance(name, str) for name in hosts):
        raise InvalidInput(f"hosts is {quoted(hosts)}; expected a list of host names in the inventory.")
    names = list(dict.fromkeys(hosts))
    require_known("hosts", names, inventory)
    limit = set(within_limit)
    hosts = [name for name in names if name in limit]
    return hosts, len(names) - len(hosts)


def require_known(option: str, names: Iterable[str], inventory: Collection[str]) -> None:
    """Raises InvalidInput for names in an option that are not hosts in the inventory."""
    unknown = [quoted(name) for name in names if name not in inventory]
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        raise InvalidInput(
            f"{option} names {', '.join(unknown[:_SHOWN])}{more}, which the inventory does not have. Give the names "
            f"of hosts, not of groups; groups.NAME is the list of a group's hosts."
        )


def limits_from(params: Mapping[str, Any], total: int) -> Limits:
    """Returns the limits for ``total`` miners. Raises InvalidInput for a limit that can't be met."""
    for option, unit in (("concurrency", "number"), ("rate", "number of miners per second"), ("deadline", "time")):
        value = params[option]
        if value is not None and not 0 < value < float("inf"):
            expected = "a number of seconds" if unit == "time" else f"a {unit}"
            raise InvalidInput(f"{option} is {quoted(value)}; expected {expected} above 0.")
    failures, percent = params["max_failures"], params["max_failure_percent"]
    if failures is not None and failures < 0:
        raise InvalidInput(f"max_failures is {quoted(failures)}; expected a whole number, 0 or more.")
    if percent is not None and not 0 <= percent <= 100:
        raise InvalidInput(f"max_failure_percent is {quoted(percent)}; expected a percentage from 0 to 100.")
    allowed = [] if failures is None else [float(failures)]
    allowed += [] if percent is None else [total * percent / 100]
    return Limits(params["concurrency"], params["rate"], params["deadline"], min(allowed, default=None))


def keeps(report: str, total: int, result: Mapping[str, Any]) -> bool:
    """Whether the result of a task with ``total`` miners contains this miner's result."""
    if report == "auto":
        report = "all" if total <= _ALL_UP_TO else "failed"
    if report == "changed":
        return bool(result.get("changed"))
    return report in ("all", "packed") or is_failure(result)


def require_common(option: str, names: Iterable[str], differing: str | None) -> None:
    """Raises InvalidInput if a variable that an option uses differs between the hosts."""
    name = next((name for name in _OF_EACH_HOST if name in set(names)), differing)
    if name is not None:
        raise InvalidInput(
            f"{option} uses the variable {name}, which differs between the miners, but Ansible evaluates {option} "
            f"for the first miner only, so all miners would get its value. Use options_by_host for options that "
            f"differ. Nothing was sent to any miner."
        )


def require_options(by_host: Mapping[str, Any], known: Collection[str], module: str) -> None:
    """Raises InvalidInput unless options_by_host maps each host to a dictionary of options known to the module."""
    for host, options in by_host.items():
        if not isinstance(options, Mapping):
            raise InvalidInput(f"options_by_host has {quoted(options)} for {host}; expected a dictionary of options.")
        unknown = sorted(str(name) for name in options if name not in known)
        if unknown:
            raise InvalidInput(
                f"options_by_host gives {host} the option {', '.join(unknown)}, which dragonmint_{module} does not "
                f"have. Its options are: {', '.join(sorted(known))}."
            )
