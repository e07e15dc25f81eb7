#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_metrics
short_description: Write metrics of DragonMint miners for Prometheus
description:
  - Polls all miners of the play in a single task, as M(minerops.dragonmint.dragonmint_fleet) does, and writes a file
    for the textfile collector of C(node_exporter). Only reads are sent.
  - The file is replaced as a whole, so that it never holds a part of a poll. A miner that does not answer has
    C(dragonmint_up 0) and no other values. A miner that is not a host of the play has no values at all.
  - The limits of the findings are the variables C(health_*) of each host, and the desired state is in its variables
    C(provision_*) and C(upgrade_version).
  - The task runs once for all hosts of the play. Ansible evaluates its own options with the variables of the first
    host.
requirements:
  - prometheus_client
options:
  dest:
    description:
      - The file to write, with its missing folders. Its name must end in C(.prom) for C(node_exporter) to read it.
      - A file that is there keeps its permissions; those of a new one follow the umask.
      - Not written in check mode.
    type: path
    required: true
  sd_dest:
    description:
      - A second file with each miner as a target for C(file_sd_configs) of Prometheus, with the labels of its metrics.
    type: path
  labels:
    description:
      - Variables of the hosts whose values become labels of the same names, beside C(miner) and C(model).
    type: list
    elements: str
    default: [rack]
  drift:
    description:
      - Compare each miner with its desired state. This takes one more request a miner.
    type: bool
    default: true
  curtail_record:
    description:
      - The record of the role P(minerops.dragonmint.curtail#role), which says who is curtailed while the event is open.
        Miners that the inventory plugin has found in a record are curtailed, too.
      - Defaults to C(curtail-record.json) in C(dragonmint-reports).
    type: path
  curtail_record_data:
    description:
      - The record as an earlier job has handed it on. It takes precedence over O(curtail_record), as does
        C(dragonmint_curtail.record), which that job leaves in its custom statistics.
    type: dict
  hosts:
    description:
      - The hosts to poll, a list of names in the inventory. Defaults to the hosts of the play.
    type: list
    elements: str
  concurrency:
    description:
      - How many miners are polled at once, fewer if this process may not open as many files.
    type: int
    default: 200
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
      - The miners are polled, and no file is written.
  diff_mode:
    support: none
  idempotent:
    support: full
    details:
      - A poll changes no miner, so the task never reports a change.
seealso:
  - module: minerops.dragonmint.dragonmint_facts
  - module: minerops.dragonmint.dragonmint_fleet
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Write the metrics of all miners
  minerops.dragonmint.dragonmint_metrics:
    dest: dragonmint-reports/dragonmint.prom
    labels: [site, rack]
  run_once: true
"""

RETURN = r"""
counts:
  description: How many miners the file has.
  returned: success
  type: dict
  contains:
    total:
      description: All miners, also those that the inventory expects and did not find.
      returned: success
      type: int
      sample: 1000
    up:
      description: Those that answered and accepted the login.
      returned: success
      type: int
      sample: 990
    down:
      description: The others.
      returned: success
      type: int
      sample: 10
    curtailed:
      description: Those that are curtailed.
      returned: success
      type: int
      sample: 0
    unhealthy:
      description: Those that are up and have a critical finding or a warning.
      returned: success
      type: int
      sample: 12
    drifted:
      description: Those of which a setting differs from its desired state.
      returned: success
      type: int
      sample: 3
seconds:
  description: How long it took.
  returned: success
  type: float
  sample: 9.4
error_code:
  description: What went wrong, for programs.
  returned: failure
  type: str
  sample: missing_library
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options


def argument_spec() -> dict[str, dict[str, Any]]:
    return {
        **_options.argument_spec_of_many(),
        "dest": {"type": "path", "required": True},
        "sd_dest": {"type": "path"},
        "labels": {"type": "list", "elements": "str", "default": ["rack"]},
        "drift": {"type": "bool", "default": True},
        "curtail_record": {"type": "path"},
        "curtail_record_data": {"type": "dict"},
        "hosts": {"type": "list", "elements": "str"},
        "concurrency": {"type": "int", "default": 200},
    }


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.fail_json(
        msg="dragonmint_metrics runs within Ansible on the controller, and not as a program of its own. "
        "Use it in a task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
