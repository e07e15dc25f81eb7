# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers of the PHP side."""

from __future__ import annotations

from typing import Any

from ..php import to_json
from ..wire import Reply

JSON = "application/json"
POWERED_BY = ("X-Powered-By", "PHP/7.2.4")


def php(content: Any, content_type: str = JSON, escape_slashes: bool = True) -> Reply:
    """An answer of the application: always 200. Bytes are sent unchanged, everything else as JSON."""
    body = content if isinstance(content, bytes) else to_json(content, escape_slashes)
    return Reply(body, content_type=content_type, late=(POWERED_BY,))


def php_error() -> Reply:
    """An uncaught PHP error."""
    return Reply(status=500, late=(POWERED_BY,))


def success(**content: Any) -> Reply:
    return php({"success": True, **content})


def failure(message: str | None = None) -> Reply:
    return php({"success": False} if message is None else {"success": False, "message": message})


INVALID_REQUEST = failure("invalid request")
TOKEN_EXPIRED = php({"success": False, "token": "expired"})
