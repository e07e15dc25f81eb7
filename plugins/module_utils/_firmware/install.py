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
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.archive import Archive, check_archive
from ansible_collections.minerops.dragonmint.plugins.module_utils._firmware.upgrade import Phase, Upgrade
from ansible_collections.minerops.dragonmint.plugins.module_utils._hosts import require_host
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.converge import Outcome, send_once, wait_until
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.mining import wait_ready
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.search import Tracker, read_overview
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.session import Session
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import RunAction, Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._text import quoted
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import Request
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.system import OVERVIEW, Identity, Overview
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.updater import LATEST_FIRMWARE, RESTART_UPDATER
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.values import is_older

Notify = Callable[[str, bool], None]
Warn = Callable[[str], None]

# Three parts, the type first, or four.
_VERSION = re.compile(r"[A-Za-z0-9.+-]+(?:_[A-Za-z0-9.+-]+)?_\d{8}_\d{6}")
_CHECKSUM = re.compile(r"sha256:([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class Firmware:
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


def firmware_from(options: Mapping[str, Any], folder: str | None) -> Firmware | None:
    """Returns the firmware that module options name, after checking its archive, once for all miners of a run.

    None means the vendor's newest, which only the miner can determine. ``folder`` is the temporary folder of the run.
    Raises InvalidInput or InvalidFirmware.
    """
    if sum(bool(options[name]) for name in ("src", "url", "latest")) != 1:
        raise InvalidInput("Set exactly one of src, url and latest.")
    if options["checksum"] and not options["src"]:
        raise InvalidInput(
            "checksum can only be used with src. Leave it out; a miner verifies the signature of what it downloads "
            "itself."
        )
    if options["src"]:
        return _from_archive(check_archive(options["src"], folder), options["version"], options["checksum"])
    if options["latest"]:
        return None
    require_host(urlsplit(options["url"]).hostname or "", "The host in url")
    version = options["version"] or _version_in(urlsplit(options["url"]).path)
    if not version:
        raise InvalidInput(f"The version is not in the name of {quoted(options['url'])}. Give it as version.")
    return Firmware(version, follower.Order(url=options["url"]))


def newest(session: Session, tracker: Tracker, version: str | None) -> Steps[Firmware]:
    """Returns the vendor's newest firmware as reported by the miner. Raises the errors of the read, and BadReply."""
    yield from tracker.begin()
    latest = yield from session.read(LATEST_FIRMWARE)
    if not latest.url:
        raise BadReply("The vendor does not give a URL for its newest firmware. Use src or url instead of latest.")
    return Firmware(version or latest.version, follower.Order(url=latest.url))


def install(
    session: Session, tracker: Tracker, firmware: Firmware, policy: Policy, check_mode: bool, notify: Notify, warn: Warn
) -> Steps[Installed]:
    """Installs the requested firmware. ``notify`` gets a line for each phase and every 10 percent.

    ``tracker`` moves ``session`` to the address at which the miner comes back.

    Before anything is sent, raises an error for what :class:`Policy` forbids or an archive that does not fit. After
    that, FlashFailed, UpdaterStuck, NotBack, WrongDevice or NotReady, each with what the updater said.
    """
    began = session.now()
    overview = yield from tracker.begin()
    before = overview.identity.firmware
    if before == firmware.version and not policy.force:
        return _installed(False, before, firmware.version, False, session.now() - began)
    _require_match(firmware, overview)
    _require_upgrade(before, firmware.version, policy)
    _warn_of_another_type(firmware, overview.identity, warn)
    yield from session.require_rights()
    if check_mode:
        return _installed(True, before, firmware.version, False, session.now() - began)
    upgrade = yield from _Flash(session, tracker, overview.identity, firmware, policy, notify).run()
    if upgrade.phase is Phase.RESTARTED:
        yield from _require_installed(session, firmware, overview.identity, upgrade.has_reported)
        notify("waiting until it mines again", False)
        yield from wait_ready(session, max(0.0, policy.wait_s - (session.now() - began)))
        notify(f"runs {firmware.version}", False)
    return _installed(True, before, firmware.version, upgrade.phase is Phase.RESTARTED, session.now() - began)


class _Flash:
    """One upgrade of one miner, with a second attempt after rebooting it if its updater was stuck."""

    def __init__(
        self,
        session: Session,
        tracker: Tracker,
        before: Identity,
        firmware: Firmware,
        policy: Policy,
        notify: Notify,
    ) -> None:
        self._session = session
        self._tracker = tracker
        self._before = before
        self._firmware = firmware
        self._policy = policy
        self._notify = notify
        self._upgrade = Upgrade()
        self._reported: tuple[Phase, int] | None = None

    def run(self) -> Steps[Upgrade]:
        """Returns the last phase: RESTARTED, or without ``to_end`` one in which the archive was checked."""
        yield from self._follow()
        if self._is_to_recover and (yield from self._restart_updater()):
            yield from self._try_again()
        if self._is_to_recover:
            self._notify(f"the updater is stuck ({self._upgrade.refusal}), rebooting the miner", False)
            yield from power.reboot(self._session, self._tracker, self._policy.wait_s)
            yield from self._try_again()
        phase = self._upgrade.phase
        if phase is Phase.STUCK:
            raise UpdaterStuck(
                f"The miner's updater did not accept {self._firmware.version} ({self._upgrade.refusal}), and nothing "
                f"is being installed: it has died, or is stuck on an earlier upload that was cut off. Set recover=true "
                "(upgrade_recover=true for the role and the playbook) to restart the updater if the firmware can do "
                "that, or else to reboot the miner."
            )
        if phase is Phase.FAILED:
            raise self._failed(f"The miner did not install {self._firmware.version}: {self._upgrade.reason}.")
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
        self._notify(f"the updater is stuck ({self._upgrade.refusal}), restarting it", False)
        try:
            yield from send_once(self._session.write(Request(RESTART_UPDATER)))
        except (Unsupported, Rejected, NotReady) as error:
            self._notify(f"the updater cannot be restarted alone: {error.reason}", True)
            return False
        return True

    def _try_again(self) -> Steps[None]:
        self._upgrade = Upgrade()
        yield from self._follow()

    def _follow(self) -> Steps[None]:
        has_rebooted = yield from power.reboot_proof(self._session, self._tracker)
        connection, policy = self._session.connection, self._policy
        miner = follower.Miner(
            connection.url, self._session.authorization, connection.tls, self._is_unchanged, has_rebooted
        )
        order, upgrade, report = self._firmware.order, self._upgrade, self._report
        yield RunAction(lambda run: follower.follow(run, miner, order, upgrade, policy.wait_s, policy.to_end, report))

    def _is_unchanged(self) -> Steps[bool]:
        """Waits for the miner's answer, since it may be rebooting with the firmware of another update."""
        before = self._before
        now = before

        def has_answered() -> Steps[bool]:
            nonlocal now
            now = (yield from read_overview(self._session)).identity
            if now.mac != before.mac:
                raise WrongDevice(
                    f"The miner {before.mac} was to be upgraded, but now {now.mac} answers at its address. Nothing was "
                    "sent. Find out which address it has now."
                )
            return bool(now.firmware or not before.firmware)

        is_known = yield from wait_until(self._session, has_answered, self._policy.wait_s)
        if not is_known and not (yield from has_answered()):
            raise BadReply("The miner no longer reports which firmware it runs. Nothing was sent. Reboot the miner.")
        return now.firmware == before.firmware

    def _report(self) -> None:
        phase, tens = self._upgrade.phase, int(self._upgrade.percent // 10)
        if (phase, tens) == self._reported:
            return
        if self._reported is None or phase is not self._reported[0]:
            self._notify(phase.value, False)
        elif phase is Phase.FLASHING:
            self._notify(f"{phase.value}, {tens * 10} %", True)
        self._reported = (phase, tens)

    def _failed(self, message: str) -> MinerError:
        return FlashFailed(f"{message} It still runs its previous firmware. Check the archive and the miner's logs.")

    def _unfinished(self, phase: Phase) -> MinerError:
        unanswered = self._upgrade.unanswered
        asked = f" Last seen: {unanswered}." if unanswered else ""
        if phase is Phase.RESTARTING:
            failure = NotBack(
                f"The miner installed {self._firmware.version}, but has not come back from its reboot within "
                f"{self._policy.wait_s:g} s.{asked} Check the miner itself. If it only needs more time, raise "
                f"wait_timeout. If DHCP may have given it another address, name that network in search."
            )
        else:
            failure = NotBack(
                f"The miner received {self._firmware.version}, but has not finished within {self._policy.wait_s:g} s "
                f"({phase.value}).{asked} Check the miner itself. If it only needs more time, run the task again "
                f"with a longer wait_timeout: it then follows this update."
            )
        failure.changed = True
        return failure


def _from_archive(archive: Archive, version: str | None, checksum: str | None) -> Firmware:
    if checksum:
        match = _CHECKSUM.fullmatch(checksum)
        if not match:
            raise InvalidInput("checksum must be sha256: and 64 hexadecimal digits.")
        if match[1].lower() != archive.sha256:
            raise InvalidFirmware(
                f"{quoted(archive.path)} has the SHA-256 {archive.sha256}, not the one in checksum. Download it again."
            )
    if version and archive.version and version != archive.version:
        raise InvalidFirmware(
            f"{quoted(archive.path)} contains {archive.version}, not {version}. Correct src or version."
        )
    found = version or archive.version or _version_in(archive.path)
    if not found:
        raise InvalidInput(f"The version is neither in {quoted(archive.path)} nor in its name. Give it as version.")
    return Firmware(found, follower.Order(path=archive.path, size=archive.size_bytes), archive)


def _version_in(path: str) -> str | None:
    match = _VERSION.fullmatch(PurePosixPath(path).stem)
    return match[0] if match else None


def _require_match(firmware: Firmware, overview: Overview) -> None:
    if firmware.archive is None:
        return
    identity, free = overview.identity, overview.hardware.cache_free_bytes
    if not identity.type or not identity.hwver:
        raise BadReply(
            "The miner does not report its type and hardware, so it is unknown whether the archive is for it. Reboot "
            "the miner."
        )
    hardware = _hardware(identity.type, identity)
    if hardware not in firmware.archive.hardware:
        raise InvalidFirmware(
            f"The miner is a {hardware}, but the archive is for {', '.join(firmware.archive.hardware)}. Use the "
            f"firmware for its model. The archive is {quoted(firmware.archive.path)}."
        )
    if identity.hwver.lower() not in firmware.archive.boards:
        raise InvalidFirmware(
            f"The miner has the board {identity.hwver}, but the archive is for {' and '.join(firmware.archive.boards)}"
            f". Use the firmware for its model. The archive is {quoted(firmware.archive.path)}."
        )
    if free is not None and free < firmware.archive.size_bytes:
        raise NotReady(
            f"The miner has {free} bytes of free memory, but the archive has {firmware.archive.size_bytes} bytes. "
            f"Reboot the miner, and try again."
        )


def _hardware(type_: str, identity: Identity) -> str:
    """A type on this miner's board, in the notation of archives."""
    return f"{type_}.{identity.hwver}".lower()


def _warn_of_another_type(firmware: Firmware, identity: Identity, warn: Warn) -> None:
    """Some archives are for two models, and turn one into the other."""
    if firmware.archive is None or identity.type is None:
        return
    type_ = firmware.version.partition("_")[0].upper()
    if type_ != identity.type.upper() and _hardware(type_, identity) in firmware.archive.hardware:
        warn(
            f"{quoted(firmware.archive.path)} is for {' and '.join(firmware.archive.hardware)}, and its version is "
            f"{firmware.version}. With it, this {identity.type} becomes a {type_}: its type, maker, web page and "
            "default settings change."
        )


def _require_upgrade(before: str | None, version: str, policy: Policy) -> None:
    if is_older(version, than=before) and not policy.allow_downgrade:
        raise Downgrade(f"{version} is older than {before}, which the miner runs. Set allow_downgrade to install it.")


def _require_installed(session: Session, firmware: Firmware, before: Identity, has_reported: bool) -> Steps[None]:
    """Requires proof that the firmware was written, from the miner's version or its updater; without, it is unknown."""
    failure: MinerError | None = None
    try:
        now = (yield from session.read(OVERVIEW)).identity
    except MinerError as error:
        failure = NotBack(
            f"The miner received {firmware.version} and has rebooted, but since then it can't be read, so it is "
            f"unknown which firmware it runs: {error.reason}. Run the task again when the miner answers.",
            reason=error.reason,
        )
        failure.changed = True
        raise failure from error
    if now.mac != before.mac:
        failure = WrongDevice(
            f"The miner {before.mac} was upgraded, but now {now.mac} answers at its address. Find out which address "
            f"it has now."
        )
    elif now.firmware == before.firmware != firmware.version and not has_reported:
        failure = FlashFailed(
            f"The miner received {firmware.version} and has rebooted, but still runs {now.firmware}. The updater did "
            f"not report the installation: either the miner rebooted before it, or {firmware.version} does not boot on "
            f"it. Run the task again, and check the miner's logs if it fails again."
        )
    elif now.firmware == before.firmware != firmware.version:
        failure = FlashFailed(
            f"The miner installed {firmware.version}, rebooted, and runs {now.firmware} again: the new image does not "
            "boot on it, so it fell back to the old one. Check the miner's logs."
        )
    elif now.firmware != firmware.version:
        failure = FlashFailed(
            f"The miner should run {firmware.version}, but runs {now.firmware}. Another update may have been installed "
            f"in between, or the given version is not that of this firmware."
        )
    if failure:
        failure.changed = True
        raise failure


def _installed(changed: bool, before: str | None, version: str, rebooted: bool, elapsed_s: float) -> Installed:
    diff = {"before": {"firmware": before}, "after": {"firmware": version}}
    return Installed(changed, version, diff, before, rebooted, round(elapsed_s, 1))
