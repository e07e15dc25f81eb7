# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""All soaks with their defaults, or one with its own arguments: python -m tests.soak [faults [--minutes 20] …].

Each first prints its seed, with which it can be repeated, and exits with 1 if anything was wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tests.soak import faults, kills

# Each gets its arguments and returns whether all was well.
PARTS: dict[str, Callable[[Sequence[str]], bool]] = {"faults": faults.main, "kills": kills.main}

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or [""]
    if name and name not in PARTS:
        sys.exit(f"There is no soak {name}; there are {', '.join(PARTS)}.")
    try:
        outcomes = [part(arguments) for part in ([PARTS[name]] if name else PARTS.values())]
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
    sys.exit(0 if all(outcomes) else 1)
