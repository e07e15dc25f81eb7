# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data of thousands of miners, packed into one text that Ansible passes from task to task unchanged.

With a dictionary, Ansible copies and tags each value whenever a task returns it, stores it, or passes it to a filter.
With 10,000 miners that takes longer than reading them.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._device_text import never_a_template
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain

# The replies of a fleet compress very well, even at the fastest level.
_LEVEL = 1


def packed(value: Any) -> str:
    """Returns a value of JSON's types as one text that no template engine takes for a template."""
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode("ascii"), _LEVEL)).decode("ascii")


def unpacked(text: str) -> Any:
    """Unpacks a packed value. Raises ValueError for anything else."""
    try:
        # Ansible may have marked the text.
        text = str(text)
        return json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
    except zlib.error as error:
        raise ValueError(f"not a packed value: {error}") from error


def miners_of(task: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the results by miner in a registered result of dragonmint_fleet; empty for a skipped task."""
    found: dict[str, Any] = unpacked(task["packed"]) if "packed" in task else plain(task.get("miners") or {})
    return found


def with_packed_rows(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the outcome of a job for its playbook, with the rows of the report packed."""
    rest: dict[str, Any] = never_a_template({name: value for name, value in outcome.items() if name != "rows"})
    return {**rest, "packed": packed(outcome["rows"])}
