# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS to a proxy in front of a miner: which certificates are trusted, and what a failed handshake means."""

from __future__ import annotations

import ssl
from pathlib import Path

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput

# OpenSSL's codes for certificates that are not valid.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNKNOWN_CA = (2, 18, 19, 20, 21, 27)
_WRONG_NAME = (62, 63, 64)
# OpenSSL's reasons for a response that is not TLS; they depend on its version and on the response.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNKNOWN_PROTOCOL")


def ssl_context(validate_certs: bool, ca_path: str | None, ca_name: str = "ca_path") -> ssl.SSLContext:
    """Returns the SSLContext for the CAs in a PEM file or folder; without a path, those of the system.

    ``ca_name`` is the option or variable of the path. Raises InvalidInput if there are no certificates at the path.
    """
    if not validate_certs:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if ca_path is None:
        return ssl.create_default_context()
    try:
        if Path(ca_path).is_dir():
            return ssl.create_default_context(capath=ca_path)
        return ssl.create_default_context(cafile=ca_path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInput(
            f"{ca_name} is {ca_path!r}; expected a PEM file with the certificates of CAs, but reading it failed: "
            f"{reason}."
        ) from None


def explained(error: ssl.SSLError) -> tuple[str, str]:
    """Returns why a handshake failed, and what to do about it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _explained_certificate(error)
    if error.reason in _NO_TLS:
        return (
            "the device there does not speak TLS",
            "Set dragonmint_scheme: http, or dragonmint_port to the port of the TLS proxy",
        )
    return (
        f"the TLS handshake failed ({error.reason or error.strerror or error})",
        "Check that dragonmint_port is the port of the TLS proxy, and which versions of TLS it offers",
    )


def _explained_certificate(error: ssl.SSLCertVerificationError) -> tuple[str, str]:
    code, said = error.verify_code, error.verify_message.rstrip(".")
    if code in _UNKNOWN_CA:
        return (
            f"its certificate is from an unknown CA ({said})",
            "Set dragonmint_ca_path to the CA's certificate, or on a trusted network dragonmint_validate_certs: false",
        )
    if code in _WRONG_NAME:
        return (
            f"its certificate is for another name ({said})",
            "Set dragonmint_host to a name in the certificate, or replace the certificate",
        )
    if code in (_EXPIRED, _NOT_YET_VALID):
        return (
            f"its certificate {'has expired' if code == _EXPIRED else 'is not valid yet'}",
            "Renew the certificate, or correct the clock of this machine",
        )
    return f"its certificate is not valid ({said})", "Replace the certificate"
