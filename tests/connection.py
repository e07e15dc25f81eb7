# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/connection.md and the documentation fragment of the modules (make docs) from the table of options."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ansible_collections.minerops.dragonmint.plugins.module_utils._options import OPTIONS, Option

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "connection.md"
FRAGMENTS = ROOT / "plugins" / "doc_fragments"
FRAGMENT = FRAGMENTS / "_connection.py"
OF_MANY = FRAGMENTS / "_connection_of_many.py"
LINE = 120

HEAD = """\
# Connecting to miners

Written by `make docs` from `plugins/module_utils/_options.py`.

Every module takes the options below. `dragonmint_fleet` takes all of them but `host`, for each of its miners. The value
of an option comes from the first of these places that sets it:

1. the option in the task
2. `module_defaults`, for the action group `minerops.dragonmint.dragonmint`
3. the variables of the option, in the order of the table
4. the environment variables of the option, in the environment that Ansible itself was started in
5. for the login: `-u` and `-k` on the command line, if both are given
6. the default

Empty text counts as not set. Only an empty `expected_mac` is an error, since a typo must not switch that check off.

"""
TAIL = """
## Logins

A password belongs in a vault or in the environment:

    read -rs MINER_PASSWORD && export MINER_PASSWORD

and set `dragonmint_password: "{{ lookup('ansible.builtin.env', 'MINER_PASSWORD') }}"` in the inventory. If the
environment variable is not set, for example in a new shell, the task fails before it sends anything, and the message
names the variable.

- The factory login is `admin` with the password `dragonadmin`, on Innosilicon `admin`; for `guest` it is `dragonguest`,
  on Innosilicon `guest`. Some Innosilicon firmware of May 2018 has `innoadmin` and `innoguest`. List the factory
  password in `fallback_passwords` as long as some miners still have it.
- `-u` and `-k` count only together, and only if no other place has a password. `remote_user`, in a play or in
  `ansible.cfg`, is the user for ssh and is never used.
- The modules run in Ansible's own process, so the keyword `environment` of a play or task has no effect on them.
- The Innosilicon firmware of August 2018 accepts *any* password until the factory password is changed; only its login
  at `/api/auth` checks the password. On such a miner, a task also logs in there, and warns if the password is wrong.
  The inventory always logs in there, so it reports a miner with a wrong password as locked.

## Hosts and ports

A host is a name, an IPv4 address of 4 plain decimal numbers, or an IPv6 address, with or without brackets. Blanks
around it are ignored. An address that a resolver may read differently than a person does is refused: `10.1.0.012`
(octal), `10.1`, `0x0a010019`, and names whose last part is a number. URLs, ports, prefix lengths and logins are also
refused; the message names the option to use instead.

`ansible_port` is not used, since it is usually the ssh port. If it is set to anything but 22, 80 or 443 and
`dragonmint_port` is not set, the task fails and asks for `dragonmint_port`. `-i 10.1.0.25:8080,` sets `ansible_port`,
too.

## Miners behind a TLS proxy

`scheme: https` verifies the certificate against the CAs that the system trusts, or against those in `ca_path` alone.
The error message distinguishes an unknown CA, a certificate for another name, an expired certificate, and a port
without TLS.
A file in `ca_path` is copied to the host that a task is delegated to.
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(table()) + TAIL


def table() -> Iterator[str]:
    yield row("option", "type", "default", "variables", "environment")
    yield "|---|---|---|---|---|\n"
    for option in OPTIONS:
        yield row(code(option.name), kind(option), default(option), codes(option.variables), codes(option.environment))


def kind(option: Option) -> str:
    if option.choices:
        return " or ".join(map(code, option.choices))
    return f"{option.type} of str" if option.type == "list" else option.type


def default(option: Option) -> str:
    if option.name == "port":
        return "`80`, or `443` with https"
    if option.is_required:
        return "required"
    return "" if option.default is None else code(json.dumps(option.default).strip('"'))


def code(text: str) -> str:
    return f"`{text}`"


def codes(names: Sequence[str]) -> str:
    return ", ".join(map(code, names))


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def fragment(path: Path) -> str:
    """The file of a fragment with its generated part. In a task for many miners, no option is required."""
    before, _old, after = path.read_text(encoding="utf-8").partition("options:\n")
    _old, requirements, rest = after.partition("requirements:\n")
    options = OPTIONS
    if path == OF_MANY:
        options = tuple(replace(option, is_required=False) for option in OPTIONS if option.name != "host")
    return before + "options:\n" + "".join(map(documented, options)) + requirements + rest


def documented(option: Option) -> str:
    lines = [f"  {option.name}:", "    description:"]
    for paragraph in [*option.paragraphs, where_from(option)]:
        lines += item(paragraph)
    lines.append(f"    type: {option.type}")
    if option.type == "list":
        lines.append("    elements: str")
    if option.is_required:
        lines.append("    required: true")
    if option.choices:
        lines.append(f"    choices: [{', '.join(option.choices)}]")
    if option.default is not None:
        lines.append(f"    default: {json.dumps(option.default).strip(chr(34))}")
    return "".join(f"{line}\n" for line in lines)


def where_from(option: Option) -> str:
    """Where the value comes from if the task does not set it."""
    variables, environment = (
        [f"{kind}({name})" for name in names] for kind, names in (("C", option.variables), ("E", option.environment))
    )
    text = f"Defaults to the variable {variables[0]}"
    if len(variables) > 1:
        text = f"Defaults to the first of these variables that is set: {', '.join(variables)}"
    if environment:
        text += f"; then to {' or '.join(environment)} in the environment of the controller"
    return f"{text}."


def item(paragraph: str) -> list[str]:
    """An entry of a YAML list. Text with a colon has to be quoted."""
    text = json.dumps(paragraph) if ": " in paragraph else paragraph
    return textwrap.wrap(
        text,
        LINE,
        initial_indent="      - ",
        subsequent_indent="        ",
        break_long_words=False,
        break_on_hyphens=False,
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    for path in (FRAGMENT, OF_MANY):
        path.write_text(fragment(path), encoding="utf-8")
