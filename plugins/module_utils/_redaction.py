# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps secrets out of everything that a task returns.

Secrets are masked where they stand, by the name of their option. In addition, every text of a result is searched for
the secrets themselves, except for those too short to be told from ordinary words: the usual pool password is ``x``, and
replacing every x would garble everything else.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "********"
SHORTEST_SECRET = 8

_SECRET_OPTIONS = frozenset({"password", "fallback_passwords", "new_password"})
# A password with a slash does not make a valid URL, but people write it; digits and a slash are a port and a path. The
# bound keeps the search fast on long texts.
_URL_PASSWORD = re.compile(
    r"""(?P<before>://[^\s/@:]*:)(?P<password>(?!\d{1,5}/)(?:(?!://)[^\s"'<>]){1,500}|[^\s/]+)(?=@)"""
)


def is_secret_option(name: str) -> bool:
    """Whether an option of this name, at any depth, holds a secret."""
    return name in _SECRET_OPTIONS


def mask_url(text: str) -> str:
    """Returns the text with the password of every URL in it masked."""
    return _URL_PASSWORD.sub(lambda match: match["before"] + MASK, text) if "://" in text else text


def mask_options(value: Any) -> Any:
    """Returns module options with all secret ones masked, at any depth."""
    if isinstance(value, dict):
        return {
            key: MASK if is_secret_option(key) and option is not None else mask_options(option)
            for key, option in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_options(item) for item in value]
    return mask_url(value) if isinstance(value, str) else value


def secrets_in(options: Mapping[str, Any]) -> set[str]:
    """Returns the secrets in module options that are long enough to be searched for, in every form they may take."""
    secrets = {secret for secret in _collect(options) if len(secret) >= SHORTEST_SECRET}
    username = options.get("username")
    logins = {f"{username}:{secret}" for secret in _collect(options)}
    return {form for secret in secrets for form in _forms(secret)} | {_base64(login) for login in logins}


def scrub(value: Any, secrets: Iterable[str]) -> Any:
    """Returns a result with all secrets, and all passwords in URLs, masked in every text of it."""
    return _scrub(value, sorted(secrets, key=len, reverse=True))


def _scrub(value: Any, longest_first: list[str]) -> Any:
    if isinstance(value, str):
        text = mask_url(value)
        for secret in longest_first:
            # Most texts contain none, and a search is cheaper than a replace.
            if secret in text:
                text = text.replace(secret, MASK)
        return text
    if isinstance(value, dict):
        return {_scrub(key, longest_first): _scrub(item, longest_first) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrub(item, longest_first) for item in value]
    return value


def _collect(value: Any, secret: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for key, option in value.items():
            yield from _collect(option, is_secret_option(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _collect(item, secret)
    elif isinstance(value, str) and secret and value:
        yield value
    elif isinstance(value, str) and "://" in value:
        yield from (match["password"] for match in _URL_PASSWORD.finditer(value))


# Most miners of a fleet share one password.
@lru_cache(maxsize=100)
def _forms(secret: str) -> frozenset[str]:
    return frozenset(
        (
            secret,
            repr(secret)[1:-1],
            json.dumps(secret)[1:-1],
            quote(secret, safe="", errors="surrogatepass"),
            quote_plus(secret, errors="surrogatepass"),
            _base64(secret),
        )
    )


def _base64(secret: str) -> str:
    return base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode("ascii")
