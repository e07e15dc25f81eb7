# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of an event source and the JSON schema of its arguments say, in one form."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any


def text_of(source: Path, name: str) -> str:
    """DOCUMENTATION or EXAMPLES of an event source."""
    found = re.search(rf'^{name} = r"""(.*?)"""', source.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


TYPES = {"object": "dict", "array": "list", "string": "str", "number": "float", "integer": "int", "boolean": "bool"}


def required(schema: dict[str, Any]) -> dict[str, Any]:
    """What a schema says of its arguments."""
    found = {}
    for name, about in schema["properties"].items():
        items = about.get("items", {})
        found[name] = {
            "description": about["description"],
            "type": TYPES[about["type"]],
            "default": about.get("default"),
            "required": name in schema.get("required", ()),
            "choices": about.get("enum", items.get("enum")),
            "suboptions": required(items if "properties" in items else about)
            if "properties" in {**about, **items}
            else None,
        }
    return found


def described(options: dict[str, Any]) -> dict[str, Any]:
    """What the documentation says of its options, in the same form: of a description the first sentence."""
    found = {}
    for name, about in options.items():
        description = about["description"] if isinstance(about["description"], str) else about["description"][0]
        found[name] = {
            "description": re.sub(r"[A-Z]\(([^)]*)\)", r"\1", description),
            "type": about["type"],
            "default": about.get("default"),
            "required": about.get("required", False),
            "choices": about.get("choices"),
            "suboptions": described(about["suboptions"]) if "suboptions" in about else None,
        }
    return found
