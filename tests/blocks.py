# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks on the pages for users, and how a test handles each of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
FIRST = [ROOT / "README.md", ROOT / "docs/start.md"]
PAGES = [*FIRST, *sorted({*ROOT.glob("docs/*.md")} - {*FIRST}), *sorted(ROOT.glob("roles/*/README.md"))]

# Why a block is not run. A comment <!-- not run: WORD --> before a block says so if the block itself does not.
REASONS = {
    "output": "what a command prints",
    "internet": "installs something from the internet",
    "checkout": "a gate, or a process of the checkout that does not end",
    "service": "for a service with a life of its own: ansible-rulebook, Prometheus, AWX, a webhook",
    "root": "for the system's services or cron",
}
# The tools that are run, by the first word of a command.
TOOLS = {
    "ansible", "ansible-doc", "ansible-inventory", "ansible-playbook", "ansible-vault",
    "build/env/newest/bin/python", "cd", "export", "mkdir", "printf", "read", "tail",
}  # fmt: skip
NOT_RUN = {
    "*/5": "root",
    ".": "internet",
    "ansible-builder": "service",
    "ansible-galaxy": "internet",
    "ansible-rulebook": "service",
    "ansible-runner": "service",
    "cp": "internet",
    "curl": "service",
    "git": "internet",
    "make": "checkout",
    "pip": "internet",
    "python3": "internet",
    "systemctl": "root",
}
PLUGIN = "minerops.dragonmint.dragonmint"

_FENCE = re.compile(r"^```(\S*)$")
# A sentence with counts, as printed by playbooks and inventories.
_COUNTS = re.compile(r"(?:[\w.]+\.yml: )?\d+ (?:miners|addresses): ")
_MARK = re.compile(r"<!-- not run: (\S+) -->")
_FILE = re.compile(r"`([\w./-]+\.(?:yml|csv|txt|ini|cfg))`")


@dataclass(frozen=True)
class Block:
    """One block: its page, the number of its first line, and the file that the text before it names."""

    page: Path
    line: int
    language: str
    text: str
    file: str | None = None
    mark: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def content(self) -> Any:
        return yaml.safe_load(self.text)


def blocks_of(page: Path) -> list[Block]:
    """All blocks of a page, both fenced and indented by four blanks."""
    return [replace(block, page=page) for block in blocks_in(page.read_text(encoding="utf-8"))]


def blocks_in(text: str) -> Iterator[Block]:
    before: list[str] = []
    lines = list(enumerate(text.splitlines(), 1))
    while lines:
        number, line = lines.pop(0)
        if fence := _FENCE.match(line):
            body = []
            while lines and lines[0][1] != "```":
                body.append(lines.pop(0)[1])
            del lines[:1]
            yield _block(number, fence[1] or "text", body, before)
            before = []
        elif line.startswith("    ") and line.strip() and (not before or not before[-1].strip()):
            body = [line]
            while lines and (lines[0][1].startswith("    ") or (not lines[0][1].strip() and _goes_on(lines))):
                body.append(lines.pop(0)[1])
            yield _block(number, "", body, before)
            before = []
        else:
            before.append(line)


def _goes_on(lines: list[tuple[int, str]]) -> bool:
    return len(lines) > 1 and lines[1][1].startswith("    ")


def _block(number: int, language: str, body: list[str], before: list[str]) -> Block:
    indent = min((len(line) - len(line.lstrip()) for line in body if line.strip()), default=0) if not language else 0
    text = "\n".join(line[indent:] for line in body) + "\n"
    if not language:
        language = "shell" if _first_word(text) in TOOLS | NOT_RUN.keys() | {"$"} else "text"
    paragraph = _last_paragraph(before)
    files = _FILE.findall(paragraph)
    mark = _MARK.search(paragraph)
    return Block(ROOT, number, language, text, files[0] if files else None, mark[1] if mark else None)


def _last_paragraph(before: list[str]) -> str:
    return "\n".join(before).rstrip().rpartition("\n\n")[2]


def _first_word(text: str) -> str:
    return (text.split() or [""])[0]


def commands(block: Block) -> list[str]:
    """The commands of a shell block, with continued lines joined; lines that show output are left out."""
    lines = [line.strip() for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]
    if any(line.startswith("$ ") for line in lines):
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [re.sub(r"\s+", " ", re.sub(r"\s+# .*", "", line)) for line in lines if not _COUNTS.match(line)]


def shown(block: Block) -> list[str]:
    """The lines that show the output of a command."""
    if block.language == "text" and block.mark is None and not block.file and not is_typed(block):
        return block.text.splitlines()
    if block.language == "shell":
        return [line.strip() for line in block.text.splitlines() if _COUNTS.match(line.strip())]
    return []


def is_run(command: str) -> bool:
    """Whether a test runs it. For `make simulator`, the arguments shown are run."""
    return _first_word(command) in TOOLS or command.startswith("make simulator")


def reason(block: Block) -> str | None:
    """Why the whole block is not run, or None if it is. An unknown word is an error."""
    if block.mark:
        return block.mark
    if (
        block.language == "text"
        and not block.file
        and not any(map(_COUNTS.match, shown(block)))
        and not is_typed(block)
    ):
        return "output"
    if block.language == "shell":
        unknown = [command for command in commands(block) if not is_run(command) and not _known(command)]
        if unknown:
            raise ValueError(f"{block.place}: whether to run this is not known: {unknown[0]}")
        left_out = [NOT_RUN[_first_word(command)] for command in commands(block) if not is_run(command)]
        return left_out[0] if len(left_out) == len(commands(block)) else None
    if block.language == "ini" and block.text.startswith("[Unit]"):
        return "root"
    if block.language == "yaml" and is_of_service(block.content):
        return "service"
    return None


def _known(command: str) -> bool:
    return _first_word(command) in NOT_RUN


def is_of_service(content: Any) -> bool:
    """What Prometheus reads."""
    entries = content if isinstance(content, list) else [content]
    return any(isinstance(entry, dict) and {"job_name", "scrape_configs"} & entry.keys() for entry in entries)


def is_typed(block: Block) -> bool:
    """Lines to type into the terminal of make simulator."""
    return _first_word(block.text) == "fault"


def is_play(block: Block) -> bool:
    return (
        block.language == "yaml"
        and reason(block) is None
        and isinstance(block.content, list)
        and "hosts" in block.content[0]
    )


def parsed(block: Block) -> Any:
    """The data of a block, which has to be valid in its language."""
    return json.loads(block.text) if block.language == "json" else block.content


ALL = [block for page in PAGES for block in blocks_of(page)]
