# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of what tests, demo and bench start. Only the standard library, so that all of them can use it."""

from __future__ import annotations

import os

# The operator's settings for other work must not influence any of it.
FOREIGN_VARIABLES = ("ANSIBLE_", "DRAGONMINT_", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def own_environment() -> dict[str, str]:
    """The variables of this process without foreign settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_VARIABLES)}
