# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logins that an inventory source tries, from its option or the environment. No message has a password."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.source_keys import require_known

_KEYS = ("name", "username", "password")
_ENVIRONMENT_LOOKUP = re.compile(r"""(?:lookup|query|q)\(\s*['"](?:ansible\.builtin\.)?env['"]\s*,\s*['"](\w+)['"]""")


def credentials_from(options: Any, templates: Any, environment: Mapping[str, str]) -> list[Credential]:
    """Returns the logins of the option ``credentials``; without it, those of the environment.

    ``templates`` is the option before templating, which shows where an empty password came from. Raises InvalidInput
    for an invalid login, and if there is no login.
    """
    if not options:
        return _credentials_of(environment)
    return [_credential(number, option, templates[number]) for number, option in enumerate(options)]


def _credential(number: int, option: Any, template: Any) -> Credential:
    place = f"credentials[{number}]"
    if not isinstance(option, Mapping):
        raise InvalidInput(f"{place} must be a dictionary with {', '.join(_KEYS)}.")
    require_known(place, option, _KEYS)
    password = option.get("password")
    if isinstance(password, bool):
        raise InvalidInput(f"{place}.password was read as {str(password).lower()}. Put the password in quotes.")
    if password is None or password == "":
        origin = str(template.get("password", "")) if isinstance(template, Mapping) else ""
        raise InvalidInput(f"{place}.password is empty{_cause(origin)}")
    return Credential(str(option.get("username") or "admin"), str(password), str(option.get("name") or number + 1))


def _cause(template: str) -> str:
    """Returns the rest of a sentence about an empty value: its cause, and what to do."""
    lookup = _ENVIRONMENT_LOOKUP.search(template)
    if lookup is None:
        return ". Set it, or the variable that it comes from."
    name = lookup[1]
    return f": the environment variable {name} is unset or empty. Set it with: read -rs {name} && export {name}"


def _credentials_of(environment: Mapping[str, str]) -> list[Credential]:
    password = environment.get("DRAGONMINT_PASSWORD")
    if not password:
        raise InvalidInput(
            "no login is set. Set credentials in the inventory file, or the environment variable DRAGONMINT_PASSWORD "
            "with: read -rs DRAGONMINT_PASSWORD && export DRAGONMINT_PASSWORD"
        )
    username = environment.get("DRAGONMINT_USERNAME") or "admin"
    passwords = [password, *_passwords_in(environment.get("DRAGONMINT_FALLBACK_PASSWORDS", ""))]
    return [Credential(username, text, str(number)) for number, text in enumerate(passwords, 1)]


def _passwords_in(text: str) -> list[str]:
    """Returns the passwords of a JSON list; any other text is the only one."""
    try:
        passwords = json.loads(text) if text.lstrip().startswith("[") else [text]
    except ValueError:
        passwords = [text]
    return [str(password) for password in passwords if password not in (None, "")]
