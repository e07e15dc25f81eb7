# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas that the documentation publishes hold for what the jobs return; other tests hold real reports to them."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit, changes, remedies
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import CRITICAL, Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.remedies import Examined, Health

from tests.browser.pages import site_outcome
from tests.support.schemas import FOLDER, require_schema

DRIFT = {"changed": True, "diff": {"before": {"mode": "off"}, "after": {"mode": "efficient"}}}
COMPARED = {
    "m1": {"dragonmint_comparison": {"error": {}, "results": {"autotune": DRIFT}}},
    "m2": {"dragonmint_comparison": {"error": {}, "results": {}}},
    "m3": {"dragonmint_comparison": {"error": {"unreachable": True, "msg": "no answer"}, "results": {}}},
    "m4": {},
}
FOUND = Finding("board_dead", CRITICAL, "board 1 is Dead", "board 1", "Dead", "Alive", "mining_restarted")


def rows_of(job: str) -> list[dict[str, Any]]:
    if job == "audit":
        return list(audit.outcome(COMPARED, COMPARED, {"partial": False, "fail_on_drift": False})["rows"])
    if job == "health":
        states = {"m1": Health([FOUND]), "m2": Health([]), "m3": None, "m4": Health([FOUND], after=[])}
        return [row for miner, health in states.items() for row in remedies.rows(Examined(miner, "a", health))]
    return list(site_outcome(60)["rows"])


IDENTITIES = {
    "audit": ("miner", "outcome", "setting"),
    "health": ("miner", "code", "part"),
    "overview": ("miner", "state"),
}


@pytest.mark.parametrize("job", IDENTITIES)
def test_a_report_is_as_its_schema_says(job: str) -> None:
    came_of = changes.compare(rows_of(job), IDENTITIES[job], None, 0.0, is_limited=False)
    require_schema(job, came_of.rows)
    with pytest.raises(jsonschema.ValidationError):
        require_schema(job, [{**came_of.rows[0], "miner": None}])
    with pytest.raises(jsonschema.ValidationError):
        require_schema(job, rows_of(job))


def test_there_is_a_schema_for_each_report() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} >= {*IDENTITIES, "curtail", "upgrade"}
