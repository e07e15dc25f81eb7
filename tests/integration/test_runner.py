# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each job template of extensions/aap/ as AWX runs it: by ansible-runner, each time in an empty folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.simulator.control import Fleet, Miner
from tests.support.awx import Job, Login, Outcome, launched
from tests.support.running import (
    NEWER_FIRMWARE,
    ROOT,
    Ansible,
    hosts_with_writes,
    inventory_of,
    newest_core,
    wait_until,
)

SPEED = 50.0
FACTORY = "dragonadmin"
PASSWORD, ROTATED, POOL_PASSWORD = SECRETS = ("Fleet-Password-1", "Rotated-Horse-7", "Pool-Password-2")
URL = "stratum+tcp://pool.example.com:3333"
FLEET, SITE = 200, 50
# AWX drops events of more than 700,000 bytes, which is to hold for 1,000 miners, and stores each one: so there is none
# for each miner.
MAX_EVENT_BYTES, MAX_EVENTS = 700 * FLEET, FLEET


class Awx:
    """Launches jobs for one inventory, each in a folder of its own."""

    def __init__(self, ansible: Ansible, inventory: Mapping[str, Any], login: Login) -> None:
        self.ansible = ansible
        self.inventory = inventory
        self.login = login
        self.folders: list[Path] = []

    def job(
        self, job: str, answers: Mapping[str, Any] | None = None, login: Login | None = None, is_check: bool = False
    ) -> Job:
        folder = self.ansible.folder / f"job{len(self.folders)}"
        self.folders.append(folder)
        name = f"minerops.dragonmint.{job}"
        return launched(self.ansible.bin, folder, name, self.inventory, login or self.login, answers, is_check)

    def run(self, job: str, answers: Mapping[str, Any] | None = None, **how: Any) -> Outcome:
        return self.job(job, answers, **how).run()

    def kept(self) -> str:
        """All that the jobs have left, except for the environment, which ansible-runner records and AWX masks."""
        places = ("artifacts", "project/dragonmint-reports", "project/dragonmint-state")
        found = [path for folder in self.folders for place in places for path in (folder / place).rglob("*")]
        files = [path for path in found if path.is_file() and path.name != "command"]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


def without_login(fleet: Fleet, **variables: Any) -> dict[str, Any]:
    """An inventory whose login is supplied by the job."""
    inventory = inventory_of(fleet, **variables)
    for group in inventory["miners"]["children"].values():
        for host in group["hosts"].values():
            del host["dragonmint_password"]
    return inventory


def modes(fleet: Fleet) -> list[tuple[str, str]]:
    states = [miner.state()["autotune"] for miner in fleet.miners]
    return [(state["mode"], state["level"]) for state in states]


def commands(miner: Miner) -> list[str]:
    return [request["action"] for request in miner.writes()]


@newest_core
def test_a_rack_from_the_factory_to_mining(
    ansible: Ansible, start_fleet: Callable[..., Fleet], firmware_files: Path
) -> None:
    fleet = start_fleet(count=2, speed=SPEED)
    inventory = without_login(
        fleet,
        provision_admin_password="{{ lookup('ansible.builtin.env', 'DRAGONMINT_PASSWORD') }}",
        provision_pools=[{"url": URL, "user": "farm.{{ inventory_hostname }}", "password": POOL_PASSWORD}],
        provision_autotune_mode="efficient",
        upgrade_src=str(firmware_files / f"{NEWER_FIRMWARE}.swu"),
        upgrade_settle_seconds=30,
    )
    login = Login({"password": PASSWORD, "fallback_passwords": json.dumps([FACTORY, "admin"])})
    awx = Awx(ansible, inventory, login)

    awx.run("site", is_check=True).succeeded()
    assert hosts_with_writes(fleet) == set()
    awx.run("site").succeeded()
    for number, miner in enumerate(fleet.miners, 1):
        state = miner.state()
        assert (state["firmware"], state["users"]["admin"]) == (NEWER_FIRMWARE, PASSWORD)
        assert state["autotune"]["mode"] == "efficient"
        assert [(pool["url"], pool["user"]) for pool in state["pools"]] == [(URL, f"farm.miner{number}")]

    # The machine credential is for miners that another one can't log in to, and a job has both here.
    fleet.clear()
    both = Login({"password": PASSWORD}, machine=("admin", "not this one"))
    again = awx.run("provision", login=both).succeeded()
    assert "Both DRAGONMINT_PASSWORD and -k" in again.text
    assert hosts_with_writes(fleet) == set()

    answers = {"rotate_new_password": ROTATED, "rotate_serial": "1, 100%"}
    nobody = awx.run("rotate_passwords", answers, login=Login(machine=("admin", "")))
    assert "The password that the miner has now is not set, so nothing was sent." in nobody.text
    assert hosts_with_writes(fleet) == set()
    awx.run("rotate_passwords", answers, login=Login(machine=("admin", PASSWORD))).succeeded()
    assert {miner.state()["users"]["admin"] for miner in fleet.miners} == {ROTATED}
    assert [secret for secret in SECRETS if secret in awx.kept()] == []


@newest_core
def test_what_a_job_must_know_is_handed_on_or_shows_on_the_miner(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    fleet = start_fleet(count=3, speed=SPEED)
    dead, *rest = fleet.miners
    for miner, mode in zip(rest, ("balanced", "performance"), strict=True):
        miner.set(autotune={"mode": mode, "level": "1"})
    dead.set(boards=[{}, {"alive": False}, {}], mining_s=265000)
    before = modes(fleet)
    awx = Awx(ansible, without_login(fleet), Login({"password": FACTORY}))

    # Twice, so that the second run has to see what the first one did.
    healing = {"health_heal": "true", "health_heal_timeout": "8", "_health_pause": 1}
    for _unused in range(2):
        assert awx.run("heal", healing).status == "failed"
        assert commands(dead) == ["restartCgMiner"]

    curtailed = awx.run("curtail", {"curtail_mode": "efficient"}).succeeded()
    assert {mode for mode, _level in modes(fleet)} == {"efficient"}
    record = json.dumps(curtailed.statistics["dragonmint_curtail"]["record"])
    pools = [{"url": URL, "user": "farm"}]
    fleet.clear()
    foreign = {"provision_pools": json.dumps(pools), "curtail_record_data": re.sub(r"miner(\d)", r"other\1", record)}
    assert "It is the record of another fleet, so nothing was sent." in awx.run("provision", foreign).text
    assert [miner for miner in fleet.miners if miner.requests()] == []
    # The next node of a workflow gets the statistics as extra variables.
    awx.run("curtail", {"curtail_restore": "true", **curtailed.statistics}).succeeded()
    assert modes(fleet) == before

    seen = awx.run("overview").succeeded().statistics["dragonmint_overview"]
    assert (seen["miners"], seen["unhealthy"]) == (3, 1)
    metrics = ansible.folder / "dragonmint.prom"
    awx.run("metrics", {"metrics_file": str(metrics)}).succeeded()
    assert all(f'"miner{number}"' in metrics.read_text(encoding="utf-8") for number in (1, 2, 3))
    nobody = awx.run("overview", login=Login({"username": "admin", "password": ""}))
    assert (nobody.returncode, nobody.status) == (2, "failed")
    assert "No password for the miner is set." in nobody.text
    assert FACTORY not in awx.kept()


@newest_core
def test_an_upgrade_that_was_cancelled_goes_on(
    ansible: Ansible, start_fleet: Callable[..., Fleet], firmware_files: Path
) -> None:
    fleet = start_fleet(count=3, speed=SPEED)
    awx = Awx(ansible, without_login(fleet), Login({"password": FACTORY}))
    answers = {
        "upgrade_src": str(firmware_files / f"{NEWER_FIRMWARE}.swu"),
        "upgrade_serial": "1, 1, 1",
        "upgrade_settle_seconds": "30",
    }
    of_awx = {
        "awx_workflow_job_name": "minerops.dragonmint.upgrade",
        "awx_job_template_name": "minerops.dragonmint.upgrade",
    }
    sliced = awx.run("upgrade", {**answers, **of_awx})
    assert "This job is a slice of 'minerops.dragonmint.upgrade'" in sliced.text
    assert [miner for miner in fleet.miners if miner.requests()] == []

    job = awx.job("upgrade", {**answers, **of_awx, "upgrade_allow_slice": "true"})
    process = job.start()
    try:
        wait_until(lambda: fleet[0].state()["firmware"] == NEWER_FIRMWARE)
        process.terminate()
        process.wait(timeout=60)
    finally:
        job.end(process)
    assert (job.artifacts / "status").read_text(encoding="utf-8") == "canceled"
    assert fleet[2].state()["flashed"] == 0
    awx.run("upgrade", answers).succeeded()
    assert [miner.state()["firmware"] for miner in fleet.miners] == [NEWER_FIRMWARE] * 3
    assert [miner.state()["flashed"] for miner in fleet.miners] == [1] * 3


@newest_core
def test_two_sites_work_side_by_side_and_make_one_report(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Each worker has the miners of its own site in its inventory, and nothing but its input stream."""
    sites = {
        name: start_fleet(count=SITE, speed=SPEED, first=first)
        for name, first in {"north": "127.20.0.1", "south": "127.20.8.1"}.items()
    }
    sites["south"][0].set(autotune={"mode": "performance", "level": "1"})
    reports = ansible.folder / "sites"
    jobs, workers = {}, {}
    for name, fleet in sites.items():
        inventory = without_login(fleet, provision_autotune_mode=fleet[1].state()["autotune"]["mode"])
        renamed = inventory["miners"]["children"]["dm_2018_05"]
        renamed["hosts"] = {f"{name}-{host}": variables for host, variables in renamed["hosts"].items()}
        awx = Awx(ansible, inventory, Login({"password": FACTORY}))
        awx.folders = [ansible.folder] * len(jobs)
        jobs[name] = awx.job("audit", {"report_folder": str(reports / name)})
        workers[name] = jobs[name].work(jobs[name].transmit(), ansible.folder / f"worker-{name}")
    for name, job in jobs.items():
        audited = job.process(workers[name])
        assert (audited.returncode, audited.status) == (0, "successful"), audited.output
        assert audited.statistics["dragonmint_audit"]["miners"] == SITE
    for fleet in sites.values():
        assert all(miner.requests() for miner in fleet.miners)

    one = Job(ansible.bin, jobs["north"].folder, "sites.yml", "one")
    (one.folder / "env/extravars").write_text(json.dumps({"sites_folder": str(reports)}), encoding="utf-8")
    one.run().succeeded()
    rows = json.loads((reports / "audit.json").read_text(encoding="utf-8"))
    assert {(row["site"], row["miner"]) for row in rows} == {
        (name, f"{name}-miner{number}") for name in sites for number in range(1, SITE + 1)
    }
    assert [row["miner"] for row in rows if row["outcome"] == "drift"] == ["south-miner1"]


@newest_core
def test_a_fleet_is_few_and_small_events(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=FLEET, speed=SPEED)
    awx = Awx(ansible, without_login(fleet), Login({"password": FACTORY}))
    answers = {
        "audit": {},
        "curtail": {"curtail_mode": "efficient"},
        # Each miner changes, and shows its diff.
        "provision": {
            "provision_at_once": "true",
            "provision_pools": json.dumps([{"url": URL, "user": "farm"}]),
            "provision_verify_mining": "false",
        },
    }
    for job, given in answers.items():
        done = awx.run(job, given).succeeded()
        assert len(done.events) <= MAX_EVENTS, job
        assert max(len(json.dumps(event)) for event in done.events) <= MAX_EVENT_BYTES, job
    assert {mode for mode, _level in modes(fleet)} == {"efficient"}


@newest_core
def test_tags_leave_out_the_writes_or_the_reports(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    fleet = start_fleet(count=2, speed=SPEED)
    fleet[0].set(boards=[{}, {"alive": False}, {}], mining_s=265000)
    awx = Awx(ansible, without_login(fleet), Login({"password": FACTORY}))
    # In the order of the playbooks in one process: none of them writes anything.
    variables = {"curtail_mode": "efficient", "health_heal": True, "health_fail_on": "never"}
    jobs = [
        {"ansible.builtin.import_playbook": f"minerops.dragonmint.{job}"} for job in ("curtail", "heal", "overview")
    ]
    login = {"DRAGONMINT_PASSWORD": FACTORY}
    done = ansible(jobs, awx.inventory, "--tags", "preview", extra_vars=variables, environment=login).succeeded()
    assert hosts_with_writes(fleet) == set()
    assert "1 miner would get a remedy" in done.output
    reports = ansible.folder / "dragonmint-reports"
    assert {path.name for path in reports.glob("*.html")} == {"curtail.html", "health.html", "overview.html"}

    shutil.rmtree(reports)
    ansible(jobs, awx.inventory, "--skip-tags", "act,report", extra_vars=variables, environment=login).succeeded()
    assert hosts_with_writes(fleet) == set()
    assert [*reports.glob("*.html")] == []
    ansible(
        [jobs[0]], awx.inventory, "--tags", "act", "--skip-tags", "report", extra_vars=variables, environment=login
    ).succeeded()
    assert {mode for mode, _level in modes(fleet)} == {"efficient"}
    assert [*reports.glob("*.html")] == []


@newest_core
def test_the_list_of_tasks_is_a_table_of_contents(ansible: Ansible) -> None:
    playbooks = sorted((ROOT / "playbooks").glob("[!_]*.yml"))
    listed = ansible.tool("ansible-playbook", "-i", "localhost,", "--list-tasks", *playbooks).stdout
    lines = [line.strip().partition("TAGS: ") for line in listed.splitlines() if "TAGS: " in line]
    assert len(lines) > 4 * len(playbooks)
    for name, _tags, tags in lines:
        assert set(tags.strip("[]").split(", ")) & {"always", "act"}, name
        # Core itself names the check of a role's arguments.
        assert "Validating arguments" in name or len(name.rpartition(": ")[2].split()) <= 16, name
