# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of this machine that stay silent, as those behind a firewall or without a device do; Linux only."""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

# From the kernel's asm-generic/socket.h, which Python's module socket leaves out, and linux/bpf_common.h.
_SO_ATTACH_FILTER = 26
_RETURN = 0x06


@contextmanager
def silent(addresses: Iterable[str], port: int) -> Iterator[None]:
    """While it lasts, a connect to this port of these loopback addresses is neither accepted nor refused."""
    # A program of one instruction, that keeps no byte of any packet.
    program = ctypes.create_string_buffer(struct.pack("HBBI", _RETURN, 0, 0, 0))
    keep_nothing = struct.pack("HL", 1, ctypes.addressof(program))
    with ExitStack() as stack:
        for address in addresses:
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, keep_nothing)
            listener.bind((address, port))
            listener.listen(1)
        yield
