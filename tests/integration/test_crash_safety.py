# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that is killed in the middle of a job: the next run completes it, and nothing is done twice.

The long form, with random moments, is `make soak ARGS="kills"`.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.simulator.control import Fleet
from tests.soak.kill_jobs import FILE_JOBS, JOBS, NETWORK, SPEED, Heal, Job
from tests.soak.kill_moments import Usual, at_request, within_write
from tests.soak.kills import Round
from tests.support.running import Ansible, newest_core

SEED = 30
# For a few miners: the kill comes at one of the first writes, or at the first request of one of them.
USUAL = Usual(seconds=2.0, requests=4, writes=4)


@newest_core
@pytest.mark.parametrize("kind", [*JOBS, *FILE_JOBS], ids=lambda kind: kind.name)
def test_a_job_that_is_killed_is_simply_run_again(
    ansible: Ansible, start_fleet: Callable[..., Fleet], kind: type[Job]
) -> None:
    """Within a write to a miner, or while miners are read for content to be written to a file."""
    rng = random.Random(SEED)
    # Heal draws up to four unhealthy miners. Three have firmware of both makers.
    count = 4 if kind is Heal else 3
    fleet = start_fleet(count=count, generation="mixed", speed=SPEED, first=f"{NETWORK}.0.1")
    killed = Round(kind(rng, ansible, fleet, kills=1))
    killed.play(rng, 1, USUAL, within_write if kind in JOBS else at_request)
    outcome = killed.outcome
    assert len(outcome.struck) == 1, outcome.moments
    assert outcome.violations == []
    assert outcome.converged
