# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo itself: `python -m tests.demo`. A further phase is a function in PHASES."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.demo.folder import inventory_name, write_folder
from tests.demo.playbook import Recap, is_colourful, run
from tests.simulator import firmware
from tests.simulator.control import CHECKOUT, ControlError, Fleet, Miner
from tests.support.processes import end_when_told

FOLDER = CHECKOUT / "build/demo"
# Simulated seconds per second: fast enough not to bore, slow enough to see that Ansible waits for miners.
SPEED = 60.0
PROVISION = "minerops.dragonmint.provision"
AUDIT = "minerops.dragonmint.audit"
UPGRADE = "minerops.dragonmint.upgrade"
OVERVIEW = "minerops.dragonmint.overview"
# States of the overview that need no attention.
HEALTHY = {"mining", "tuning", "warning"}
PAGE = "dragonmint-reports/overview.html"
NEW_FIRMWARE = "t1_20180901_120000"


TRY = (
    "make simulator",
    "cd build/simulator && export PATH=$PWD/../env/newest/bin:$PATH",
    "ansible-playbook minerops.dragonmint.provision --check --diff",
)


class BrokenPromise(Exception):
    """The result of a phase was not the announced one."""


@dataclass(frozen=True)
class Row:
    """One line of the table at the end."""

    phase: str
    recap: Recap
    writes: int
    seconds: float

    def cells(self) -> tuple[str, ...]:
        counts = (len(self.recap.ok), len(self.recap.changed), len(self.recap.failed), self.writes)
        return (self.phase, *map(str, counts), f"{self.seconds:.1f}")


@dataclass
class Demo:
    """What the phases share: the fleet, and the results so far."""

    fleet: Fleet
    rows: list[Row] = field(default_factory=list)
    changed_by_hand: set[str] = field(default_factory=set)

    @property
    def all_miners(self) -> set[str]:
        return {inventory_name(number) for number in range(1, len(self.fleet.miners) + 1)}

    def miner(self, number: int) -> Miner:
        """The first, second, … miner."""
        return self.fleet[number - 1]

    def play(self, phase: str, *arguments: str) -> Row:
        """Runs a playbook with tasks for each miner, and adds the result to the table."""

        def outcome(recap: Recap) -> Recap:
            return Recap(*(group & self.all_miners for group in (recap.ok, recap.changed, recap.failed)))

        return self._play(phase, arguments, outcome)

    def report(self, playbook: str, report: str, column: str, fine: set[str]) -> Row:
        """The same for a playbook that does it in a few tasks: its report has the result of each miner."""

        def outcome(_recap: Recap) -> Recap:
            rows = json.loads((FOLDER / f"dragonmint-reports/{report}.json").read_text(encoding="utf-8"))
            others = frozenset(row["miner"] for row in rows if row[column] not in fine)
            return Recap(frozenset(row["miner"] for row in rows) - others, others, frozenset())

        return self._play(report, [playbook], outcome)

    def _play(self, phase: str, arguments: Sequence[str], outcome: Callable[[Recap], Recap]) -> Row:
        say(f"$ {shlex.join(['ansible-playbook', *arguments])}")
        self.fleet.clear()
        started = time.monotonic()
        recap = run(FOLDER, *arguments)
        if recap.failed:
            raise BrokenPromise(f"{phase}: failed on {names(recap.failed)}; see above")
        recap = outcome(recap)
        seconds = time.monotonic() - started
        if recap.ok | recap.changed | recap.failed != self.all_miners:
            raise BrokenPromise(f"{phase}: ansible-playbook ended early; see above")
        writes = sum(map(len, self.fleet.writes().values()))
        row = Row(phase, recap, writes, seconds)
        self.rows.append(row)
        print()
        say(
            f"{len(recap.ok)} miners ok, {len(recap.changed)} changed, {len(recap.failed)} failed; {writes} writes sent"
        )
        return row


def provision(demo: Demo) -> None:
    headline("Fresh from the factory: set pools and autotune mode, and verify that each miner mines")
    row = demo.play("provision", PROVISION)
    expect_changed(row, demo.all_miners)


def provision_again(demo: Demo) -> None:
    headline("The same again: every miner is in its desired state, so only reads are sent")
    row = demo.play("provision again", PROVISION)
    expect_changed(row, set())
    expect_writes(row, 0)


def change_by_hand(demo: Demo) -> None:
    headline("Somebody changes three miners behind Ansible's back")
    hijacked, retuned, reordered = 3, 7, 11
    demo.miner(hijacked).set(pools=[{"url": "stratum+tcp://pool.thief.example:3333", "user": "thief", "pass": "x"}])
    say(f"{inventory_name(hijacked)}: its pools are now those of a thief")
    demo.miner(retuned).set(autotune={"mode": "performance"})
    say(f"{inventory_name(retuned)}: its autotune mode is set to performance")
    demo.miner(reordered).set(pools=demo.miner(reordered).state()["pools"][::-1])
    say(f"{inventory_name(reordered)}: its two pools are swapped")
    demo.changed_by_hand = {inventory_name(number) for number in (hijacked, retuned, reordered)}


def show_drift(demo: Demo) -> None:
    headline("Show the drift: exactly these three miners, and nothing is changed")
    row = demo.play("check", PROVISION, "--check", "--diff")
    expect_changed(row, demo.changed_by_hand)
    expect_writes(row, 0)


def audit(demo: Demo) -> None:
    headline("The same as a report, for fleets that are too big to read diffs")
    row = demo.report(AUDIT, "audit", "outcome", {"as desired"})
    expect_changed(row, demo.changed_by_hand)
    expect_writes(row, 0)
    say("The report is in build/demo/dragonmint-reports: audit.html, audit.csv and audit.json.")


def mend(demo: Demo) -> None:
    headline("Provision again: the three miners are repaired, the others get reads only")
    row = demo.play("provision once more", PROVISION)
    expect_changed(row, demo.changed_by_hand)


def upgrade(demo: Demo) -> None:
    headline("Upgrade the firmware: a canary first, then the others once it mines again")
    say(f"{firmware.build(FOLDER / f'{NEW_FIRMWARE}.swu', NEW_FIRMWARE).name} in build/demo is the new firmware.")
    row = demo.play("upgrade", UPGRADE, "-e", f"upgrade_src={NEW_FIRMWARE}.swu", "-e", '{"upgrade_serial": [1, 11]}')
    expect_changed(row, demo.all_miners)
    expect_writes(row, len(demo.fleet.miners))
    versions = {miner.state()["firmware"] for miner in demo.fleet.miners}
    if versions != {NEW_FIRMWARE}:
        raise BrokenPromise(f"upgrade: miners run {', '.join(sorted(versions))}")
    say("The record is in build/demo/dragonmint-reports: upgrade.html, upgrade.csv and upgrade.json.")


def overview(demo: Demo) -> None:
    headline("The whole site on one page, to open on a phone")
    row = demo.report(OVERVIEW, "overview", "state", HEALTHY)
    expect_changed(row, set())
    expect_writes(row, 0)
    if not (FOLDER / PAGE).is_file():
        raise BrokenPromise(f"overview: there is no {PAGE}")


PHASES: tuple[Callable[[Demo], None], ...] = (
    provision,
    provision_again,
    change_by_hand,
    show_drift,
    audit,
    mend,
    upgrade,
    overview,
)


def expect_changed(row: Row, miners: set[str]) -> None:
    if row.recap.failed:
        raise BrokenPromise(f"{row.phase}: failed on {', '.join(sorted(row.recap.failed))}")
    if row.recap.changed != miners:
        raise BrokenPromise(f"{row.phase}: changed {names(row.recap.changed)}, expected {names(miners)}")


def expect_writes(row: Row, writes: int) -> None:
    if row.writes != writes:
        raise BrokenPromise(f"{row.phase}: {row.writes} writes were sent, expected {writes}")


def names(miners: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(miners)) or "none"


def headline(text: str) -> None:
    print(f"\n\x1b[1m{text}\x1b[0m" if is_colourful() else f"\n{text}", flush=True)


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def introduce(fleet: Fleet) -> None:
    generations = ", ".join(sorted({miner.generation for miner in fleet.miners}))
    headline(f"{len(fleet.miners)} simulated miners, a quarter each with firmware {generations}")
    first, last = fleet[0].host, fleet[-1].host
    say(f"They answer at {first} to {last}, port {fleet.port}, and run {SPEED:.0f} times as fast as real ones.")
    say("inventory.yml in build/demo lists them, group_vars/miners.yml has their desired state.")


def show_table(rows: list[Row]) -> None:
    table = [("", "ok", "changed", "failed", "writes", "seconds"), *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table)]
    headline("Summary, in numbers of miners")
    for first, *others in table:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:]))]
        say("  ".join(cells))


def show_next_steps() -> None:
    headline("Try it yourself: start a fleet, then run the other two commands in a second terminal")
    for command in TRY:
        say(command)
    headline("Where to look next")
    say(f"{FOLDER / PAGE}: the overview of the miners that you just saw")
    say("docs/start.md: five minutes from here to your own miners")
    say("docs/rehearse.md: more miners, other models and faults")


def main() -> None:
    with Fleet.start(count=12, generation="mixed", speed=SPEED, first="127.24.0.1") as fleet:
        write_folder(FOLDER, fleet)
        introduce(fleet)
        demo = Demo(fleet)
        for phase in PHASES:
            phase(demo)
        show_table(demo.rows)
        show_next_steps()


if __name__ == "__main__":
    end_when_told()
    try:
        main()
    except KeyboardInterrupt:
        print("\nInterrupted.")
        sys.exit(128 + signal.SIGINT)
    except (BrokenPromise, ControlError) as error:
        sys.exit(f"\nThis is not what was promised. {error}")
