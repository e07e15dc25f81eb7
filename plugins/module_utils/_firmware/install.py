# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs firmware on a miner.

It counts as installed only once the miner runs it: the reply to an upload only says that the bytes arrived, and a
success of the updater does not say which of its two images the miner boots.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Callable
from urllib.parse import urlsplit

from ansible_collections.minerops.dragonmint.plugins.module_utils._commands import power
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import (
    BadReply,
    Downgrade,
    FlashFailed,
    InvalidFirmware,
    InvalidInput,
    MinerError,
    NotBack,
    NotReady,
    Rejected,
    Unsupported,
    UpdaterStuck,
    WrongDevice,
)
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware import follower
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.archive import Archive, judge
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import Phase, Upgrade
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import require_host
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, send_once
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.mining import wait_ready
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import Tracker
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Attend, Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Request
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, Identity, Overview
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE, RESTART_UPDATER
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import is_older

Tell = Callable[[str, bool], None]
Warn = Callable[[str], None]

# Three parts, the type first, or four.
_VERSION = re.compile(r"[A-Za-z0-9.+-]+(?:_[A-Za-z0-9.+-]+)?_\d{8}_\d{6}")
_CHECKSUM = re.compile(r"sha256:([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class Wanted:
    """The firmware that a miner should run. ``archive`` is set only if the controller has the file."""

    version: str
    order: follower.Order
    archive: Archive | None = None


@dataclass(frozen=True)
class Policy:
    """What is allowed, and how long to wait: for the end of the upgrade, or without ``to_end`` for its check."""

    allow_downgrade: bool
    force: bool
    recover: bool
    to_end: bool
    wait_s: float


@dataclass(frozen=True)
class Installed(Outcome[str]):
    """An outcome whose value is the version that the miner runs, or will run if the task did not wait for it."""

    version_before: str | None
    rebooted: bool
    elapsed_s: float


def wanted_from(options: Mapping[str, Any], folder: str | None) -> Wanted | None:
    """Returns the firmware that module options name, after checking its archive, once for all miners of a run.

    None means the vendor's newest, which only the miner can determine. ``folder`` is the temporary folder of the run.
    Raises InvalidInput or InvalidFirmware.
    """
    if sum(bool(options[name]) for name in ("src", "url", "latest")) != 1:
        raise InvalidInput("Exactly one of src, url and latest names the firmware.")
    if options["checksum"] and not options["src"]:
        raise InvalidInput("checksum is for src. A miner checks nothing but the signature of what it downloads itself.")
    if options["src"]:
        return _from_archive(judge(options["src"], folder), options["version"], options["checksum"])
    if options["latest"]:
        return None
    require_host(urlsplit(options["url"]).hostname or "", "The host in url")
    version = options["version"] or _version_in(urlsplit(options["url"]).path)
    if not version:
        raise InvalidInput(f"The version is not in the name of {options['url']}. Give it as version.")
    return Wanted(version, follower.Order(url=options["url"]))


def newest(session: Session, tracker: Tracker, version: str | None) -> Steps[Wanted]:
    """Returns the vendor's newest firmware as reported by the miner. Raises the errors of the read, and BadReply."""
    yield from tracker.begin()
    latest = yield from session.read(LATEST_FIRMWARE)
    if not latest.url:
        raise BadReply("The vendor names no address for its newest firmware. Use src or url instead of latest.")
    return Wanted(version or latest.version, follower.Order(url=latest.url))


def install(
    session: Session, tracker: Tracker, wanted: Wanted, policy: Policy, check_mode: bool, tell: Tell, warn: Warn
) -> Steps[Installed]:
    """Installs the requested firmware. ``tell`` gets a line for each phase and every 10 percent.

    ``tracker`` moves ``session`` to the address at which the miner comes back.

    Before anything is sent, raises an error for what :class:`Policy` forbids or an archive that does not fit. After
    that, FlashFailed, UpdaterStuck, NotBack, WrongDevice or NotReady, each with what the updater said.
    """
    began = session.now()
    overview = yield from tracker.begin()
    before = overview.identity.firmware
    if before == wanted.version and not policy.force:
        return _installed(False, before, wanted.version, False, session.now() - began)
    _require_fit(wanted, overview)
    _require_upgrade(before, wanted.version, policy)
    _warn_of_another_type(wanted, overview.identity, warn)
    yield from session.require_rights()
    if check_mode:
        return _installed(True, before, wanted.version, False, session.now() - began)
    upgrade = yield from _Flash(session, tracker, wanted, policy, tell).run()
    if upgrade.phase is Phase.RESTARTED:
        yield from _require_installed(session, wanted, overview.identity, upgrade.was_heard)
        tell("waiting until it mines again", False)
        yield from wait_ready(session, max(0.0, policy.wait_s - (session.now() - began)))
        tell(f"runs {wanted.version}", False)
    return _installed(True, before, wanted.version, upgrade.phase is Phase.RESTARTED, session.now() - began)


class _Flash:
    """One upgrade of one miner, with a second attempt after rebooting it if its updater was stuck."""

    def __init__(self, session: Session, tracker: Tracker, wanted: Wanted, policy: Policy, tell: Tell) -> None:
        self._session = session
        self._tracker = tracker
        self._wanted = wanted
        self._policy = policy
        self._tell = tell
        self._upgrade = Upgrade()
        self._told: tuple[Phase, int] | None = None

    def run(self) -> Steps[Upgrade]:
        """Returns the last phase: RESTARTED, or without ``to_end`` one in which the archive was checked."""
        yield from self._follow()
        if self._is_to_recover and (yield from self._restart_updater()):
            yield from self._try_again()
        if self._is_to_recover:
            self._tell(f"the updater is stuck ({self._upgrade.refusal}), rebooting the miner", False)
            yield from power.reboot(self._session, self._tracker, self._policy.wait_s)
            yield from self._try_again()
        phase = self._upgrade.phase
        if phase is Phase.STUCK:
            raise UpdaterStuck(
                f"The miner's updater did not accept {self._wanted.version} ({self._upgrade.refusal}), and nothing "
                f"is being installed: it has died, or is stuck on an earlier upload that was cut off. Set recover=true "
                "(upgrade_recover=true for the role and the playbook) to restart the updater if the firmware can do "
                "that, or else to reboot the miner."
            )
        if phase is Phase.FAILED:
            raise self._failed(f"The miner did not install {self._wanted.version}: {self._upgrade.reason}.")
        if self._policy.to_end and phase is not Phase.RESTARTED:
            raise self._unfinished(phase)
        return self._upgrade

    @property
    def _is_to_recover(self) -> bool:
        return self._upgrade.phase is Phase.STUCK and self._policy.recover

    def _restart_updater(self) -> Steps[bool]:
        """Restarts only the updater. Returns False if the firmware can't do that.

        Whether it helped shows in the next upload.
        """
        self._tell(f"the updater is stuck ({self._upgrade.refusal}), restarting it", False)
        try:
            yield from send_once(self._session.write(Request(RESTART_UPDATER)))
        except (Unsupported, Rejected, NotReady) as error:
            self._tell(f"the updater cannot be restarted alone: {error.reason}", True)
            return False
        return True

    def _try_again(self) -> Steps[None]:
        self._upgrade = Upgrade()
        yield from self._follow()

    def _follow(self) -> Steps[None]:
        has_rebooted = yield from power.reboot_proof(self._session, self._tracker)
        connection, policy = self._session.connection, self._policy
        miner = follower.Miner(connection.url, self._session.authorization, connection.tls, has_rebooted)
        order, upgrade, report = self._wanted.order, self._upgrade, self._report
        yield Attend(lambda run: follower.follow(run, miner, order, upgrade, policy.wait_s, policy.to_end, report))

    def _report(self) -> None:
        phase, tens = self._upgrade.phase, int(self._upgrade.percent // 10)
        if (phase, tens) == self._told:
            return
        if self._told is None or phase is not self._told[0]:
            self._tell(phase.value, False)
        elif phase is Phase.FLASHING:
            self._tell(f"{phase.value}, {tens * 10} %", True)
        self._told = (phase, tens)

    def _failed(self, message: str) -> MinerError:
        return FlashFailed(f"{message} It still runs its previous firmware. Check the archive and the miner's logs.")

    def _unfinished(self, phase: Phase) -> MinerError:
        unanswered = self._upgrade.unanswered
        asked = f" Last seen: {unanswered}." if unanswered else ""
        if phase is Phase.RESTARTING:
            failure = NotBack(
                f"The miner installed {self._wanted.version}, but has not come back from its reboot within "
                f"{self._policy.wait_s:g} s.{asked} Check the miner itself. If it only needs more time, raise "
                f"wait_timeout. If DHCP may have given it another address, name that network in search."
            )
        else:
            failure = NotBack(
                f"The miner received {self._wanted.version}, but has not finished within {self._policy.wait_s:g} s "
                f"({phase.value}).{asked} Check the miner itself. If it only needs more time, run the task again "
                f"with a longer wait_timeout: it then follows this update."
            )
        failure.changed = True
        return failure


def _from_archive(archive: Archive, version: str | None, checksum: str | None) -> Wanted:
    if checksum:
        match = _CHECKSUM.fullmatch(checksum)
        if not match:
            raise InvalidInput("checksum must be sha256: and 64 hexadecimal digits.")
        if match[1].lower() != archive.sha256:
            raise InvalidFirmware(
                f"{archive.path} has the SHA-256 {archive.sha256}, not the one in checksum. Download it again."
            )
    if version and archive.version and version != archive.version:
        raise InvalidFirmware(f"{archive.path} holds {archive.version}, not {version}. Correct src or version.")
    found = version or archive.version or _version_in(archive.path)
    if not found:
        raise InvalidInput(f"The version is neither in {archive.path} nor in its name. Give it as version.")
    return Wanted(found, follower.Order(path=archive.path, size=archive.size_bytes), archive)


def _version_in(path: str) -> str | None:
    match = _VERSION.fullmatch(PurePosixPath(path).stem)
    return match[0] if match else None


def _require_fit(wanted: Wanted, overview: Overview) -> None:
    if wanted.archive is None:
        return
    identity, free = overview.identity, overview.hardware.cache_free_bytes
    if not identity.type or not identity.hwver:
        raise BadReply(
            "The miner does not report its type and hardware, so it is unknown whether the archive is for it. Reboot "
            "it."
        )
    hardware = _hardware(identity.type, identity)
    if hardware not in wanted.archive.hardware:
        raise InvalidFirmware(
            f"The miner is a {hardware}, and the archive is for {', '.join(wanted.archive.hardware)}. Use the firmware "
            f"for its model. The archive is {wanted.archive.path}."
        )
    if identity.hwver.lower() not in wanted.archive.boards:
        raise InvalidFirmware(
            f"The miner has the board {identity.hwver}, and the archive is for {' and '.join(wanted.archive.boards)}. "
            f"Use the firmware for its model. The archive is {wanted.archive.path}."
        )
    if free is not None and free < wanted.archive.size_bytes:
        raise NotReady(
            f"The miner has {free} bytes of free memory, but the archive has {wanted.archive.size_bytes} bytes. "
            f"Reboot the miner, and try again."
        )


def _hardware(type_: str, identity: Identity) -> str:
    """A type on this miner's board, in the notation of archives."""
    return f"{type_}.{identity.hwver}".lower()


def _warn_of_another_type(wanted: Wanted, identity: Identity, warn: Warn) -> None:
    """Some archives are for two models, and turn one into the other."""
    if wanted.archive is None or identity.type is None:
        return
    type_ = wanted.version.partition("_")[0].upper()
    if type_ != identity.type.upper() and _hardware(type_, identity) in wanted.archive.hardware:
        warn(
            f"{wanted.archive.path} is for {' and '.join(wanted.archive.hardware)}, and its version is "
            f"{wanted.version}. With it, this {identity.type} becomes a {type_}: its type, maker, web page and default "
            "settings change."
        )


def _require_upgrade(before: str | None, version: str, policy: Policy) -> None:
    if is_older(version, than=before) and not policy.allow_downgrade:
        raise Downgrade(f"{version} is older than {before}, which the miner runs. Set allow_downgrade to install it.")


def _require_installed(session: Session, wanted: Wanted, before: Identity, was_heard: bool) -> Steps[None]:
    """Requires proof that the firmware was written, from the miner's version or its updater; without, it is unknown."""
    failure: MinerError | None = None
    try:
        now = (yield from session.read(OVERVIEW)).identity
    except MinerError as error:
        failure = NotBack(
            f"The miner received {wanted.version} and has rebooted, but it can't be read since then, so it is not "
            f"known which firmware it runs: {error.reason}. Run the task again when the miner answers.",
            reason=error.reason,
        )
        failure.changed = True
        raise failure from error
    if now.mac != before.mac:
        failure = WrongDevice(
            f"The miner {before.mac} was upgraded, but now {now.mac} answers at its address. Find out which address "
            f"it has now."
        )
    elif now.firmware == before.firmware != wanted.version and not was_heard:
        failure = FlashFailed(
            f"The miner received {wanted.version} and has rebooted, but still runs {now.firmware}. The updater did "
            f"not report the installation: either the miner rebooted before it, or {wanted.version} does not boot on "
            f"it. Run the task again, and check the miner's logs if it fails again."
        )
    elif now.firmware == before.firmware != wanted.version:
        failure = FlashFailed(
            f"The miner installed {wanted.version}, rebooted, and runs {now.firmware} again: the new image does not "
            "boot on it, so it fell back to the old one. Check the miner's logs."
        )
    elif now.firmware != wanted.version:
        failure = FlashFailed(
            f"The miner should run {wanted.version}, but runs {now.firmware}. Another update may have been installed "
            f"in between, or the version is not the version of this firmware."
        )
    if failure:
        failure.changed = True
        raise failure


def _installed(changed: bool, before: str | None, version: str, rebooted: bool, elapsed_s: float) -> Installed:
    diff = {"before": {"firmware": before}, "after": {"firmware": version}}
    return Installed(changed, version, diff, before, rebooted, round(elapsed_s, 1))
