#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_fleet
short_description: Run one module on many DragonMint miners in a single task
description:
  - Runs another module of this collection on all miners of the play at once, in a single Ansible worker. Ansible itself
    starts a worker for each host and task, which takes minutes with thousands of miners.
  - For each miner, RV(miners) has the result that the module alone would return. The checks, the requests and the
    verification are the same.
  - A miner that fails does not fail the task, since that would end the play for all hosts. Look at RV(counts) and
    RV(failed_hosts), or set O(max_failures) or O(max_failure_percent).
  - The task runs once for all hosts of the play, or once a batch with C(serial). Ansible evaluates O(options), C(when)
    and C(loop) with the variables of the first host. A task whose O(options) use a variable that differs between the
    miners is therefore refused. Use O(options_by_host) for options that differ, and choose miners with O(hosts).
  - Set C(run_once=true) together with C(register). Otherwise Ansible registers the result for the first host only.
  - The connection options of each miner come from the same places as in the module itself, including variables of the
    play, the role, the block and the task.
options:
  module:
    description:
      - The module to run, without C(dragonmint_).
      - V(firmware) is accepted in check mode only. It shows which miners are eligible for the upgrade. Install it with
        the playbook C(minerops.dragonmint.upgrade), which stops when a batch of miners fails.
    type: str
    choices: [facts, pools, autotune, power, user, network, firmware]
    required: true
  options:
    description:
      - The options of that module, the same for all miners. Connection options are allowed except C(host).
      - Options that the module does not have, and wrong values, fail the task before anything is sent.
    type: dict
    default: {}
  options_by_host:
    description:
      - A dictionary of options for single miners, by their host names in the inventory. They take precedence over
        O(options).
      - If a value is invalid, this miner fails with C(invalid_input), and the task continues with the others.
    type: dict
    default: {}
  hosts:
    description:
      - The hosts to run the module on, as a list of host names in the inventory. Defaults to the hosts of the play, or
        of the batch with C(serial), except those that have failed.
      - Hosts outside C(--limit) are skipped, and counted in RV(left_out).
    type: list
    elements: str
  concurrency:
    description:
      - How many miners are processed at once. The number is lower if the limit on open files (C(ulimit -n)) requires
        it.
    type: int
    default: 200
  rate:
    description:
      - How many miners per second are started at most. Not limited by default.
    type: float
  deadline:
    description:
      - After this many seconds, no further miners are started. Miners that were started are completed.
    type: float
  max_failures:
    description:
      - When more miners than this have failed or are unreachable, no further miners are started, and the task fails.
    type: int
  max_failure_percent:
    description:
      - The same as O(max_failures), as a percentage of all miners of the task.
    type: float
  report:
    description:
      - Which miners RV(miners) contains. V(all) of them, those that V(changed), or those that V(failed) or were
        unreachable.
      - V(auto) means V(all) up to 1,000 miners, and V(failed) above that, since AWX drops results over 700,000 bytes.
      - V(packed) means V(all) as well, but in RV(packed). With thousands of miners, Ansible takes longer to copy their
        results than the miners take to answer.
    type: str
    choices: [auto, all, changed, failed, packed]
    default: auto
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
  diff_mode:
    support: full
    details:
      - The diff of each changed miner is printed as soon as the miner is done, and is in RV(miners).
  idempotent:
    support: partial
    details:
      - The task is idempotent if O(module) is.
seealso:
  - module: minerops.dragonmint.dragonmint_facts
  - module: minerops.dragonmint.dragonmint_pools
  - module: minerops.dragonmint.dragonmint_autotune
  - module: minerops.dragonmint.dragonmint_power
  - module: minerops.dragonmint.dragonmint_user
  - module: minerops.dragonmint.dragonmint_network
  - module: minerops.dragonmint.dragonmint_firmware
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Save power everywhere, and stop when more than 2 % of the miners fail
  minerops.dragonmint.dragonmint_fleet:
    module: autotune
    options:
      mode: efficient
    max_failure_percent: 2
  run_once: true
  register: fleet

- name: Show the miners that failed
  ansible.builtin.debug:
    msg: "{{ fleet.counts.ok }} of {{ fleet.counts.total }} miners are in the mode. Failed: {{ fleet.failed_hosts }}"
  run_once: true

- name: Set different pools in each hall
  minerops.dragonmint.dragonmint_fleet:
    module: pools
    options:
      pools: "{{ pools_of_site }}"
    options_by_host: "{{ dict(groups.hall_2 | default([]) | product([{'pools': pools_of_hall_2}])) }}"
  vars:
    pools_of_site:
      - url: stratum+tcp://pool.example.com:3333
        user: farm.site
    pools_of_hall_2:
      - url: stratum+tcp://pool.example.net:3333
        user: farm.hall2

- name: Reboot at most 5 miners per second
  minerops.dragonmint.dragonmint_fleet:
    module: power
    options:
      state: rebooted
      min_uptime: 86400
    rate: 5
"""

RETURN = r"""
miners:
  description:
    - The result of each miner, by host name, as O(module) alone returns it. Facts are under C(ansible_facts), and are
      not set for any host.
    - O(report) determines which miners it contains.
  returned: always
  type: dict
  sample:
    miner1: {changed: true, autotune: {mode: efficient, level: null}}
    miner2: {unreachable: true, changed: false, error_code: unreachable, msg: …}
packed:
  description:
    - What RV(miners) would contain, compressed into one text, for the filters of the collection's own playbooks.
  returned: if O(report) is V(packed)
  type: str
  sample: eNqrVsrNzEstMlSyqlYqKs1LSk1RsqqtBQBQGQcV
counts:
  description: The number of miners by result.
  returned: always
  type: dict
  contains:
    total:
      description: All miners of the task, the sum of RV(counts.ok), RV(counts.failed), RV(counts.unreachable) and
        RV(counts.not_tried).
      returned: always
      type: int
      sample: 10000
    ok:
      description: Miners for which the module succeeded.
      returned: always
      type: int
      sample: 9950
    changed:
      description: The successful miners that were changed.
      returned: always
      type: int
      sample: 9900
    failed:
      description: Miners that failed.
      returned: always
      type: int
      sample: 20
    unreachable:
      description: Miners that were unreachable.
      returned: always
      type: int
      sample: 30
    not_tried:
      description: Miners that were not started because of O(deadline), O(max_failures) or O(max_failure_percent).
      returned: always
      type: int
      sample: 0
failed_hosts:
  description: The hosts that failed or were unreachable.
  returned: always
  type: list
  elements: str
  sample: [miner2]
not_tried_hosts:
  description: The hosts that were not started.
  returned: always
  type: list
  elements: str
  sample: []
left_out:
  description: How many of O(hosts) are outside C(--limit).
  returned: always
  type: int
  sample: 0
seconds:
  description: How long the task took, in seconds.
  returned: always
  type: float
  sample: 38.2
error_code:
  description:
    - Why the task failed, for programs. V(too_many_failures) means that more miners failed than O(max_failures) or
      O(max_failure_percent) allows. Each failed miner has its own error code in RV(miners).
  returned: failure
  type: str
  sample: too_many_failures
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.minerops.dragonmint.plugins.module_utils import _options


def argument_spec() -> dict[str, dict[str, Any]]:
    return {
        **_options.argument_spec_of_many(),
        "module": {
            "type": "str",
            "choices": ["facts", "pools", "autotune", "power", "user", "network", "firmware"],
            "required": True,
        },
        "options": {"type": "dict", "default": {}},
        "options_by_host": {"type": "dict", "default": {}},
        "hosts": {"type": "list", "elements": "str"},
        "concurrency": {"type": "int", "default": 200},
        "rate": {"type": "float"},
        "deadline": {"type": "float"},
        "max_failures": {"type": "int"},
        "max_failure_percent": {"type": "float"},
        "report": {"type": "str", "choices": ["auto", "all", "changed", "failed", "packed"], "default": "auto"},
    }


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    module.fail_json(
        msg="dragonmint_fleet runs inside Ansible on the controller and cannot run as a separate program. Use it in "
        "a task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
