# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short soak: a few miners, some runs while faults come and go, and then the desired state."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulator.control import Fleet
from tests.simulator.control.faults import TABLE
from tests.soak.faults import SPEED, Soak
from tests.soak.troubles import LEFT_OUT, TROUBLES
from tests.support.running import Ansible, newest_core

SEED = 20180901
BRIEF = {"provision_verify_timeout": 2, "upgrade_serial": [10], "upgrade_settle_seconds": 2, "upgrade_wait_timeout": 6}


@newest_core
def test_all_holds_while_faults_come_and_go(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    troubles = [trouble for trouble in TROUBLES if not trouble.is_long]
    soak = Soak(start_fleet(count=4, generation="mixed", speed=SPEED), ansible, SEED, print, troubles)
    for kind in ("provision", "provision --check", "upgrade", "fleet"):
        soak.in_trouble(kind, **BRIEF)
    soak.in_peace(["provision"])
    assert soak.totals.broken == []
    # A soak in which nothing happens proves nothing.
    assert soak.totals.writes > len(soak.fleet.miners)
    assert sum(soak.troubles.put_on.values()) > len(soak.fleet.miners)


def test_each_fault_is_played_or_left_out_for_a_reason() -> None:
    played = {trouble.fault["name"] for trouble in TROUBLES}
    assert played | set(LEFT_OUT) == set(TABLE)
    assert not played & set(LEFT_OUT)
