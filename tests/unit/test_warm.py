# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program forked by a warmed process behaves like a separate one."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from tests.support import warm

pytestmark = pytest.mark.waits

KIND = warm.Kind(modules=("decimal", "yaml"))
PYTHON = Path(sys.executable)
PROGRAMS = {
    "the end": "print('done')",
    "an exit code": "import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)",
    "last words": "import sys; sys.exit('what is wrong')",
    "an exception": "raise ValueError('bad')",
    "a signal": "import os; os.kill(os.getpid(), 9)",
    "os._exit": "import os; print('lost or not', flush=True); os._exit(3)",
    "what is at exit": "import atexit; atexit.register(print, 'bye'); print('hello')",
    "a child that stays": (
        "import os, time\nif os.fork() == 0: time.sleep(0.1); print('late', flush=True); os._exit(0)\nprint('early')"
    ),
    "its surroundings": (
        "import os, sys; print(sys.argv, os.getcwd(), sys.path[0], __name__, __file__, sorted(os.environ.items()), "
        "sys.stdin.read(), [fd for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')])"
    ),
    "its streams": (
        "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n"
        "    print(s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.seekable())\n"
        "sys.stdout.reconfigure(errors='replace')\nsys.stderr.reconfigure(errors='replace')\n"
        "print('to stdout')\nprint('to stderr', file=sys.stderr)"
    ),
    "how many files it may open": "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))",
    "signals": "import signal; print([signal.getsignal(n) for n in (1, 2, 13, 15, 17)], signal.pthread_sigmask(0, []))",
    "groups": "import os; print(os.getpgid(0), os.getsid(0), os.umask(0))",
    "a folder for temporary files": "import tempfile; print(tempfile.gettempdir())",
    "what was not imported": "import sys; print('socketserver' in sys.modules)",
    "the zone": "import time; print(time.tzname)",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_does_what_a_process_of_its_own_does(name: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[name])
    (tmp_path / "temporary").mkdir()
    env = {"PATH": "/usr/bin:/bin", "OWN": "ö", "TMPDIR": str(tmp_path / "temporary"), "TZ": "Asia/Tokyo"}

    def run(how: Callable[[], AbstractContextManager[None]]) -> tuple[int, str]:
        before = os.umask(0o027)
        files = resource.getrlimit(resource.RLIMIT_NOFILE)
        # Another one for each program: the process that forks has that of the first.
        resource.setrlimit(resource.RLIMIT_NOFILE, (200 + len(name), files[1]))
        try:
            with how():
                return warm.run(PYTHON, KIND, [script, "-v", "two words"], cwd=tmp_path, env=env, timeout=60)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, files)
            os.umask(before)

    assert without_frames(run(nullcontext)) == without_frames(run(warm.cold))


def test_nothing_stays_of_those_before(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import os, sys, yaml\n"
        "print(hasattr(yaml, 'mark'), 'MARK' in os.environ, sys.argv[1:])\n"
        "yaml.mark = os.environ['MARK'] = 'set'\n"
    )
    said = [warm.run(PYTHON, KIND, [script, str(i)], cwd=tmp_path, env={}, timeout=60)[1] for i in range(2)]
    assert said == ["False False ['0']\n", "False False ['1']\n"]


def test_what_takes_too_long_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import time; time.sleep(600)")
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(PYTHON, KIND, [script], cwd=tmp_path, env={}, timeout=0.2)


def test_many_at_once_have_their_own_pipes_and_ends(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import sys; text = sys.stdin.read(); print(text); sys.exit(len(text))")
    started = [warm.start_piped(PYTHON, KIND, [script], cwd=tmp_path, env={}) for _unused in range(5)]
    for number, process in enumerate(started):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.poll() is None
        process.stdin.write(b"x" * number)
        process.stdin.close()
        assert process.stdout.read() == b"x" * number + b"\n"
        assert process.wait(60) == number
        process.stdout.close()


def test_commands_are_forks_of_one_process_that_outlives_them(tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(PYTHON)
    (tmp_path / "program").write_text("import os; print(os.getppid())")
    kind = warm.Kind(modules=("decimal",))
    env = warm.with_commands(tmp_path / "warm", tmp_path, ["program"], kind, os.environ)
    one, other = (subprocess.check_output("program", env=env, shell=True) for _unused in range(2))
    assert one == other


def test_threads_get_their_own_program_and_keep_their_umask(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("import sys; print(sys.argv[1])")
    before = os.umask(0o027)

    def said(number: int) -> str:
        return warm.run(PYTHON, KIND, [script, str(number), "x" * 5_000], cwd=tmp_path, env={}, timeout=60)[1]

    try:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(said, range(200))) == [f"{number}\n" for number in range(200)]
    finally:
        kept = os.umask(before)
    assert kept == 0o027


@pytest.mark.parametrize("sent", [9, None], ids=["half a request", "all of it"])
def test_a_client_that_is_killed_leaves_the_others_alone(sent: int | None, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text("print('done')")
    warm.run(PYTHON, KIND, [script], cwd=tmp_path, env={}, timeout=60)
    request = {"argv": [str(script)], "cwd": "/", "env": {}, "files": (99, 99), "module": "", "umask": 18}
    body = json.dumps(request).encode()
    unread, status = os.pipe()
    os.close(unread)
    with socket.socket(socket.AF_UNIX) as client, Path(os.devnull).open("r+b") as nothing:
        client.connect(str(warm.address(PYTHON, KIND, ())))
        socket.send_fds(client, [len(body).to_bytes(4, "big")], [*[nothing.fileno()] * 3, status])
        client.sendall(body[:sent])
    os.close(status)
    for _unused in range(3):
        assert warm.run(PYTHON, KIND, [script], cwd=tmp_path, env={}, timeout=60) == (0, "done\n")


def without_frames(ended: tuple[int, str]) -> tuple[int, list[str]]:
    """A traceback begins with the frames of the code that ran the program."""
    code, said = ended
    return code, [line for line in said.splitlines() if not line.startswith("  ")]
