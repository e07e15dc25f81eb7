# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated fleet to rehearse with, and the folder that an operator would have: `make simulator`."""
