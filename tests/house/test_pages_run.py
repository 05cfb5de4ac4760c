"""The pages' Python blocks run as they stand, one after the other, with a sandbox in the vendors' place."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from agentsea_gateway.response import ToolCall
from agentsea_gateway.testing import Reply, Sandbox
from agentsea_gateway.testing.recorded import Request
from support.pages import PAGES, README, blocks, foreign_blocks

WITH_CODE = [page for page in PAGES if blocks(page, "python")]


def answer(request: Request) -> Reply:
    """A vendor's answer: the tool that is offered is called once, JSON is given where it is asked for, else a text."""
    body = request.body
    assert isinstance(body, dict)
    if body.get("tools") and len(body["messages"]) == 1:
        return Reply(tool_calls=[ToolCall("", "get_weather", {"city": "Ulm"})])
    if "response_format" in body or "format" in body.get("output_config", {}):
        return Reply('{"color": "blue", "why": "Rayleigh scattering."}')
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


@pytest.fixture(autouse=True)
def logging_as_before():
    """A page may configure logging."""
    root, ours = logging.getLogger(), logging.getLogger("agentsea_gateway")
    before = root.level, ours.level, [*root.handlers]
    yield
    root.setLevel(before[0])
    ours.setLevel(before[1])
    root.handlers[:] = before[2]


def run(page: Path, line: int, code: str, namespace: dict[str, object]) -> None:
    exec(compile("\n" * line + code, str(page), "exec"), namespace)


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_python_in_pages_runs(
    page: Path, vendors: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # a page may write files
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line, code in blocks(page, "python"):
        run(page, line, code, namespace)
    if page == README:
        assert "served by anthropic/claude-opus-4-8" in capsys.readouterr().out
        assert {request.dialect for request in vendors.requests} == {"openai_chat", "anthropic_messages"}
        assert any("sunny in Ulm" in str(request.body) for request in vendors.requests)


FOREIGN = [(page, *block) for page in PAGES for block in foreign_blocks(page)]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of what others import
@pytest.mark.parametrize("shown", FOREIGN, ids=[f"{page.name}:{line}" for page, line, _, _ in FOREIGN])
def test_what_pages_show_of_other_clients_runs_too(
    shown: tuple[Path, int, str, list[str]],
    vendors: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page, line, code, needs = shown
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # it would fetch prices while it is imported
    for package in needs:
        pytest.importorskip(package)
    run(page, line, code, {"__name__": "__main__"})
    assert "Rayleigh scattering." in capsys.readouterr().out
    assert vendors.hits
