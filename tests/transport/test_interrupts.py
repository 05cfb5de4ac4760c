"""Ctrl-C at any instant: it passes through, and what it interrupted never comes back from the pool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from raw_server import ECHO, REQUEST, RawServer, Repeat
from support.loopback import new_certificate
from support.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

# A process of its own: the timer's signal would meet the test runner's own timer, and locks that tracers hold.
# Interrupts inside socket's or ssl's own code may leave a socket that nobody had yet, hence no ResourceWarning.
PROGRAM = """
import gc, random, signal, sys, warnings
from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.transport import Transport

def interrupted(*_):
    raise KeyboardInterrupt

warnings.simplefilter("ignore", ResourceWarning)
signal.signal(signal.SIGALRM, interrupted)
rng, interrupts = random.Random(11), 0
endpoint = Transport(verify=sys.argv[2] or True).endpoint(sys.argv[1], {})

def post(body):
    return endpoint.post(body, Call(Deadline.after(30), connect_timeout=10)).read()

post(b"warm")
for number in range(2000):
    body = b"%d" % number
    try:
        signal.setitimer(signal.ITIMER_REAL, 1e-6 + rng.random() * float(sys.argv[3]))
        read = post(body)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        interrupts += 1
    else:
        assert read == body, (read, body)
    signal.setitimer(signal.ITIMER_REAL, 0)
    if number % 50 == 0:
        assert post(b"control") == b"control"
gc.collect()
print(interrupts)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_an_interrupt_at_any_instant_leaves_no_answer_for_somebody_else(
    tmp_path: Path, secure: bool, no_leaks: None
) -> None:
    certificate = new_certificate(tmp_path, "IP:127.0.0.1") if secure else None
    with RawServer([Repeat([REQUEST, ECHO])], tls=certificate.server if certificate else None) as server:
        program = [sys.executable, "-c", PROGRAM, server.url, certificate.path if certificate else "", "4e-4"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
        done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
