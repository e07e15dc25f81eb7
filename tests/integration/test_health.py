# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found wrong with a fleet, and the remedies: the playbook heal."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.running import Ansible, PlaybookRun, connection_to, hosts_with_writes, newest_core

HEAL = Path(__file__).parents[2] / "playbooks/heal.yml"
SPEED = 50.0
POOLS = [{"url": f"stratum+tcp://pool-{number}.vendor.example:3333", "user": f"vendor.{number}"} for number in (1, 2)]
FOREIGN = [{"url": "stratum+tcp://thief.example:1", "user": "thief", "pass": "x"}]
WELL: dict[str, Any] = {}
DEAD: dict[str, Any] = {"alive": False}
# Nothing was restarted for this long.
SETTLED = {"mining_s": 265000}
# Frequent looks, so that a test is quick; a remedy has this many seconds.
QUICK = {"_health_pause": 1, "health_heal_timeout": 8}

# The name of a miner, what is done to it, and what must be found: nothing else, and nothing on other miners.
TROUBLES: dict[str, tuple[Callable[[Miner], Any], str]] = {
    "dead board": (lambda miner: miner.set(boards=[WELL, DEAD, WELL]), "board_dead"),
    "missing board": (lambda miner: miner.set(boards=[WELL, {"slot": 2}]), "board_missing"),
    "hot board": (lambda miner: miner.set(boards=[WELL, WELL, {"temperature_c": 91}]), "board_hot"),
    "slow": (lambda miner: miner.set(boards=[{"hashrate_mhs": 3.5e6}] * 3), "hashrate_low"),
    "no shares": (lambda miner: miner.set(boards=[WELL, {"last_share_s": 100000}, WELL]), "no_shares"),
    "rejected": (lambda miner: miner.set(boards=[{"reject_ratio": 0.2}] * 3), "rejects"),
    "no pool": (lambda miner: miner.set(pool_status="Dead"), "pool_dead"),
    "backup pool": (lambda miner: miner.set(pool_status={POOLS[0]["url"]: "Dead"}), "pool_backup"),
    "dead backup": (lambda miner: miner.set(pool_status={POOLS[1]["url"]: "Dead"}), "pool_dead"),
    "hijacked": (lambda miner: miner.set(pools=FOREIGN), "pools_foreign"),
    "fan": (lambda miner: miner.set(fan_duty=100), "fan_at_limit"),
    "wrong results": (lambda miner: miner.set(boards=[WELL, WELL, {"hardware_errors_per_s": 60}]), "hardware_errors"),
    "rebooted": (lambda miner: miner.set(uptime_s=30), "rebooted"),
    "cgminer down": (lambda miner: miner.set(ready=False), "cgminer_down"),
    "cgminer hangs": (lambda miner: miner.set(cgminer="silent"), "cgminer_down"),
    "dark": (lambda miner: miner.fault("dark"), "unreachable"),
    "locked": (lambda miner: miner.set(users={"admin": "nobody knows"}), "locked"),
}
# Limits that miners have for themselves: what is done to a miner, its limit, and the finding that only this one has.
LIMITS: dict[str, tuple[dict[str, Any], float, str]] = {
    "health_max_board_temperature_c": ({}, 60, "board_hot"),
    "health_max_fan_percent": ({}, 1, "fan_at_limit"),
    "health_max_hardware_error_ratio": ({"boards": [WELL, WELL, {"hardware_errors_per_s": 1}]}, 0, "hardware_errors"),
    "health_max_reject_ratio": ({"boards": [{"reject_ratio": 0.03}] * 3}, 0.02, "rejects"),
    "health_max_share_age_seconds": ({"boards": [{"last_share_s": 60}] * 3}, 30, "no_shares"),
    "health_min_hashrate_ratio": ({}, 1.5, "hashrate_low"),
    "health_min_uptime_seconds": ({}, 1e9, "rebooted"),
}


class TestFindings:
    @newest_core
    def test_each_trouble_is_found_once_with_the_right_miner(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(count=len(TROUBLES), speed=1.0)
        well = start_fleet(count=6, generation="mixed", speed=1.0, first="127.20.9.1")
        troubled = dict(zip(TROUBLES, fleet.miners))
        for name, (bring_about, _code) in TROUBLES.items():
            bring_about(troubled[name])
        inno = next(miner for miner in well.miners if miner.generation.startswith("inno"))
        inno.set(error={"code": "23", "errmsg": "fan error"})
        miners = {**troubled, **{f"well {miner.host}": miner for miner in well.miners if miner is not inno}}
        done = heal(ansible, inventory_of({**miners, "own error": inno}, provision_pools=POOLS))
        rows = report(ansible)
        assert {(row["miner"], row["code"]) for row in rows if row["severity"] != "ok"} == {
            *((name, code) for name, (_bring_about, code) in TROUBLES.items()),
            ("own error", "device_error"),
        }
        assert len(rows) == len(miners) + 1
        (missing,) = (row for row in rows if row["code"] == "board_missing")
        assert (missing["part"], missing["detail"]) == ("board 1", "board 1 is missing; it reports boards 0 and 2")
        assert "23 miners: 6 healthy, 9 critical, 6 warning, 1 unreachable, 1 locked." in done.output
        assert done.returncode != 0
        assert csv_codes(ansible) == [row["code"] for row in rows]
        assert "<title>Health</title>" in (ansible.folder / "dragonmint-reports/health.html").read_text("utf-8")
        _heading, *table = done.one(task="Show the findings").result["msg"]
        assert len(table) == len(TROUBLES) + 1
        assert (hosts_with_writes(fleet), hosts_with_writes(well)) == (set(), set())

    @newest_core
    def test_each_limit_is_that_of_the_miner(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        fleet = start_fleet(count=2 * len(LIMITS), speed=1.0)
        others = {limit: f"{limit} of the others" for limit in LIMITS}
        miners = dict(zip([*LIMITS, *others.values()], fleet.miners, strict=True))
        inventory = inventory_of(miners)
        for limit, (state, value, _code) in LIMITS.items():
            miners[limit].set(**state)
            miners[others[limit]].set(**state)
            inventory["miners"]["hosts"][limit][limit] = value
        heal(ansible, inventory, health_fail_on="never").succeeded()
        assert {(row["miner"], row["code"]) for row in report(ansible) if row["severity"] != "ok"} == {
            (limit, code) for limit, (_state, _value, code) in LIMITS.items()
        }

    @newest_core
    def test_each_run_of_a_process_has_its_own_limits_and_exit_code(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Limits can differ between miners, and chips are checked on request."""
        fleet = start_fleet(count=3, speed=SPEED)
        fleet[2].set(fan_duty=100)
        inventory = inventory_of({f"m{number}": miner for number, miner in enumerate(fleet.miners, 1)})
        inventory["miners"]["hosts"]["m2"]["health_max_board_temperature_c"] = 60
        chips = {"target": "m1", "health_max_chip_temperature_c": 60}
        runs: dict[str, dict[str, Any]] = {
            "no chips": chips,
            "chips": {**chips, "health_chips": True, "health_fail_on": "never"},
            "hot": {"health_fail_on": "never"},
            "fan": {"target": "m3", "health_fail_on": "warning"},
        }
        name = "minerops.dragonmint.heal"
        plays = [
            {"ansible.builtin.import_playbook": name, "vars": {**variables, "report_folder": folder}}
            for folder, variables in runs.items()
        ]
        done = ansible(plays, inventory)
        assert done.returncode == 2, done.output
        found = {
            run: [(row["miner"], row["severity"], row["code"]) for row in report(ansible, folder=run)] for run in runs
        }
        assert found["no chips"] == [("m1", "ok", "")]
        assert set(found["chips"]) == {("m1", "critical", "chip_hot")}
        assert sorted(found["hot"]) == [
            ("m1", "ok", ""),
            *[("m2", "critical", "board_hot")] * 3,
            ("m3", "warning", "fan_at_limit"),
        ]
        assert found["fan"] == [("m3", "warning", "fan_at_limit")]


class TestRemedies:
    @newest_core
    def test_a_remedy_shows_on_the_miner_and_needs_no_memory(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Each run starts in an empty folder, as in AWX."""
        fleet = start_fleet(count=7, speed=SPEED)
        names = ["down", "dead board", "missing board", "stubborn board", "restarted board", "hot", "dying"]
        miners = dict(zip(names, fleet.miners))
        for miner in fleet.miners:
            miner.set(**SETTLED)
        miners["down"].set(ready=False)
        miners["dead board"].set(boards=[WELL, DEAD, WELL], mended_by="restart")
        miners["missing board"].set(boards=[WELL], mended_by="reboot")
        miners["stubborn board"].set(boards=[WELL, DEAD, WELL], mended_by="reboot")
        # A restart an interval ago did not help.
        miners["restarted board"].set(boards=[WELL, DEAD, WELL], mended_by="reboot", mining_s=100000)
        miners["hot"].set(boards=[{"temperature_c": 91}, DEAD, WELL])
        miners["dying"].set(cgminer="empty")
        inventory = inventory_of(miners)
        wanted = {"health_heal": True, "health_max_parallel_percent": 100, "health_remedy_interval_hours": 24}
        healed = heal(ansible, inventory, **wanted)
        first = {
            "down": ["restartCgMiner"],
            "dead board": ["restartCgMiner"],
            "missing board": ["reboot"],
            "stubborn board": ["restartCgMiner"],
            "restarted board": ["reboot"],
            "hot": [],
            "dying": ["restartCgMiner", "reboot"],
        }
        assert sent(miners) == first
        outcomes = {row["miner"]: (row["code"], row["outcome"]) for row in report(ansible) if row["outcome"]}
        assert outcomes == {
            "down": ("cgminer_down", "healed"),
            "dead board": ("board_dead", "healed"),
            "missing board": ("board_missing", "healed"),
            "stubborn board": ("board_dead", "still unhealthy"),
            "restarted board": ("board_dead", "healed"),
            "dying": ("cgminer_down", "still unhealthy"),
        }
        assert healed.returncode != 0
        elsewhere = replace(ansible, folder=ansible.folder / "second")
        elsewhere.folder.mkdir()
        # No longer booting, but within the interval.
        miners["dying"].set(uptime_s=3600)
        heal(elsewhere, inventory, **wanted)
        limited = {row["miner"]: row["reason"] for row in report(elsewhere) if row["outcome"] == "limit reached"}
        assert set(limited) == {"stubborn board"}
        assert "cgminer was started" in limited["stubborn board"]
        # A stopped cgminer has nothing to lose by a restart.
        assert sent(miners) == {**first, "dying": ["restartCgMiner", "reboot", "restartCgMiner"]}

    @newest_core
    def test_heal_in_check_mode_says_what_it_would_do(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """A limited run is checked as well."""
        fleet = start_fleet(count=5, speed=SPEED)
        miners = dict(zip(["down", "dead board", "missing board", "hot", "healthy"], fleet.miners))
        for miner in fleet.miners:
            miner.set(**SETTLED)
        miners["down"].set(ready=False)
        miners["dead board"].set(boards=[WELL, DEAD, WELL])
        miners["missing board"].set(boards=[WELL, WELL])
        miners["hot"].set(boards=[{"temperature_c": 91}, DEAD, WELL])
        check = heal(ansible, inventory_of(miners), "--check", "--limit", "miners", health_heal=True)
        assert hosts_with_writes(fleet) == set()
        assert not (ansible.folder / "dragonmint-state").exists()
        assert {
            row["miner"]: row["remedy"] for row in report(ansible, "health.limit-miners") if row["code"] != "board_hot"
        } == {
            "down": "mining_restarted",
            "dead board": "mining_restarted",
            "missing board": "rebooted",
            "hot": "",
            "healthy": "",
        }
        assert "3 miners would get a remedy (2 restarts of cgminer, 1 reboot)." in check.output
        sum_of_job = check.one(task="minerops.dragonmint.report : Publish the custom statistics").result[
            "ansible_stats"
        ]
        assert {"critical": 4, "healthy": 1, "remedies": 0}.items() <= sum_of_job["data"]["dragonmint_heal"].items()
        assert check.changed == set()
        assert check.returncode != 0

    @newest_core
    def test_a_miner_that_comes_back_at_another_address_is_looked_at_there(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        # A miner's uptime runs at its own speed, and must not run away from the clock while the miner is searched.
        fleet = start_fleet(count=2, speed=2.0)
        miners = dict(zip(["down", "moves"], fleet.miners))
        for miner in fleet.miners:
            miner.set(timing={"power_delay_s": 0.5, "boot_s": 2, "cgminer_start_s": 1, "hashing_s": 1})
        miners["down"].set(ready=False)
        miners["moves"].set(boards=[WELL, WELL], mended_by="reboot", network={"dhcp_lease": "127.20.221.5"}, **SETTLED)
        variables = {"health_search": "127.20.221.0/29", "health_heal_timeout": 24, "health_max_parallel_percent": 100}
        heal(ansible, inventory_of(miners), health_heal=True, **variables)
        assert [(row["miner"], row["address"], row["outcome"]) for row in report(ansible) if row["outcome"]] == [
            ("down", miners["down"].host, "healed"),
            ("moves", "127.20.221.5", "healed"),
        ]
        assert sent(miners) == {"down": ["restartCgMiner"], "moves": ["reboot"]}

    @newest_core
    def test_files_that_last_make_it_stricter(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        """If it is unknown what was sent, nothing is sent."""
        now, long_ago = (f"{year}-01-01T00:00:00+00:00" for year in ("2100", "2018"))
        files = {
            "recent": record("recent", now),
            "old": record("old", long_ago),
            "empty": "",
            "cut": "{",
            "list": "[]",
            "deep": "[" * 100000,
            "newer": '{"version": 2, "miner": "newer", "remedies": []}',
            "another": '{"version": 1, "miner": "n", "remedies": []}',
        }
        fleet = start_fleet(count=len(files), speed=SPEED)
        miners = dict(zip(files, fleet.miners))
        for name, text in files.items():
            miners[name].set(boards=[WELL, DEAD, WELL], mended_by="restart", **SETTLED)
            state_file(ansible, name).parent.mkdir(exist_ok=True)
            state_file(ansible, name).write_text(text, "utf-8")
        done = heal(ansible, inventory_of(miners), health_heal=True, health_fail_on="never")
        assert done.returncode != 0
        assert {name for name, writes in sent(miners).items() if writes} == {"old"}
        rows = {row["miner"]: row for row in report(ansible)}
        assert {name: row["outcome"] for name, row in rows.items()} == {
            **dict.fromkeys(files, "failed"),
            "recent": "limit reached",
            "old": "healed",
        }
        assert str(state_file(ansible, "cut")) in rows["cut"]["reason"]
        assert len(json.loads(state_file(ansible, "old").read_text("utf-8"))["remedies"]) == 1

    @newest_core
    def test_a_state_that_cannot_be_written_stops_the_remedy(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(speed=SPEED)
        fleet[0].set(ready=False)
        (ansible.folder / "notes").write_text("not a folder", "utf-8")
        done = heal(ansible, inventory_of({"m": fleet[0]}), health_heal=True, health_state_folder="notes")
        assert done.returncode != 0
        assert hosts_with_writes(fleet) == set()
        (row,) = report(ansible)
        assert row["outcome"] == "failed"

    def test_a_limited_run_heals_miners_of_any_name_and_takes_no_text_of_theirs_for_a_template(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        executed = ansible.folder / "executed"
        text = f"{{{{ lookup('ansible.builtin.pipe', 'touch {executed}') }}}}"
        names = ["../../escaped", "..", "ä" * 200, "talks", "other"]
        fleet = start_fleet(count=len(names), generation="inno-2018-08", speed=SPEED)
        miners = dict(zip(names, fleet.miners))
        for miner in fleet.miners:
            miner.set(ready=False)
        miners["talks"].set(
            ready=True,
            boards=[WELL, DEAD, WELL],
            mended_by="restart",
            pools=[{"url": text, "user": text, "pass": "x"}],
            error={"code": "1", "errmsg": text},
            **SETTLED,
        )
        inventory = inventory_of(miners)
        inventory["miners"]["hosts"]["talks"]["provision_pools"] = POOLS
        variables = {"health_heal": True, "health_max_parallel_percent": 100, "health_fail_on": "never"}
        heal(ansible, inventory, "--limit", "all:!other", **variables).succeeded()

        (path,) = (ansible.folder / "dragonmint-reports").glob("health.limit-*.json")
        rows = report(ansible, path.stem)
        healed = {row["miner"] for row in rows if row["outcome"] == "healed"}
        assert healed == set(names) - {"other"}
        assert miners["other"].writes() == []
        details = {row["code"]: row["detail"] for row in rows if row["miner"] == "talks"}
        assert text in details["device_error"]
        assert text in details["pools_foreign"]
        assert not executed.exists()
        files = list((ansible.folder / "dragonmint-state").iterdir())
        assert {json.loads(path.read_text("utf-8"))["miner"] for path in files} == healed
        assert not list(ansible.folder.parent.rglob("escaped*"))

    @newest_core
    def test_a_run_that_is_killed_has_used_up_its_remedy(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Killed between the note and the remedy, again and again: never more are sent than allowed."""
        fleet = start_fleet(speed=1.0)
        fleet[0].set(ready=False)
        inventory = inventory_of({"m": fleet[0]})
        for count in (1, 2):
            fleet[0].clear()
            ansible.killed_once(
                lambda count=count: noted(ansible, "m") == count,
                HEAL,
                inventory,
                extra_vars={**QUICK, "health_heal": True},
            )
            assert hosts_with_writes(fleet) == set()
        fleet[0].clear()
        heal(ansible, inventory, health_heal=True)
        assert hosts_with_writes(fleet) == set()
        assert [row["outcome"] for row in report(ansible)] == ["limit reached"]

    @newest_core
    def test_only_a_part_of_the_fleet_gets_a_remedy_at_once(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(count=6, speed=SPEED)
        miners = {f"m{number}": miner for number, miner in enumerate(fleet.miners)}
        for miner in fleet.miners[:3]:
            miner.set(ready=False)
        done = heal(ansible, inventory_of(miners), health_heal=True, health_max_parallel_percent=34).succeeded()
        order = [result.host for result in done.of(task="minerops.dragonmint.health : Send the remedy")]
        assert len(order) == 3
        moments = {name: [request["time"] for request in miner.requests()] for name, miner in miners.items()}
        commanded_at = {name: miners[name].writes()[0]["time"] for name in order}
        # A batch is healthy before the next one gets its remedies.
        assert max(moments[name][-1] for name in order[:2]) < commanded_at[order[2]]
        assert sum(len(miner.writes()) for miner in fleet.miners) == 3

    @newest_core
    def test_what_many_have_in_common_stops_it(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        fleet = start_fleet(count=3, speed=SPEED)
        for miner in fleet.miners[:2]:
            miner.set(ready=False)
        miners = {f"m{number}": miner for number, miner in enumerate(fleet.miners)}
        done = heal(
            ansible, inventory_of(miners), health_heal=True, health_max_unhealthy_percent=50, health_fail_on="never"
        )
        assert done.returncode != 0
        assert "2 of 3 miners need a remedy" in done.output
        assert hosts_with_writes(fleet) == set()

    @newest_core
    def test_an_expected_miner_is_missing_only_in_a_run_on_the_whole_fleet(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(count=1, speed=SPEED)
        inventory = inventory_of({"m": fleet[0]}) | {"all": {"vars": {"dragonmint_missing": ["gone"]}}}
        assert heal(ansible, inventory).returncode != 0
        assert ("gone", "missing") in {(row["miner"], row["code"]) for row in report(ansible)}
        heal(ansible, inventory, "--limit", "m").succeeded()
        heal(ansible, inventory, target="miners").succeeded()

    @newest_core
    def test_a_remedy_that_does_not_work_is_reported_and_a_lost_miner_stops_it(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(count=4, speed=SPEED)
        miners = dict(zip(["ignores", "lost", "next", "last"], fleet.miners))
        for miner in fleet.miners:
            miner.set(**SETTLED)
        miners["ignores"].set(ready=False)
        miners["ignores"].fault("ignored_write", action="writes")
        miners["lost"].set(boards=[WELL, WELL], timing={"boot_s": 1e6})
        miners["next"].set(ready=False)
        miners["last"].set(ready=False)
        done = heal(ansible, inventory_of(miners), health_heal=True, health_max_parallel_percent=50)
        assert done.returncode != 0
        rows = {(row["miner"], row["code"]): row for row in report(ansible)}
        assert rows["ignores", "cgminer_down"]["outcome"] == "still unhealthy"
        assert "has not rebooted" in rows["ignores", "cgminer_down"]["reason"]
        assert rows["lost", "board_missing"]["outcome"] == "unknown"
        assert rows["lost", "unreachable"]["outcome"] == "new"
        assert [rows[name, "cgminer_down"]["outcome"] for name in ("next", "last")] == ["not tried"] * 2
        assert "STOPPED: after a remedy, lost could not be examined any more" in rows["last", "cgminer_down"]["reason"]
        assert {name: len(writes) for name, writes in sent(miners).items()} == {
            "ignores": 2,
            "lost": 1,
            "next": 0,
            "last": 0,
        }

    @newest_core
    def test_a_second_run_of_the_same_process_heals_only_if_it_is_set_to(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(speed=SPEED)
        fleet[0].set(ready=False)
        fleet[0].fault("ignored_write", action="writes")
        wanted = {**QUICK, "health_heal_timeout": 2, "health_fail_on": "never"}
        name = "minerops.dragonmint.heal"
        runs = [
            {"ansible.builtin.import_playbook": name, "vars": {**wanted, "health_heal": is_wanted}}
            for is_wanted in (True, False)
        ]
        ansible(runs, inventory_of({"m": fleet[0]}))
        assert sent({"m": fleet[0]}) == {"m": ["restartCgMiner", "reboot"]}


def heal(ansible: Ansible, inventory: dict[str, Any], *arguments: str, **variables: Any) -> PlaybookRun:
    return ansible(HEAL, inventory, *arguments, extra_vars={**QUICK, **variables})


def inventory_of(miners: dict[str, Miner], **variables: Any) -> dict[str, Any]:
    hosts = {name: connection_to(miner) for name, miner in miners.items()}
    return {"miners": {"hosts": hosts, "vars": {"dragonmint_retries": 0, "dragonmint_timeout": 2, **variables}}}


def sent(miners: dict[str, Miner]) -> dict[str, list[str]]:
    return {name: [write["action"] for write in miner.writes()] for name, miner in miners.items()}


def report(ansible: Ansible, name: str = "health", folder: str = "dragonmint-reports") -> list[dict[str, Any]]:
    text = (ansible.folder / folder / f"{name}.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def csv_codes(ansible: Ansible) -> list[str]:
    with (ansible.folder / "dragonmint-reports/health.csv").open(encoding="utf-8", newline="") as lines:
        return [row["code"] for row in csv.DictReader(lines)]


def state_file(ansible: Ansible, miner: str) -> Path:
    digest = hashlib.sha256(miner.encode()).hexdigest()[:16]
    return ansible.folder / "dragonmint-state" / f"{miner}-{digest}.json"


def record(miner: str, at: str) -> str:
    return json.dumps({"version": 1, "miner": miner, "remedies": [{"remedy": "mining_restarted", "at": at}]})


def noted(ansible: Ansible, miner: str) -> int:
    path = state_file(ansible, miner)
    return len(json.loads(path.read_text("utf-8"))["remedies"]) if path.exists() else 0
