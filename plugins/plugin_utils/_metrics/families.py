# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All metrics: those that docs/metrics.md, the alert rules and the dashboard may use."""

from __future__ import annotations

from dataclasses import dataclass

GAUGE, COUNTER = "gauge", "counter"
# The labels that identify a miner. The user's labels are added to them.
MINER, MODEL = "miner", "model"
DEFAULT_LABELS = ("rack",)


@dataclass(frozen=True)
class Family:
    """A metric, with its labels besides those of the miner. The name of a counter ends in ``_total``."""

    name: str
    text: str
    labels: tuple[str, ...] = ()
    kind: str = GAUGE


UP = Family("dragonmint_up", "Whether the miner answered and accepted the login (1) or not (0).")
CURTAILED = Family("dragonmint_curtailed", "Whether the miner is curtailed (1) or not (0).")
POLL_TIMESTAMP = Family(
    "dragonmint_poll_timestamp_seconds", "When the miner was last polled, whether it answered or not."
)
HASHRATE = Family(
    "dragonmint_hashrate_hashes_per_second", "The hash rate; for Equihash in solutions per second.", ("algorithm",)
)
EXPECTED_HASHRATE = Family(
    "dragonmint_expected_hashrate_hashes_per_second",
    "The rated hash rate of the model in its autotune mode.",
    ("algorithm",),
)
POWER = Family("dragonmint_power_watts", "The power, measured by the miner or estimated from its rating.", ("source",))
UPTIME = Family("dragonmint_uptime_seconds", "How long ago the miner booted.")
BOARD_TEMPERATURE = Family("dragonmint_board_temperature_celsius", "The temperature of a board.", ("board",))
BOARD_HASHRATE = Family("dragonmint_board_hashrate_hashes_per_second", "The hash rate of a board.", ("board",))
FAN_SPEED = Family("dragonmint_fan_speed_ratio", "The speed of the fans, from 0 to 1.")
POOL_UP = Family(
    "dragonmint_pool_up", "Whether cgminer reports the pool as alive (1) or not (0).", ("pool", "endpoint")
)
SHARES_ACCEPTED = Family(
    "dragonmint_shares_accepted_total", "Shares of all boards that pools accepted since cgminer started.", kind=COUNTER
)
SHARES_REJECTED = Family(
    "dragonmint_shares_rejected_total", "Shares of all boards that pools rejected since cgminer started.", kind=COUNTER
)
FINDING = Family("dragonmint_finding", "What is wrong with the miner, always 1.", ("finding", "part", "severity"))
DRIFTED = Family("dragonmint_drifted", "Whether a setting differs from its desired state (1) or not (0).", ("setting",))
FIRMWARE_INFO = Family("dragonmint_firmware_info", "The installed firmware, always 1.", ("firmware", "hwver"))
INVENTORY_ADDRESSES = Family(
    "dragonmint_inventory_addresses", "Addresses of an inventory source, by what was found there.", ("source", "state")
)

# The order in the file. The first one is the source of the models from the last file.
FAMILIES = (
    UP,
    CURTAILED,
    POLL_TIMESTAMP,
    HASHRATE,
    EXPECTED_HASHRATE,
    POWER,
    UPTIME,
    BOARD_TEMPERATURE,
    BOARD_HASHRATE,
    FAN_SPEED,
    POOL_UP,
    SHARES_ACCEPTED,
    SHARES_REJECTED,
    FINDING,
    DRIFTED,
    FIRMWARE_INFO,
    INVENTORY_ADDRESSES,
)
# Names that a user's label must not have, as a metric or Prometheus itself uses them.
TAKEN_LABELS = frozenset({MINER, MODEL, "instance", "job", *(label for family in FAMILIES for label in family.labels)})
