# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that no waiting resolves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import MinerError

FINAL_CODES = frozenset(error.code for error in MinerError.__subclasses__() if error.is_final)


def is_final(result: Mapping[str, Any]) -> bool:
    """Returns whether a task failed for a lasting reason, such as a refused login or an invalid option."""
    return result.get("error_code") in FINAL_CODES
