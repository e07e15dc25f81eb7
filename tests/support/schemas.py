# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validates reports with the schemas that the documentation publishes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema

FOLDER = Path(__file__).parents[2] / "docs/schemas"


def require_schema(report: str, rows: Any) -> None:
    """Fails unless there are rows, and all of them match the schema of this report."""
    schema = json.loads((FOLDER / f"{report}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(rows)
    assert rows
