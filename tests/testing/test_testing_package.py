"""The package itself: light to import, complete, and its fixtures work in somebody else's test suite."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import agentsea_gateway
import agentsea_gateway.testing


def run(*arguments: str, cwd: Path | None = None) -> str:
    """Run a Python of this environment; what it printed."""
    found_at = str(Path(agentsea_gateway.__file__).parent.parent)
    env = os.environ | {"PYTHONPATH": found_at}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=env, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_name_is_there_and_says_what_it_is() -> None:
    for name in agentsea_gateway.testing.__all__:
        assert getattr(agentsea_gateway.testing, name).__doc__
    assert set(agentsea_gateway.testing.__all__) <= set(dir(agentsea_gateway.testing))


def test_it_imports_neither_pytest_nor_a_transport() -> None:
    heavy = ("pytest", "requests", "urllib3", "tenacity", "http.client", "http.server", "asyncio", "logging", "email")
    code = (
        "import sys; from agentsea_gateway.testing import FakeClock, Fault, Reply, Sandbox, ScriptedProvider; "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert run("-c", code).strip() == "[]"


def test_the_bare_package_imports_nothing_of_it() -> None:
    inside = "agentsea_gateway.testing."
    code = f"import sys, agentsea_gateway.testing; print([n for n in sys.modules if n.startswith({inside!r})])"
    assert run("-c", code).strip() == "[]"


USERS_TESTS = """
import http.client

from agentsea_gateway.testing import Fault

def test_a_sandbox(sandbox, make_sandbox):
    other = make_sandbox("other", name="other")
    assert other.base_url != sandbox.base_url
    connection = http.client.HTTPConnection(sandbox.base_url.removeprefix("http://"))
    sandbox.script(Fault.stall())
    connection.request("POST", "/v1/chat/completions", "{}", {"authorization": "Bearer sk-sandbox"})
    assert connection.getresponse().status == 400
    connection.close()

def test_time(scripted_provider, fake_clock):
    scripted_provider.script([5.0, "late"])
    assert scripted_provider.complete([]).content == "late"
    assert fake_clock.monotonic() == 1005.0
"""


def test_the_fixtures_work_in_a_users_suite(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["agentsea_gateway.testing.fixtures"]\n')
    (tmp_path / "test_users.py").write_text(USERS_TESTS)
    said = run("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", "-p", "no:randomly", cwd=tmp_path)
    assert "2 passed" in said
