# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a device, which may say anything, and must never become a template."""

from __future__ import annotations

from typing import Any

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:
    # An ansible-core that has done away with it takes text for a template only where it is marked as one.
    def wrap_var(value: Any) -> Any:
        return value


def never_a_template(value: Any) -> Any:
    """Returns a value of JSON in which each text that might be taken for a template is marked as none.

    Other text is left as it is, since older versions of Ansible print the mark.
    """
    if isinstance(value, str):
        return wrap_var(value) if "{" in value else value
    if isinstance(value, dict):
        return {key: never_a_template(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [never_a_template(item) for item in value]
    return value
