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
    """The headers that ask for the log as lines of text: its last entries, or for None all that the miner has.

    The stream goes on with each new entry, unless a number of them is asked for and ``is_followed`` is false. Even then
    it goes on as long as the log is shorter. The miner's web server cuts it after 60 s without a new entry.
    """
    headers = {"Accept": "text/plain"}
    if last is not None:
        headers["Range"] = f"entries=:-{last}:{'' if is_followed else last}"
    return headers


def accept_log(reply: Reply) -> None:
    """Reads the head of the reply to a request for the log.

    Raises InvalidRequest for the caller to resolve (not admin; the reply does not say why), Unsupported if there is no
    log, Rejected for a request that it does not understand, BadReply.
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
