# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server of a miner: nginx, PHP with its actions, and the journal's server behind it."""
