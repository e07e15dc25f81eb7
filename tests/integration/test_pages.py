# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of each page run, in a folder with the files of the page, on simulated miners at the addresses shown."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.blocks import ALL, PAGES, PLUGIN, ROOT, Block, blocks_of, commands, is_run, reason, shown
from tests.simulator import firmware
from tests.simulator.control import Fleet
from tests.support import warm
from tests.support.running import WARM_ANSIBLE, Ansible, newest_core

# The networks of the pages, and those of the simulated miners by page number.
NETWORKS = {"192.0.2.": "127.40.{number}.", "198.51.100.": "127.41.{number}."}
MINERS = 3
FIRST = 11
SPEED = 60.0
# Commands for a fleet of another size, or for a miner that does not exist.
FOR_THREE_MINERS = {
    "/var/lib/prometheus/node-exporter/": "./",
    "curtail_kw=40": "curtail_kw=0.3",
    "a0-b0-45-00-00-e5": "a0-b0-45-00-00-01",
}
PASSWORDS = {"MINER_PASSWORD": "dragonadmin", "FLEET_PASSWORD": "Correct-Horse-7", "NEW_PASSWORD": "Battery-Staple-8"}
VAULT_PASSWORD = "Paper-Clip-9"
TYPED = {**PASSWORDS, "VAULT_PASSWORD": VAULT_PASSWORD}
# The folder of the commands that are started from a warmed process.
WARMED = ("ansible", "ansible-doc", "ansible-inventory", "ansible-playbook")
SCAN = "ansible-inventory -i fleet.dragonmint.yml --list"
# Commands that others need in the same shell.
SETUP = ("read ", "mkdir ", "tail ")
# `read` waits for input; here, the answers are known.
PREAMBLE = """\
set -eu
read() {{ local name="${{@: -1}}"; case "$name" in {cases} esac; export "${{name?}}"; }}
"""
CASES = " ".join(f"{name}) printf -v {name} %s {value} ;;" for name, value in TYPED.items())
ARCHIVES = ("t1_20180901_120000.swu", "files/t1_20180901_120000.swu", "firmware/t1_20180901_120000.swu")
DESIRED: dict[str, Any] = {
    "provision_pools": [{"url": "stratum+tcp://pool.example.com:3333", "user": "farm.rack1"}],
    "provision_autotune_mode": "balanced",
    "dragonmint_fallback_passwords": ["dragonadmin", *list(PASSWORDS.values())[1:]],
}

# The initial pools of the miners of a page whose commands fail or are slow without them.
DESIRED_POOL = {"url": "stratum+tcp://pool.example.com:3333", "user": "farm.rack1", "pass": "x"}
ALREADY: dict[str, dict[str, Any]] = {
    "docs/firmware.md": {"firmware": firmware.VERSION},
    "docs/rehearse.md": {"firmware": firmware.VERSION},
    "docs/site.md": {"firmware": firmware.VERSION},
    "roles/health/README.md": {"pools": [DESIRED_POOL], "autotune": {"mode": "balanced"}},
    "roles/upgrade/README.md": {"firmware": firmware.VERSION},
}


def with_commands() -> Iterator[tuple[Path, frozenset[str]]]:
    """Each page with commands of its own; a command that was run for an earlier page is not run again."""
    known: set[str] = set()
    for page in PAGES:
        keys = {key(command, page): command for block in blocks_of(page) for command in to_run(block)}
        if own := frozenset(keys[each] for each in keys.keys() - known if each.startswith(("ansible", "printf"))):
            yield page, own
        known |= keys.keys()


def key(command: str, page: Path) -> str:
    """A playbook with its arguments, ignoring its inventory. For inventories, the page matters as well."""
    return f"{page}: {command}" if command.startswith("ansible-inventory") else re.sub(r" -i \S+", "", command)


def to_run(block: Block) -> list[str]:
    if block.language != "shell" or reason(block):
        return []
    return [command for command in commands(block) if is_run(command)]


@newest_core
@pytest.mark.parametrize(
    ("number", "page", "own"),
    [(number, *found) for number, found in enumerate(with_commands(), 1)],
    ids=lambda value: str(value.relative_to(ROOT)) if isinstance(value, Path) else "",
)
def test_the_commands_of_a_page_run(
    ansible: Ansible, start_fleet: Callable[..., Fleet], number: int, page: Path, own: frozenset[str]
) -> None:
    fleet = start_fleet(count=MINERS, first=here(f"192.0.2.{FIRST}", number), speed=SPEED)
    folder = ansible.folder
    variables = {**ansible.variables(folder / "record.jsonl"), "ANSIBLE_INVENTORY": "inventory.yml"}
    variables = warm.with_commands(folder / "warm", ansible.bin, WARMED, WARM_ANSIBLE, variables)
    furnish(folder, fleet, number)
    for miner in fleet.miners:
        miner.set(**ALREADY.get(str(page.relative_to(ROOT)), {}))
    blocks = [block for block in blocks_of(page) if not reason(block)]
    printed = ""
    setup: list[str] = []
    for block in blocks:
        if block.language != "shell":
            save(folder, block, fleet, number)
        scripts = to_run(block)
        setup += [command for command in scripts if command.startswith(SETUP)]
        # An inventory that no command of the page reads is read all the same.
        scripts += [SCAN] if is_scan(block) and not is_read(block, blocks) else []
        for command in scripts:
            if command in {*own, SCAN}:
                printed += run(ansible, here("\n".join([*setup, command]), number), variables)
    for line in (line for block in blocks for line in shown(block)):
        assert like(line).search(printed), f"nothing like this was printed: {line}\n{printed}"


def is_scan(block: Block) -> bool:
    return block.language == "yaml" and "plugin" in block.content


def is_read(block: Block, blocks: list[Block]) -> bool:
    """Whether a command follows before the next block of data."""
    following = blocks[blocks.index(block) + 1 :]
    return bool(following) and following[0].language == "shell"


def save(folder: Path, block: Block, fleet: Fleet, number: int) -> None:
    """Writes the file that the page shows."""
    text = here(block.text, number)
    if is_scan(block):
        write(folder / "fleet.dragonmint.yml", scanned(text, fleet))
    elif block.file and block.language == "yaml":
        data = yaml.safe_load(text)
        write(folder / block.file, listed(data, fleet) if "miners" in data else with_login(block.file, data))
    elif block.file:
        write(folder / block.file, text)


def run(ansible: Ansible, script: str, variables: Mapping[str, str]) -> str:
    """The output of the script, which has to succeed."""
    done = subprocess.run(
        ["bash", "-c", PREAMBLE.format(cases=CASES) + script],
        cwd=ansible.folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=ansible.timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}"
    assert "[DEPRECATION WARNING]" not in done.stdout
    return done.stdout


def here(text: str, number: int) -> str:
    """The text with the addresses of this page's miners."""
    for shown_network, network in NETWORKS.items():
        text = text.replace(shown_network, network.format(number=number))
    for of_many, of_three in FOR_THREE_MINERS.items():
        text = text.replace(of_many, of_three)
    return text


def like(line: str) -> re.Pattern[str]:
    """The line with any other numbers. The playbooks leave out zeros."""
    head, colon, counts = re.sub(r"\d+(\.\d+)?", "0", line.strip().removesuffix(".")).rpartition("miners: ")
    parts = [f"(?:{re.escape(part)}(?:, |[.] )?)?" for part in re.split(r", |(?:[.] )", counts)]
    pattern = re.escape(head + colon) + ("".join(parts) + "[.]" if colon else re.escape(counts))
    return re.compile(pattern.replace("miners", "miners?").replace("0", r"\d+(?:[.]\d+)?"))


def inventory_names() -> list[str]:
    return [f"rack1-0{place}" for place in range(1, MINERS + 1)]


def furnish(folder: Path, fleet: Fleet, number: int) -> None:
    """What a reader already has: an inventory of each kind, a desired state, archives, the password of a vault."""
    hosts = {name: {"ansible_host": miner.host} for name, miner in zip(inventory_names(), fleet.miners)}
    login = {"dragonmint_password": PASSWORDS["MINER_PASSWORD"]}
    halls = {"hall1": {"hosts": dict.fromkeys(hosts)}}
    write(folder / "inventory.yml", listed({"miners": {"hosts": hosts, "vars": login, "children": halls}}, fleet))
    scan = {
        "plugin": PLUGIN,
        "networks": [here("192.0.2.0/28", number)],
        "desired": [{"autotune": {"mode": "balanced"}}],
    }
    for name in ("fleet", "hall2"):
        scan["credentials"] = [{"password": PASSWORDS["MINER_PASSWORD"]}]
        write(folder / f"{name}.dragonmint.yml", scanned(yaml.safe_dump(scan), fleet))
    write(folder / "group_vars/all.yml", with_login("group_vars/all.yml", {}))
    write(folder / "vault_password.txt", VAULT_PASSWORD)
    write(folder / "miners.txt", "")
    write(folder / "site.yml", here((ROOT / "docs/site.example.yml").read_text(encoding="utf-8"), number))
    (folder / "files").unlink()
    for name in ARCHIVES:
        (folder / name).parent.mkdir(exist_ok=True)
        firmware.build(folder / name)
    firmware.build(folder / "firmware/t1_20180515_060842.swu", "t1_20180515_060842")


def listed(inventory: dict[str, Any], fleet: Fleet) -> dict[str, Any]:
    """An inventory of the page, with the simulated miners' port, and what site.example.yml takes from it."""
    for position, host in enumerate(inventory["miners"]["hosts"].values(), 1):
        host |= {"rack": 1, "position": position}
    return {**inventory, "all": {"vars": {"dragonmint_port": fleet.port}}}


def scanned(text: str, fleet: Fleet) -> dict[str, Any]:
    return {**yaml.safe_load(text), "port": fleet.port}


def with_login(file: str, data: Any) -> Any:
    """The variables of all miners, next to those that the page puts into the same file."""
    if file != "group_vars/all.yml":
        return data
    return {**DESIRED, "dragonmint_password": PASSWORDS["MINER_PASSWORD"], "pool_password": "x", **data}


def write(path: Path, content: Any) -> None:
    if path.parent.name == "all" and path.parent.parent.name == "group_vars":
        # Ansible reads the file or the folder of this name.
        path.parent.with_suffix(".yml").unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def test_most_blocks_run(capsys: pytest.CaptureFixture[str]) -> None:
    runs = sum(reason(block) is None for block in ALL)
    with capsys.disabled():
        print(f"\n{runs} of {len(ALL)} blocks of the documentation run or are checked: {runs / len(ALL):.0%}")
    assert runs >= 0.8 * len(ALL)
