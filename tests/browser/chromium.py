# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives Debian's Chromium through its DevTools protocol, over a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
DEADLINE_S = 60.0
_OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--force-color-profile=srgb", "--disable-dev-shm-usage", "--remote-debugging-pipe"),
)


class BrowserError(Exception):
    """The browser refused a command, or a script failed."""


@dataclass
class Browser:
    """A Chromium process; commands are written to the pipe ``write``, its messages are read from ``read``."""

    read: int
    write: int
    events: list[dict[str, Any]] = field(default_factory=list)
    _last: int = 0
    _open: str | None = None
    _rest: bytes = b""

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Runs a command, and returns its result. Events that arrive in the meantime are kept."""
        self._last += 1
        command = {"id": self._last, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self.write, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._last:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']}")
                return dict(message["result"])
            self.events.append(message)

    def _message(self) -> dict[str, Any]:
        deadline = time.monotonic() + DEADLINE_S
        while b"\0" not in self._rest:
            ready, _write, _error = select.select([self.read], [], [], max(0.0, deadline - time.monotonic()))
            block = os.read(self.read, 1 << 20) if ready else b""
            if not block:
                raise BrowserError("Chromium has ended" if ready else f"no answer within {DEADLINE_S:g} s")
            self._rest += block
        message, _zero, self._rest = self._rest.partition(b"\0")
        return dict(json.loads(message))

    def open(self, path: Path, width: int, height: int = 844, scheme: str = "light", scripts: bool = True) -> Tab:
        """Opens a file in a new tab instead of the one before, and returns it once it is loaded."""
        if self._open:
            self.call("Target.closeTarget", targetId=self._open)
        self._open = target = self.call("Target.createTarget", url="about:blank")["targetId"]
        tab = Tab(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Network", "Runtime", "Log"):
            tab.call(f"{domain}.enable")
        tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        tab.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        tab.call("Page.navigate", url=path.as_uri())
        tab.wait_for("Page.loadEventFired")
        return tab


@dataclass(frozen=True)
class Tab:
    """An open page."""

    browser: Browser
    session: str

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Run a command of the page."""
        return self.browser.call(method, self.session, **params)

    def events(self, method: str) -> list[dict[str, Any]]:
        """The page's events of this kind."""
        return [
            event["params"]
            for event in self.browser.events
            if event.get("sessionId") == self.session and event["method"] == method
        ]

    def wait_for(self, method: str) -> None:
        """Waits for an event of this kind from the page."""
        deadline = time.monotonic() + DEADLINE_S
        while not self.events(method):
            if time.monotonic() > deadline:
                raise BrowserError(f"no {method} within {DEADLINE_S:g} s")
            self.browser.events.append(self.browser._message())

    def run(self, script: str) -> Any:
        """Returns the value of an expression; promises are awaited."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise BrowserError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def complaints(self) -> list[str]:
        """Script errors, and violations of the page's content security policy."""
        thrown = [str(event["exceptionDetails"]) for event in self.events("Runtime.exceptionThrown")]
        return thrown + [str(event["entry"]["text"]) for event in self.events("Log.entryAdded")]

    def requested(self) -> list[str]:
        """The URLs that the page requested."""
        return [str(event["request"]["url"]) for event in self.events("Network.requestWillBeSent")]

    def screenshot(self, path: Path) -> None:
        """Writes the window's content as a PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium with a profile of its own."""
    assert PROGRAM is not None
    ours, theirs = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # It reads commands from descriptor 3, and writes to 4.
        process = subprocess.Popen(
            [
                *("bash", "-c", f'exec "$0" "$@" 3<&{theirs[0]} 4>&{ours[1]}'),
                *(PROGRAM, *_OPTIONS, f"--user-data-dir={profile}"),
            ],
            pass_fds=(theirs[0], ours[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs[0])
        os.close(ours[1])
        browser = Browser(ours[0], theirs[1])
        try:
            yield browser
        finally:
            try:
                browser.call("Browser.close")
                process.wait(timeout=10)
            except (BrowserError, BrokenPipeError, subprocess.TimeoutExpired):
                process.kill()
                process.wait()
            os.close(ours[0])
            os.close(theirs[1])
