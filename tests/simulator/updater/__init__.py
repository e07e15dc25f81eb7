# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The updater: it receives firmware archives, checks and installs them."""
