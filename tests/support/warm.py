# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts Python programs without the half second that each would spend on the same imports.

A process per interpreter (warmed.py) has done the imports and forks, for all processes of a test run. The fork is a
program like any other: with the requested arguments, folder, variables, streams and exit code, and nothing from earlier
ones. Four differences remain: /proc shows the command line and variables of the process that forked; it is not a child
of the caller, so its memory and time are not counted among those of the caller's children; a traceback begins with a
few more frames; Ansible finds this collection loaded, so it neither announces it with -vvv nor compares
requires_ansible. Tests of these use `cold`.
"""

from __future__ import annotations

import atexit
import fcntl
import functools
import hashlib
import json
import os
import pickle
import resource
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import IO, Any

SERVER = Path(__file__).with_name("warmed.py")
COMMAND = Path(__file__).with_name("warm_command.py")
# Variables that an interpreter and its libraries read only at their start.
READ_AT_START = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "OPENSSL_", "GLIBC_")
# Names the folder with the sockets of the forking processes.
FOLDER_VARIABLE = "WARM_SOCKETS"

STDERR = 2

_is_cold = False


@contextmanager
def cold() -> Iterator[None]:
    """Within the context, `run` starts a separate process from its first instruction."""
    global _is_cold
    before, _is_cold = _is_cold, True
    try:
        yield
    finally:
        _is_cold = before


@dataclass(frozen=True)
class Kind:
    """What to import before the first program, also from this folder, and the variables that the imports read; a folder
    of a collection's plugins, which are imported along with Ansible, and otherwise only compiled.
    """

    modules: tuple[str, ...]
    folder: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    collection: str = ""


@dataclass
class Process:
    """A forked process, with the necessary part of Popen's interface."""

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
            # No status arrives if the process that forked it has died.
            self.returncode = int.from_bytes(told, "big", signed=True) if told else -signal.SIGKILL
        return self.returncode

    def send_signal(self, number: int) -> None:
        # As with Popen: the pid of an ended process may belong to another one.
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
    """Starts a program: the script at the beginning of `argv`, or a module as with `python -m`."""
    forking = server(python, kind, at_start(env), os.getpid())
    request = {
        "argv": list(map(str, argv)),
        "cwd": str(cwd),
        "env": dict(env),
        "files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "module": module,
        "umask": own_umask(),
    }
    body = json.dumps(request).encode()
    status, told = os.pipe()
    try:
        with forking.lock:
            socket.send_fds(forking.connection, [len(body).to_bytes(4, "big")], [*streams, told])
            forking.connection.sendall(body)
            pid = int.from_bytes(forking.connection.recv(4), "big")
    finally:
        os.close(told)
    if not pid:
        os.close(status)
        raise OSError(f"{python} {SERVER} has died")
    return Process(pid, status, argv)


def start_piped(
    python: Path, kind: Kind, argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], module: str = ""
) -> Process:
    """Starts a program whose standard input and output are pipes to the caller."""
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
    errors: IO[bytes] | None = None,
) -> tuple[int, str]:
    """Runs a script to its end; returns its exit code and output, including standard error without ``errors``."""
    if _is_cold:
        done = subprocess.run(
            [python, *command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors or subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout
    deadline = time.monotonic() + timeout
    said, end = os.pipe()
    with os.fdopen(said, "rb", buffering=0) as output, Path(os.devnull).open("rb") as nothing:
        try:
            streams = [nothing.fileno(), end, errors.fileno() if errors else end]
            process = start(python, kind, command, cwd=cwd, env=env, streams=streams)
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


def with_commands(
    folder: Path, bin_: Path, programs: Iterable[str], kind: Kind, env: Mapping[str, str]
) -> dict[str, str]:
    """Writes a command for each of these programs of an environment into a folder, and returns variables with which
    these commands are found before others.

    With other variables that an interpreter reads at its start, each command starts a forking process for itself.
    """
    folder.mkdir(exist_ok=True)
    for name in programs:
        words = [bin_ / "python", "-I", "-S", COMMAND, pickle.dumps(kind).hex(), bin_ / name]
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(map(str, words))} "$@"\n')
        (folder / name).chmod(0o755)
    # It would end with the first command.
    server(bin_ / "python", kind, at_start(env), os.getpid())
    return {**env, FOLDER_VARIABLE: os.environ[FOLDER_VARIABLE], "PATH": f"{folder}{os.pathsep}{env['PATH']}"}


def at_start(env: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in env.items() if name.startswith(READ_AT_START)))


def own_umask() -> int:
    """The umask, without setting it as os.umask() must: another thread could take that value for its own."""
    (umask,) = (
        line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("Umask:")
    )
    return int(umask, 8)


@dataclass(frozen=True)
class Server:
    """The connection to a forking process; the lock is for a request and its reply."""

    connection: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)


@functools.cache
def server(python: Path, kind: Kind, variables: tuple[tuple[str, str], ...], pid: int) -> Server:
    """The forking process, which ends with the last of its clients. Each fork of the caller is one of its own."""
    path = address(python, kind, variables)
    client = socket.socket(socket.AF_UNIX)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            client.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            _start_server(path, python, kind, variables)
            client.connect(str(path))
    atexit.register(_in(pid, client.close))
    return Server(client)


def address(python: Path, kind: Kind, variables: tuple[tuple[str, str], ...]) -> Path:
    """The socket of a forking process, in the folder of the test run, or in one of this process alone."""
    if FOLDER_VARIABLE not in os.environ:
        os.environ[FOLDER_VARIABLE] = folder = tempfile.mkdtemp(prefix="warm-")
        atexit.register(_in(os.getpid(), shutil.rmtree), folder, ignore_errors=True)
    name = hashlib.sha256(repr((python, kind, variables)).encode()).hexdigest()[:16]
    return Path(os.environ[FOLDER_VARIABLE], name)


def _start_server(path: Path, python: Path, kind: Kind, variables: tuple[tuple[str, str], ...]) -> None:
    wanted: dict[str, Any] = {"modules": kind.modules, "folder": kind.folder, "collection": kind.collection}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        subprocess.Popen(
            [python, SERVER, str(listener.fileno()), json.dumps(wanted)],
            cwd="/",
            env={"PATH": os.environ["PATH"], **dict(variables), **dict(kind.variables)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
        )


def _in(pid: int, act: Callable[..., None]) -> Callable[..., None]:
    """Does this in the process that registered it, and not in one that it has forked."""
    return lambda *args, **options: act(*args, **options) if pid == os.getpid() else None
