# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Miners that download their firmware themselves."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Miner

from .asking import ask, wait_for
from .updating import NEW, NOT_INSTALLING, Ear


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def site(good: Path) -> Iterator[str]:
    """A web server with the archives."""
    handler = functools.partial(_Quiet, directory=str(good.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_most_miners_have_no_download(miner: Miner) -> None:
    answer = ask(miner, "/upgrade/download", {"url": "http://127.0.0.1/x.swu"})
    assert (answer.status, answer.header("Content-Type"), answer.body) == (404, "text/plain", b"Not Found")


def test_download(ready: Miner, good: Path, site: str) -> None:
    ready.set(has_download=True)
    with Ear(ready) as ear:
        answer = ask(ready, "/upgrade/download", {"url": f"{site}/{good.name}"})
        assert (answer.status, answer.body) == (200, b"")
        ear.wait_for_rest()
        assert ear.statuses() == ["DOWNLOAD", "START", "RUN", "SUCCESS", "DONE"]
        progress = [json.loads(text) for text in ear.messages() if text.startswith("{")]
        size = good.stat().st_size
        assert progress[-1] == {"percent": 100, "msg": f"Received {size}B of {size}B"}
        assert [frame["source"] for frame in ear.frames() if frame["type"] == "source"] == ["DOWNLOADER"]
    record = ready.writes()[0]
    assert (record["form"]["url"], record["filename"]) == (f"{site}/{good.name}", good.name)
    wait_for(lambda: ready.state()["firmware"] == NEW)
    assert ready.writes()[0]["applied"]


@pytest.mark.parametrize(
    "url", ["{site}/missing.swu", "http://127.0.0.1:9/x.swu", "http://192.0.2.1/x.swu", "ftp://x/", "http://[/", "x"]
)
def test_downloads_that_fail(ready: Miner, site: str, url: str) -> None:
    ready.set(has_download=True)
    with Ear(ready) as ear:
        assert ask(ready, "/upgrade/download", {"url": url.format(site=site)}).status == 200
        ear.wait_for_rest()
        assert ear.statuses() == ["DOWNLOAD", "FAILURE"]
        assert ear.messages("3") == [NOT_INSTALLING]
    assert ready.state()["updater"] == "idle"


def test_download_needs_an_idle_updater_and_a_url(ready: Miner, site: str) -> None:
    ready.set(has_download=True, updater="wedged")
    assert ask(ready, "/upgrade/download", {"url": f"{site}/x"}).status == 500
    assert ask(ready, "/upgrade/download", {}).status == 400
