# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: logins
short_description: The passwords that a miner may have before it gets a new one
description:
  - Returns the passwords that variables, the environment and the command line give for the current host, each once, for
    the option O(minerops.dragonmint.dragonmint_user#module:fallback_passwords) of a task that logs in with the new one.
  - The roles and playbooks of this collection use it. It may change at any time.
options:
  factory:
    description: Add the passwords that miners have when they come from the factory.
    type: bool
    default: false
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Set a new password, regardless of the current one
  minerops.dragonmint.dragonmint_user:
    user: admin
    new_password: "{{ vault_new_password }}"
    password: "{{ vault_new_password }}"
    fallback_passwords: "{{ query('minerops.dragonmint.logins', factory=true) }}"
"""

RETURN = r"""
_raw:
  description: The passwords.
  type: list
  elements: str
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._command_line import login_for_lookup
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.logins import (
    FACTORY_PASSWORDS,
    previous_passwords,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        # Without what Ansible fills in from its own connection.
        set_by_users = given.get("vars", given)

        def variable(name: str) -> Any:
            return plain(self._templar.template(given.get(name))) if name in set_by_users else None

        sources = Sources(variable=variable, environment=os.environ, command_line=lambda: login_for_lookup(given))
        try:
            found = previous_passwords(sources)
        except (TypeError, ValueError):
            raise AnsibleLookupError(
                "dragonmint_fallback_passwords, or DRAGONMINT_FALLBACK_PASSWORDS in the environment, must be a list of "
                "passwords as text, also in JSON."
            ) from None
        return list(dict.fromkeys([*found, *(FACTORY_PASSWORDS if self.get_option("factory") else ())]))
