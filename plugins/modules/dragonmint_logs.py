#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_logs
short_description: Read the log of a DragonMint miner
description:
  - Reads what the miner's programs have logged since the miner started. With O(duration), also follows what they log
    from now on.
  - The miner keeps up to 5 MB of log in memory and loses it when it reboots. Only the user C(admin) can read it.
  - The miner's log stream never ends by itself, but the task always does. RV(ended_by) names the reason.
  - In the returned or written lines, the task's secrets and passwords in pool URLs are masked, and characters that
    could control a terminal are replaced by V(?). A line of more than 8 KiB is split.
options:
  lines:
    description:
      - How many of the last log entries to start from, before O(match) is applied. An entry can have several lines.
      - With V(0), reads everything that the miner still has.
    type: int
    default: 1000
  duration:
    description:
      - How many seconds to follow the log.
      - With V(0), the task ends once it has read the existing entries. This is when O(lines) entries have arrived, or
        when a miner that has fewer of them sends nothing for 2 seconds, and after O(timeout) at the latest.
      - A miner that logs nothing for 60 seconds closes the stream, which ends the task earlier.
    type: float
    default: 0
  match:
    description:
      - A Python regular expression. Only lines with a match anywhere in them are kept.
    type: str
  dest:
    description:
      - A file on the controller to write the lines to, instead of returning them. Its folder is created if it does not
        exist.
      - A relative path starts at the folder that Ansible was started in. Each miner needs its own file, so put
        C(inventory_hostname) into the path.
      - The file is replaced in one step after everything has been read, so it is never incomplete, even if the task is
        interrupted. On Linux, a task that is killed does not leave a temporary file behind either, if the file system
        supports unnamed files.
      - With C(async), the file can't be copied back from a machine other than the controller, so the task is refused.
    type: path
  max_bytes:
    description:
      - The maximum number of bytes to keep, up to 64 MiB. Reading stops there. Each line counts as at least 64 bytes.
    type: int
    default: 8388608
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
    details:
      - The log is read as usual, and O(dest) is only compared with it.
  diff_mode:
    support: partial
    details:
      - Only with O(dest). The diff shows the size and the digest of the file.
  idempotent:
    support: partial
    details:
      - Without O(dest), the task changes nothing. With it, the file changes whenever the miner has logged something
        new.
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

- name: Save everything that cgminer has logged to a file for each miner
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
  description: The lines, oldest first.
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
    - Why reading ended. V(miner) means that the miner had sent everything that was requested, V(pause) that it sent
      nothing for a while, so everything had arrived, V(time) that the time was over, V(cut) that the stream broke off,
      either after 60 seconds without a new entry or because the miner or its network went down, and V(max_bytes) that
      O(max_bytes) was reached.
  returned: success
  type: str
  sample: miner
truncated:
  description:
    - Whether the miner had, or may have had, more of the requested lines. To get them, raise O(max_bytes) or
      O(timeout).
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


FILES = _task.Files(returned={"dest": logs.delivered})


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    selection = logs.selection_from(context.params, context.seconds("duration"))
    log = yield from logs.read(context.session, selection, context.secrets())
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
