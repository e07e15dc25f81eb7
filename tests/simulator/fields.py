# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The possible values of form fields, and of the settings made by forms."""

from __future__ import annotations

from typing import Union

Value = Union[str, "list[Value]", "dict[str, Value]"]
