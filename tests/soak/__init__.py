# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets under random trouble for as long as one likes, and what must hold all the same: `make soak`."""
