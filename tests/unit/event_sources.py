# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares an event source's documentation with the schema of its arguments; runs a source as a process."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

DEADLINE_S = 60.0


def text_of(source: Path, name: str) -> str:
    """DOCUMENTATION or EXAMPLES of an event source."""
    found = re.search(rf'^{name} = r"""(.*?)"""', source.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


TYPES = {"object": "dict", "array": "list", "string": "str", "number": "float", "integer": "int", "boolean": "bool"}


def required(schema: dict[str, Any]) -> dict[str, Any]:
    """The arguments in a schema."""
    found = {}
    for name, about in schema["properties"].items():
        items = about.get("items", {})
        found[name] = {
            "description": about["description"],
            "type": TYPES[about["type"]],
            "default": about.get("default"),
            "required": name in schema.get("required", ()),
            "choices": about.get("enum", items.get("enum")),
            "suboptions": required(items if "properties" in items else about)
            if "properties" in {**about, **items}
            else None,
        }
    return found


def described(options: dict[str, Any]) -> dict[str, Any]:
    """The options in the documentation, in the same form, with the first sentence of each description."""
    found = {}
    for name, about in options.items():
        description = about["description"] if isinstance(about["description"], str) else about["description"][0]
        found[name] = {
            "description": re.sub(r"[A-Z]\(([^)]*)\)", r"\1", description),
            "type": about["type"],
            "default": about.get("default"),
            "required": about.get("required", False),
            "choices": about.get("choices"),
            "suboptions": described(about["suboptions"]) if "suboptions" in about else None,
        }
    return found


AS_ANSIBLE_RULEBOOK = """
import asyncio, json, runpy, sys
# What an event source may not need.
sys.modules["ansible"] = None
main = runpy.run_path(sys.argv[1])["main"]

class Queue:
    async def put(self, event):
        print(json.dumps(event), flush=True)
        task.cancel()

async def run():
    global task
    task = asyncio.current_task()
    await main(Queue(), json.loads(sys.argv[2]))

try:
    asyncio.run(run())
except asyncio.CancelledError:
    print("cancelled")
"""


def first_event(source: Path, args: dict[str, Any], **environment: str) -> list[str]:
    """The output of a source that runs without Ansible: its first event, and that it was then cancelled."""
    done = subprocess.run(
        [sys.executable, "-c", AS_ANSIBLE_RULEBOOK, source, json.dumps(args)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    return done.stdout.splitlines()


async def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not met():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


@asynccontextmanager
async def at_work(source: Any) -> AsyncIterator[None]:
    """Runs a source, which must not end by itself, and waits until all of it has ended."""
    task = asyncio.create_task(source.run())
    try:
        yield
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})
