# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated fleet that is provisioned, broken and healed while you watch: `make demo`."""
