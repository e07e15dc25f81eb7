# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords that a miner may have before a job sets a new one."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import generations
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources, candidates

FACTORY_PASSWORDS = generations.FACTORY_PASSWORDS[generations.ADMIN]
_OPTIONS = {option.name: option for option in OPTIONS}


def previous_passwords(sources: Sources) -> list[str]:
    """Returns all passwords from variables, the environment and the command line, the fallback ones first.

    Raises TypeError for values that are not text.
    """
    fallback, password = _OPTIONS["fallback_passwords"], _OPTIONS["password"]
    found: list[str] = []
    for _origin, value in candidates(fallback, sources):
        if fallback.is_given(value):
            found += fallback.typed(value)
            break
    found += [password.typed(value) for _origin, value in candidates(password, sources) if password.is_given(value)]
    username, from_prompt = sources.command_line()
    if username and from_prompt:
        found.append(from_prompt)
    return [text for text in dict.fromkeys(found) if text]
