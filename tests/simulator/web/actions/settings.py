# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads and writes of settings. Writes report success much more often than they succeed: all seen on the device."""

from __future__ import annotations

import re

from ...generations import ALL, since
from ...mining.api import pool_status
from ...mining.cgminer import MODE_KEYS
from ...network import problem
from ..call import Call
from ..php import is_utf8
from ..wire import Reply
from .action import Action
from .answers import failure, php, success

# What the later Innosilicon accepts as the URL of a pool.
POOL_URL = re.compile(
    r"(https?|stratum\+(?P<transport>tcp|tls)|tcp)://"
    r"([^\s/?#@]+@)?"
    r"([0-9]{1,3}(\.[0-9]{1,3}){3}|([a-z0-9_~-]+\.)+[a-z]([a-z0-9_~-]*[a-z])?)"
    r"(:[0-9]+)?(/[^\s?#]*)?(\?[^\s#]*)?(#\S*)?",
    re.IGNORECASE | re.ASCII,
)


async def pools(call: Call) -> Reply:
    """From the file, not from cgminer, with the passwords, and with unescaped slashes."""
    configured = call.miner.config.pools
    if configured is None:
        return failure("missing configuration")
    return php({"success": True, "pools": configured}, escape_slashes=False)


async def update_pools(call: Call) -> Reply:
    """Slots that lack a value are dropped silently; the answer is success whatever happens."""
    miner = call.miner
    kept = []
    for number in "123":
        pool = {
            "url": call.form.get(f"Pool{number}", ""),
            "user": call.form.get(f"UserName{number}", ""),
            "pass": call.form.get(f"Password{number}", ""),
        }
        if all(pool.values()):
            kept.append(pool)
    if miner.generation.checks_pool_urls and not all(_is_known(call, str(pool["url"])) for pool in kept):
        return failure("url error")
    if miner.locked and miner.generation.lock_keeps_pools:
        return success(message="lock")
    call.applied()
    if not all(is_utf8(value) for pool in kept for value in pool.values()):
        # The JSON encoder fails and an empty text is written, with which cgminer can't start.
        miner.config.lose("empty")
        miner.cgminer.stop()
        await miner.clock.sleep(miner.timing["cgminer_restart_s"])
    else:
        miner.config.write_pools(kept)
        await miner.restart_cgminer()
    return success(message="lock" if miner.locked else "nolock") if miner.generation.has_lock else success()


def _is_known(call: Call, url: str) -> bool:
    match = POOL_URL.fullmatch(url)
    is_tls = match is not None and str(match["transport"]).lower() == "tls"
    return match is not None and (call.miner.generation.knows_tls or not is_tls)


async def check_pool_test(call: Call) -> Reply:
    return success()


async def testing_pool(call: Call) -> Reply:
    """Tests a pool without setting it. Duration and message are unknown, except that the key is `msg`."""
    miner = call.miner
    url, *login = (call.form.get(name) for name in ("Pool", "UserName", "Password"))
    await miner.clock.sleep(miner.timing["pool_test_s"])
    if not (url and all(login)):
        return php({"success": False, "msg": "missing field"})
    status = pool_status(miner.cgminer, url)
    return success() if status == "Alive" else php({"success": False, "msg": f"connect pool failed: {status}"})


async def get_autotune(call: Call) -> Reply:
    miner = call.miner
    if miner.generation.has_level:
        return success(autoTuneMode={"mode": miner.autotune.mode, "level": miner.autotune.level})
    return success(autoTuneMode=miner.config.mode() if miner.generation.mode_from_cgminer else miner.autotune.mode)


async def set_autotune(call: Call) -> Reply:
    miner = call.miner
    if "autotune" not in call.form:
        return failure("missing autotune value")
    mode = call.form["autotune"]
    if not isinstance(mode, str) or mode not in miner.generation.modes:
        return success()
    if mode == "balanced" and not any(key in miner.config.keys for key in MODE_KEYS.values()):
        return success()
    call.applied()
    # getAutoTune does not read the file that cgminer obeys.
    miner.autotune.mode = mode
    level = None
    if miner.generation.has_level:
        level = miner.autotune.level = str(call.form.get("level", "2")).strip()
    miner.config.write_mode(mode, level)
    await miner.restart_cgminer(tunes=mode != "off")
    return success()


async def update_network(call: Call) -> Reply:
    """networkd restarts before the answer is sent, so an answer from a changed address never arrives."""
    miner, form = call.miner, call.form
    message = problem(form)
    if message:
        return failure(message)
    call.applied()
    network = miner.network
    network.mode = str(form["dhcp"])
    await miner.clock.sleep(miner.timing["network_restart_s"])
    address = network.take_lease() if network.mode == "dhcp" else network.take_static(form)
    if await miner.move(address):
        raise call.lose("lost_reply")
    return success()


async def update_password(call: Call) -> Reply:
    """The current password is the admin's, whichever user's password changes."""
    users, generation = call.miner.users, call.miner.generation
    users.create_if_unreadable()
    user, new = call.form.get("user"), call.form.get("newPassword")
    if call.form.get("currentPassword") != users.passwords.get("admin"):
        return failure("wrong current password")
    if not isinstance(user, str) or user not in generation.changeable_users:
        return failure("invalid user")
    if not isinstance(new, str) or not new:
        return failure("invalid new password")
    if user not in users.passwords:
        return failure("cant update the password")
    users.passwords[user] = new
    call.applied()
    return success()


async def get_lock_state(call: Call) -> Reply:
    return success(status="1" if call.miner.locked else "0")


async def set_lock(call: Call) -> Reply:
    """Takes no parameter; nothing undoes it."""
    call.miner.locked = True
    call.applied()
    return success()


async def set_freq_vol(call: Call) -> Reply:
    """Saves nothing and reports nothing."""
    return php(b"")


async def set_monitor(call: Call) -> Reply:
    """Relays dm-monitor's answer, in which success is text."""
    light = call.form.get("red_light")
    if light is None:
        return php(b"")
    if not call.miner.monitor:
        return failure()
    call.miner.red_light = str(light)
    call.applied()
    return php({"success": "true"})


ACTIONS = {
    "pools": Action(pools, guest=ALL),
    "updatePools": Action(update_pools, is_write=True),
    "checkPoolTest": Action(check_pool_test, since("inno-2019")),
    "TestingPool": Action(testing_pool, since("inno-2019")),
    "getAutoTune": Action(get_autotune),
    "setAutoTune": Action(set_autotune, is_write=True),
    "updateNetwork": Action(update_network, is_write=True),
    "updatePassword": Action(update_password, is_write=True),
    "getLockState": Action(get_lock_state, since("inno-2018-09")),
    "setLock": Action(set_lock, since("inno-2018-09"), is_write=True),
    "setFreqVol": Action(set_freq_vol, since("inno-2018-08"), is_write=True),
    # No page of 2019 switches the light any more.
    "SetMonitor": Action(set_monitor, since("inno-2018-05") - since("inno-2019"), is_write=True),
}
