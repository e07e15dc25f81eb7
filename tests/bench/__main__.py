# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""All measurements, or those named, one after the other: python -m tests.bench [tasks] [discovery] ….

They show which targets are met, but a miss is not a failure: the machine may have been busy.
"""

from __future__ import annotations

import sys

from tests.bench import curtail, discovery, drift, events, fleet, jobs, tasks

MEASUREMENTS = {
    "tasks": tasks.main,
    "discovery": discovery.main,
    "drift": drift.main,
    "fleet": fleet.main,
    "events": events.main,
    "heal": jobs.heal,
    "audit": jobs.audit,
    "overview": jobs.overview,
    "curtail": curtail.main,
    "metrics": jobs.metrics,
}

if __name__ == "__main__":
    try:
        for name in sys.argv[1:] or MEASUREMENTS:
            MEASUREMENTS[name]()
            print()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
