# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an inventory: their addresses, logins and desired state, as far as that has no templates.

The program ansible-inventory reads the files. It evaluates no templates; only a play can do that.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, plain, quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import host_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential

_TIMEOUT_S = 300.0
_MESSAGE_MAX = 600
_TEMPLATE = re.compile(r"\{[{%#]")
_OWN_NAME = re.compile(r"\{\{\s*inventory_hostname\s*\}\}")
_HOST = ("dragonmint_host", "ansible_host")
_USERNAME = ("dragonmint_username", "ansible_user")
_PASSWORD = ("dragonmint_password", "ansible_password", "ansible_ssh_pass")


@dataclass(frozen=True)
class Host:
    """A miner of an inventory. ``settings`` is its desired state; ``unknown`` are settings that contain a template."""

    name: str
    address: str
    port: int
    credentials: tuple[Credential, ...] = field(repr=False)
    settings: dict[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


async def read(paths: Sequence[Path], group: str, port: int, logins: tuple[Credential, ...]) -> list[Host]:
    """Returns the hosts of a group. Raises Invalid if something is wrong with the inventory."""
    beside = str(Path(sys.executable).parent)
    tool = shutil.which("ansible-inventory", path=beside) or shutil.which("ansible-inventory")
    if tool is None:
        raise Invalid("inventory needs the program ansible-inventory, which is not on PATH. Install ansible-core.")
    for path in paths:
        if not path.exists():
            raise Invalid(f"inventory.paths: {quoted(path)} does not exist.")
    sources = [part for path in paths for part in ("-i", str(path))]
    process = await asyncio.create_subprocess_exec(
        tool,
        *sources,
        "--list",
        env={**os.environ, "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), _TIMEOUT_S)
    except asyncio.TimeoutError:
        raise Invalid(f"inventory: ansible-inventory has not ended within {_TIMEOUT_S:g} s.") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    try:
        listing = json.loads(output)
    except ValueError:
        raise Invalid(f"inventory: ansible-inventory failed: {_last(errors)}") from None
    return hosts_from(listing, group, port, logins)


def hosts_from(listing: Mapping[str, Any], group: str, port: int, logins: tuple[Credential, ...]) -> list[Host]:
    """Returns the hosts of a group from the output of ``ansible-inventory --list``.

    ``port`` is the default for hosts without one, and ``logins`` come before those of the inventory. Raises Invalid.
    """
    known = {"all", *(name for name in listing if name != "_meta")}
    if group not in known:
        raise Invalid(f"inventory.group: the inventory has no group {quoted(group)}.")
    variables = (listing.get("_meta") or {}).get("hostvars") or {}
    names = list(dict.fromkeys(_members(listing, group)))
    if not names:
        raise Invalid(f"inventory: the group {quoted(group)} has no hosts.")
    return [_host(name, variables.get(name) or {}, port, logins) for name in names]


def _members(listing: Mapping[str, Any], group: str) -> Iterator[str]:
    entry = listing.get(group) or {}
    yield from entry.get("hosts") or ()
    for child in entry.get("children") or ():
        yield from _members(listing, child)


def _host(name: str, variables: Mapping[str, Any], port: int, logins: tuple[Credential, ...]) -> Host:
    if _first(variables, ("dragonmint_scheme",)) not in (None, "http"):
        raise Invalid(f"Host {quoted(name)} has dragonmint_scheme, and the source polls over http only.")
    settings, unknown = _settings(name, variables)
    return Host(
        name,
        _address(name, _text(name, variables, _HOST) or name),
        _port(name, _first(variables, ("dragonmint_port",)), port),
        logins or _credentials(name, variables),
        settings,
        unknown,
    )


def _address(name: str, given: str) -> str:
    try:
        host = host_from(given, "ansible_host")
    except InvalidInput as error:
        raise Invalid(f"Host {quoted(name)}: {plain(error, _MESSAGE_MAX)}") from None
    with suppress(ValueError):
        IPv6Address(host)
        raise Invalid(f"Host {quoted(name)} has the IPv6 address {host}, and the source polls IPv4 only.")
    return host


def _port(name: str, given: Any, default: int) -> int:
    if given is None:
        return default
    with suppress(TypeError, ValueError):
        if not isinstance(given, bool) and 1 <= int(given) <= 65535:
            return int(given)
    raise Invalid(f"Host {quoted(name)}: dragonmint_port is {quoted(given)}; expected a port from 1 to 65535.")


def _credentials(name: str, variables: Mapping[str, Any]) -> tuple[Credential, ...]:
    password = _text(name, variables, _PASSWORD)
    if password is None:
        raise Invalid(f"Host {quoted(name)} has no dragonmint_password. Set it, or give credentials.")
    username = _text(name, variables, _USERNAME) or "admin"
    fallbacks = variables.get("dragonmint_fallback_passwords") or ()
    others = [fallbacks] if isinstance(fallbacks, str) else [text for text in fallbacks if isinstance(text, str)]
    passwords = [password, *(text for text in others if not _TEMPLATE.search(text))]
    return tuple(Credential(username, text, str(number)) for number, text in enumerate(passwords, 1))


def _text(name: str, variables: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    """Returns the first of some variables that is set. No message shows its value, which may be a secret."""
    value = _first(variables, keys)
    if value is None:
        return None
    key = next(key for key in keys if variables.get(key) == value)
    if isinstance(value, (dict, list)):
        raise Invalid(f"Host {quoted(name)}: {key} is vaulted or not text. Give credentials instead.")
    if _TEMPLATE.search(str(value)):
        raise Invalid(
            f"Host {quoted(name)}: {key} has a template, which only a play evaluates. Put the plain value into the "
            f"inventory, or give networks or credentials instead."
        )
    return str(value)


def _first(variables: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((variables[key] for key in keys if variables.get(key) not in (None, "")), None)


def _settings(name: str, variables: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Returns the desired state from the variables of the roles, and the settings that contain templates."""
    given = {
        "pools": _pools(name, variables.get("provision_pools")),
        "autotune": _autotune(variables),
        "firmware": {"version": variables["upgrade_version"]} if variables.get("upgrade_version") else None,
        "network": variables.get("provision_network"),
    }
    known = {setting: options for setting, options in given.items() if options}
    unknown = tuple(setting for setting, options in known.items() if _TEMPLATE.search(json.dumps(options)))
    return {setting: options for setting, options in known.items() if setting not in unknown}, unknown


def _pools(name: str, given: Any) -> Any:
    if not isinstance(given, list):
        return given
    return [
        {key: _OWN_NAME.sub(lambda _found: name, str(pool.get(key, ""))) for key in ("url", "user")}
        if isinstance(pool, Mapping)
        else pool
        for pool in given
    ]


def _autotune(variables: Mapping[str, Any]) -> dict[str, Any] | None:
    mode, level = variables.get("provision_autotune_mode"), variables.get("provision_autotune_level")
    return {"mode": mode, **({"level": str(level)} if level is not None else {})} if mode else None


def _last(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return plain(lines[-1] if lines else "it printed nothing", _MESSAGE_MAX)
