# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that users and other programs write."""

from __future__ import annotations

import stat
from pathlib import Path

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid


def bytes_of(path: Path, bytes_max: int) -> bytes | None:
    """Returns the content of a file, None if it does not exist. Raises Invalid if it can't be read, or is longer."""
    try:
        # A pipe might never end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise Invalid("it is not a file")
        with path.open("rb") as file:
            data = file.read(bytes_max + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Invalid(f"it can't be read: {error.strerror}") from None
    if len(data) > bytes_max:
        raise Invalid(f"expected at most {bytes_max} bytes")
    return data
