# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads, the updater's websocket, and the results on the miner."""

from __future__ import annotations

import http.client
import http.server
import json
import random
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.control import Fleet, Miner
from tests.simulator.firmware import IMAGES
from tests.simulator.updater import refusal

from .asking import ask, basic, login, wait_for
from .updating import FOR_EVER, MULTIPART, NOT_INSTALLING, OLD, Ear, form, is_back, part, result, upload

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"
BUSY = "[network_thread] : Incoming network request: processing..."


# The recordings, and the archives that were sent for them.


def recorded(name: str) -> list[str]:
    lines = (RECORDINGS / f"upgrade-{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["frame"] for line in lines]


def comparable(frames: list[str]) -> tuple[list[str], list[str]]:
    """Messages and the rest, exactly, except for hashes and the size of sw-description."""
    texts = [re.sub(r"[0-9a-f]{64}|(?<=sw-description  size )\d+|(?<=Read )\d+", "N", frame) for frame in frames]
    return [text for text in texts if '"message"' in text], [text for text in texts if '"message"' not in text]


@pytest.mark.parametrize("order", ["trailing", "leading", 1, 2])
@pytest.mark.parametrize(
    ("name", "filename", "options"),
    [
        ("success", "ok.swu", {}),
        ("truncated", "trunc.swu", {"truncate": 150000}),
        ("wrong-hardware", "hw.swu", {"hardware": ("t2.g19",)}),
    ],
)
def test_frames_as_recorded(
    ready: Miner, archive: Callable[..., Path], name: str, filename: str, options: dict[str, Any], order: Any
) -> None:
    ready.set(frame_order=order)
    if name != "success":
        # The source is reported only once, and that was before the recording.
        with Ear(ready) as ear:
            upload(ready, archive(hardware=("b29.g19",)), "x")
            ear.wait_for_rest()
    with Ear(ready) as ear:
        upload(ready, archive(images={"image0.bin": 200000}, handler="rawfile", **options), filename)
        ear.wait_for_rest()
        # Each kind of frame keeps its order, but a status may come after the last text.
        wait_for(lambda: comparable(ear.texts) == comparable(recorded(name)))
        assert comparable(ear.texts) == comparable(recorded(name))


def test_recorded_order_between_the_kinds(ready: Miner, archive: Callable[..., Path]) -> None:
    """In the recording, messages come last; each other order really differs."""
    orders = {}
    for order in ("trailing", "leading", 3):
        ready.set(frame_order=order)
        with Ear(ready) as ear:
            upload(ready, archive(wrong_hash="uImage"))
            ear.wait_for_rest()
            wait_for(lambda: "FAILURE" in ear.statuses())
            orders[order] = [frame["type"] == "message" for frame in ear.frames()]
    assert orders["trailing"][0] is False
    assert orders["leading"][0] is True
    assert orders["leading"].index(False) > 10
    assert len({tuple(kinds) for kinds in orders.values()}) == 3


# The upload's answers.


def test_answer_of_an_upload(ready: Miner, good: Path) -> None:
    answer = upload(ready, good, "t1_20180901_120000.swu")
    size = good.stat().st_size
    assert (answer.status, answer.header("Content-Type")) == (200, "text/plain")
    assert answer.body == f"Ok, t1_20180901_120000.swu - {size} bytes.\r\n".encode()
    assert result(ready) == "installed"
    record = ready.writes()[0]
    assert (record["path"], record["filename"], record["size"]) == ("/upgrade/upload", "t1_20180901_120000.swu", size)
    assert (record["write"], record["applied"], record["outcome"]) == (True, True, "answered")


@pytest.mark.parametrize("auth", [None, "guest", basic("admin", "wrong"), "Bearer x", "token of a guest"])
@pytest.mark.parametrize("path", ["/upgrade/upload", "/upgrade/download", "/stream/logs"])
def test_only_the_admin_may(ready: Miner, path: str, auth: str | None) -> None:
    """A real 401, for an upload before its body was read; the connection can be used again."""
    auth = login(ready, "guest") if auth == "token of a guest" else auth
    headers = {} if auth is None else {"Authorization": basic("guest", "dragonguest") if auth == "guest" else auth}
    connection = http.client.HTTPConnection(ready.host, ready.port, timeout=5)
    connection.request("POST", path, b"x" * 300000, {**MULTIPART, **headers})
    reply = connection.getresponse()
    assert (reply.status, reply.reason, reply.getheader("Content-Type")) == (401, "Unauthorized", "text/html")
    assert reply.getheader("WWW-Authenticate") is None
    assert b"<title>401 Authorization Required</title>" in reply.read()
    connection.request("POST", "/api/ping")
    assert json.loads(connection.getresponse().read())["message"] == "invalid request"
    connection.close()
    assert ready.state()["uploads"] == 0


def test_token_of_the_admin(ready: Miner, good: Path) -> None:
    assert upload(ready, good, auth=login(ready)).status == 200


def test_admin_is_refused_before_the_body_is_sent(ready: Miner) -> None:
    with socket.create_connection((ready.host, ready.port), timeout=5) as connection:
        connection.sendall(b"POST /upgrade/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 401 Unauthorized\r\n")


def test_leave_to_send_the_body(ready: Miner, good: Path) -> None:
    body = form(part(good.read_bytes()))
    with socket.create_connection((ready.host, ready.port), timeout=5) as connection:
        connection.sendall(head_of_upload(len(body), "Expect: 100-continue\r\n"))
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")


def test_more_than_100_mib(ready: Miner) -> None:
    with socket.create_connection((ready.host, ready.port), timeout=5) as connection:
        connection.sendall(
            f"POST /upgrade/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {100 * 2**20 + 1}\r\n\r\n".encode()
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [("GET", {}, None), ("POST", {"Content-Type": "application/octet-stream"}, b"x"), ("POST", MULTIPART, form())],
)
def test_no_answer_without_an_archive(own: Fleet, method: str, headers: dict[str, str], body: bytes | None) -> None:
    with pytest.raises(TimeoutError):
        ask(own[0], "/upgrade/upload", method=method, headers=headers, body=body, timeout=0.2)
    own.speed(600)
    answer = ask(own[0], "/upgrade/upload", method=method, headers=headers, body=body)
    assert (answer.status, answer.header("Content-Type")) == (504, "text/html")
    assert own[0].state()["updater"] == "idle"


@pytest.mark.parametrize("path", ["/upgrade", "/upgrade/", "/upgrade/restart", "/stream"])
def test_other_pages_are_the_frontend(miner: Miner, path: str) -> None:
    assert b"<title>DragonMint</title>" in ask(miner, path, method="GET", auth=None).body


# Checks of the archive.

NOT_FIRST = "[extract_file_to_tmp] : description file name not the first of the list"
VERIFY = "ERROR corelib/verify_signature.c : verify_final : 104"
MAGIC = [
    "ERROR core/cpio_utils.c : get_cpiohdr : 36 : CPIO Format not recognized: magic not found ",
    "ERROR core/cpio_utils.c : extract_cpio_header : 490 : CPIO Header corrupted, cannot be parsed",
]
UNKNOWN = [
    "ERROR parser/parser.c : parse_json : 760 : JSON File corrupted ",
    "ERROR core/parser.c : parse : 98 : no parser available to parse sw-description! ",
    "ERROR corelib/stream_interface.c : extract_files : 156 : Compatible SW not found ",
]


@pytest.mark.parametrize(
    ("options", "reason", "statuses", "said"),
    [
        ({"format": "newc"}, "not_cpio", ["FAILURE"], MAGIC),
        ({"truncate": 0}, "not_cpio", ["FAILURE"], MAGIC),
        ({"truncate": 50}, "not_cpio", ["FAILURE"], MAGIC),
        (
            {"signature": None},
            "unsigned",
            ["FAILURE"],
            [f"{NOT_FIRST}: BOOT.bin instead of sw-description.sig"],
        ),
        (
            {"reorder": ["BOOT.bin", "sw-description", "sw-description.sig"]},
            "no_description",
            ["FAILURE"],
            [f"{NOT_FIRST}: BOOT.bin instead of sw-description"],
        ),
        (
            {"signature": "bad"},
            "bad_signature",
            ["FAILURE"],
            [
                f"{VERIFY} : EVP_DigestVerifyFinal failed, error 0x0407008a 0 ",
                "[swupdate_verify_file] : Error Verifying Data ",
                UNKNOWN[-1],
            ],
        ),
        ({"description": "software = {"}, "unparsable", ["FAILURE"], UNKNOWN),
        (
            {"board": "b29"},
            "wrong_board",
            ["FAILURE"],
            ["ERROR parser/parser.c : parser : 665 : Found nothing to install ", *UNKNOWN],
        ),
        (
            {"hardware": ("t2.g19", "b29.g19")},
            "wrong_hardware",
            ["START", "FAILURE"],
            ["ERROR corelib/stream_interface.c : extract_files : 161 : SW not compatible with hardware "],
        ),
        ({"wrong_hash": "uImage"}, "hash_mismatch", ["START", "FAILURE"], None),
        ({"truncate": 300000}, "hash_mismatch", ["START", "FAILURE"], None),
        ({"wrong_checksum": "system.bit"}, "checksum_mismatch", ["START", "FAILURE"], None),
        ({"wrong_checksum": "sw-description"}, "checksum_mismatch", ["FAILURE"], None),
    ],
)
def test_archives_that_are_not_fit(
    ready: Miner,
    archive: Callable[..., Path],
    options: dict[str, Any],
    reason: str,
    statuses: list[str],
    said: list[str] | None,
) -> None:
    with Ear(ready) as ear:
        answer = upload(ready, archive(**options))
        ear.wait_for_rest()
        assert (answer.status, answer.body[:3]) == (200, b"Ok,")
        assert result(ready) == reason
        assert ear.statuses() == statuses
        assert ear.messages("3") == [NOT_INSTALLING]
        if said is not None:
            before = ear.messages().index(NOT_INSTALLING)
            assert ear.messages()[before - len(said) : before] == said
    state = ready.state()
    assert (state["updater"], state["flashed"], state["firmware"], state["listening"]) == ("idle", 0, OLD, True)
    assert not ready.writes()[0]["applied"]


@pytest.mark.parametrize("data", [b"", b"<!DOCTYPE html>\n" * 100, b"\x7fELF" + bytes(5000)])
def test_what_is_no_archive_at_all(ready: Miner, data: bytes) -> None:
    assert upload(ready, data).body == f"Ok, new.swu - {len(data)} bytes.\r\n".encode()
    assert result(ready) == "not_cpio"


def test_padding_behind_the_archive_is_not_read(ready: Miner, archive: Callable[..., Path]) -> None:
    upload(ready, archive(pad=70000))
    assert result(ready) == "installed"


@pytest.mark.parametrize("name", ["rootfs.ubi", "BOOT.bin"])
def test_image_that_is_missing(ready: Miner, archive: Callable[..., Path], name: str) -> None:
    """Images are installed last first, so those before the missing one are written."""
    with Ear(ready) as ear:
        upload(ready, archive(missing_image=name))
        ear.wait_for_rest()
        assert ear.messages("3") == ["Installation failed !"]
        assert f"[install_images] : /tmp/{name} not found or wrong" in ear.messages()
        written = [] if name == "rootfs.ubi" else ["rootfs.ubi", "uImage", "system.bit", "devicetree.dtb"]
        assert [image for image, percent in ear.steps() if percent == 100] == written
        assert ear.statuses() == ["START", *(["RUN"] if written else []), "FAILURE"]
    assert result(ready) == "image_missing"
    assert ready.state()["flashed"] == 0


def test_images_must_fit_into_the_memory(ready: Miner, good: Path) -> None:
    ready.set(memory={"available": sum(IMAGES.values()) // 1024 - 10})
    upload(ready, good)
    assert result(ready) == "no_room"


def test_hardware_of_the_miner_counts(ready: Miner, archive: Callable[..., Path]) -> None:
    ready.set(hwver="b29", type="A8")
    upload(ready, archive(board="b29", hardware=("a8.b29",)))
    assert result(ready) == "installed"


# The websocket.


def test_handshake(miner: Miner) -> None:
    with Ear(miner) as ear:
        assert ear.head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
        assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in ear.head
        assert "Sec-WebSocket-Protocol" not in ear.head
        assert "Sec-WebSocket-Extensions" not in ear.head
        assert ear.texts == []


def test_websocket_wants_an_upgrade(miner: Miner) -> None:
    answer = ask(miner, "/upgrade/ws", method="GET", auth=None)
    assert (answer.status, answer.header("Content-Type"), answer.body) == (404, "text/plain", b"Not Found")


def test_nothing_is_replayed_and_everybody_hears(ready: Miner, archive: Callable[..., Path]) -> None:
    upload(ready, archive(signature="bad"))
    with Ear(ready) as one, Ear(ready) as two:
        upload(ready, archive(format="newc"))
        one.wait_for_rest()
        two.wait_for_rest()
        assert one.texts == two.texts
        assert one.messages()[0] == "Software Update started !"
        assert not any("Verify" in text for text in one.messages())


def test_open_websockets_keep_nobody_busy(ready: Miner) -> None:
    with Ear(ready), Ear(ready):
        ask(ready, "ping")
        assert ready.requests()[-1]["concurrent"] == 1


def test_file_names_keep_tails_and_quotes(ready: Miner, archive: Callable[..., Path]) -> None:
    names = {"a-long-name.swu": "a-long-name.swu", "hw.swu": "hw.swu-name.swu", 'q\\".swu': 'q".swu-name.swu'}
    with Ear(ready) as ear:
        for number, (name, shown) in enumerate(names.items(), 1):
            answer = upload(ready, archive(wrong_hash="uImage"), name)
            plain = name.replace("\\", "")
            assert answer.body.startswith(f"Ok, {plain} - ".encode())
            wait_for(lambda: sum("Main loop Daemon" in text for text in ear.texts) == number)  # noqa: B023
            assert f'"type": "info",\r\n\t"source": "{shown}"\r\n' in "".join(ear.texts)
        sources = [frame["source"] for frame in ear.frames() if frame["type"] in {"source", "info"}]
        assert sources == ["WEBSERVER", "a-long-name.swu", "hw.swu-name.swu"]


def test_steps_of_an_installation(ready: Miner, archive: Callable[..., Path]) -> None:
    """Every percent of a large image; values are strings."""
    with Ear(ready) as ear:
        upload(ready, archive(images={"uImage": 200000, "rootfs.ubi": 30_000_000}))
        ear.wait_for_rest()
        steps = ear.steps()
        assert [percent for name, percent in steps if name == "rootfs.ubi"] == list(range(101))
        assert [percent for name, percent in steps if name == "uImage"] == [
            *(0, 8, 16, 24, 32, 40, 49, 57, 65, 73, 81, 90, 98, 100)
        ]
        first = next(frame for frame in ear.frames() if frame["type"] == "step")
        assert first == {"type": "step", "number": "2", "step": "1", "name": "rootfs.ubi", "percent": "0"}
        assert "[install_flash_image] : Copying uImage into /dev/mtd0" in ear.messages()
        assert ear.statuses() == ["START", "RUN", "SUCCESS", "DONE"]


def test_what_is_reported_during_the_upload(ready: Miner, good: Path) -> None:
    """Up to the image that is arriving; then nothing until the upload ends."""
    data = good.read_bytes()
    body = form(part(data))
    with Ear(ready) as ear, socket.create_connection((ready.host, ready.port), timeout=5) as connection:
        connection.sendall(head_of_upload(len(body)) + body[:5000])
        ear.wait_for_text("filename BOOT.bin  size 60000 required")
        assert ear.statuses() == ["START"]
        assert ready.state()["updater"] == "busy"
        connection.sendall(body[5000:])
        ear.wait_for_rest()


def head_of_upload(size: int, more: str = "") -> bytes:
    return (
        f"POST /upgrade/upload HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('admin', 'dragonadmin')}\r\n{more}"
        f"Content-Length: {size}\r\nContent-Type: {MULTIPART['Content-Type']}\r\n\r\n"
    ).encode()


# Busy and wedged.


def test_one_archive_at_a_time(ready: Miner, good: Path) -> None:
    ready.set(timing={"flash_s": FOR_EVER}, busy_reply="500")
    upload(ready, good)
    with Ear(ready) as ear:
        answer = upload(ready, good)
        assert (answer.status, answer.header("Content-Type")) == (500, "text/plain")
        assert (answer.header("Content-Length"), answer.body) == ("23", b"Failed to queue command")
        ear.wait_for_text(BUSY)
        assert ear.messages() == [BUSY]
    assert ready.state()["updater"] == "busy"
    assert [write["applied"] for write in ready.writes()] == [False, False]


def test_client_that_goes_away_wedges_the_updater(ready: Miner, good: Path) -> None:
    ready.set(busy_reply="500")
    body = form(part(good.read_bytes()))
    with socket.create_connection((ready.host, ready.port), timeout=5) as connection:
        connection.sendall(head_of_upload(len(body)) + body[:300000])
        wait_for(lambda: ready.state()["updater"] == "busy")
    wait_for(lambda: ready.state()["updater"] == "wedged")
    assert result(ready) == "abandoned"
    assert upload(ready, good).body == b"Failed to queue command"
    ask(ready, "reboot")
    wait_for(lambda: is_back(ready))
    assert ready.state()["updater"] == "idle"
    upload(ready, good)
    assert result(ready) == "installed"


def test_body_without_its_end_wedges_too(own: Fleet, good: Path) -> None:
    own.speed(600)
    answer = ask(own[0], "/upgrade/upload", body=part(good.read_bytes()), headers=MULTIPART)
    assert answer.status == 504
    assert own[0].state()["updater"] == "wedged"


def test_updater_can_be_wedged_by_hand(ready: Miner, good: Path) -> None:
    ready.set(updater="wedged", busy_reply="500")
    assert upload(ready, good).status == 500
    ready.set(updater="idle")
    assert upload(ready, good).status == 200


@pytest.mark.parametrize("reply", ["502", "reset"])
def test_a_refusal_that_nginx_loses_is_still_reported_on_the_websocket(ready: Miner, good: Path, reply: str) -> None:
    ready.set(updater="wedged", busy_reply=reply)
    with Ear(ready) as ear:
        if reply == "502":
            answer = upload(ready, good)
            assert (answer.status, answer.header("Content-Type")) == (502, "text/html")
        else:
            with pytest.raises(ConnectionError):
                upload(ready, good)
        ear.wait_for_text(BUSY)
        assert ear.messages() == [BUSY]
    assert (ready.state()["updater"], ready.state()["flashed"]) == ("wedged", 0)


@pytest.mark.parametrize(
    ("size", "bytes_per_s", "seen"), [(30e6, 1e6, 1 / 8), (30e6, 10e6, 6 / 8), (30e3, 10e6, 0), (30e3, 1e6, 0)]
)
def test_a_refusal_is_lost_as_often_as_on_the_device(size: float, bytes_per_s: float, seen: float) -> None:
    assert refusal.chance_of_loss(size, bytes_per_s) == pytest.approx(seen, abs=0.01)
    chance = random.Random(7)
    replies = [refusal.reply(refusal.BY_ODDS, chance, size, bytes_per_s) for _unused in range(2000)]
    assert 1 - replies.count("500") / 2000 == pytest.approx(seen, abs=0.04)
    assert not seen or set(replies) == set(refusal.REPLIES)


def test_the_odds_are_the_same_in_each_run() -> None:
    runs = [
        [refusal.reply(refusal.BY_ODDS, chance, 30e6, 10e6) for _unused in range(20)]
        for chance in (random.Random("a0:b0:45:00:00:01"), random.Random("a0:b0:45:00:00:01"))
    ]
    assert runs[0] == runs[1]


def test_a_dead_updater_leaves_nginx_alone(ready: Miner, good: Path) -> None:
    with Ear(ready) as ear:
        ready.set(updater="dead", has_download=True)
        ear.wait_for_end()
    assert ask(ready, "/upgrade/ws", method="GET", auth=None).status == 502
    for path in ("/upgrade/upload", "/upgrade/download"):
        assert ask(ready, path, auth=None).status == 401
        assert ask(ready, path, {"url": "http://127.0.0.1/x"}).status == 502
    assert upload(ready, good).status == 502
    assert ready.state()["uploads"] == 0
    ask(ready, "reboot")
    wait_for(lambda: not ready.state()["listening"])
    wait_for(lambda: is_back(ready))
    upload(ready, good)
    assert result(ready) == "installed"


def test_a_field_before_the_file_is_taken_for_the_archive(ready: Miner, good: Path) -> None:
    body = form(part(b"1", None, "comment"), part(good.read_bytes()))
    answer = ask(ready, "/upgrade/upload", body=body, headers=MULTIPART)
    assert answer.body.startswith(b"Ok,  - 1 bytes.\r\nHTTP/1.1 500 Internal Server Error\r\n")
    assert answer.body.endswith(b"\r\n\r\nFailed to queue command")
    assert result(ready) == "not_cpio"


def test_reply_comes_before_the_reboot(ready: Miner, good: Path) -> None:
    ready.set(timing={"flash_s": 0, "boot_s": FOR_EVER})
    assert upload(ready, good).status == 200
    wait_for(lambda: not ready.state()["listening"])


def test_failure_is_reported_during_the_upload(ready: Miner, archive: Callable[..., Path]) -> None:
    """The rest is still read, and the updater is busy until then."""
    body = form(part(archive(hardware=("t2.g19",)).read_bytes()))
    with Ear(ready) as ear, socket.create_connection((ready.host, ready.port), timeout=5) as connection:
        connection.sendall(head_of_upload(len(body)) + body[:5000])
        ear.wait_for_rest()
        assert ear.statuses() == ["START", "FAILURE"]
        assert ready.state()["updater"] == "busy"
        connection.sendall(body[5000:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
        assert ear.statuses() == ["START", "FAILURE"]
    assert ready.state()["updater"] == "idle"
