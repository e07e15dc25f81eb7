# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a task on each host of its play, seen from the one host that it runs for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import guard

# These belong to each host itself, regardless of the host that a task runs for.
_OWN = ("ansible_facts", "ansible_host", "group_names", "inventory_hostname", "inventory_hostname_short")
# The same for all hosts of a task, and not among the variables that were set.
_OF_THE_TASK = (
    *("hostvars", "groups", "omit", "ansible_check_mode", "ansible_search_path"),
    *("ansible_play_batch", "ansible_play_hosts", "ansible_play_hosts_all"),
)


class HostVariables:
    """Finds the variables of any host, given all variables of the host that a lookup runs for.

    Variables of a play, role or task don't belong to a host and take precedence over the host's own. They are those in
    which the variables of the lookup's host differ from this host's own.
    """

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._hostvars = variables["hostvars"]
        own = self._hostvars.raw_get(variables["inventory_hostname"])
        self._of_play = {
            name: value
            for name, value in guard.of_play(variables.get("vars", variables), own).items()
            if name not in _OWN
        }
        self._of_play.update({name: variables[name] for name in _OF_THE_TASK if name in variables})

    def of(self, host: str) -> dict[str, Any]:
        """Returns the variables of a host."""
        return {"ansible_host": host, **self._hostvars.raw_get(host), **self._of_play}
