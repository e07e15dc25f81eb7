# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the screenshots of the documentation (make docs)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.browser.chromium import PROGRAM, chromium
from tests.browser.pages import health, site

FOLDER = Path(__file__).parents[2] / "docs/screenshots"
SIZES = {390: 844, 1280: 900}


def main() -> None:
    if PROGRAM is None:
        print("Without chromium, docs/screenshots stays as it is.")
        return
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for name, text in {"health": health(60), "overview": site(60)}.items():
            path = Path(folder) / f"{name}.html"
            path.write_text(text, encoding="utf-8")
            for width, height in SIZES.items():
                browser.open(path, width, height).screenshot(FOLDER / f"{name}-{width}.png")


if __name__ == "__main__":
    main()
