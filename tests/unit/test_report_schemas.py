# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published schemas match what the jobs return; other tests validate real reports with them."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import audit, changes, provision, remedies
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import CRITICAL, Finding
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.of_hosts import OfHosts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.remedies import Examined, Health
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import normalised

from tests.browser.pages import site_outcome
from tests.support.schemas import FOLDER, require_schema

DRIFT = {"changed": True, "diff": {"before": {"mode": "off"}, "after": {"mode": "efficient"}}}
SEEN = {"ansible_facts": {"dragonmint_identity": {"mac": "a0:b0:45:00:00:e5"}}}
FLEET = OfHosts(
    [{**normalised(provision.VARIABLES, {}), "logins": []}],
    dict.fromkeys(("m1", "m2", "m3", "m4"), 0),
    dict.fromkeys(("m1", "m2", "m3", "m4"), "a"),
)
FIRST = {"m1": SEEN, "m2": SEEN, "m3": {"unreachable": True, "msg": "no answer"}}
FOUND = Finding("board_dead", CRITICAL, "board 1 is Dead", "board 1", "Dead", "Alive", "mining_restarted")


def rows_of(job: str) -> list[dict[str, Any]]:
    if job == "audit":
        values = {"partial": False, "fail_on_drift": False}
        return list(audit.outcome(FLEET, FIRST, {}, {"autotune": {"m1": DRIFT}}, values, {})["rows"])
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
    result = changes.compare(rows_of(job), IDENTITIES[job], None, 0.0, is_limited=False)
    require_schema(job, result.rows)
    with pytest.raises(jsonschema.ValidationError):
        require_schema(job, [{**result.rows[0], "miner": None}])
    with pytest.raises(jsonschema.ValidationError):
        require_schema(job, rows_of(job))


def test_there_is_a_schema_for_each_report() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} >= {*IDENTITIES, "curtail", "upgrade"}
