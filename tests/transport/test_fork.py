"""Forking: a child never reads from, writes to or says good-bye on a connection of its parent's."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.transport import fork
from raw_server import ECHO, HOLD, REQUEST, RawServer, Repeat, head
from support.source import ROOT

if TYPE_CHECKING:
    from support.loopback import Certificate

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

# Parent, child and grandchild each post with warm connections; the parent also has an answer half read.
PROGRAM = """
import os, sys
from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.errors import APIConnectionError
from agentsea_gateway.transport import Transport

url, half_url, verify, own_session = sys.argv[1:]

def call():
    return Call(Deadline.after(20), connect_timeout=5)

if own_session:
    import requests
    session = requests.Session()
    session.verify = verify or True
    transport = Transport(session=session)
else:
    transport = Transport(verify=verify or True)
endpoint = transport.endpoint(url, {})
half = transport.endpoint(half_url, {}).post(b"half", call())
assert half.read_some() == b"ab"

def work(name):
    for number in range(3):
        body = f"{name}-{number}".encode()
        assert endpoint.post(body, call()).read() == body

def child(name, depth):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            try:
                half.read_some()
            except APIConnectionError:
                pass
            else:
                raise AssertionError("the child read its parent's answer")
            half.close()
            work(name)
            if depth:
                child(name + "-child", depth - 1)
            work(name)
            code = 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid

work("parent")
pids = [child("one", 1), child("two", 1)]
work("parent")
for pid in pids:
    assert os.waitpid(pid, 0)[1] == 0
work("parent")
assert half.read() == b"cd"
transport.close()
if own_session:
    session.close()
"""


def test_what_is_gone_is_no_burden_to_later_children() -> None:
    class Inherited:
        def forget(self) -> None:
            raise NotImplementedError

    gc.collect()
    before = len(fork._inherited)
    kept = [Inherited() for _ in range(100)]
    for each in kept:
        fork.forget_in_children(each)
    assert len(fork._inherited) == before + 100
    del kept, each
    assert len(fork._inherited) == before


@pytest.mark.parametrize("session", ["", "session"], ids=["own", "session"])
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
def test_no_child_ever_touches_a_connection_of_its_parent(certificate: Certificate, secure: bool, session: str) -> None:
    """F48: fork after warm-up, twice, and a fork of the fork; the parent goes on as if nothing had been."""
    tls = certificate.server if secure else None
    gate = threading.Event()
    half_script = [REQUEST, head(content_length="4") + b"ab", gate, b"cd", HOLD]
    with RawServer([Repeat([REQUEST, ECHO])], tls=tls) as server, RawServer(half_script, tls=tls) as half:
        environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
        verify = certificate.path if secure else ""
        command = [sys.executable, "-W", "error", "-c", PROGRAM, server.url, half.url, verify, session]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            while server.hits < 33 and process.poll() is None:
                time.sleep(0.01)
            gate.set()
            errors = process.communicate(timeout=50)[1]
        assert (process.returncode, errors) == (0, "")
        by_connection: dict[int, set[bytes]] = {}
        for request in server.requests:
            by_connection.setdefault(request.connection, set()).add(request.body.rpartition(b"-")[0])
        assert all(len(names) == 1 for names in by_connection.values()), "a connection served two processes"
        assert sum(names == {b"parent"} for names in by_connection.values()) == 1, "the parent kept its own"
        assert server.connections == 5
        assert half.connections == 1
