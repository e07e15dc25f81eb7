# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
short_description: Start and end a curtailment when prices, a schedule or a command call for it
description:
  - An event source for ansible-rulebook. It reports when to draw less power, and when to go back to normal.
  - Commands, the schedule and the prices can each call for a curtailment, which lasts as long as any of them calls for
    it. Commands have precedence over the schedule, and the schedule over the prices.
  - A command to end with the C(event_id) of a curtailment ends it, regardless of what called for it.
  - An event is C(power_signal), with C(edge), C(reason), C(event_id), C(kw), C(mode), C(price), C(until), C(ends_by)
    and C(since).
  - The edge is V(curtail), V(restore), V(signal_lost), V(signal_back) or V(invalid).
  - There is always a V(restore) between two V(curtail), with the C(event_id) of the first.
options:
  prices:
    description: A list of prices, each with the time for which it applies.
    type: dict
    suboptions:
      file:
        description:
          - The path of a CSV or JSON file.
          - Mutually exclusive with O(prices.url), and one of them is required.
        type: str
      url:
        description:
          - The http or https URL of a CSV or JSON document.
          - Events and messages show neither the login nor the query in it.
        type: str
      headers:
        description:
          - Headers of the request for the URL.
          - No message shows their values.
        type: dict
        default: {}
      timeout:
        description: How many seconds the URL may take to answer.
        type: float
        default: 10
      interval:
        description: How many seconds to wait between two readings.
        type: float
        default: 60
      columns:
        description: The columns of the CSV, or the keys of the JSON objects, that hold the values.
        type: dict
        default: {}
        suboptions:
          start:
            description:
              - When a price starts to apply.
              - In ISO 8601, or in seconds or milliseconds since 1970.
            type: str
            default: start
          end:
            description:
              - When a price stops applying.
              - Ignored if O(prices.minutes) is given.
            type: str
            default: end
          price:
            description: The price, in any unit.
            type: str
            default: price
      minutes:
        description: How many minutes each price applies, if there is no column for its end.
        type: float
      rows:
        description: The keys, joined by dots, that lead to the list of prices in a JSON document.
        type: str
      delimiter:
        description: What separates the columns of the CSV.
        type: str
        choices: [',', ';', "\t", '|']
        default: ','
      over:
        description: Prices that start a curtailment.
        type: dict
        required: true
        suboptions:
          price:
            description: The price that must be exceeded.
            type: float
            required: true
          for:
            description:
              - For how many intervals in a row.
              - A gap between two intervals ends the row.
            type: int
            default: 1
      under:
        description: Prices that end a curtailment.
        type: dict
        required: true
        suboptions:
          price:
            description: The price that prices must fall below, at most O(prices.over.price).
            type: float
            required: true
          for:
            description: For how many intervals in a row.
            type: int
            default: 1
      at_once:
        description:
          - A price that starts a curtailment as soon as it is exceeded, at least O(prices.over.price).
          - Neither O(prices.over.for) nor O(debounce_seconds) delays it.
        type: float
      stale:
        description:
          - What to do when the current price is unknown.
          - V(hold) changes nothing, V(restore) ends a curtailment that prices started, V(curtail) starts a curtailment.
        type: str
        choices: [hold, restore, curtail]
        default: hold
      stale_seconds:
        description: How many seconds after the last known price has ended the signal counts as lost.
        type: float
        default: 900
  schedule:
    description: The times of the week at which to draw less power.
    type: list
    elements: dict
    suboptions:
      days:
        description: The days on which the window starts.
        type: list
        elements: str
        choices: [mon, tue, wed, thu, fri, sat, sun]
        default: [mon, tue, wed, thu, fri, sat, sun]
      from:
        description: When the window starts, as "HH:MM" in quotes.
        type: str
        required: true
      to:
        description:
          - When the window ends, as "HH:MM" in quotes, up to "24:00".
          - On the next day unless it is later than C(from).
        type: str
        required: true
  command_file:
    description:
      - The path of a JSON file with the last command.
      - It is checked every second, and does not need to exist yet.
      - Removing the file does not end a curtailment. Only a command to end does.
    type: str
  webhook:
    description: A web server that accepts commands at C(POST /).
    type: dict
    suboptions:
      host:
        description:
          - The address to listen on.
          - The server speaks plain HTTP. Put a proxy with TLS in front of it for senders on other machines.
        type: str
        default: 127.0.0.1
      port:
        description: The TCP port to listen on.
        type: int
        required: true
      token:
        description: The bearer token that senders need, at least 16 characters without spaces.
        type: str
        required: true
  timezone:
    description:
      - The time zone of the schedule, and of times without a UTC offset.
      - Required if O(schedule) is given.
    type: str
  kw:
    description:
      - The kilowatts to save, unless a command says otherwise.
      - Events pass it on. Mutually exclusive with O(mode).
    type: float
  mode:
    description:
      - The autotune mode to use, unless a command says otherwise.
      - Events pass it on.
    type: str
    choices: [efficient, balanced, factory, performance, 'off']
  minimum_seconds:
    description:
      - How many seconds a curtailment lasts at least.
      - It applies to commands, too.
    type: float
    default: 0
  maximum_seconds:
    description:
      - How many seconds a curtailment lasts at most, no less than O(minimum_seconds).
      - What called for it must stop before it can call again.
    type: float
  gap_seconds:
    description: How many seconds to wait between the end of a curtailment and the start of the next.
    type: float
    default: 0
  debounce_seconds:
    description: How many seconds a call, or its end, must last before it counts.
    type: float
    default: 0
  snapshot:
    description:
      - The path of a file that preserves the state across restarts.
      - Without it, a source that is restarted during a curtailment does not know about it, and never restores.
    type: str
author:
  - MinerOps
"""

EXAMPLES = r"""
- name: Draw less power while it is expensive
  hosts: all
  sources:
    - minerops.dragonmint.power_signal:
        prices:
          url: https://prices.example.com/today.csv
          headers:
            Authorization: "Bearer {{ price_token }}"
          minutes: 5
          over: {price: 120, for: 3}
          under: {price: 90, for: 2}
          at_once: 500
        timezone: Europe/Berlin
        webhook:
          port: 5010
          token: "{{ webhook_token }}"
        kw: 40
        minimum_seconds: 900
        maximum_seconds: 14400
        snapshot: /var/lib/dragonmint/power-signal.json
  rules:
    - name: Curtail
      condition: event.power_signal.edge == "curtail"
      action:
        run_playbook:
          name: minerops.dragonmint.curtail
          extra_vars:
            curtail_kw: "{{ event.power_signal.kw }}"
            curtail_until: "{{ event.power_signal.ends_by }}"
            # ansible-rulebook deletes the folder that a playbook ran in.
            curtail_record: /var/lib/dragonmint/curtail-record.json
    - name: Restore
      condition: event.power_signal.edge == "restore"
      action:
        run_playbook:
          name: minerops.dragonmint.curtail
          extra_vars:
            curtail_restore: true
            curtail_record: /var/lib/dragonmint/curtail-record.json
"""

import json
import sys
from asyncio import Queue
from pathlib import Path
from typing import Any

# ansible-rulebook runs this file by its path and knows no collections.
HERE = Path(__file__).absolute()
COLLECTIONS = HERE.parents[6]
sys.path.append(str(COLLECTIONS.parent))

import ansible_collections

# The package "ansible" also has a folder of this name, which would hide ours.
ansible_collections.__path__ = [str(COLLECTIONS), *ansible_collections.__path__]

from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.source import Source


async def main(queue: Queue[Any], args: dict[str, Any]) -> None:
    """Puts events into the queue until cancelled. Raises Invalid for wrong arguments, before anything starts."""
    schema = json.loads((HERE.parent / "schemas/power_signal.json").read_text(encoding="utf-8"))
    await Source(settings_from(args, schema), queue.put).run()
