# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: the table from which argument specs, variables, checks and documentation are made.

``make docs`` renders the documentation fragment and docs/connection.md from it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.common.validation import check_type_bool, check_type_float, check_type_int
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import host_from, is_mac
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted

# Where the value of an option came from, as messages name it, for example a variable. Options set on the task or in
# module_defaults are missing here; messages use their own names.
Origins = Mapping[str, str]


@dataclass(frozen=True)
class Option:
    """A connection option.

    ``text`` is its documentation, with blank lines between paragraphs; ``expected`` completes "expected …" in messages.
    If the task does not set the option, its value comes from ``variables`` and then ``environment``, highest precedence
    first. An empty text counts as not given, except for a guard, where it is an error: a typo must not switch a guard
    off. Messages quote neither secrets nor ``unquoted`` options, into which a secret may have been written by mistake.
    ``refined`` takes a value of the right type and its origin, and returns the normalised value.
    """

    name: str
    type: str
    text: str
    expected: str
    variables: tuple[str, ...]
    environment: tuple[str, ...] = ()
    default: Any = None
    choices: tuple[str, ...] = ()
    is_required: bool = False
    is_secret: bool = False
    is_unquoted: bool = False
    is_guard: bool = False
    is_valid: Callable[[Any], bool] = lambda value: True
    refined: Callable[[Any, str], Any] = lambda value, name: value

    @property
    def paragraphs(self) -> list[str]:
        """Its documentation, one paragraph per line."""
        return [" ".join(paragraph.split()) for paragraph in self.text.split("\n\n")]

    @property
    def sources(self) -> str:
        """All places that its value may come from, in order of precedence, as messages name them."""
        places = [f"the option {self.name}", f"the variable {_either(self.variables)}"]
        if self.environment:
            places.append(f"the environment variable {_either(self.environment)}")
        return ", ".join(places)

    def is_given(self, value: Any) -> bool:
        """Whether this is a value, and not an empty placeholder."""
        return value is not None and (value != "" or self.is_guard)

    def typed(self, value: Any) -> Any:
        """Converts a value to the type of the option. Raises TypeError or ValueError."""
        return _TYPES[self.type](value)


def argument_spec() -> dict[str, dict[str, Any]]:
    """Returns the argument spec of the connection options."""
    return {option.name: _spec(option) for option in OPTIONS}


def argument_spec_of_many() -> dict[str, dict[str, Any]]:
    """Returns the argument spec for a task on many miners: without ``host``, and with nothing required."""
    of_one = argument_spec()
    del of_one["host"]
    return {name: {key: spec[key] for key in spec if key != "required"} for name, spec in of_one.items()}


def checked(given: Mapping[str, Any], origins: Origins) -> dict[str, Any]:
    """Converts the given connection options to their types and fills in the defaults of all others.

    Raises InvalidInput, which names where the value came from, quotes it unless it is a secret, and says what is
    expected.
    """
    return {option.name: _value(option, given.get(option.name), origins) for option in OPTIONS}


def _spec(option: Option) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": option.type}
    if option.type == "list":
        spec["elements"] = "str"
    if option.is_required:
        spec["required"] = True
    if option.is_secret:
        spec["no_log"] = True
    if option.choices:
        spec["choices"] = list(option.choices)
    if option.default is not None:
        spec["default"] = option.default
    return spec


def _value(option: Option, given: Any, origins: Origins) -> Any:
    if not option.is_given(given):
        if option.is_required:
            raise InvalidInput(f"{option.name} is missing. Set one of these: {option.sources}.")
        return option.default
    name = origins.get(option.name, option.name)
    try:
        value = option.typed(given)
    except (TypeError, ValueError):
        raise _unexpected(option, name, given) from None
    if (option.choices and value not in option.choices) or not option.is_valid(value):
        raise _unexpected(option, name, given)
    return option.refined(value, name)


def _unexpected(option: Option, name: str, given: Any) -> InvalidInput:
    is_text = not isinstance(given, (dict, list, tuple))
    found = "is not valid" if is_text and (option.is_secret or option.is_unquoted) else f"is {quoted(given)}"
    return InvalidInput(f"{name} {found}; expected {option.expected}.")


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def _text(value: Any) -> str:
    """Converts values with one obvious text form. YAML turns many texts into numbers or booleans."""
    if value is None or isinstance(value, (dict, list, tuple)):
        raise TypeError
    text = str(value)
    text.encode("utf-8")
    return text


_BEGINS_AS_LIST = re.compile(r"""\s*\[\s*["']""")


def _texts(value: Any) -> list[str]:
    """A list, a list as JSON text (for environment variables, which hold only text), or a text as its only entry."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except ValueError:
            # A password may begin with a bracket, but hardly with a bracket and a quote, like a truncated list.
            if _BEGINS_AS_LIST.match(value):
                raise
    if not isinstance(value, (list, tuple)):
        value = [value]
    return [_text(item) for item in value]


def _number(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def number(value: Any) -> Any:
        if isinstance(value, bool):
            raise TypeError
        return convert(value)

    return number


def _path(value: Any) -> str:
    return str(Path(os.path.expandvars(_text(value))).expanduser())


_TYPES: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "path": _path,
    "list": _texts,
    "bool": check_type_bool,
    "int": _number(check_type_int),
    "float": _number(check_type_float),
}


OPTIONS = (
    Option(
        "host",
        "str",
        """
        The host name or IP address of the miner.

        An IPv4 address has 4 plain decimal numbers. Notations that resolvers read differently than people do, such as
        V(010.1.0.25) or V(10.25), are refused. An IPv6 address may be in brackets.
        """,
        expected="a host name or IP address, such as 10.1.0.25",
        variables=("dragonmint_host", "ansible_host", "inventory_hostname"),
        is_required=True,
        refined=host_from,
    ),
    Option(
        "port",
        "int",
        """
        The port of the miner's web server. The default is 80, or 443 with O(scheme=https).

        The variable C(ansible_port) is not used, since it usually is the port of ssh. If it is set to anything
        but 22, 80 or 443 and this option is not, the task fails instead of connecting to the wrong port.
        """,
        expected="a port from 1 to 65535, such as 80",
        variables=("dragonmint_port",),
        is_valid=lambda port: 1 <= port <= 65535,
    ),
    Option(
        "scheme",
        "str",
        """
        The firmware itself serves V(http) only. Use V(https) for miners behind a TLS proxy.
        """,
        expected="http or https",
        variables=("dragonmint_scheme",),
        choices=("http", "https"),
        default="http",
    ),
    Option(
        "username",
        "str",
        """
        The user to log in as, C(admin) or C(guest). A guest can read most things and change nothing.
        """,
        expected="a user name in UTF-8 without a colon, such as admin",
        variables=("dragonmint_username", "ansible_user"),
        environment=("DRAGONMINT_USERNAME",),
        default="admin",
        is_unquoted=True,
        is_valid=lambda username: ":" not in username,
    ),
    Option(
        "password",
        "str",
        """
        The password of O(username).

        If it is not set, the login from C(-u) and C(-k) of C(ansible-playbook) is used, if both are given. AWX passes a
        machine credential in this way.
        """,
        expected="a password as text, in UTF-8",
        variables=("dragonmint_password", "ansible_password", "ansible_ssh_pass"),
        environment=("DRAGONMINT_PASSWORD",),
        is_required=True,
        is_secret=True,
    ),
    Option(
        "fallback_passwords",
        "list",
        """
        Passwords to try in this order, once each, after the miner has refused O(password). One run can then reach both
        miners with the fleet's password and miners with the factory password, which is C(dragonadmin), C(admin) on
        Innosilicon, or C(innoadmin) on some Innosilicon firmware of May 2018.

        Text that is a JSON list is used as this list. Any other text is a single password, but one that begins with
        C([") is refused.
        """,
        expected='a list of passwords as text, in UTF-8, also in JSON, such as ["first", "second"]',
        variables=("dragonmint_fallback_passwords",),
        environment=("DRAGONMINT_FALLBACK_PASSWORDS",),
        is_secret=True,
    ),
    Option(
        "auth",
        "str",
        """
        How to log in. V(basic) sends the login with each request. V(jwt) sends it once, and a token from then
        on.
        """,
        expected="basic or jwt",
        variables=("dragonmint_auth",),
        choices=("basic", "jwt"),
        default="basic",
    ),
    Option(
        "timeout",
        "float",
        """
        How many seconds to wait for the miner to accept a connection, and again for its complete answer.
        """,
        expected="a number of seconds above 0, such as 10",
        variables=("dragonmint_timeout",),
        default=10,
        is_valid=lambda seconds: 0 < seconds < float("inf"),
    ),
    Option(
        "retries",
        "int",
        """
        How often to repeat a read that was refused, dropped or answered with an error of the web server, with
        increasing pauses. Changes are never repeated, and neither are reads that timed out.
        """,
        expected="a whole number, 0 or more, such as 3",
        variables=("dragonmint_retries",),
        default=3,
        is_valid=lambda count: count >= 0,
    ),
    Option(
        "validate_certs",
        "bool",
        """
        Whether to verify the certificate with O(scheme=https).
        """,
        expected="true or false",
        variables=("dragonmint_validate_certs",),
        default=True,
    ),
    Option(
        "ca_path",
        "path",
        """
        A PEM file or a folder with the certificates of the CAs to trust with O(scheme=https), instead of those
        that the system trusts.
        """,
        expected="the path of a PEM file, such as /etc/ssl/site-ca.pem",
        variables=("dragonmint_ca_path",),
        environment=("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
    ),
    Option(
        "expected_mac",
        "str",
        """
        The expected MAC address of the miner. The task refuses to change a device with another MAC address.

        An empty text is an error, since it would disable this check.
        """,
        expected="a MAC address in quotes, such as 'a0:b0:45:00:00:e5', or nothing to accept any miner",
        variables=("dragonmint_expected_mac",),
        is_guard=True,
        is_valid=is_mac,
    ),
)

NAMES = tuple(option.name for option in OPTIONS)
# Options that name files on the controller.
FILES = tuple(option.name for option in OPTIONS if option.type == "path")
