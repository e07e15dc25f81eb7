# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mining side: cgminer, its configuration, and the answers of its API."""
