# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes each result of a play as one line of JSON to the file that DRAGONMINT_RECORD names."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: recorder
type: notification
short_description: Results as lines of JSON, for tests
description:
  - Appends one line of JSON for each result.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "recorder"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: Any) -> None:
        self.record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.record("failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.record("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self.record("skipped", result)

    def record(self, status: str, result: Any) -> None:
        # ansible-core 2.19 introduced these names without the underscore.
        host, task, values = (
            getattr(result, name, None) or getattr(result, f"_{name}") for name in ("host", "task", "result")
        )
        line = {
            "host": host.get_name(),
            "task": task.get_name(),
            "action": task.action,
            "status": status,
            "result": values,
        }
        with Path(os.environ["DRAGONMINT_RECORD"]).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line, default=str) + "\n")
