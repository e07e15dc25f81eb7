# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all answers share, and the answers of nginx itself."""

from __future__ import annotations

import socket

import pytest

from tests.simulator.control import Miner

from .asking import INVALID, OK, POOL, ask, basic

PHP_HEADERS = ["Server", "Date", "Content-Type", "Transfer-Encoding", "Connection", "X-Powered-By"]


def exchange(miner: Miner, request: bytes) -> bytes:
    """Everything the miner says until it hangs up, or until one answer is complete."""
    with socket.create_connection((miner.host, miner.port), timeout=5) as connection:
        connection.sendall(request)
        answer = b""
        while not answer.endswith(b"0\r\n\r\n") and (piece := connection.recv(65536)):
            answer += piece
        return answer


def test_bytes_of_an_answer(miner: Miner) -> None:
    head = f"POST /api/ping HTTP/1.1\r\nHost: x\r\nAuthorization: {basic('admin', 'dragonadmin')}\r\n\r\n"
    lines = exchange(miner, head.encode()).decode().split("\r\n")
    assert [line.partition(":")[0] for line in lines[1:7]] == PHP_HEADERS
    assert lines[0] == "HTTP/1.1 200 OK"
    assert lines[1] == "Server: nginx/1.12.2"
    assert lines[5:] == ["Connection: keep-alive", "X-Powered-By: PHP/7.2.4", "", "10", '{"success":true}', "0", "", ""]


def test_http_1_0_gets_no_chunks_and_the_connection_ends(miner: Miner) -> None:
    head = f"POST /api/ping HTTP/1.0\r\nAuthorization: {basic('admin', 'dragonadmin')}\r\n\r\n"
    answer = exchange(miner, head.encode())
    assert answer.endswith(b'\r\n\r\n{"success":true}')
    assert b"Transfer-Encoding" not in answer
    assert b"Connection: close" in answer


def test_head_runs_the_action(miner: Miner) -> None:
    answer = ask(miner, "updatePools", method="HEAD")
    assert answer.body == b""
    assert miner.state()["pools"] == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_parameters_count_only_when_posted(miner: Miner, method: str) -> None:
    """A list of pools in a query or by PUT is not seen, and clears them."""
    assert ask(miner, "/api/updatePools?Pool1=a&UserName1=b&Password1=c", POOL, method=method).json() == OK
    assert miner.state()["pools"] == []


def test_json_bodies_count_as_missing(miner: Miner) -> None:
    headers = {"Content-Type": "application/json"}
    assert ask(miner, "updatePools", body=b'{"Pool1":"a"}', headers=headers).json() == OK
    assert miner.state()["pools"] == []


def test_multipart(miner: Miner) -> None:
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in POOL.items()
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    ask(miner, "updatePools", body=f"{parts}--b--\r\n".encode(), headers=headers)
    assert miner.state()["pools"] == [{"url": "stratum+tcp://a.example:1", "user": "u", "pass": "x"}]


@pytest.mark.parametrize("path", ["/api/index.php?action=ping", "/cgi-bin/x?action=ping", "//api//ping", "/api/p%69ng"])
def test_ways_to_name_an_action(miner: Miner, path: str) -> None:
    assert ask(miner, path).json() == OK


def test_moved_page_names_the_host_asked_for(miner: Miner) -> None:
    answer = ask(miner, "/api", headers={"Host": "rack.example"})
    assert answer.status == 301
    assert answer.header("Location") == "http://rack.example/api/"


def test_index_page(any_miner: Miner) -> None:
    answer = ask(any_miner, "/", auth=None, method="GET")
    title = "InnoMiner" if any_miner.generation == "inno-2018-05" else "AsicMiner"
    title = title if any_miner.generation.startswith("inno") else "DragonMint"
    assert f"<title>{title}</title>".encode() in answer.body
    assert answer.header("Cache-Control") == "max-age=315360000"
    assert answer.header("Expires") == "Thu, 31 Dec 2037 23:55:55 GMT"
    assert {"ETag", "Last-Modified"} <= {name for name, _unused in answer.headers}
    assert ask(any_miner, "/", auth=None, method="HEAD").body == b""


def test_too_large_body_is_refused_at_once(miner: Miner) -> None:
    head = b"POST /api/ping HTTP/1.1\r\nHost: x\r\nContent-Length: 104857601\r\n\r\n"
    with socket.create_connection((miner.host, miner.port), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 Request Entity Too Large\r\n")


def test_client_that_waits_for_permission_to_send(miner: Miner) -> None:
    head = b"POST /api/ping HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"
    with socket.create_connection((miner.host, miner.port), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"


def test_identification_without_login(miner: Miner) -> None:
    assert ask(miner, "ping", auth=None).json() == INVALID


def test_logs_are_an_attachment(miner: Miner) -> None:
    answer = ask(miner, "getLogs")
    assert answer.header("Content-Length") == str(len(answer.body))
    assert answer.header("Content-Disposition") == 'attachment; filename="miner.log"'
    assert answer.header("Pragma") == "public"
