# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The installation of an accepted archive: image after image, percent after percent, then the reboot."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .swupdate.description import Image
from .swupdate.frames import step

if TYPE_CHECKING:
    from .updater import Update

# The updater writes pieces of this size and reports each new percent.
PIECE = 16384
# Real seconds; frames within this time may be sent together without anybody noticing.
BLINK = 0.03


class FailedError(Exception):
    """The installation ends here; `reason` is for tests."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Installation:
    def __init__(self, update: Update) -> None:
        self._update = update
        self._updater = update.updater
        self._miner = update.updater.miner
        self._images = update.verifier.images()
        self._total = sum(update.verifier.present.values()) or 1
        self._written = 0
        self._began = self._miner.clock.now()

    async def run(self) -> None:
        try:
            for number, image in enumerate(self._images, 1):
                await self._install(number, image)
        except FailedError as error:
            self._updater.state = "idle"
            await self._update.fail(self._update.plan.verdict, error.reason)
        else:
            await self._succeed()

    async def _install(self, number: int, image: Image) -> None:
        say = self._updater.outbox.message
        if image.filename not in self._update.verifier.present:
            say(f"[install_images] : /tmp/{image.filename} not found or wrong")
            raise FailedError("image_missing")
        size = self._update.verifier.present[image.filename]
        self._updater.announce("RUN")
        self._updater.outbox.progress(step(number, len(self._images), image.filename, 0))
        say(f"[install_single_image] : Found installer for stream {image.filename} {image.handler}")
        if image.is_file:
            say(f"[install_raw_file] : Installing file {image.filename} on {image.target} ")
        else:
            say(f"[install_flash_image] : Copying {image.filename} into /dev/{image.target}")
        for percent in percents(size):
            await self._wait_for(self._written + size * percent / 100, image)
            self._updater.outbox.progress(step(number, len(self._images), image.filename, percent))
        self._written += size

    async def _wait_for(self, written: float, image: Image) -> None:
        """Waits until this many bytes of all images are in the flash."""
        clock, fails_at = self._miner.clock, self._update.plan.fails_at
        share = written / self._total
        left = self._began + self._miner.timing["flash_s"] * share - clock.now()
        if left > 0:
            await self._updater.flush()
            await clock.sleep(max(left, BLINK * clock.speed))
        if fails_at is not None and share * 100 >= fails_at:
            self._updater.outbox.message(
                f"ERROR handlers/flash_handler.c : flash_write_nor : 284 : Failure installing into: {image.target} "
            )
            raise FailedError("flash_failed")

    async def _succeed(self) -> None:
        """The environment of the boot loader is written before the success is reported."""
        plan, updater, miner = self._update.plan, self._updater, self._miner
        description = self._update.verifier.description
        miner.slots.install(description.variables if description else {}, boots=not plan.boots_old)
        self._update.result("installed")
        await updater.flush()
        updater.outbox.message("SWUPDATE successful !")
        updater.outbox.message("[postupdate] : Executing post-update command '/bin/systemctl reboot'")
        updater.outbox.message("[postupdate] : Post-update command returned 0")
        updater.announce("SUCCESS")
        updater.announce("DONE")
        self._updater.state = "idle"
        await self._update.rest(last_frame=miner.last_frame)
        if plan.never_back:
            miner.faults.add("dark")
        miner.reboot()


def percents(size: int) -> Iterator[int]:
    """Each percent that the updater reports after 0: all of them for an image that is large enough."""
    last = 0
    for piece in range(1, math.ceil(size / PIECE) + 1):
        percent = min(piece * PIECE, size) * 100 // size
        if percent != last:
            yield percent
        last = percent
