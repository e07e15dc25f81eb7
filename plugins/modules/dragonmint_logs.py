#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_logs
short_description: Read the log of a DragonMint miner
description:
  - Reads what the miner's programs have logged since it started, and for a while also what they log from now on.
  - The miner keeps its log in memory, 5 MB of it at the most, and loses it with a reboot. Only the user C(admin) can
    read it.
  - The miner's own stream never ends by itself, but the task always does. RV(ended_by) tells what ended it.
  - In what is returned or written, secrets of the task and passwords in the addresses of pools are masked, and whatever
    would steer a terminal is a V(?). A line of more than 8 KiB comes in parts.
options:
  lines:
    description:
      - How many of the last entries to start from, before O(match) is looked at. An entry can have several lines.
      - With V(0), everything that the miner still has.
    type: int
    default: 1000
  duration:
    description:
      - How many seconds to go on with what the miner logs from now on.
      - With V(0), the task ends once it has read what is there. That is when all O(lines) have come, or when a miner
        that has fewer of them pauses for 2 seconds, and after O(timeout) at the latest.
      - A miner that logs nothing for 60 seconds ends the stream earlier.
    type: float
    default: 0
  match:
    description:
      - A regular expression of Python. Only lines that it is found in are kept.
    type: str
  dest:
    description:
      - A file on the controller to write the lines to, instead of returning them. Its folder is made if it is missing.
      - A relative name starts at the folder that Ansible was started in. With several miners, each needs a file of its
        own, so have C(inventory_hostname) in it.
      - The file is replaced as a whole, once everything was read. It never holds a part only, whatever ends the task.
        On Linux, a task that is killed leaves no part beside it either, if the file system knows files without a name.
      - With C(async) it can't be brought back from another machine than the controller, and is refused.
    type: path
  max_bytes:
    description:
      - How many bytes to keep at most, 64 MiB or less. Reading ends there. A line counts 64 bytes at the least.
    type: int
    default: 8388608
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
    details:
      - The log is read as ever, and O(dest) is only compared with it.
  diff_mode:
    support: partial
    details:
      - Only with O(dest), and only the size and the digest of the file.
  idempotent:
    support: partial
    details:
      - Without O(dest) it changes nothing. With it, the file changes whenever the miner has logged something new.
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Read the last 200 entries
  minerops.dragonmint.dragonmint_logs:
    lines: 200
  register: log

- name: Show them
  ansible.builtin.debug:
    var: log.lines

- name: Keep all that cgminer has logged in a file for each miner
  minerops.dragonmint.dragonmint_logs:
    lines: 0
    match: ' cgminer\['
    dest: "miner-logs/{{ inventory_hostname }}.log"

- name: Watch for errors for 5 seconds
  minerops.dragonmint.dragonmint_logs:
    lines: 1
    duration: 5
    match: (?i)error|fail
  register: watched
  failed_when: watched.count | default(0) > 0
"""

RETURN = r"""
lines:
  description: The lines, from old to new.
  returned: success, without O(dest)
  type: list
  elements: str
  sample: ["Jun 16 20:44:33 dragonMint cgminer[312]: Started cgminer 4.10.0"]
count:
  description: How many lines were returned or written.
  returned: success
  type: int
  sample: 1
dest:
  description: The file that was written.
  returned: success, with O(dest)
  type: str
  sample: /home/farm/miner-logs/rack1-01.log
ended_by:
  description:
    - What ended the reading. With V(miner), it had sent all that was asked for. With V(pause), it sent nothing more for
      a while, so all that it had was there. With V(time), the time was over. With V(cut), the stream broke off, after
      60 seconds without anything new, or since the miner or its network went down. With V(max_bytes), that was full.
  returned: success
  type: str
  sample: miner
truncated:
  description:
    - Whether the miner had, or may have had, more of what was wanted. More O(max_bytes) or a longer O(timeout) helps.
  returned: success
  type: bool
  sample: false
error_code:
  description: What went wrong, for programs. V(permission) means that a guest can't read the log.
  returned: failure
  type: str
  sample: permission
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import logs
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        lines={"type": "int", "default": 1000},
        duration={"type": "float", "default": 0},
        match={"type": "str"},
        dest={"type": "path"},
        max_bytes={"type": "int", "default": 8 * 1024 * 1024},
    )


FILES = _task.Files(brought={"dest": logs.delivered})


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    wanted = logs.wanted_from(context.params, context.seconds("duration"))
    log = yield from logs.read(context.session, wanted, context.secrets())
    result = {
        "changed": False,
        "lines": log.lines,
        "count": len(log.lines),
        "ended_by": log.ended_by,
        "truncated": log.is_truncated,
    }
    return logs.delivered(result, context.params["dest"], context.check_mode)


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
