# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the site into build/site: `python -m tests.site`, in the environment `site`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.site.links import broken_links

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "build/site-source"
SITE = ROOT / "build/site"
# What pages link to besides pages.
LINKED = ("LICENSE", "meta/*.txt", "docs/**/*", "extensions/**/*.*")
PAGES = ("*.md", "roles/*/README.md", "extensions/**/*.md", "tests/simulator/README.md")
REFERENCE = SOURCE / "reference"


def main() -> None:
    copy_pages()
    REFERENCE.mkdir()
    options = ("--use-current", "--squash-hierarchy", "--fail-on-error", "--dest-dir", REFERENCE)
    tool("antsibull-docs", "collection", *options, "minerops.dragonmint")
    shutil.rmtree(SITE, ignore_errors=True)
    tool("sphinx-build", "--quiet", "--fail-on-warning", "--keep-going", SOURCE, SITE)
    if broken := broken_links(SITE):
        sys.exit("\n".join(["Broken links:", *broken]))
    print(f"The site is in {SITE.relative_to(ROOT)}: open index.html")


def copy_pages() -> None:
    """The pages at their places in the repository, so that the links between them are the same."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    for pattern in (*PAGES, *LINKED):
        for path in sorted(ROOT.glob(pattern)):
            target = SOURCE / path.relative_to(ROOT)
            if path.is_file() and "__pycache__" not in path.parts:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    for path in (SOURCE / "docs/site").iterdir():
        path.rename(SOURCE / path.name)
    (SOURCE / "docs/site").rmdir()


def tool(*command: str | Path) -> None:
    subprocess.run([Path(sys.executable).with_name(str(command[0])), *command[1:]], check=True)


if __name__ == "__main__":
    main()
