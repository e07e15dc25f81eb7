# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the metrics of many miners for Prometheus."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.task import MetricsAction


class ActionModule(MetricsAction):
    """The action of M(minerops.dragonmint.dragonmint_metrics)."""

    BYPASS_HOST_LOOP = True
