# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hall of sister models, each with a firmware that it may have: what the inventory makes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.simulator.control import Fleet
from tests.support.running import Ansible, newest_core

from .polling import listed, name_of, source


@dataclass(frozen=True)
class Kind:
    """A model with a firmware, and what is right for it: its algorithm and the rate of one board."""

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


@newest_core
def test_a_hall_of_sister_models(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(
        count=len(HALL),
        generation=",".join(kind.generation for kind in HALL),
        type_=",".join(kind.type for kind in HALL),
    )
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
