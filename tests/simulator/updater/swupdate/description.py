# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sw-description for one board: the images of a software set, and the boot loader's variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MODE = "stable"


@dataclass(frozen=True)
class Image:
    """One file of the archive: `flash` goes to an MTD device, `rawfile` to a path."""

    filename: str
    sha256: str
    handler: str = "flash"
    target: str = ""
    name: str = ""
    version: str = ""

    @property
    def is_file(self) -> bool:
        return self.handler == "rawfile"


@dataclass(frozen=True)
class Description:
    version: str
    hardware: tuple[str, ...]
    images: tuple[Image, ...]
    variables: dict[str, str]


def read(settings: dict[str, Any], board: str, software_set: str) -> Description | None:
    """None if it has no version or does not say which hardware it is for."""
    software = settings.get("software")
    if not isinstance(software, dict) or not isinstance(software.get("version"), str):
        return None
    hardware = _find(software, board, software_set, "hardware-compatibility")
    if not isinstance(hardware, list):
        return None
    images = [_image(item, "flash", "device") for item in _items(software, board, software_set, "images")]
    files = [_image(item, "rawfile", "path") for item in _items(software, board, software_set, "files")]
    variables = _items(software, board, software_set, "uboot") or _items(software, board, software_set, "bootenv")
    return Description(
        software["version"],
        tuple(revision for revision in hardware if isinstance(revision, str)),
        tuple(images + files),
        {str(item["name"]): str(item.get("value", "")) for item in variables if "name" in item},
    )


def _find(software: dict[str, Any], board: str, software_set: str, name: str) -> Any:
    """The entry closest to the board wins."""
    for path in ((board, MODE, software_set), (MODE, software_set), (board,), ()):
        place: Any = software
        for step in (*path, name):
            place = place.get(step) if isinstance(place, dict) else None
        if place is not None:
            return place
    return None


def _items(software: dict[str, Any], board: str, software_set: str, name: str) -> list[dict[str, Any]]:
    found = _find(software, board, software_set, name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _image(item: dict[str, Any], handler: str, target: str) -> Image:
    return Image(
        filename=str(item.get("filename", "")),
        sha256=str(item.get("sha256", "")),
        handler=str(item.get("type", handler)),
        target=str(item.get(target, "")),
        name=str(item.get("name", "")),
        version=str(item.get("version", "")),
    )
