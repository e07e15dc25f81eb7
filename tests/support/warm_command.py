# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command that becomes a warmed program, with its streams and exit code: warm_command.py KIND PROGRAM ARGUMENT …"""

import os
import pickle
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.support import warm

kind, *argv = sys.argv[1:]
python = Path(argv[0]).with_name("python")
# The terminal is not that of the process that forks: its forks could not ask who is in the foreground, as Ansible does.
stdin = os.open(os.devnull, os.O_RDONLY) if os.isatty(0) else 0
process = warm.start(
    python, pickle.loads(bytes.fromhex(kind)), argv, cwd=Path.cwd(), env=os.environ, streams=[stdin, 1, warm.STDERR]
)
code = process.wait()
# As a shell does it for a program that was ended by a signal.
sys.exit(code if code >= 0 else 128 - code)
