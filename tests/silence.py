# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of this machine that stay silent, like those behind a firewall or without a device; Linux only."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

# Per silent address: one that listens, and one that waits in its queue.
SOCKETS_EACH = 2


@contextmanager
def silent(addresses: Iterable[str], port: int) -> Iterator[None]:
    """Within the context, a connect to this port of these loopback addresses is neither accepted nor refused.

    Each has a full queue for one connection, so that Linux drops further connection requests.
    """
    with ExitStack() as stack:
        for address in addresses:
            listener = stack.enter_context(socket.socket())
            listener.bind((address, port))
            listener.listen(0)
            stack.enter_context(socket.create_connection((address, port)))
        yield
