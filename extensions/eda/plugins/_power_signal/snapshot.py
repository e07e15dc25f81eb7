# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the state of the decisions to the text of a file, and back."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.decision import State
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.snapshot import Form

# Incremented with each change of the state's structure.
FORMAT = 1

_FORM = Form("power_signal", FORMAT, State)
dumped, loaded = _FORM.dumped, _FORM.loaded
