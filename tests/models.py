# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/models.md (make docs) from the table of models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import (
    ESTIMATED,
    MEM,
    MODELS,
    NOMINAL,
    Figure,
    Model,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.rates import in_unit

from tests.endpoints import header, row

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
HEAD = """\
# Models

Written by `make docs` from `plugins/module_utils/_wire/models.py`.

The type is what the firmware reports; the fact `dragonmint_identity.type` shows it. An empty cell means that nothing
reliable is known. A figure with a question mark is often quoted, but no source was found to check it against, and the
collection does not use it.

## What each model is

- **Controller**: the controller board, as firmware archives name it.
- **MHS fields**: the unit of cgminer's "MHS" fields. If it is not known, the hash rate is known only from firmware that
  also reports it in H/s.
- **Rate**: `counted` from the results that the boards find, or calculated from the `clock`. A rate calculated from the
  clock does not prove mining, since it does not drop when a board finds nothing. Check the shares instead. The fact
  `dragonmint_mining.is_rate_counted` is false on these models.
- **Autotune**: whether cgminer acts on the mode. On a model with `no`, setting a mode restarts mining and changes
  nothing. `with levels`: its modes are known to have levels.

"""
RATINGS_HEAD = """
A T4 is an A8, and a B29+ is an A9. An A8P is not an A8+. The DragonMint B29 and B52 are the Innosilicon D9 and S11.

## Ratings

The hash rate of a miner, and its power at the wall. Only the T1 has ratings for each autotune mode; a nominal rating
belongs to no mode in particular. A type with several nominal ratings was sold in several variants, which report the
same type, so the collection uses none of them. Measure your own miners and set `dragonmint_ratings`, as
[the role health](../roles/health/README.md) shows.

"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(models()) + RATINGS_HEAD + "".join(ratings())


def models() -> Iterator[str]:
    parts = ("controller", "boards", "chips a board", "fans")
    yield from header("type", "sold as", "algorithm", *parts, "MHS fields", "rate", "autotune")
    for model in MODELS.values():
        yield row(
            f"`{model.type}`",
            model.name or "",
            model.algorithm.title,
            model.controller or "",
            count(model.boards),
            count(model.chips),
            count(model.fans),
            mhs_unit(model),
            "" if model.is_counted is None else ("counted" if model.is_counted.value else "clock"),
            autotune(model),
        )


def ratings() -> Iterator[str]:
    yield from header("type", "mode", "hash rate", "power", "source")
    for model in MODELS.values():
        for rating in model.ratings:
            rate, watts = rating.hashrate_hs, rating.watts
            yield row(
                f"`{model.type}`",
                f"`{rating.mode}`" if rating.mode else NOMINAL,
                marked(rate, in_unit(rate.value, model.algorithm.unit)) if rate else "",
                marked(watts, f"{watts.value:g} W") if watts else "",
                rating.source,
            )


def count(figure: Figure[int] | None) -> str:
    return marked(figure, str(figure.value)) if figure else ""


def mhs_unit(model: Model) -> str:
    return in_unit(model.mhs_factor.value, model.algorithm.unit).removeprefix("1 ") if model.mhs_factor else ""


def autotune(model: Model) -> str:
    works, levels = model.autotune.works, model.autotune.has_levels
    if works is None:
        return ""
    if not works.value:
        return "no"
    return "yes, with levels" if levels and levels.value else "yes"


def marked(figure: Figure[int] | Figure[float], text: str) -> str:
    """A figure as the page shows it, with its reliability."""
    return {ESTIMATED: f"about {text}", MEM: f"{text} ?"}.get(figure.certainty, text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
