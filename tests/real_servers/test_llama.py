"""Real servers of both dialects: llama.cpp answers, dies and stalls, and the gateway does what it promises."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    ContextWindowExceededError,
    StreamInterruptedError,
)
from agentsea_gateway.providers import Anthropic, OpenAI
from support.llama import KEY, SENTENCE, LlamaServer, UnavailableError, parts, running

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.realtime, pytest.mark.timeout(900)]

PROMPT = "hi"
LATE = 0.1  # seconds by which a deadline may be missed
SERVED = 0.1  # seconds in which the other server answers
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather of a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "maxLength": 4}},
                "required": ["city"],
            },
        },
    }
]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "place",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 4}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}

Pair = tuple[LlamaServer, LlamaServer]


@pytest.fixture(scope="module", autouse=True)
def _can_be_had() -> None:
    try:
        parts()
    except UnavailableError as reason:
        pytest.skip(f"no llama.cpp server: {reason}")


@pytest.fixture(scope="module")
def server(_can_be_had: None) -> Iterator[LlamaServer]:
    """One server that stays up."""
    yield from running()


@pytest.fixture
def pair(_can_be_had: None) -> Iterator[Pair]:
    """Two servers to be killed and stopped."""
    first, second = running(), running()
    yield next(first), next(second)
    first.close()
    second.close()


@pytest.fixture
def endless(_can_be_had: None) -> Iterator[Pair]:
    """Two servers whose streams are long."""
    first, second = running(endless=True), running(endless=True)
    yield next(first), next(second)
    first.close()
    second.close()


def openai(server: LlamaServer, key: str = KEY) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key=key)


def anthropic(server: LlamaServer, key: str = KEY) -> Anthropic:
    return Anthropic(base_url=server.url, api_key=key)


DIALECTS = {"openai": openai, "anthropic": anthropic}
both_dialects = pytest.mark.parametrize("dialect", sorted(DIALECTS))
both_orders = pytest.mark.parametrize("dialects", [("openai", "anthropic"), ("anthropic", "openai")], ids="-then-".join)


def gateway(candidates: dict[str, Any], **settings: Any) -> Gateway:
    """A gateway over these providers, by candidate name in order."""
    found = [Candidate(name=name, provider=provider, model="tiny") for name, provider in candidates.items()]
    return Gateway(found, **settings)


def first_and_second(servers: Pair, dialects: tuple[str, str], **settings: Any) -> Gateway:
    providers = [DIALECTS[dialect](server) for dialect, server in zip(dialects, servers, strict=True)]
    return gateway(dict(zip(("first", "second"), providers, strict=True)), **settings)


@both_dialects
def test_a_chat_is_answered(server: LlamaServer, dialect: str, no_leaks: None) -> None:
    with gateway({"llama": DIALECTS[dialect](server)}) as gw:
        gw.completion(PROMPT)  # fills the server's prompt cache
        reply = gw.completion(PROMPT)
    assert (reply.content, reply.stop_reason, reply.served_by) == (SENTENCE, "stop", "llama")
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cached_tokens) == (21, 14, 20)
    assert reply.id
    assert (reply.message["role"], reply.message["content"]) == ("assistant", SENTENCE)


@both_dialects
def test_an_answer_that_was_cut_says_so(server: LlamaServer, dialect: str) -> None:
    with gateway({"llama": DIALECTS[dialect](server)}) as gw:
        reply = gw.completion(PROMPT, max_tokens=3)
    assert (reply.content, reply.stop_reason, reply.usage.output_tokens) == (" The quick brown", "length", 3)


@both_dialects
def test_a_stream_ends_in_the_plain_calls_response(server: LlamaServer, dialect: str, no_leaks: None) -> None:
    with gateway({"llama": DIALECTS[dialect](server)}) as gw:
        gw.completion(PROMPT)
        plain = gw.completion(PROMPT)
        with gw.stream(PROMPT) as stream:
            pieces = list(stream.text)
        streamed = stream.response
    assert len(pieces) == 13
    assert "".join(pieces) == plain.content == streamed.content == SENTENCE
    assert (streamed.stop_reason, streamed.usage, streamed.model) == (plain.stop_reason, plain.usage, plain.model)
    assert stream.served_by == streamed.served_by == "llama"


@both_dialects
def test_a_tool_is_called_plain_and_streamed(server: LlamaServer, dialect: str) -> None:
    options = {"tools": TOOLS, "tool_choice": "required", "temperature": 0, "max_tokens": 100}
    with gateway({"llama": DIALECTS[dialect](server)}) as gw:
        plain = gw.completion(PROMPT, **options)
        with gw.stream(PROMPT, **options) as stream:
            list(stream)
    for reply in (plain, stream.response):
        (call,) = reply.tool_calls
        assert (call.name, call.arguments) == ("get_weather", {"city": ""})
        assert (reply.stop_reason, reply.content) == ("tool_use", SENTENCE.strip())


@both_orders
def test_a_conversation_with_tools_moves_to_the_other_dialect(server: LlamaServer, dialects: tuple[str, str]) -> None:
    messages: list[dict[str, Any]] = [{"role": "user", "content": PROMPT}]
    with first_and_second((server, server), dialects) as gw:
        asked = gw.completion(messages, tools=TOOLS, tool_choice="required", temperature=0, max_tokens=100)
        messages += [asked.message, {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "sunny"}]
        answered = gw.completion(messages, tools=TOOLS, exclude="first")
    assert (asked.served_by, answered.served_by) == ("first", "second")
    assert answered.content == SENTENCE.strip()


def test_structured_output_fits_its_schema(server: LlamaServer) -> None:
    # llama.cpp constrains the answer under OpenAI's dialect; under Anthropic's it ignores the schema.
    with gateway({"llama": openai(server)}) as gw:
        reply = gw.completion(PROMPT, response_format=SCHEMA, temperature=0, max_tokens=60)
    assert json.loads(reply.content) == {"city": ""}


@both_orders
def test_a_wrong_key_benches_and_the_other_serves(server: LlamaServer, dialects: tuple[str, str]) -> None:
    wrong, right = dialects
    with gateway({"first": DIALECTS[wrong](server, "sk-wrong"), "second": DIALECTS[right](server)}) as gw:
        reply = gw.completion(PROMPT)
        again = gw.completion(PROMPT)
        health = gw.health()["first"]
    (failed, _) = reply.route.attempts
    assert (failed.error, failed.status_code, failed.outcome) == ("AuthenticationError", 401, "benched")
    assert reply.served_by == again.served_by == "second"
    assert [skipped.candidate for skipped in again.route.skipped] == ["first"]
    assert health.benched_until is not None
    assert "sk-wrong" not in str(reply.route.explain()) + repr(gw) + repr(health)


@both_dialects
def test_a_path_that_is_not_there_is_not_found(server: LlamaServer, dialect: str) -> None:
    kind = {"openai": OpenAI, "anthropic": Anthropic}[dialect]
    with gateway({"llama": kind(base_url=f"{server.url}/nowhere", api_key=KEY)}) as gw:
        with pytest.raises(AllProvidersUnavailableError) as caught:
            gw.completion(PROMPT)
    (failed,) = caught.value.route.attempts
    assert (failed.error, failed.status_code, failed.outcome) == ("NotFoundError", 404, "benched")
    assert caught.value.retry_at is not None


@both_orders
def test_a_request_nobody_can_take_raises_the_first_ones_error(server: LlamaServer, dialects: tuple[str, str]) -> None:
    with first_and_second((server, server), dialects) as gw:
        with pytest.raises(ContextWindowExceededError) as caught:
            gw.completion("x" * 9_000)
        assert {gw.ask("first"), gw.ask("second")} == {"ok"}
    assert (caught.value.status_code, caught.value.candidate) == (400, "first")
    assert [attempt.outcome for attempt in caught.value.route.attempts] == ["own_fault", "own_fault"]


@both_orders
def test_a_killed_server_is_failed_over(pair: Pair, dialects: tuple[str, str], no_leaks: None) -> None:
    with first_and_second(pair, dialects) as gw:
        assert gw.completion(PROMPT).served_by == "first"
        pair[0].kill()
        replies = [gw.completion(PROMPT, timeout=5) for _ in range(3)]
        health = gw.health()
        assert [reply.served_by for reply in replies] == ["second"] * 3
        assert all(reply.content == SENTENCE for reply in replies)
        # Two failures blow the breaker (one served before: two of three), so the third call does not try.
        assert [len(reply.route.attempts) for reply in replies] == [2, 2, 1]
        assert replies[0].route.attempts[0].error == "APIConnectionError"
        assert (health["first"].errors, health["second"].errors, gw.ask("first")) == (2, 0, "blown")

        pair[0].start()
        gw.reset("first")
        assert gw.completion(PROMPT).served_by == "first"


@both_orders
def test_a_stopped_server_costs_its_share_and_not_the_call(pair: Pair, dialects: tuple[str, str]) -> None:
    pair[0].pause()
    with first_and_second(pair, dialects) as gw:
        began = time.monotonic()
        reply = gw.completion(PROMPT, timeout=2)
        took = time.monotonic() - began
    (failed, served) = reply.route.attempts
    assert (failed.error, failed.outcome, served.outcome) == ("APITimeoutError", "failure", "success")
    assert reply.served_by == "second"
    assert 0.95 <= took <= 1 + LATE + SERVED  # never measured, so it had half of the call's time
    assert failed.patience == "share"
    assert gw.health()["first"].errors == 1


@both_orders
def test_a_stopped_server_is_failed_over_before_a_streams_first_content(pair: Pair, dialects: tuple[str, str]) -> None:
    pair[0].pause()
    with first_and_second(pair, dialects, first_token_timeout=0.5) as gw:
        began = time.monotonic()
        with gw.stream(PROMPT, timeout=10) as stream:
            opened = time.monotonic() - began
            text = "".join(stream.text)
    assert (text, stream.served_by) == (SENTENCE, "second")
    assert 0.45 <= opened <= 0.5 + LATE + SERVED
    failed = stream.response.route.attempts[0]
    assert (failed.error, failed.outcome, failed.patience) == ("APITimeoutError", "failure", "first_token")


def broken(gw: Gateway, break_it: Any) -> tuple[StreamInterruptedError, float]:
    """Open a long stream, break the server after the first content; what was raised, and how long after."""
    with gw.stream(PROMPT, max_tokens=1_800) as stream:
        assert next(stream.text) == " The"
        break_it()
        began = time.monotonic()
        with pytest.raises(StreamInterruptedError) as caught:
            list(stream.text)
    return caught.value, time.monotonic() - began


@both_orders
def test_a_server_killed_in_mid_stream_interrupts_it(endless: Pair, dialects: tuple[str, str], no_leaks: None) -> None:
    with first_and_second(endless, dialects) as gw:
        error, took = broken(gw, endless[0].kill)
        health = gw.health()
    assert error.partial.content.startswith(SENTENCE[:4])
    assert error.partial.stop_reason is None
    assert (error.candidate, error.route.served_by) == ("first", "first")
    assert error.error in ("MalformedResponseError", "APIConnectionError")  # FIN or RST, as the kernel has it
    assert [attempt.outcome for attempt in error.route.attempts] == ["failure"]
    assert took <= LATE
    # The consumer has seen content: no failover, the backup was never asked.
    assert (health["first"].calls, health["first"].errors, health["second"].calls) == (1, 1, 0)


@both_orders
def test_a_server_stopped_in_mid_stream_is_left_after_the_idle_patience(
    endless: Pair, dialects: tuple[str, str], no_leaks: None
) -> None:
    with first_and_second(endless, dialects, idle_timeout=0.5) as gw:
        error, took = broken(gw, endless[0].pause)
        health = gw.health()
    endless[0].go_on()
    assert error.partial.content.startswith(SENTENCE[:4])
    assert (error.candidate, error.error) == ("first", "APITimeoutError")
    assert 0.45 <= took <= 0.5 + LATE + SERVED  # what had been sent is read first
    assert (health["first"].errors, health["second"].calls) == (1, 0)


@both_orders
@pytest.mark.parametrize("strike", ["kill", "pause"])
def test_a_plain_call_moves_on_when_its_server_breaks_while_answering(
    endless: Pair, dialects: tuple[str, str], strike: str, no_leaks: None
) -> None:
    # An answer of 1,800 tokens takes it some 0.3 s, of which the caller has seen nothing yet.
    with first_and_second(endless, dialects, attempt_timeout=2) as gw:
        striking = threading.Timer(0.1, getattr(endless[0], strike))
        striking.start()
        reply = gw.completion(PROMPT, max_tokens=1_800, timeout=10)
        striking.join()
    (failed, served) = reply.route.attempts
    assert (failed.outcome, served.outcome, reply.served_by) == ("failure", "success", "second")
    assert failed.latency_ms >= 90
    assert (failed.patience == "attempt") == (strike == "pause")
    assert (reply.usage.output_tokens, reply.stop_reason) == (1_800, "length")


def test_threads_lose_no_call_when_a_server_dies_under_them(pair: Pair, no_leaks: None) -> None:
    with first_and_second(pair, ("openai", "anthropic")) as gw, ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(gw.completion, PROMPT, timeout=30) for _ in range(100)]
        calls[10].result()
        pair[0].kill()
        replies = [call.result() for call in calls]
    assert {reply.content for reply in replies} == {SENTENCE}
    assert {reply.served_by for reply in replies} == {"first", "second"}


@both_dialects
def test_a_connection_that_the_server_closed_meanwhile_is_not_noticed(server: LlamaServer, dialect: str) -> None:
    # F12; llama.cpp closes a kept-alive connection after five idle seconds.
    with gateway({"llama": DIALECTS[dialect](server)}) as gw:
        gw.completion(PROMPT)
        time.sleep(5.5)
        reply = gw.completion(PROMPT)
    assert [attempt.outcome for attempt in reply.route.attempts] == ["success"]
    assert reply.route.attempts[0].retried == ()
