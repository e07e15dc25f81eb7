# Copyright (c) 2026 minerops
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs SWUpdate itself, as packaged by Debian, on archives signed in the form that this build requires."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.simulator.updater.swupdate.signature import key

PROGRAM = shutil.which("swupdate")
MINER = "g19:t1.g19"
# It occasionally ends before it has printed its result.
TRIES = 5
TIMEOUT_S = 60
# Two of its processes say that it failed; the last words of one may be lost.
VERDICTS = {
    "SWUPDATE successful !": True,
    "Image invalid or corrupted": False,
    "Installation failed !": False,
    "SWUpdate *failed* !": False,
}


@dataclass(frozen=True)
class SWUpdate:
    """SWUpdate as a T1 would run it; it keeps its sockets and files below a folder of its own."""

    folder: Path
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> SWUpdate:
        """Creates one that trusts the key of the tests."""
        certificate = _certificate()
        (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        return cls(folder, certificate)

    def sign(self, description: bytes) -> bytes:
        """A signature as this build requires it: CMS, while the miner's requires the bare RSA signature."""
        builder = PKCS7SignatureBuilder().set_data(description).add_signer(self.certificate, key(), SHA256())
        return builder.sign(Encoding.DER, [PKCS7Options.DetachedSignature, PKCS7Options.Binary])

    def accepts(self, archive: Path) -> bool:
        """Whether it would install an archive."""
        return self._verdict("--check", "--image", str(archive))

    def installs(self, archive: Path) -> bool:
        """Whether it installs an archive, wherever the description puts its files."""
        return self._verdict("--no-transaction-marker", "--no-state-marker", "--image", str(archive))

    def _verdict(self, *arguments: str) -> bool:
        for _unused in range(TRIES):
            output = self._run(*arguments)
            found = {verdict for text, verdict in VERDICTS.items() if text in output}
            if len(found) == 1:
                return found.pop()
        raise AssertionError(f"SWUpdate gave no verdict in {TRIES} tries; the last one said:\n{output}")

    def _run(self, *arguments: str) -> str:
        assert PROGRAM is not None
        options = ["--key", str(self.folder / "certificate.pem"), "--hwrevision", MINER, "--select", "stable,main"]
        with tempfile.TemporaryFile(dir=self.folder) as said:
            process = subprocess.Popen(
                [PROGRAM, "--verbose", *options, *arguments],
                # Helpers of an earlier run may still be removing their sockets.
                env={**os.environ, "TMPDIR": tempfile.mkdtemp(dir=self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(TIMEOUT_S)
            finally:
                # A helper now and then outlives it.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            said.seek(0)
            return said.read().decode("utf-8", "replace")


def _certificate() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key().public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    )
    return builder.sign(key(), SHA256())
