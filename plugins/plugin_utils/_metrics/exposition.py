# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes samples in the text format of Prometheus, by the library prometheus_client."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics import families
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.samples import Sample

try:
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import Metric
    from prometheus_client.parser import text_fd_to_metric_families
except ImportError:
    PROMETHEUS_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    PROMETHEUS_IMPORT_ERROR = None


class _Collector:
    """The input of the library: each metric with samples."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._metrics: dict[str, Any] = {
            family.name: Metric(family.name.removesuffix("_total"), family.text, family.kind)
            for family in families.FAMILIES
        }
        for sample in samples:
            self._metrics[sample.family.name].add_sample(sample.family.name, sample.labels, sample.value)

    def collect(self) -> Iterator[Any]:
        return (metric for metric in self._metrics.values() if metric.samples)


def text_of(samples: Iterable[Sample]) -> str:
    """Returns a file for the textfile collector of node_exporter."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(samples))
    return str(generate_latest(registry).decode("utf-8"))


def models_in(path: str) -> dict[str, str]:
    """Returns the models of the miners in an earlier file; empty if it does not exist, or is not such a file.

    Only its first metric is read.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            first = next(iter(text_fd_to_metric_families(file)), None)
    except (OSError, ValueError):
        return {}
    if first is None or first.name != families.UP.name:
        return {}
    labels = [sample.labels for sample in first.samples]
    return {each[families.MINER]: each.get(families.MODEL, "") for each in labels if families.MINER in each}
