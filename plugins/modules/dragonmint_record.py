#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_record
short_description: Keep a text in a file on the controller
description:
  - Internal, used by the roles P(minerops.dragonmint.health#role) and P(minerops.dragonmint.upgrade#role). It may
    change in any release.
  - Replaces a file as a whole, so that a run that is killed leaves either the old text or the new one. The file is on
    disk when the task ends. No miner is contacted.
  - The task runs inside Ansible on the controller. M(ansible.builtin.copy) starts two processes for the same work. A
    record does not count as a change.
options:
  dest:
    description: The path of the file. A relative path starts at the folder that Ansible was started in. Missing folders
      are created.
    type: path
    required: true
  content:
    description: The text. Anything else is written as JSON.
    type: raw
    required: true
extends_documentation_fragment:
  - minerops.dragonmint._attributes
attributes:
  async:
    support: none
    details:
      - The task runs inside Ansible on the controller.
  check_mode:
    support: full
    details:
      - Nothing is written.
  diff_mode:
    support: none
    details:
      - A record does not count as a change.
  idempotent:
    support: full
    details:
      - It never reports a change.
seealso:
  - module: ansible.builtin.copy
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Record which miners were moved
  minerops.dragonmint.dragonmint_record:
    dest: records/moved.txt
    content: "{{ ansible_play_hosts | join('\n') }}\n"
  run_once: true
"""

RETURN = r"""
dest:
  description: The path of the file.
  returned: success
  type: str
  sample: records/moved.txt
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule


def argument_spec() -> dict[str, dict[str, Any]]:
    return {"dest": {"type": "path", "required": True}, "content": {"type": "raw", "required": True}}


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.fail_json(
        msg="dragonmint_record runs inside Ansible on the controller and cannot run as a separate program. Use it in a "
        "task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
