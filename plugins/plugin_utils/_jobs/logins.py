# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The passwords that a miner may still have before a job gives it a new one."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources, candidates

FACTORY_PASSWORDS = ("dragonadmin", "admin")
_OPTIONS = {option.name: option for option in OPTIONS}


def previous_passwords(sources: Sources) -> list[str]:
    """Returns the passwords that are set outside of a task, and those of the factory, each once.

    The fallback passwords come first, then all passwords that variables, the environment and the command line give.
    Raises InvalidInput for fallback passwords that are not text.
    """
    fallback = _OPTIONS["fallback_passwords"]
    given = next((value for _origin, value in candidates(fallback, sources) if fallback.is_given(value)), None)
    found = [*(fallback.typed(given) if given is not None else ())]
    found += [str(value) for _origin, value in candidates(_OPTIONS["password"], sources) if value not in (None, "")]
    return list(dict.fromkeys(password for password in (*found, *FACTORY_PASSWORDS) if password))
