# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The upgrade of one miner: whether it is eligible, its current address, and its result.

All of this follows from the results of the role's tasks. The looks at a batch and the record use the same functions, so
that they can't disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.hashing import in_words, is_hashing, rate_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.waiting import FINAL_CODES

Result = Mapping[str, Any]

# The plan for a miner. The first two are errors.
UNREACHABLE, UNKNOWN, NOT_ELIGIBLE, DUE, UP_TO_DATE = "unreachable", "unknown", "not eligible", "upgrade", "up to date"
# The progress of an upgrade, from the start.
PENDING, HANDED_OVER, MISSING, SETTLING = "pending", "handed over", "missing", "settling"
UPGRADED, ROLLED_BACK, UNHEALTHY, FAILED, DARK = "upgraded", "rolled back", "unhealthy", "failed", "dark"
NOT_MINING = "not mining"

# The miner responds, but this firmware is not for it.
_NOT_FOR_IT = {"invalid_firmware", "downgrade", "unsupported", "not_ready"}
# The names of the modules' options in sentences: not in a path, a quotation or another name.
_OPTION = re.compile(
    r"(?<![\w'/.-])(src|url|checksum|allow_downgrade|recover|wait_timeout)(?![\w'/-])"
    r"|(?<=as )version(?=\.)|(?<=src or )version(?=\.)|(?<=in )search(?=\.)|(?<=[( ]out )search\b"
    r"|(?<=and )latest(?=\.)|(?<=of )latest(?=\.)"
)


@dataclass(frozen=True)
class Course:
    """The results of the role's tasks for one miner; empty for tasks that have not run.

    ``checked`` is the firmware module in check mode, ``sent`` the same for real, ``found`` the search by MAC,
    ``rolled_back`` the rollback. ``seen`` are the facts before the upgrade, ``back`` and ``healthy`` those after it.
    """

    checked: Result = field(default_factory=dict)
    seen: Result = field(default_factory=dict)
    sent: Result = field(default_factory=dict)
    back: Result = field(default_factory=dict)
    found: Result = field(default_factory=dict)
    healthy: Result = field(default_factory=dict)
    rolled_back: Result = field(default_factory=dict)

    @classmethod
    def of(cls, results: Mapping[str, Any]) -> Course:
        """Returns the course from results by the name of their step."""
        names = (entry.name for entry in fields(cls))
        known = {name: results.get(name) or {} for name in names}
        return cls(**{name: {} if result.get("skipped") else result for name, result in known.items()})


def forecast(course: Course) -> tuple[str, str, str]:
    """Returns the plan for a miner, the reason as a word, and the reason as a sentence.

    If it is due, the word is empty, and the sentence is the firmware module's warning.
    """
    checked, seen, mining = course.checked, course.seen, _facts(course.seen, "mining")
    is_checked = "version" in checked and not _is_error(checked)
    error = seen if is_checked else checked
    code, reason = str(error.get("error_code") or "bug"), in_words_of_the_role(str(error.get("msg", "")))
    if error.get("unreachable"):
        return UNREACHABLE, "", reason
    if not is_checked and code in _NOT_FOR_IT:
        return NOT_ELIGIBLE, code.replace("_", " "), reason
    if not is_checked or _is_error(seen):
        return UNKNOWN, code.replace("_", " "), reason
    # An earlier run that was interrupted may have sent it: it then reboots with it between the check and the reading.
    if checked["version"] in (checked.get("version_before"), _firmware(seen)):
        return UP_TO_DATE, "", ""
    if not mining.get("ready"):
        return NOT_ELIGIBLE, NOT_MINING, "It does not mine: cgminer does not answer."
    if not _rates(seen):
        return NOT_ELIGIBLE, NOT_MINING, "It does not mine: no board is hashing."
    return DUE, "", " ".join(_unnamed(text) for text in checked.get("warnings", ()))


def kind(course: Course) -> tuple[Any, ...]:
    """Returns what miners have in common for which one canary is enough: type, generation and current firmware."""
    identity = _facts(course.seen, "identity")
    return identity.get("type"), _facts(course.seen, "generation"), identity.get("firmware")


def stage(course: Course, values: Mapping[str, Any], now: float) -> tuple[str, str]:
    """Returns the progress of a miner's upgrade, and why it is not upgraded.

    ``values`` are the variables of the job, ``now`` is in seconds since 1970. HANDED_OVER, MISSING and SETTLING are
    worth waiting for; MISSING means that it has to be searched for by its MAC.
    """
    sent = course.sent
    if not sent:
        return PENDING, ""
    if not _is_accepted(sent):
        is_dark = sent.get("unreachable") or sent.get("error_code") == "not_back"
        return (DARK if is_dark else FAILED), in_words_of_the_role(str(sent.get("msg", "")))
    if not course.back:
        return HANDED_OVER, ""
    if not _is_itself(course):
        return _absent(course, values, now)
    if _firmware(course.back) != course.checked.get("version"):
        is_over = _has_fallen_back(course, values) or now > _deadline(course, values)
        return (FAILED, _not_installed(course, values)) if is_over else (HANDED_OVER, "")
    return _mining_result(course, values, now)


def in_words_of_the_role(message: str) -> str:
    """Returns a module's message with the role's variables in place of the module's options."""
    return _OPTION.sub(lambda match: f"upgrade_{match[0]}", message)


def firmware_before(course: Course) -> str:
    """Returns the firmware at the first read, "" if unknown."""
    return _firmware(course.seen)


def firmware_now(course: Course) -> str:
    """Returns the miner's current firmware as far as known, otherwise ""."""
    return str(course.rolled_back.get("version") or _firmware(course.back))


def seconds_taken(course: Course) -> int | None:
    """Returns the time from the upload until the miner ran the new firmware, None if nobody observed it."""
    sent, back = course.sent, course.back
    if sent.get("rebooted"):
        return round(sent["elapsed_seconds"])
    if "began_at" in sent and "ansible_facts" in back:
        return round(_gathered_at(back) - sent["began_at"])
    return None


def address_in(course: Course) -> str:
    """Returns the last known address of the miner, "" if no task had one."""
    results = (course.rolled_back, course.found, course.sent, course.checked)
    return str(next((result["ipaddress"] for result in results if result.get("ipaddress")), ""))


def mac_before(course: Course) -> str:
    """Returns the MAC address of the miner before the upgrade."""
    return _mac(course.seen)


def is_found(course: Course) -> bool:
    """Whether the search by MAC has found the miner."""
    return bool(course.found) and not _is_error(course.found)


def waits_until(course: Course, values: Mapping[str, Any]) -> float:
    """Returns the deadline, in seconds since 1970: to be back, or once it is back, to mine as before."""
    if course.back and _is_itself(course) and _firmware(course.back) == course.checked.get("version"):
        return _gathered_at(course.back) + float(values["settle_seconds"])
    return _deadline(course, values)


def _unnamed(warning: str) -> str:
    """Strips the miner's name from the start of a warning."""
    return warning.partition(": ")[2] or warning


def _is_error(result: Result) -> bool:
    return bool(result.get("unreachable") or result.get("failed") or result.get("error_code"))


def _is_accepted(sent: Result) -> bool:
    """A miner that does not mine yet has come back all the same; the time to start mining is checked separately."""
    return not _is_error(sent) or bool(sent.get("changed") and sent.get("error_code") == "not_ready")


def _absent(course: Course, values: Mapping[str, Any], now: float) -> tuple[str, str]:
    """The progress of a miner that does not respond at its address, or is another device there."""
    back, found = course.back, course.found
    handed_over_at, wait_s = _handed_over_at(course), values["wait_timeout"]
    # While another device has its address, a search fails with wrong_device, and may still find it later.
    is_final = (found or back).get("error_code") in FINAL_CODES - ({"wrong_device"} if values["search"] else set())
    if values["search"] and not found and (is_final or now > handed_over_at + wait_s / 3):
        # As in the module, it gets the first third of the time to come back at its old address, as most miners do.
        return MISSING, ""
    if not is_final and now <= _deadline(course, values):
        return (MISSING if found else HANDED_OVER), ""
    mac, mac_before = _mac(back), _mac(course.seen)
    where = f", and it was not found in {values['search']} (upgrade_search)" if values["search"] else ""
    if mac and mac != mac_before:
        advice = "" if where else " Set upgrade_search to the network in which DHCP may have given it another address."
        return DARK, (
            f"It has not come back at its address: the miner {mac} answers there, not {mac_before}{where}.{advice}"
        )
    if back.get("unreachable"):
        said = str(back.get("msg", "")).rstrip(".")
        return DARK, f"It has not come back after the upgrade{where}. {said}."
    return FAILED, in_words_of_the_role(str(back.get("msg", ""))) or _not_installed(course, values)


def _mining_result(course: Course, values: Mapping[str, Any], now: float) -> tuple[str, str]:
    """Whether a miner that runs the new firmware mines as before."""
    healthy = course.healthy
    if not healthy:
        return SETTLING, ""
    before, after = _rates(course.seen), _rates(healthy)
    if len(after) >= len(before) and sum(after) >= values["min_hashrate_ratio"] * sum(before):
        return UPGRADED, ""
    is_over = healthy.get("error_code") in FINAL_CODES or now > _gathered_at(course.back) + values["settle_seconds"]
    if not is_over:
        return SETTLING, ""
    return (ROLLED_BACK if course.rolled_back.get("rebooted") else UNHEALTHY), _mines_too_little(healthy)


def _deadline(course: Course, values: Mapping[str, Any]) -> float:
    return _handed_over_at(course) + float(values["wait_timeout"])


def _handed_over_at(course: Course) -> float:
    """Returns when the miner had all of the firmware: before that, a stuck updater may have taken as long as that."""
    return float(course.sent.get("began_at", 0.0) + course.sent.get("elapsed_seconds", 0.0))


def _is_itself(course: Course) -> bool:
    return "ansible_facts" in course.back and _mac(course.back) == _mac(course.seen)


def _has_rebooted(course: Course) -> bool:
    before, now = _uptime_seconds(course.seen), _uptime_seconds(course.back)
    return before is not None and now is not None and now < before


def _has_fallen_back(course: Course, values: Mapping[str, Any]) -> bool:
    """Whether it has certainly booted the old firmware again: a reboot may also have freed a stuck updater before."""
    return _has_rebooted(course) and not values["recover"]


def _not_installed(course: Course, values: Mapping[str, Any]) -> str:
    runs = f"It runs {_firmware(course.back) or 'an unknown firmware'}, not {course.checked.get('version')}: "
    if _has_fallen_back(course, values):
        return runs + "it has rebooted, the new image does not boot on it, and it fell back to the old one."
    if _has_rebooted(course) or None in (_uptime_seconds(course.seen), _uptime_seconds(course.back)):
        return runs + "it did not install it, or the new image does not boot and it fell back to the old one."
    return runs + "it has not rebooted, so it did not install it. Check its logs."


def _mines_too_little(healthy: Result) -> str:
    mining = _facts(healthy, "mining")
    if not mining:
        return in_words_of_the_role(str(healthy.get("msg", "It does not answer any more.")))
    if not mining["ready"]:
        return "It runs the new firmware, but does not mine: cgminer does not answer."
    hashing = [str(board["id"]) for board in mining["boards"] if is_hashing(board, mining)]
    rate, boards = in_words(sum(_rates(healthy)), mining.get("algorithm")), ", ".join(hashing) or "none"
    return f"It runs the new firmware, but mines too little: {rate}, boards hashing: {boards}."


def _rates(result: Result) -> list[float]:
    """The hash rates of the boards that hash."""
    mining = _facts(result, "mining")
    return [rate_of(board) or 0.0 for board in mining.get("boards", ()) if is_hashing(board, mining)]


def _facts(result: Result, subset: str) -> Any:
    return result.get("ansible_facts", {}).get(f"dragonmint_{subset}") or {}


def _gathered_at(result: Result) -> float:
    return float(_facts(result, "gathered_at") or 0.0)


def _firmware(result: Result) -> str:
    return str(_facts(result, "identity").get("firmware") or "")


def _mac(result: Result) -> str:
    return str(_facts(result, "identity").get("mac") or "")


def _uptime_seconds(result: Result) -> int | None:
    seconds: int | None = _facts(result, "hardware").get("uptime_seconds")
    return seconds
