# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controls of a simulator: the fleet, its faults and state, the control port, and the client of that port."""

from __future__ import annotations

from .client import CHECKOUT, ControlError, Fleet, Miner

__all__ = ["CHECKOUT", "ControlError", "Fleet", "Miner"]
