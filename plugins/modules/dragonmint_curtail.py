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
  - Reads all miners of the play, decides which of them get a command, records their previous modes, sets their new
    modes and reads them back. It repeats this until each miner has confirmed or refused its mode, or the deadline has
    passed. All of this happens in a single Ansible worker.
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
      - The custom statistics C(dragonmint_curtail) of an earlier job.
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
      - The task runs in one worker for all miners on the controller, and can't be delegated to another machine.
  check_mode:
    support: full
    details:
      - It reads all miners, and returns which of them would get a command.
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
  description: One row per miner, the most important first.
  returned: always
  type: list
  elements: dict
shown:
  description: The first of them.
  returned: always
  type: list
  elements: dict
more:
  description: A sentence that says how many more rows there are.
  returned: always
  type: str
counts:
  description: The number of miners by outcome.
  returned: always
  type: dict
failed_miners:
  description: The miners that are not in the desired state.
  returned: always
  type: list
  elements: str
summary:
  description: The result in a few sentences.
  returned: always
  type: str
problem:
  description: The reason why nothing was sent. Empty if nothing prevented it.
  returned: always
  type: str
is_ok:
  description: Whether the goal of the curtailment is met.
  returned: always
  type: bool
stats:
  description: The totals and the record, for other jobs.
  returned: always
  type: dict
seconds:
  description: How long the task took, in seconds.
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
        msg="dragonmint_curtail runs inside Ansible on the controller and cannot run as a separate program. Use the "
        "role minerops.dragonmint.curtail.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
