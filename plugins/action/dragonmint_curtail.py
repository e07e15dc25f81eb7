# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out a curtailment."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._curtail_task import CurtailAction


class ActionModule(CurtailAction):
    """The action of M(minerops.dragonmint.dragonmint_curtail)."""

    BYPASS_HOST_LOOP = True
