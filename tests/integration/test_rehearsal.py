# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make simulator` starts what docs/rehearse.md describes, with a folder that is ready to use."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.blocks import ROOT, blocks_of, commands, is_typed
from tests.rehearsal.commands import USAGE
from tests.support.running import ENVIRONMENTS

BLOCKS = blocks_of(ROOT / "docs/rehearse.md")
STARTS = [command for block in BLOCKS if block.language == "shell" for command in commands(block)]
(TYPED,) = (block.text.splitlines() for block in BLOCKS if is_typed(block))
DEADLINE_SECONDS = 60


class Rehearsal:
    """A running fleet: its output, and its input."""

    def __init__(self, folder: Path, network: str, *arguments: str) -> None:
        self.folder = folder
        command = [sys.executable, "-m", "tests.rehearsal", *arguments, "--port", "0", "--first", f"{network}1"]
        self._process = subprocess.Popen(
            [*command, "--folder", folder], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def printed(self, ending: str) -> str:
        """The output up to a line with this ending."""
        stdout = self._process.stdout
        assert stdout is not None
        text, deadline = b"", time.monotonic() + DEADLINE_SECONDS
        while not text.endswith(f"{ending}\n".encode()):
            readable = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))[0]
            piece = os.read(stdout.fileno(), 1 << 16) if readable else b""
            assert piece, text.decode()
            text += piece
        return text.decode()

    def type(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()
        return self.printed(".").strip()

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE_SECONDS)


@pytest.fixture
def rehearse() -> Iterator[Callable[..., Rehearsal]]:
    started: list[Rehearsal] = []

    def start(network: str, *arguments: str) -> Rehearsal:
        # The collection is found from a folder of build/.
        folder = ROOT / f"build/rehearsal-{os.getpid()}-{len(started)}"
        started.append(Rehearsal(folder, network, *arguments))
        return started[-1]

    yield start
    for rehearsal in started:
        rehearsal.stop()
        shutil.rmtree(rehearsal.folder, ignore_errors=True)


def arguments_of(command: str) -> list[str]:
    """What make passes on from `make simulator ARGS="…"`."""
    return shlex.split("".join(word.removeprefix("ARGS=") for word in shlex.split(command)[2:]))


def test_the_fleets_of_the_page_start(rehearse: Callable[..., Rehearsal]) -> None:
    plain, chosen = (arguments_of(command) for command in STARTS if command.startswith("make simulator"))
    assert plain == []
    rehearsal = rehearse("127.42.1.", *chosen)
    guide = rehearsal.printed(USAGE)
    assert "60 simulated miners answer at 127.42.1.1 to 127.42.1.60" in guide
    assert "dark: miner59, miner60" in guide
    assert "silent: miner58" in guide


def test_the_folder_is_ready_to_use(rehearse: Callable[..., Rehearsal]) -> None:
    rehearsal = rehearse("127.42.2.", "--count", "5")
    rehearsal.printed(USAGE)
    assert [rehearsal.type(line) for line in TYPED] == [
        "1 miner now with the fault dark.",
        "2 miners now with the fault ignored_write.",
        "1 miner healed.",
        "5 miners healed.",
    ]
    assert (rehearsal.folder / "t1_20180901_120000.swu").is_file()
    for inventory, group in (("fleet.dragonmint.yml", "@dragonmint"), ("inventory.yml", "@miners")):
        done = subprocess.run(
            [ENVIRONMENTS / "newest/bin/ansible-inventory", "-i", inventory, "--graph", "--vars"],
            cwd=rehearsal.folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert group in done.stdout
        assert done.stdout.count("{provision_autotune_mode = efficient}") >= 5, done.stdout


def test_an_archive_is_made_as_shown(tmp_path: Path) -> None:
    (command,) = (command for command in STARTS if "simulator.firmware" in command)
    _python, *arguments = shlex.split(command.replace("build/simulator", str(tmp_path)))
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)
    assert (tmp_path / "newer.swu").stat().st_size > 100_000
