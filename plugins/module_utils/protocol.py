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
from urllib.parse import urlencode

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
INNO_2018_09 = "inno-2018-09"
GENERATIONS = (DM_2018_04, DM_2018_05, INNO_2018_08, INNO_2018_09)

POOLS_MAX = 3
# What the makers call their firmware: the title of its web page, and the issuer of its JWTs.
DRAGONMINT_ISSUER = "DragonMint"
INNOSILICON_ISSUER = "AsicMiner"
FACTORY_PASSWORDS = {ADMIN: ("dragonadmin", "admin"), GUEST: ("dragonguest", "guest")}
# What a miner says to a login that it does not know; all else that it says there tells nothing about the password.
USER_UNKNOWN = "user not found"
LOGIN_REFUSALS = ("invalid password", USER_UNKNOWN)
# What it says where pools are asked for, and cgminer.conf is missing, or no JSON, or has no pools in it.
CONFIGURATION_LOST = "missing configuration"
INDEX_PATH = "/"
FORM_TYPE = "application/x-www-form-urlencoded"
REPLY_BYTES_MAX = 8 * 1024 * 1024
UPLOAD_PATH = "/upgrade/upload"
DOWNLOAD_PATH = "/upgrade/download"
UPDATER_SOCKET_PATH = "/upgrade/ws"
LOGS_PATH = "/stream/logs"
# The first text of each update on the updater's websocket.
UPDATE_BEGINS = "Software Update started !"
# The web server's answer in place of a program that does not run, or has hung up on it.
BAD_GATEWAY = 502

_BOUNDARY = "minerops-dragonmint-firmware-7MA4YWxkTrZu0gWoQ2rX9c"

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """An HTTP reply as it came in. ``date`` is its Date header: the miner's own clock."""

    status: int
    body: bytes
    location: str | None = None
    date: str | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class Pool:
    """A pool as cgminer is configured with it. ``password`` is empty where it is nothing that could be set again."""

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
    """A hash board (cgminer's device, a chain). ``last_share_seconds`` is the age of its last share.

    ``hardware_error_ratio`` is the part of its results that are wrong, as cgminer reckons it.
    """

    id: int | None
    status: str | None
    temperature_c: float | None
    hashrate_ths: float | None
    hardware_errors: int | None
    hardware_error_ratio: float | None
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
    """What autotune does now: whether cgminer runs, and whether it is still tuning.

    ``configured`` is the mode that the miner reports with it, None if it does not.
    """

    is_running: bool
    is_tuning: bool
    configured: AutoTune | None = None


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
    miner, and ``slow_s`` are the seconds that the miner may take where it does not just look into itself. A reply
    without a body is an empty object where it ``may_be_empty``.
    """

    action: str
    levels: Mapping[str, str]
    read: Callable[[Mapping[str, Any], Reply], T]
    writes: bool = False
    slow_s: float = 0.0
    may_be_empty: bool = False

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
class DeviceError:
    """What an Innosilicon says is wrong with itself: ``code`` is "0" when nothing is, and None if it does not say."""

    code: str | None
    message: str | None


@dataclass(frozen=True)
class DebugBoard:
    """What its driver tells of a hash board and of each of its chips, by the names of results.

    What is known of the driver is in it always, as None where it does not tell it.
    """

    id: int | None
    values: Mapping[str, Any]
    chips: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Debug:
    """What the drivers tell of the boards, none while cgminer does not answer; and the commits of the programs."""

    boards: tuple[DebugBoard, ...]
    hashes: Mapping[str, str | None]


@dataclass(frozen=True)
class Frame:
    """What the updater tells on its websocket: a status, the progress of a step in percent of the whole, or a text.

    ``cause`` is what a text that reports an error means to an operator, and quotes it.
    """

    status: str | None = None
    percent: float | None = None
    text: str | None = None
    is_verdict: bool = False
    cause: str | None = None


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
    if request.endpoint.may_be_empty and reply.status == 200 and not reply.body:
        return request.endpoint.read({}, reply)
    answer = _json_object(request, reply)
    success = answer.get("success")
    if success is True:
        return request.endpoint.read(answer, reply)
    if success is not False:
        _bad(request.path, "the reply has no success flag", reply)
    if answer.get("token") == "expired":
        raise TokenExpired("The miner does not accept the JWT.")
    message = answer.get("message")
    if message is None:
        raise NotReady(
            f"The miner refused {request.path} without a reason, which it does while cgminer does not answer. "
            "It may be starting; if it stays so, restart cgminer or look at the miner's logs."
        )
    if not isinstance(message, str):
        _bad(request.path, f"its reason for a refusal is no text: {printable(json.dumps(message))}", reply)
    text = printable(message)
    if text == "invalid request":
        raise InvalidRequest(f"The miner called {request.path} an invalid request.")
    raise Rejected(f"The miner refused {request.path}: {text}.", reason=text)


def shows_innosilicon(request: Request[Any], reply: Reply) -> bool:
    """Whether a reply is one that only Innosilicon's firmware gives.

    It matters where nothing was said at /api/auth: that of August 2018 takes any password with Basic while it has the
    factory's.
    """
    if request.endpoint not in (SUMMARY, AUTOTUNE, AUTOTUNE_STATUS):
        return False
    try:
        answer = _json_object(request, reply)
    except MinerError:
        return False
    return "TotalHash" in answer or "level" in answer or isinstance(answer.get("autoTuneMode"), dict)


def is_index(reply: Reply) -> bool:
    """Whether this is the page that a miner shows at INDEX_PATH to everybody: its title is its maker's."""
    return reply.status == 200 and page_title(reply) in (DRAGONMINT_ISSUER, INNOSILICON_ISSUER)


def printable(text: str) -> str:
    """Returns a short text of the miner's, safe to show on a terminal."""
    clean = visible(text.strip())
    return clean if len(clean) <= 200 else clean[:200] + "…"


def visible(text: str) -> str:
    """Returns a text of the miner's in which nothing steers a terminal."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def page_title(reply: Reply) -> str | None:
    """Returns the title of a web page, which on a miner is the name of its firmware. None if there is none."""
    match = _TITLE.search(reply.body[:4096])
    return printable(match[1].decode("utf-8", "replace")) if match else None


def is_older(version: str | None, than: str | None) -> bool:
    """Whether a firmware is older than another one, by the date and time that both have in their names."""
    dates = [_VERSION_DATE.search(text or "") for text in (version, than)]
    return dates[0] is not None and dates[1] is not None and dates[0].groups() < dates[1].groups()


def mac_address(text: str) -> str:
    """Returns a MAC address as results show it: in lower case, with colons."""
    return text.strip().lower().replace("-", ":")


def form_body(form: Mapping[str, str]) -> bytes:
    """Returns the body of a POST with these fields, whose Content-Type is FORM_TYPE."""
    return urlencode(form).encode("ascii")


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
        said = printable(str(frame.get("text", "")))
        return Frame(text=said, is_verdict=frame.get("level") == "3", cause=_cause(said))
    return None


def _cause(text: str) -> str | None:
    """Returns why an update fails, quoting a text of the updater; None for a text that reports no error."""
    said = _PLACE.sub("", text, count=1)
    meaning = next((meaning for pattern, meaning in _CAUSES if pattern.match(said)), None)
    if meaning is None and not text.startswith("ERROR "):
        return None
    return f"{meaning or 'the updater reported an error'} ('{said.strip()}')"


def accept_upload(status: int, body: bytes) -> None:
    """Reads the reply to an upload or a download order, which says that it arrived and nothing about its use.

    Raises UpdaterBusy, PermissionDenied, Unsupported (no such order), Rejected (too large), or BadReply
    where the updater itself was not heard, so that it may have the archive or not.
    """
    if status == 200:
        return
    if status == 500 and b"Failed to queue command" in body:
        raise UpdaterBusy("The miner's updater is busy.", reason="it is busy")
    if status == 401:
        raise PermissionDenied("The miner lets only the user admin upgrade the firmware. Log in as admin.")
    if status == 404:
        raise Unsupported("This miner's firmware can't fetch an upgrade itself. Use src instead of url or latest.")
    if status == 413:
        raise Rejected("The miner refuses the archive as too large; it takes 100 MiB at most.")
    raise BadReply(
        f"The miner answered HTTP {status} for its updater. Look at the miner's logs.", reason=f"HTTP {status}"
    )


def log_headers(last: int | None, is_followed: bool) -> dict[str, str]:
    """The headers that ask for the log as lines of text: its last entries, or for None all that the miner has.

    The stream goes on with each new entry, unless a number of them is asked for and ``is_followed`` is false. Even then
    it goes on as long as the log is shorter. The miner's web server cuts it after 60 s without a new entry.
    """
    headers = {"Accept": "text/plain"}
    if last is not None:
        headers["Range"] = f"entries=:-{last}:{'' if is_followed else last}"
    return headers


def accept_log(reply: Reply) -> None:
    """Reads the head of the reply to a request for the log.

    Raises InvalidRequest for the caller to resolve (no admin, it does not tell why), Unsupported where there is none,
    Rejected for a request that it does not understand, BadReply.
    """
    if reply.status == 401:
        raise InvalidRequest(f"The miner refused {LOGS_PATH}.")
    if reply.status in (400, 406, 416):
        said = printable(reply.body.decode("utf-8", "replace")).rstrip(".")
        raise Rejected(f"The miner does not understand the request for its log: {said}. Try lines=0.", reason=said)
    is_log = reply.status == 200 and (reply.content_type or "").startswith("text/plain")
    if reply.status == 404 or (reply.status == 200 and not is_log):
        raise Unsupported(f"This miner's firmware does not have {LOGS_PATH}, or it is no DragonMint miner.")
    _require_ok(LOGS_PATH, reply)


def _json_object(request: Request[Any], reply: Reply) -> Mapping[str, Any]:
    if reply.status == 504 and request.endpoint.slow_s:
        raise Rejected(
            f"The miner waited for others to do {request.path}, and gave up (HTTP 504): they do not answer it. Try "
            "again later, or see whether it reaches the internet.",
            reason="HTTP 504",
        )
    _require_ok(request.path, reply)
    try:
        answer = json.loads(reply.body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _bad(request.path, _no_json(reply), reply)
    if not isinstance(answer, dict):
        _bad(request.path, "the reply is JSON, but no object", reply)
    return answer


def _require_ok(path: str, reply: Reply) -> None:
    if reply.status >= 500:
        raise BadReply(
            f"The miner answered {path} with HTTP {reply.status}{_title(reply)}: its web server runs, but the "
            "program behind it does not answer. If it stays so, reboot the miner.",
            reason=f"HTTP {reply.status}",
            transient=True,
        )
    if 300 <= reply.status < 400:
        target = f" to {printable(reply.location)}" if reply.location else ""
        _bad(path, f"it redirects (HTTP {reply.status}){target}, which is not followed", reply)
    if reply.status != 200:
        _bad(path, f"HTTP status {reply.status}{_title(reply)}", reply)


def _bad(path: str, what: str, reply: Reply) -> NoReturn:
    hint = "Check that the address and port are those of a DragonMint miner"
    if reply.status == 200 and not _is_html(reply):
        hint = "Try again; if it stays so, reboot the miner"
    raise BadReply(f"What answered {path} does not speak as a miner does: {what}. {hint}.", reason=what)


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
    title = page_title(reply)
    return f' (titled "{title}")' if title else ""


def _nothing(answer: Mapping[str, Any], reply: Reply) -> None:
    """Reads a reply of which only the success counts, as that to a write, in which the miner says nothing else."""


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
    return tuple(Pool(_stored(pool, "url"), _stored(pool, "user"), _secret(pool.get("pass"))) for pool in pools)


def _stored(pool: Mapping[str, Any], key: str) -> str:
    value = pool.get(key, "")
    return _clean(value) if isinstance(value, str) else json.dumps(value)


def _secret(value: Any) -> str:
    """A password as it is, since it is never shown, and may be sent back."""
    return value if isinstance(value, str) and _is_utf8(value) else ""


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
        hardware_error_ratio=_part(device.get("Device Hardware%")),
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
    mode = _text(answer.get("mode"))
    return AutoTuneStatus(running, tuning, AutoTune(mode, _text(answer.get("level"))) if mode else None)


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


def _read_error(answer: Mapping[str, Any], reply: Reply) -> DeviceError:
    return DeviceError(code=_text(answer.get("code")), message=_text(answer.get("errmsg")))


def _read_debug(answer: Mapping[str, Any], reply: Reply) -> Debug:
    # An empty object of PHP is a list.
    hashes = _section(answer, "hashes") if answer.get("hashes") else {}
    return Debug(
        boards=tuple(_debug_board(entry) for entry in _entries(answer, "boards")),
        hashes={name: _text(hashes.get(name)) for name in ("firmware", "backend", "cgminer")},
    )


def _debug_board(entry: Mapping[str, Any]) -> DebugBoard:
    board, chips = _section(entry, "board"), entry.get("chips", [])
    # A list, or an object by number where a chip is missing.
    numbered = dict(enumerate(chips)) if isinstance(chips, list) else _section(entry, "chips")
    return DebugBoard(
        id=_integer(board.get("Chain ID", board.get("STATS"))),
        values=_debug_values(board, _BOARD_KEYS),
        chips=tuple(
            {"id": _integer(number), **_debug_values(chip, _CHIP_KEYS)}
            for number, chip in numbered.items()
            if isinstance(chip, dict)
        ),
    )


def _debug_values(values: Mapping[str, Any], known: Mapping[str, _Known]) -> dict[str, Any]:
    """Gives what is known its name and unit; the rest keeps the driver's name, in snake case."""
    named = {
        name: read(next((values[key] for key in keys if key in values), None)) for name, (read, *keys) in known.items()
    }
    understood = {key for _read, *keys in known.values() for key in keys} | _COUNTERS_OF_THE_API
    others = {_snake_case(key): _scalar(value) for key, value in values.items() if key not in understood}
    return {**{name: value for name, value in others.items() if name not in ("", "id", "chips")}, **named}


def _snake_case(key: str) -> str:
    return _NO_NAME.sub("_", _CAMEL_HUMP.sub("_", key)).strip("_").lower()


def _scalar(value: Any) -> str | float | bool | None:
    return value if isinstance(value, bool) else _text(value) if isinstance(value, str) else _number(value)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _read_has_text_times(answer: Mapping[str, Any], reply: Reply) -> bool | None:
    times = answer.get("times")
    return isinstance(times[0], str) if isinstance(times, list) and times else None


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
    """Replaces what would control a terminal, and lone surrogates, which JSON can carry but no output can."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "replace").decode("utf-8").translate(_HARMLESS)


def _is_utf8(text: str) -> bool:
    return text.encode("utf-8", "ignore").decode("utf-8") == text


def _number(value: Any) -> float | None:
    if isinstance(value, str) and _is_number(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e18:
        return None
    return value


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _part(percent: Any) -> float | None:
    number = _number(percent)
    return None if number is None else round(number / 100, 8)


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
_HARMLESS = {**dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "?"), **dict.fromkeys(map(ord, "\t\n\r"), " ")}
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_LOAD = re.compile(r"load average: *([\d.]+), *([\d.]+), *([\d.]+)")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{0,18})?")
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")
_VERSION_DATE = re.compile(r"_(\d{8})_(\d{6})$")
_TITLE = re.compile(rb"<title>([^<]{1,80})", re.IGNORECASE)
_UPTIME = re.compile(
    r"\bup +(?:(?P<days>\d{1,6}) days?, *)?"
    r"(?:(?P<hours>\d{1,4}):(?P<clock_minutes>\d{2})|(?P<minutes>\d{1,4}) min)?"
)

# Where in its sources the updater is, which stands before many of its texts.
_PLACE = re.compile(r"ERROR \S+ : \S+ : \d+ : |\[\w+\] : ")
# What its errors mean. Some of them are not marked as such.
_CAUSES = [
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"EVP_\w+ failed", "its signature is not from the vendor's key"),
        (r"SW not compatible with hardware", "it is for other hardware"),
        (r"HASH mismatch|Checksum WRONG", "the archive is damaged or cut off, since a checksum is wrong"),
        (r"description file name not the first of the list: .* instead of \S+\.sig", "the archive is not signed"),
        (r"description file name not the first of the list", "the archive does not begin with a description"),
        (r"CPIO Format not recognized", "the archive is not a cpio archive of format crc, or it is cut off"),
        (r"Found nothing to install", "the archive has nothing for this board"),
        (r"JSON File corrupted", "the archive's description can't be read"),
        (r"Hash not set", "the archive has an image without a checksum"),
        (r"/\S+ not found or wrong", "the archive lacks an image that its description names"),
        (r"cannot write \d+ bytes", "the miner has no room left to unpack the archive"),
        (r"Channel get operation failed", "the miner could not fetch the archive"),
    )
]
_HASHRATE_KEYS = {"5s": "MHS 5s", "1m": "MHS 1m", "15m": "MHS 15m", "average": "MHS av"}
_THS_PER_UNIT = {"H/s": 1e-12, "KH/s": 1e-9, "MH/s": 1e-6, "GH/s": 1e-3, "TH/s": 1.0, "PH/s": 1e3}

_Known = tuple[Any, ...]
# What the T1's driver tells: a result's name, how its value is read, and the keys of the drivers. Voltages are in mV.
_BOARD_KEYS: Mapping[str, _Known] = {
    "name": (_text, "ID"),
    "elapsed_seconds": (_integer, "Elapsed"),
    "chip_count": (_integer, "Num chips"),
    "active_chip_count": (_integer, "Num active chips"),
    "core_count": (_integer, "Num cores"),
    "hashrate_ths": (lambda value: _ths(_number(value)), "MHS av"),
    "temperature_c": (_number, "Temp"),
    "temperature_max_c": (_number, "Temp max"),
    "temperature_min_c": (_number, "Temp min"),
    "fan_percent": (_integer, "Fan duty"),
    "vid": (_integer, "iVid", "VID"),
    "pll": (_integer, "PLL"),
    "voltage_max_mv": (_number, "Voltage Max"),
    "voltage_min_mv": (_number, "Voltage Min"),
    "voltage_average_mv": (_number, "Voltage Avg"),
    "is_vid_optimal": (_flag, "VidOptimal"),
    "is_pll_optimal": (_flag, "pllOptimal"),
    "is_disabled": (_flag, "Disabled"),
    "is_throttled": (_flag, "Throttled"),
}
_CHIP_KEYS: Mapping[str, _Known] = {
    "temperature_c": (_number, "Temp"),
    "voltage_mv": (_number, "nVol", "VVolt"),
    "enabled_cores": (_integer, "Int Enabled Cores"),
    "hardware_errors": (_integer, "HW errors"),
    "stales": (_integer, "Stales"),
    "duplicates": (_integer, "Duplicates"),
    "nonces_found": (_integer, "Nonces found"),
    "nonce_ranges": (_integer, "Nonce ranges"),
    "cooldown": (_integer, "Cooldown"),
    "fail_count": (_integer, "Fail count"),
    "fail_reset": (_integer, "Fail reset"),
}
# They are about cgminer's API and not about the board.
_COUNTERS_OF_THE_API = {"STATS", "Chain ID", "Calls", "Wait", "Max", "Min"}

_FOR_GUEST = dict.fromkeys(GENERATIONS, GUEST)
_FOR_ADMIN = dict.fromkeys(GENERATIONS, ADMIN)

AUTH = Endpoint("auth", _FOR_GUEST, _read_login)
OVERVIEW = Endpoint("overview", _FOR_GUEST, _read_overview)
SUMMARY = Endpoint("summary", _FOR_GUEST, _read_summary)
POOLS = Endpoint("pools", _FOR_GUEST, _read_pools)
UPDATE_POOLS = Endpoint("updatePools", _FOR_ADMIN, _nothing, writes=True)
AUTOTUNE = Endpoint("getAutoTune", _FOR_ADMIN, _read_autotune)
AUTOTUNE_STATUS = Endpoint(
    "getAutoTuneStatus", {DM_2018_05: ADMIN, INNO_2018_08: GUEST, INNO_2018_09: GUEST}, _read_autotune_status
)
ERROR = Endpoint("getErrorMessage", {INNO_2018_08: ADMIN, INNO_2018_09: ADMIN}, _read_error, may_be_empty=True)
SET_AUTOTUNE = Endpoint("setAutoTune", _FOR_ADMIN, _nothing, writes=True)
TYPE = Endpoint("type", _FOR_GUEST, _read_type)
NETWORK = Endpoint("network", _FOR_GUEST, _read_network)
UPDATE_NETWORK = Endpoint("updateNetwork", _FOR_ADMIN, _nothing, writes=True)
UPDATE_PASSWORD = Endpoint("updatePassword", _FOR_ADMIN, _nothing, writes=True)
REBOOT = Endpoint("reboot", _FOR_ADMIN, _nothing, writes=True)
POWEROFF = Endpoint("poweroff", _FOR_ADMIN, _nothing, writes=True)
RESTART_CGMINER = Endpoint("restartCgMiner", _FOR_ADMIN, _nothing, writes=True)
FACTORY_RESET = Endpoint("factoryReset", _FOR_ADMIN, _nothing, writes=True)
DEBUG_STATS = Endpoint("getDebugStats", _FOR_GUEST, _read_debug)
# Whether the times of its samples are text, which they are on no firmware but the first; None before there are any.
HASH_RATES = Endpoint("getHashRates", _FOR_GUEST, _read_has_text_times)
# What counts is that it is there. Which users may ask is not known; the admin may.
LOCK_STATE = Endpoint("getLockState", {INNO_2018_09: ADMIN}, _nothing)
LATEST_FIRMWARE = Endpoint("getLatestFirmwareVersion", _FOR_ADMIN, _read_latest_firmware, slow_s=130.0)
