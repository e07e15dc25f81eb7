# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures. They import the collection themselves: pytest-ansible makes it known after this file is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

if TYPE_CHECKING:
    from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.client import Client

    from .helpers import Clock, Miner, Script
    from .loopback import Listen, Open, Server, Talk

set_hypothesis_home_dir(Path(__file__).parents[2] / "build" / "hypothesis")

MODULE_UTILS = "ansible_collections.minerops.dragonmint.plugins.module_utils"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Client]:
    """A client whose requests go to a stand-in, and whose pauses take no time."""
    module = import_module(f"{MODULE_UTILS}._miner.client")

    def connect_to(wire: Script | Miner, **options: Any) -> Client:
        monkeypatch.setattr(module, "Transport", lambda *_args: wire)
        connection = module.Connection("10.1.0.25", **{"password": "dragonadmin", **options})
        return module.Client(connection, sleep=wire.pauses.append)

    return connect_to


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time that passes only while somebody sleeps."""
    from .helpers import Clock

    clock = Clock()
    state = import_module(f"{MODULE_UTILS}._miner.converge")
    monkeypatch.setattr(state, "time", clock)
    for name in ("_settings.autotune", "_miner.mining", "_commands.power"):
        wait_until = partial(state.wait_until, sleep=clock.sleep)
        monkeypatch.setattr(import_module(f"{MODULE_UTILS}.{name}"), "wait_until", wait_until)
    return clock


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """What is to be closed after the test."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def listen(cleanup: ExitStack) -> Listen:
    """Starts a server that talks to each connection in the given way."""
    from .loopback import listening

    def listen(talk: Talk, tls: SSLContext | None = None) -> Server:
        return cleanup.enter_context(listening(talk, tls))

    return listen


@pytest.fixture
def open_transport(cleanup: ExitStack) -> Open:
    """Makes a transport to a URL."""
    module = import_module(f"{MODULE_UTILS}._miner.transport")
    tls = import_module(f"{MODULE_UTILS}._miner.tls")

    def open_to(url: str, timeout_s: float = 20.0, validate_certs: bool = True, ca_path: Path | None = None) -> Any:
        is_tls = url.startswith("https:")
        context = tls.ssl_context(validate_certs, str(ca_path) if ca_path else None) if is_tls else None
        transport = module.Transport(url, timeout_s, context)
        cleanup.callback(transport.close)
        return transport

    return open_to
