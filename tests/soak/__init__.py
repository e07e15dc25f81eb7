# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets under random faults for any length of time, and the invariants that must hold: `make soak`."""
