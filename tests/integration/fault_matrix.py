# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The required outcome of each module for each fault, as data.

A test plays every case, and docs/faults.md shows the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.modules import MODULES

# The timeout for miners that do not respond, and for those that may just be busy.
TIMEOUT_S, PATIENCE_S = 2, 30
# From a task's first request to its last, with waits, timeouts and retries, on a busy machine.
DEADLINE_S = 40.0


PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
NO_CASE = "-"
# The simulator's faults that try to exhaust the memory.
BOMBS = ("gzip_bomb", "nesting_bomb", "oversized", "huge", "endless_head")


@dataclass(frozen=True)
class Row:
    """A fault, and the outcome of a task: ok, changed, or the error_code. ``during`` says when it strikes.

    A failure that still reports a change of the miner is an error_code, a comma and changed. ``reads`` is the outcome
    of modules that only read, ``writes`` that of all others, ``but`` of single modules. ``told`` says whether the
    others send a change: then exactly once, else never.
    """

    what: str
    during: str
    fault: dict[str, Any] | None
    reads: str
    writes: str
    but: Mapping[str, str] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)

    def outcome(self, module: str) -> str:
        """Its outcome; NO_CASE if the module can't meet this fault."""
        return self.but.get(module, self.reads if MODULES[module].only_reads else self.writes)

    @property
    def fault_name(self) -> str | None:
        """The simulator's name for it; None without a fault."""
        return self.fault["name"] if self.fault else None

    def is_told(self, module: str) -> bool:
        """Whether a write may be sent: to a miner that can be read, and by a module that writes."""
        is_told = self.during == WRITE or self.outcome(module).endswith(("changed", "not_applied"))
        return is_told and not MODULES[module].only_reads

    def timeout_s(self, module: str) -> int:
        """The option timeout."""
        return TIMEOUT_S if self.outcome(module) == "timeout" else PATIENCE_S


ALWAYS, WRITE = "every request", "the write"


def always(what: str, outcome: str, fault: str, logs: str | None = None, **parameters: Any) -> Row:
    """Nothing can be read, so nothing may be written."""
    but = {} if logs is None else {"logs": logs}
    return Row(what, ALWAYS, {"name": fault, **parameters}, outcome, outcome, but)


def writing(what: str, outcome: str, fault: str, but: Mapping[str, str] | None = None, **parameters: Any) -> Row:
    """All is well until the change is sent. It is not sent again: the miner's state decides."""
    return Row(
        what, WRITE, {"name": fault, "action": "writes", **parameters}, NO_CASE, outcome, {**UNSEEN, **(but or {})}
    )


def stuck(what: str, **state: str) -> Row:
    """Only the firmware module meets the updater."""
    return Row(what, WRITE, None, NO_CASE, NO_CASE, NOT_ACCEPTED, state=state)


def once(what: str, fault: str, **parameters: Any) -> Row:
    """The very first request gets lost, and is retried."""
    return Row(what, "the first request", {"name": fault, "times": 1, **parameters}, "ok", "changed")


HTML = "<!DOCTYPE html><html><body>It works!</body></html>"
# A miner that reboots instead of the requested change has not made it, unless a reboot was requested.
REBOOTED = {"power": "changed"}
# What can't be read: if the reply is lost, its state is unknown, and if it says success, that is all there is.
UNSEEN = {name: "not_back, changed" for name, module in MODULES.items() if module.blind}
TRUSTED = dict.fromkeys(UNSEEN, "changed")
UNDIVIDED = {name: NO_CASE for name, module in MODULES.items() if module.faulty.half is None}
UNRIVALLED = {name: NO_CASE for name, module in MODULES.items() if module.faulty.rival is None}
# A rival of the network restores the previous settings, and passwords can't be read, only tried.
RIVAL = {**UNRIVALLED, "network": "not_applied", "user": "not_applied"}
NOT_FLASHED = {"firmware": "flash_failed"}
# The miner's web server loses a stuck updater's refusals in just these ways.
NOT_ACCEPTED = {"firmware": "updater_stuck"}
# It has rebooted and runs the old firmware; the content of its other slot is unknown.
FELL_BACK = {"firmware": "flash_failed, changed"}

# Writing cgminer.conf would lose the rest of it; after an upgrade cgminer does not start with such a file.
CONFIG_LOST = {"pools": "rejected", "autotune": "rejected", "firmware": "not_ready, changed"}
# What does not fit is cut off, and read back at once.
CONFIG_CUT_OFF = {"pools": "not_applied, changed", "autotune": "not_applied, changed"}
# Nothing shows that cgminer stays in its mode: the miner reports the one in its other file.
CONFIG_KEPT = {"pools": "not_applied", "autotune": "changed"}
# Modules that need the miner's MAC write nothing. A reboot shows, but not the uptime that would prove it.
OVERVIEW_LOST = {"name": "fatal_error", "action": "overview"}
NEEDS_OVERVIEW = {
    "facts": "bad_reply",
    "network": "bad_reply",
    "firmware": "bad_reply",
    "power": "not_back, changed",
}
# Only the success in their replies is read.
ONLY_A_FLAG = {"logs": NO_CASE, "pool_test": NO_CASE}
SHORT_POOLS = [{"url": "stratum+tcp://a.io:1", "user": "u", "pass": "x"}]

ROWS = {
    "none": Row("Nothing", ALWAYS, None, "ok", "changed"),
    # Nobody there.
    "refused": always("Connection refused", "unreachable", "dark"),
    "drop-before": always("Connection closed before the request", "unreachable", "drop_before"),
    "drop-during": always("Connection closed during the request", "unreachable", "drop"),
    "reset": always("Connection reset during the request", "unreachable", "drop", reset=True),
    "drop-once": once("Connection closed once", "drop"),
    "silent": always("No answer", "timeout", "silent"),
    "slow": always("An answer after minutes", "timeout", "slow", delay_s=1000.0),
    "drip": always("One byte a second", "timeout", "drip"),
    "busy": always("All five workers busy", "timeout", "queued", delay_s=1000.0),
    # Replies that no miner sends. A log may be cut off at any time, which is how the miner's web server ends a quiet
    # one.
    "truncated": always("Reply cut off", "bad_reply", "truncated", logs="ok"),
    "truncated-once": once("Reply cut off once", "truncated"),
    # If the type is not that of a log, the miner has none there.
    "empty": always("Empty reply", "bad_reply", "empty", logs="unsupported"),
    "html": always(
        "HTML instead of JSON", "bad_reply", "canned", logs="unsupported", body=HTML, content_type="text/html"
    ),
    "as-html": Row("JSON labelled as HTML", ALWAYS, {"name": "as_html"}, "ok", "changed", {"logs": NO_CASE}),
    "500": always("500 from PHP", "bad_reply", "fatal_error"),
    "502": always("502 from nginx", "bad_reply", "html_error", status=502),
    "502-once": once("502 from nginx once", "html_error", status=502),
    "503": always("503 from nginx", "bad_reply", "html_error", status=503),
    "413": always("413 from nginx", "bad_reply", "html_error", status=413),
    "redirect": always("Redirect to another place", "bad_reply", "redirect"),
    "not-http": always("Something other than a web server", "bad_reply", "not_http"),
    "utf8": always("Invalid UTF-8", "bad_reply", "invalid_utf8", logs="unsupported"),
    "types": Row("JSON with wrong types", ALWAYS, {"name": "wrong_types"}, "bad_reply", "bad_reply", ONLY_A_FLAG),
    "nested": always("Nesting bomb", "bad_reply", "nesting_bomb", logs="unsupported"),
    "gzip": always("Gzip bomb", "bad_reply", "gzip_bomb", logs="unsupported"),
    "gigabyte": always("A reply of 1 GB", "bad_reply", "oversized", logs="unsupported"),
    "endless": always("An endless chunked reply", "bad_reply", "huge", logs="unsupported"),
    "endless-head": always("Endless headers", "bad_reply", "endless_head"),
    # The change is made, but the miner can't report it.
    "reply-lost": writing("Reply lost", "changed", "lost_reply"),
    "reply-reset": writing("Reply lost, connection reset", "changed", "lost_reply", reset=True),
    "reply-cut": writing("Reply cut off", "changed", "truncated"),
    "reply-wrong": writing("Reply is invalid UTF-8", "changed", "invalid_utf8", {"firmware": NO_CASE}),
    "clock": writing("The clock jumps", "changed", "clock_jumps", TRUSTED),
    # The change is not made, whatever the miner reports.
    "write-dropped": writing("Connection closed, nothing done", "not_applied", "drop", NOT_ACCEPTED),
    "write-502": writing("502 from nginx, nothing done", "not_applied", "html_error", NOT_ACCEPTED, status=502),
    "write-413": writing(
        "413 from nginx, nothing done", "not_applied", "html_error", {"firmware": "rejected"}, status=413
    ),
    "write-gzip": writing("Gzip bomb, nothing done", "not_applied", "gzip_bomb", NOT_FLASHED),
    "write-nested": writing("Nesting bomb, nothing done", "not_applied", "nesting_bomb", NOT_FLASHED),
    "write-gigabyte": writing("A reply of 1 GB, nothing done", "not_applied", "oversized", NOT_FLASHED),
    "write-endless": writing("An endless chunked reply, nothing done", "not_applied", "huge", NOT_FLASHED),
    "write-endless-head": writing("Endless headers, nothing done", "not_applied", "endless_head", NOT_ACCEPTED),
    "ignored": writing("Success, nothing done", "not_applied", "ignored_write", {"firmware": NO_CASE, **TRUSTED}),
    "half": writing("Success, half done", "not_applied, changed", "half", {**UNDIVIDED, **FELL_BACK}),
    "rival": writing("Another controller changes it meanwhile", "not_applied, changed", "rival", RIVAL),
    "reboots": writing("The miner reboots, nothing done", "not_applied", "reboots", {**REBOOTED, **FELL_BACK}),
    # The updater waits for the rest of an interrupted upload, or has died.
    "updater-500": stuck("The updater is stuck, and reports it", updater="wedged", busy_reply="500"),
    "updater-502": stuck("The updater is stuck, 502 from nginx", updater="wedged", busy_reply="502"),
    "updater-reset": stuck("The updater is stuck, connection reset", updater="wedged", busy_reply="reset"),
    "updater-dead": stuck("The updater is not running", updater="dead"),
    # Nobody can know whether it has changed.
    "gone": writing("The miner no longer responds", "not_back, changed", "dark"),
    # Faults in the miner's own state.
    "overview": Row("500 from PHP for overview", ALWAYS, OVERVIEW_LOST, "ok", "changed", NEEDS_OVERVIEW),
    "users": Row("Users file broken, factory password", ALWAYS, None, "ok", "changed", state={"users": "corrupt"}),
    "users-own": Row(
        "Users file broken, own password",
        ALWAYS,
        None,
        "authentication",
        "authentication",
        state={"users": "corrupt"},
        variables={"dragonmint_password": "Own-Password-9"},
    ),
    "users-misshapen": Row(
        "Users file not a list of users",
        ALWAYS,
        None,
        "authentication",
        "authentication",
        state={"users": "misshapen"},
    ),
    "config": Row("cgminer.conf broken", ALWAYS, None, "ok", "changed", CONFIG_LOST, state={"pools_config": "corrupt"}),
    "config-full": Row(
        "No room for a longer cgminer.conf",
        ALWAYS,
        None,
        "ok",
        "changed",
        CONFIG_CUT_OFF,
        state={"pools": SHORT_POOLS, "config_full": True},
    ),
    "config-kept": Row(
        "cgminer.conf not writable", ALWAYS, None, "ok", "changed", CONFIG_KEPT, state={"config_writable": False}
    ),
}


def cases() -> list[tuple[str, str, Row]]:
    """Each module, the name of a fault that it can meet, and its row."""
    return [(module, name, row) for module in MODULES for name, row in ROWS.items() if row.outcome(module) != NO_CASE]


def fault_of(module: str, row: Row) -> dict[str, Any] | None:
    """The fault to set in the simulator: half a write and a rival's depend on the module."""
    fault = row.fault
    if fault is None or fault["name"] not in ("half", "rival"):
        return fault
    if fault["name"] == "half":
        return {**fault, **(MODULES[module].faulty.half or {})}
    return {**fault, "values": MODULES[module].faulty.rival}


def page() -> str:
    """docs/faults.md."""
    lines = [INTRODUCTION, "| when | fault | " + " | ".join(MODULES) + " |", "|---" * (len(MODULES) + 2) + "|"]
    lines += [f"| {row.during} | {row.what} | " + " | ".join(map(row.outcome, MODULES)) + " |" for row in ROWS.values()]
    return "\n".join(lines) + "\n"


INTRODUCTION = """\
# Faults and outcomes

Written by `make docs` from `tests/integration/fault_matrix.py`. A test runs every case: each module against each fault
of a miner, its network or its neighbors.

`ok` and `changed` are successes. Anything else is the `error_code` of a failed task, or, with `unreachable`, of an
unreachable host. A failure with `changed` means that the miner has changed, or may have. A task that cannot read the
miner sends no change. A task that gets as far as its change sends it once, and decides by what the miner reports
afterwards, not by its reply. `-`: this fault cannot occur with this module.

[Troubleshooting](troubleshooting.md) says what to do about each `error_code`. `dragonmint_fleet` has the same outcome
for each miner as the module that it runs; the test runs these cases in both forms.

In two cases, `changed` does not prove the change. If cgminer.conf is not writable, the miner reports the new autotune
mode, but cgminer stays in the old one; nothing in the API shows that. And the light of `led` cannot be read.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
