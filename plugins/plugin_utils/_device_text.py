# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from a device, which may contain anything, and must never become a template."""

from __future__ import annotations

from typing import Any

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:
    # Versions of ansible-core without it treat text as a template only if it is marked as one.
    def wrap_var(value: Any) -> Any:
        return value


def never_a_template(value: Any) -> Any:
    """Returns a value of JSON in which every text that might be taken for a template is marked as unsafe.

    Other text stays unmarked, since older versions of Ansible print the mark.
    """
    if isinstance(value, str):
        return wrap_var(value) if "{" in value else value
    if isinstance(value, dict):
        return {key: never_a_template(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [never_a_template(item) for item in value]
    return value
