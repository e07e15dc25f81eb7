# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polls a fleet like dragonmint_fleet, in one worker, and writes the results for Prometheus.

The reports of thousands of miners stay in this worker: they are in no result, variable or event.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.module_utils import _files, _options, _redaction, _task
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput, MissingLibrary
from ansible_collections.minerops.dragonmint.plugins.modules import dragonmint_metrics
from ansible_collections.minerops.dragonmint.plugins.plugin_utils import _fleet_texts
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._action import Variables, shows_invocation, validated
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._curtailed import OF_INVENTORY, PASSED_ON, record_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._fleet_task import (
    FleetAction,
    Options,
    _Miners,
    _Written,
    port_of,
)
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail, metrics
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics import exposition, samples, targets
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.expectations import Reader, labels_of
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._metrics.samples import Expectations, Polled, Sample
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._sources import Sources

_SUBSETS = ("identity", "network", "hardware", "mining", "autotune")
# Options that dragonmint_fleet takes in the same way.
_OF_FLEET = (*_options.argument_spec_of_many(), "hosts", "concurrency")
_SHOWN_WARNINGS = 10


@dataclass(frozen=True)
class _Host:
    """What is known about a host from its variables.

    ``curtailed`` is the end of its event, if the inventory plugin knows one. ``context`` is None if its connection
    options are invalid.
    """

    labels: Mapping[str, str]
    expectations: Expectations
    curtailed: Any
    context: _task.Context | None


class MetricsAction(FleetAction):
    """The action of dragonmint_metrics."""

    def _run(self, args: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        began = time.time()
        params = validated(dragonmint_metrics.argument_spec(), args, self._task.action)
        try:
            metrics.require_labels("labels", params["labels"])
            place = {entry.name: params[entry.name] for entry in (curtail.RECORD_FILE, curtail.RECORD_DATA)}
            values = normalised(curtail.PLACE_VARIABLES, place)
            record, _place = record_of(values, plain(task_vars.get(PASSED_ON)))
        except InvalidVariables as error:
            raise InvalidInput(str(error)) from error
        if exposition.PROMETHEUS_IMPORT_ERROR:
            raise MissingLibrary("prometheus_client", exposition.PROMETHEUS_IMPORT_ERROR)
        files = [path for path in (params["dest"], params["sd_dest"]) if path]
        for path in files:
            _files.require_file(path)

        self._labels = params["labels"]
        self._reader = Reader(params["drift"])
        self._hosts: dict[str, _Host] = {}
        fleet = self._poll(args, task_vars, [*_SUBSETS, *(["pools"] if params["drift"] else [])])
        results = fleet["miners"]
        hung = [host for host, result in results.items() if result.get("error_code") == "timeout"]
        # If cgminer hangs, only its own facts are missing.
        identities = self._poll(args, task_vars, ["identity", "hardware"], hung)["miners"] if hung else {}

        of_inventory = {host: own.curtailed for host, own in self._hosts.items()}
        curtailed = curtail.curtailed_until(record, of_inventory, began)
        known = exposition.models_in(params["dest"])
        polled = [
            Polled(
                miner=host,
                at=began,
                labels=self._hosts[host].labels,
                expectations=self._hosts[host].expectations,
                result=result,
                identity=identities.get(host, {}),
                model=known.get(host, ""),
                is_curtailed=host in curtailed,
            )
            for host, result in results.items()
        ]
        counts = metrics.Counts()
        text = exposition.text_of(map(counts.counted, self._samples(polled, began, task_vars)))
        _files.save(params["dest"], text, self._task.check_mode)
        if params["sd_dest"]:
            _files.save(params["sd_dest"], targets.text_of(self._targets(polled)), self._task.check_mode)
        result = {"changed": False, "counts": counts.as_result(), "seconds": round(time.time() - began, 1)}
        if warnings := [*fleet.get("warnings", ()), *self._reader.problems.values()]:
            result["warnings"] = _fleet_texts.fewer(warnings, _SHOWN_WARNINGS)
        if shows_invocation(task_vars):
            shown = {"module_args": _redaction.mask_options({**args, "hosts": None})}
            result["invocation"] = _redaction.scrub(shown, self._secrets)
        return result

    def _poll(
        self, args: Mapping[str, Any], task_vars: dict[str, Any], subsets: Sequence[str], hosts: Any = None
    ) -> dict[str, Any]:
        """Returns the result of dragonmint_fleet with facts of all miners, or of these hosts."""
        self._given = {"module": "facts", "options": {"gather_subset": list(subsets)}, "report": "all"}
        own = {name: args[name] for name in _OF_FLEET if name in args}
        if hosts is not None:
            own["hosts"] = hosts
        return super()._run({**own, **self._given}, task_vars)

    def _raw_argument(self, name: str) -> Any:
        return self._given[name] if name in self._given else super()._raw_argument(name)

    def _add(
        self,
        miners: _Miners,
        host: str,
        given: Options,
        written: _Written,
        variables: Variables,
        sources: Sources,
    ) -> None:
        super()._add(miners, host, given, written, variables, sources)
        if host not in self._hosts:
            self._hosts[host] = _Host(
                labels_of(self._labels, variables),
                self._reader.expectations_of(host, variables),
                variables.value(OF_INVENTORY),
                miners.contexts.get(host),
            )

    def _samples(self, polled: Sequence[Polled], at: float, task_vars: Mapping[str, Any]) -> Iterator[Sample]:
        for each in polled:
            yield from samples.samples_of(each)
        if len(self._hosts) < len(task_vars["hostvars"]._inventory.hosts):
            # Another run may write the file of the other miners, and no sample may be in two files.
            return
        for name in plain(task_vars.get("dragonmint_missing")) or ():
            if str(name) not in self._hosts:
                yield from samples.missing(str(name), at)
        yield from samples.addresses(plain(task_vars.get("dragonmint_inventory")) or {})

    def _targets(self, polled: Sequence[Polled]) -> Iterator[targets.Target]:
        for each in polled:
            context = self._hosts[each.miner].context
            if context is not None:
                yield targets.Target(
                    context.params["host"], port_of(context), context.params["scheme"], samples.labels_of(each)
                )
