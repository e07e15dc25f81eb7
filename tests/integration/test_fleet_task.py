# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many miners in one task: which ones, with whose login and options, and the task's report.

Results of single miners are tested in test_fault_matrix, for this form, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.simulator.control import Fleet
from tests.support.running import (
    NEWER_FIRMWARE,
    Ansible,
    PlaybookRun,
    connection_to,
    hosts_with_writes,
    inventory_of,
    newest_core,
)

FLEET = "minerops.dragonmint.dragonmint_fleet"
GROUP = "group/minerops.dragonmint.dragonmint"
PASSWORD = "Correct-Horse-7"
CLOSED_PORT = 9
POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.1", "password": "x"}


def fleet(module: str = "facts", **options: Any) -> dict[str, Any]:
    if module == "facts":
        options = {"options": {"gather_subset": ["identity"]}, **options}
    return {FLEET: {"module": module, **options}}


def efficient(**options: Any) -> dict[str, Any]:
    return fleet("autotune", options={"mode": "efficient"}, **options)


def play(*tasks: dict[str, Any], hosts: str = "miners", **keywords: Any) -> dict[str, Any]:
    return {"hosts": hosts, "gather_facts": False, "tasks": list(tasks), **keywords}


def counts_of(done: PlaybookRun) -> list[dict[str, int]]:
    return [result.result["counts"] for result in done.results if "counts" in result.result]


def modes(fleet: Fleet) -> list[str]:
    return [miner.state()["autotune"]["mode"] for miner in fleet.miners]


def test_check_then_real_then_again(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=4)
    miners[3].set(autotune={"mode": "efficient"})
    inventory = inventory_of(miners)
    plays = [play(efficient(options_by_host={"miner2": {"mode": "performance"}}))]

    check = ansible(plays, inventory, "--check", "--diff").succeeded()
    assert hosts_with_writes(miners) == set()
    assert counts_of(check) == [{"total": 4, "ok": 4, "changed": 3, "failed": 0, "unreachable": 0, "not_tried": 0}]
    assert check.output.count("+++ after: miner") == 2
    assert check.output.count("the same as miner") == 1
    assert '+        "mode": "performance"' in check.output

    miners.clear()
    real = ansible(plays, inventory).succeeded()
    result = real.one().result
    assert modes(miners) == ["efficient", "performance", "efficient", "efficient"]
    assert {host for host, of in result["miners"].items() if of["changed"]} == hosts_with_writes(miners)
    assert result["miners"]["miner2"]["autotune"] == {"mode": "performance", "level": None}
    assert result["failed_hosts"] == result["not_tried_hosts"] == []
    # The mode, and the pools that share its file, before and after; no login of its own.
    asked = [[request["action"] for request in miner.requests()] for miner in miners.miners[:3]]
    assert asked == [["getAutoTune", "type", "pools", "setAutoTune", "pools", "getAutoTune"]] * 3
    assert "autotune: 4 of 4 miners ok, 3 changed, 0 failed, 0 unreachable" in real.output
    assert "+++" not in real.output

    # The comparison of the settings is our own code alone.
    if ansible.is_newest:
        miners.clear()
        again = ansible(plays, inventory, "--diff").succeeded()
        assert again.changed == hosts_with_writes(miners) == set()


def test_a_login_comes_from_where_a_module_takes_it(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=3)
    for number, miner in enumerate(miners.miners, 1):
        miner.set(users={"admin": f"{PASSWORD}{number}"})
    vault_password = ansible.folder / "vault_password"
    vault_password.write_text("open sesame")
    own = {f"miner{number}": f"{PASSWORD}{number}" for number in (1, 2, 3)}
    vaulted = VaultLib([("default", VaultSecret(b"open sesame"))]).encrypt(json.dumps(own)).decode()
    (ansible.folder / "secrets.yml").write_text(
        "vaulted: !vault |\n" + "".join(f"  {line}\n" for line in vaulted.splitlines())
    )
    ansible.write("passwords.json", own)
    from_file = "{{ (lookup('ansible.builtin.file', 'passwords.json') | from_yaml)[inventory_hostname] }}"
    from_vault = "{{ (vaulted | string | from_json)[inventory_hostname] }}"
    mine = "{{ passwords[inventory_hostname] }}"
    for kind in ("vars", "defaults"):
        role = f"roles/by_{kind}"
        for folder in (kind, "tasks"):
            (ansible.folder / role / folder).mkdir(parents=True)
        of_role = {"of_role": own, "from_role": "{{ of_role[inventory_hostname] }}"}
        ansible.write(f"{role}/{kind}/main.yml", of_role)
        ansible.write(f"{role}/tasks/main.yml", [{**fleet(), "vars": {"dragonmint_password": "{{ from_role }}"}}])
    by_role = {"hosts": "wrong", "gather_facts": False}
    hosts = {"hosts": "wrong", "vars": {"passwords": own}}
    plays = [
        # Overrides the wrong one of the inventory.
        play(fleet(), **hosts | {"vars": {"passwords": own, "dragonmint_password": mine}}),
        play({**fleet(), "vars": {"dragonmint_password": mine}}, **hosts),
        play({"block": [fleet()], "vars": {"dragonmint_password": mine}}, **hosts),
        play({**fleet(), "vars": {"dragonmint_password": from_file}}, **hosts),
        play(fleet(), **hosts | {"vars": {"dragonmint_password": from_vault}}, vars_files=["secrets.yml"]),
        play(fleet(password=mine), **hosts),
        play(fleet(), **hosts, module_defaults={GROUP: {"password": mine, "port": "{{ dragonmint_port }}"}}),
        play({"block": [fleet()], "module_defaults": {FLEET: {"password": mine}}}, **hosts),
        play({**fleet(), "module_defaults": {GROUP: {"password": mine}}}, **hosts),
        play(fleet(fallback_passwords=["nobody's", mine]), **hosts),
        # Left out for the first miner only.
        play(fleet(password="{{ passwords_of_sites[site] if site != 'miner1' else omit }}"), hosts="of_group"),
        play(fleet(options_by_host={host: {"password": password} for host, password in own.items()}), **hosts),
        play(fleet(options={"fallback_passwords": list(own.values()), "gather_subset": ["identity"]}), **hosts),
        {**by_role, "roles": ["by_vars"]},
        {**by_role, "roles": ["by_defaults"]},
        play({"ansible.builtin.set_fact": {"dragonmint_password": mine}}, fleet(), **hosts),
        # From the inventory.
        play(fleet(), hosts="of_hosts"),
        play(fleet(), hosts="of_group"),
        # As an environment variable.
        play(fleet(), hosts="nowhere"),
    ]
    reached = {
        host: {name: value for name, value in connection_to(miner).items() if name != "dragonmint_password"}
        for host, miner in zip(own, miners.miners)
    }
    children = {
        "wrong": {"hosts": reached, "vars": {"dragonmint_password": "wrong"}},
        "of_hosts": {"hosts": {f"h_{host}": {**of, "dragonmint_password": own[host]} for host, of in reached.items()}},
        "of_group": {
            "hosts": {f"g_{host}": {**of, "site": host} for host, of in reached.items()},
            "vars": {"dragonmint_password": "{{ passwords_of_sites[site] }}", "passwords_of_sites": own},
        },
        "nowhere": {"hosts": {"n_miner1": reached["miner1"]}},
    }
    done = ansible(
        plays,
        {"all": {"children": children}},
        *("--vault-password-file", str(vault_password)),
        environment={"DRAGONMINT_PASSWORD": own["miner1"]},
    ).succeeded()
    assert [counts["ok"] for counts in counts_of(done)] == [*[3] * (len(plays) - 1), 1]
    results = json.dumps([result.result for result in done.results if "counts" in result.result])
    assert [password for password in own.values() if password in results] == []


def test_the_login_of_the_command_line_is_that_of_all_miners(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = start_fleet(count=4)
    hosts = {
        f"miner{number}": {"ansible_host": miner.host, "dragonmint_port": miner.port}
        for number, miner in enumerate(miners.miners, 1)
    }
    # Ansible replaces the given password by that of the host that a task runs for.
    hosts["miner3"]["ansible_password"] = "dragonadmin"
    (ansible.folder / "password").write_text("dragonadmin")
    login = ("-u", "admin", "--connection-password-file", "password")
    plays = [play(fleet(), hosts="miner1,miner2"), play(fleet(), hosts="miner3,miner4")]
    good, replaced = ansible(plays, {"miners": {"hosts": hosts}}, *login).succeeded().results
    assert good.result["counts"]["ok"] == 2
    assert replaced.result["failed_hosts"] == ["miner4"]
    assert "replaced the password given with -k by that of miner3" in replaced.result["miners"]["miner4"]["msg"]
    assert miners[3].requests() == []


def test_a_task_takes_the_hosts_that_are_left_in_its_batch(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=5)
    fails = {"ansible.builtin.fail": {}, "when": "inventory_hostname == 'miner2'"}
    plays = [play(fleet(), serial=2), play(fails, fleet(), ignore_unreachable=True)]
    done = ansible(plays, inventory_of(miners))
    *batches, left = (list(result.result["miners"]) for result in done.results if "counts" in result.result)
    assert batches == [["miner1", "miner2"], ["miner3", "miner4"], ["miner5"]]
    assert left == ["miner1", "miner3", "miner4", "miner5"]

    limited = ansible([play(fleet())], inventory_of(miners), "--limit", "miner3,miner5").succeeded()
    assert list(limited.one().result["miners"]) == ["miner3", "miner5"]


def test_from_localhost_a_task_names_its_hosts(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=4)
    inventory = inventory_of(miners, dragonmint_password="{{ of_play }}")
    task = efficient(hosts="{{ groups.miners }}")
    of_play = {"of_play": "dragonadmin"}
    plays = [play(task, hosts="localhost", vars=of_play)]
    limited = ansible(plays, inventory, "--limit", "localhost,miner2,miner4").succeeded().one().result
    assert (list(limited["miners"]), limited["left_out"]) == (["miner2", "miner4"], 2)
    assert hosts_with_writes(miners) == {"miner2", "miner4"}

    checked = {**task, "check_mode": True}
    plays = [
        play(checked, hosts="localhost", vars=of_play),
        play({**efficient(), "delegate_to": "localhost", "check_mode": True}, vars=of_play),
        play(efficient(hosts=[]), hosts="localhost"),
    ]
    everywhere, delegated, nobody = (result.result for result in ansible(plays, inventory).succeeded().results)
    assert (everywhere["counts"]["ok"], everywhere["left_out"]) == (4, 0)
    assert delegated["counts"]["ok"] == 4
    assert nobody["counts"]["total"] == 0
    assert hosts_with_writes(miners) == {"miner2", "miner4"}


def test_the_free_strategy_refuses_it(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=2)
    done = ansible([play(efficient(), strategy="free")], inventory_of(miners))
    assert done.returncode != 0
    assert "bypasses the host loop" in done.output
    assert hosts_with_writes(miners) == set()


@newest_core
def test_a_miner_under_two_names_is_commanded_once(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    same, other = start_fleet(count=2).miners
    hosts = {
        "a": connection_to(same),
        "b": connection_to(same),
        "c": {**connection_to(other), "dragonmint_host": other.host},
        "d": connection_to(other),
    }
    task = efficient(options_by_host={"d": {"mode": "performance"}})
    result = ansible([play(task, hosts="all")], {"all": {"hosts": hosts}}).succeeded().one().result
    assert result["miners"]["a"] == result["miners"]["b"]
    assert result["miners"]["b"]["changed"]
    assert [len(miner.writes()) for miner in (same, other)] == [1, 1]
    assert result["miners"]["c"]["autotune"]["mode"] == other.state()["autotune"]["mode"] == "efficient"
    assert result["failed_hosts"] == ["d"]
    assert result["miners"]["d"]["error_code"] == "invalid_input"
    assert "d is at the same address as c, for which the task has a different mode" in result["miners"]["d"]["msg"]


def test_one_miner_that_is_wrong_does_not_stop_the_others(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=9)
    inventory = inventory_of(miners)
    hosts = inventory["miners"]["children"]["dm_2018_05"]["hosts"]
    hosts["miner1"]["dragonmint_password"] = "{{ nobody_set_this }}"
    hosts["miner2"]["dragonmint_password"] = "wrong"
    hosts["miner3"]["dragonmint_port"] = CLOSED_PORT
    hosts["miner4"]["ansible_host"] = "127.1"
    hosts["miner5"]["dragonmint_timeout"] = "soon"
    hosts["miner8"] |= {"dragonmint_scheme": "https", "dragonmint_ca_path": "/nowhere/ca.pem"}
    hosts["miner9"] |= {"dragonmint_scheme": "https", "dragonmint_validate_certs": False}
    result = (
        ansible([play(efficient(options_by_host={"miner6": {"wait": "perhaps"}}))], inventory).succeeded().one().result
    )
    assert result["counts"] == {"total": 9, "ok": 1, "changed": 1, "failed": 6, "unreachable": 2, "not_tried": 0}
    assert result["failed_hosts"] == [f"miner{number}" for number in (1, 2, 3, 4, 5, 6, 8, 9)]
    codes = {host: of.get("error_code") for host, of in result["miners"].items()}
    assert codes == {
        "miner1": "invalid_input",
        "miner2": "authentication",
        "miner3": "unreachable",
        "miner4": "invalid_input",
        "miner5": "invalid_input",
        "miner6": "invalid_input",
        "miner7": None,
        "miner8": "invalid_input",
        "miner9": "unreachable",
    }
    assert "dragonmint_password cannot be evaluated" in result["miners"]["miner1"]["msg"]
    assert "ansible_host is '127.1'" in result["miners"]["miner4"]["msg"]
    assert "dragonmint_timeout is 'soon'" in result["miners"]["miner5"]["msg"]
    assert "wait" in result["miners"]["miner6"]["msg"]
    assert "dragonmint_ca_path is '/nowhere/ca.pem'" in result["miners"]["miner8"]["msg"]
    assert "does not speak TLS" in result["miners"]["miner9"]["msg"]
    assert hosts_with_writes(miners) == {"miner7"}


# Tasks that are wrong for all miners, and what the message names.
WRONG: list[tuple[dict[str, Any], str]] = [
    (fleet("logs"), "value of module must be one of"),
    (fleet("firmware", options={"src": "new.swu"}), "dragonmint_fleet only checks firmware"),
    ({**fleet("firmware", options={"src": "none.swu"}), "check_mode": True}, "src 'none.swu' was not found"),
    ({FLEET: {}}, "missing required arguments: module"),
    (fleet("autotune"), "missing required arguments: mode"),
    (fleet("autotune", options={"moed": "efficient"}), "dragonmint_autotune) module: moed"),
    (fleet("autotune", options={"mode": "lazy"}), "value of mode must be one of"),
    (fleet("autotune", options={"mode": "efficient", "wait_timeout": -1}), "wait_timeout must be"),
    (fleet("pools", options={"pools": [{"url": "nowhere", "user": "a"}]}), "url of pool 1"),
    (fleet("pools", options={"pools": [{"user": "a"}]}), "url"),
    (fleet("power", options={"state": "factory_reset"}), "confirm"),
    (efficient(options_by_host={"miner1": {"moed": "efficient"}}), "gives miner1 the option moed"),
    (efficient(options_by_host={"miner1": "efficient"}), "options_by_host has 'efficient' for miner1"),
    (efficient(options_by_host={"miner9": {"mode": "balanced"}}), "options_by_host names 'miner9'"),
    (efficient(options_by_host=["miner1"]), "options_by_host"),
    (efficient(hosts=["miner1", "miner9"]), "hosts names 'miner9', which the inventory does not have"),
    (efficient(hosts=["miners"]), "Give the names of hosts, not of groups"),
    (efficient(hosts="miner1"), "hosts is 'miner1'; expected a list"),
    (efficient(concurrency=0), "concurrency is 0"),
    (efficient(rate=0), "rate is 0"),
    (efficient(deadline=0), "deadline is 0"),
    (efficient(max_failures=-1), "max_failures is -1"),
    (efficient(max_failure_percent=101), "max_failure_percent is 101"),
    (efficient(report="everything"), "value of report must be one of"),
    (efficient(colour="blue"), "dragonmint_fleet) module: colour"),
    (efficient(host="127.0.0.1"), "host would be the same for all miners"),
    (fleet("autotune", options={"mode": "efficient", "host": "127.0.0.1"}), "host would be the same for all miners"),
    ({**efficient(), "delegate_to": "miner2"}, "can't be delegated to miner2"),
    ({**efficient(), "async": 10, "poll": 1}, "can't run with async"),
    # What is evaluated for the first miner only.
    (fleet("pools", options={"pools": [{**POOL, "user": "farm.{{ inventory_hostname }}"}]}), "variable inventory_host"),
    (fleet("autotune", options={"mode": "{{ mode_of_host }}"}), "variable mode_of_host, which differs"),
    (
        {**fleet("autotune", options={"mode": "{{ by_task }}"}), "vars": {"by_task": "{{ mode_of_host }}"}},
        "mode_of_host",
    ),
    (fleet("autotune", options={"mode": "{{ hall.mode }}"}), "variable hall, which differs"),
    (fleet("autotune", options="{{ {'mode': mode_of_host} }}"), "variable mode_of_host, which differs"),
    (fleet("autotune", options={"mode": "{{ set_by_task }}"}), "variable set_by_task, which differs"),
    (
        efficient(options_by_host={"miner2": {"level": "{{ inventory_hostname }}"}}),
        "options_by_host uses the variable inventory_hostname",
    ),
]


def test_what_is_wrong_for_all_is_refused_once_before_anything_is_sent(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = start_fleet(count=3)
    inventory = inventory_of(miners)
    for number, of in enumerate(inventory["miners"]["children"]["dm_2018_05"]["hosts"].values()):
        of["mode_of_host"] = ("balanced", "efficient", "performance")[number]
        of["hall"] = {"mode": of["mode_of_host"]}
    tasks = [
        {"ansible.builtin.set_fact": {"set_by_task": "{{ mode_of_host }}"}},
        *({"name": f"wrong {number}", "ignore_errors": True, **task} for number, (task, _text) in enumerate(WRONG)),
    ]
    done = ansible([play(*tasks)], inventory).succeeded()
    for number, (_task, text) in enumerate(WRONG):
        result = done.one(task=f"wrong {number}")
        assert (result.status, text in result.result["msg"]) == ("failed", True), (number, text, result.result["msg"])
        assert result.result["error_code"] == "invalid_input"
    assert [miner.requests() for miner in miners.miners] == [[], [], []]


@newest_core
def test_what_is_the_same_for_all_miners_may_be_a_variable(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=2)
    inventory = inventory_of(miners, mode_of_group="efficient")
    tasks = [
        {**fleet("autotune", options={"mode": "{{ item }}"}), "loop": ["balanced", "{{ mode_of_group }}"]},
        {**fleet("autotune", options="{{ given }}"), "vars": {"given": {"mode": "{{ mode_of_group }}"}}},
        {FLEET: "{{ given }}", "vars": {"given": {"module": "autotune", "options": {"mode": "performance"}}}},
    ]
    done = ansible([play(*tasks, vars={"ansible_args_unsafe": True})], inventory).succeeded()
    assert modes(miners) == ["performance"] * 2
    assert [result.result["counts"]["ok"] for result in done.results if "counts" in result.result] == [2, 2]


@newest_core
def test_limits_stop_a_task(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=8)
    for miner in miners.miners[:3]:
        miner.fault("dark")
    limited = {"concurrency": 1, "retries": 0}
    tasks = [
        {**efficient(max_failures=1, **limited), "name": "failures"},
        {**efficient(max_failure_percent=25, **limited), "name": "percent"},
        {**efficient(max_failures=3, **limited), "name": "enough"},
        {**fleet(rate=4, deadline=1), "name": "deadline"},
    ]
    done = ansible([play(*tasks, ignore_errors=True)], inventory_of(miners)).succeeded()
    failures, percent, enough, deadline = (done.one(task=str(task["name"])) for task in tasks)
    for result, tried in ((failures, 2), (percent, 3)):
        assert result.status == "failed"
        assert result.result["error_code"] == "too_many_failures"
        assert f"{tried} of 8 miners failed or were unreachable, more than max_failure" in result.result["msg"]
        assert result.result["counts"]["not_tried"] == len(result.result["not_tried_hosts"]) == 8 - tried
        assert result.result["failed_hosts"] == [f"miner{number}" for number in range(1, tried + 1)]
    assert enough.status == deadline.status == "ok"
    assert enough.result["counts"] == {
        "total": 8,
        "ok": 5,
        "changed": 5,
        "failed": 0,
        "unreachable": 3,
        "not_tried": 0,
    }
    assert 0 < deadline.result["counts"]["not_tried"] < 8
    assert "miner1: unreachable: No miner answers" in done.output


def test_a_result_is_registered_for_all_hosts_or_the_task_says_how(
    ansible: Ansible, start_fleet: Callable[..., Fleet]
) -> None:
    miners = start_fleet(count=3)
    shown = {"ansible.builtin.debug": {"msg": "{{ seen.counts.ok | default('nothing') }}"}}
    plays = [
        play({**fleet(), "register": "seen", "run_once": True}, shown),
        play({**fleet(), "register": "seen_by_first"}),
        play({**fleet(), "register": "seen_by_localhost", FLEET: {"module": "facts", "hosts": []}}, hosts="localhost"),
    ]
    done = ansible(plays, inventory_of(miners)).succeeded()
    assert [str(result.result["msg"]) for result in done.results if "msg" in result.result] == ["3"] * 3
    warned = [result.warnings for result in done.results if "counts" in result.result]
    assert [["run_once: true" in text for text in texts] for texts in warned] == [[], [True], []]


@newest_core
def test_a_task_that_is_killed_is_simply_run_again(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=40)
    inventory = inventory_of(miners)
    ansible.killed_once(lambda: any(miners.writes().values()), [play(efficient(rate=10))], inventory)
    written = hosts_with_writes(miners)
    assert 0 < len(written) < 40

    again = ansible([play(efficient())], inventory).succeeded().one().result
    assert modes(miners) == ["efficient"] * 40
    assert again["counts"]["ok"] == 40
    assert [len(miner.writes()) for miner in miners.miners] == [1] * 40
    assert len(written) - 1 <= 40 - again["counts"]["changed"] <= len(written)


@newest_core
def test_facts_are_in_the_result_and_set_for_nobody(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=2, generation="mixed")
    shown = {"ansible.builtin.assert": {"that": "dragonmint_identity is undefined"}}
    both = [{"minerops.dragonmint.dragonmint_facts": {"gather_subset": ["identity"]}}]
    done = ansible([play(fleet(), shown), play(*both)], inventory_of(miners)).succeeded()
    result = done.results[0].result
    assert "ansible_facts" not in result
    alone = [one for one in done.results if one.action.endswith("dragonmint_facts")]
    assert len(alone) == 2
    for one in alone:
        mine, theirs = (of["ansible_facts"]["dragonmint_identity"] for of in (result["miners"][one.host], one.result))
        assert mine == theirs


@newest_core
def test_a_firmware_is_checked_as_the_module_does_it(ansible: Ansible, start_fleet: Callable[..., Fleet]) -> None:
    miners = start_fleet(count=6)
    eligible, other, newer, runs_it, guest, gone = inventory_hosts = [f"miner{number}" for number in range(1, 7)]
    miners[1].set(hwver="a8+")
    miners[2].set(version_0="t1_20300101_000000", version_1="t1_20300101_000000")
    miners[3].set(version_0=NEWER_FIRMWARE, version_1=NEWER_FIRMWARE)
    miners[5].fault("dark")
    inventory = inventory_of(miners)
    inventory["miners"]["children"]["dm_2018_05"]["hosts"][guest] |= {
        "dragonmint_username": "guest",
        "dragonmint_password": "dragonguest",
    }
    options = {"src": f"files/{NEWER_FIRMWARE}.swu"}
    tasks = [fleet("firmware", options=options), {"minerops.dragonmint.dragonmint_firmware": options}]
    done = ansible(
        [play(*({**task, "check_mode": True, "ignore_unreachable": True, "ignore_errors": True} for task in tasks))],
        inventory,
    )
    together, *alone = (result for result in done.results if result.action.startswith("minerops.dragonmint."))
    keys = ("changed", "version", "version_before", "firmware", "error_code", "msg")
    of_module = {result.host: {key: result.result.get(key) for key in keys} for result in alone}
    assert {h: {key: of.get(key) for key in keys} for h, of in together.result["miners"].items()} == of_module
    codes = {host: of["error_code"] for host, of in of_module.items()}
    assert codes == {
        eligible: None,
        other: "invalid_firmware",
        newer: "downgrade",
        runs_it: None,
        guest: "permission",
        gone: "unreachable",
    }
    assert [of_module[host]["changed"] for host in (eligible, runs_it)] == [True, False]
    assert set(of_module) == set(inventory_hosts)
    assert hosts_with_writes(miners) == set()


@newest_core
@pytest.mark.parametrize("count", [1001])
def test_the_result_of_many_miners_stays_small(ansible: Ansible, start_fleet: Callable[..., Fleet], count: int) -> None:
    miners = start_fleet(count=count, first="127.37.0.1")
    miners[7].fault("dark")
    done = ansible([play(fleet()), play(fleet(report="all"))], inventory_of(miners)).succeeded()
    usual, everything = (result.result for result in done.results)
    assert list(usual["miners"]) == usual["failed_hosts"] == ["miner8"]
    assert len(json.dumps(usual)) < 2000
    assert len(everything["miners"]) == count
    # The names of all miners are nowhere else in the output.
    assert done.output.count("miner") < 50
