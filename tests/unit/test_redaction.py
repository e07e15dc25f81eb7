# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret leaks in any form, and everything else stays readable."""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._redaction import (
    MASK,
    mask_options,
    mask_url,
    scrub,
    secrets_in,
)

PLAIN = "secret-9"
AWKWARD = 'p/ä ss"wö\\rd&=+%'


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("secret", [PLAIN, AWKWARD], ids=["plain", "awkward"])
@pytest.mark.parametrize(
    "form",
    [
        str,
        encoded,
        lambda secret: quote(secret, safe=""),
        quote_plus,
        lambda secret: urlencode({"Password1": secret}),
        json.dumps,
        repr,
        lambda secret: encoded(f"admin:{secret}"),
    ],
    ids=["itself", "base64", "quote", "quote plus", "form", "json", "repr", "basic"],
)
@pytest.mark.parametrize(
    "options",
    [
        lambda secret: {"password": secret},
        lambda secret: {"fallback_passwords": ["x", secret]},
        lambda secret: {"new_password": secret},
        lambda secret: {"pools": [{"url": "u", "password": "x"}, {"url": "u", "password": secret}]},
    ],
    ids=["login", "fallback", "new", "pool"],
)
def test_a_secret_is_masked_in_each_form(options: Any, form: Any, secret: str) -> None:
    given = {"username": "admin", "host": "10.1.0.25", **options(secret)}
    text = f"before {form(secret)} after"
    scrubbed = scrub({"msg": text}, secrets_in(given))["msg"]
    assert MASK in scrubbed
    assert form(secret) not in scrubbed
    assert scrubbed.startswith("before ")
    assert scrubbed.endswith(" after")


def test_secrets_are_masked_at_any_depth_and_in_keys() -> None:
    result = {"a": [{"b": ({PLAIN: f"<{PLAIN}>"},)}], "n": 1, "none": None, "yes": True, "f": 0.5}
    assert scrub(result, secrets_in({"password": PLAIN})) == {
        "a": [{"b": [{MASK: f"<{MASK}>"}]}],
        "n": 1,
        "none": None,
        "yes": True,
        "f": 0.5,
    }


def test_of_two_secrets_the_longer_one_is_masked_whole() -> None:
    secrets = secrets_in({"password": PLAIN, "fallback_passwords": [f"{PLAIN}-and-more"]})
    assert scrub(f"{PLAIN}-and-more, {PLAIN}", secrets) == f"{MASK}, {MASK}"


@pytest.mark.parametrize("short", ["x", "admin", "1234567"])
def test_a_short_password_does_not_garble_the_rest(short: str) -> None:
    options = {"username": "admin", "password": short, "pools": [{"password": "x"}]}
    text = "example.example: admin mined 1234567 x"
    assert scrub(text, secrets_in(options)) == text


def test_a_short_password_is_masked_within_the_login() -> None:
    options = {"username": "guest", "password": "x"}
    assert scrub("Basic Z3Vlc3Q6eA==", secrets_in(options)) == f"Basic {MASK}"


def test_a_password_in_an_url_option_is_a_secret_elsewhere_too() -> None:
    options = {"pools": [{"url": f"stratum+tcp://user:{PLAIN}@a.example:1", "password": "x"}]}
    assert scrub(f"it said {PLAIN}", secrets_in(options)) == f"it said {MASK}"


@pytest.mark.parametrize("secret", ["\udc80 surrogate", "surrogate \ud800", "\udc80"])
def test_a_secret_that_is_no_text_is_no_reason_to_fail(secret: str) -> None:
    options = {"username": "admin", "password": secret, "pools": [{"password": secret}]}
    assert scrub(f"<{secret}>", secrets_in(options)) in (f"<{MASK}>", "<\udc80>")


@pytest.mark.parametrize("options", [{}, {"password": None}, {"password": 12345678}, {"pools": None}, {"pools": "x"}])
def test_options_without_secrets_have_none(options: dict[str, Any]) -> None:
    assert secrets_in(options) == set()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("stratum+tcp://user:secret@a.example:3333", f"stratum+tcp://user:{MASK}@a.example:3333"),
        ("http://:secret@a.example", f"http://:{MASK}@a.example"),
        ("http://user:se:cret@a.example", f"http://user:{MASK}@a.example"),
        ("http://user:se@cret@a.example", f"http://user:{MASK}@a.example"),
        ("http://user:se/cr/et@a.example", f"http://user:{MASK}@a.example"),
        ("http://a:1,http://user:se/cret@b", f"http://a:1,http://user:{MASK}@b"),
        ("http://u:x@a and http://v:y@b", f"http://u:{MASK}@a and http://v:{MASK}@b"),
        ("(https://u:x@a.example/path?q=1)", f"(https://u:{MASK}@a.example/path?q=1)"),
        ("stratum+tcp://a.example:3333", "stratum+tcp://a.example:3333"),
        ("stratum+tcp://user@a.example:3333", "stratum+tcp://user@a.example:3333"),
        ("stratum+tcp://a.example:3333/#xnsub", "stratum+tcp://a.example:3333/#xnsub"),
        ("http://a.example:80/a@b", "http://a.example:80/a@b"),
        ("user:secret@a.example", "user:secret@a.example"),
        ("", ""),
    ],
)
def test_the_password_of_an_url_is_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask_url(text) == masked
    assert scrub(text, set()) == masked


@pytest.mark.parametrize("text", ["a" * 60_000 + "://", "a://:" + "b" * 60_000, "a://b:" * 10_000])
def test_masking_a_long_text_takes_no_time(text: str) -> None:
    started = time.monotonic()
    mask_url(text)
    assert time.monotonic() - started < 1


def test_options_are_shown_without_secrets() -> None:
    options = {
        "host": "10.1.0.25",
        "password": "x",
        "fallback_passwords": None,
        "new_password": "y",
        "timeout": 10.0,
        "pools": [{"url": "stratum+tcp://u:x@a:1", "user": "x", "password": "x"}],
        "nested": ({"password": ["x"]},),
    }
    assert mask_options(options) == {
        "host": "10.1.0.25",
        "password": MASK,
        "fallback_passwords": None,
        "new_password": MASK,
        "timeout": 10.0,
        "pools": [{"url": f"stratum+tcp://u:{MASK}@a:1", "user": "x", "password": MASK}],
        "nested": [{"password": MASK}],
    }
