# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole jobs on a fleet: provision with passwords and addresses, audit, rotate_passwords."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet, Miner
from tests.simulator.generations import MIXED
from tests.support.running import (
    Ansible,
    PlaybookRun,
    hosts_with_writes,
    inventory_of,
    newest_core,
)

PROVISION, AUDIT, ROTATE = (
    Path(__file__).parents[2] / "playbooks" / f"{name}.yml" for name in ("provision", "audit", "rotate_passwords")
)
SPEED = 50.0
NEW, OWN, GUEST = "Correct-Horse-7", "Battery-Staple-8", "Visitors-Welcome-9"
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}
NETWORK = {"mode": "static", "netmask": "255.255.0.0", "gateway": "127.20.255.254", "dns": ["8.8.8.8", "8.8.4.4"]}
STATIC = {**NETWORK, "ipaddress": "{{ static_address }}"}
# The state of a miner that matches `wanted`.
AS_WANTED = {"pools": [{**POOL, "pass": "x"}], "autotune": {"mode": "efficient"}, "users": {"admin": NEW}}


def wanted(**variables: Any) -> dict[str, Any]:
    """Variables for the role provision."""
    return {
        "provision_admin_password": NEW,
        "provision_pools": [POOL],
        "provision_autotune_mode": "efficient",
        **variables,
    }


class TestProvision:
    @newest_core
    def test_a_fresh_rack_gets_passwords_and_addresses_and_then_stays_as_it_is(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Half of it loses each reply, and the inventory never learns the new addresses."""
        generations = MIXED if ansible.is_newest else ("dm-2018-05", "inno-2018-09")
        fleet = start_fleet(count=len(generations), generation=",".join(generations), speed=SPEED)
        inventory = moving_inventory(fleet, "127.20.110", provision_guest_password=GUEST)
        for miner in fleet.miners[::2]:
            miner.fault("lost_reply", action="writes")

        check = ansible(PROVISION, inventory, "--check", "--diff").succeeded()
        assert check.changed == set(hosts_of(inventory))
        assert hosts_with_writes(fleet) == set()

        ansible(PROVISION, inventory).succeeded()
        for miner, host in zip(fleet.miners, sorted_hosts(inventory)):
            state = miner.state()
            is_inno = miner.generation.startswith("inno")
            assert state["host"] == host["static_address"]
            assert state["network"]["mode"] == "static"
            assert state["users"] == {"admin": NEW, "guest": "guest" if is_inno else GUEST}
            assert state["pools"] == AS_WANTED["pools"]
            passwords = ["updatePassword"] * (1 if is_inno else 2)
            assert [write["action"] for write in miner.writes()] == [
                *passwords,
                "updateNetwork",
                "updatePools",
                "setAutoTune",
            ]

        # Whether nothing is left to change is decided by our own code alone.
        if ansible.is_newest:
            fleet.clear()
            again = ansible(PROVISION, inventory, "--diff").succeeded()
            assert modules_changed(again) == set()
            assert hosts_with_writes(fleet) == set()

    @newest_core
    def test_another_miner_at_the_static_address_is_not_taken_for_a_dark_one(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        dark, other = start_fleet(count=2, speed=SPEED).miners
        dark.fault("dark")
        inventory = {
            "miners": {
                "hosts": {
                    "dark": {
                        "ansible_host": dark.host,
                        "dragonmint_port": dark.port,
                        "dragonmint_password": "dragonadmin",
                        "dragonmint_expected_mac": dark.mac.upper(),
                        "static_address": other.host,
                    }
                },
                "vars": wanted(provision_network=STATIC),
            }
        }
        done = ansible(PROVISION, inventory)
        assert done.results[-1].status == "unreachable"
        assert other.writes() == []


class TestAudit:
    def test_it_reports_exactly_what_is_not_as_wanted(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Text of a device stays text, and a miner is found where provision has moved it."""
        executed = ansible.folder / "executed"
        text = f"{{{{ lookup('ansible.builtin.pipe', 'touch {executed}') }}}}"
        pool_of_text = {"url": f"=1+1 {text}", "user": text, "pass": "x"}
        troubles: dict[str, Callable[[Miner], Any]] = {
            "well": lambda miner: None,
            "hijacked": lambda miner: miner.set(pools=[{"url": "stratum+tcp://a:1", "user": "thief", "pass": "x"}]),
            "retuned": lambda miner: miner.set(autotune={"mode": "performance"}),
            "factory password": lambda miner: miner.set(users={"admin": "dragonadmin"}),
            "both": lambda miner: miner.set(users={"admin": "dragonadmin"}, pools=[]),
            "locked": lambda miner: miner.set(users={"admin": "nobody knows"}),
            "configuration lost": lambda miner: miner.set(pools_config="missing"),
            "dark": lambda miner: miner.fault("dark"),
            "dies meanwhile": lambda miner: miner.fault("dark", action="pools"),
            "also well": lambda miner: None,
            "has a text": lambda miner: miner.set(pools=[pool_of_text]),
            "says a text": lambda miner: miner.fault("reject", action="pools", message=text),
            "moved": lambda miner: miner.set(host="127.20.111.1", network=NETWORK),
            "moved, with a MAC": lambda miner: miner.set(host="127.20.111.2", network=NETWORK),
        }
        fleet = start_fleet(count=len(troubles), speed=SPEED)
        inventory = renamed(inventory_of(fleet, **wanted()), troubles)
        hosts = inventory["miners"]["hosts"]
        for name, host in (("moved", 1), ("moved, with a MAC", 2)):
            hosts[name] |= {"provision_network": STATIC, "static_address": f"127.20.111.{host}"}
        hosts["moved, with a MAC"]["dragonmint_expected_mac"] = fleet.miners[-1].mac
        # A value may come from another host, and from what Ansible knows of the run.
        hosts["well"]["mode_of_the_hall"] = "efficient"
        mode = "{{ 'off' if ansible_check_mode else hostvars['well'].mode_of_the_hall }}"
        hosts["also well"]["provision_autotune_mode"] = mode
        for miner, bring_about in zip(fleet.miners, troubles.values()):
            miner.set(**AS_WANTED)
            bring_about(miner)
        elsewhere = ansible.folder / "elsewhere"
        elsewhere.mkdir()

        # The report is below the folder in which Ansible was started, whatever this variable says; only a shell keeps
        # it up to date.
        environment = {"PWD": str(elsewhere)}
        done = ansible(AUDIT, inventory, extra_vars={"audit_partial": True}, environment=environment).succeeded()
        assert list(elsewhere.iterdir()) == []
        rows = report(ansible)
        assert {(row["miner"], row["outcome"], row["setting"]) for row in rows} == {
            ("well", "as desired", ""),
            ("hijacked", "drift", "pools"),
            ("retuned", "drift", "autotune"),
            ("factory password", "drift", "password of admin"),
            ("both", "drift", "password of admin"),
            ("both", "drift", "pools"),
            ("locked", "failed", ""),
            ("configuration lost", "failed", ""),
            ("dark", "unreachable", ""),
            ("dies meanwhile", "unreachable", ""),
            ("also well", "as desired", ""),
            ("has a text", "drift", "pools"),
            ("says a text", "failed", ""),
            ("moved", "as desired", ""),
            ("moved, with a MAC", "as desired", ""),
        }
        of = {row["miner"]: row for row in rows}
        values = {row["setting"]: (row["current"], row["desired"]) for row in (of["hijacked"], of["retuned"])}
        assert values["pools"] == ("stratum+tcp://a:1 thief", "stratum+tcp://pool.example.com:3333 farm.1")
        assert values["autotune"] == ("performance", "efficient")
        reasons = {row["miner"]: row["reason"] for row in rows if row["reason"]}
        assert "refuses the login" in reasons["locked"]
        assert "missing configuration" in reasons["configuration lost"]
        assert "No miner answers" in reasons["dark"]
        assert text in reasons["says a text"]
        assert [reason for name, reason in reasons.items() if name.startswith("moved")] == []
        assert of["well"]["address"] == fleet[0].host
        assert of["has a text"]["current"] == f"=1+1 {text} {text}"
        in_csv = {**of["has a text"], "current": f"'=1+1 {text} {text}"}
        assert csv_report(ansible) == [in_csv if row is of["has a text"] else row for row in rows]
        assert not executed.exists()
        _heading, *table = done.one(task="Show the drift").result["msg"]
        as_desired = {name for name, row in of.items() if row["outcome"] == "as desired"}
        assert {line.split("  ")[0] for line in table} == set(troubles) - as_desired
        counts = {"miners": 14, "as_desired": 4, "drift": 5, "failed": 3, "unreachable": 2}
        summary = "14 miners: 4 as desired, 5 drift, 3 failed, 2 unreachable."
        shown = done.one(task="Show the outcome").result["msg"]
        assert shown == f"{summary} The report is in {ansible.folder / 'dragonmint-reports'}."
        (stats,) = [r.result["ansible_stats"]["data"] for r in done.results if r.action.endswith("set_stats")]
        assert {**counts, "is_ok": True, "summary": summary}.items() <= stats["dragonmint_audit"].items()
        assert stats["dragonmint_audit"]["changes"]["new"] == len(
            [row for row in rows if row["outcome"] != "as desired"]
        )
        assert hosts_with_writes(fleet) == set()
        assert [text for text in (NEW, "dragonadmin") if text in done.output + json.dumps(rows)] == []

    @newest_core
    def test_each_audit_of_a_run_has_its_own_reasons_and_drift_alone_fails_only_on_request(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Whatever strategy Ansible is set to use elsewhere."""
        fleet = start_fleet(count=2, speed=SPEED)
        fleet[0].set(autotune={"mode": "efficient"})
        fleet[1].set(autotune={"mode": "performance"})
        audits = [
            {"ansible.builtin.import_playbook": "minerops.dragonmint.audit", "vars": variables}
            for variables in (
                {"audit_partial": True, "dragonmint_password": "nobody knows"},
                {"audit_fail_on_drift": True, "target": "miner1"},
                {},
                {"audit_fail_on_drift": True},
            )
        ]
        inventory = inventory_of(fleet, provision_autotune_mode="efficient", dragonmint_retries=0)
        done = ansible(audits, inventory, environment={"ANSIBLE_STRATEGY": "free"})
        assert done.returncode != 0
        *shown, last = done.of(task="Show the outcome")
        assert [r.result["msg"].partition(" The report")[0] for r in shown] == [
            "2 miners: 2 failed.",
            "1 miner: 1 as desired. Since the last report: 2 resolved. 1 miner no longer in the report.",
            "2 miners: 1 as desired, 1 drift. Since the last report: 1 new. 1 miner new in the report.",
        ]
        assert (last.status, "audit_fail_on_drift" in last.result["msg"]) == ("failed", True)

    @newest_core
    def test_an_expected_miner_that_was_not_found_fails_an_audit_of_the_whole_fleet(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        inventory = inventory_of(start_fleet(count=1, speed=SPEED), dragonmint_missing=["gone"])
        assert audit(ansible, inventory).returncode != 0
        assert [(row["miner"], row["outcome"]) for row in report(ansible)] == [
            ("miner1", "as desired"),
            ("gone", "unreachable"),
        ]
        audit(ansible, inventory, audit_partial=True).succeeded()
        audit(ansible, inventory, "--limit", "miner1").succeeded()

    @newest_core
    def test_a_miner_can_be_compared_alone(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        fleet = start_fleet(count=2, speed=SPEED)
        fleet[0].set(**{**AS_WANTED, "pools": []})
        fleet[1].fault("dark")
        compare = {"name": "minerops.dragonmint.provision", "tasks_from": "compare"}
        show = {"msg": "{{ dragonmint_comparison }}"}
        tasks = [
            {"name": "Compare", "ansible.builtin.include_role": compare},
            {"name": "Show", "ansible.builtin.debug": show},
        ]
        plays = [{"name": "Compare", "hosts": "miners", "gather_facts": False, "tasks": tasks}]
        done = ansible(plays, inventory_of(fleet, **wanted(dragonmint_retries=0))).succeeded()
        drifted, dark = (done.one(f"miner{number}", "Show").result["msg"] for number in (1, 2))
        assert (drifted["error"], dark["error"]["unreachable"]) == ({}, True)
        assert {name: result["changed"] for name, result in drifted["results"].items() if "changed" in result} == {
            "admin_password": False,
            "guest_password": False,
            "network": False,
            "pools": True,
            "autotune": False,
        }
        assert hosts_with_writes(fleet) == set()

    @newest_core
    def test_there_is_a_report_when_no_miner_answers(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        """With the permissions that the umask grants."""
        fleet = start_fleet(count=2, speed=SPEED)
        for miner in fleet.miners:
            miner.fault("dark")
        before = os.umask(0o027)
        try:
            done = audit(ansible, inventory_of(fleet, **wanted()))
        finally:
            os.umask(before)
        assert done.returncode != 0
        message = done.one(task="Show the outcome").result["msg"]
        assert message.startswith("2 miners: 2 unreachable. 2 miners could not be compared with the desired state.")
        assert "audit_partial" in message
        assert [row["outcome"] for row in report(ansible)] == ["unreachable"] * 2
        folder = ansible.folder / "dragonmint-reports"
        assert {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())} == {
            "dragonmint-reports": 0o750,
            **{f"audit.{kind}": 0o640 for kind in ("json", "csv", "html", "state.json")},
        }

    @newest_core
    @pytest.mark.parametrize("arguments", [[], ["--check"]], ids=["real", "check"])
    def test_a_folder_that_cannot_be_written_is_found_out_first(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet], arguments: list[str]
    ) -> None:
        fleet = start_fleet(count=2, speed=SPEED)
        (ansible.folder / "taken").touch()
        done = audit(ansible, inventory_of(fleet, **wanted()), *arguments, report_folder="taken/reports")
        assert done.returncode != 0
        message = done.results[-1].result["msg"]
        assert f"'{ansible.folder / 'taken'}': Not a directory" in message
        assert "Set report_folder to" in message
        assert [miner.requests() for miner in fleet.miners] == [[], []]


class TestRotatePasswords:
    @newest_core
    def test_a_canary_that_fails_stops_it(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        """Also an unreachable one, which Ansible does not count as a failure."""
        fleet = start_fleet(count=3, speed=SPEED)
        fleet[0].fault("dark")
        done = rotate(ansible, inventory_of(fleet))
        assert done.returncode != 0
        assert [miner.requests() for miner in fleet.miners[1:]] == [[], []]

    def test_a_miner_that_fails_beside_an_unreachable_one_stops_it(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        """Ansible itself counts the unreachable one twice, and would play the next batch."""
        fleet = start_fleet(count=7, speed=SPEED)
        fleet[2].fault("ignored_write")
        fleet[3].fault("dark")
        done = rotate(ansible, inventory_of(fleet), rotate_serial="1,3")
        assert done.returncode != 0
        assert with_password(fleet, NEW) == {"miner1", "miner2"}
        assert [miner.requests() for miner in fleet.miners[4:]] == [[], [], []]
        said = done.of(task="Stop when too many miners refused the password")[-1].result["msg"]
        assert said.startswith("STOPPED: 7 miners: 2 new password, 1 failed, 1 unreachable, 3 not tried. miner3: ")
        rows = report(ansible, "rotate")
        assert [row["outcome"] for row in rows] == [
            *["new password"] * 2,
            "failed",
            "unreachable",
            *["not tried"] * 3,
        ]
        assert [row["address"] for row in rows] == [miner.host for miner in fleet.miners]

    @newest_core
    def test_as_many_may_fail_as_are_allowed_and_the_run_fails_all_the_same(
        self, ansible: Ansible, start_fleet: Callable[..., Fleet]
    ) -> None:
        fleet = start_fleet(count=5, speed=SPEED)
        fleet[1].fault("ignored_write")
        fleet[2].fault("dark")
        variables = {"rotate_serial": [1, 2], "rotate_max_failure_percent": "50"}
        done = rotate(ansible, inventory_of(fleet, **variables))
        assert done.returncode != 0
        assert with_password(fleet, NEW) == {"miner1", "miner4", "miner5"}
        said = done.one(task="Require the new password on every miner").result["msg"]
        assert said.startswith("5 miners: 3 new password, 1 failed, 1 unreachable. miner2: ")

    def test_the_old_password_may_come_from_anywhere(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        """From -u and -k, the environment or a list as text; not only from dragonmint_password. None is shown."""
        fleet = start_fleet(count=3, generation="mixed", speed=SPEED)
        passwords = ["Typed-Password-1", "Environment-2", "Listed-Password-3"]
        for miner, password in zip(fleet.miners, passwords):
            miner.set(users={"admin": password})
        inventory = inventory_of(fleet)
        for host in sorted_hosts(inventory):
            del host["dragonmint_password"]
        hosts_of(inventory)["miner3"]["dragonmint_fallback_passwords"] = f'["{OWN}", "{passwords[2]}"]'
        typed = ansible.folder / "typed"
        typed.write_text(passwords[0])
        done = ansible(
            ROTATE,
            inventory,
            *("-u", "admin", "--connection-password-file", str(typed), "-vvvv", "--diff"),
            extra_vars={"rotate_new_password": NEW, "rotate_serial": "100%"},
            environment={"DRAGONMINT_PASSWORD": passwords[1]},
        ).succeeded()
        assert done.changed == all_of(fleet) == with_password(fleet, NEW)
        reports = [path.read_text("utf-8") for path in (ansible.folder / "dragonmint-reports").iterdir()]
        assert len(reports) == 3
        shown = "".join([done.output, *reports])
        assert [text for text in (NEW, OWN, *passwords) if text in shown] == []
        (stats,) = [r.result["ansible_stats"]["data"] for r in done.results if r.action.endswith("set_stats")]
        assert stats["dragonmint_rotate_passwords"] == {
            "miners": 3,
            "new_password": 3,
            "as_desired": 0,
            "failed": 0,
            "unreachable": 0,
            "not_tried": 0,
            "is_ok": True,
            "summary": "3 miners: 3 new password.",
        }

    @newest_core
    def test_a_new_password_that_is_lost_is_named(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        fleet = start_fleet(count=2, speed=SPEED)
        lost = "{{ lookup('ansible.builtin.env', 'NEW_PASSWORD') }}"
        done = ansible(ROTATE, inventory_of(fleet, rotate_new_password=lost))
        assert done.returncode != 0
        assert "rotate_new_password is empty because the environment variable NEW_PASSWORD is not set" in done.output
        assert [miner.requests() for miner in fleet.miners] == [[], []]

    @newest_core
    def test_without_a_new_password_nothing_is_asked(self, ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
        fleet = start_fleet(count=2, speed=SPEED)
        done = ansible(ROTATE, inventory_of(fleet))
        assert done.returncode != 0
        assert "rotate_new_password is not set, and this job needs it." in done.output
        assert [miner.requests() for miner in fleet.miners] == [[], []]


def moving_inventory(fleet: Fleet, network: str, **variables: Any) -> dict[str, Any]:
    """Each miner should get a static address in this network. Half of them are identified by their MAC."""
    inventory = inventory_of(fleet, **wanted(provision_network=STATIC, **variables))
    for number, (miner, host) in enumerate(zip(fleet.miners, sorted_hosts(inventory)), 1):
        host["static_address"] = f"{network}.{number}"
        if number % 4 < 2:
            host["dragonmint_expected_mac"] = miner.mac
    return inventory


def hosts_of(inventory: dict[str, Any]) -> dict[str, dict[str, Any]]:
    groups = inventory["miners"]["children"].values()
    return {name: host for group in groups for name, host in group["hosts"].items()}


def sorted_hosts(inventory: dict[str, Any]) -> list[dict[str, Any]]:
    """In the order of the fleet."""
    return [host for _name, host in sorted(hosts_of(inventory).items(), key=lambda item: int(item[0][len("miner") :]))]


def renamed(inventory: dict[str, Any], names: Any) -> dict[str, Any]:
    hosts = dict(zip(names, sorted_hosts(inventory)))
    return {"miners": {"hosts": hosts, "vars": inventory["miners"]["vars"]}}


def modules_changed(done: PlaybookRun) -> set[str]:
    """The hosts changed by one of our modules."""
    return {r.host for r in done.results if r.changed and "dragonmint" in r.action}


def audit(ansible: Ansible, inventory: dict[str, Any], *arguments: str, **variables: Any) -> PlaybookRun:
    return ansible(AUDIT, inventory, *arguments, extra_vars=variables)


def report(ansible: Ansible, name: str = "audit") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((ansible.folder / f"dragonmint-reports/{name}.json").read_text("utf-8"))
    return rows


def csv_report(ansible: Ansible) -> list[dict[str, Any]]:
    with (ansible.folder / "dragonmint-reports/audit.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def rotate(ansible: Ansible, inventory: dict[str, Any], **variables: Any) -> PlaybookRun:
    return ansible(ROTATE, inventory, extra_vars={"rotate_new_password": NEW, **variables})


def all_of(fleet: Fleet) -> set[str]:
    return {f"miner{number}" for number in range(1, len(fleet.miners) + 1)}


def with_password(fleet: Fleet, password: str) -> set[str]:
    """The inventory names of the miners whose admin has this password."""
    numbered = enumerate(fleet.miners, 1)
    return {f"miner{number}" for number, miner in numbered if miner.state()["users"]["admin"] == password}
