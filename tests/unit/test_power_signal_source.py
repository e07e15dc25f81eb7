# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event source power_signal at work: files, a URL, the webhook, the snapshot, and its end."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal import feed, source, webhook
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._power_signal.arguments import settings_from
from ansible_collections.minerops.dragonmint.extensions.eda.plugins._shared.reading import Invalid, shown

from .event_sources import at_work, first_event, until
from .loopback import Authority, Listen, Peer, closed_port, http

SOURCE = Path(__file__).parents[2] / "build/ansible_collections/minerops/dragonmint/extensions/eda/plugins/event_source"
SCHEMA = json.loads((SOURCE / "schemas/power_signal.json").read_text(encoding="utf-8"))
TOKEN = "correct-horse-battery"
LEVELS = {"over": {"price": 120}, "under": {"price": 90}, "interval": 1}
DEADLINE_S = 60.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks the command file and the clock more often than users need."""
    monkeypatch.setattr(source, "TICK_S", 0.01)


class Clock:
    """Stands in for the time module of the source: time passes when a test says so."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(source, "time", clock)
    return clock


class Running:
    """A running source, and its events."""

    def __init__(self, args: dict[str, Any]) -> None:
        settings = settings_from(args, SCHEMA)
        if settings.prices:
            # The schema requires at least a second.
            settings = replace(settings, prices=replace(settings.prices, interval_s=0.01))
        self.events: list[dict[str, Any]] = []
        # False if the snapshot can't be written.
        self.keeps_state = settings.snapshot is not None
        self.source = source.Source(settings, self.put)

    async def put(self, event: dict[str, Any]) -> None:
        self.events.append(event["power_signal"])

    @property
    def edges(self) -> list[str]:
        return [event["edge"] for event in self.events]

    async def until(self, *edges: str) -> None:
        """Waits for these edges, and makes sure that no other one follows."""
        await until(lambda: len(self.events) >= len(edges))
        await asyncio.sleep(0.1)
        await until(lambda: not self.keeps_state or self.source._on_disk == self.source._state)
        assert self.edges == list(edges), self.events


@asynccontextmanager
async def running(**args: Any) -> AsyncIterator[Running]:
    it = Running(args)
    async with at_work(it.source):
        yield it


def write(path: Path, content: Any) -> None:
    """Replaces a file atomically, as a sender of signals should."""
    new = path.with_name("new")
    new.write_text(content if isinstance(content, str) else json.dumps(content))
    new.replace(path)


def prices(price: float, now: float | None = None) -> str:
    now = time.time() if now is None else now
    return f"start,end,price\n{shown(now - 60)},{shown(now + 600)},{price}\n"


def command(command: str, event_id: str = "dr-1", **details: Any) -> dict[str, Any]:
    return {"command": command, "event_id": event_id, **details}


def test_prices_of_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "prices.csv"

    async def scenario() -> None:
        async with running(prices={"file": str(path), **LEVELS}, mode="efficient") as it:
            await it.until("invalid")
            write(path, prices(130))
            await it.until("invalid", "curtail")
            write(path, "start,end,price\nyesterday,{{ x }},1\n")
            await it.until("invalid", "curtail", "invalid")
            write(path, "")
            await it.until("invalid", "curtail", "invalid")
        missing, curtail, broken = it.events
        stays = "The prices known so far stay in use."
        assert missing["reason"] == f"prices.file '{path}': there is no such file. {stays}"
        assert (curtail["price"], curtail["mode"]) == (130, "efficient")
        assert broken["reason"].startswith(f"prices.file '{path}': line 2: 'yesterday' is not a time; use ISO 8601")
        assert missing["reason"] in caplog.text

    asyncio.run(scenario())


def test_a_file_that_breaks_leaves_the_prices_that_are_known(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "prices.csv"
    middle, end = shown(clock.now + 600), shown(clock.now + 1200)
    write(path, f"start,end,price\n{shown(clock.now - 60)},{middle},100\n{middle},{end},130\n")

    async def scenario() -> None:
        async with running(prices={"file": str(path), **LEVELS}) as it:
            await until(lambda: it.source._state.signal.last is not None)
            path.unlink()
            await it.until("invalid")
            clock.now += 700
            await it.until("invalid", "curtail")

    asyncio.run(scenario())


def slow(peer: Peer) -> None:
    peer.read_request()
    peer.hold()


def answer(reply: bytes) -> Callable[[Peer], None]:
    return lambda peer: peer.serve(reply)


@pytest.mark.parametrize(
    ("talk", "reason"),
    [
        (answer(http(b"", "503 Service Unavailable")), "expected status 200, found 503"),
        (answer(http(b"", "302 Found", "Location: http://127.0.0.1:1/?key=hunter2")), "expected status 200, found 302"),
        (answer(http(b"x" * 2000)), "expected at most 1000 bytes"),
        (answer(b"hunter2\r\n\r\n"), "it can't be fetched: the answer is not valid HTTP"),
        (Peer.reset, "it can't be fetched: Connection reset by peer"),
        (Peer.read_request, "it can't be fetched: the server closed the connection"),
        (slow, "no answer within 0.5 s"),
        (answer(http(b"<html>hunter</html>")), "expected at least one price, found none"),
    ],
    ids=["busy", "elsewhere", "endless", "no-http", "reset", "closed", "slow", "html"],
)
def test_a_url_that_gives_no_prices_is_one_event(
    talk: Callable[[Peer], None],
    reason: str,
    listen: Listen,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(feed, "PRICES_BYTES_MAX", 1000)
    server = listen(talk)
    url = f"http://operator:hunter2@127.0.0.1:{server.port}/today?key=hunter2"

    async def scenario() -> Running:
        caplog.set_level(logging.DEBUG)
        async with running(prices={"url": url, "timeout": 0.5, "headers": {"X-Key": "hunter2"}, **LEVELS}) as it:
            await it.until("invalid")
            await until(lambda: server.accepted >= 3)
            await it.until("invalid")
        return it

    (event,) = asyncio.run(scenario()).events
    place = f"prices.url 'http://127.0.0.1:{server.port}/today'"
    assert event["reason"] == f"{place}: {reason}. The prices known so far stay in use."
    assert "hunter2" not in caplog.text
    assert all(b"X-Key: hunter2" in request for request in server.requests)


def test_a_url_that_can_not_be_reached_says_why(listen: Listen, tmp_path: Path) -> None:
    async def reason(url: str) -> str:
        async with running(prices={"url": url, **LEVELS}) as it:
            await it.until("invalid")
        return str(it.events[0]["reason"])

    secure, plain = listen(slow, Authority(tmp_path).server()), listen(lambda peer: peer.send(http(b"")))
    for url, expected in (
        (f"{secure.url}/", "the certificate of the server is not valid"),
        (f"https://127.0.0.1:{plain.port}/", "the server does not speak TLS there"),
        ("http://nowhere.invalid/", "the host name is not known"),
        (f"http://127.0.0.1:{closed_port()}/", "Connection refused"),
    ):
        assert f": it can't be fetched: {expected}. The prices" in asyncio.run(reason(url))


def test_prices_of_a_url(listen: Listen) -> None:
    replies = [http(b"", "503 Service Unavailable"), http(prices(130).encode())]

    def talk(peer: Peer) -> None:
        while peer.read_request():
            peer.send(replies[0] if len(replies) == 1 else replies.pop(0))

    server = listen(talk)

    async def scenario() -> None:
        async with running(prices={"url": server.url, **LEVELS}) as it:
            await it.until("invalid", "curtail")

    asyncio.run(scenario())


def test_a_signal_that_is_lost_and_comes_back(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "prices.csv"
    write(path, prices(130))

    async def scenario() -> None:
        async with running(prices={"file": str(path), **LEVELS, "stale": "restore"}) as it:
            await it.until("curtail")
            clock.now += 2000
            await it.until("curtail", "signal_lost", "restore")
            write(path, prices(100, clock.now))
            await it.until("curtail", "signal_lost", "restore", "signal_back", "curtail")

    asyncio.run(scenario())


def test_commands_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "command.json"

    async def scenario() -> None:
        async with running(command_file=str(path)) as it:
            write(path, command("start", kw=40))
            await it.until("curtail")
            write(path, "{")
            await it.until("curtail", "invalid")
            path.unlink()
            await until(lambda: not it.source._state.problems)
            write(path, "{")
            await it.until("curtail", "invalid", "invalid")
            os.mkfifo(path.with_name("pipe"))
            path.with_name("pipe").replace(path)
            await it.until("curtail", "invalid", "invalid", "invalid")
            write(path, command("end"))
            await it.until("curtail", "invalid", "invalid", "invalid", "restore")
        assert it.events[0]["kw"] == 40
        assert it.events[1]["reason"].startswith(f"command_file '{path}': expected a JSON object: ")
        assert it.events[3]["reason"] == f"command_file '{path}': it is not a file."

    asyncio.run(scenario())


async def post(port: int, data: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    body = data if isinstance(data, (bytes, str)) else json.dumps(data)
    headers = {"Authorization": f"Bearer {TOKEN}", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/", data=body, headers=headers) as response,
    ):
        return response.status, await response.json()


@asynccontextmanager
async def listening(**args: Any) -> AsyncIterator[tuple[Running, int]]:
    port = closed_port()
    async with running(webhook={"port": port, "token": TOKEN}, **args) as it:
        await until(lambda: is_open(port))
        yield it, port


def is_open(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


ACCEPTED = (200, {"accepted": True})


def test_commands_of_the_webhook() -> None:
    async def scenario() -> None:
        async with listening() as (it, port):
            assert await post(port, command("start", kw=40)) == ACCEPTED
            assert it.edges == ["curtail"]
            assert await post(port, command("start", kw=40)) == ACCEPTED
            for _again in range(2):
                status, said = await post(port, command("start", kw=50))
                assert (status, said["accepted"]) == (400, False)
                assert said["error"].startswith("Event 'dr-1' is already in force with another kw, mode or until.")
            status, said = await post(port, b"{")
            assert (status, said["error"][:32]) == (400, "webhook: expected a JSON object:")
            assert await post(port, command("end")) == ACCEPTED
            assert await post(port, command("end")) == ACCEPTED
            await it.until("curtail", "invalid", "invalid", "restore")

    asyncio.run(scenario())


@pytest.mark.parametrize("authorization", ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \u00e9", TOKEN])
def test_the_webhook_takes_nothing_without_the_token(authorization: str, caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        async with listening() as (it, port):
            caplog.set_level(logging.DEBUG)
            status, said = await post(port, command("start"), Authorization=authorization)
            assert (status, said) == (401, {"accepted": False, "error": "The bearer token is missing or wrong."})
            assert it.events == []
        assert TOKEN not in caplog.text

    asyncio.run(scenario())


def test_the_webhook_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "BODY_TIMEOUT_S", 0.1)

    async def scenario() -> None:
        async with listening() as (it, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\n{{"
            writer.write(head.encode())
            assert b" 408 " in await asyncio.wait_for(reader.readline(), DEADLINE_S)
            writer.close()
            with pytest.raises(aiohttp.ContentTypeError, match="413"):
                await post(port, b" " * 70_000)
            assert it.events == []

    asyncio.run(scenario())


def test_a_port_that_is_taken_is_said_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        message = (
            f"webhook: can't listen on '127.0.0.1', port {port}: .*ddress already in use.* Choose another webhook.host"
        )
        with pytest.raises(Invalid, match=message):
            asyncio.run(Running({"webhook": {"port": port, "token": TOKEN}}).source.run())


def test_a_restart_repeats_nothing_and_misses_nothing(tmp_path: Path) -> None:
    snapshot, path = tmp_path / "made/state.json", tmp_path / "command.json"

    async def scenario() -> None:
        args = {"command_file": str(path), "snapshot": str(snapshot), "prices": {"file": str(tmp_path / "p"), **LEVELS}}
        write(tmp_path / "p", prices(100))
        async with running(**args) as it:
            write(path, command("start", kw=40))
            await it.until("curtail")
        async with running(**args) as it:
            await it.until()
        write(path, command("end"))
        async with running(**args) as it:
            await it.until("restore")
        assert (it.events[0]["event_id"], it.events[0]["kw"]) == ("dr-1", 40)
        async with running(**args) as it:
            await it.until()
        # The prices can't be read now, but they were known.
        (tmp_path / "p").unlink()
        async with running(**args) as it:
            await it.until("invalid")
        async with running(**args) as it:
            await it.until()

    asyncio.run(scenario())


def test_an_event_that_could_not_be_handed_on_is_not_forgotten(tmp_path: Path) -> None:
    """The queue of ansible-rulebook is full, and then the source is stopped."""
    args = {"command_file": str(tmp_path / "command.json"), "snapshot": str(tmp_path / "state.json")}
    write(tmp_path / "command.json", command("start"))

    async def scenario() -> None:
        it = Running(args)
        full = asyncio.Event()

        async def never(_event: dict[str, Any]) -> None:
            full.set()
            await asyncio.Event().wait()

        it.source._put = never
        task = asyncio.create_task(it.source.run())
        await asyncio.wait_for(full.wait(), DEADLINE_S)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        async with running(**args) as it:
            await it.until("curtail")

    asyncio.run(scenario())


def run(args: dict[str, Any]) -> Coroutine[Any, Any, None]:
    return Running(args).source.run()


def test_a_snapshot_that_can_not_be_used_is_said_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    args = {"command_file": "command.json", "snapshot": str(path)}
    path.write_text("{")
    with pytest.raises(
        Invalid, match=r"snapshot '.*' can't be used: it is damaged\. It says whether miners are curtailed"
    ):
        run(args)
    path.unlink()
    path.mkdir()
    with pytest.raises(Invalid, match=r"can't be used: it is not a file"):
        run(args)
    with pytest.raises(Invalid, match=r"snapshot '/proc/.*' can't be written: .*\. Correct the path or its folder"):
        asyncio.run(run({**args, "snapshot": "/proc/nowhere/state.json"}))


def test_a_snapshot_that_can_not_be_written_any_more_is_one_event(tmp_path: Path) -> None:
    folder, path = tmp_path / "made", tmp_path / "command.json"

    async def scenario() -> None:
        async with running(command_file=str(path), snapshot=str(folder / "state.json")) as it:
            await until((folder / "state.json").exists)
            it.keeps_state = False
            folder.rename(tmp_path / "old")
            folder.touch()
            write(path, command("start"))
            await it.until("curtail", "invalid")
            write(path, command("end"))
            await it.until("curtail", "invalid", "restore")
            folder.unlink()
            # It is written as soon as possible, without another event.
            it.keeps_state = True
            await it.until("curtail", "invalid", "restore")
            assert (folder / "state.json").exists()
            it.keeps_state = False
            folder.rename(tmp_path / "older")
            folder.touch()
            write(path, command("start", "dr-2"))
            await it.until("curtail", "invalid", "restore", "curtail", "invalid")

    asyncio.run(scenario())


def test_a_source_without_a_snapshot_warns(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(command_file=str(tmp_path / "c")):
            await until(lambda: "snapshot is not set" in caplog.text)

    asyncio.run(scenario())


def test_a_source_ends_when_it_is_cancelled() -> None:
    async def scenario() -> None:
        async with listening(command_file="nowhere.json") as (_it, port):
            # An open connection does not delay the end.
            connection = await asyncio.open_connection("127.0.0.1", port)
            began = time.monotonic()
        assert time.monotonic() - began < 5
        assert not is_open(port)
        connection[1].close()

    asyncio.run(scenario())


@pytest.mark.parametrize("is_hidden", [False, True], ids=["plain", "with-the-package-ansible"])
def test_the_source_finds_what_it_needs_by_itself(is_hidden: bool, tmp_path: Path) -> None:
    if is_hidden:
        (tmp_path / "ansible_collections").mkdir()
        (tmp_path / "ansible_collections/__init__.py").touch()
    write(tmp_path / "command.json", command("start"))
    args = {"command_file": str(tmp_path / "command.json")}
    event, ended = first_event(SOURCE / "power_signal.py", args, PYTHONPATH=str(tmp_path))
    assert json.loads(event)["power_signal"]["edge"] == "curtail"
    assert ended == "cancelled"
