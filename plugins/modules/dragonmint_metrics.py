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
  - The file is replaced in one step, so it never contains an incomplete poll. A miner that does not answer has
    C(dragonmint_up 0) and no other values. A miner that is not a host of the play has no values at all.
  - The limits for findings come from the variables C(health_*) of each host, and its desired state from its variables
    C(provision_*) and C(upgrade_version).
  - The task runs once for all hosts of the play. Ansible evaluates its own options with the variables of the first
    host.
requirements:
  - prometheus_client
options:
  dest:
    description:
      - The file to write. Missing folders are created. The name must end in C(.prom) for C(node_exporter) to read it.
      - An existing file keeps its permissions. A new file gets permissions according to the umask.
      - The file is not written in check mode.
    type: path
    required: true
  sd_dest:
    description:
      - A second file to write, which lists each miner as a target for C(file_sd_configs) of Prometheus, with the labels
        of its metrics.
    type: path
  labels:
    description:
      - Host variables whose values become labels of the same names, in addition to C(miner) and C(model).
    type: list
    elements: str
    default: [rack]
  drift:
    description:
      - Compare each miner with its desired state. This takes one more request per miner.
    type: bool
    default: true
  curtail_record:
    description:
      - The record of the role P(minerops.dragonmint.curtail#role), which lists the curtailed miners while the event is
        open. Miners that the inventory plugin has found in a record count as curtailed, too.
      - Defaults to C(curtail-record.json) in C(dragonmint-reports).
    type: path
  curtail_record_data:
    description:
      - The record as passed on by an earlier job. It takes precedence over O(curtail_record), as does
        C(dragonmint_curtail.record), which the earlier job leaves in its custom statistics.
    type: dict
  hosts:
    description:
      - The hosts to poll, as a list of host names in the inventory. Defaults to the hosts of the play.
    type: list
    elements: str
  concurrency:
    description:
      - How many miners are polled at once. The number is lower if the limit on open files (C(ulimit -n)) requires it.
    type: int
    default: 200
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
  description: The number of miners in the file.
  returned: success
  type: dict
  contains:
    total:
      description: All miners, including those that the inventory expects but did not find.
      returned: success
      type: int
      sample: 1000
    up:
      description: Miners that answered and accepted the login.
      returned: success
      type: int
      sample: 990
    down:
      description: Miners that did not answer or did not accept the login.
      returned: success
      type: int
      sample: 10
    curtailed:
      description: Miners that are curtailed.
      returned: success
      type: int
      sample: 0
    unhealthy:
      description: Miners that are up and have a critical finding or a warning.
      returned: success
      type: int
      sample: 12
    drifted:
      description: Miners with drift in at least one setting.
      returned: success
      type: int
      sample: 3
seconds:
  description: How long the task took, in seconds.
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
        msg="dragonmint_metrics runs inside Ansible on the controller and cannot run as a separate program. Use it "
        "in a task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
