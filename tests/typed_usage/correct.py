"""Checked by mypy --strict, never run: programs as users write them, every type of which must come out right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

from agentsea_gateway import Candidate, Config, Gateway, Response, Route, Stream, ToolCall, Usage
from agentsea_gateway.errors import AllProvidersUnavailableError, GatewayError, StreamInterruptedError
from agentsea_gateway.providers import Anthropic, OpenAI
from agentsea_gateway.routing import CostOptimized, Failover, LatencyOptimized, RoundRobin
from agentsea_gateway.stream_events import Content, Done


class Echo:
    """A plain provider: no base class."""

    def complete(self, messages: list[dict[str, Any]], **options: Any) -> Response:
        return Response(str(messages[-1]["content"]))


def from_strings() -> str:
    gw = Gateway(["anthropic/claude-opus-4-8", "openai/gpt-4.1"], strategy=RoundRobin(), timeout=20)
    reply = gw.completion("Why is the sky blue?", timeout=20, temperature=0.2, max_tokens=300)
    assert_type(reply, Response)
    assert_type(reply.usage, Usage)
    assert_type(reply.tool_calls, tuple[ToolCall, ...])
    assert_type(reply.route, Route | None)
    return reply.content


def from_candidates() -> Gateway:
    candidates: list[str | Candidate] = [
        Candidate(name="primary", provider=Anthropic(api_key="k"), model="m", options={"max_tokens": 500}),
        Candidate(name="local", provider=OpenAI(api_key="k", base_url="http://localhost:8000/v1"), model="m"),
        Candidate(name="echo", provider=Echo()),
        "openai/gpt-4.1",
    ]
    return Gateway(candidates, strategy=CostOptimized())


def from_config() -> Gateway:
    config = Config(["openai/gpt-4.1"], strategy=LatencyOptimized(), connect_timeout=2, idle_timeout=10)
    return Gateway(config).with_options(strategy=Failover(), timeout=5)


def history(gw: Gateway) -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Hello"}]
    reply = gw.completion(messages, exclude="primary", system="Be brief.")
    messages.append(reply.message)
    gw.completion(messages, exclude=["primary", "local"], stop=["END"], seed=1)


def streams(gw: Gateway) -> Iterator[str]:
    with gw.stream("Hello", timeout=5, max_tokens=20) as stream:
        assert_type(stream, Stream)
        for event in stream:
            if isinstance(event, Content):
                yield event.text
            elif isinstance(event, Done):
                assert_type(event.response, Response)
    yield from gw.stream("Hello").text


def failures(gw: Gateway) -> str:
    try:
        return gw.completion("Hello").content
    except StreamInterruptedError as error:
        return error.partial.content
    except AllProvidersUnavailableError as error:
        return str(error.retry_at)
    except GatewayError as error:
        return str(error.route.explain()) if error.route else error.message


def operators(gw: Gateway) -> None:
    for name, health in gw.health().items():
        assert_type(name, str)
        assert_type(health.latency_ms, float | None)
        assert_type(health.calls, int)
    if gw.ask("primary") == "blown":
        gw.reset("primary")
    gw.melt("primary")
    gw.close()
