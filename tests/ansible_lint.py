# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-lint. It checks the syntax of each playbook and role with ansible-playbook: here with a warmed one."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support import warm
from tests.support.running import ENVIRONMENTS, ROOT, WARM_COMMANDS

LINT = ENVIRONMENTS / "lint/bin"


def main() -> int:
    # As ansible-lint sets it for ansible-playbook. If the folder of its interpreter is missing in PATH, it comes first.
    own = {**os.environ, "PYTHONWARNINGS": "ignore", "PATH": f"{LINT}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as folder:
        environment = warm.with_commands(
            Path(folder, "warm"), ENVIRONMENTS / "newest/bin", ["ansible-playbook"], WARM_COMMANDS, own
        )
        return subprocess.run([LINT / "ansible-lint", *sys.argv[1:]], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
