# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/endpoints.md (make docs) from the endpoints in _wire/ and the modules in modules.py."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _wire
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Endpoint
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import GENERATIONS

from tests.modules import Case
from tests.works_where import CASES, LOGIN, USES

PAGE = Path(__file__).parents[1] / "docs" / "endpoints.md"
HEAD = """\
# What works where

Written by `make docs` from `plugins/module_utils/_wire/` and `tests/modules.py`. Tests compare it with both,
and both with simulated miners and with recordings of real ones.

`dm-2018-04` and `dm-2018-05` are the DragonMint firmwares of April and May 2018. The others are Innosilicon's:
`inno-2018-05` of May to July 2018, first titled InnoMiner, `inno-2018-08` and `inno-2018-09` of August and September,
and `inno-2019` of 2019 and later. The fact `dragonmint_generation` shows which one a miner has.

`inno-2019` is known from its web pages only. Where they say nothing, and for all that `guest` may do, this page assumes
that it is like `inno-2018-09`, which may be wrong.

## Modules

The outcome for the user `admin`, in the last column for `guest`. A task that cannot work fails with the `error_code`
shown, before any change is sent. The exceptions are pools, firmware that the miner downloads itself, and the light:
there, the module has to try. Whether `inno-2019` has the light is not known.
"""
ENDPOINTS_HEAD = """
`partly`: what the user may not read is left out with a warning. For `guest`, `generation` is `unknown` on Innosilicon.
`url` and `latest` need an updater that downloads firmware itself. Most miners do not have one, whatever their
generation.

## Endpoints

The least privileged user that may call each endpoint. Names without a slash are actions below `/api/`.
"""
# Pages that are not actions: who may call them, the same on all firmwares.
PAGES = {
    "/": "anybody",
    "/upgrade/upload": "admin",
    "/upgrade/download": "admin, if it exists",
    "/upgrade/ws": "anybody",
    "/stream/logs": "admin",
}
WORDS = {"ok": "yes", "changed": "yes", "partly": "partly", "nothing": "no"}


def all_endpoints() -> list[Endpoint[Any]]:
    """All endpoints described under _wire/, in the order of its files."""
    rooms = [importlib.import_module(f"{_wire.__name__}.{room.name}") for room in pkgutil.iter_modules(_wire.__path__)]
    found = [value for room in rooms for value in vars(room).values() if isinstance(value, Endpoint)]
    return list({id(endpoint): endpoint for endpoint in found}.values())


def page() -> str:
    """The whole page."""
    return HEAD + "\n" + "".join(modules()) + ENDPOINTS_HEAD + "\n" + "".join(endpoints())


def modules() -> Iterator[str]:
    yield from header("module", "what", *GENERATIONS, "guest")
    for module, case in sorted(CASES, key=lambda row: row[0]):
        admin = (word(case, generation, "admin") for generation in GENERATIONS)
        yield row(f"`{module}`", case.what, *admin, for_guest(case))


def for_guest(case: Case) -> str:
    """One word, or one per outcome with its generations."""
    generations: dict[str, list[str]] = {}
    for generation in GENERATIONS:
        generations.setdefault(word(case, generation, "guest"), []).append(f"`{generation}`")
    if len(generations) == 1:
        return next(iter(generations))
    return "; ".join(f"{outcome} on {', '.join(names)}" for outcome, names in generations.items())


def word(case: Case, generation: str, user: str) -> str:
    outcome = case.outcome(generation, user)
    return WORDS.get(outcome, f"`{outcome}`")


def endpoints() -> Iterator[str]:
    yield from header("endpoint", *GENERATIONS, "used by")
    for endpoint in sorted(all_endpoints(), key=lambda endpoint: endpoint.action):
        levels = (endpoint.levels.get(generation, "no") for generation in GENERATIONS)
        yield row(f"`{endpoint.action}`", *levels, users(endpoint.action))
    for path, who in PAGES.items():
        yield row(f"`{path}`", *[who] * len(GENERATIONS), users(path))


def users(endpoint: str) -> str:
    if endpoint == LOGIN:
        return "all"
    return ", ".join(module.removeprefix("dragonmint_") for module, used in USES.items() if endpoint in used)


def header(*names: str) -> Iterable[str]:
    return row(*names), "|" + "---|" * len(names) + "\n"


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
