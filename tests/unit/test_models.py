# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of models, and what it and the user's own ratings lead to expect of a miner."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire import models
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.models import (
    MODELS,
    MODES,
    Expected,
    Model,
    model_of,
    own_ratings,
    rating_of,
)

from tests.models import PAGE, page

TOO_LITTLE = "is too little power to hash. Set watts in W, at the wall."
KW = "For 1.3 kW, set watts: 1300."
SOLS = "which is not plausible for Equihash. Check the units: watts is in W, hashrate_hs in Sol/s."
UNITS = "which is not plausible for SHA-256. Check the units: watts is in W, hashrate_hs in"
CERTAINTIES = {models.RAN, models.REC, models.READ, models.SAID, models.ESTIMATED, models.MEM}


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def model(request: pytest.FixtureRequest) -> Model:
    return request.param


@pytest.mark.parametrize("reported", ["T2T+", "t2t+", " T2T+\n", "T2 T+"])
def test_a_type_is_found_whatever_its_case_and_blanks(reported: str) -> None:
    found = model_of(reported)
    assert found is not None
    assert found.type == "T2T+"


@pytest.mark.parametrize("reported", [None, "", " ", "17", "A9", "T9"])
def test_a_type_that_is_not_in_the_table_is_no_model(reported: str | None) -> None:
    assert model_of(reported) is None


@pytest.mark.parametrize(
    ("type_", "algorithm", "unit", "factor"),
    [
        ("T1", "sha256", "H/s", 1e6),
        ("T2T+", "sha256", "H/s", 1e6),
        ("T3", "sha256", "H/s", None),
        ("A4+", "scrypt", "H/s", 1e6),
        ("A5", "x11", "H/s", 1e6),
        ("A8+", "cryptonight", "H/s", 1e3),
        ("T4", "cryptonight", "H/s", 1e3),
        ("B29+", "equihash", "Sol/s", 1),
        ("A9++", "equihash", "Sol/s", 1),
        ("B29", "blake256r14", "H/s", 1e6),
        ("D9", "blake256r14", "H/s", 1e6),
        ("B52", "blake2b", "H/s", 1e6),
        ("A10X", "ethash", "H/s", None),
        ("A11MX", "ethash", "H/s", 1),
        ("A8P", "ethash", "H/s", None),
    ],
)
def test_what_is_easily_confused(type_: str, algorithm: str, unit: str, factor: float | None) -> None:
    model = MODELS[type_]
    assert (model.algorithm.name, model.algorithm.unit) == (algorithm, unit)
    assert (model.mhs_factor and model.mhs_factor.value) == factor


def test_each_type_is_as_the_lookup_wants_it(model: Model) -> None:
    assert model_of(model.type) is model
    assert models.normal_type(model.type) == model.type


def test_each_figure_says_how_sure_it_is(model: Model) -> None:
    parts = [model.mhs_factor, model.boards, model.chips, model.fans, model.is_counted]
    parts += [model.autotune.works, model.autotune.has_levels]
    parts += [figure for rating in model.ratings for figure in (rating.hashrate_hs, rating.watts)]
    assert {part.certainty for part in parts if part} <= CERTAINTIES


def test_each_factor_is_one_that_the_firmware_knows(model: Model) -> None:
    assert model.mhs_factor is None or model.mhs_factor.value in (1, 1e3, 1e6)


def test_each_model_without_autotune_says_why(model: Model) -> None:
    is_refused = model.autotune.works is not None and not model.autotune.works.value
    assert is_refused == bool(model.autotune.reason)


def test_each_rating_has_a_source_and_is_plausible(model: Model) -> None:
    least, most = model.algorithm.joules
    for rating in model.ratings:
        assert rating.source
        assert rating.mode in (None, *MODES)
        if rating.hashrate_hs and rating.watts:
            assert 4 * least < model.algorithm.joules_per(rating.watts.value, rating.hashrate_hs.value) < most / 4


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make docs writes it again"


@pytest.mark.parametrize(
    ("mode", "ths", "watts", "is_estimated"),
    [
        ("performance", 16.0, 1480.0, False),
        ("factory", 14.5, 1300.0, True),
        ("balanced", 14.5, 1300.0, True),
        ("off", 14.5, 1300.0, True),
        ("efficient", 12.5, 1050.0, True),
    ],
)
def test_a_t1_is_rated_in_each_mode(mode: str, ths: float, watts: float, is_estimated: bool) -> None:
    expected = rating_of("T1", mode)
    assert expected is not None
    assert (expected.hashrate_hs, expected.watts) == (ths * 1e12, watts)
    assert (expected.mode, expected.is_estimated) == (mode, is_estimated)


def test_a_nominal_rating_stands_in_for_each_mode_and_names_none() -> None:
    expected = rating_of("t2t", "efficient")
    assert expected == rating_of("T2T", None)
    assert expected is not None
    assert (expected.hashrate_hs, expected.watts, expected.mode) == (24e12, 1980.0, None)


@pytest.mark.parametrize(
    ("type_", "mode", "why"),
    [
        ("T2", "balanced", "only quoted"),
        ("T3", "balanced", "three variants"),
        ("T2TH", "balanced", "never published"),
        ("T1", None, "by mode only"),
        ("T9", "balanced", "no such model"),
        (None, "balanced", "no type"),
    ],
)
def test_what_is_not_sure_is_not_expected(type_: str | None, mode: str | None, why: str) -> None:
    assert rating_of(type_, mode) is None, why


@pytest.mark.parametrize(("type_", "hashrate_hs"), [("T2TZ", 30e12), ("A8+", 248e3)])
def test_a_figure_that_is_only_quoted_is_left_out_of_a_rating(type_: str, hashrate_hs: float) -> None:
    expected = rating_of(type_, "factory")
    assert expected is not None
    assert (expected.hashrate_hs, expected.watts) == (hashrate_hs, None)


def test_the_users_ratings_are_laid_over_the_table() -> None:
    own = own_ratings(
        {
            "t1": {"balanced": {"hashrate_ths": "14.0", "watts": 1290}, False: {"hashrate_hs": 0, "watts": 5}},
            "B29+": {"nominal": {"hashrate_hs": 51400, "watts": 640}},
            "T9": {"algorithm": "sha256", "balanced": {"hashrate_ths": 20, "watts": 1700}},
        }
    )
    assert rating_of("T1", "balanced", own) == Expected(14e12, 1290.0, "balanced", False, "dragonmint_ratings")
    assert rating_of("T1", "off", own) == Expected(0.0, 5.0, "off", False, "dragonmint_ratings")
    assert rating_of("T1", "performance", own) == rating_of("T1", "performance")
    assert rating_of("B29+", "factory", own) == Expected(51400.0, 640.0, None, False, "dragonmint_ratings")
    assert rating_of("T9", "balanced", own) == Expected(20e12, 1700.0, "balanced", False, "dragonmint_ratings")


@pytest.mark.parametrize("table", [None, "", {}, {"T1": {}}])
def test_no_ratings_of_the_users_are_no_mistake(table: Any) -> None:
    assert rating_of("T1", "balanced", own_ratings(table)) == rating_of("T1", "balanced")


def rated(type_: str, **entry: Any) -> dict[str, Any]:
    return {type_: {"balanced": entry}}


A_RATING = {"balanced": {"hashrate_hs": 5e4, "watts": 620}}
NOT_KNOWN = r"in dragonmint_ratings is not a known type\."


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([], r"^dragonmint_ratings must be a dictionary; found '\[\]'\. A rating looks like this"),
        ({"T1": 14.5}, r"^dragonmint_ratings\.T1 must be a dictionary; found '14\.5'"),
        ({"T1": {"balanced": 14}}, r"^dragonmint_ratings\.T1\.balanced must be a dictionary; found '14'"),
        ({"T1": {"eficient": {}}}, r"^'eficient' in dragonmint_ratings\.T1 is not an autotune mode\. Use performance"),
        ({"T1": {}, "t1 ": {}}, r"has the type 'T1' twice"),
        (rated("T1", watts=1290), r"must have watts and either hashrate_hs or hashrate_ths.*found 'watts'"),
        (rated("T1", hashrate_ths=14, watt=1290), r"found 'hashrate_ths, watt'"),
        (rated("T1", hashrate_ths=14, hashrate_hs=14e12, watts=1290), r"nothing else; found"),
        (rated("T1", hashrate_ths=14, watts=1290, volts=230), r"nothing else; found 'hashrate_ths, volts, watts'"),
        (rated("T1", hashrate_ths="fast", watts=1290), r"\.hashrate_ths must be a number, 0 or more; found 'fast'"),
        (rated("T1", hashrate_ths=-1, watts=1290), r"found '-1'"),
        (rated("T1", hashrate_ths=float("nan"), watts=1290), r"found 'nan'"),
        (rated("T1", hashrate_ths=14, watts=float("inf")), r"\.watts must be a number, 0 or more; found 'inf'"),
        (rated("T1", hashrate_ths=14, watts=True), r"found 'True'"),
        (rated("B29+", hashrate_ths=0.05, watts=620), r"only; the type B29\+ mines Equihash\. Give .*, in Sol/s"),
        ({"B29++": A_RATING}, rf"^'B29\+\+' {NOT_KNOWN} Did you mean 'B29\+'\? Use the type that the miner reports"),
        ({"A9 ZMaster": A_RATING}, rf"^'A9ZMASTER' {NOT_KNOWN} Did you mean 'B29\+'\?"),
        ({"Q1": {}}, rf"^'Q1' {NOT_KNOWN} Use .* add what it mines: dragonmint_ratings: {{Q1: {{algorithm: sha256, "),
        ({"Q1": {"algorithm": "sha", **A_RATING}}, r"\.Q1\.algorithm is 'sha', expected one of sha256, scrypt, "),
        ({"Q1": {"algorithm": "equihash", "off": {"hashrate_ths": 1, "watts": 620}}}, r"Q1 mines Equihash\. Give hash"),
        ({"Q1": {"algorithm": "sha256", **A_RATING}}, r"comes to more than 500 J/TH"),
        ({"B29+": {"algorithm": "ethash", **A_RATING}}, r"is 'ethash', but miners of this type mine equihash\. Leave"),
    ],
)
def test_a_table_of_another_shape_is_refused(table: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        own_ratings(table)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            rated("T1", hashrate_ths=14.5, watts=1.3),
            f"'hashrate_ths 14.5, watts 1.3' {TOO_LITTLE} {KW}",
        ),
        (rated("B29+", hashrate_hs=5e4, watts=0), f"'hashrate_hs 50000.0, watts 0' {TOO_LITTLE}"),
        (
            rated("T1", hashrate_ths=14500, watts="1300"),
            f"'hashrate_ths 14500, watts 1300' comes to less than 10 J/TH, {UNITS} H/s, hashrate_ths in TH/s.",
        ),
        (
            rated("T1", hashrate_hs=14.5, watts=1300),
            f"'hashrate_hs 14.5, watts 1300' comes to more than 500 J/TH, {UNITS} H/s, hashrate_ths in TH/s.",
        ),
        (
            rated("B29+", hashrate_hs=51.4, watts=620),
            f"'hashrate_hs 51.4, watts 620' comes to more than 100 J/kSol, {SOLS}",
        ),
    ],
)
def test_a_rating_in_the_wrong_unit_is_refused(table: Any, message: str) -> None:
    (type_,) = table
    with pytest.raises(InvalidInput) as refused:
        own_ratings(table)
    assert str(refused.value) == f"dragonmint_ratings.{type_}.balanced: {message}"


def test_each_wrong_power_of_a_thousand_is_found(model: Model) -> None:
    """Whatever the algorithm: kW for W, and each wrong prefix of the hash rate."""
    for rating in model.ratings:
        if rating.hashrate_hs and rating.watts:
            rate, watts = rating.hashrate_hs.value, rating.watts.value
            own_ratings(rated(model.type, hashrate_hs=rate, watts=watts))
            for wrong in ({"watts": watts / 1000}, {"hashrate_hs": rate / 1000}, {"hashrate_hs": rate * 1000}):
                with pytest.raises(InvalidInput, match=r"^dragonmint_ratings\."):
                    own_ratings(rated(model.type, **{"hashrate_hs": rate, "watts": watts, **wrong}))
