# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a field of a form can hold, and so what is configured by forms."""

from __future__ import annotations

from typing import Union

Value = Union[str, "list[Value]", "dict[str, Value]"]
