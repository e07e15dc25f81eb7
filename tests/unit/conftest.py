# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures. They import the collection themselves: pytest-ansible makes it importable only after reading this file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

if TYPE_CHECKING:
    from .driving import Connect, Driven
    from .helpers import Clock, Miner, Script
    from .loopback import Listen, Open, Server, Talk

set_hypothesis_home_dir(Path(__file__).parents[2] / "build" / "hypothesis")
# The same examples in each run, on a machine that may be busy.
settings.register_profile("unhurried", derandomize=True, database=None, deadline=timedelta(seconds=5))
settings.load_profile("unhurried")

MODULE_UTILS = "ansible_collections.minerops.dragonmint.plugins.module_utils"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Connect:
    """A session whose requests go to a stand-in and whose pauses advance the clock. The stand-in has both."""
    from .driving import Driven

    module = import_module(f"{MODULE_UTILS}._miner.client")

    def connect_to(wire: Script | Miner, **options: Any) -> Driven:
        monkeypatch.setattr(module, "Transport", lambda *_args: wire)

        def sleep(seconds: float) -> None:
            wire.pauses.append(seconds)
            clock.sleep(seconds)

        return Driven("10.1.0.25", sleep=sleep, now=clock.monotonic, **options)

    return connect_to


@pytest.fixture
def clock() -> Clock:
    """Time that passes only during sleeps."""
    from .helpers import Clock

    return Clock()


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    """Resources to close after the test."""
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
