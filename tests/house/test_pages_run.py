"""The pages' Python blocks run as they stand, one after the other, with a sandbox in the vendors' place."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentsea_gateway.response import ToolCall
from agentsea_gateway.testing import Reply, Sandbox
from agentsea_gateway.testing.recorded import Request
from support.pages import PAGES, blocks

WITH_CODE = [page for page in PAGES if blocks(page, "python")]


def answer(request: Request) -> Reply:
    """A vendor's answer: the tool that is offered is called once, everything else gets a text."""
    body = request.body
    assert isinstance(body, dict)
    if body.get("tools") and len(body["messages"]) == 1:
        return Reply(tool_calls=[ToolCall("", "get_weather", {"city": "Ulm"})])
    return Reply("Rayleigh scattering.")


@pytest.fixture
def vendors(monkeypatch: pytest.MonkeyPatch):
    """One sandbox that is every vendor."""
    with Sandbox() as box:
        box.always(answer)
        for vendor, url in (("ANTHROPIC", box.anthropic_url), ("OPENAI", box.openai_url)):
            monkeypatch.setenv(f"{vendor}_API_KEY", box.api_key)
            monkeypatch.setenv(f"{vendor}_BASE_URL", url)
        yield box


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_python_in_pages_runs(page: Path, vendors: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line, code in blocks(page, "python"):
        exec(compile("\n" * line + code, str(page), "exec"), namespace)
    assert "served by anthropic/claude-opus-4-8" in capsys.readouterr().out
    assert {request.dialect for request in vendors.requests} == {"openai_chat", "anthropic_messages"}
    assert any("sunny in Ulm" in str(request.body) for request in vendors.requests)
