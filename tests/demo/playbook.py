# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs ansible-playbook, shows the interesting part of its output, and counts the results of the miners."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from tests.support.environment import own_environment

STOP_SECONDS = 3
HOSTS_A_LINE = 12

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HOST_LINE = re.compile(r"(?P<what>changed|FAILED - RETRYING): \[(?P<host>\S+)\](: .* retries left\)\.)?")
# Ansible calls a retry in a wait a failure.
_SHOWN_AS = {"FAILED - RETRYING": "waiting for"}
_RECAP_LINE = re.compile(r"(?P<host>\S+) +: (?P<counts>ok=.*)")


@dataclass(frozen=True)
class Recap:
    """The miners of one play by result, each counted once."""

    ok: frozenset[str]
    changed: frozenset[str]
    failed: frozenset[str]


def run(folder: Path, *arguments: str) -> Recap:
    """Runs ansible-playbook in this folder. The process has ended when this returns or raises."""
    tool = Path(sys.executable).with_name("ansible-playbook")
    process = subprocess.Popen(
        [tool, *arguments],
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # We handle Ctrl-C and pass it on, once.
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        recap = _show(iter(process.stdout))
        process.wait()
    finally:
        _end(process)
    return recap


def _environment(folder: Path) -> Mapping[str, str]:
    own = own_environment()
    own["ANSIBLE_CONFIG"] = str(folder / "ansible.cfg")
    own["PYTHONUNBUFFERED"] = "1"
    if is_colourful():
        own["ANSIBLE_FORCE_COLOR"] = "1"
    return own


def is_colourful() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _show(lines: Iterator[str]) -> Recap:
    """Prints the lines up to the recap, and returns the recap."""
    play = takewhile(lambda line: not _plain(line).startswith("PLAY RECAP"), lines)
    blank = ""
    for line in _condensed(line for line in play if not _plain(line).startswith("included: ")):
        if line:
            print(f"{blank}{line}", flush=True)
        blank = "" if line else "\n"
    return _recap(lines)


def _condensed(lines: Iterable[str]) -> Iterator[str]:
    """Yields the lines, with hosts that share the same text joined into one line."""
    what, hosts = "", list[str]()
    for line in lines:
        told = _HOST_LINE.fullmatch(_plain(line))
        if hosts and (not told or told["what"] != what or len(hosts) == HOSTS_A_LINE):
            yield f"{_SHOWN_AS.get(what, what)}: {' '.join(hosts)}"
            hosts = []
        if told:
            what = told["what"]
            hosts.append(told["host"])
        else:
            yield line.rstrip("\n")
    if hosts:
        yield f"{_SHOWN_AS.get(what, what)}: {' '.join(hosts)}"


def _recap(lines: Iterable[str]) -> Recap:
    hosts: dict[str, set[str]] = {"ok": set(), "changed": set(), "failed": set()}
    for line in lines:
        if told := _RECAP_LINE.fullmatch(_plain(line)):
            counts = dict(count.split("=") for count in told["counts"].split())
            failed = counts["failed"] != "0" or counts["unreachable"] != "0"
            hosts["failed" if failed else "changed" if counts["changed"] != "0" else "ok"].add(told["host"])
        elif _plain(line):
            print(line, end="")
    return Recap(*(frozenset(names) for names in hosts.values()))


def _plain(line: str) -> str:
    return _COLOUR.sub("", line).rstrip()


def _end(process: subprocess.Popen[str]) -> None:
    """Lets Ansible end its workers itself; kills it if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
