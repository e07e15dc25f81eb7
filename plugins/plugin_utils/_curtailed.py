# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the record of curtailed miners, in the same way for all jobs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs import curtail
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail import Place
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.curtail_record import Record
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._jobs.variables import InvalidVariables, normalised
from ansible_collections.minerops.dragonmint.plugins.plugin_utils._plain import plain

# Where an earlier job leaves its outcome, and what the inventory plugin reports for a miner.
PASSED_ON, OF_INVENTORY = "dragonmint_curtail", "dragonmint_curtailed"


def record_for(
    variables: Mapping[str, Any], evaluated: Callable[[Any], Any], inventory: Collection[str]
) -> tuple[Record, Place]:
    """Returns the record that applies to a host with these variables, and its place.

    ``inventory`` has the names of all hosts. Raises InvalidVariables for an unusable record, and for one of another
    fleet that a user gave. What an earlier job of a workflow left may be about another site.
    """
    names = (*(entry.name for entry in curtail.PLACE_VARIABLES), PASSED_ON)
    found = {name: plain(evaluated(variables[name])) for name in names if name in variables}
    record, place = record_of(normalised(curtail.PLACE_VARIABLES, found), found.get(PASSED_ON))
    if place.source == curtail.RECORD_DATA.name and (why := curtail.why_of_another_fleet(record, place, inventory)):
        raise InvalidVariables(why)
    return record, place


def record_of(values: Mapping[str, Any], passed_on: Any) -> tuple[Record, Place]:
    """Returns the record that applies, and its place. ``values`` has at least ``curtail.PLACE_VARIABLES``.

    ``passed_on`` is the value of the variable PASSED_ON. Raises InvalidVariables for an unusable record.
    """
    place = curtail.place_of(values)
    try:
        file = Path(place.path).read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        file = None
    except OSError as error:
        raise InvalidVariables(f"The record {place.path} (curtail_record) can't be read: {error.strerror}.") from error
    return curtail.chosen_record(values, passed_on, file, place)
