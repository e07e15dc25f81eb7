# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The batches of a rollout: the canaries first, then growing numbers of miners."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain, repeat

_SIZE = re.compile(r"([0-9]+)(%?)")


def sizes(serial: Sequence[int | str], total: int) -> list[int]:
    """Returns the number of miners out of ``total`` for each entry, a number or a percentage; at least one.

    A percentage is never less than the number before it, or the batches of a small fleet would shrink. Raises
    ValueError for any other entry, and for an empty list.
    """
    if not serial:
        raise ValueError("it is empty")
    found = [_size(entry, total) for entry in serial]
    is_share = ["%" in str(entry) for entry in serial]
    return [
        max(size, found[place - 1]) if place and is_share[place] and not is_share[place - 1] else size
        for place, size in enumerate(found)
    ]


def in_batches(kinds: Mapping[str, Hashable], serial: Sequence[int | str], at_once: int) -> list[list[str]]:
    """Splits miners, given with their kinds, into batches of these sizes, the last of which repeats.

    The first batch has a canary of each kind, however small its size is. No batch has more than ``at_once`` miners; if
    that is too few for all canaries, no other miner is in a batch before the last canary.
    """
    first_of_kind = {kind: miner for miner, kind in reversed(list(kinds.items()))}
    canaries = [miner for miner, kind in kinds.items() if first_of_kind[kind] == miner]
    others = [miner for miner, kind in kinds.items() if first_of_kind[kind] != miner]
    return list(_cut(canaries, others, sizes(serial, len(kinds)), at_once))


def _cut(canaries: list[str], others: list[str], sizes: Sequence[int], at_once: int) -> Iterator[list[str]]:
    for size in chain(sizes, repeat(sizes[-1])):
        if not canaries and not others:
            return
        batch, canaries = canaries[:at_once], canaries[at_once:]
        room = 0 if canaries else max(0, min(size, at_once) - len(batch))
        yield [*batch, *others[:room]]
        others = others[room:]


def _size(entry: int | str, total: int) -> int:
    match = _SIZE.fullmatch(str(entry).strip())
    number = int(match[1]) if match else 0
    if not match or not number:
        raise ValueError(f"{entry!r} is neither a number of miners nor a percentage")
    return max(1, number * total // 100 if match[2] else number)
