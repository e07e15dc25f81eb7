# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Polling: which devices count as miners and get a login, what must not delay it, and how results are counted."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.minerops.dragonmint.plugins.module_utils._addresses import Addresses, addresses_from
from ansible_collections.minerops.dragonmint.plugins.module_utils._errors import InvalidInput
from ansible_collections.minerops.dragonmint.plugins.module_utils._facts import subsets
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet import scan
from ansible_collections.minerops.dragonmint.plugins.module_utils._fleet.scan import Counts, Found, KnownMiner, Options
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner import sockets
from ansible_collections.minerops.dragonmint.plugins.module_utils._miner.steps import Credential, Steps
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.envelope import REPLY_BYTES_MAX
from ansible_collections.minerops.dragonmint.plugins.module_utils._wire.generations import DM_2018_05

from tests.silence import silent

from .helpers import INVALID_REQUEST, NO_REASON, WRONG_PASSWORD, basic, logged_in, recorded
from .loopback import chunked, closed_port, http

if TYPE_CHECKING:
    from .loopback import Listen, Peer, Server, Talk

HERE = addresses_from(["127.0.0.1"])
INDEX = http(b"<html><head><title>DragonMint</title></head></html>")
ADMIN = Credential("admin", "dragonadmin", "factory")
OPTIONS = Options(
    port=0,
    credentials=(ADMIN,),
    auth="basic",
    subsets=subsets.SUBSETS,
    concurrency=10,
    connect_timeout_s=5.0,
    timeout_s=10.0,
    deadline_s=20.0,
)
# A hostile device is given up after this time.
SOON = {"timeout_s": 0.5, "deadline_s": 1.5}
LONG_S = 8.0


def poll(port: int, keep: Callable[[str, Any], bool] = lambda *_unused: True, **options: Any) -> tuple[Any, Counts]:
    return scan.poll(HERE, replace(OPTIONS, port=port, **options), keep, lambda _counts: None)


def one(port: int, **options: Any) -> Found:
    (found,), _counts = poll(port, **options)
    return found


def miner(password: str = "dragonadmin", user: str = "admin", **answers: Any) -> Talk:
    """Behaves like a miner with this login; an answer is bytes, a function of the peer, or a list to use up."""

    def talk(peer: Peer) -> None:
        while request := peer.read_request():
            action = request.split()[1].decode().replace("/api/", "", 1)
            answer = answers.get(action)
            if isinstance(answer, list):
                answer = answer.pop(0) if answer else None
            if callable(answer):
                answer(peer)
                return
            peer.send(answer or usual(action, request))

    def usual(action: str, request: bytes) -> bytes:
        if action == "/":
            return INDEX
        if action == "auth":
            is_right = f"username={user}&password={password}".encode() in request
            return http((logged_in(user) if is_right else WRONG_PASSWORD).body)
        if basic(user, password).encode() not in request:
            return http(INVALID_REQUEST.body)
        return http(recorded(DM_2018_05, f"/api/{action}", user).body)

    return talk


def paths(server: Server) -> list[str]:
    return [request.split()[1].decode() for request in server.requests]


def test_a_miner_is_polled_with_one_request_for_each_source(listen: Listen) -> None:
    server = listen(miner())
    found = one(server.port)
    assert (found.state, found.credential, found.problem, found.missing) == (scan.POLLED, "factory", None, {})
    assert list(found.facts) == [f"dragonmint_{subset}" for subset in subsets.SUBSETS]
    actions = ["auth", "overview", "pools", "summary", "getAutoTuneStatus"]
    assert paths(server) == ["/", "/api/type", *(f"/api/{action}" for action in actions)]
    assert server.accepted == 1
    assert json.loads(json.dumps(found.facts)) == found.facts
    assert "dragonadmin" not in repr(found)


def again(port: int, known: KnownMiner | None, **options: Any) -> Found | None:
    """The result of a poll that knows the result of an earlier one."""
    known_miners = {} if known is None else {"127.0.0.1": known}
    found, _counts = asyncio.run(scan.polled(HERE, replace(OPTIONS, port=port, **options), known_miners))
    return found[0] if found else None


def test_a_known_miner_gets_no_request_for_its_page_or_a_login(listen: Listen) -> None:
    server = listen(miner())
    first = one(server.port)
    known = scan.known_miner(first)
    assert known is not None
    server.requests.clear()
    found = again(server.port, known)
    assert found is not None
    assert (found.state, found.credential, found.facts) == (scan.POLLED, "factory", first.facts)
    assert paths(server) == [
        "/api/type",
        *(f"/api/{each}" for each in ("overview", "pools", "summary", "getAutoTuneStatus")),
    ]


def test_the_login_that_a_familiar_miner_took_is_the_first(listen: Listen) -> None:
    server = listen(miner("secret-2"))
    logins = (ADMIN, Credential("admin", "secret-2", "own"))
    known = scan.known_miner(one(server.port, credentials=logins))
    assert known is not None
    server.requests.clear()
    found = again(server.port, known, credentials=logins)
    assert found is not None
    assert (found.state, found.credential) == (scan.POLLED, "own")
    assert "/api/auth" not in paths(server)


@pytest.mark.parametrize(
    "changed",
    [{"mac": "a0:b0:45:00:00:99"}, {"booted_at": 1000.0}, {"credential": "gone"}],
    ids=["another-miner", "booted-since", "login-gone"],
)
def test_what_is_not_as_it_was_proves_itself_again(listen: Listen, changed: dict[str, Any]) -> None:
    server = listen(miner("secret-2"))
    logins = (ADMIN, Credential("admin", "secret-2", "own"))
    known = scan.known_miner(one(server.port, credentials=logins))
    assert known is not None
    server.requests.clear()
    found = again(server.port, replace(known, **changed), credentials=logins)
    assert found is not None
    assert (found.state, found.credential) == (scan.POLLED, "own")
    assert "/api/auth" in paths(server)


def test_a_familiar_miner_with_another_password_is_locked(listen: Listen) -> None:
    known = scan.known_miner(one(listen(miner()).port))
    found = again(listen(miner("changed-8")).port, known)
    assert found is not None
    assert found.state == scan.LOCKED


def test_what_took_the_place_of_a_familiar_miner_is_not_shown_the_login(listen: Listen) -> None:
    known = scan.known_miner(one(listen(miner()).port))
    server = listen(miner(type=http(b"{}"), **{"/": http(b"<title>A printer</title>")}))
    assert again(server.port, known) is None
    assert not any(b"Authorization" in request or b"password" in request for request in server.requests)


@pytest.mark.parametrize(
    "found",
    [
        Found("127.0.0.1", scan.LOCKED, 1.0),
        Found("127.0.0.1", scan.POLLED, 1.0, {"dragonmint_hardware": {"uptime_seconds": 1}}),
        Found("127.0.0.1", scan.POLLED, 1.0, {"dragonmint_identity": {"mac": "a0:b0:45:00:00:01"}}),
    ],
)
def test_a_miner_of_which_too_little_is_known_is_not_familiar(found: Found) -> None:
    assert scan.known_miner(found) is None


def test_no_more_is_asked_than_the_subsets_need(listen: Listen) -> None:
    server = listen(miner())
    found = one(server.port, subsets=("identity", "mining"))
    assert list(found.facts) == ["dragonmint_identity", "dragonmint_mining"]
    assert paths(server)[3:] == ["/api/overview", "/api/summary"]


def test_a_token_serves_as_well(listen: Listen) -> None:
    def talk(peer: Peer) -> None:
        while request := peer.read_request():
            action = request.split()[1].decode().replace("/api/", "", 1)
            if action == "/":
                peer.send(INDEX)
            elif action == "auth":
                peer.send(http(logged_in().body))
            elif b"Authorization: Bearer ey" in request:
                peer.send(http(recorded(DM_2018_05, f"/api/{action}").body))
            else:
                peer.send(http(INVALID_REQUEST.body))

    assert one(listen(talk).port, auth="jwt").missing == {}


@pytest.mark.parametrize(
    "reply",
    [
        http(b"<html><title>Printer</title></html>"),
        http(b"<html><title>DragonMint Monitor</title></html>"),
        http(b"<title>DragonMint</title>", "404 Not Found"),
        http(b"", "302 Found", "Location: http://127.0.0.1:1/"),
        http(INVALID_REQUEST.body),
        http(b""),
        chunked(b"<title>DragonMint</title>", b"x" * 100_000),
        b"SSH-2.0-OpenSSH_7.4\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<title>DragonMint</title>",
        b"",
    ],
)
def test_what_shows_another_page_is_asked_for_nothing_else(listen: Listen, reply: bytes) -> None:
    def talk(peer: Peer) -> None:
        peer.read_request()
        peer.send(reply)

    server = listen(talk)
    found, counts = poll(server.port)
    assert (found, counts.unknown, counts.identified) == ([], 1, 0)
    assert set(paths(server)) == {"/"}


@pytest.mark.parametrize(
    "answer",
    [http(b'{"success":true,"type":"T1"}'), http(b'{"success":false,"token":"expired"}'), http(b"", "404 Not Found")],
)
def test_what_only_has_the_page_of_a_miner_is_shown_no_login(listen: Listen, answer: bytes) -> None:
    server = listen(miner(type=answer))
    found, counts = poll(server.port)
    assert (found, counts.unknown) == ([], 1)
    assert paths(server) == ["/", "/api/type"]


def test_nothing_there_is_silent() -> None:
    found, counts = poll(closed_port())
    assert (found, counts.silent, counts.addresses, counts.failures) == ([], 1, 1, {})


def test_silent_addresses_take_the_timeout_and_no_more(listen: Listen) -> None:
    server = listen(miner())
    addresses = [f"127.77.1.{number}" for number in range(1, 31)]
    options = replace(OPTIONS, port=server.port, connect_timeout_s=0.4, concurrency=10)
    with silent(addresses, server.port):
        networks = addresses_from(["127.77.1.1-30", "127.0.0.1"])
        found, counts = scan.poll(networks, options, lambda *_unused: True, print)
    assert ([miner.address for miner in found], counts.silent, counts.addresses) == (["127.0.0.1"], 30, 31)
    assert 1.2 <= counts.seconds < LONG_S


def test_what_resets_the_connection_at_once_is_no_miner(listen: Listen) -> None:
    found, counts = poll(listen(lambda peer: peer.reset()).port)
    assert (found, counts.addresses, counts.unknown + counts.silent) == ([], 1, 1)


def test_each_credential_is_tried_in_its_order_and_once(listen: Listen) -> None:
    logins = tuple(Credential("admin", f"Secret-{number}", str(number)) for number in (1, 2, 3))
    server = listen(miner(password="Secret-3"))
    assert one(server.port, credentials=logins).credential == "3"
    server = listen(miner(password="Secret-4"))
    found = one(server.port, credentials=logins)
    assert (found.state, found.facts, found.credential) == (scan.LOCKED, {}, None)
    assert "with each of 3 passwords: invalid password." in str(found.problem)
    assert "Secret" not in repr(found)
    assert paths(server)[2:] == ["/api/auth"] * 3


def test_a_locked_miner_names_the_logins_and_what_to_list(listen: Listen) -> None:
    logins = (Credential("admin", "Fleet-1"), Credential("root", "x"))
    found = one(listen(miner(password="Else")).port, credentials=logins)
    assert str(found.problem).startswith("The miner refuses the login of 'admin' and 'root' with each of 2 passwords")
    assert "factory password (dragonadmin, admin on Innosilicon, or innoadmin on an InnoMiner)" in str(found.problem)
    assert "in an inventory: credentials" in str(found.problem)


def test_when_a_miner_was_polled_is_known(listen: Listen) -> None:
    before = time.time()
    found = one(listen(miner()).port)
    assert before <= found.polled_at <= time.time()


def test_a_guest_gets_what_a_guest_may_read(listen: Listen) -> None:
    server = listen(miner(user="guest", password="dragonguest"))
    found = one(server.port, credentials=(Credential("guest", "dragonguest"),))
    assert found.state == scan.POLLED
    assert list(found.missing) == ["autotune"]
    assert "not use /api/getAutoTune" in found.missing["autotune"]


def test_a_failure_of_one_source_leaves_the_others(listen: Listen) -> None:
    found = one(listen(miner(pools=http(b"no json"), summary=http(NO_REASON.body))).port)
    assert found.state == scan.POLLED
    assert list(found.missing) == ["pools"]
    assert found.facts["dragonmint_mining"]["ready"] is False
    assert "dragonmint_pools" not in found.facts


def test_a_miner_without_identity_stays_and_is_not_filtered(listen: Listen) -> None:
    found = one(listen(miner(overview=http(b"no json"))).port, keep=lambda *_unused: False)
    assert (found.state, list(found.missing)) == (scan.POLLED, ["identity", "network", "hardware"])


def test_what_a_filter_refuses_is_asked_for_nothing_more(listen: Listen) -> None:
    server = listen(miner())
    seen: list[Any] = []
    found, counts = poll(server.port, keep=lambda address, identity: bool(seen.append((address, identity))))
    assert (found, counts.filtered, counts.identified) == ([], 1, 1)
    assert [(address, identity["type"]) for address, identity in seen] == [("127.0.0.1", "T1")]
    assert paths(server)[-1] == "/api/overview"


def test_a_filter_that_fails_ends_everything(listen: Listen) -> None:
    def keep(address: str, identity: Any) -> bool:
        raise InvalidInput("no such key")

    with pytest.raises(InvalidInput, match="no such key"):
        poll(listen(miner()).port, keep=keep)


def test_an_error_of_the_web_server_is_tried_once_more(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = http(b"", "502 Bad Gateway")
    server = listen(miner(overview=[gone], pools=[gone, gone]))
    found = one(server.port)
    assert list(found.missing) == ["pools"]
    assert paths(server).count("/api/overview") == paths(server).count("/api/pools") == 2


def hang_up(peer: Peer) -> None:
    """Ends the connection without an answer."""


@pytest.mark.parametrize("action", ["type", "auth", "overview", "getAutoTuneStatus"])
def test_a_miner_that_dies_while_it_is_asked_is_unresponsive(
    listen: Listen, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = one(listen(miner(**{action: hang_up})).port)
    assert found.state == scan.UNRESPONSIVE
    assert "without an answer" in str(found.problem)
    assert ("dragonmint_pools" in found.facts) is (action == "getAutoTuneStatus")


@pytest.mark.parametrize("action", ["auth", "summary"])
def test_a_reply_that_hangs_is_waited_for_no_longer_than_the_timeout(listen: Listen, action: str) -> None:
    began = time.monotonic()
    found = one(listen(miner(**{action: lambda peer: peer.hold()})).port, timeout_s=0.5)
    assert found.state == scan.UNRESPONSIVE
    assert f"accepted the request /api/{action}, but did not answer completely within 0.5 s" in str(found.problem)
    assert time.monotonic() - began < LONG_S


def endless(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        peer.send(b"10000\r\n" + b" " * 65536 + b"\r\n")


@pytest.mark.parametrize(
    "talk",
    [
        lambda peer: peer.hold(),
        lambda peer: peer.drip(b"HTTP/1.1 200 OK\r\nX: y\r\nX: "),
        endless,
        miner(type=lambda peer: peer.drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n")),
    ],
    ids=["hangs", "drips", "never ends", "drips later"],
)
def test_a_device_that_never_ends_holds_nothing_up(listen: Listen, talk: Talk) -> None:
    began = time.monotonic()
    _found, counts = poll(listen(talk).port, **SOON)
    assert counts.unknown + counts.states[scan.UNRESPONSIVE] == 1
    assert time.monotonic() - began < LONG_S


def test_headers_without_end_take_no_memory(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []

    def flood(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\n")
        for number in range(1_000_000):
            peer.send(b"X-Some: %050d\r\n" % number * 1000)
            taken.append(number)

    found = one(listen(miner(overview=flood)).port, timeout_s=LONG_S)
    assert found.state in (scan.POLLED, scan.UNRESPONSIVE)
    assert "dragonmint_identity" not in found.facts
    # Twice the maximum per connection, since there is one retry, plus what is in the socket buffers.
    assert len(taken) * 64_000 < 2 * sockets._CONNECTION_BYTES_MAX + 32 * 1024 * 1024


def test_an_endless_fact_is_given_up_and_left_out(listen: Listen) -> None:
    found = one(listen(miner(pools=endless)).port)
    assert (found.state, list(found.missing)) == (scan.POLLED, ["pools"])
    assert str(REPLY_BYTES_MAX) in found.missing["pools"]


def test_all_requests_together_have_a_deadline(listen: Listen) -> None:
    def late(peer: Peer) -> None:
        time.sleep(0.6)

    found = one(listen(miner(pools=late, overview=late)).port, timeout_s=0.9, deadline_s=1.0)
    assert found.state == scan.UNRESPONSIVE
    assert "all requests within 1 s" in str(found.problem)


def test_a_device_that_repeats_its_login_leaks_no_secret(listen: Listen) -> None:
    """Neither as a fact nor as a reason, and not a token either."""
    jwt = json.loads(logged_in().body)["jwt"]
    login = basic("admin", "dragonadmin").partition(" ")[2]
    echo = json.dumps(
        {"success": True, "type": f"dragonadmin {login} {jwt}", "network": {}, "hardware": {}, "version": {}}
    )
    refusal = json.dumps({"success": False, "message": f"not with dragonadmin, {login} or {jwt}"})
    found = one(listen(miner(overview=http(echo.encode()), pools=http(refusal.encode()))).port)
    assert found.facts["dragonmint_identity"]["type"] == "******** ******** ********"
    assert "not with ********" in found.missing["pools"]
    assert [secret for secret in ("dragonadmin", login, jwt) if secret in repr(found)] == []
    locked = one(listen(miner(auth=http(refusal.encode()))).port)
    assert locked.state == scan.LOCKED
    assert "dragonadmin" not in repr(locked)


def test_a_bug_with_one_device_does_not_lose_the_others(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    def fact(*_unused: Any) -> Any:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(subsets.Sources, "fact", fact)
    found = one(listen(miner()).port)
    assert found.state == scan.UNRESPONSIVE
    assert "nobody thought of this" in str(found.problem)


class Ended(Exception):
    """The test has seen enough."""


def test_tasks_and_addresses_in_flight_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of 16 million addresses costs no more tasks than a small one."""
    tried, tasks, at_once, most = [], [], [], [0]

    async def probe(address: str, *_unused: Any) -> None:
        tried.append(address)
        at_once.append(address)
        most[0] = max(most[0], len(at_once))
        tasks.append(len(asyncio.all_tasks()))
        if len(tried) >= 3000:
            raise Ended
        await asyncio.sleep(0)
        at_once.remove(address)

    monkeypatch.setattr(sockets, "probe", probe)
    options = replace(OPTIONS, port=80, concurrency=25)
    with pytest.raises(Ended):
        scan.poll(addresses_from(["10.0.0.0/8"], allow_huge=True), options, lambda *_unused: True, print)
    # The workers, plus the main task, the reporter and the test's own.
    assert max(tasks) <= 25 + 3
    assert most[0] == 25
    assert 3000 <= len(tried) == len(set(tried)) < 3100


def test_an_address_that_can_not_be_tried_is_counted_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def probe(*_unused: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(sockets, "probe", probe)
    _found, counts = scan.poll(addresses_from(["10.0.0.1-9"]), OPTIONS, lambda *_unused: True, print)
    assert (counts.addresses, counts.silent, counts.failures) == (9, 9, {"Network is unreachable": 9})


def test_progress_is_reported_while_it_lasts(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "PROGRESS_EVERY_S", 0.05)
    reports: list[int] = []
    server = listen(lambda peer: peer.hold())
    options = replace(OPTIONS, port=server.port, timeout_s=0.5)
    scan.poll(HERE, options, lambda *_unused: True, lambda counts: reports.append(counts.total))
    assert len(reports) >= 2
    assert set(reports) == {1}


def test_miners_come_in_the_order_of_their_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def probe(address: str, *_unused: Any) -> socket.socket:
        await asyncio.sleep(1 / (int(IPv4Address(address)) % 256))
        there, other_end = socket.socketpair()
        other_end.close()
        return there

    def steps(visit: Any) -> Steps[None]:
        visit.is_miner = True
        yield from ()

    monkeypatch.setattr(sockets, "probe", probe)
    monkeypatch.setattr(scan._AddressPoll, "steps", steps)
    addresses = Addresses(addresses_from(["10.0.0.2", "10.0.0.10", "10.0.0.30"]).spans)
    found, _counts = scan.poll(addresses, OPTIONS, lambda *_unused: True, print)
    assert [miner.address for miner in found] == ["10.0.0.2", "10.0.0.10", "10.0.0.30"]
