# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a text in a file on the controller, within a worker of Ansible."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.minerops.dragonmint.plugins.module_utils import _files
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_record
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._action import MinerAction, explained


class ActionModule(MinerAction):
    """The action of M(minerops.dragonmint.dragonmint_record)."""

    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        self._require_controller()
        validation = ArgumentSpecValidator(dragonmint_record.argument_spec()).validate(args)
        if validation.error_messages:
            raise InvalidInput(explained(validation.errors, self._task.action, "Nothing was written."))
        dest, content = (validation.validated_parameters[name] for name in ("dest", "content"))
        text = content if isinstance(content, str) else json.dumps(content, indent=4, ensure_ascii=False) + "\n"
        _files.require_file(dest)
        _files.save(dest, text, self._task.check_mode)
        return {"changed": False, "dest": dest}
