#!/usr/bin/python
# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: dragonmint_firmware
short_description: Upgrade the firmware of a DragonMint miner
description:
  - Installs a firmware on a miner and verifies that the miner runs it. A miner that already runs it is skipped.
  - The archive is checked first, once for all miners of a run. A damaged archive, or one for other hardware, is not
    sent to any miner.
  - After the upload, the task follows the miner's updater until the miner has rebooted into the new firmware and mines
    again. A confirmed upload proves nothing by itself, since the miner confirms the upload of a broken archive, too.
  - Some archives are for two models, such as the B29 and the D9. An archive that would turn the miner into another
    model is installed with a warning.
  - A miner is flashed only once. If an update is already in progress, the task follows it instead of sending another
    one.
  - With up to 20 miners at once, the phases of each miner and every 10 percent are printed. With more miners,
    percentages are only printed with C(-v).
options:
  src:
    description:
      - The archive (.swu) on the controller to send to the miner, 100 MiB at most.
      - Exactly one of O(src), O(url) and O(latest) is required.
    type: path
  url:
    description:
      - The URL of an archive that the miner downloads itself. Not every firmware can do this.
    type: str
  latest:
    description:
      - Let the miner download the vendor's newest firmware for it. Not every firmware can do this, and the vendor's
        server may no longer exist.
    type: bool
    default: false
  version:
    description:
      - The version of the firmware to install, such as V(t1_20180515_060842).
      - Defaults to the version in the archive, or else to the version in the name of the archive.
    type: str
  checksum:
    description:
      - The SHA-256 checksum that O(src) must have, as V(sha256:) and 64 hexadecimal digits.
    type: str
  allow_downgrade:
    description:
      - Whether to install a firmware that is older than the one that the miner runs.
    type: bool
    default: false
  force:
    description:
      - Install the firmware even on a miner that already runs it.
    type: bool
    default: false
  recover:
    description:
      - If the miner's updater has died or is stuck on an earlier upload that was cut off, restart the updater and try
        once more. Only some firmware can restart it, such as Innosilicon's of 2019. If it can't be restarted, or if the
        second try fails as well, reboot the miner and try again.
    type: bool
    default: false
  wait:
    description:
      - Wait until the miner runs the firmware and mines again.
      - With V(false), the task ends when the miner has checked the archive and either begins to write it or rejects it.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait after the miner has received the archive. The time allowed for sending the archive
        grows with its size.
    type: float
    default: 900
  search:
    description:
      - If the miner comes back at another address, look for it in this network, such as V(10.1.0.0/22), of at most 4096
        addresses. The miner is recognized by its MAC address, which it must report beforehand.
      - For the first third of O(wait_timeout), 2 minutes at most, only its own address is tried, unless another device
        answers there.
      - With O(expected_mac), this also finds a miner that does not answer at O(host) to begin with.
      - The login is never sent to a device that is not a miner. It is sent to other miners in the network, with the
        password that the miner uses.
    type: str
extends_documentation_fragment:
  - minerops.dragonmint._connection
  - minerops.dragonmint._attributes
attributes:
  check_mode:
    support: full
    details:
      - The archive and the miner are checked, and nothing is sent.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Not with O(force=true).
requirements:
  - aiohttp >= 3.9, where the task runs
seealso:
  - module: minerops.dragonmint.dragonmint_facts
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Show which miners would be upgraded, and change nothing
  minerops.dragonmint.dragonmint_firmware:
    src: files/t1_20180901_120000.swu
  check_mode: true

- name: Upgrade a miner, and wait until it mines again
  minerops.dragonmint.dragonmint_firmware:
    src: files/t1_20180901_120000.swu

- name: Upgrade a miner that may come back at another address
  minerops.dragonmint.dragonmint_firmware:
    src: files/t1_20180901_120000.swu
    search: 192.0.2.0/24
  register: upgraded

- name: Use its new address from here on
  ansible.builtin.set_fact:
    dragonmint_host: "{{ upgraded.ipaddress }}"

- name: Go back to an older firmware
  minerops.dragonmint.dragonmint_firmware:
    src: files/t1_20180515_060842.swu
    allow_downgrade: true
    wait_timeout: 1200
"""

RETURN = r"""
firmware:
  description: The firmware.
  returned: success
  type: dict
  contains:
    version:
      description: The version that the miner runs. In check mode and with O(wait=false), the version that it will run.
      returned: always
      type: str
      sample: t1_20180901_120000
version_before:
  description: The version that the miner ran before.
  returned: success
  type: str
  sample: t1_20180515_060842
version:
  description: The version that the miner runs. In check mode and with O(wait=false), the version that it will run.
  returned: success
  type: str
  sample: t1_20180901_120000
ipaddress:
  description:
    - The current address of the miner. This is O(host) if the address has not changed.
    - A failed task returns it if the miner was found at another address.
  returned: success
  type: str
  sample: 10.1.0.25
rebooted:
  description: Whether the miner was seen to reboot.
  returned: success
  type: bool
  sample: true
began_at:
  description: When the task began, in seconds since 1970, by the clock of the machine that it ran on.
  returned: success
  type: float
  sample: 1535803200.25
elapsed_seconds:
  description: How long the task took, in seconds.
  returned: success
  type: float
  sample: 143.2
error_code:
  description:
    - What went wrong, for programs. V(invalid_firmware) means that the archive is damaged or for other hardware,
      V(downgrade) that it is older than the firmware that the miner runs, V(flash_failed) that the miner did not
      install it or does not boot it, V(updater_stuck) that the miner's updater does not accept anything (see
      O(recover)), V(not_back) that the miner has not come back, V(not_ready) that it came back but does not mine.
  returned: failure
  type: str
  sample: flash_failed
"""

import time
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import install
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import Tracker, hosts_to_search
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.sockets import AIOHTTP_IMPORT_ERROR
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Steps


def argument_spec() -> _task.ArgumentSpec:
    return _task.argument_spec(
        src={"type": "path"},
        url={"type": "str"},
        latest={"type": "bool", "default": False},
        version={"type": "str"},
        checksum={"type": "str"},
        allow_downgrade={"type": "bool", "default": False},
        force={"type": "bool", "default": False},
        recover={"type": "bool", "default": False},
        wait={"type": "bool", "default": True},
        wait_timeout={"type": "float", "default": 900},
        search={"type": "str"},
    )


FILES = _task.Files(sent=("src",))


def run(context: _task.Context) -> Steps[dict[str, Any]]:
    context.require("aiohttp", AIOHTTP_IMPORT_ERROR)
    began_at = time.time()
    params = context.params
    policy = install.Policy(
        allow_downgrade=params["allow_downgrade"],
        force=params["force"],
        recover=params["recover"],
        to_end=params["wait"],
        wait_s=context.seconds("wait_timeout"),
    )
    hosts = hosts_to_search(params["search"])
    named = install.firmware_from(params, context.folder)
    session = context.session
    tracker = Tracker(session, hosts, policy.wait_s)
    firmware = named or (yield from install.newest(session, tracker, params["version"]))
    outcome = yield from install.install(
        session, tracker, firmware, policy, context.check_mode, context.notify, context.warn
    )
    return _task.outcome_result(
        outcome,
        firmware={"version": outcome.value},
        version_before=outcome.version_before,
        version=outcome.value,
        ipaddress=session.connection.host,
        rebooted=outcome.rebooted,
        began_at=began_at,
        elapsed_seconds=outcome.elapsed_s,
    )


def main() -> None:
    _task.run_module(run, argument_spec())


if __name__ == "__main__":
    main()
