# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scan as cached: together with its options, so that the cache is not used for a source with other options."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from ipaddress import IPv4Address
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._inventory.scans import Scan

# Incremented with each change of what is cached.
FORMAT = 3

_STATES = (scan.POLLED, scan.LOCKED, scan.UNRESPONSIVE)


class Unusable(Exception):
    """A cache can't be used; the text says why."""


def pack(scan: Scan, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what to cache of a scan with these options, which must not contain secrets."""
    return {"format": FORMAT, "options": _digest(options), **asdict(scan)}


def unpack(cached: Any, options: Mapping[str, Any]) -> Scan:
    """Returns the scan in a cache. Raises Unusable for one of another version, with other options, or damaged."""
    if not isinstance(cached, Mapping) or cached.get("format") != FORMAT:
        raise Unusable("is from another version of this collection")
    if cached.get("options") != _digest(options):
        raise Unusable("was made with other options")
    try:
        return Scan(
            miners=[_found(miner) for miner in cached["miners"]],
            silent=int(cached["silent"]),
            unknown=int(cached["unknown"]),
            filtered=int(cached["filtered"]),
            failures={str(reason): int(count) for reason, count in cached["failures"].items()},
            at=float(cached["at"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unusable("is damaged") from None


def _digest(options: Mapping[str, Any]) -> str:
    text = json.dumps(options, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _found(cached: Mapping[str, Any]) -> scan.Found:
    miner = scan.Found(**cached)
    IPv4Address(miner.address)
    if miner.state not in _STATES or not isinstance(miner.facts, dict):
        raise ValueError(miner.state)
    return miner
