"""Checked by mypy --strict, never run: programs as users write them, every type of which must come out right."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, TypedDict, assert_type

from agentsea_gateway import Cache, Candidate, Config, Gateway, Response, Route, Stream, ToolCall, Usage, models
from agentsea_gateway.batch import Result, Results
from agentsea_gateway.errors import AllProvidersUnavailableError, GatewayError, StreamInterruptedError
from agentsea_gateway.models import Prices
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


class Answer(TypedDict):
    """What an answer has to hold."""

    color: str


def structured(gw: Gateway) -> Decimal | None:
    reply = gw.completion("Hello", response_format=Answer, validate=lambda reply: reply.parsed["color"] != "")
    gw.stream("Hello", response_format={"type": "object"}, validate=lambda reply: None)
    gw.completion("Hello", response_format=list[Answer])
    own = Candidate("own", Echo(), "m", prices={"input": 0.1, "output": "0.4"}, context_window=8_192)
    Candidate("own", Echo(), "m", prices=Prices(input=1, output=2), capabilities={"tools": True})
    assert_type(own.prices, Prices | None)
    assert_type(models.find("openai", "gpt-4.1").context_window, int | None)
    for attempt in reply.route.attempts if reply.route else ():
        assert_type(attempt.cost, Decimal | None)
    assert_type(reply.cost_source, Literal["reported", "estimated", "cached", "unknown"])
    return reply.cost


def streams(gw: Gateway) -> Iterator[str]:
    with gw.stream("Hello", timeout=5, max_tokens=20) as stream:
        assert_type(stream, Stream)
        for event in stream:
            if isinstance(event, Content):
                yield event.text
            elif isinstance(event, Done):
                assert_type(event.response, Response)
    yield from gw.stream("Hello").text


def batches(gw: Gateway) -> list[str]:
    found: list[str] = []
    for result in gw.map([{"id": 1, "text": "a"}], "Say {text}", temperature=0, timeout=5, exclude="primary"):
        assert_type(result, Result[dict[str, object]])
        assert_type(result.response, Response | None)
        assert_type(result.error, GatewayError | None)
        found.append(result.content)
    results = gw.map(range(10), lambda row: f"Is {row} a prime?", journal="run.sqlite", key=lambda row: row)
    assert_type(results, Results[int])
    with results:
        return [*found, *(result.content for result in results if result.row > 3)]


def caches() -> Gateway:
    gw = Gateway(["openai/gpt-4.1"], cache="llm.sqlite").with_options(cache=Cache("other.sqlite", ttl=60, mode="read"))
    gw.completion("Hello", cache=False)
    gw.stream("Hello", cache="write")
    return gw.with_options(cache=None)


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
