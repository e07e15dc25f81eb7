#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_curtail
short_description: Carry out the curtailment that the role curtail describes
description:
  - Internal, used by the role P(minerops.dragonmint.curtail#role). It may change in any release.
  - Reads all miners of the play, decides who is commanded, writes the record of what they were, sets their modes and
    reads them back, and does so again until each has confirmed or refused, or the deadline is over. All of that
    happens within one worker of Ansible.
  - The task runs once for all hosts of the play. The connection options come from the same places as in
    M(minerops.dragonmint.dragonmint_fleet).
  - A miner that fails does not fail the task. Look at RV(is_ok).
options:
  values:
    description:
      - The values of the variables of the role, as its lookup returns them.
    type: dict
    required: true
  handed:
    description:
      - What an earlier job has left in its custom statistics C(dragonmint_curtail).
    type: dict
    default: {}
  record_required:
    description:
      - Whether the record has to be written to its file. With V(false), a file that cannot be written is a warning, and
        the record is in RV(stats) alone.
    type: bool
    default: true
extends_documentation_fragment:
  - minerops.dragonmint._connection_of_many
  - minerops.dragonmint._attributes
attributes:
  async:
    support: none
    details:
      - The task is one worker for all miners, and is not handed to another machine.
  check_mode:
    support: full
    details:
      - It reads all miners, and returns who would be commanded.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: minerops.dragonmint.dragonmint_autotune
  - module: minerops.dragonmint.dragonmint_fleet
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Save power on all miners of the play
  minerops.dragonmint.dragonmint_curtail:
    values: "{{ lookup('minerops.dragonmint.job', 'curtail') }}"
  vars:
    curtail_mode: efficient
  run_once: true
  register: curtailed
"""

RETURN = r"""
rows:
  description: A row for each miner, the most interesting first.
  returned: always
  type: list
  elements: dict
shown:
  description: The first of them.
  returned: always
  type: list
  elements: dict
more:
  description: How many more there are, as a sentence.
  returned: always
  type: str
counts:
  description: How many miners there are by outcome.
  returned: always
  type: dict
failed_miners:
  description: The miners that are not as wanted.
  returned: always
  type: list
  elements: str
summary:
  description: What became of it, in a few sentences.
  returned: always
  type: str
problem:
  description: Why nothing was sent; empty if there is no such reason.
  returned: always
  type: str
is_ok:
  description: Whether the goal is met.
  returned: always
  type: bool
stats:
  description: The sums and the record, for other jobs.
  returned: always
  type: dict
seconds:
  description: How long it took.
  returned: always
  type: float
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options


def argument_spec() -> dict[str, dict[str, Any]]:
    return {
        **_options.argument_spec_of_many(),
        "values": {"type": "dict", "required": True},
        "handed": {"type": "dict", "default": {}},
        "record_required": {"type": "bool", "default": True},
    }


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.fail_json(
        msg="dragonmint_curtail runs within Ansible on the controller, and not as a program of its own. "
        "Use the role minerops.dragonmint.curtail.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
