# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of all reports have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def address_of(miner: str, variables: Mapping[str, Any]) -> str:
    """Returns the address at which tasks of this collection look for a miner, from its variables."""
    return str(variables.get("dragonmint_host") or variables.get("ansible_host") or miner)
