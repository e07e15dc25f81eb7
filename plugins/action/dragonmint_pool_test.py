# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name within Ansible."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_pool_test
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._in_process import InProcessAction


class ActionModule(InProcessAction):
    """The action of M(minerops.dragonmint.dragonmint_pool_test)."""

    module = dragonmint_pool_test
