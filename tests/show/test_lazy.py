"""Pictures cost nothing until a notebook asks for one."""

from __future__ import annotations

import os
import subprocess
import sys

from support.source import ROOT

PROGRAM = """
import sys
from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.testing import ScriptedProvider
gw = Gateway([Candidate("a", ScriptedProvider(default="Hello"))])
reply = gw.completion("Hi")
repr((reply, reply.route, gw, gw.health()))
assert not [name for name in sys.modules if name.startswith("agentsea_gateway.show")]
assert "<svg" in reply._repr_html_()
assert not {"IPython", "jinja2", "requests"} & set(sys.modules)
"""


def test_nothing_of_it_is_loaded_before() -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    command = [sys.executable, "-W", "error", "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
