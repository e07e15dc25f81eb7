# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that forks workers, as Ansible does, which all check the same archive.

Its arguments are the archive, the run's folder and the number of workers. Each worker prints a line with the version or
the refusal; one that reads the archive itself first prints "reading".
"""

from __future__ import annotations

import os
import sys
import time

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidFirmware
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import libconfig
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.archive import check_archive

_parse = libconfig.parse


def main(path: str, folder: str, workers: str) -> None:
    libconfig.parse = parse_slowly
    for _unused in range(int(workers)):
        if os.fork() == 0:
            say(verdict(path, folder))
            os._exit(0)
    for _unused in range(int(workers)):
        os.wait()


def parse_slowly(text: str) -> libconfig.Group:
    say("reading")
    time.sleep(0.3)
    return _parse(text)


def verdict(path: str, folder: str) -> str:
    try:
        return str(check_archive(path, folder).version)
    except InvalidFirmware as error:
        return error.reason


def say(line: str) -> None:
    """Prints a line atomically, even if other processes print too."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
