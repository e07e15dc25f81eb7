# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples in the documentation are safe to copy: documentation addresses, and only factory secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("roles/*/README.md"))]
# Networks reserved for documentation.
FOR_DOCUMENTATION = [IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
EXAMPLE_HOST = re.compile(r"([\w-]+\.)*(example|example\.(com|net|org))")
# The source for installing the collection itself.
REPOSITORY_HOST = urlsplit(yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]).hostname
FACTORY_PASSWORDS = {"dragonadmin", "dragonguest", "admin", "guest"}
# Options about passwords that contain none.
NO_SECRETS = {"update_password", "keep_passwords"}

ADDRESS = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])")
URL = re.compile(r"\b[a-z][a-z0-9+]*://(?:[^\s/@\"']*@)?([^\s/:\"']+)")
SECRET = re.compile(r"(?P<name>\w*passwords?)[\"']?\s*[:=]\s*(?P<value>\S.*)?")
TEMPLATE = re.compile(r"\{\{(.*?)\}\}")
DEFAULT = re.compile(r"\|\s*(?:default|d)\s*\(|\bdefault\s*=")


def examples() -> Iterator[tuple[str, str]]:
    """The places and texts of all examples."""
    for path in sorted(ROOT.glob("plugins/*/*.py")):
        for text in re.findall(
            r'^EXAMPLES = r"""\n(.*?)^"""', path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            yield str(path.relative_to(ROOT)), text
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        blocks = re.findall(r"^```\w*\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        yield str(path.relative_to(ROOT)), "\n".join([*blocks, *re.findall(r"^    \S.*", page, re.MULTILINE)])
    for path in sorted(ROOT.glob("docs/*.yml")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def dangers(text: str) -> list[str]:
    """What in an example would do harm, or leak, if copied unchanged."""
    found = [f"{address} may be somebody's" for address in ADDRESS.findall(text) if not is_nobodys(address)]
    found += [f"{host} may be somebody's" for host in URL.findall(text) if not is_example(host)]
    for line in text.splitlines():
        secret = SECRET.search(line)
        if secret and secret["name"] not in NO_SECRETS and secret["value"]:
            found += [f"{secret['name']} {problem}" for problem in problems(secret["name"], secret["value"])]
        found += [
            f"a default stands in for a secret: {template}"
            for template in TEMPLATE.findall(line)
            if re.search(r"passw|vault|secret|\benv\b", template) and DEFAULT.search(template)
        ]
    return found


def problems(name: str, value: str) -> Iterator[str]:
    """What is wrong with the value of a secret: only factory passwords are allowed, to log in with."""
    literals = re.findall(r"[^\s\[\]{},\"']+", TEMPLATE.sub("", value).partition(" #")[0])
    is_new = name.startswith(("new_", "provision_"))
    yield from (f"is {word}" for word in literals if word not in FACTORY_PASSWORDS or is_new)


def is_nobodys(address: str) -> bool:
    """Whether no reader's device has this address: a netmask, the machine itself, or a documentation address."""
    return (
        address.startswith("255.")
        or address == "127.0.0.1"
        or any(IPv4Address(address) in network for network in FOR_DOCUMENTATION)
    )


def is_example(host: str) -> bool:
    return (
        "{{" in host or host == REPOSITORY_HOST or bool(EXAMPLE_HOST.fullmatch(host)) or bool(ADDRESS.fullmatch(host))
    )


EXAMPLES = list(examples())


@pytest.mark.parametrize(("place", "text"), EXAMPLES, ids=[place for place, _text in EXAMPLES])
def test_an_example_is_safe_to_copy(place: str, text: str) -> None:
    assert dangers(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "ipaddress: 10.1.0.25",
        "networks: [10.1.0.0/22]",
        "gateway: \"{{ static_gateway | default('127.20.0.254') }}\"",
        "dns: [8.8.8.8]",
        "url: stratum+tcp://stratum.slushpool.com:3333",
        "url: https://evil.test/t1.swu",
        "password: Correct-Horse-7",
        'password: "Correct-Horse-7"',
        "new_password: dragonadmin",
        "provision_admin_password: admin",
        "fallback_passwords: [dragonadmin, Correct-Horse-7]",
        "-e provision_admin_password=secret",
        "new_password: \"{{ fleet_password | default('Correct-Horse-7') }}\"",
        'new_password: "{{ fleet_password | default(omit) }}"',
        "password: \"{{ lookup('ansible.builtin.env', 'MINER_PASSWORD', default='x') }}\"",
        "_login: \"{{ vault_login | d('x') }}\"",
    ],
)
def test_what_is_dangerous_is_found(text: str) -> None:
    assert dangers(f"- name: Do it\n  {text}\n")


@pytest.mark.parametrize(
    "text",
    [
        "netmask: 255.255.255.0",
        "networks: [192.0.2.0/24, 198.51.100.10-198.51.100.200]",
        "url: stratum+tcp://pool.example.com:3333/#xnsub",
        "url: http://{{ mirror }}/t1.swu",
        "password: \"{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}\"",
        "password: dragonadmin",
        "fallback_passwords: [dragonadmin, admin]",
        "update_password: on_default",
        "keep_passwords: true",
        'fail: "{{ seen.count | default(0) }}"',
        "src: files/t1_20180901_120000.swu",
    ],
)
def test_what_is_safe_is_not_reported(text: str) -> None:
    assert dangers(f"- name: Do it\n  {text}\n") == []
