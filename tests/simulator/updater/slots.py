# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two firmware images of a miner, and which one runs, according to the boot loader's variables."""

from __future__ import annotations

from dataclasses import dataclass, field

# The software set that is written while an image runs: always the other one. Later firmware uses letters.
SPARE_SETS = {"0": "alt", "1": "main", "a": "alt", "b": "main"}
FLAGS = tuple(SPARE_SETS)


@dataclass
class Slots:
    """`image_flag` names the running image; `flashed` counts the images installed since the simulator started."""

    image_flag: str
    versions: dict[str, str]
    flashed: int = 0
    # The flag for the next boot.
    next_flag: str = field(init=False)

    def __post_init__(self) -> None:
        self.next_flag = self.image_flag

    @property
    def running(self) -> str:
        return self.versions.get(self.image_flag, "")

    @running.setter
    def running(self, version: str) -> None:
        self.versions[self.image_flag] = version

    @property
    def spare_set(self) -> str:
        """The software set that an update installs."""
        return SPARE_SETS[self.image_flag]

    def install(self, variables: dict[str, str], boots: bool = True) -> None:
        """Applies the boot loader's variables of an archive; if an image does not boot, the old one runs again."""
        for flag in FLAGS:
            if f"version_{flag}" in variables:
                self.versions[flag] = variables[f"version_{flag}"]
        wanted = variables.get("image_flag", self.image_flag)
        self.next_flag = wanted if boots and wanted in FLAGS else self.image_flag
        self.flashed += 1

    def boot(self) -> None:
        self.image_flag = self.next_flag

    def run(self, flag: str) -> None:
        """Runs the other image, as if it had been booted long ago."""
        self.image_flag = self.next_flag = flag
