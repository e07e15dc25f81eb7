# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of each model that runs this firmware: algorithm, parts, unit of its reported rate, ratings.

:data:`MODELS` is the table; docs/models.md is generated from it. Rates are in the base unit of the algorithm: H/s, or
Sol/s for algorithms that search for solutions. Each figure states its source, and unknown values are None: a figure
that nobody read, recorded or published must not get into a fact, a finding or a plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput

# How reliable a figure is: seen on the real programs, recorded from a real unit, read in source code, published by the
# maker, a shop or another tool; estimated here from such figures; quoted everywhere without a source that could be
# checked.
RAN, REC, READ, SAID, ESTIMATED, MEM = "ran", "rec", "read", "said", "estimated", "mem"

# Controller boards, as firmware archives name them: a Zynq, and the hub board of the later models.
G19, SOC = "g19", "soc"
# A hashing miner draws more than this; smaller values are in kW.
MIN_WATTS = 50.0

T = TypeVar("T")


@dataclass(frozen=True)
class Figure(Generic[T]):
    """A value, and how reliable it is (one of the words above)."""

    value: T
    certainty: str


@dataclass(frozen=True)
class Algorithm:
    """What a miner computes. ``name`` is for facts, ``title`` for people, ``unit`` the base unit of its rates.

    ``joules`` are the lowest and highest plausible energy in J for ``per`` hashes or solutions. The bounds are a factor
    of ten beyond what these models need: they detect a wrong unit, not a poor miner.
    """

    name: str
    title: str
    joules: tuple[float, float]
    per: float
    per_title: str
    unit: str = "H/s"

    def joules_per(self, watts: float, rate: float) -> float:
        """Returns the joules for ``per`` hashes or solutions, from a power in W and a rate in base units."""
        return watts / rate * self.per


@dataclass(frozen=True)
class Autotune:
    """Whether a model's cgminer applies the autotune mode, and its level. None: unknown.

    ``reason`` says why it does not.
    """

    works: Figure[bool] | None = None
    has_levels: Figure[bool] | None = None
    reason: str = ""


NOT_KNOWN = Autotune()


@dataclass(frozen=True)
class Rating:
    """The rate of a miner in base units and its power at the wall in W, with the source of both.

    ``mode`` is the autotune mode; None for a nominal rating whose mode is unknown.
    """

    hashrate_hs: Figure[float] | None
    watts: Figure[float] | None
    source: str
    mode: str | None = None


@dataclass(frozen=True)
class Model:
    """A model, by the ``type`` that its firmware reports; ``name`` is its sales name, where that differs.

    ``mhs_factor`` converts cgminer's "MHS" fields to base units; None if only the firmware knows it. ``chips`` is the
    number per board. ``is_counted`` is False if the rate is calculated from the clock rather than from results, so that
    it proves nothing. If there are several nominal ratings, the type does not determine which one applies.
    """

    type: str
    algorithm: Algorithm
    name: str | None = None
    controller: str | None = None
    mhs_factor: Figure[float] | None = None
    boards: Figure[int] | None = None
    chips: Figure[int] | None = None
    fans: Figure[int] | None = None
    is_counted: Figure[bool] | None = None
    autotune: Autotune = NOT_KNOWN
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True)
class Expected:
    """What to expect of a miner: a rate in base units and W, None where no reliable figure is known.

    ``mode`` is None if the rating is for no particular mode: then it does not show what a change of the mode would
    save. ``is_estimated`` is shown to people.
    """

    hashrate_hs: float | None
    watts: float | None
    mode: str | None
    is_estimated: bool
    source: str


OwnRatings = Mapping[str, Mapping[str, Expected]]


def model_of(type_: str | None) -> Model | None:
    """Returns the model of a type as a miner reports it, ignoring case and blanks. None if it is unknown."""
    return MODELS.get(normal_type(type_ or ""))


def normal_type(text: str) -> str:
    """Returns a type as spelt in the table."""
    return "".join(text.split()).upper()


def rating_of(type_: str | None, mode: str | None, own: OwnRatings | None = None) -> Expected | None:
    """Returns what to expect of a miner in an autotune mode; the user's ratings come first. None if nothing is known.

    Nominal ratings are used for modes without a rating of their own.
    """
    mine = (own or {}).get(normal_type(type_ or ""), {})
    candidates = [mine.get(mode or NOMINAL), mine.get(NOMINAL)]
    model = model_of(type_)
    if model:
        candidates += [_expected(model, mode), _expected(model, None)]
    return next((expected for expected in candidates if expected), None)


def own_ratings(table: Any) -> OwnRatings:
    """Returns the ratings that a user sets in the variable dragonmint_ratings, by type and mode.

    ``table`` maps a type to modes ("nominal" for all other modes), and each mode to ``watts`` and the hash rate:
    ``hashrate_hs`` in base units, or ``hashrate_ths`` for SHA-256. A type that is missing in the table of models also
    needs its ``algorithm`` next to the modes. Raises InvalidInput for anything else, and for a rating so far from what
    the algorithm takes that a unit must be wrong.
    """
    found: dict[str, dict[str, Expected]] = {}
    for key, entries in _entries("dragonmint_ratings", {} if table in (None, "") else table):
        type_, where = normal_type(key), f"dragonmint_ratings.{key}"
        if type_ in found:
            raise InvalidInput(f"dragonmint_ratings has the type '{type_}' twice. Merge the two entries.")
        modes = dict(_entries(where, entries))
        algorithm = _algorithm_of(where, type_, modes.pop("algorithm", None))
        found[type_] = {}
        for mode, entry in modes.items():
            if mode not in (*MODES, NOMINAL):
                raise InvalidInput(
                    f"'{mode}' in {where} is not an autotune mode. Use {', '.join(MODES)}, or {NOMINAL} for all modes "
                    "that have no rating of their own."
                )
            found[type_][mode] = _own_rating(
                f"{where}.{mode}", dict(_entries(f"{where}.{mode}", entry)), type_, mode, algorithm
            )
    return found


def _expected(model: Model, mode: str | None) -> Expected | None:
    ratings = [rating for rating in model.ratings if rating.mode == mode]
    if len(ratings) != 1:
        return None
    figures = [ratings[0].hashrate_hs, ratings[0].watts]
    hashrate, watts = (figure.value if figure and figure.certainty != MEM else None for figure in figures)
    if hashrate is None and watts is None:
        return None
    is_estimated = any(figure is not None and figure.certainty == ESTIMATED for figure in figures)
    return Expected(hashrate, watts, mode, is_estimated, ratings[0].source)


def _entries(where: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise InvalidInput(
            f"{where} must be a dictionary; found '{value}'. "
            "A rating looks like this: dragonmint_ratings: {T1: {balanced: {hashrate_ths: 14.4, watts: 1335}}}."
        )
    # YAML reads a bare off as false.
    return [("off" if key is False else str(key), entry) for key, entry in value.items()]


def _algorithm_of(where: str, type_: str, given: Any) -> Algorithm:
    """The algorithm of a type. The user has to give it for an unknown type, which may be new or misspelt."""
    model = MODELS.get(type_)
    if model is None and given in ALGORITHMS:
        return ALGORITHMS[given]
    if model and given in (None, model.algorithm.name):
        return model.algorithm
    if model:
        raise InvalidInput(
            f"{where}.algorithm is '{given}', but miners of this type mine {model.algorithm.name}. Leave algorithm out."
        )
    if given is None:
        sold = next((known.type for known in MODELS.values() if known.name and normal_type(known.name) == type_), None)
        nearest = [sold] if sold else get_close_matches(type_, MODELS, 1)
        hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
        raise InvalidInput(
            f"'{type_}' in dragonmint_ratings is not a known type.{hint} Use the type that the miner reports "
            "(dragonmint_identity.type). If the collection does not know that one, add what it mines: "
            f"dragonmint_ratings: {{{type_}: {{algorithm: {SHA256.name}, …}}}}."
        )
    raise InvalidInput(f"{where}.algorithm is '{given}', expected one of {', '.join(ALGORITHMS)}.")


def _own_rating(where: str, entry: Mapping[str, Any], type_: str, mode: str, algorithm: Algorithm) -> Expected:
    rates = [name for name in _RATE_UNITS if name in entry]
    unknown = set(entry) - {*_RATE_UNITS, "watts"}
    if unknown or len(rates) != 1 or "watts" not in entry:
        raise InvalidInput(
            f"{where} must have watts and either {' or '.join(_RATE_UNITS)}, and nothing else; "
            f"found '{', '.join(sorted(entry))}'."
        )
    if algorithm != SHA256 and rates == ["hashrate_ths"]:
        raise InvalidInput(
            f"{where} has hashrate_ths, which is for SHA-256 only; the type {type_} mines {algorithm.title}. "
            f"Give hashrate_hs, in {algorithm.unit}."
        )
    given, watts = (_amount(f"{where}.{name}", entry[name]) for name in (rates[0], "watts"))
    hashrate = given * _RATE_UNITS[rates[0]]
    if hashrate:
        _require_plausible(where, algorithm, hashrate, watts, f"{rates[0]} {entry[rates[0]]}, watts {entry['watts']}")
    return Expected(hashrate, watts, None if mode == NOMINAL else mode, False, OF_USER)


def _amount(where: str, value: Any) -> float:
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < math.inf:
        raise InvalidInput(f"{where} must be a number, 0 or more; found '{value}'.")
    return number


def _require_plausible(where: str, algorithm: Algorithm, hashrate: float, watts: float, given: str) -> None:
    if watts < MIN_WATTS:
        hint = f" For {watts:g} kW, set watts: {1000 * watts:g}." if watts else ""
        raise InvalidInput(f"{where}: '{given}' is too little power to hash. Set watts in W, at the wall.{hint}")
    least, most = algorithm.joules
    joules = algorithm.joules_per(watts, hashrate)
    if least <= joules <= most:
        return
    bound = f"less than {least:g}" if joules < least else f"more than {most:g}"
    raise InvalidInput(
        f"{where}: '{given}' comes to {bound} J/{algorithm.per_title}, which is not plausible for {algorithm.title}. "
        f"Check the units: watts is in W, hashrate_hs in {algorithm.unit}"
        f"{', hashrate_ths in TH/s' if algorithm == SHA256 else ''}."
    )


_RATE_UNITS = {"hashrate_hs": 1.0, "hashrate_ths": 1e12}

SHA256 = Algorithm("sha256", "SHA-256", (10, 500), 1e12, "TH")
SCRYPT = Algorithm("scrypt", "scrypt", (0.1, 10), 1e6, "MH")
X11 = Algorithm("x11", "X11", (3, 250), 1e9, "GH")
CRYPTONIGHT = Algorithm("cryptonight", "CryptoNight", (0.2, 20), 1e3, "kH")
EQUIHASH = Algorithm("equihash", "Equihash", (1, 100), 1e3, "kSol", unit="Sol/s")
BLAKE256 = Algorithm("blake256r14", "Blake256 (Decred)", (0.05, 4), 1e9, "GH")
BLAKE2B = Algorithm("blake2b", "Blake2b (Sia)", (0.03, 3), 1e9, "GH")
ETHASH = Algorithm("ethash", "Ethash", (0.2, 20), 1e6, "MH")
ALGORITHMS = {each.name: each for each in (SHA256, SCRYPT, X11, CRYPTONIGHT, EQUIHASH, BLAKE256, BLAKE2B, ETHASH)}

_LIST = "list of asicminervalue.com, October 2019"
_TABLES = "tables of pools and shops"
_A11_PRO = "a shop, for the A11 Pro; two units were seen at 1.31 and 1.35 GH/s"
_QUOTED = "often quoted"
_ESTIMATE = "estimated from the maker's figures: power falls a little faster than the hash rate"

_READ_MODES = Autotune(works=Figure(True, READ))
_SAID_MODES = Autotune(works=Figure(True, SAID))
_WITHOUT_MODES = Autotune(
    Figure(False, READ),
    Figure(False, READ),
    "its cgminer does not know the autotune modes: setting one restarts mining and changes nothing",
)
_DEAD_MODES = Autotune(
    Figure(False, READ),
    Figure(False, READ),
    "its cgminer takes the autotune modes and ignores them: setting one restarts mining and changes nothing",
)


def _nominal(
    hashrate_hs: Figure[float] | None, watts: Figure[float] | None = None, source: str = _LIST
) -> tuple[Rating, ...]:
    return (Rating(hashrate_hs, watts, source),)


_T1_RATINGS = (
    Rating(Figure(16e12, SAID), Figure(1480.0, SAID), "the maker", "performance"),
    Rating(Figure(14.5e12, ESTIMATED), Figure(1300.0, ESTIMATED), _ESTIMATE, "factory"),
    Rating(Figure(14.5e12, REC), Figure(1300.0, ESTIMATED), f"recorded; power {_ESTIMATE}", "balanced"),
    Rating(Figure(14.5e12, ESTIMATED), Figure(1300.0, ESTIMATED), _ESTIMATE, "off"),
    Rating(Figure(12.5e12, ESTIMATED), Figure(1050.0, ESTIMATED), _ESTIMATE, "efficient"),
)
# The T1 has every mode that exists.
MODES = tuple(rating.mode for rating in _T1_RATINGS if rating.mode)
NOMINAL = "nominal"
# The source of figures that the user gave.
OF_USER = "dragonmint_ratings"

_T2_TURBO = Model(
    "T2T",
    SHA256,
    controller=SOC,
    mhs_factor=Figure(1e6, SAID),
    boards=Figure(3, SAID),
    fans=Figure(3, SAID),
    autotune=_SAID_MODES,
)
_D9 = Model(
    "D9",
    BLAKE256,
    name="D9 DecredMaster",
    controller=G19,
    mhs_factor=Figure(1e6, READ),
    boards=Figure(3, READ),
    chips=Figure(51, READ),
    is_counted=Figure(False, READ),
    autotune=_WITHOUT_MODES,
    ratings=(
        Rating(Figure(2.1e12, MEM), Figure(900.0, MEM), _QUOTED),
        Rating(Figure(2.4e12, MEM), Figure(1000.0, MEM), _QUOTED),
    ),
)
_S11 = Model(
    "S11",
    BLAKE2B,
    name="S11 SiaMaster",
    controller=G19,
    mhs_factor=Figure(1e6, READ),
    boards=Figure(3, READ),
    chips=Figure(45, READ),
    is_counted=Figure(False, READ),
    autotune=_WITHOUT_MODES,
    ratings=_nominal(Figure(4.3e12, MEM), Figure(1350.0, MEM), _QUOTED),
)
_A8 = Model(
    "A8",
    CRYPTONIGHT,
    mhs_factor=Figure(1e3, READ),
    autotune=_WITHOUT_MODES,
    ratings=_nominal(Figure(160e3, MEM), Figure(350.0, MEM), _QUOTED),
)
# That their MHS fields are in H/s, as on an A11, is likely but not confirmed.
_A10 = Model("A10", ETHASH, boards=Figure(3, SAID), fans=Figure(2, SAID))
_A11 = Model(
    "A11",
    ETHASH,
    mhs_factor=Figure(1.0, SAID),
    boards=Figure(4, REC),
    chips=Figure(8, SAID),
    fans=Figure(2, SAID),
    ratings=_nominal(Figure(1.5e9, SAID), Figure(2350.0, SAID), _A11_PRO),
)
_A8P = Model("A8P", ETHASH)

MODELS: Mapping[str, Model] = {
    model.type: model
    for model in (
        Model(
            "T1",
            SHA256,
            controller=G19,
            mhs_factor=Figure(1e6, RAN),
            boards=Figure(3, REC),
            chips=Figure(63, REC),
            autotune=_READ_MODES,
            ratings=_T1_RATINGS,
        ),
        Model(
            "T2",
            SHA256,
            controller=G19,
            mhs_factor=Figure(1e6, READ),
            boards=Figure(3, MEM),
            autotune=_READ_MODES,
            ratings=_nominal(Figure(17.2e12, MEM), Figure(1570.0, MEM), _QUOTED),
        ),
        replace(
            _T2_TURBO,
            name="T2T-24T",
            chips=Figure(93, SAID),
            ratings=_nominal(Figure(24e12, SAID), Figure(1980.0, SAID)),
        ),
        replace(_T2_TURBO, type="T2TI", name="T2Ti-25T", ratings=_nominal(Figure(25e12, SAID), Figure(2050.0, SAID))),
        replace(_T2_TURBO, type="T2TS", name="T2Ts-26T", ratings=_nominal(Figure(26e12, SAID))),
        replace(_T2_TURBO, type="T2TZ", name="T2Tz-30T", ratings=_nominal(Figure(30e12, SAID), Figure(2200.0, MEM))),
        replace(_T2_TURBO, type="T2T+", ratings=_nominal(Figure(32e12, SAID), Figure(2200.0, SAID))),
        replace(_T2_TURBO, type="T2TH"),
        replace(_T2_TURBO, type="T2TH+"),
        replace(_T2_TURBO, type="T2THF"),
        replace(_T2_TURBO, type="T2THF+"),
        replace(_T2_TURBO, type="T2THL+"),
        replace(_T2_TURBO, type="T2THM"),
        Model(
            "T3",
            SHA256,
            name="T3 BTCMiner",
            controller=SOC,
            # Other tools disagree on whether its MHS fields are MH/s or kH/s.
            mhs_factor=None,
            boards=Figure(3, SAID),
            autotune=replace(_SAID_MODES, has_levels=Figure(True, SAID)),
            ratings=(
                Rating(Figure(39e12, SAID), Figure(2150.0, SAID), _LIST),
                Rating(Figure(43e12, SAID), Figure(2100.0, SAID), _LIST),
                Rating(Figure(50e12, SAID), Figure(3100.0, SAID), _LIST),
            ),
        ),
        Model(
            "T3+",
            SHA256,
            controller=SOC,
            mhs_factor=Figure(1e6, SAID),
            boards=Figure(3, SAID),
            fans=Figure(3, SAID),
            autotune=_SAID_MODES,
            ratings=(
                Rating(Figure(52e12, SAID), None, f"{_LIST}; its power figures vary from 2200 to 2800 W"),
                Rating(Figure(57e12, SAID), Figure(3300.0, SAID), _TABLES),
            ),
        ),
        Model(
            "T3H+",
            SHA256,
            controller=SOC,
            mhs_factor=Figure(1e6, SAID),
            boards=Figure(3, SAID),
            chips=Figure(114, SAID),
            autotune=_SAID_MODES,
        ),
        Model(
            "A4",
            SCRYPT,
            mhs_factor=Figure(1e6, REC),
            boards=Figure(4, REC),
            chips=Figure(20, REC),
            ratings=_nominal(Figure(274e6, REC), None, "recorded from one unit"),
        ),
        Model(
            "A4+",
            SCRYPT,
            mhs_factor=Figure(1e6, READ),
            is_counted=Figure(False, READ),
            autotune=_DEAD_MODES,
            ratings=_nominal(Figure(620e6, SAID), Figure(720.0, SAID)),
        ),
        Model(
            "A5",
            X11,
            controller=G19,
            mhs_factor=Figure(1e6, READ),
            is_counted=Figure(True, READ),
            autotune=_WITHOUT_MODES,
            ratings=_nominal(Figure(30.2e9, MEM), Figure(750.0, MEM), _QUOTED),
        ),
        Model(
            "A5+",
            X11,
            mhs_factor=Figure(1e6, READ),
            is_counted=Figure(True, READ),
            ratings=_nominal(Figure(65e9, MEM), Figure(1500.0, MEM), _QUOTED),
        ),
        Model(
            "A6",
            SCRYPT,
            controller=G19,
            mhs_factor=Figure(1e6, READ),
            boards=Figure(8, MEM),
            chips=Figure(64, MEM),
            is_counted=Figure(False, READ),
            autotune=_DEAD_MODES,
            ratings=_nominal(Figure(1.23e9, MEM), Figure(1500.0, MEM), _QUOTED),
        ),
        Model(
            "A6+",
            SCRYPT,
            mhs_factor=Figure(1e6, SAID),
            is_counted=Figure(False, READ),
            ratings=_nominal(Figure(2.2e9, MEM), Figure(2100.0, MEM), _QUOTED),
        ),
        _A8,
        replace(_A8, type="T4", name="A8", mhs_factor=Figure(1e3, SAID)),
        replace(
            _A8,
            type="A8+",
            controller=G19,
            is_counted=Figure(True, READ),
            ratings=_nominal(Figure(248e3, SAID), Figure(480.0, MEM), "a shop; power often quoted"),
        ),
        Model(
            "B29+",
            EQUIHASH,
            name="A9 ZMaster",
            controller=G19,
            mhs_factor=Figure(1.0, RAN),
            boards=Figure(3, REC),
            chips=Figure(12, REC),
            ratings=_nominal(Figure(50e3, SAID), Figure(620.0, SAID), "the maker"),
        ),
        Model(
            "A9+",
            EQUIHASH,
            name="A9+ ZMaster",
            controller=G19,
            mhs_factor=Figure(1.0, SAID),
            boards=Figure(3, SAID),
            autotune=_SAID_MODES,
        ),
        Model(
            "A9++",
            EQUIHASH,
            mhs_factor=Figure(1.0, SAID),
            boards=Figure(3, SAID),
            ratings=_nominal(Figure(140e3, SAID), Figure(1550.0, SAID), _TABLES),
        ),
        _D9,
        replace(_D9, type="B29", name="DragonMint B29 (D9)"),
        _S11,
        replace(_S11, type="B52", name="DragonMint B52 (S11)"),
        _A10,
        replace(_A10, type="A10L", name="A10 5 GB"),
        replace(_A10, type="A10U", name="A10 6 GB"),
        replace(
            _A10,
            type="A10S",
            name="A10 720M 6 GB",
            ratings=_nominal(Figure(720e6, SAID), None, "its sales name"),
        ),
        replace(
            _A10,
            type="A10X",
            name="A10 720M 7 GB",
            ratings=_nominal(Figure(720e6, SAID), None, "its sales name"),
        ),
        _A11,
        replace(_A11, type="A11M"),
        replace(_A11, type="A11MX", mhs_factor=Figure(1.0, REC)),
        _A8P,
        replace(_A8P, type="A8PM"),
        replace(_A8P, type="A8PMX"),
    )
}
