# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: folder_problem
short_description: Check that reports can be written to a folder
description:
  - Internal, used by the role P(minerops.dragonmint.report#role). It may change in any release.
  - Returns why a folder on the controller cannot be written to. The folder need not exist, and nothing is left behind.
options:
  _input:
    description: The path of the folder.
    type: path
    required: true
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Check that reports can be written
  ansible.builtin.assert:
    that: ('dragonmint-reports' | minerops.dragonmint.folder_problem) == ''
"""

RETURN = r"""
_value:
  description: One sentence, or empty text if the folder can be written to.
  type: str
"""

from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.folder import folder_problem


class FilterModule:
    """Ansible's entry to the filter."""

    def filters(self) -> dict[str, Any]:
        return {"folder_problem": folder_problem}
