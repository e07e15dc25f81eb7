# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated fleet, provisioned, broken and mended while one watches: `make demo`."""
