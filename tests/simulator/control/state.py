# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a miner as the control port reads and changes it: one entry in READERS and SETTERS per name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from ..miner import DEVICE_LATENCY, TIMING, Miner
from ..mining.cgminer import MODE_KEYS, Board, mode_keys
from ..updater.refusal import BY_ODDS, REPLIES
from ..updater.slots import FLAGS
from ..updater.swupdate.frames import ORDERS, Order, Outbox
from ..updater.updater import LAST_FRAMES
from ..web.actions.hardware import ERROR_DETAIL
from .checks import (
    Check,
    address,
    all_of,
    anything,
    duration,
    either,
    flag,
    is_a,
    list_of,
    nullable,
    number,
    one_of,
    some_of,
    text,
    values_of,
)

# Each returns a value that json can write.
READERS: dict[str, Callable[[Miner], Any]] = {
    "host": lambda miner: miner.host,
    "port": lambda miner: miner.port,
    "mac": lambda miner: miner.mac,
    "generation": lambda miner: miner.generation.name,
    "listening": lambda miner: miner.listener.is_open,
    "power": lambda miner: miner.power,
    "booting": lambda miner: miner.booting,
    "booted_at": lambda miner: miner.booted_at,
    "firmware": lambda miner: miner.firmware,
    "image_flag": lambda miner: miner.slots.image_flag,
    "version_0": lambda miner: miner.slots.versions["0"],
    "version_1": lambda miner: miner.slots.versions["1"],
    "updater": lambda miner: miner.updater.state,
    "updater_freed_by": lambda miner: miner.updater_freed_by,
    "busy_reply": lambda miner: miner.busy_reply,
    "flashed": lambda miner: miner.slots.flashed,
    "uploads": lambda miner: miner.uploads,
    "has_download": lambda miner: miner.has_download,
    "frame_order": lambda miner: miner.frame_order,
    "last_frame": lambda miner: miner.last_frame,
    "hwver": lambda miner: miner.hwver,
    "type": lambda miner: miner.type,
    "uptime_s": lambda miner: miner.uptime(),
    "clock": lambda miner: miner.wall(),
    "clock_offset_s": lambda miner: miner.clock_offset,
    "memory": lambda miner: miner.memory,
    "load": lambda miner: miner.load,
    "network": lambda miner: dataclasses.asdict(miner.network),
    "users": lambda miner: miner.users.passwords if miner.users.file == "ok" else miner.users.file,
    "pools": lambda miner: miner.config.pools,
    "pools_config": lambda miner: miner.config.file,
    "config_writable": lambda miner: miner.config.writable,
    "config_full": lambda miner: miner.config.full,
    "autotune": lambda miner: {**dataclasses.asdict(miner.autotune), "keys": miner.config.keys},
    "ready": lambda miner: miner.cgminer.is_ready(),
    "tuning": lambda miner: miner.cgminer.is_tuning(),
    "boards": lambda miner: [dataclasses.asdict(board) for board in miner.cgminer.boards],
    "mended_by": lambda miner: miner.cgminer.mended_by,
    "pool_status": lambda miner: miner.cgminer.pool_status,
    "fan_duty": lambda miner: miner.cgminer.fan_duty,
    "power_watts": lambda miner: miner.cgminer.power_watts,
    "cgminer": lambda miner: miner.cgminer.override,
    "hashes": lambda miner: miner.hashes,
    "vendor": lambda miner: miner.vendor,
    "error": lambda miner: miner.error,
    "freqvol": lambda miner: miner.freqvol,
    "red_light": lambda miner: miner.red_light,
    "locked": lambda miner: miner.locked,
    "dna": lambda miner: miner.dna,
    "monitor": lambda miner: miner.monitor,
    "journal": lambda miner: miner.journal.text,
    "latency": lambda miner: miner.latency,
    "timing": lambda miner: miner.timing,
    "faults": lambda miner: miner.faults.shown(),
}


def read(miner: Miner) -> dict[str, Any]:
    return {name: reader(miner) for name, reader in READERS.items()}


async def change(miner: Miner, changes: dict[str, Any]) -> None:
    """Applies changes; ValueError says what is wrong with them, and then nothing was changed."""
    for name, value in changes.items():
        if name not in SETTERS:
            what = "can only be read" if name in READERS else "is unknown"
            raise ValueError(f"{name!r} {what}; these can be set: {', '.join(sorted(SETTERS))}")
        if problem := SETTERS[name][0](value):
            raise ValueError(f"{name!r} {problem}")
    for name, value in changes.items():
        SETTERS[name][1](miner, value)
    await miner.settle()


def _host(miner: Miner, host: str) -> None:
    miner.unplug()
    miner.host = miner.network.ipaddress = host


def _power(miner: Miner, power: str) -> None:
    if power == "off":
        miner.cut_power()
    else:
        miner.power_on()


def _network(miner: Miner, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(miner.network, name, value)
    miner.network.is_leased = miner.network.mode == "dhcp"


def _users(miner: Miner, users: Any) -> None:
    if isinstance(users, dict):
        miner.users.restore(users)
    else:
        miner.users.lose(users)


def _pools(miner: Miner, pools: Any) -> None:
    """As if configured long ago: both the file and the running cgminer have them."""
    _pools_config(miner, "ok")
    miner.config.pools = [dict(pool) for pool in pools]
    miner.cgminer.take_config()


def _pools_config(miner: Miner, file: str) -> None:
    if file != "ok":
        miner.config.lose(file)
    elif miner.config.file != "ok" or not miner.config.has_api:
        miner.config.copy_vendor_default()


def _autotune(miner: Miner, changes: dict[str, Any]) -> None:
    if "mode" in changes:
        miner.autotune.mode = changes["mode"]
        miner.config.keys = mode_keys(miner.config.keys, changes["mode"])
    if "level" in changes:
        miner.autotune.level = changes["level"]
    if "keys" in changes:
        miner.config.keys = dict(changes["keys"])


def _ready(miner: Miner, ready: bool) -> None:
    if ready:
        miner.cgminer.start(0, 0)
    else:
        miner.cgminer.stop()


def _tuning(miner: Miner, tuning: bool) -> None:
    miner.cgminer.tuning_until = float("inf") if tuning else 0.0


def _boards(miner: Miner, boards: list[dict[str, Any]]) -> None:
    miner.cgminer.boards = [Board(**board) for board in boards]


def _latency(miner: Miner, latency: Any) -> None:
    """Seconds for all actions, or by action with `*` for the others, or `device` for the latency of a real one."""
    if latency == "device":
        miner.latency = dict(DEVICE_LATENCY)
    else:
        miner.latency = dict(latency) if isinstance(latency, dict) else {"*": float(latency)}


def _uptime(miner: Miner, uptime: float) -> None:
    miner.booted_at = miner.clock.now() - uptime


def _mining(miner: Miner, elapsed: float) -> None:
    miner.cgminer.started_at = miner.cgminer.hashing_at = miner.clock.now() - elapsed


def _version(flag: str) -> Callable[[Miner, Any], None]:
    return lambda miner, version: miner.slots.versions.update({flag: version})


def _updater(miner: Miner, state: str) -> None:
    if state == "dead":
        miner.updater.die()
    else:
        miner.updater.state = state


def _frame_order(miner: Miner, order: Order) -> None:
    miner.frame_order = order
    miner.updater.outbox = Outbox(order)


def _attribute(name: str) -> Callable[[Miner, Any], None]:
    return lambda miner, value: setattr(miner, name, value)


def _of_cgminer(name: str) -> Callable[[Miner, Any], None]:
    return lambda miner, value: setattr(miner.cgminer, name, value)


def _of_config(name: str) -> Callable[[Miner, Any], None]:
    return lambda miner, value: setattr(miner.config, name, value)


def _merge(name: str) -> Callable[[Miner, Any], None]:
    return lambda miner, value: getattr(miner, name).update(value)


_ERROR = either(all_of("code", "errmsg"), all_of("code", *ERROR_DETAIL.values()))
# What may be set: how the value is checked, and how it is set.
SETTERS: dict[str, tuple[Check, Callable[[Miner, Any], None]]] = {
    "host": (address, _host),
    "mac": (text, _attribute("mac")),
    "power": (one_of("on", "off"), _power),
    "firmware": (text, _attribute("firmware")),
    "image_flag": (one_of(*FLAGS), lambda miner, flag: miner.slots.run(flag)),
    "version_0": (text, _version("0")),
    "version_1": (text, _version("1")),
    "updater": (one_of("idle", "wedged", "dead"), _updater),
    "updater_freed_by": (one_of("restart", "reboot"), _attribute("updater_freed_by")),
    "busy_reply": (one_of(*REPLIES, BY_ODDS), _attribute("busy_reply")),
    "has_download": (flag, _attribute("has_download")),
    "frame_order": (either(one_of(*ORDERS), is_a(int)), _frame_order),
    "last_frame": (one_of(*LAST_FRAMES), _attribute("last_frame")),
    "hwver": (text, _attribute("hwver")),
    "type": (text, _attribute("type")),
    "uptime_s": (duration, _uptime),
    "mining_s": (duration, _mining),
    "clock_offset_s": (number, _attribute("clock_offset")),
    "memory": (some_of(total=number, free=number, available=number, cached=number), _merge("memory")),
    "load": (list_of(number), _attribute("load")),
    "network": (
        some_of(
            mode=one_of("dhcp", "static"),
            ipaddress=text,
            netmask=text,
            gateway=text,
            dns=list_of(text),
            dhcp_lease=nullable(address),
            up=flag,
        ),
        _network,
    ),
    "users": (either(one_of("absent", "corrupt", "misshapen"), some_of(admin=text, guest=text)), _users),
    "pools": (list_of(all_of("url", "user", "pass")), _pools),
    "pools_config": (one_of("ok", "missing", "empty", "corrupt"), _pools_config),
    "config_writable": (flag, _of_config("writable")),
    "config_full": (flag, _of_config("full")),
    "autotune": (some_of(mode=one_of(*MODE_KEYS), level=text, keys=anything), _autotune),
    "ready": (flag, _ready),
    "tuning": (flag, _tuning),
    "boards": (
        list_of(
            some_of(
                alive=flag,
                hashrate_mhs=number,
                temperature_c=number,
                hardware_errors_per_s=number,
                reject_ratio=number,
                last_share_s=nullable(number),
                slot=nullable(number),
            )
        ),
        _boards,
    ),
    "mended_by": (nullable(one_of("restart", "reboot")), _of_cgminer("mended_by")),
    "pool_status": (either(text, values_of(text)), _of_cgminer("pool_status")),
    "fan_duty": (number, _of_cgminer("fan_duty")),
    "power_watts": (nullable(number), _of_cgminer("power_watts")),
    "cgminer": (
        nullable(either(one_of("empty", "garbage", "silent"), some_of(devs=anything, pools=anything, stats=anything))),
        lambda miner, value: miner.cgminer.set_override(value),
    ),
    "hashes": (anything, _attribute("hashes")),
    "vendor": (nullable(either(one_of("garbage", "silent"), anything)), _attribute("vendor")),
    "error": (nullable(either(one_of("empty"), _ERROR)), _attribute("error")),
    "freqvol": (nullable(anything), _attribute("freqvol")),
    "locked": (flag, _attribute("locked")),
    "dna": (text, _attribute("dna")),
    "monitor": (flag, _attribute("monitor")),
    "journal": (text, lambda miner, text: setattr(miner.journal, "text", text)),
    "log": (text, lambda miner, message: miner.journal.write(message, miner.wall())),
    "latency": (either(one_of("device"), either(duration, values_of(duration))), _latency),
    "timing": (some_of(**dict.fromkeys(TIMING, duration)), _merge("timing")),
}
