# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stream of the miner's log."""

from __future__ import annotations

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import Rejected, Unsupported
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import (
    InvalidRequest,
    Reply,
    require_ok,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import printable

LOGS_PATH = "/stream/logs"


def log_headers(last: int | None, is_followed: bool) -> dict[str, str]:
    """Returns the headers that request the last entries of the log, or all if ``last`` is None, as lines of text.

    The stream goes on with each new entry, unless ``last`` is given and ``is_followed`` is false. Even then it goes on
    while the log is shorter than ``last``. The miner's web server cuts it after 60 s without a new entry.
    """
    headers = {"Accept": "text/plain"}
    if last is not None:
        headers["Range"] = f"entries=:-{last}:{'' if is_followed else last}"
    return headers


def accept_log(reply: Reply) -> None:
    """Checks the head of the reply to a request for the log.

    Raises InvalidRequest for the caller to resolve (not admin; the reply does not say why), Unsupported if the firmware
    has no log, Rejected if it does not understand the request, or BadReply.
    """
    if reply.status == 401:
        raise InvalidRequest(f"The miner refused {LOGS_PATH}.")
    if reply.status in (400, 406, 416):
        said = printable(reply.body.decode("utf-8", "replace")).rstrip(".")
        raise Rejected(f"The miner does not understand the request for its log: {said}. Try lines=0.", reason=said)
    is_log = reply.status == 200 and (reply.content_type or "").startswith("text/plain")
    if reply.status == 404 or (reply.status == 200 and not is_log):
        raise Unsupported(f"This miner's firmware does not have {LOGS_PATH}, or it is not a DragonMint miner.")
    require_ok(LOGS_PATH, reply)
