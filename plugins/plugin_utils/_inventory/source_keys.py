# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the keys of an inventory source. Ansible ignores unknown keys, including misspelt options."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput


def require_documented(source: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> None:
    """Checks a source against the options of a plugin's documentation, including suboptions in lists of dictionaries.

    Templates, and entries that are not dictionaries, are left to the code that reads the option. Raises InvalidInput,
    which shows no value, since it may contain a password.
    """
    require_known("", source, options)
    for name, value in source.items():
        suboptions = options[name].get("suboptions")
        if not suboptions or value is None or isinstance(value, str):
            continue
        if not isinstance(value, (list, tuple)):
            raise InvalidInput(f"{name} must be a list of dictionaries with {', '.join(suboptions)}.")
        for number, entry in enumerate(value):
            if isinstance(entry, Mapping):
                require_known(f"{name}[{number}]", entry, suboptions)


def require_known(place: str, keys: Collection[Any], known: Collection[str]) -> None:
    """Raises InvalidInput for an unknown key, with the known key that resembles it."""
    for key in map(str, keys):
        if key not in known:
            hint = did_you_mean(key, known) or f" Use one of: {', '.join(known)}."
            raise InvalidInput(f"{place}{': ' if place else ''}unknown key '{key}'.{hint}")


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Returns a sentence, after a blank, with the known name that resembles this one; empty if there is none."""
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean '{near[0]}'?" if near else ""
