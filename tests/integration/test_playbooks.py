# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each playbook of playbooks/ in check mode, for real, and again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulator.control import Fleet
from tests.support.running import Ansible, hosts_with_writes, inventory_of

PLAYBOOKS = sorted(Path(__file__).parent.glob("playbooks/*.yml"))


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_check_then_real_then_again(ansible: Ansible, start_fleet: Callable[..., Fleet], playbook: Path) -> None:
    fleet = start_fleet(count=4, generation="mixed")
    inventory = inventory_of(fleet)

    check = ansible(playbook, inventory, "--check", "--diff").succeeded()
    assert hosts_with_writes(fleet) == set()

    real = ansible(playbook, inventory, "--diff").succeeded()
    assert hosts_with_writes(fleet) == real.changed
    assert check.changed == real.changed

    fleet.clear()
    again = ansible(playbook, inventory, "--diff").succeeded()
    assert again.changed == set()
    assert hosts_with_writes(fleet) == set()
