# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of a fleet task: progress, changes and errors."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible import constants
from ansible.utils.color import stringc
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.batch import Counts

# The maximum for blocks that are shown together. AWX drops events of 700,000 bytes, and a coloured character can take
# six.
_TOGETHER_CHARS = 200_000
_NAMED_ALIKE = 3


class Blocks:
    """Shows blocks of lines: at once on a terminal, otherwise many together.

    AWX stores an event for each text that is shown.
    """

    def __init__(self, show: Callable[[str], None], is_watched: bool) -> None:
        self._show = show
        self._enough = 0 if is_watched else _TOGETHER_CHARS
        self._waiting: list[str] = []
        self._chars = 0

    def add(self, block: str) -> None:
        """Shows a block, now or together with the next ones."""
        self._waiting.append(block)
        self._chars += len(block)
        if self._chars >= self._enough:
            self.flush()

    def flush(self) -> None:
        """Shows the blocks that are waiting."""
        if self._waiting:
            self._show("\n".join(self._waiting))
            self._waiting.clear()
            self._chars = 0


class Differences:
    """Shows the diffs of miners: a diff that many miners share is shown once, followed by the names of the others."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self._alike: dict[str, list[str]] = {}

    def add(self, name: str, diff: Mapping[str, Any]) -> None:
        """Shows the diff of a miner, unless another miner had the same."""
        lines = list(diff_lines(name, diff))
        # The first two lines name the miner.
        alike = self._alike.setdefault("\n".join(lines[2:]), [])
        alike.append(name)
        if len(alike) == 1:
            self.blocks.add("\n".join(lines))

    def finish(self) -> None:
        """Shows which miners had the same diff as another one."""
        for first, *others in self._alike.values():
            if others:
                shown = ", ".join(printable(name) for name in others[:_NAMED_ALIKE])
                more = f" and {len(others) - _NAMED_ALIKE:,} more" if len(others) > _NAMED_ALIKE else ""
                self.blocks.add(f"the same as {printable(first)}: {shown}{more}")
        self._alike.clear()
        self.blocks.flush()


def other_options(name: str, first: str, options: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        f"{name} is at the same address as {first}, for which the task has a different {' and '.join(options)}, but "
        f"each miner is only changed once. Correct the address of one of them, or give both the same options."
    )


def registered_for_one(host: str) -> str:
    return (
        f"Ansible registers the result of this task for {host} only. Add run_once: true to the task to have it on all "
        "hosts of the play."
    )


def too_many(params: Mapping[str, Any], counts: Counts) -> str:
    limits = [
        f"{name} ({params[name]:g})" for name in ("max_failures", "max_failure_percent") if params[name] is not None
    ]
    return (
        f"{counts.failures:,} of {counts.total:,} miners failed or were unreachable, more than {' or '.join(limits)} "
        f"allows; {counts.total - counts.done:,} were not tried. See failed_hosts and miners."
    )


def progress(module: str, counts: Counts, seconds: float) -> str:
    return (
        f"{module}: {counts.done:,} of {counts.total:,} miners done, {_shares(counts)}, {counts.done / seconds:.0f}/s"
    )


def summary(module: str, counts: Counts, seconds: float) -> str:
    not_tried = counts.total - counts.done
    more = f", {not_tried:,} not tried" if not_tried else ""
    return f"{module}: {counts.ok:,} of {counts.total:,} miners ok, {_shares(counts)}{more} in {seconds:.0f} s"


def _shares(counts: Counts) -> str:
    return f"{counts.changed:,} changed, {counts.failed:,} failed, {counts.unreachable:,} unreachable"


def fewer(lines: Sequence[str], count: int) -> list[str]:
    """Returns the first ``count`` lines, and how many more there are."""
    more = [f"… and {len(lines) - count:,} more"] if len(lines) > count else []
    return [*lines[:count], *more]


def diff_lines(name: str, diff: Mapping[str, Any]) -> Iterator[str]:
    before, after = (json.dumps(diff[side], indent=4, sort_keys=True).splitlines() for side in ("before", "after"))
    colors = {
        "-": constants.COLOR_DIFF_REMOVE,  # type: ignore[attr-defined]
        "+": constants.COLOR_DIFF_ADD,  # type: ignore[attr-defined]
        "@": constants.COLOR_DIFF_LINES,  # type: ignore[attr-defined]
    }
    title = printable(name)
    for line in difflib.unified_diff(before, after, f"before: {title}", f"after: {title}", lineterm="", n=0):
        yield stringc(line, colors[line[0]]) if line[0] in colors else line


def printable(text: str) -> str:
    """Returns a text on one line: text from a device may contain terminal control characters."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
