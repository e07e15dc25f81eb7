# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of sw-description: RSA, PKCS#1 v1.5, SHA-256.

Every simulated miner trusts one key, which was made for these tests.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

KEY_FILE = Path(__file__).parent / "test-key.pem"


@lru_cache(maxsize=1)
def key() -> RSAPrivateKey:
    loaded = load_pem_private_key(KEY_FILE.read_bytes(), password=None)
    if not isinstance(loaded, RSAPrivateKey):
        raise TypeError(f"{KEY_FILE} holds no RSA key")
    return loaded


def sign(description: bytes) -> bytes:
    return key().sign(description, PKCS1v15(), SHA256())


def is_good(description: bytes, signature: bytes) -> bool:
    try:
        key().public_key().verify(signature, description, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
