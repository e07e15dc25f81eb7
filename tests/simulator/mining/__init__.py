# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What mines: cgminer, its configuration, and what its API answers."""
