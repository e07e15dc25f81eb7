# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts are valid hosts: host names, IPv6 addresses, IPv4 addresses of four plain decimal numbers; MAC addresses.

Resolvers accept more: they read 010.0.0.1 as 8.0.0.1 (octal), 127.1 as 127.0.0.1, and accept 0x7f000001 and 2130706433
as addresses. An operator who writes these means another device, so they are refused everywhere.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import MASK
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted

_NUMBER = r"(?:0|[1-9][0-9]{0,2})"
_IPV4 = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{3}}")
_PADDED_IPV4 = re.compile(r"[0-9]{1,8}(?:\.[0-9]{1,8}){3}")
_NUMBERS = re.compile(r"[0-9.]+")
_NUMBER_AT_THE_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)\.?")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_NAME_CHARS_MAX = 254
# What people give instead of a host: a URL, a port or a login around one.
_MORE_THAN_A_HOST = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?:(?P<login>[^/]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]*\]|[^\s:/?#@\[\]]+)(?::(?P<port>[0-9]{1,5}))?(?:[/?#]\S*)?"
)
# Some miners show their MAC with blanks in it.
_MAC = re.compile(r"[0-9A-Fa-f]{2}([\s:.-]*[0-9A-Fa-f]{2}){5}", re.ASCII)
_NO_DIGIT = re.compile("[^0-9A-Fa-f]")
_USUAL_PORTS = {"http": "80", "https": "443"}


def host_from(text: str, name: str) -> str:
    """Returns the host given by the option or variable ``name``, without surrounding blanks and brackets.

    Raises InvalidInput for anything else, and names the options to use when a URL, port or user was given.
    """
    host = text.strip()
    try:
        return require_host(host, name)
    except InvalidInput:
        more = _MORE_THAN_A_HOST.fullmatch(host)
        if more is None or more["host"] == host:
            raise
        raise InvalidInput(
            f"{name} is {_shown(text)}; expected a host name or IP address and nothing else. "
            f"{_use_instead(more, name)}."
        ) from None


def require_host(text: str, name: str) -> str:
    """Returns a host without the brackets of an IPv6 address. Raises InvalidInput for anything that is not a host."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if ":" in bare and _is_ipv6(bare):
        return bare
    if _NUMBERS.fullmatch(text):
        return str(ipv4_from(text, name))
    if bare != text or len(text) > _NAME_CHARS_MAX or not _NAME.fullmatch(text):
        raise InvalidInput(f"{name} is {_shown(text)}; expected a host name or IP address, such as 10.1.0.25.")
    if _NUMBER_AT_THE_END.fullmatch(text):
        raise InvalidInput(
            f"{name} is {_shown(text)}, which may be read as a number; expected a host name whose last part is not a "
            "number, or an IP address, such as 10.1.0.25."
        )
    return text


def ipv4_from(text: str, name: str) -> IPv4Address:
    """Returns an IPv4 address. Raises InvalidInput unless it is given as four plain decimal numbers."""
    if _IPV4.fullmatch(text):
        try:
            return IPv4Address(text)
        except AddressValueError:
            pass
    elif _PADDED_IPV4.fullmatch(text):
        numbers = [int(number) for number in text.split(".")]
        if max(numbers) <= 255:
            raise InvalidInput(
                f"{name} is {_shown(text)}; some programs read a number with a leading zero as octal. Use "
                f"{'.'.join(map(str, numbers))}."
            )
    raise InvalidInput(
        f"{name} is {_shown(text)}; expected an IPv4 address of 4 decimal numbers from 0 to 255, such as 10.1.0.25."
    )


def _shown(text: str) -> str:
    """Quotes a text and masks what may be a login in it."""
    _login, at, host = text.rpartition("@")
    return quoted(f"{MASK}@{host}" if at else text)


def is_mac(text: str) -> bool:
    """Whether this is a MAC address, written with colons, dots, dashes, blanks or no separators."""
    return _MAC.fullmatch(text.strip()) is not None


def mac_address(text: str) -> str:
    """Returns a MAC address in the form of results: a0:b0:45:00:00:e5. Any other text is only lowercased."""
    if not is_mac(text):
        return text.strip().lower()
    digits = _NO_DIGIT.sub("", text).lower()
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return "%" not in text


def _use_instead(more: re.Match[str], name: str) -> str:
    scheme, port = more["scheme"], more["port"]
    # The inventory host name can stay as it is.
    variable = "ansible_host" if name == "inventory_hostname" else name
    settings = [f"dragonmint_scheme: {scheme}"] if scheme == "https" else []
    if port and port != _USUAL_PORTS.get(scheme or ""):
        settings.append(f"dragonmint_port: {int(port)}")
    if more["login"] is not None:
        settings.append("dragonmint_username and dragonmint_password for the login")
    host = require_host(more["host"], name)
    return f"Use {host} as {variable}" + (f" and set {', '.join(settings)}" if settings else "")
