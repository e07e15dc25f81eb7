# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile device: nothing that it says is executed, and it can't get a login sent elsewhere."""

from __future__ import annotations

import csv
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.polling import ENVIRONMENT, as_listed, ask, source
from tests.simulator.control import Fleet, Miner
from tests.support.running import NEWER_FIRMWARE, Ansible, PlaybookRun, connection_to, newest_core
from tests.support.schemas import require_schema

SPEED = 50.0
MARK = "hostile"
NEW = "Correct-Horse-7"
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1"}
# What a terminal would execute, and what a log's reader would take for other lines.
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
MARKUP = "<script>alert(1)</script><b onload=x>"
ESCAPES = "\x1b[2J\x1b]0;title\x07\x9b31m\r\x08\x7f"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1")
TAGS = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "main", "section", "div", "h1", "small", "p"),
    *("time", "span", "b", "bdi", "a", "details", "summary", "ul", "li", "noscript", "table", "thead", "tbody", "tr"),
    *("th", "td", "button", "label", "input", "select", "option", "output", "wbr"),
}
REPORTS = ("audit", "health", "upgrade")
OFFERS = ('Digest realm="miner", nonce="1", qop="auth"', "NTLM", "Negotiate", 'Basic realm="miner"')
REDIRECTS = (302, 307, 308)

EVERY_TASK: list[dict[str, Any]] = [
    {"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["all", "generation", "latest_firmware", "debug"]}},
    {"minerops.dragonmint.dragonmint_logs": {"lines": 10}},
    {"minerops.dragonmint.dragonmint_pools": {"pools": [POOL]}},
    {"minerops.dragonmint.dragonmint_autotune": {"mode": "efficient"}},
    {"minerops.dragonmint.dragonmint_network": {"mode": "dhcp"}},
    {"minerops.dragonmint.dragonmint_user": {"new_password": NEW}},
    {"minerops.dragonmint.dragonmint_power": {"state": "mining_restarted", "wait_timeout": 2}},
    {"minerops.dragonmint.dragonmint_firmware": {"latest": True, "wait_timeout": 2}, "check_mode": True},
    {"minerops.dragonmint.dragonmint_firmware": {"src": f"files/{NEWER_FIRMWARE}.swu", "wait_timeout": 2}},
    {"minerops.dragonmint.dragonmint_facts": {"auth": "jwt"}},
]
UPGRADE = {
    "upgrade_src": f"files/{NEWER_FIRMWARE}.swu",
    "upgrade_wait_timeout": 30,
    "upgrade_allow_downgrade": True,
}
# Text from a device as the option of another task.
AS_OPTIONS: list[dict[str, Any]] = [
    {"minerops.dragonmint.dragonmint_autotune": {"mode": "{{ ansible_facts.dragonmint_identity.firmware }}"}},
    {"minerops.dragonmint.dragonmint_pools": {"pools": "{{ ansible_facts.dragonmint_pools }}"}},
    {"minerops.dragonmint.dragonmint_facts": {"host": "{{ ansible_facts.dragonmint_identity.mac }}"}},
    {"ansible.builtin.set_fact": {"copied": "It runs {{ ansible_facts.dragonmint_identity.firmware }}."}},
    {"ansible.builtin.debug": {"msg": "{{ [copied, hostvars] }}"}},
]


@pytest.fixture
def thief() -> Iterator[socketserver.ThreadingTCPServer]:
    """A port that nothing may connect to. Connections are in its `caught`."""

    class Catch(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(5)
            caught.append(self.request.recv(65536))

    caught: list[bytes] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Catch) as server:
        server.caught = caught  # type: ignore[attr-defined]  # a list of its own is all that it needs
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_text_of_a_device_does_nothing(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Not in a task, here or elsewhere, not in the report of a playbook, and not as an option of the next task."""
    text = hostile_text(ansible)
    hosts = {name: reached(miner) for name, miner in liars(start_fleet, text).items()}
    hosts["there"]["machine"] = "bastion"
    plays = [
        play([*EVERY_TASK, *AS_OPTIONS], hosts="here:refusing"),
        # A result comes back from another machine as any other does.
        play([*EVERY_TASK[:3], *AS_OPTIONS], hosts="there"),
        playbook("audit", "miners"),
        playbook("provision", "there:sheet"),
        playbook("site", "ill", site_worker="farm.1"),
        playbook("heal", "miners"),
        playbook("upgrade", "upgraded:refusing:here", **UPGRADE),
    ]
    done = ansible(
        plays,
        inventory(
            hosts,
            provision_pools=[POOL],
            provision_autotune_mode="efficient",
            audit_partial=True,
            health_fail_on="never",
            dragonmint_retries=0,
        ),
        "-vvv",
        "--diff",
        environment={"ANSIBLE_LOG_PATH": str(ansible.folder / "log")},
    )
    assert_nothing_was_obeyed(ansible, done.output)
    assert_it_is_told_as_it_is(done, text)
    reports = ansible.folder / "dragonmint-reports"
    assert sorted(path.name for path in reports.iterdir()) == sorted(
        [
            *("history", "upgrade_without_failed.txt", "audit.state.json", "health.state.json"),
            *(f"{name}.{kind}" for name in REPORTS for kind in ("json", "csv", "html")),
        ]
    )
    for name in REPORTS:
        assert_a_page_is_text(reports / f"{name}.html")
        assert_a_sheet_is_text(reports / f"{name}.csv")
        rows = json.loads((reports / f"{name}.json").read_text(encoding="utf-8"))
        require_schema(name, rows)
        assert template_in(text) in str(rows)
    assert {row["miner"] for row in rows_of(reports / "audit.csv")} == set(hosts)


def test_text_of_a_device_does_nothing_in_the_inventory(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    """Not as the name of a host or group, not in a variable, and not in what is shown of them."""
    text = hostile_text(ansible)
    fleet = start_fleet(count=4)
    lying, refusing, locked, hanging = fleet.miners
    lie(lying, text)
    lie(refusing, text, refuses=True)
    locked.fault("reject", action="auth", message=text)
    lie(hanging, text)
    hanging.fault("silent", action="summary")
    options = {
        "timeout": 1,
        "hostname": "dragonmint_identity.firmware",
        "compose": {"again": "dragonmint_identity.firmware", "joined": "'{{ ' ~ dragonmint_identity.type ~ ' }}'"},
        "groups": {"told": "dragonmint_identity.firmware is search('{')"},
        "keyed_groups": [{"key": f"dragonmint_identity.{name}", "prefix": name} for name in ("type", "firmware")],
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(ansible.folder / "cache"),
    }
    file = source(ansible, fleet, **options)
    shown = [ask(ansible, file, *how) for how in (("--list",), ("--graph", "--vars"), ("--list", "--yaml"))]
    assert [one.stderr for one in shown if one.returncode] == []
    found = as_listed(shown[0])
    # Invalid names are not used as host names.
    assert found["hostvars"].keys() == {miner.host for miner in fleet.miners}
    assert found["told"] == {lying.host, hanging.host}
    assert template_in(text) in found["hostvars"][lying.host]["again"]
    tasks = [{"ansible.builtin.debug": {"msg": "{{ hostvars[inventory_hostname] }}"}}]
    hosts = "dragonmint:dragonmint_locked:dragonmint_unresponsive"
    done = ansible(
        [{"hosts": hosts, "gather_facts": False, "tasks": tasks}],
        {},
        "-vvv",
        *("-i", str(file)),
        environment=ENVIRONMENT,
    ).succeeded()
    assert len(done.results) == len(fleet.miners)
    assert_nothing_was_obeyed(ansible, done.output + "".join(one.stdout + one.stderr for one in shown))


def hostile_text(ansible: Ansible) -> str:
    """A path, a template that would create a file, an invalid template, terminal controls, and markup."""
    return (
        f"../../{MARK}{{{{ lookup('ansible.builtin.pipe', 'touch {executed(ansible)}') }}}}{{% for %}}{ESCAPES}{MARKUP}"
    )


def template_in(text: str) -> str:
    return text[text.index("{{") : text.index("}}") + 2]


def executed(ansible: Ansible) -> Path:
    """A file that exists once a template was executed."""
    return ansible.folder / "executed"


def liars(start_fleet: Callable[..., Fleet], text: str) -> dict[str, Miner]:
    """Miners that put a text wherever they can, and one with spreadsheet formulas."""
    here, there, upgraded, refusing, sheet = start_fleet(count=5, speed=SPEED).miners
    (ill,) = start_fleet(generation="inno-2018-08", speed=SPEED).miners
    ill.set(error={"code": "1", "errmsg": text}, pools=[{"url": text, "user": text, "pass": "x"}])
    for miner in (here, there):
        lie(miner, text)
    lie(refusing, text, refuses=True)
    # A frame with what JSON has to escape would tell nothing.
    upgraded.fault("flash_fails", verdict=re.sub(r"[\x00-\x1f]", "", text))
    upgraded.set(firmware=f"{text}_20180101_000000")
    sheet.set(pools=[{"url": ";".join(FORMULAS), "user": text, "pass": "x"}])
    return {
        "here": here,
        "there": there,
        "upgraded": upgraded,
        "refusing": refusing,
        "ill": ill,
        "sheet": sheet,
    }


def assert_nothing_was_obeyed(ansible: Ansible, output: str) -> None:
    assert not executed(ansible).exists()
    assert CONTROLS.findall(output) == []
    for log in ansible.folder.glob("log"):
        assert CONTROLS.findall(log.read_text(encoding="utf-8")) == []
    assert [path for path in ansible.folder.parent.rglob("*") if MARK in path.name] == []


def assert_it_is_told_as_it_is(done: PlaybookRun, text: str) -> None:
    for host in ("here", "there", "refusing"):
        assert any(template_in(text) in str(result.result) for result in done.of(host))
    facts = done.of("here", task="minerops.dragonmint.dragonmint_facts")[0].result["ansible_facts"]
    assert template_in(text) in facts["dragonmint_identity"]["firmware"]


def assert_a_page_is_text(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    # The data of the rows, and the script that shows them.
    assert len(re.findall(r"<\s*script", page, flags=re.IGNORECASE)) == 2
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert {tag.lower() for tag in re.findall(r"<\s*/?\s*(\w+)", markup)} <= TAGS


def assert_a_sheet_is_text(path: Path) -> None:
    for row in rows_of(path):
        for cell in row.values():
            assert not any(part.lstrip().startswith(tuple("=+-@\uff1d")) for part in cell.split(";"))


@newest_core
def test_no_login_is_sent_to_another_port(
    ansible: Ansible, start_fleet: Callable[..., Fleet], thief: socketserver.ThreadingTCPServer
) -> None:
    """Whatever the miner answers: no redirect is followed, and no other authentication scheme is accepted."""
    port = thief.server_address[1]
    away = {"location": f"http://127.0.0.1:{port}/api/x"}
    answers: list[tuple[str, dict[str, Any]]] = [
        *(("redirect", {"status": status, **away}) for status in REDIRECTS),
        *(("challenge", {"offer": offer}) for offer in OFFERS),
    ]
    there = answers[:1]
    fleet = start_fleet(count=len(answers) + len(there) + 2, speed=SPEED)
    *miners, uploads, listens = fleet.miners
    hosts = {}
    for number, (miner, (fault, params)) in enumerate(zip(miners, [*answers, *there])):
        miner.fault(fault, **params)
        hosts[f"miner{number}"] = reached(miner, machine="localhost" if number < len(answers) else "bastion")
    # These behave until it comes to firmware.
    uploads.fault("redirect", action="/upgrade/upload", status=307, **away)
    listens.fault("redirect", action="/upgrade/ws", status=307, **away)
    hosts |= {"uploads": reached(uploads), "listens": reached(listens)}
    done = ansible([play(EVERY_TASK)], inventory(hosts, dragonmint_retries=0, dragonmint_timeout=5))

    assert thief.caught == []  # type: ignore[attr-defined]
    for number, miner in enumerate(miners):
        ends = [result.result.get("error_code") for result in done.of(f"miner{number}")]
        assert ends == ["bad_reply"] * len(EVERY_TASK)
        asked = [(request["action"], request["auth"]) for request in miner.requests()]
        shown = [auth for action, auth in asked if action != "auth"]
        # Some tasks log in first; none has tried again in the way that was offered.
        assert set(shown) == {"basic"}
        assert len(shown) <= len(EVERY_TASK)
    firmware = {host: done.of(host)[-2].result for host in ("uploads", "listens")}
    # The updater's actions decide, not what answered for it; here it does nothing, so the upload counts as refused.
    assert firmware["uploads"]["error_code"] == "updater_stuck"
    assert firmware["listens"]["version"] == NEWER_FIRMWARE
    assert {request["auth"] for request in listens.requests() if request["path"] == "/upgrade/ws"} == {None}


def lie(miner: Miner, text: str, refuses: bool = False) -> None:
    """Makes it use this text wherever it can, in its settings or as the reason for a refusal."""
    miner.set(
        type=text,
        hwver=text,
        firmware=text,
        mac=text,
        network={"ipaddress": text, "netmask": text, "gateway": text, "dns": [text, text]},
        pools=[{"url": text, "user": text, "pass": "x"}],
        vendor={"version": text, "versionDate": text, "url": text, "info": text},
    )
    mode = {"success": True, "autoTuneMode": {"mode": text, "level": text}}
    status = {"success": True, "isRunning": True, "isTuning": False, "mode": text, "level": text}
    for action, reply in (("getAutoTune", mode), ("getAutoTuneStatus", status)):
        miner.fault("canned", action=action, body=json.dumps(reply))
    if refuses:
        for action in ("pools", "getAutoTune", "getAutoTuneStatus", "overview", "summary"):
            miner.fault("reject", action=action, message=text)
    miner.fault("reject", action="writes", message=text)
    miner.set(journal=f"{text}\n")


def reached(miner: Miner, machine: str = "localhost") -> dict[str, Any]:
    return {**connection_to(miner), "dragonmint_fallback_passwords": [NEW], "machine": machine}


def inventory(hosts: dict[str, Any], **variables: Any) -> dict[str, Any]:
    bastion = {"ansible_connection": "local"}
    return {"miners": {"hosts": hosts, "vars": variables}, "elsewhere": {"hosts": {"bastion": bastion}}}


def playbook(name: str, target: str, **variables: Any) -> dict[str, Any]:
    return {
        "ansible.builtin.import_playbook": f"minerops.dragonmint.{name}",
        "vars": {"target": target, **variables},
    }


def play(tasks: list[dict[str, Any]], hosts: str = "miners") -> dict[str, Any]:
    """Here or on another machine, depending on the miner, and to the end."""
    kept = [{**task, "delegate_to": "{{ machine }}"} for task in tasks]
    go_on = {"ignore_errors": True, "ignore_unreachable": True}
    return {"hosts": hosts, "gather_facts": False, "tasks": kept, **go_on}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
