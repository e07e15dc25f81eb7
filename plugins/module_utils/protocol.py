# Copyright (c) 2026 minerops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the miner speaks, without any I/O: the requests it takes, and what its replies mean.

Each endpoint is described once, by an :class:`Endpoint`: its action, who may call it on which firmware, and how its
reply is read. A request is an endpoint with its form; :func:`parse` turns the reply to it into normalised values or
raises one of our errors. The facts come from the firmware's own sources and from recordings of real miners.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Generic, NoReturn, TypeVar

from ansible_collections.minerops.dragonmint.plugins.module_utils.errors import (
    BadReply,
    MinerError,
    NotReady,
    PermissionDenied,
    Rejected,
    Unsupported,
)

GUEST = "guest"
ADMIN = "admin"

DM_2018_04 = "dm-2018-04"
DM_2018_05 = "dm-2018-05"
INNO_2018_08 = "inno-2018-08"
GENERATIONS = (DM_2018_04, DM_2018_05, INNO_2018_08)

POOLS_MAX = 3
INNOSILICON_ISSUER = "AsicMiner"
FACTORY_PASSWORDS = {ADMIN: ("dragonadmin", "admin"), GUEST: ("dragonguest", "guest")}
REPLY_BYTES_MAX = 8 * 1024 * 1024
UPLOAD_PATH = "/upgrade/upload"
DOWNLOAD_PATH = "/upgrade/download"
UPDATER_SOCKET_PATH = "/upgrade/ws"

_BOUNDARY = "minerops-dragonmint-firmware-7MA4YWxkTrZu0gWoQ2rX9c"

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """An HTTP reply as it came in. ``date`` is its Date header: the miner's own clock."""

    status: int
    body: bytes
    location: str | None = None
    date: str | None = None


@dataclass(frozen=True)
class Pool:
    """A pool as cgminer is configured with it."""

    url: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Identity:
    """What the miner is. ``firmware`` and ``build_date`` are None when the miner does not know its version."""

    type: str | None
    hwver: str | None
    mac: str | None
    firmware: str | None
    build_date: str | None


@dataclass(frozen=True)
class Network:
    """The network settings: ``mode`` as configured (dhcp or static), the addresses as they are live."""

    mode: str
    ipaddress: str | None
    netmask: str | None
    gateway: str | None
    dns: tuple[str, ...]


@dataclass(frozen=True)
class Hardware:
    """Uptime, load over 1, 5 and 15 minutes, and memory of the controller board."""

    uptime_seconds: int | None
    load: tuple[float, ...]
    memory_used_bytes: int | None
    memory_free_bytes: int | None
    memory_total_bytes: int | None
    cache_used_bytes: int | None
    cache_free_bytes: int | None
    cache_total_bytes: int | None


@dataclass(frozen=True)
class Overview:
    """Everything that the miner tells about itself, but for mining."""

    identity: Identity
    network: Network
    hardware: Hardware


@dataclass(frozen=True)
class Board:
    """A hash board (cgminer's device, a chain). ``last_share_seconds`` is the age of its last share."""

    id: int | None
    status: str | None
    temperature_c: float | None
    hashrate_ths: float | None
    hardware_errors: int | None
    accepted: int | None
    rejected: int | None
    last_share_seconds: int | None


@dataclass(frozen=True)
class PoolStatus:
    """A pool as cgminer sees it live. ``active`` tells whether a stratum session is up."""

    url: str
    status: str | None
    active: bool | None
    accepted: int | None
    rejected: int | None


@dataclass(frozen=True)
class Mining:
    """What cgminer does. ``ready`` is False while it does not answer; then everything else is empty or None."""

    ready: bool
    hashrate_ths: Mapping[str, float | None]
    boards: tuple[Board, ...] = ()
    pools: tuple[PoolStatus, ...] = ()
    fan_percent: int | None = None
    reject_ratio: float | None = None
    is_tuning: bool | None = None
    elapsed_seconds: int | None = None


@dataclass(frozen=True)
class AutoTune:
    """The configured autotune mode. ``level`` is None on firmware that has no levels."""

    mode: str
    level: str | None = None


@dataclass(frozen=True)
class AutoTuneStatus:
    """What autotune does now: whether cgminer runs, and whether it is still tuning."""

    is_running: bool
    is_tuning: bool


@dataclass(frozen=True)
class Login:
    """A successful login. ``level`` is who the miner takes us for, admin or guest; ``issuer`` names the firmware.

    Both are None if the JWT does not say.
    """

    jwt: str = field(repr=False)
    level: str | None
    issuer: str | None


@dataclass(frozen=True)
class Endpoint(Generic[T]):
    """One action of the API.

    ``levels`` names the lowest user level that may call it, by firmware generation; a generation that is not in it
    does not have the action. ``read`` turns the reply's object into the value, ``writes`` marks what changes the
    miner, and ``slow_s`` are the seconds that the miner may take where it does not just look into itself.
    """

    action: str
    levels: Mapping[str, str]
    read: Callable[[Mapping[str, Any], Reply], T]
    writes: bool = False
    slow_s: float = 0.0

    def admin_only(self) -> bool:
        """Whether a guest may call this on no firmware."""
        return GUEST not in self.levels.values()

    def is_everywhere(self) -> bool:
        """Whether each firmware has this."""
        return set(self.levels) == set(GENERATIONS)


@dataclass(frozen=True)
class Request(Generic[T]):
    """An endpoint and the form to send to it. The firmware reads parameters from POSTed forms only."""

    endpoint: Endpoint[T]
    form: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def path(self) -> str:
        """The path of the URL."""
        return "/api/" + self.endpoint.action


@dataclass(frozen=True)
class LatestFirmware:
    """The vendor's newest firmware, as the miner asked for it. ``info`` is the vendor's word on it."""

    version: str
    date: str | None
    url: str | None
    info: str | None
    current_version: str | None


@dataclass(frozen=True)
class Frame:
    """What the updater tells on its websocket: a status, the progress of a step in percent of the whole, or a text."""

    status: str | None = None
    percent: float | None = None
    text: str | None = None
    is_verdict: bool = False


@dataclass(frozen=True)
class Upload:
    """The multipart body of a firmware upload, around an archive of ``size`` bytes. It has the one part upfile.

    The miner's web server wants to know the length beforehand, and its updater takes a second part for a second image.
    """

    filename: str
    size: int

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={_BOUNDARY}"

    @property
    def head(self) -> bytes:
        name = "".join(char if char.isprintable() and char not in '"\\' else "_" for char in self.filename)
        disposition = f'Content-Disposition: form-data; name="upfile"; filename="{name}"'
        return f"--{_BOUNDARY}\r\n{disposition}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()

    @property
    def tail(self) -> bytes:
        return f"\r\n--{_BOUNDARY}--\r\n".encode("ascii")

    @property
    def length(self) -> int:
        return len(self.head) + self.size + len(self.tail)


class TokenExpired(MinerError):
    """The miner does not take this JWT (any more): it says so of every token it can't verify."""


class UpdaterBusy(MinerError):
    """The miner's updater refuses an upload, since it has one under way, or lost one and is stuck."""


class InvalidRequest(MinerError):
    """The miner says "invalid request": wrong login, no permission or no such action, it does not tell which."""


def parse(request: Request[T], reply: Reply) -> T:
    """Returns the normalised value of a reply.

    Raises TokenExpired or InvalidRequest for the caller to resolve, NotReady where the miner refuses without a
    reason (cgminer does not answer), Rejected where it gives one, BadReply for all that no miner says.
    """
    answer = _json_object(request, reply)
    success = answer.get("success")
    if success is True:
        return request.endpoint.read(answer, reply)
    if success is not False:
        _bad(request, "the reply has no success flag", reply)
    if answer.get("token") == "expired":
        raise TokenExpired("The miner does not accept the JWT.")
    message = answer.get("message")
    if message is None:
        raise NotReady(
            f"The miner refused {request.path} without a reason, which it does while cgminer does not answer. "
            "It may be starting; if it stays so, restart cgminer or look at the miner's logs."
        )
    text = printable(message if isinstance(message, str) else json.dumps(message))
    if text == "invalid request":
        raise InvalidRequest(f"The miner called {request.path} an invalid request.")
    raise Rejected(f"The miner refused {request.path}: {text}.", reason=text)


def printable(text: str) -> str:
    """Returns a short text of the miner's, safe to show on a terminal."""
    clean = "".join(char if char.isprintable() else "?" for char in text.strip())
    return clean if len(clean) <= 200 else clean[:200] + "…"


def mac_address(text: str) -> str:
    """Returns a MAC address as results show it: in lower case, with colons."""
    return text.strip().lower().replace("-", ":")


def auth(username: str, password: str) -> Request[Login]:
    """A login. Send it without an Authorization header: a stale JWT would be refused even here."""
    return Request(AUTH, {"username": username, "password": password})


def update_pools(pools: Iterable[Pool]) -> Request[None]:
    """Replaces all pools, and restarts cgminer. Empty values would drop the pool, invalid UTF-8 the configuration."""
    form = {}
    for number, pool in enumerate(pools, start=1):
        form[f"Pool{number}"] = pool.url
        form[f"UserName{number}"] = pool.user
        form[f"Password{number}"] = pool.password
    return Request(UPDATE_POOLS, form)


def set_autotune(autotune: AutoTune) -> Request[None]:
    """Sets the autotune mode, and restarts cgminer. Answers success to modes that the firmware does not know, too."""
    form = {"autotune": autotune.mode}
    if autotune.level is not None:
        form["level"] = autotune.level
    return Request(SET_AUTOTUNE, form)


def update_network(network: Network) -> Request[None]:
    """Sets the network, and restarts it: when the address changes, the reply usually does not get through."""
    if network.mode == "dhcp":
        return Request(UPDATE_NETWORK, {"dhcp": "dhcp"})
    first, *others = network.dns
    form = {
        "dhcp": "static",
        "ipaddress": network.ipaddress or "",
        "netmask": network.netmask or "",
        "gateway": network.gateway or "",
        "dns[0]": first,
        "dns[1]": others[0] if others else first,
    }
    return Request(UPDATE_NETWORK, form)


def update_password(user: str, admin_password: str, new_password: str) -> Request[None]:
    """Sets a user's password. The current one that the miner asks for is always the admin's."""
    form = {"user": user, "currentPassword": admin_password, "newPassword": new_password}
    return Request(UPDATE_PASSWORD, form)


def parse_frame(text: str) -> Frame | None:
    """Reads a frame of the updater's websocket; None for one that tells nothing, or is no valid JSON.

    All its values are strings. File names are not escaped in it, so some frames are not valid.
    """
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(frame, dict):
        return None
    if frame.get("type") == "status":
        return Frame(status=_text(frame.get("status")))
    if frame.get("type") == "step":
        steps, step, percent = (_number(frame.get(key)) for key in ("number", "step", "percent"))
        if steps and step is not None and percent is not None:
            return Frame(percent=max(0.0, min(100.0, 100 * (step - 1 + percent / 100) / steps)))
    if frame.get("type") == "message":
        return Frame(text=printable(str(frame.get("text", ""))), is_verdict=frame.get("level") == "3")
    return None


def accept_upload(status: int, body: bytes) -> None:
    """Reads the reply to an upload or a download order, which says that it arrived and nothing about its use.

    Raises UpdaterBusy, PermissionDenied, Unsupported (no such order), Rejected (too large), or BadReply
    where the updater itself was not heard, so that it may have the archive or not.
    """
    if status == 200:
        return
    if status == 500 and b"Failed to queue command" in body:
        raise UpdaterBusy("The miner's updater is busy.")
    if status == 401:
        raise PermissionDenied("The miner lets only the user admin upgrade the firmware. Log in as admin.")
    if status == 404:
        raise Unsupported("This miner's firmware can't fetch an upgrade itself. Use src instead of url or latest.")
    if status == 413:
        raise Rejected("The miner refuses the archive as too large; it takes 100 MiB at most.")
    raise BadReply(f"The miner's updater answered HTTP {status}, which it never does. Look at the miner's logs.")


def _json_object(request: Request[Any], reply: Reply) -> Mapping[str, Any]:
    if reply.status >= 500:
        raise BadReply(
            f"The miner answered {request.path} with HTTP {reply.status}{_title(reply)}: its web server runs, but the "
            "program behind it does not answer. If it stays so, reboot the miner.",
            reason=f"HTTP {reply.status}",
            transient=True,
        )
    if 300 <= reply.status < 400:
        target = f" to {printable(reply.location)}" if reply.location else ""
        _bad(request, f"it redirects (HTTP {reply.status}){target}, which is not followed", reply)
    if reply.status != 200:
        _bad(request, f"HTTP status {reply.status}{_title(reply)}", reply)
    try:
        answer = json.loads(reply.body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _bad(request, _no_json(reply), reply)
    if not isinstance(answer, dict):
        _bad(request, "the reply is JSON, but no object", reply)
    return answer


def _bad(request: Request[Any], what: str, reply: Reply) -> NoReturn:
    hint = "Check that the address and port are those of a DragonMint miner"
    if reply.status == 200 and not _is_html(reply):
        hint = "Try again; if it stays so, reboot the miner"
    raise BadReply(f"What answered {request.path} does not speak as a miner does: {what}. {hint}.", reason=what)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _no_json(reply: Reply) -> str:
    if not reply.body:
        return "the reply is empty"
    if _is_html(reply):
        return f"an HTML page{_title(reply)} instead of JSON"
    return "the reply is no valid JSON"


def _is_html(reply: Reply) -> bool:
    return reply.body.lstrip()[:1] == b"<"


def _title(reply: Reply) -> str:
    match = _TITLE.search(reply.body[:4096])
    return f' (titled "{printable(match[1].decode("utf-8", "replace"))}")' if match else ""


def _nothing(answer: Mapping[str, Any], reply: Reply) -> None:
    """Reads the reply to a write, in which the miner says nothing but success."""


def _read_login(answer: Mapping[str, Any], reply: Reply) -> Login:
    jwt = answer.get("jwt")
    if not isinstance(jwt, str) or not _JWT.fullmatch(jwt):
        raise BadReply("The miner accepted the login, but sent no JWT. Try again, or reboot the miner.")
    claims = _claims(jwt)
    user = claims.get("user")
    return Login(jwt, user if user in (ADMIN, GUEST) else None, _text(claims.get("iss")))


def _claims(jwt: str) -> Mapping[str, Any]:
    encoded = jwt.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except (ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _read_pools(answer: Mapping[str, Any], reply: Reply) -> tuple[Pool, ...]:
    pools = answer.get("pools")
    if not isinstance(pools, list) or not all(isinstance(pool, dict) for pool in pools):
        raise BadReply("The miner's pools are no list. Try again; if it stays so, reset it to factory settings.")
    return tuple(Pool(_stored(pool, "url"), _stored(pool, "user"), _stored(pool, "pass")) for pool in pools)


def _stored(pool: Mapping[str, Any], key: str) -> str:
    value = pool.get(key, "")
    return _clean(value) if isinstance(value, str) else json.dumps(value)


def _read_overview(answer: Mapping[str, Any], reply: Reply) -> Overview:
    network, hardware, version = (_section(answer, name) for name in ("network", "hardware", "version"))
    mac = _text(version.get("ethaddr"))
    return Overview(
        Identity(
            type=_text(answer.get("type")),
            hwver=_text(version.get("hwver")),
            mac=mac_address(mac) if mac else None,
            firmware=_text(version.get("platform_v")),
            build_date=_text(version.get("build_date")),
        ),
        _network(network),
        _hardware(hardware),
    )


def _read_network(answer: Mapping[str, Any], reply: Reply) -> Network:
    return _network(answer)


def _read_type(answer: Mapping[str, Any], reply: Reply) -> str | None:
    return _text(answer.get("type"))


def _network(values: Mapping[str, Any]) -> Network:
    return Network(
        mode="static" if values.get("dhcp") == "static" else "dhcp",
        ipaddress=_text(values.get("ipaddress")),
        netmask=_text(values.get("netmask")),
        gateway=_text(values.get("gateway")),
        dns=tuple(server for server in (_text(values.get("dns1")), _text(values.get("dns2"))) if server),
    )


def _hardware(values: Mapping[str, Any]) -> Hardware:
    status = _text(values.get("status")) or ""
    load = _LOAD.search(status)
    return Hardware(
        uptime_seconds=uptime_seconds(status),
        load=tuple(float(number) for number in load.groups() if _is_number(number)) if load else (),
        memory_used_bytes=_kibibytes(values.get("memUsed")),
        memory_free_bytes=_kibibytes(values.get("memFree")),
        memory_total_bytes=_kibibytes(values.get("memTotal")),
        cache_used_bytes=_kibibytes(values.get("cacheUsed")),
        cache_free_bytes=_kibibytes(values.get("cacheFree")),
        cache_total_bytes=_kibibytes(values.get("cacheTotal")),
    )


def uptime_seconds(status: str) -> int | None:
    """Reads the uptime, which has minutes at best, from a line of the `uptime` command. None if there is none."""
    up = _UPTIME.search(status)
    if not up or not any(up.groups()):
        return None
    days, hours, clock_minutes, minutes = (int(number or 0) for number in up.groups())
    return ((days * 24 + hours) * 60 + clock_minutes + minutes) * 60


def _read_summary(answer: Mapping[str, Any], reply: Reply) -> Mining:
    devices = _entries(answer, "DEVS")
    pools = _entries(answer, "POOLS")
    now = _seconds_since_epoch(reply.date)
    return Mining(
        ready=True,
        hashrate_ths={name: _total_ths(devices, key) for name, key in _HASHRATE_KEYS.items()},
        boards=tuple(_board(device, now) for device in devices),
        pools=tuple(_pool_status(pool) for pool in pools),
        fan_percent=_integer(_section(answer, "HARDWARE").get("Fan duty")),
        reject_ratio=_reject_ratio(devices) if devices else _reject_ratio(pools),
        is_tuning=answer["tuning"] if isinstance(answer.get("tuning"), bool) else None,
        elapsed_seconds=min((elapsed for elapsed in map(_elapsed, devices) if elapsed is not None), default=None),
    )


def not_mining() -> Mining:
    """What is known of mining while cgminer does not answer."""
    return Mining(ready=False, hashrate_ths=dict.fromkeys(_HASHRATE_KEYS))


def _board(device: Mapping[str, Any], now: float | None) -> Board:
    shared_at = _number(device.get("Last Share Time"))
    return Board(
        id=_integer(device.get("ID", device.get("ASC"))),
        status=_text(device.get("Status")),
        temperature_c=_number(device.get("Temperature")),
        hashrate_ths=_board_ths(device),
        hardware_errors=_integer(device.get("Hardware Errors")),
        accepted=_integer(device.get("Accepted")),
        rejected=_integer(device.get("Rejected")),
        last_share_seconds=max(0, round(now - shared_at)) if now and shared_at else None,
    )


def _elapsed(device: Mapping[str, Any]) -> int | None:
    return _integer(device.get("Device Elapsed"))


def _board_ths(device: Mapping[str, Any]) -> float | None:
    """The rate that the firmware shows: a mean over a time that fits how long the board has been running.

    DragonMint gives it in MH/s as cgminer does, Innosilicon scaled with a unit of its own beside it.
    """
    rate = _number(device.get("Hash Rate"))
    unit = device.get("Unit")
    if rate is not None and isinstance(unit, str):
        return round(rate * _THS_PER_UNIT[unit], 8) if unit in _THS_PER_UNIT else None
    return _ths(rate if rate is not None else _number(device.get("MHS av")))


def _pool_status(pool: Mapping[str, Any]) -> PoolStatus:
    active = pool.get("Stratum Active")
    return PoolStatus(
        url=_text(pool.get("URL")) or "",
        status=_text(pool.get("Status")),
        active=active if isinstance(active, bool) else None,
        accepted=_integer(pool.get("Accepted")),
        rejected=_integer(pool.get("Rejected")),
    )


def _total_ths(devices: Iterable[Mapping[str, Any]], key: str) -> float | None:
    rates = [rate for rate in (_number(device.get(key)) for device in devices) if rate is not None]
    return _ths(math.fsum(rates)) if rates else None


def _ths(mhs: float | None) -> float | None:
    return None if mhs is None else round(mhs / 1e6, 8)


def _reject_ratio(entries: Iterable[Mapping[str, Any]]) -> float | None:
    entries = list(entries)
    for unit in ("Difficulty ", ""):
        accepted, rejected = (
            math.fsum(_number(entry.get(unit + verdict)) or 0.0 for entry in entries)
            for verdict in ("Accepted", "Rejected")
        )
        if accepted + rejected > 0:
            return round(rejected / (accepted + rejected), 6)
    return None


def _read_autotune(answer: Mapping[str, Any], reply: Reply) -> AutoTune:
    mode = answer.get("autoTuneMode")
    level = None
    if isinstance(mode, dict):
        level, mode = str(mode.get("level", "")), mode.get("mode")
    if not isinstance(mode, str):
        raise BadReply("The miner does not tell its autotune mode. Try again; if it stays so, reboot the miner.")
    return AutoTune(_clean(mode), None if level is None else _clean(level))


def _read_autotune_status(answer: Mapping[str, Any], reply: Reply) -> AutoTuneStatus:
    running, tuning = answer.get("isRunning"), answer.get("isTuning")
    if not isinstance(running, bool) or not isinstance(tuning, bool):
        raise BadReply("The miner does not tell whether it is tuning. Try again; if it stays so, reboot the miner.")
    return AutoTuneStatus(running, tuning)


def _read_latest_firmware(answer: Mapping[str, Any], reply: Reply) -> LatestFirmware:
    version = _text(answer.get("version"))
    if not version:
        raise BadReply("The miner does not tell the vendor's newest version. Use src or url instead of latest.")
    return LatestFirmware(
        version=version,
        date=_text(answer.get("versionDate")),
        url=_text(answer.get("url")),
        info=_text(answer.get("info")),
        current_version=_text(answer.get("currentVersion")),
    )


def _section(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = answer.get(name, {})
    if not isinstance(section, dict):
        raise BadReply(f'The "{name}" of the miner\'s reply is no object. Try again; if it stays so, reboot the miner.')
    return section


def _entries(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = answer.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadReply(f'The "{name}" of the miner\'s reply is no list. Try again; if it stays so, reboot the miner.')
    return entries


def _text(value: Any) -> str | None:
    return _clean(value) or None if isinstance(value, str) else None


def _clean(text: str) -> str:
    """Replaces lone surrogates, which JSON can carry but no output can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _number(value: Any) -> float | None:
    if isinstance(value, str) and _is_number(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e18:
        return None
    return value


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _kibibytes(value: Any) -> int | None:
    number = _integer(value)
    return None if number is None else number * 1024


def _seconds_since_epoch(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (TypeError, ValueError, OverflowError):
        return None


# Compiled before Ansible forks a worker for each task, which would have to compile them again.
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_LOAD = re.compile(r"load average: *([\d.]+), *([\d.]+), *([\d.]+)")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{0,18})?")
_TITLE = re.compile(rb"<title>([^<]{1,80})", re.IGNORECASE)
_UPTIME = re.compile(
    r"\bup +(?:(?P<days>\d{1,6}) days?, *)?"
    r"(?:(?P<hours>\d{1,4}):(?P<clock_minutes>\d{2})|(?P<minutes>\d{1,4}) min)?"
)

_HASHRATE_KEYS = {"5s": "MHS 5s", "1m": "MHS 1m", "15m": "MHS 15m", "average": "MHS av"}
_THS_PER_UNIT = {"H/s": 1e-12, "KH/s": 1e-9, "MH/s": 1e-6, "GH/s": 1e-3, "TH/s": 1.0, "PH/s": 1e3}

_FOR_GUEST = dict.fromkeys(GENERATIONS, GUEST)
_FOR_ADMIN = dict.fromkeys(GENERATIONS, ADMIN)

AUTH = Endpoint("auth", _FOR_GUEST, _read_login)
OVERVIEW = Endpoint("overview", _FOR_GUEST, _read_overview)
SUMMARY = Endpoint("summary", _FOR_GUEST, _read_summary)
POOLS = Endpoint("pools", _FOR_GUEST, _read_pools)
UPDATE_POOLS = Endpoint("updatePools", _FOR_ADMIN, _nothing, writes=True)
AUTOTUNE = Endpoint("getAutoTune", _FOR_ADMIN, _read_autotune)
AUTOTUNE_STATUS = Endpoint("getAutoTuneStatus", {DM_2018_05: ADMIN, INNO_2018_08: GUEST}, _read_autotune_status)
SET_AUTOTUNE = Endpoint("setAutoTune", _FOR_ADMIN, _nothing, writes=True)
TYPE = Endpoint("type", _FOR_GUEST, _read_type)
NETWORK = Endpoint("network", _FOR_GUEST, _read_network)
UPDATE_NETWORK = Endpoint("updateNetwork", _FOR_ADMIN, _nothing, writes=True)
UPDATE_PASSWORD = Endpoint("updatePassword", _FOR_ADMIN, _nothing, writes=True)
REBOOT = Endpoint("reboot", _FOR_ADMIN, _nothing, writes=True)
POWEROFF = Endpoint("poweroff", _FOR_ADMIN, _nothing, writes=True)
RESTART_CGMINER = Endpoint("restartCgMiner", _FOR_ADMIN, _nothing, writes=True)
FACTORY_RESET = Endpoint("factoryReset", _FOR_ADMIN, _nothing, writes=True)
LATEST_FIRMWARE = Endpoint("getLatestFirmwareVersion", _FOR_ADMIN, _read_latest_firmware, slow_s=130.0)
