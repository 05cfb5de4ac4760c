"""For tests on real sockets: calls with a limit, and certificates of our own."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline

if TYPE_CHECKING:
    from pathlib import Path


def new_call(seconds: float = 10.0, **given: Any) -> Call:
    """A call with so much time, 5 s of it for connecting."""
    return Call(Deadline.after(seconds), **{"connect_timeout": 5.0, **given})


class Certificate(NamedTuple):
    """A self-signed certificate: `path` is what a client trusts, `server` what a server shows."""

    path: str
    server: ssl.SSLContext


def new_certificate(folder: Path, *names: str) -> Certificate:
    """A certificate for these names (`DNS:localhost`, `IP:127.0.0.1`); skips the test without the openssl command."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl command to make a certificate with")
    key, path = folder / "key.pem", folder / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=test", "-addext", f"subjectAltName={','.join(names)}"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(path)], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path, key)
    return Certificate(str(path), server)
