# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hall of sister models, each with a suitable firmware: the results of the inventory and the jobs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.simulator.control import Fleet
from tests.support.running import Ansible, inventory_of, newest_core

from .polling import listed, name_of, source


@dataclass(frozen=True)
class Kind:
    """A model with a firmware, and the correct values for it: its algorithm and the rate of one board."""

    type: str
    generation: str
    algorithm: str
    board_hs: float
    boards: int = 3
    model: str | None = None


HALL = (
    Kind("T1", "inno-2018-05", "sha256", 4.93e12),
    Kind("T2T+", "inno-2019", "sha256", 10.7e12),
    Kind("T3", "inno-2019", "sha256", 14.3e12, model="T3 BTCMiner"),
    Kind("A8+", "inno-2018-08", "cryptonight", 82.5e3),
    Kind("B29+", "inno-2018-08", "equihash", 17150.54, model="A9 ZMaster"),
    # This firmware calls its rate GH/s.
    Kind("A9++", "inno-2018-09", "equihash", 46.7e3),
    # And that of this one PH/s.
    Kind("A11MX", "inno-2018-09", "ethash", 337.8e6, boards=4),
    Kind("D9", "inno-2018-09", "blake256r14", 0.8e12, model="D9 DecredMaster"),
    # Its MHS fields are the only figures that it has.
    Kind("A4", "dm-2018-05", "scrypt", 68.92e6 * 0.96214, boards=4),
)


# What the jobs show of the rates, by type: the unit of the algorithm, and the fraction of the rating.
SHOWN = {
    "T1": ("14.5 TH/s", 100.0),
    "T2T+": ("31.4 TH/s", None),
    "T3": ("42 TH/s", None),
    "A8+": ("242 kH/s", 97.8),
    "B29+": ("26.4 kSol/s", 52.9),
    "A9++": ("137 kSol/s", 98.0),
    "A11MX": ("1.32 GH/s", 88.2),
    "D9": ("2.35 TH/s", None),
    "A4": ("265 MH/s", 96.8),
}
WITHOUT_MODES = {"A8+", "D9"}


def hall(start_fleet: Callable[..., Fleet], **options: Any) -> Fleet:
    return start_fleet(
        count=len(HALL),
        generation=",".join(kind.generation for kind in HALL),
        type_=",".join(kind.type for kind in HALL),
        **options,
    )


@newest_core
def test_a_hall_of_sister_models(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = hall(start_fleet)
    innominer, measures = fleet[0], fleet[1]
    # As in the first weeks of this firmware.
    innominer.set(users={"admin": "innoadmin"}, mac="a0: b0:45:00:00: 01")
    measures.set(power_watts=2210)
    credentials = [{"password": password} for password in ("dragonadmin", "admin", "innoadmin")]
    groups = [{"key": "dragonmint_identity.model", "prefix": "model"}, {"key": "dragonmint_mining.algorithm"}]
    found = listed(ansible, source(ansible, fleet, credentials=credentials, keyed_groups=groups))

    # The blanks in its MAC are gone.
    innominer.mac = "a0:b0:45:00:00:01"
    names = [name_of(miner) for miner in fleet.miners]
    assert found["dragonmint"] == set(names)
    for kind, name in zip(HALL, names):
        mining, identity = (found["hostvars"][name][f"dragonmint_{subset}"] for subset in ("mining", "identity"))
        assert (identity["type"], identity["model"]) == (kind.type, kind.model or kind.type)
        assert mining["algorithm"] == kind.algorithm
        assert [board["hashrate_hs"] for board in mining["boards"]] == pytest.approx(
            [kind.board_hs] * kind.boards, rel=1e-3
        )
        ths = kind.board_hs / 1e12 if kind.algorithm == "sha256" else None
        assert mining["boards"][0]["hashrate_ths"] == (ths and pytest.approx(ths, rel=1e-3))
        assert mining["power_watts"] == (2210 if name == names[1] else None)
        assert name in found[f"_{kind.algorithm}"]
    assert found["model_A9_ZMaster"] == {names[4]}
    assert [miner for miner in fleet.miners if miner.writes()] == []


@newest_core
def test_the_jobs_on_a_hall_of_sister_models(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Slow, idle and healthy miners are distinguished in any unit; those with modes are curtailed and restored."""
    fleet = hall(start_fleet, speed=50)
    miners = dict(zip((kind.type for kind in HALL), fleet.miners))
    miners["B29+"].set(boards=[{"hashrate_mhs": 9000.0}] * 3)
    miners["D9"].set(boards=[{"hashrate_mhs": 0.8e6, "last_share_s": 5000.0}] * 3)
    before = modes_of(fleet)
    jobs: list[tuple[str, dict[str, Any]]] = [
        ("heal", {"health_fail_on": "never"}),
        ("overview", {}),
        ("curtail", {"curtail_mode": "efficient", "curtail_partial": True}),
        ("curtail", {"curtail_restore": True}),
    ]
    plays = [{"ansible.builtin.import_playbook": f"minerops.dragonmint.{job}", "vars": given} for job, given in jobs]
    done = ansible(plays, inventory_of(fleet)).succeeded()

    names = {f"miner{number}": type_ for number, type_ in enumerate(miners, 1)}
    found = {(names[row["miner"]], row["code"]) for row in rows_of(ansible, "health") if row["severity"] != "ok"}
    assert found == {("B29+", "hashrate_low"), ("D9", "no_shares"), ("T2T+", "unrated"), ("T3", "unrated")}
    shown = {names[row["miner"]]: (row["hashrate"], row["expected_percent"]) for row in rows_of(ansible, "overview")}
    assert shown == SHOWN
    said = " ".join(done.output.split())
    assert "SHA-256: 88 TH/s, of which 14.5 TH/s of 14.5 TH/s expected, the rest from 2 miners without" in said
    assert "Blake256 (Decred): 2.35 TH/s from 1 miner without a rating, calculated from the clock." in said
    assert "6 miners not counted for lack of a rating (dragonmint_ratings). 2 miners skipped: 2 no power mode." in said
    switched = {type_ for type_, miner in miners.items() if miner.writes()}
    assert switched == miners.keys() - WITHOUT_MODES
    assert modes_of(fleet) == before


def modes_of(fleet: Fleet) -> list[tuple[str, str]]:
    states = [miner.state()["autotune"] for miner in fleet.miners]
    return [(state["mode"], state["level"]) for state in states]


def rows_of(ansible: Ansible, report: str) -> list[dict[str, Any]]:
    path = ansible.folder / f"dragonmint-reports/{report}.json"
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return rows
