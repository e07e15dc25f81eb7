# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection that the options of a task, or of an inventory, describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _options
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import mac_address
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Connection, Credential
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.tls import ssl_context

# Options that have the same name as the field of the connection.
_AS_THEY_ARE = [field.name for field in fields(Connection) if field.name in _options.NAMES]


def connection_from(given: Mapping[str, Any]) -> Connection:
    """Returns the connection that these connection options describe. Raises InvalidInput for values that are wrong."""
    return connection_of(_options.checked(given, {}), {})


def connection_of(values: Mapping[str, Any], origins: _options.Origins, tls: Any = None) -> Connection:
    """Returns the connection of checked options (:func:`_options.checked`); ``origins`` says where they came from.

    ``tls`` is the SSLContext for https, for callers that share one among many connections. Raises InvalidInput for
    values that can't be sent.
    """
    mac = values["expected_mac"]
    if values["scheme"] == "https" and tls is None:
        tls = ssl_context(values["validate_certs"], values["ca_path"], origins.get("ca_path", "ca_path"))
    passwords = [values["password"], *(password for password in values["fallback_passwords"] or () if password)]
    logins = [Credential(values["username"], password, origin=origins.get("username")) for password in passwords]
    own = {
        "credentials": tuple(logins),
        "port": values["port"] or (443 if tls else 80),
        "timeout_s": values["timeout"],
        "tls": tls,
        "expected_mac": mac_address(mac) if mac else None,
    }
    return Connection(**{**{name: values[name] for name in _AS_THEY_ARE}, **own})
