#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_fleet
short_description: Run one module on many DragonMint miners in a single task
description:
  - Runs another module of this collection on all miners of the play at once, within one worker of Ansible. Ansible
    itself starts a worker for each host and task, which takes minutes with thousands of miners.
  - Each miner gets the result that the module alone would give it, in RV(miners). It applies the same checks, sends the
    same requests and verifies in the same way.
  - A miner that fails does not fail the task, since that would end the play for all hosts. Look at RV(counts) and
    RV(failed_hosts), or set O(max_failures) or O(max_failure_percent).
  - The task runs once for all hosts of the play, or once a batch with C(serial). Ansible evaluates O(options), C(when)
    and C(loop) with the variables of the first host. So O(options) must not use a variable that differs between the
    miners; such a task is refused. Give what differs in O(options_by_host), and choose miners with O(hosts).
  - Write C(run_once=true) beside C(register). Otherwise Ansible registers the result for the first host only.
  - The connection options come from the same places as in the module itself, for each miner, variables of the
    play, the role, the block and the task included.
options:
  module:
    description:
      - The module to run, without C(dragonmint_).
      - V(firmware) is accepted in check mode only. It shows which miners are eligible for a firmware. Install it with
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
      - A dictionary with options for single miners, by the name of the host in the inventory. They take precedence over
        O(options).
      - A wrong value makes that miner fail with C(invalid_input), and the others go on.
    type: dict
    default: {}
  hosts:
    description:
      - The hosts to run the module on, a list of names in the inventory. Defaults to the hosts of the play, or of the
        batch with C(serial), without those that failed.
      - Hosts outside C(--limit) are left out, and counted in RV(left_out).
    type: list
    elements: str
  concurrency:
    description:
      - How many miners are worked on at once, fewer if this process may not open as many files.
    type: int
    default: 200
  rate:
    description:
      - How many miners are begun per second at most. Not limited by default.
    type: float
  deadline:
    description:
      - After so many seconds no other miner is begun. Those that were begun are finished.
    type: float
  max_failures:
    description:
      - When more miners than this have failed or are unreachable, no other miner is begun and the task fails.
    type: int
  max_failure_percent:
    description:
      - The same as O(max_failures), as a percentage of all miners of the task.
    type: float
  report:
    description:
      - Which miners RV(miners) contains. V(all), only those that V(changed), or only those that V(failed) or were
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
      - The task is one worker for all miners, and is not handed to another machine.
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Each changed miner's difference is printed as soon as it is done, and is in RV(miners).
  idempotent:
    support: partial
    details:
      - As far as O(module) is.
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

- name: Name the miners that failed
  ansible.builtin.debug:
    msg: "{{ fleet.counts.ok }} of {{ fleet.counts.total }} miners are in the mode, not {{ fleet.failed_hosts }}"
  run_once: true

- name: Give the miners of each hall pools of their own
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
    - The result of each miner, by the name of its host, as O(module) alone returns it. Facts are under
      C(ansible_facts), and are not set for any host.
    - See O(report) for which miners it contains.
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
  description: How many miners there are, and what became of them.
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
      description: Miners that are as desired.
      returned: always
      type: int
      sample: 9950
    changed:
      description: Those of them that were changed.
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
      description: Miners that were not begun, because of O(deadline), O(max_failures) or O(max_failure_percent).
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
  description: The hosts that were not begun.
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
  description: How long it took.
  returned: always
  type: float
  sample: 38.2
error_code:
  description:
    - Why the task failed, for programs. V(too_many_failures) means that more miners failed than O(max_failures) or
      O(max_failure_percent) allows. Miners have an error code of their own in RV(miners).
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
        msg="dragonmint_fleet runs within Ansible on the controller, and not as a program of its own. "
        "Use it in a task without delegate_to.",
        error_code="invalid_input",
    )


if __name__ == "__main__":
    main()
