# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts the result of polling an address for the decisions, by the rules of health and the desired state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.decision import (
    INFO,
    SEVERITIES,
    Fault,
    Sighting,
)
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet.desired import DETAIL_MAX, Desired
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import plain
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import drift
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.scan import LOCKED, UNRESPONSIVE, Found
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.checks import Finding, Limits, find

# The subsets that the health rules need; with those that only drift needs, in reading order.
_HEALTH = ("identity", "hardware", "autotune", "mining")
_SUBSETS = ("identity", "hardware", "network", "pools", "autotune", "mining")

# Returns the name of a miner in the inventory from its address and MAC.
Name = Callable[[str, "str | None"], str]

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_PARTS_SHOWN = 3


def subsets_for(settings: Iterable[str]) -> tuple[str, ...]:
    """Returns the subsets of facts to read where these settings are desired: each one costs the miner a request."""
    needed = {*_HEALTH, *(drift.SUBSETS[setting] for setting in settings)}
    return tuple(subset for subset in _SUBSETS if subset in needed)


class Interpreter:
    """Interprets poll results. ``desired`` returns the desired state of a miner by its name, address and MAC."""

    def __init__(self, limits: Limits, name: Name, desired: Callable[[str, str, str | None], Desired | None]) -> None:
        self._limits = limits
        self._name = name
        self._desired = desired

    def sighting(self, found: Found) -> Sighting | None:
        """Returns a miner that responded; None for a device that is there but does not respond."""
        identity = found.facts.get("dragonmint_identity")
        mac = _mac(identity)
        miner = self._name(found.address, mac)
        if found.state == LOCKED:
            # Advice refers to options of the modules, which an event source does not have.
            why = (found.problem or "It refuses all logins").split(". ")[0].removesuffix(".")
            return Sighting(miner, found.address, is_locked=True, detail=plain(f"{why}.", DETAIL_MAX))
        if found.state == UNRESPONSIVE and identity is None:
            return None
        desired = self._desired(miner, found.address, mac)
        return Sighting(
            miner,
            found.address,
            mac,
            findings=_by_code(find(_as_results(found, desired), self._limits)),
            drift=desired.drift(found.facts) if desired else {},
            firmware=_text((identity or {}).get("firmware")),
            booted_at=_booted_at(found),
        )


def _as_results(found: Found, desired: Desired | None) -> dict[str, Any]:
    """Returns the facts in the form of the task results in the job heal."""
    facts = {"ansible_facts": found.facts}
    if found.state == UNRESPONSIVE:
        return {"seen": {"failed": True, "error_code": "timeout", "msg": found.problem}, "identity": facts}
    return {"seen": facts, "pools": desired.compared_pools(found.facts) if desired else {}}


def _by_code(findings: Iterable[Finding]) -> dict[str, Fault]:
    """Returns the findings by code, one fault for all parts of a miner. Remarks are left out."""
    parts: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity != INFO:
            parts.setdefault(finding.code, []).append(finding)
    return {code: _fault(found) for code, found in parts.items()}


def _fault(findings: list[Finding]) -> Fault:
    severity = min((finding.severity for finding in findings), key=SEVERITIES.index)
    details = [finding.detail for finding in findings[:_PARTS_SHOWN]]
    more = len(findings) - len(details)
    text = "; ".join([*details, *([f"and {more} more"] if more else [])])
    return Fault(severity, plain(text, DETAIL_MAX))


def _booted_at(found: Found) -> float | None:
    uptime_s = (found.facts.get("dragonmint_hardware") or {}).get("uptime_seconds")
    return None if uptime_s is None else found.polled_at - uptime_s


def _mac(identity: Mapping[str, Any] | None) -> str | None:
    mac = str((identity or {}).get("mac"))
    return mac if _MAC.fullmatch(mac) else None


def _text(value: Any) -> str | None:
    return None if value is None else plain(value, 80)
