# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names used in the collection's rulebooks: arguments of sources, playbooks and their variables."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._fleet import arguments as fleet
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal import arguments as power_signal
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.table import JOBS
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "extensions/eda"
RULEBOOKS = sorted(EXTENSION.glob("rulebooks/*.yml"))
README = (EXTENSION / "rulebooks/README.md").read_text(encoding="utf-8")
SOURCES: Mapping[str, Callable[..., Any]] = {
    "fleet": fleet.settings_from,
    "power_signal": power_signal.settings_from,
}
VARIABLES = {
    "networks": ["10.1.0.0/24"],
    "desired": {"autotune": {"mode": "balanced"}},
    "prices": {"file": "/prices.csv", "over": {"price": 2}, "under": {"price": 1}},
    "MINER_PASSWORD": "hunter2",
    "WEBHOOK_TOKEN": "correct-horse-battery",
    "state_folder": "/state",
}


def filled(value: Any) -> Any:
    """How ansible-rulebook evaluates a value with these variables."""
    if isinstance(value, dict):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item) for item in value]
    return NativeEnvironment().from_string(value).render(VARIABLES) if isinstance(value, str) else value


def rules(rulebook: Path) -> Iterator[dict[str, Any]]:
    for ruleset in yaml.safe_load(rulebook.read_text(encoding="utf-8")):
        yield from ruleset["rules"]


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda path: path.stem)
def test_sources_take_their_arguments(rulebook: Path) -> None:
    for ruleset in yaml.safe_load(rulebook.read_text(encoding="utf-8")):
        for source in ruleset["sources"]:
            ((name, given),) = source.items()
            short = name.removeprefix("minerops.dragonmint.")
            schema = EXTENSION / f"plugins/event_source/schemas/{short}.json"
            SOURCES[short](filled(given), json.loads(schema.read_text(encoding="utf-8")))


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda path: path.stem)
def test_playbooks_take_their_variables(rulebook: Path) -> None:
    for rule in rules(rulebook):
        if playbook := rule["action"].get("run_playbook"):
            job = playbook["name"].removeprefix("minerops.dragonmint.")
            assert (ROOT / f"playbooks/{job}.yml").is_file()
            assert [name for name in playbook["extra_vars"] if JOBS[job].variables.is_foreign(name)] == []


def test_the_record_of_a_curtailment_lasts_as_long_as_the_signal_can_call() -> None:
    (ruleset,) = yaml.safe_load((EXTENSION / "rulebooks/curtail.yml").read_text(encoding="utf-8"))
    assert "maximum_seconds" in ruleset["sources"][0]["minerops.dragonmint.power_signal"]
    variables = ruleset["rules"][0]["action"]["run_playbook"]["extra_vars"]
    assert variables["curtail_until"] == "{{ event.power_signal.ends_by }}"


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda path: path.stem)
def test_a_playbook_that_fails_is_run_again(rulebook: Path) -> None:
    """Because the event does not come again. Only heal fails while a miner is unhealthy, and it has its own limits."""
    played = [rule["action"]["run_playbook"] for rule in rules(rulebook) if "run_playbook" in rule["action"]]
    once = {each["name"].rpartition(".")[2] for each in played if not each.get("retries")}
    assert once <= {"heal"}


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda path: path.stem)
def test_what_changes_miners_is_for_single_ones(rulebook: Path) -> None:
    for rule in rules(rulebook):
        if "run_playbook" in rule["action"] and "dragonmint" in rule["condition"]:
            assert "event.dragonmint.count == 1" in rule["condition"]


@pytest.mark.parametrize("rulebook", RULEBOOKS, ids=lambda path: path.stem)
def test_the_readme_lists_the_variables(rulebook: Path) -> None:
    assert f"| `{rulebook.name}` |" in README
    names = re.findall(r"{{ (?!event)(\w+)", rulebook.read_text(encoding="utf-8"))
    assert names
    assert [name for name in names if f"`{name}`" not in README] == []
