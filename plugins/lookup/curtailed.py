# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: curtailed
short_description: Why the mode of a miner is kept
description:
  - Finds out whether the current host is curtailed, from C(curtail_record_data), from what an earlier job has handed on
    in C(dragonmint_curtail), from the file C(curtail_record), and from what the inventory plugin says with its option
    C(curtail_record).
  - The roles of this collection use it. It may change at any time.
options:
  _terms:
    description: Nothing.
    type: list
    default: []
author:
  - minerops (@minerops)
"""

EXAMPLES = r"""
- name: Say why the mode is left alone
  ansible.builtin.debug:
    msg: "{{ lookup('minerops.dragonmint.curtailed') }}"
"""

RETURN = r"""
_raw:
  description: A sentence, or empty text for a miner that is not curtailed.
  type: list
  elements: str
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


class LookupModule(LookupBase):
    """Ansible's entry to the lookup."""

    _templar: Any

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        self.set_options(var_options=variables, direct=kwargs)
        given = variables or {}
        names = (*(entry.name for entry in curtail.PLACE_VARIABLES), "dragonmint_curtail", "dragonmint_curtailed")
        found = {name: plain(self._templar.template(given[name])) for name in names if name in given}
        try:
            values = normalised(curtail.PLACE_VARIABLES, found)
            path = curtail.place_of(values).path
            file = Path(path).read_text(encoding="utf-8", errors="replace") if Path(path).is_file() else None
            reason = curtail.why_left_alone(
                given["inventory_hostname"],
                values,
                found.get("dragonmint_curtail"),
                file,
                found.get("dragonmint_curtailed"),
                time.time(),
            )
        except (InvalidVariables, OSError) as error:
            raise AnsibleLookupError(str(error)) from None
        return [reason]
