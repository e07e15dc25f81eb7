# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job upgrade: which miners are eligible, in which batch, their progress, and the outcome of the run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.inventory.manager import split_host_pattern
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import upgrade
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade import Miner
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_batches import in_batches
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.upgrade_course import (
    Course,
    forecast,
    in_words_of_the_role,
    stage,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.waiting import FINAL_CODES

# Each of them has another meaning in Ansible's host patterns.
NAMES = ["a0:b0:45:00:00:e5", "hall1:rack2", "!a", "&b", "*", "~c", " d ", "rack,1", "höhle", "[a]", "a|b"]
OLD, NEW = "t1_20180515_060842", "t1_20180901_120000"
ARCHIVE = {"upgrade_src": "new.swu"}


def values(**given: Any) -> dict[str, Any]:
    named = {f"upgrade_{name}": value for name, value in given.items()}
    return normalised(upgrade.VARIABLES, {**ARCHIVE, **named})


def facts(firmware: str = OLD, *rates_ths: float | None, ready: bool = True, **more: Any) -> dict[str, Any]:
    boards = [{"id": number, "hashrate_ths": rate} for number, rate in enumerate(rates_ths)]
    identity = {"type": "T1", "firmware": firmware, "mac": more.get("mac", "a0:1")}
    return {
        "ansible_facts": {
            "dragonmint_identity": identity,
            "dragonmint_generation": more.get("generation", "dm-2018-05"),
            "dragonmint_hardware": {"uptime_seconds": more.get("uptime")},
            "dragonmint_mining": {"ready": ready, "boards": boards},
            "dragonmint_gathered_at": more.get("at", 1000.0),
        },
    }


SEEN = facts(OLD, 5.0, 5.0, 5.0)
DUE = {"version": NEW, "version_before": OLD, "ipaddress": "192.0.2.7"}
GONE = {"unreachable": True, "error_code": "unreachable", "msg": "No miner answers."}


def failed(code: str, msg: str = "Why.") -> dict[str, Any]:
    """A result of a task that must not fail; its error_code says that it did."""
    return {"failed": False, "error_code": code, "msg": msg}


@pytest.mark.parametrize(
    ("checked", "seen", "planned"),
    [
        (DUE, SEEN, ("upgrade", "", "")),
        (
            {**DUE, "warnings": ["m1: new.swu is for b29.g19 and d9.g19. With it, this B29 becomes a D9."]},
            SEEN,
            ("upgrade", "", "new.swu is for b29.g19 and d9.g19. With it, this B29 becomes a D9."),
        ),
        ({"version": NEW, "version_before": NEW}, SEEN, ("up to date", "", "")),
        ({"version": NEW, "version_before": NEW}, facts(NEW, ready=False), ("up to date", "", "")),
        # It has rebooted after it was checked.
        (DUE, facts(NEW, None, None, None), ("up to date", "", "")),
        (failed("invalid_firmware"), SEEN, ("not eligible", "invalid firmware", "Why.")),
        (failed("downgrade"), SEEN, ("not eligible", "downgrade", "Why.")),
        (failed("not_ready"), SEEN, ("not eligible", "not ready", "Why.")),
        (failed("unsupported"), SEEN, ("not eligible", "unsupported", "Why.")),
        (failed("authentication"), {}, ("unknown", "authentication", "Why.")),
        (failed("permission"), SEEN, ("unknown", "permission", "Why.")),
        (failed("missing_library"), SEEN, ("unknown", "missing library", "Why.")),
        (failed("timeout"), SEEN, ("unknown", "timeout", "Why.")),
        ({"failed": False, "msg": "No such attribute."}, SEEN, ("unknown", "bug", "No such attribute.")),
        ({}, {}, ("unknown", "bug", "")),
        (GONE, {}, ("unreachable", "", "No miner answers.")),
        (DUE, GONE, ("unreachable", "", "No miner answers.")),
        (DUE, failed("not_ready"), ("unknown", "not ready", "Why.")),
        (DUE, failed("timeout"), ("unknown", "timeout", "Why.")),
        (DUE, facts(ready=False), ("not eligible", "not mining", "It does not mine: cgminer does not answer.")),
        (DUE, facts(OLD, None, 0.0), ("not eligible", "not mining", "It does not mine: no board is hashing.")),
    ],
)
def test_what_is_planned_for_a_miner(
    checked: dict[str, Any], seen: dict[str, Any], planned: tuple[str, str, str]
) -> None:
    assert forecast(Course(checked=checked, seen=seen)) == planned


@pytest.mark.parametrize(
    ("kinds", "serial", "at_once", "batches"),
    [
        ("", [1, 10], 9, []),
        ("a", [1, 10], 9, ["0"]),
        ("aaaaaa", [1, 2], 9, ["0", "12", "34", "5"]),
        ("aaaaaa", [10], 9, ["012345"]),
        ("aaabab", [1, 2], 9, ["03", "12", "45"]),
        ("aaabac", [3, 1], 9, ["035", "1", "2", "4"]),
        ("aaabac", [4, 1], 9, ["0351", "2", "4"]),
        ("abcabc", [1, 9], 2, ["01", "23", "45"]),
        ("aaaaaaaaaa", ["10%", "25 %", "100%"], 5, None),
        ("aaaaaaaaaa", ["10%", "25%", "100%"], 5, ["0", "12", "34567", "89"]),
        ("aaa", ["1%", "1"], 9, ["0", "1", "2"]),
    ],
)
def test_batches(kinds: str, serial: list[int | str], at_once: int, batches: list[str] | None) -> None:
    """Each miner is a digit, each kind a letter."""
    miners = {str(number): kind for number, kind in enumerate(kinds)}
    if batches is None:
        with pytest.raises(ValueError, match="'25 %'"):
            in_batches(miners, serial, at_once)
    else:
        assert in_batches(miners, serial, at_once) == [list(batch) for batch in batches]


@pytest.mark.parametrize(("count", "sizes"), [(12, [1, 10, 1]), (29, [1, 10, 10, 8]), (1000, [1, 10, 20, 969])])
def test_batches_grow_by_default(count: int, sizes: list[int]) -> None:
    miners = {str(number): "a" for number in range(count)}
    assert [len(batch) for batch in in_batches(miners, values()["serial"], count)] == sizes


SENT = {"version": NEW, "began_at": 900.0, "changed": True}
BOOTING = {"ansible_facts": {}, **GONE}
SQUATTED = facts(NEW, 5.0, mac="a0:2")
WEAK = facts(NEW, 5.0, None, 1.0)
SEARCH = {"search": "192.0.2.0/29", "src": None}


@pytest.mark.parametrize(
    ("results", "now", "expected", "reason"),
    [
        ({}, 901, "pending", ""),
        ({"sent": GONE}, 901, "dark", "No miner answers."),
        ({"sent": {"failed": True, "msg": "Stuck."}}, 901, "failed", "Stuck."),
        ({"sent": {"failed": True, "error_code": "not_back", "changed": True, "msg": "Gone."}}, 901, "dark", "Gone."),
        ({"sent": SENT}, 901, "handed over", ""),
        ({"sent": SENT, "back": {"skipped": True}}, 901, "handed over", ""),
        ({"sent": SENT, "back": GONE}, 901, "handed over", ""),
        ({"sent": SENT, "back": GONE}, 1801, "dark", "It has not come back after the upgrade. No miner answers."),
        ({"sent": SENT, "back": failed("timeout")}, 901, "handed over", ""),
        ({"sent": SENT, "back": failed("timeout", "Late.")}, 1801, "failed", "Late."),
        ({"sent": SENT, "back": SQUATTED}, 901, "handed over", ""),
        (
            {"sent": SENT, "back": SQUATTED},
            1801,
            "dark",
            "the miner a0:2 answers there, not a0:1. Set upgrade_search",
        ),
        ({"sent": SENT, "back": facts(OLD)}, 901, "handed over", ""),
        (
            {"sent": SENT, "back": facts(OLD)},
            1801,
            "failed",
            f"It runs {OLD}, not {NEW}: it did not install it, or",
        ),
        ({"sent": SENT, "back": facts(OLD, uptime=60)}, 901, "failed", "the new image does not boot"),
        ({"sent": SENT, "back": facts(OLD, uptime=8100)}, 1801, "failed", "it has not rebooted"),
        ({"sent": SENT, "back": facts("")}, 1801, "failed", "It runs an unknown firmware"),
        ({"sent": SENT, "back": facts(NEW)}, 901, "settling", ""),
        ({"sent": {**failed("not_ready"), "changed": True}, "back": facts(NEW)}, 901, "settling", ""),
        ({"sent": SENT, "back": facts(NEW), "healthy": facts(NEW, 5.0, 5.0, 4.0)}, 1001, "upgraded", ""),
        ({"sent": SENT, "back": facts(NEW), "healthy": facts(NEW, 9.0, 9.0)}, 1001, "settling", ""),
        ({"sent": SENT, "back": facts(NEW), "healthy": WEAK}, 1001, "settling", ""),
        (
            {"sent": SENT, "back": facts(NEW), "healthy": WEAK},
            1901,
            "unhealthy",
            "mines too little: 6 TH/s, boards hashing: 0, 2.",
        ),
        ({"sent": SENT, "back": facts(NEW), "healthy": facts(NEW)}, 1901, "unhealthy", "boards hashing: none."),
        (
            {"sent": SENT, "back": facts(NEW), "healthy": facts(NEW, ready=False)},
            1901,
            "unhealthy",
            "cgminer does not answer",
        ),
        ({"sent": SENT, "back": facts(NEW), "healthy": GONE}, 1901, "unhealthy", "No miner answers."),
        (
            {"sent": SENT, "back": facts(NEW), "healthy": WEAK, "rolled_back": {"rebooted": True, "version": OLD}},
            1901,
            "rolled back",
            "mines too little",
        ),
    ],
)
def test_where_a_miner_is(results: dict[str, Any], now: float, expected: str, reason: str) -> None:
    course = Course.of({"checked": DUE, "seen": {**SEEN, **facts(OLD, 5.0, 5.0, 5.0, uptime=7200)}, **results})
    if results.get("back", {}).get("ansible_facts", {}).get("dragonmint_hardware", {}).get("uptime_seconds") is None:
        course = Course.of({"checked": DUE, "seen": SEEN, **results})
    found, why = stage(course, values(), now)
    assert found == expected
    assert reason in why
    assert bool(why) is bool(reason)


@pytest.mark.parametrize(("now", "expected"), [(1400, "handed over"), (2400, "handed over"), (2401, "failed")])
def test_a_reboot_that_freed_a_stuck_updater_says_nothing_about_the_firmware(now: float, expected: str) -> None:
    """The wait begins when the miner has all of the firmware, which may be long after the task has begun."""
    sent = {**SENT, "elapsed_seconds": 600.0}
    seen = {**SEEN, **facts(OLD, 5.0, 5.0, 5.0, uptime=7200)}
    course = Course.of({"checked": DUE, "seen": seen, "sent": sent, "back": facts(OLD, uptime=60)})
    found, why = stage(course, values(recover=True), now)
    assert found == expected
    assert ("it did not install it, or the new image does not boot" in why) is (expected == "failed")


@pytest.mark.parametrize(
    ("results", "now", "expected", "reason"),
    [
        ({"back": GONE}, 1100, "handed over", ""),
        ({"back": GONE}, 1201, "missing", ""),
        ({"back": SQUATTED}, 1100, "handed over", ""),
        ({"back": SQUATTED}, 1201, "missing", ""),
        ({"back": failed("authentication")}, 901, "missing", ""),
        ({"back": failed("wrong_device")}, 901, "handed over", ""),
        ({"back": GONE, "found": failed("wrong_device")}, 1300, "missing", ""),
        ({"back": GONE, "found": {"ipaddress": "192.0.2.3"}}, 1300, "missing", ""),
        (
            {"back": GONE, "found": GONE},
            1801,
            "dark",
            "and it was not found in 192.0.2.0/29 (upgrade_search). No miner",
        ),
        (
            {"back": SQUATTED, "found": failed("wrong_device")},
            1801,
            "dark",
            "not a0:1, and it was not found in 192.0.2",
        ),
        ({"back": failed("authentication"), "found": failed("authentication")}, 1300, "failed", "Why."),
        ({"back": facts(NEW), "found": {"ipaddress": "192.0.2.3"}}, 1300, "settling", ""),
    ],
)
def test_where_a_miner_is_that_may_come_back_elsewhere(
    results: dict[str, Any], now: float, expected: str, reason: str
) -> None:
    course = Course.of({"checked": DUE, "seen": SEEN, "sent": SENT, **results})
    found, why = stage(course, values(search="192.0.2.0/29"), now)
    assert found == expected
    assert reason in why
    assert bool(why) is bool(reason)


@pytest.mark.parametrize("code", sorted(FINAL_CODES))
def test_an_error_that_waiting_cannot_fix_ends_the_wait(code: str) -> None:
    sent = {"checked": DUE, "seen": SEEN, "sent": SENT}
    assert stage(Course.of({**sent, "back": failed(code)}), values(), 901) == ("failed", "Why.")
    lost = {**sent, "back": facts(NEW), "healthy": failed(code)}
    assert stage(Course.of(lost), values(), 1001) == ("unhealthy", "Why.")


def miner(name: str, **results: Any) -> Miner:
    return Miner(name, f"192.0.2.{name[1:]}", Course.of({"checked": DUE, "seen": SEEN, **results}))


FRESH = [miner(f"m{number}") for number in range(1, 5)]
DARK = Miner("m5", "192.0.2.5", Course(checked=GONE))
LOCKED = Miner("m6", "192.0.2.6", Course(checked=failed("authentication", "Refused.")))
IDLE = Miner("m7", "192.0.2.7", Course(checked=DUE, seen=facts(OLD, None)))
DONE = Miner("m8", "192.0.2.8", Course(checked={"version": NEW, "version_before": NEW}, seen=facts(NEW, 5.0)))


def test_a_plan() -> None:
    other = miner("m9", seen=facts(OLD, 5.0, generation="dm-2018-04"))
    planned = upgrade.plan([DONE, *FRESH, IDLE, DARK, LOCKED, other], values(serial=[1, 2]))
    assert planned["due"] == ["m1", "m9", "m2", "m3", "m4"]
    assert planned["batches"] == [["m1", "m9"], ["m2", "m3"], ["m4"]]
    assert planned["shown"] == planned["rows"]
    assert planned["errors"] == ["m5", "m6"]
    assert list(planned["skipped"]) == ["m5", "m6", "m7"]
    assert planned["skipped"]["m6"] == "It is unknown, so nothing was sent. Refused."
    assert [row["plan"] for row in planned["rows"]] == [
        *["unreachable", "unknown", "not eligible"],
        *["upgrade"] * 5,
        "up to date",
    ]
    assert planned["rows"][3] == {
        "miner": "m1",
        "address": "192.0.2.1",
        "firmware": OLD,
        "target": NEW,
        "plan": "upgrade",
        "cause": "",
        "reason": "",
    }
    assert planned["summary"] == (
        "9 miners: 1 unreachable, 1 unknown (authentication), 1 not eligible (not mining), 5 to be upgraded, "
        "1 up to date."
    )
    assert planned["problem"] == ""


def test_a_plan_of_many_miners_fits_a_screen() -> None:
    many = [miner(f"m{number}") for number in range(10, 60)]
    planned = upgrade.plan([*many, DARK, DONE], values(serial=[1, 10]))
    assert [row["miner"] for row in planned["shown"]] == ["m5"]
    assert planned["schedule"] == [
        {"batch": "1", "miners": 1, "kinds": 1, "names": "m10"},
        {"batch": "2 to 5", "miners": 10, "kinds": 1, "names": "m11, m12, m13, m14, …"},
        {"batch": "6", "miners": 9, "kinds": 1, "names": "m51, m52, m53, m54, …"},
    ]


@pytest.mark.parametrize("pattern", upgrade.plan([miner(name) for name in NAMES], values(serial=[2]))["patterns"])
def test_a_pattern_is_for_the_miners_of_one_batch(pattern: str) -> None:
    """Ansible does not split it, and it matches no other host."""
    assert split_host_pattern([pattern]) == [pattern]
    assert sum(bool(re.match(pattern[1:], name)) for name in NAMES) in (1, 2)
    assert not any(re.match(pattern[1:], f"{name}x") or re.match(pattern[1:], f"x{name}") for name in NAMES)


@pytest.mark.parametrize(
    ("miners", "given", "problem"),
    [
        ([DONE], {}, ""),
        ([DONE, DARK], {}, ""),
        ([FRESH[0], DARK, IDLE], {}, ""),
        (
            [DARK],
            {},
            "No miner is eligible for the upgrade, so nothing was sent. 1 miner: 1 unreachable. m5 (192.0.2.5)",
        ),
        ([DARK, LOCKED, IDLE], {"partial": True}, "No miner is eligible .* m6 .192.0.2.6. is unknown: Refused. m7"),
        ([DARK, DARK], {}, "No miner .* m5 .192.0.2.5., m5 .192.0.2.5. are unreachable: No miner answers."),
        ([*FRESH, IDLE], {"require_all": True}, "1 of 5 miners cannot be upgraded, and upgrade_require_all is set"),
        ([*FRESH, DONE], {"require_all": True}, ""),
    ],
)
def test_what_forbids_to_send_anything(miners: list[Miner], given: dict[str, Any], problem: str) -> None:
    found = upgrade.plan(miners, values(**given))["problem"]
    assert bool(found) is bool(problem)
    assert re.match(problem.replace("(192.0.2.5)", ".192.0.2.5."), found)


UPGRADED = {"sent": SENT, "back": facts(NEW), "healthy": facts(NEW, 5.0, 5.0, 5.0)}
FELL_BACK = {"sent": {"failed": True, "error_code": "flash_failed", "msg": "Fell back."}}


def outcome(done: dict[str, dict[str, Any]], others: list[Miner], is_check: bool = False, **given: Any) -> Any:
    """The outcome for four miners and others, with these results by name."""
    given = values(**given)
    planned = upgrade.plan([*FRESH, *others], given)
    now = [miner(each.name, **done.get(each.name, {})) for each in FRESH]
    return upgrade.outcome(planned, now, given, 5000.0, is_check)


def test_an_outcome_between_two_batches() -> None:
    found = outcome({"m1": UPGRADED, "m2": FELL_BACK, "m3": {"sent": SENT}}, [DONE], max_failures=2)
    assert [(row["miner"], row["outcome"]) for row in found["rows"]] == [
        ("m2", "failed"),
        ("m3", "handed over"),
        ("m4", "pending"),
        ("m1", "upgraded"),
        ("m8", "up to date"),
    ]
    assert found["rows"][3] == {
        "miner": "m1",
        "address": "192.0.2.1",
        "before": OLD,
        "after": NEW,
        "seconds": 100,
        "outcome": "upgraded",
        "cause": "",
        "reason": "",
    }
    assert found["failed"] == {"m2": "It is failed. Fell back.", "m3": "It is handed over. "}
    assert found["progress"] == "3 of 4 miners done, 2 failed."
    assert found["stop"] == ""
    assert found["limit"] == ["!~^(m2)$", "!~^(m3)$"]
    assert not found["is_ok"]
    assert {key: count for key, count in found["stats"].items() if count} == {
        "total": 5,
        "failed": 1,
        "handed_over": 1,
        "pending": 1,
        "upgraded": 1,
        "up_to_date": 1,
    }


@pytest.mark.parametrize(
    ("given", "allowed"),
    [({}, 0), ({"max_failures": 1}, 1), ({"max_failure_percent": 25}, 1), ({"max_failure_percent": 24.9}, 0)],
)
def test_how_many_may_fail(given: dict[str, Any], allowed: int) -> None:
    done = {f"m{number}": FELL_BACK for number in range(1, allowed + 2)}
    assert outcome(dict(list(done.items())[:-1]), [], **given)["stop"] == ""
    stop = outcome(done, [], **given)["stop"]
    assert stop.startswith(f"STOPPED: {len(done)} of {len(done)} miner")
    failed = ", ".join(f"{name} (192.0.2.{name[1:]})" for name in done)
    verb = "is" if len(done) == 1 else "are"
    assert f"allow {allowed}. Not started: {4 - len(done)} miners. {failed} {verb} failed: Fell back." in stop
    assert "with --limit @dragonmint-reports/upgrade_without_failed.txt, and run" in stop


@pytest.mark.parametrize(
    ("done", "others", "given", "is_ok"),
    [
        ({}, [], {}, False),
        (dict.fromkeys(["m1", "m2", "m3"], UPGRADED), [], {}, False),
        (dict.fromkeys(["m1", "m2", "m3", "m4"], UPGRADED), [IDLE, DONE], {}, True),
        (dict.fromkeys(["m1", "m2", "m3", "m4"], UPGRADED), [DARK], {}, False),
        (dict.fromkeys(["m1", "m2", "m3", "m4"], UPGRADED), [LOCKED], {}, False),
        (dict.fromkeys(["m1", "m2", "m3", "m4"], UPGRADED), [DARK, LOCKED], {"partial": True}, True),
        ({**dict.fromkeys(["m1", "m2", "m3"], UPGRADED), "m4": FELL_BACK}, [], {"partial": True}, False),
        ({}, [IDLE], {"is_check": True}, True),
        ({}, [DARK], {"is_check": True}, False),
    ],
)
def test_when_all_is_well(done: dict[str, Any], others: list[Miner], given: dict[str, Any], is_ok: bool) -> None:
    assert outcome(done, others, **given)["is_ok"] is is_ok


def test_the_summary_says_each_number_and_what_to_do() -> None:
    done = {"m1": UPGRADED, "m2": UPGRADED, "m3": FELL_BACK, "m4": UPGRADED}
    assert outcome(done, [DARK, LOCKED, IDLE], max_failures=1)["summary"] == (
        "7 miners: 1 failed, 1 unreachable, 1 unknown (authentication), 1 not eligible (not mining), 3 upgraded. "
        "m3 (192.0.2.3) is failed: Fell back. The record is in dragonmint-reports. Fix the miners that failed, or "
        "leave them out with --limit @dragonmint-reports/upgrade_without_failed.txt, and run the same command again: "
        "upgraded miners are skipped. m5 (192.0.2.5) is unreachable: No miner answers. m6 (192.0.2.6) is unknown: "
        "Refused. Fix these miners and run the same command again, or set upgrade_partial: true to do without them."
    )
    assert outcome({}, [IDLE], is_check=True)["summary"] == ("5 miners: 1 not eligible (not mining), 4 to be upgraded.")


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_leaves_out_whatever_a_miner_is_called(name: str) -> None:
    given = values()
    planned = upgrade.plan([Miner(name, "", Course(checked=DUE, seen=SEEN))], given)
    begun = Miner(name, "", Course(checked=DUE, seen=SEEN, sent=FELL_BACK["sent"]))
    (line,) = upgrade.outcome(planned, [begun], given, 0.0)["limit"]
    assert split_host_pattern(line) == [line]
    assert line[:2] == "!~"
    assert re.match(line[2:], name)
    assert not re.match(line[2:], f"{name}x")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("src 'x/src/url.swu' was not found.", "upgrade_src 'x/src/url.swu' was not found."),
        (
            "Looked in these folders: /src/url. Correct the path.",
            "Looked in these folders: /src/url. Correct the path.",
        ),
        ("Correct src or version.", "Correct upgrade_src or upgrade_version."),
        (
            "The version is neither there nor here. Give it as version.",
            "The version is neither there nor here. Give it as upgrade_version.",
        ),
        ("Use url to have the miner download it.", "Use upgrade_url to have the miner download it."),
        ("Use src or url instead of latest.", "Use upgrade_src or upgrade_url instead of upgrade_latest."),
        ("Set allow_downgrade to install it.", "Set upgrade_allow_downgrade to install it."),
        (
            "Raise wait_timeout; name that network in search.",
            "Raise upgrade_wait_timeout; name that network in upgrade_search.",
        ),
        (
            "Reboot it, or leave out search. Nothing was changed.",
            "Reboot it, or leave out upgrade_search. Nothing was changed.",
        ),
        (
            "recover=true (upgrade_recover=true for the role).",
            "upgrade_recover=true (upgrade_recover=true for the role).",
        ),
        (
            "Set exactly one of src, url and latest.",
            "Set exactly one of upgrade_src, upgrade_url and upgrade_latest.",
        ),
        ("not the one in checksum. Download it again.", "not the one in upgrade_checksum. Download it again."),
    ],
)
def test_reasons_name_the_variables_of_the_role(message: str, said: str) -> None:
    assert in_words_of_the_role(message) == said


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"latest": True}, "upgrade_src and upgrade_latest are set"),
        ({"src": "http://192.0.2.1/a.swu"}, "upgrade_src 'http://192.0.2.1/a.swu' is a web address.* Set upgrade_url"),
        (
            {"src": None, "url": "http://192.0.2.1/a.swu", "checksum": "sha256:0"},
            "upgrade_checksum can only be used",
        ),
        ({"search": "192.0.2.0/33"}, "upgrade_search '192.0.2.0/33' is not a network"),
        ({"search": "10.0.0.0/8"}, "upgrade_search '10.0.0.0/8' has 16777216 addresses"),
        ({"serial": [1, "many"]}, "upgrade_serial is not valid: 'many'"),
        ({"serial": [0]}, "upgrade_serial is not valid: 0"),
        ({"serial": []}, "upgrade_serial is not valid: it is empty"),
    ],
)
def test_variables_that_make_no_sense_together(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidVariables, match=sentence):
        values(**given)
