# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as a page shows them. A miner can send any text; invisible characters are shown by their number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import require_host

_DIGITS = 6
_COLLECTION = Path(__file__).parents[3]


def shown(value: Any) -> str:
    """Returns a value on one line, with each invisible character written as in U+202E."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{_DIGITS}g}" if abs(value) < 10**_DIGITS else f"{value:.0f}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"[U+{ord(char):04X}]" for char in text)


def page_of(address: Any, scheme: str = "http", port: int | None = None) -> str:
    """Returns the URL of a miner's own page; "" for an address to which no browser should be sent."""
    try:
        host = require_host(str(address), "address")
    except InvalidInput:
        return ""
    if "." not in host and ":" not in host:
        # A name in the inventory that is not in the DNS.
        return ""
    shown_port = f":{port}" if port else ""
    return f"{scheme}://[{host}]{shown_port}/" if ":" in host else f"{scheme}://{host}{shown_port}/"


def collection_version() -> str:
    """Returns the version of this collection, as installed or in a checkout."""
    manifest = _COLLECTION / "MANIFEST.json"
    if manifest.is_file():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    return str(yaml.safe_load((_COLLECTION / "galaxy.yml").read_text(encoding="utf-8"))["version"])
