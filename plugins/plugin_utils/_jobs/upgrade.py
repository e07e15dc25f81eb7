# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job upgrade: which miner gets the firmware in which batch, and whether all have it in the end."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import hosts_to_search
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import (
    patterns,
    upgrade_batches,
    upgrade_course,
    words,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_course import Course
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)

LIMIT_FILE = "upgrade_without_failed.txt"

# How much of a plan a terminal shows.
_SHOWN_ROWS, _SHOWN_NAMES = 20, 4
# It is unknown whether these miners are eligible.
_ERRORS = (upgrade_course.UNREACHABLE, upgrade_course.UNKNOWN)
# The worst first, as tables show them.
_OUTCOMES = (
    upgrade_course.DARK,
    upgrade_course.FAILED,
    upgrade_course.UNHEALTHY,
    upgrade_course.ROLLED_BACK,
    *_ERRORS,
    upgrade_course.NOT_ELIGIBLE,
    upgrade_course.HANDED_OVER,
    upgrade_course.PENDING,
    upgrade_course.UPGRADED,
    upgrade_course.UP_TO_DATE,
)
_ORDER = (*_OUTCOMES[:-2], upgrade_course.DUE, *_OUTCOMES[-2:])
# Used in sentences instead of a plan's name.
_TO_DO = {upgrade_course.DUE: "to be upgraded"}


def _check(values: Mapping[str, Any]) -> None:
    """Raises InvalidVariables for values that contradict each other."""
    sources = [f"upgrade_{name}" for name in ("src", "url", "latest") if values[name]]
    if len(sources) > 1:
        raise InvalidVariables(f"{' and '.join(sources)} are set, but only one of them can be used. Unset the others.")
    if values["src"] and "://" in values["src"]:
        raise InvalidVariables(
            f"upgrade_src {quoted(values['src'])} is a web address, and upgrade_src takes a file on the controller. "
            "Set upgrade_url to have the miners download it, or download it to the controller first."
        )
    if values["checksum"] and not values["src"]:
        raise InvalidVariables(
            "upgrade_checksum can only be used with upgrade_src. Unset it; a miner verifies the signature of what it "
            "downloads itself."
        )
    try:
        hosts_to_search(values["search"])
        upgrade_batches.sizes(values["serial"], 1)
    except InvalidInput as error:
        raise InvalidVariables(f"upgrade_{error}") from error
    except ValueError as error:
        raise InvalidVariables(
            f"upgrade_serial is not valid: {error}. Set a list of sizes such as [1, 10, '2%']."
        ) from error


VARIABLES = Variables(
    "upgrade_",
    (
        Variable(
            "upgrade_src",
            "path",
            "The archive on the controller to send to the miners. Exactly one of this, O(upgrade_url) and "
            "O(upgrade_latest) is required.",
        ),
        Variable("upgrade_url", "str", "The URL of an archive that the miners download themselves."),
        Variable("upgrade_latest", "bool", "Let the miners download the vendor's newest firmware.", default=False),
        Variable("upgrade_version", "str", "The version of the firmware, if neither the archive nor its name has it."),
        Variable("upgrade_checksum", "str", "The SHA-256 of the archive, as V(sha256:) and 64 hexadecimal digits."),
        Variable(
            "upgrade_allow_downgrade",
            "bool",
            "Also install firmware that is older than what a miner runs.",
            default=False,
        ),
        Variable(
            "upgrade_recover",
            "bool",
            "Recover miners whose updater has died or is stuck on an interrupted upload: restart the updater if the "
            "firmware can do that, or else reboot the miner.",
            default=False,
        ),
        Variable(
            "upgrade_wait_timeout",
            "int",
            "How many seconds to wait for a miner to come back with the new firmware.",
            default=900,
            minimum=1,
        ),
        Variable(
            "upgrade_search",
            "str",
            "Search this network, such as V(10.1.0.0/22), for a miner that comes back at another address. The miner "
            "is recognized by its MAC address. Without this variable, it counts as a miner that no longer responds.",
        ),
        Variable(
            "upgrade_min_hashrate_ratio",
            "float",
            "The fraction of its previous hash rate that a miner must regain.",
            default=0.9,
            minimum=0,
        ),
        Variable(
            "upgrade_settle_seconds",
            "int",
            "How many seconds to wait for a miner to regain its hash rate.",
            default=900,
            minimum=0,
        ),
        Variable(
            "upgrade_rollback_src",
            "path",
            "The archive on the controller to roll back to if a miner comes back but does not regain its hash rate.",
        ),
        replace(REPORT_FOLDER, of_playbook=False),
        TARGET,
        Variable(
            "upgrade_allow_slice",
            "bool",
            "Run even if the job is a slice of an AWX job. Each slice then counts only its own miners.",
            default=False,
            of_playbook=True,
        ),
        Variable(
            "upgrade_serial",
            "list",
            "The batch sizes, as numbers or as percentages of the miners to be upgraded. The last one is repeated. A "
            "percentage is never less than the number before it. The first batch has at least one miner of each kind.",
            default=(1, 10, "2%", "100%"),
            of_playbook=True,
        ),
        Variable(
            "upgrade_parallel",
            "int",
            "The maximum number of miners in a batch, regardless of O(upgrade_serial). The miners of a batch are "
            "offline at the same time.",
            default=200,
            minimum=1,
            of_playbook=True,
        ),
        Variable(
            "upgrade_max_failures",
            "int",
            "How many miners may fail before the rollout stops.",
            default=0,
            minimum=0,
            of_playbook=True,
        ),
        Variable(
            "upgrade_max_failure_percent",
            "float",
            "How many miners may fail before the rollout stops, as a percentage of all miners to be upgraded.",
            default=0,
            minimum=0,
            maximum=100,
            of_playbook=True,
        ),
        Variable(
            "upgrade_require_all",
            "bool",
            "Do not upgrade any miner unless all of them are eligible or up to date.",
            default=False,
            of_playbook=True,
        ),
        Variable(
            "upgrade_partial",
            "bool",
            "Succeed even if some miners are unreachable or cannot be checked because of an error.",
            default=False,
            of_playbook=True,
        ),
    ),
    _check,
)


@dataclass(frozen=True)
class Miner:
    """A miner by its name in the inventory, its address, and the role's results for it.

    ``values`` are its variables of the job, None for the common ones.
    """

    name: str
    address: str
    course: Course
    values: Mapping[str, Any] | None = None


def plan(miners: Iterable[Miner], values: Mapping[str, Any], now: float = 0.0) -> dict[str, Any]:
    """Returns the plan of an upgrade. ``now`` is in seconds since 1970.

    ``rows`` has the columns miner, address, firmware, target, plan, cause and reason; ``shown`` are those that need
    attention, and ``schedule`` has the columns batch, miners, kinds and names. ``due`` are the names of the miners to
    upgrade, in the order of their ``batches``, which are lists of names with one of ``patterns`` each. ``skipped`` has,
    for each other miner that is not up to date, why it is not upgraded; ``errors`` are the names of those skipped
    because of an error. ``problem`` is why nothing may be sent to any miner. ``made_at`` is the time.
    """
    rows: list[dict[str, Any]] = []
    kinds: dict[str, Hashable] = {}
    for miner in miners:
        forecast, cause, reason = upgrade_course.forecast(miner.course)
        if forecast == upgrade_course.DUE:
            kinds[miner.name] = upgrade_course.kind(miner.course)
        rows.append(
            {
                "miner": miner.name,
                "address": miner.address,
                "firmware": upgrade_course.firmware_before(miner.course),
                "target": miner.course.checked.get("version", ""),
                "plan": forecast,
                "cause": cause,
                "reason": reason,
            }
        )
    rows = _worst_first(rows, "plan")
    others = [row for row in rows if row["plan"] not in (upgrade_course.DUE, upgrade_course.UP_TO_DATE)]
    batches = upgrade_batches.in_batches(kinds, values["serial"], values["parallel"])
    return {
        "rows": rows,
        "shown": _needing_attention(rows),
        "schedule": _schedule(batches, kinds),
        "due": [name for batch in batches for name in batch],
        "batches": batches,
        "patterns": [patterns.of_hosts(batch) for batch in batches],
        "skipped": {row["miner"]: f"It is {row['plan']}, so nothing was sent. {row['reason']}" for row in others},
        "errors": [row["miner"] for row in others if row["plan"] in _ERRORS],
        "summary": _counts_of(rows, "plan"),
        "problem": _problem(rows, others, values),
        "made_at": now,
    }


def outcome(
    planned: Mapping[str, Any], miners: Iterable[Miner], values: Mapping[str, Any], now: float, is_check: bool = False
) -> dict[str, Any]:
    """Returns the results of a plan so far. ``miners`` are those that are due, ``now`` is in seconds since 1970.

    ``rows`` has the columns miner, address, before, after, seconds, outcome, cause and reason. ``failed`` has, for each
    miner that was started but is not upgraded, why. ``progress`` is a sentence between two batches, and ``stop`` is why
    the next one must not start; ``summary`` is a text for the end, ``is_ok`` whether all is well then. ``limit`` are
    the lines of a limit that excludes the failed miners, ``stats`` the numbers of miners by outcome.
    """
    due = [_row(miner, values, now) for miner in miners]
    begun = [row for row in due if row["outcome"] != upgrade_course.PENDING]
    failed = [row for row in begun if row["outcome"] != upgrade_course.UPGRADED]
    others = [_row_of_skipped(row) for row in planned["rows"] if row["plan"] != upgrade_course.DUE]
    rows = _worst_first([*due, *others], "outcome")
    is_complete = is_check or len(begun) == len(due)
    return {
        "rows": rows,
        "failed": {row["miner"]: f"It is {row['outcome']}. {row['reason']}" for row in failed},
        "progress": f"{len(begun)} of {words.counted(len(due), 'miner')} done, {len(failed)} failed.",
        "stop": _stop(due, begun, failed, values),
        "summary": _ending(planned, rows, failed, values, is_check),
        "is_ok": is_complete and not failed and (values["partial"] or not planned["errors"]),
        "limit": [f"!{patterns.of_hosts([row['miner']])}" for row in failed],
        "stats": _stats(rows),
    }


def _needing_attention(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that need attention beforehand: with many miners, those neither up to date nor due."""
    if len(rows) <= _SHOWN_ROWS:
        return rows
    return [row for row in rows if row["plan"] not in (upgrade_course.DUE, upgrade_course.UP_TO_DATE)]


def _schedule(batches: Sequence[Sequence[str]], kinds: Mapping[str, Hashable]) -> list[dict[str, Any]]:
    """The batches as rows. Consecutive batches of equal size share one row."""
    rows: list[dict[str, Any]] = []
    for number, batch in enumerate(batches, 1):
        if rows and rows[-1]["miners"] == len(batch):
            rows[-1]["batch"] = f"{rows[-1]['batch'].partition(' to ')[0]} to {number}"
            continue
        names = ", ".join(batch[:_SHOWN_NAMES]) + (", …" if len(batch) > _SHOWN_NAMES else "")
        kinds_in_it = len({kinds[name] for name in batch})
        rows.append({"batch": str(number), "miners": len(batch), "kinds": kinds_in_it, "names": names})
    return rows


def _row(miner: Miner, values: Mapping[str, Any], now: float) -> dict[str, Any]:
    stage, reason = upgrade_course.stage(miner.course, miner.values or values, now)
    is_waited_for = stage in (upgrade_course.MISSING, upgrade_course.SETTLING)
    return {
        "miner": miner.name,
        "address": miner.address,
        "before": upgrade_course.firmware_before(miner.course),
        "after": upgrade_course.firmware_now(miner.course),
        "seconds": upgrade_course.seconds_taken(miner.course),
        "outcome": upgrade_course.HANDED_OVER if is_waited_for else stage,
        "cause": "",
        "reason": reason,
    }


def _row_of_skipped(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "miner": row["miner"],
        "address": row["address"],
        "before": row["firmware"],
        "after": row["firmware"],
        "seconds": None,
        "outcome": row["plan"],
        "cause": row["cause"],
        "reason": row["reason"],
    }


def _worst_first(rows: Sequence[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: _ORDER.index(row[column]))


def _problem(rows: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> str:
    """Why nothing may be sent, "" if there is no objection. ``others`` are neither due nor up to date."""
    if others and len(others) == len(rows):
        return (
            f"No miner is eligible for the upgrade, so nothing was sent. {_counts_of(rows, 'plan')} {_reasons(others)}"
        )
    if others and values["require_all"]:
        return (
            f"{len(others)} of {words.counted(len(rows), 'miner')} cannot be upgraded, and upgrade_require_all is set, "
            f"so nothing was sent. {_reasons(others)} Fix them, or leave out upgrade_require_all to go on without them."
        )
    return ""


def _stop(
    due: Sequence[Mapping[str, Any]],
    begun: Sequence[Mapping[str, Any]],
    failed: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
) -> str:
    allowed = max(values["max_failures"], int(values["max_failure_percent"] * len(due) / 100))
    if len(failed) <= allowed:
        return ""
    return (
        f"STOPPED: {len(failed)} of {words.counted(len(begun), 'miner')} failed, and upgrade_max_failures and "
        f"upgrade_max_failure_percent allow {allowed}. Not started: {words.counted(len(due) - len(begun), 'miner')}. "
        f"{_reasons(failed)} {_advice(values)}"
    )


def _ending(
    planned: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    failed: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    is_check: bool,
) -> str:
    sentences = [planned["summary"] if is_check else _counts_of(rows, "outcome")]
    errors = [row for row in rows if row["outcome"] in _ERRORS]
    if failed:
        sentences += [_reasons(failed), _advice(values)]
    if errors and not values["partial"]:
        sentences += [
            _reasons(errors),
            "Fix these miners and run the same command again, or set upgrade_partial: true to do without them.",
        ]
    return " ".join(sentences)


def _advice(values: Mapping[str, Any]) -> str:
    folder = values["report_folder"]
    return (
        f"The record is in {folder}. Fix the miners that failed, or leave them out with --limit "
        f"{shlex.quote(f'@{folder}/{LIMIT_FILE}')}, and run the same command again: upgraded miners are skipped."
    )


def _reasons(rows: Sequence[Mapping[str, Any]]) -> str:
    column = "outcome" if "outcome" in rows[0] else "plan"
    alike: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        alike.setdefault((row[column], row["reason"]), []).append(f"{row['miner']} ({row['address']})")
    return words.first(
        [
            f"{words.named(names, 3)} {'is' if len(names) == 1 else 'are'} {what}: {reason}"
            for (what, reason), names in alike.items()
        ]
    )


def _counts_of(rows: Sequence[Mapping[str, Any]], column: str) -> str:
    """Returns how many miners there are of each kind, the worst first, with the causes that prevented upgrades."""
    labels = (f"{row[column]} ({row['cause']})" if row["cause"] else row[column] for row in rows)
    return words.summed_up({_TO_DO.get(label, label): count for label, count in Counter(labels).items()})


def _stats(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    counts = words.tally((row["outcome"] for row in rows), _OUTCOMES)
    return {"total": len(rows), **{outcome.replace(" ", "_"): count for outcome, count in counts.items()}}
