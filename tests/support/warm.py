# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts Python programs without the half second in which each would import the same again.

A process for each interpreter (warmed.py) has done so and forks. What comes of it is a program like any other: with the
arguments, folder, variables, streams and exit code that it was asked for, and nothing of those before it.
Three things tell it apart: /proc has the command line and the variables of the process that forked; it is no child of
the caller, so that its memory and time are not counted among those of its children; a traceback begins with a few more
frames. Who looks at these starts `cold`.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import IO, Any

SERVER = Path(__file__).with_name("warmed.py")
# What an interpreter and its libraries read once, as they start.
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "OPENSSL_", "GLIBC_")

STDERR = 2

_is_cold = False


@contextmanager
def cold() -> Iterator[None]:
    """What `run` starts below is a process of its own from its first instruction."""
    global _is_cold
    before, _is_cold = _is_cold, True
    try:
        yield
    finally:
        _is_cold = before


@dataclass(frozen=True)
class Kind:
    """What to import before the first program, from this folder too; a folder of a collection's files to compile."""

    modules: tuple[str, ...]
    folder: str = ""
    collection: str = ""


@dataclass
class Process:
    """A process that was forked; as much of Popen as is needed of it."""

    pid: int
    _status: int
    args: Sequence[str | Path]
    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    returncode: int | None = field(default=None)

    def poll(self) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(list(map(str, self.args)), timeout or 0.0)
            told = os.read(self._status, 4)
            os.close(self._status)
            # Nothing is told where the process that forked it has died.
            self.returncode = int.from_bytes(told, "big", signed=True) if told else -signal.SIGKILL
        return self.returncode

    def send_signal(self, number: int) -> None:
        # As with Popen: the number of a process that has ended may be another's.
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(
    python: Path,
    kind: Kind,
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    streams: Sequence[int],
    module: str = "",
) -> Process:
    """Start a program: the script that `argv` begins with, or a module as with `python -m`."""
    at_start = tuple(sorted((name, value) for name, value in env.items() if name.startswith(READ_AT_START)))
    connection = server(python, kind, at_start, os.getpid())
    umask = os.umask(0)
    os.umask(umask)
    request = {"argv": list(map(str, argv)), "cwd": str(cwd), "env": dict(env), "module": module, "umask": umask}
    body = json.dumps(request).encode()
    status, told = os.pipe()
    try:
        socket.send_fds(connection, [len(body).to_bytes(4, "big")], [*streams, told])
        connection.sendall(body)
        pid = int.from_bytes(connection.recv(4), "big")
    finally:
        os.close(told)
    if not pid:
        os.close(status)
        raise OSError(f"{python} {SERVER} has died")
    return Process(pid, status, argv)


def start_piped(
    python: Path, kind: Kind, argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], module: str = ""
) -> Process:
    """Start a program whose standard input and output are pipes to the caller."""
    theirs_in, ours_in = os.pipe()
    ours_out, theirs_out = os.pipe()
    try:
        streams = [theirs_in, theirs_out, STDERR]
        process = start(python, kind, argv, cwd=cwd, env=env, streams=streams, module=module)
    except BaseException:
        os.close(ours_in)
        os.close(ours_out)
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    process.stdin, process.stdout = os.fdopen(ours_in, "wb"), os.fdopen(ours_out, "rb")
    return process


def run(
    python: Path,
    kind: Kind,
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout: float,
) -> tuple[int, str]:
    """Run a script to its end: its exit code, and what it said."""
    if _is_cold:
        done = subprocess.run(
            [python, *command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout
    deadline = time.monotonic() + timeout
    said, end = os.pipe()
    with os.fdopen(said, "rb", buffering=0) as output, Path(os.devnull).open("rb") as nothing:
        try:
            process = start(python, kind, command, cwd=cwd, env=env, streams=[nothing.fileno(), end, end])
        finally:
            os.close(end)
        pieces = []
        try:
            while select([output], [], [], max(0.0, deadline - time.monotonic()))[0]:
                if not (piece := output.read(1 << 16)):
                    break
                pieces.append(piece)
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
    return process.wait(), b"".join(pieces).decode()


@functools.cache
def server(python: Path, kind: Kind, at_start: tuple[tuple[str, str], ...], pid: int) -> socket.socket:
    """The line to a process that forks; it ends with the one that asked, of which a fork has its own."""
    ours, theirs = socket.socketpair()
    wanted: dict[str, Any] = {"modules": kind.modules, "folder": kind.folder, "collection": kind.collection}
    process = subprocess.Popen(
        [python, SERVER, str(theirs.fileno()), json.dumps(wanted)],
        cwd="/",
        env={"PATH": os.environ["PATH"], **dict(at_start)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=[theirs.fileno()],
    )
    theirs.close()
    atexit.register(_end, pid, ours, process)
    return ours


def _end(pid: int, connection: socket.socket, process: subprocess.Popen[bytes]) -> None:
    if pid == os.getpid():
        connection.close()
        process.wait()
