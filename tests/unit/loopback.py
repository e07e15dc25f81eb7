# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on free loopback ports that answer as a test tells them to."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from itertools import cycle
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Peer:
    """One accepted connection."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock = sock
        self._server = server

    def read_request(self) -> bytes:
        """One whole request, empty when the client hangs up."""
        data = b""
        while not _is_whole(data):
            more = self.sock.recv(65536)
            if not more:
                return b""
            data += more
        self._server.requests.append(data)
        return data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def drip(self, pattern: bytes) -> None:
        """Repeats the pattern, one byte at a time, until the client hangs up."""
        for byte in cycle(pattern):
            self.sock.sendall(bytes([byte]))
            if self._server.stopped.wait(0.005):
                return

    def hold(self) -> None:
        """Sends nothing more until the client hangs up."""
        while self.sock.recv(65536):
            pass

    def reset(self) -> None:
        """Ends the connection with a reset, at once."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def serve(self, reply: bytes) -> None:
        """The same reply to each request."""
        while self.read_request():
            self.send(reply)


Talk = Callable[[Peer], None]
# The fixtures: a server with this behaviour, and a transport to a URL.
Listen = Callable[..., "Server"]
Open = Callable[..., Any]


class Server(socketserver.ThreadingTCPServer):
    """``accepted`` counts the connections, ``requests`` has their requests, ``closed`` is set on each hang-up."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None) -> None:
        self.talk = talk
        self.tls = tls
        self.accepted = 0
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self.closed = threading.Semaphore(0)
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"


class _Handler(socketserver.BaseRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.accepted += 1
        # The client may hang up at any time; that is what the tests are about.
        with contextlib.suppress(OSError):
            sock = self.server.tls.wrap_socket(self.request, server_side=True) if self.server.tls else self.request
            with sock:
                self.server.talk(Peer(sock, self.server))
        self.server.closed.release()


@contextlib.contextmanager
def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    with Server(talk, tls) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A reply with a Content-Length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "".join(f"{line}\r\n" for line in [*head, ""]).encode("latin-1") + body


def chunked(*chunks: bytes) -> bytes:
    """A reply in chunks, as the device sends them."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


class Authority:
    """A private CA. ``path`` is its certificate, which a client may trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "The CA of this test")])
        self.path = folder / "ca.pem"
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = (
            _builder(self._name, self._name, self._key, timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server(self, address: str = "127.0.0.1", expires: timedelta = timedelta(days=1)) -> ssl.SSLContext:
        """A server's TLS with a certificate of this CA for an address."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(x509.Name([]), self._name, key, expires)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / "server.pem"
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, expires: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + expires)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _is_whole(data: bytes) -> bool:
    head, gap, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head, re.IGNORECASE)
    return bool(gap) and len(body) >= (int(length[1]) if length else 0)
