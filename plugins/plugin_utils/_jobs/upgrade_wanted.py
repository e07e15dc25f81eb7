# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of an upgrade for each of its miners: most share them, a hall or a model may have others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts

# The options with which the firmware module checks a firmware.
_CHECKED = ("src", "url", "latest", "version", "checksum", "allow_downgrade", "search")


def desired(found: OfHosts) -> dict[str, Any]:
    """Returns what the role stores of each miner's variables.

    ``common`` are the values of the first one, ``by_host`` those of each miner with others. ``options`` and
    ``options_by_host`` are the same for the firmware module. ``hosts`` are the miners with usable variables;
    ``problems`` has, for the others, why they are not.
    """
    values = found.usable
    common: Mapping[str, Any] = next(iter(values.values()), {})
    by_host = {name: own for name, own in values.items() if own != common}
    options = _options(common)
    own_options = {name: _options(own) for name, own in by_host.items()}
    return {
        "common": common,
        "by_host": by_host,
        "options": {} if own_options else options,
        # An option of all miners could not be removed again for one of them.
        "options_by_host": {name: own_options.get(name, options) for name in values} if own_options else {},
        "hosts": list(values),
        "problems": found.problems,
    }


def _options(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in _CHECKED if values.get(name) not in (None, "")}
