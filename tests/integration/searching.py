# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that are distinguishable from everything else, and where they leak.

Escaped in JSON and in URLs, each secret is recognised by its first word; in Base64, that word is found at any offset.
"""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import warm
from tests.support.running import Ansible

LOGIN = 'Login-1-ö "+/&'
FALLBACK = 'Fallback-2-ö "+/&'
POOL = 'Pool-3-ö "+/&'
STORED = 'Stored-4-ö "+/&'
IN_URL = "In-Url-5-"
NEW = 'New-6-ö "+/&'
IN_FIRMWARE_URL = "In-Firmware-7-"
ROTATED = 'Rotated-8-ö "+/&'
GUEST = 'Guest-9-ö "+/&'
SECRETS = (LOGIN, FALLBACK, POOL, STORED, IN_URL, NEW, IN_FIRMWARE_URL, ROTATED, GUEST)
WORDS = tuple(secret.split("-ö", maxsplit=1)[0] for secret in SECRETS)
URL_WITH_PASSWORD = f"stratum+tcp://farm:{IN_URL}@pool.example.com:3333"
# The beginning of each JWT.
JWT = "eyJ0eXAi"
# What the user has written or shown deliberately.
GIVEN = re.compile(r"(playbook|inventory|.*\.dragonmint)\.yml")


def leaks(ansible: Ansible, output: str, commands: set[str]) -> dict[str, list[str]]:
    """Where secrets leaked, and their context: on the terminal, in arguments, and in all files."""
    return {where: found for where, text in said(ansible, output, commands) if (found := secrets_in(text))}


def said(ansible: Ansible, output: str, commands: set[str]) -> Iterator[tuple[str, str]]:
    """All output, by place."""
    yield "output", output
    yield "commands", "\n".join(commands)
    for path in ansible.folder.rglob("*"):
        if path.is_file() and not GIVEN.fullmatch(path.name):
            yield str(path.relative_to(ansible.folder)), path.read_text(encoding="utf-8", errors="replace")


def secrets_in(text: str) -> list[str]:
    """The first occurrences of secrets, with the text around them.

    A secret is recognised by its first word: as it is, in JSON and in URLs; in Base64 also within something longer.
    """
    return [text[max(0, match.start() - 60) : match.end() + 60] for match in SECRET.finditer(text)][:5]


def in_base64(word: str) -> Iterator[str]:
    """The unambiguous parts of a word in Base64, at every offset."""
    for offset in range(3):
        bits = 8 * (offset + len(word))
        encoded = base64.b64encode(b"\0" * offset + word.encode()).decode().rstrip("=")
        yield encoded[-(-8 * offset // 6) : bits // 6]


@contextmanager
def commands_of(ansible: Ansible) -> Iterator[set[str]]:
    """The command lines of all processes started below that live for a tenth of a second."""
    commands: set[str] = set()
    mine = str(ansible.folder / "record.jsonl").encode()
    ended = threading.Event()

    def look() -> None:
        first_seen: dict[str, float] = {}
        others: set[str] = set()
        while not ended.wait(0.1):
            running = {process.name for process in Path("/proc").iterdir() if process.name.isdigit()}
            others &= running
            for pid in running - others:
                seen_s = time.monotonic() - first_seen.setdefault(pid, time.monotonic())
                # It may have ended in the meantime, or belong to another user.
                with suppress(OSError):
                    if mine in Path(f"/proc/{pid}/environ").read_bytes():
                        command = Path(f"/proc/{pid}/cmdline").read_bytes()
                        commands.add(command.replace(b"\0", b" ").decode(errors="replace"))
                        continue
                # A new process may still become one of ours.
                if seen_s > 1:
                    others.add(pid)
                    del first_seen[pid]

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        # A process forked by another one shows the command line of that one.
        with warm.cold():
            yield commands
    finally:
        ended.set()
        watcher.join()


SECRET = re.compile("|".join(map(re.escape, [JWT, *WORDS, *(text for word in WORDS for text in in_base64(word))])))
