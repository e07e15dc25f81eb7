# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The invariants of every run, whatever happens to the miners in the meantime.

They are checked with what the simulator recorded, never with what the collection reports of itself. The requests of a
miner are those of one run, oldest first, as its control port shows them, and its states are those before and after that
run. Each function returns the violations as sentences, or an empty list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from tests.modules import MODULES, Setting

Request = Mapping[str, Any]
State = Mapping[str, Any]

AT_ONCE_MAX = 2


SETTINGS = {f"dragonmint_{name}": module.setting for name, module in MODULES.items() if module.setting}


@dataclass(frozen=True)
class Reported:
    """The result of a task: ``module`` without its collection, ``error_code`` None unless it failed."""

    module: str
    changed: bool
    error_code: str | None = None


def writes_in(requests: Iterable[Request]) -> list[Request]:
    """The requests that change a miner if they are served."""
    return [request for request in requests if request["write"]]


def most_at_once(requests: Iterable[Request]) -> int:
    """The maximum number of requests waited for at once; abandoned ones don't count."""
    return max((request["awaited"] for request in requests), default=0)


def flashes(requests: Iterable[Request]) -> list[Request]:
    """The updates that were actually written."""
    return [request for request in requests if request.get("result") == "installed"]


def repeated_writes(requests: Sequence[Request]) -> list[tuple[Request, Request]]:
    """Writes that were sent twice although the first may have taken effect: pairs of both.

    A write may be sent twice after a login if the first was refused for its login; and after another write if the first
    was answered: a detour over another mode, the reboot of a stuck updater.
    """
    return [
        (requests[first], requests[second])
        for first, second in combinations([at for at, request in enumerate(requests) if request["write"]], 2)
        if _content(requests[first]) == _content(requests[second])
        and not _may_follow(requests[first], requests[first + 1 : second])
    ]


def _may_follow(first: Request, between: Sequence[Request]) -> bool:
    if not first["replied"]:
        return False
    is_refused = not first["applied"] and any(request["action"] == "auth" for request in between)
    return is_refused or any(_content(write) != _content(first) for write in writes_in(between))


def _content(request: Request) -> tuple[Any, ...]:
    return request["path"], request["form"], request.get("filename"), request.get("size")


def broken_by_any_run(requests: Sequence[Request]) -> list[str]:
    """What no run may do: repeat a write, flash twice, send too much at once."""
    broken = [
        f"{_named(first)} was sent again {second['time'] - first['time']:.1f} s later, although "
        f"{'it was answered' if first['replied'] else 'its reply was lost, so that it may have been done'}: "
        f"{shown(requests)}."
        for first, second in repeated_writes(requests)
    ]
    if len(written := flashes(requests)) > 1:
        broken.append(f"The miner was flashed {len(written)} times in one run: {shown(requests)}.")
    if (most := most_at_once(requests)) > AT_ONCE_MAX:
        broken.append(f"The miner had {most} requests to answer at once; {AT_ONCE_MAX} are allowed: {shown(requests)}.")
    return broken


def broken_by_check_mode(requests: Sequence[Request]) -> list[str]:
    """What a run in check mode may not do: write."""
    return [f"{_named(write)} was sent in check mode: {shown(requests)}." for write in writes_in(requests)]


def broken_by_flashing(before: State, after: State, version: str) -> list[str]:
    """What an upgrade to this version may not do: flash twice, or a miner that runs it already."""
    count, runs_it = after["flashed"] - before["flashed"], before["firmware"] == version
    if count > (0 if runs_it else 1):
        had = f"ran {version} already" if runs_it else f"ran {before['firmware']}"
        return [f"The miner {had} and was flashed {count} times by an upgrade to {version}."]
    return []


def broken_by_untruth(
    reported: Sequence[Reported], before: State, after: State, requests: Sequence[Request] | None
) -> list[str]:
    """Whether `changed` is true exactly when the miner's state changed.

    If the miner does not respond after a write (not_back), nobody can know, and `changed` is true. The same applies if
    a miner runs its old firmware after the reply to an upload was lost and it rebooted: that may have come before the
    new one was written, or instead of booting it. State that no task was told to set must be unchanged. In check mode
    ``after`` is the desired state, and ``requests`` is None: no write is needed to have reported `changed`.
    """
    by_module = {name: [task for task in reported if task.module == name] for name in SETTINGS}
    return [
        sentence
        for name, tasks in by_module.items()
        if tasks or requests is not None
        for sentence in _untruths(name, SETTINGS[name], tasks, before, after, requests)
    ]


def _untruths(
    name: str,
    setting: Setting,
    reported: Sequence[Reported],
    before: State,
    after: State,
    requests: Sequence[Request] | None,
) -> Iterator[str]:
    said = any(task.changed for task in reported)
    is_unknown = any(task.error_code == "not_back" for task in reported) or (
        any(task.error_code == "flash_failed" for task in reported)
        and after["booted_at"] > before["booted_at"]
        and any(write["path"].startswith("/upgrade/") and not write["replied"] for write in requests or [])
    )
    was, became = setting.of(before), setting.of(after)
    codes = ", ".join(task.error_code or "ok" for task in reported) or "not run"
    asked = "" if requests is None else f" It was asked: {shown(requests)}."
    if is_unknown and not said:
        yield f"{name} can't know whether the miner changed ({codes}), but said changed=false.{asked}"
    if not is_unknown and said != (was != became):
        yield f"{name} said changed={str(said).lower()} ({codes}), but the miner had {was} and has {became}.{asked}"
    if said and requests is not None and not any(names_of(write) & setting.writes for write in writes_in(requests)):
        yield f"{name} said changed=true ({codes}), but the miner was sent no such write.{asked}"


def names_of(request: Request) -> set[str]:
    """The names of a request: its action, and its path."""
    return {str(request["action"]), str(request["path"])}


def shown(requests: Iterable[Request]) -> str:
    """Requests in readable form: time, action and result, with the full content of writes."""
    return "; ".join(
        f"{request['time']:.2f} s {_named(request)}"
        f"{' ' + str(dict(request['form'])) if request['write'] and request['form'] else ''} -> "
        f"{request.get('result') or request['outcome']}"
        f"{'' if request['replied'] else ', no reply'}{', applied' if request['applied'] else ''}"
        for request in requests
    )


def _named(request: Request) -> str:
    return str(request["action"] or request["path"])
