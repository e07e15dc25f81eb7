# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of the role upgrade, as Ansible keeps them for each host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade import Miner
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_course import Course, address_in
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._reports import address_of

_REGISTERED = "__upgrade_"


def miners_of(names: Iterable[str], hostvars: Mapping[str, Any]) -> Iterator[Miner]:
    """Yields each miner with the results that the tasks of the role have registered for it."""
    for name in names:
        results = {
            key.removeprefix(_REGISTERED): value
            for key, value in variables_of(name, hostvars).items()
            if key.startswith(_REGISTERED)
        }
        course = Course.of(results)
        yield Miner(name, address_in(course) or address_of(name, hostvars[name]), course)


def variables_of(name: str, hostvars: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns the variables of a host as they are set.

    What the role keeps holds no templates, and to look for some in that of thousands of miners takes minutes.
    """
    raw: Mapping[str, Any] = getattr(hostvars, "raw_get", hostvars.__getitem__)(name)
    return raw
