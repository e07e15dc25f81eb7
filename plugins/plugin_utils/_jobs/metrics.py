# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The job metrics: its variables, and the outcome of its one poll."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import checks, curtail, words
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.common import RATINGS, REPORT_FOLDER, TARGET
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import (
    InvalidVariables,
    Variable,
    Variables,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics import families
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.samples import Sample

_LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]*")


def require_labels(option: str, names: Iterable[str]) -> None:
    """Raises InvalidVariables for variables whose names Prometheus does not accept as labels of these metrics."""
    for name in names:
        if not _LABEL.fullmatch(name):
            raise InvalidVariables(
                f"{option} has {quoted(name)}, which is not a valid label name; use letters, digits and underscores, "
                f"but not two underscores at the beginning."
            )
        if name in families.TAKEN_LABELS:
            raise InvalidVariables(
                f"{option} has {quoted(name)}, which is already a label of these metrics or of Prometheus. Put the "
                f"value into a variable with another name."
            )


def _check(values: Mapping[str, Any]) -> None:
    require_labels("metrics_labels", values["labels"])


VARIABLES = Variables(
    "metrics_",
    (
        Variable(
            "metrics_file",
            "path",
            "The file on the controller for the textfile collector of node_exporter, which reads names that end in "
            "C(.prom). Defaults to C(dragonmint.prom) in O(report_folder).",
        ),
        Variable(
            "metrics_sd_file",
            "path",
            "A file on the controller that lists the miners as targets for C(file_sd_configs) of Prometheus. Not "
            "written by default.",
        ),
        Variable(
            "metrics_labels",
            "list",
            "Host variables whose values become labels of the same names. A host without the variable does not get "
            "the label.",
            default=families.DEFAULT_LABELS,
            elements="str",
        ),
        Variable(
            "metrics_drift",
            "bool",
            "Compare pools, autotune mode, network and firmware with the desired state of the host. This takes one "
            "more request per miner.",
            default=True,
        ),
        *curtail.RECORD_OF_OTHERS,
        RATINGS,
        TARGET,
        REPORT_FOLDER,
    ),
    _check,
)


@dataclass
class Counts:
    """How many miners the file contains, by their samples."""

    miners: int = 0
    up: int = 0
    curtailed: int = 0
    _unhealthy: set[str] = field(default_factory=set)
    _drifted: set[str] = field(default_factory=set)

    def counted(self, sample: Sample) -> Sample:
        """Counts a sample and returns it."""
        if sample.family is families.UP:
            self.miners += 1
            self.up += bool(sample.value)
        elif sample.family is families.CURTAILED:
            self.curtailed += bool(sample.value)
        elif sample.family is families.DRIFTED and sample.value:
            self._drifted.add(sample.labels[families.MINER])
        elif sample.family is families.FINDING and _is_of_health(sample):
            self._unhealthy.add(sample.labels[families.MINER])
        return sample

    def as_result(self) -> dict[str, int]:
        """Returns the counts as a task returns them."""
        return {
            "total": self.miners,
            "up": self.up,
            "down": self.miners - self.up,
            "curtailed": self.curtailed,
            "unhealthy": len(self._unhealthy),
            "drifted": len(self._drifted),
        }


def _is_of_health(sample: Sample) -> bool:
    """Whether a sample is a finding of an examined miner and more than a remark."""
    is_unknown = sample.labels["finding"] in checks.UNKNOWN
    return not is_unknown and sample.labels["severity"] != checks.INFO


def outcome(counts: Mapping[str, int]) -> dict[str, Any]:
    """Returns the outcome of a poll from the counts of dragonmint_metrics: ``summary``, ``is_ok`` and ``stats``.

    Some miners being down is what metrics are for; all of them being down is a failure of the poll.
    """
    is_ok = not counts["total"] or bool(counts["up"])
    sentences = [words.summed_up({name: counts[name] for name in ("up", "down")})]
    if of_these := {name: counts[name] for name in ("curtailed", "unhealthy", "drifted") if counts[name]}:
        sentences.append(f"Of these, {words.listed(of_these)}.")
    if not is_ok:
        sentences.append(
            "No miner answered and accepted the login. Check the network, dragonmint_password and the addresses."
        )
    summary = " ".join(sentences)
    return {"summary": summary, "is_ok": is_ok, "stats": {**counts, "is_ok": is_ok, "summary": summary}}
