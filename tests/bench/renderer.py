# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a report in a process of its own: python -m tests.bench.renderer, with its rows as JSON on stdin.

Prints the seconds for the page, and the MiB of the process with and without it.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.overview import COLUMNS
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._pages.page import Page, render


def measured() -> None:
    rows = json.load(sys.stdin)
    before = peak_mib()
    began = time.monotonic()
    text = render(Page("Overview", time.time()), rows, COLUMNS)
    took = time.monotonic() - began
    print(json.dumps({"seconds": took, "mib": peak_mib(), "mib_before": before, "mb": len(text.encode()) / 1e6}))


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    measured()
