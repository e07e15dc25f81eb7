# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences between the firmware generations. Everything else is the same on all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Generation:
    """One firmware generation; the names are also those of the collection. `built` ends its version."""

    name: str
    built: str
    page: str
    issuer: str
    passwords: dict[str, str]
    modes: tuple[str, ...]
    default_mode: str
    changeable_users: tuple[str, ...]
    history_hours: int
    has_level: bool = False
    any_password_while_default: bool = False
    strips_user_at_login: bool = True
    scales_hashrates: bool = False
    knows_all_types: bool = False
    text_times: bool = False
    average_when_young: bool = True
    always_up_to_date: bool = False
    mode_from_cgminer: bool = False
    cgminer_timeout_s: float = float("inf")
    has_lock: bool = False
    checks_pool_urls: bool = False
    lock_keeps_pools: bool = False
    knows_tls: bool = False
    knows_factory_guest: bool = False


_DRAGONMINT: dict[str, Any] = {
    "page": "dragonmint",
    "issuer": "DragonMint",
    "passwords": {"admin": "dragonadmin", "guest": "dragonguest"},
    "default_mode": "balanced",
    "changeable_users": ("admin", "guest"),
    "history_hours": 5,
}
_INNOSILICON: dict[str, Any] = {
    "page": "asicminer",
    "issuer": "AsicMiner",
    "passwords": {"admin": "admin", "guest": "guest"},
    "modes": ("efficient", "balanced", "factory", "performance"),
    "default_mode": "factory",
    "changeable_users": ("admin",),
    "history_hours": 24,
    "has_level": True,
    "strips_user_at_login": False,
    "scales_hashrates": True,
}
_LATER_INNOSILICON: dict[str, Any] = {
    **_INNOSILICON,
    "cgminer_timeout_s": 10.0,
    "has_lock": True,
    "checks_pool_urls": True,
    "knows_factory_guest": True,
}

GENERATIONS = {
    generation.name: generation
    for generation in (
        Generation(
            name="dm-2018-04",
            built="20180409_152051",
            modes=("off", "efficient", "balanced", "performance"),
            text_times=True,
            average_when_young=False,
            always_up_to_date=True,
            mode_from_cgminer=True,
            **_DRAGONMINT,
        ),
        Generation(
            name="dm-2018-05",
            built="20180515_060842",
            modes=("efficient", "balanced", "factory", "performance"),
            **_DRAGONMINT,
        ),
        # The one of early June: before it scales hash rates, and after the first weeks with other passwords.
        Generation(
            name="inno-2018-05",
            built="20180605_101010",
            **{
                **_INNOSILICON,
                "page": "innominer",
                "issuer": "InnoMiner",
                "default_mode": "balanced",
                "changeable_users": ("admin", "guest"),
                "has_level": False,
                "scales_hashrates": False,
            },
        ),
        Generation(
            name="inno-2018-08",
            built="20180801_101010",
            any_password_while_default=True,
            **_INNOSILICON,
        ),
        Generation(
            name="inno-2018-09",
            built="20180829_101010",
            **_LATER_INNOSILICON,
        ),
        # Its programs are not public: this is what its web pages expect, and what they don't use it may still have. Its
        # title and issuer are guesses.
        Generation(
            name="inno-2019",
            built="20190528_101010",
            knows_all_types=True,
            lock_keeps_pools=True,
            knows_tls=True,
            **_LATER_INNOSILICON,
        ),
    )
}
ALL = frozenset(GENERATIONS)
# The T1 firmwares of most tests, in turn; the others are named where they matter.
MIXED = ("dm-2018-04", "dm-2018-05", "inno-2018-08", "inno-2018-09")


def since(first: str) -> frozenset[str]:
    """The names of this generation and of the later ones of its maker."""
    maker = first.partition("-")[0]
    names = [name for name in GENERATIONS if name.partition("-")[0] == maker]
    return frozenset(names[names.index(first) :])


def generations_of(text: str) -> list[Generation]:
    """The generations of miners, in turn: those named, `mixed`, or `all`. KeyError for any other name."""
    names = {"mixed": MIXED, "all": tuple(GENERATIONS)}.get(text) or text.split(",")
    return [GENERATIONS[name] for name in names]


# The pages that accept firmware.
UPDATES = frozenset({"/upgrade/upload", "/upgrade/download"})
