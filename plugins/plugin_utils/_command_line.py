# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of ansible-playbook's options -u and -k."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible import constants, context
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain


def typed_username() -> str | None:
    """Returns the value of -u. If -u is missing, Ansible shows remote_user of its configuration instead."""
    username: str | None = context.CLIARGS.get("remote_user")
    return None if username == constants.config.get_config_value("DEFAULT_REMOTE_USER") else username


def login_for_lookup(variables: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Returns the values of -u and -k from all variables of a lookup: Ansible fills in -k where no password is set."""
    is_set = "ansible_password" in variables.get("vars", variables)
    return typed_username(), None if is_set else plain(variables.get("ansible_password"))
