# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts simulated fleets and talks to their control port; needs only the standard library."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol

CHECKOUT = Path(__file__).resolve().parents[3]
START_TIMEOUT = 30.0  # seconds
CALL_TIMEOUT = 10.0  # seconds
# Proxies in the environment are not for loopback addresses.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Process(Protocol):
    """The necessary part of Popen's interface."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, and return its exit code."""

    def kill(self) -> None:
        """End it at once."""


def _started(command: list[str]) -> Process:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT)


class ControlError(Exception):
    """The control port refused, or the simulator did not start; the text gives the reason."""


class Miner:
    """One simulated miner. `host` and `mac` are those of the listing, or of the latest `state()` or `set()`."""

    def __init__(self, fleet: Fleet, described: dict[str, Any]) -> None:
        self._fleet = fleet
        self.host: str = described["host"]
        self.port: int = described["port"]
        self.generation: str = described["generation"]
        self.mac: str = described["mac"]
        self._key: str = described["key"]

    def __repr__(self) -> str:
        return f"<Miner {self.host}:{self.port} {self.generation}>"

    def state(self) -> dict[str, Any]:
        """The complete state of this miner, from the control port."""
        return self._follow(self._call("GET"))

    def set(self, **changes: Any) -> dict[str, Any]:
        """Changes the state and returns all of it."""
        return self._follow(self._call("PATCH", body=changes))

    def requests(self) -> list[dict[str, Any]]:
        """The requests to the miner, oldest first."""
        requests: list[dict[str, Any]] = self._call("GET", "/requests")
        return requests

    def writes(self) -> list[dict[str, Any]]:
        """Requests that change the device if they are served."""
        return [request for request in self.requests() if request["write"]]

    def clear(self) -> None:
        """Forget the requests."""
        self._call("DELETE", "/requests")

    def fault(self, name: str, action: str | None = None, times: int | None = None, **params: Any) -> None:
        """Enables a fault: for all requests or one action (or `writes`, `reads`), permanently or a number of times."""
        self._call("PUT", "/faults", {"name": name, "action": action, "times": times, **params})

    def heal(self) -> None:
        """Removes all faults."""
        self._call("DELETE", "/faults")

    def _follow(self, state: dict[str, Any]) -> dict[str, Any]:
        self.host, self.mac = state["host"], state["mac"]
        return state

    def _call(self, method: str, path: str = "", body: dict[str, Any] | None = None) -> Any:
        return self._fleet.call(method, f"/miners/{self._key}{path}", body)


class Fleet:
    """A running simulator; as a context manager it ends the process that it started."""

    def __init__(self, control: str, process: Process | None = None) -> None:
        self.control = control
        self._process = process
        self.miners = [Miner(self, described) for described in self.call("GET", "/miners")]
        self.port = self.miners[0].port if self.miners else 0

    @classmethod
    def start(
        cls,
        count: int = 1,
        generation: str = "dm-2018-05",
        speed: float = 1.0,
        first: str = "127.20.0.1",
        port: int = 0,
        inventory: str | Path | None = None,
        python: str = sys.executable,
        type_: str = "T1",
        started: Callable[[list[str]], Process] = _started,
    ) -> Fleet:
        """Starts a simulator with `python`, which needs aiohttp, and waits until it is ready."""
        options = {"count": count, "generation": generation, "speed": speed, "first": first, "port": port}
        options["type"] = type_
        command = [python, "-m", "tests.simulator", "--exit-with-stdin"]
        command += [text for name, value in options.items() for text in (f"--{name}", str(value))]
        if inventory is not None:
            command += ["--inventory", str(Path(inventory).absolute())]
        process = started(command)
        try:
            return cls(_wait_ready(process)["control"], process)
        except BaseException:
            _end(process)
            raise

    @classmethod
    def connect(cls, control: str) -> Fleet:
        """Uses a running simulator; its control URL is in the line that it printed."""
        return cls(control)

    def __enter__(self) -> Fleet:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends the process, if this object started it."""
        if self._process is not None:
            _end(self._process)
            self._process = None

    def __getitem__(self, number: int) -> Miner:
        return self.miners[number]

    def miner(self, key: str) -> Miner:
        """A miner by its last known address or MAC."""
        for miner in self.miners:
            if key in {miner.host, miner.mac}:
                return miner
        raise ControlError(f"no miner {key} in this fleet")

    def writes(self) -> dict[str, list[dict[str, Any]]]:
        """The writes of all miners, by present address."""
        writes: dict[str, list[dict[str, Any]]] = self.call("GET", "/writes")
        return writes

    def clear(self) -> None:
        """Forget the requests of all miners."""
        self.call("DELETE", "/requests")

    def speed(self, speed: float) -> None:
        """Sets the simulated seconds per real second, from now on."""
        self.call("POST", "/speed", {"speed": speed})

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One request to the control port; ControlError carries its explanation."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.control + path, data=data, method=method)
        try:
            with _OPENER.open(request, timeout=CALL_TIMEOUT) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise ControlError(_refusal(text) or f"{method} {path}: {text}") from None


def _refusal(text: str) -> str:
    """Returns the explanation in a reply of the control port, "" for another reply."""
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return ""


def _wait_ready(process: Process) -> dict[str, Any]:
    """Reads the simulator's one line of JSON, of any length."""
    stdout = process.stdout
    if stdout is None:
        raise ControlError("the simulator has no standard output")
    deadline = time.monotonic() + START_TIMEOUT
    line = b""
    while not line.endswith(b"\n"):
        readable, _unused, _unused = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = stdout.read1(1 << 16) if readable else b""  # type: ignore[attr-defined]
        if not readable:
            raise ControlError(f"the simulator was not ready within {START_TIMEOUT:.0f} s")
        if not piece:
            raise ControlError(f"the simulator ended with code {process.wait()}")
        line += piece
    ready: dict[str, Any] = json.loads(line)
    return ready


def _end(process: Process) -> None:
    """Closes its input, which ends it; kills it if that fails."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
