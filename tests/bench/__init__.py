# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks, discovery and drift cost, as ratios to others: `make bench`."""
