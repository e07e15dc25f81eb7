#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_user
short_description: Set the password of a user of a DragonMint miner
description:
  - Sets the password of one of the miner's two users, C(admin) and C(guest).
  - A password can't be read, so the task first tries to log in with the new one. A miner that accepts it is skipped.
  - After a change, the task logs in with the new password again, and fails if the miner does not accept it.
  - Existing sessions stay logged in, since the miner does not end them.
options:
  user:
    description:
      - The user whose password to set. Innosilicon's firmware can only set the password of V(admin).
    type: str
    choices: [admin, guest]
    default: admin
  new_password:
    description:
      - The new password. It must not be empty, begin or end with white space, or contain invisible characters.
    type: str
    required: true
  update_password:
    description:
      - V(always) sets the password if the miner has a different one. V(on_default) sets it only if the miner still has
        the factory password.
    type: str
    choices: [always, on_default]
    default: always
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The diff shows that the password changes, but neither value.
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_facts
notes:
  - If the task changes the password of the user in O(username), the following tasks need the new password. In the
    inventory, set O(password) to the new password and O(fallback_passwords) to the previous one. The play can then be
    repeated at any time.
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
# The passwords come from a vault. A misspelt variable fails the task, so never give it a default.
- name: Replace the factory password with the fleet's password
  minerops.dragonmint.dragonmint_user:
    new_password: "{{ vault_fleet_password }}"
    password: "{{ vault_fleet_password }}"
    fallback_passwords: [dragonadmin, admin]

- name: Find out which vendor's firmware the miner has
  minerops.dragonmint.dragonmint_facts:
    gather_subset: [generation]
    password: "{{ vault_fleet_password }}"

- name: Replace the factory password of guest on DragonMint miners
  minerops.dragonmint.dragonmint_user:
    user: guest
    new_password: "{{ vault_guest_password }}"
    update_password: on_default
    password: "{{ vault_fleet_password }}"
  when: ansible_facts.dragonmint_generation is match('dm-')
"""

RETURN = r"""
user:
  description: The user whose password was set.
  returned: success
  type: dict
  contains:
    name:
      description: The name.
      returned: always
      type: str
      sample: admin
error_code:
  description:
    - What went wrong, for programs. V(unsupported) means that the firmware can't set this user's password,
      V(permission) that only C(admin) can set it, V(not_applied) that the miner does not accept the new password,
      V(authentication) that the miner refused the login. If the message says that the miner no longer knows its own
      users, its user file is damaged, and only a factory reset at the miner itself helps.
  returned: failure
  type: str
  sample: authentication
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import converge
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._settings import user


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        user={"type": "str", "choices": list(user.USERS), "default": "admin"},
        new_password={"type": "str", "required": True, "no_log": True},
        update_password={
            "type": "str",
            "choices": [user.ALWAYS, user.ON_DEFAULT],
            "default": user.ALWAYS,
            "no_log": False,
        },
    )


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    name, new_password = context.params["user"], context.params["new_password"]
    only_factory = context.params["update_password"] == user.ON_DEFAULT
    setting = user.PasswordSetting(context.session, name, new_password, only_factory)
    outcome = yield from converge(setting, context.check_mode)
    return _task.outcome_result(outcome, user={"name": name})


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
