# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible inventory of the simulated fleet, without any password."""

from __future__ import annotations

from pathlib import Path

from ..miner import Miner


def write(path: Path, miners: list[Miner]) -> None:
    """One group `dragonmint`, with a child group for each generation."""
    lines = ["---", "dragonmint:", "  children:"]
    numbered = [(f"miner{number:04}", miner) for number, miner in enumerate(miners, 1)]
    for name in dict.fromkeys(miner.generation.name for miner in miners):
        lines += [f"    {name.replace('-', '_')}:", "      hosts:"]
        for host, miner in numbered:
            if miner.generation.name == name:
                lines += [
                    f"        {host}:",
                    f"          ansible_host: {miner.host}",
                    f"          dragonmint_port: {miner.port}",
                ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
