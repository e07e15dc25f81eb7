# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cost of tasks, discovery and drift, each relative to an alternative: `make bench`."""
