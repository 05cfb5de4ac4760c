"""Providers over HTTP: what they send, and what they make of the answers; without a network."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import (
    APIConnectionError,
    AuthenticationError,
    GatewayError,
    MalformedResponseError,
    OverloadedError,
    RateLimitError,
    StreamInterruptedError,
)
from agentsea_gateway.providers import Anthropic, OpenAI
from agentsea_gateway.stream_events import Content, Done, Start
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.transports import MemoryReply, MemoryTransport, sse

CANARY = "canary-of-no-known-form"
CUT = APIConnectionError("connection reset")


def openai_body(text: str = "Hello") -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def anthropic_body(text: str = "Hello") -> dict[str, Any]:
    content = [{"type": "text", "text": text}]
    usage = {"input_tokens": 1, "output_tokens": 2}
    return {
        "id": "1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": content,
        "stop_reason": "end_turn",
        "usage": usage,
    }


def again(reply: MemoryReply) -> MemoryReply:
    """The same answer, unread."""
    return MemoryReply(reply.status, [*reply.pieces], reply.headers)


def chunk(text: str | None = None, finish: str | None = None) -> dict[str, Any]:
    delta = {} if text is None else {"content": text}
    return {"id": "1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def openai(*replies: MemoryReply, **settings: Any) -> tuple[Gateway, MemoryTransport]:
    """A gateway over OpenAI in memory and a healthy second one."""
    transport = MemoryTransport(*replies)
    provider = OpenAI(CANARY, transport=transport)  # type: ignore[arg-type]
    settings.setdefault("clock", FakeClock())
    return Gateway([Candidate("a", provider, "m"), Candidate("b", ScriptedProvider())], **settings), transport


# -- requests ----------------------------------------------------------------------------------------------------------


def test_openai_is_asked_where_it_is_and_with_its_key() -> None:
    gw, transport = openai(MemoryReply(body=openai_body()))
    reply = gw.completion("Hi", system="Be brief.", max_tokens=5, extra_headers={"x-trace": "7"})
    assert (reply.content, reply.served_by, reply.model) == ("Hello", "a", "m")
    ((url, body, headers),) = transport.posted
    assert url == "https://api.openai.com/v1/chat/completions"
    assert body["model"] == "m"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "extra_headers" not in body
    assert (headers["Authorization"], headers["x-trace"]) == (f"Bearer {CANARY}", "7")
    assert headers["User-Agent"].startswith("agentsea-gateway/")


def test_anthropic_is_asked_where_it_is_and_with_its_key() -> None:
    transport = MemoryTransport(MemoryReply(body=anthropic_body()))
    provider = Anthropic(CANARY, transport=transport, headers={"anthropic-beta": "x"})  # type: ignore[arg-type]
    reply = Gateway([Candidate("a", provider, "m", {"max_tokens": 5})]).completion("Hi")
    assert (reply.content, reply.usage.output_tokens) == ("Hello", 2)
    ((url, body, headers),) = transport.posted
    assert url == "https://api.anthropic.com/v1/messages"
    assert body["max_tokens"] == 5
    assert (headers["Authorization"], headers["anthropic-beta"]) == (f"Bearer {CANARY}", "x")
    assert headers["anthropic-version"]


def test_a_providers_headers_win_over_the_usual_ones() -> None:
    transport = MemoryTransport(MemoryReply(body=anthropic_body()))
    headers = {"anthropic-version": "2099-01-01"}
    Anthropic("k-1", transport=transport, headers=headers).complete("Hi", model="m", max_tokens=5)  # type: ignore[arg-type]
    assert transport.posted[0][2]["anthropic-version"] == "2099-01-01"


def test_streams_ask_for_events_uncompressed() -> None:
    gw, transport = openai(MemoryReply(body=[sse(chunk("Hi"), chunk(finish="stop"), "[DONE]")]))
    assert "".join(gw.stream("Hi").text) == "Hi"
    ((_, body, headers),) = transport.posted
    assert body["stream"] is True
    assert (headers["Accept"], headers["Accept-Encoding"]) == ("text/event-stream", "identity")


def test_a_provider_works_without_a_gateway() -> None:
    transport = MemoryTransport(MemoryReply(body=openai_body()))
    provider = OpenAI("k-1", base_url="http://localhost:8000/v1/", transport=transport)  # type: ignore[arg-type]
    assert provider.complete([{"role": "user", "content": "Hi"}], model="m").content == "Hello"
    assert transport.posted[0][0] == "http://localhost:8000/v1/chat/completions"
    assert transport.calls[0].remaining() > 100


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_the_time_of_the_call_reaches_the_transport(verb: str) -> None:
    gw, transport = openai(MemoryReply(body=[sse(chunk("Hi"), chunk(finish="stop"))]))
    getattr(gw, verb)("Hi", timeout=8).route.explain()
    (call,) = transport.calls
    assert (call.patience, call.limit - call.deadline.at) == ("share", -4)


def test_closing_a_gateway_closes_its_transports() -> None:
    gw, transport = openai()
    gw.close()
    assert transport.closed


# -- answers -----------------------------------------------------------------------------------------------------------

ANSWERS: dict[str, tuple[MemoryReply, str, str]] = {
    "a bad key": (
        MemoryReply(401, {"error": {"message": "no", "code": "invalid_api_key"}}),
        "benched",
        "Authentication",
    ),
    "pushback": (MemoryReply(429, {"error": {"message": "slow down"}}), "throttled", "RateLimit"),
    "overload": (MemoryReply(503, b"busy"), "failure", "Overloaded"),
    "a redirect": (MemoryReply(302, b"", {"location": "http://elsewhere"}), "failure", "InternalServer"),
    "a refusal": (MemoryReply(400, {"error": {"message": "no"}}), "own_fault", "BadRequest"),
    "a web page": (MemoryReply(200, b"<html>hello</html>"), "failure", "Malformed"),
    "no JSON": (MemoryReply(200, b'{"choices": ['), "failure", "Malformed"),
    "no choices": (MemoryReply(200, {"choices": []}), "failure", "Malformed"),
    "an error inside": (
        MemoryReply(200, {"error": {"message": "no", "code": "rate_limit_exceeded"}}),
        "throttled",
        "RateLimit",
    ),
    "a cut": (MemoryReply(200, [b'{"choices"', CUT]), "failure", "APIConnection"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_answers_have_the_outcome_they_stand_for(what: str) -> None:
    """F20-F28, F56."""
    reply, outcome, name = ANSWERS[what]
    gw, _ = openai(again(reply))
    route = gw.completion("Hi").route
    assert route is not None
    assert route.served_by == "b"
    attempt = route.attempts[0]
    assert attempt.outcome == outcome
    assert (attempt.error or "").startswith(name)


def test_a_date_to_retry_after_is_read_by_the_gateways_clock() -> None:
    """F24."""
    clock = FakeClock(unix=1_445_412_420)  # a minute before
    gw, _ = openai(MemoryReply(429, b"", {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}), clock=clock)
    gw.completion("Hi")
    until = gw.health()["a"].benched_until
    assert until is not None
    assert until.timestamp() - clock.time() == pytest.approx(60)


ECHOES: dict[str, MemoryReply] = {
    "in a refusal": MemoryReply(401, {"error": {"message": f"bad key {CANARY}", "code": "invalid_api_key"}}),
    "in a page": MemoryReply(500, f"<html>{CANARY}</html>".encode()),
    "in a 200": MemoryReply(200, {"error": {"message": f"bad key {CANARY}", "code": "invalid_api_key"}}),
}


@pytest.mark.parametrize("what", ECHOES)
@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_a_key_that_a_server_echoes_is_not_shown(verb: str, what: str, caplog: pytest.LogCaptureFixture) -> None:
    """F51: in no error, cause, route, log or pickle."""
    caplog.set_level("DEBUG")
    gw, _ = openai(again(ECHOES[what]))
    with pytest.raises(GatewayError) as caught:
        getattr(gw, verb)("Hi", exclude="b")
    error = caught.value
    assert error.route is not None
    cause = error.__cause__
    shown = [repr(error), str(error), str(vars(error)), str(cause and vars(cause)), str(cause), caplog.text]
    shown += [error.route.explain(), str(gw.health()), repr(gw), repr(gw.candidates[0].provider)]
    assert CANARY not in "".join(shown)
    assert CANARY.encode() not in pickle.dumps([error, cause])
    assert "[redacted]" in str(shown)


def test_a_key_that_is_echoed_in_mid_stream_is_not_shown() -> None:
    """F51."""
    told = {"error": {"message": f"bad key {CANARY}", "code": "invalid_api_key"}}
    gw, _ = openai(MemoryReply(body=[sse(chunk("Hi"), told)]))
    with pytest.raises(StreamInterruptedError) as caught:
        list(gw.stream("Hi"))
    assert CANARY not in str(caught.value) + str(caught.value.__cause__) + caught.value.route.explain()  # type: ignore[union-attr]
    assert CANARY.encode() not in pickle.dumps(caught.value)


# -- streams -----------------------------------------------------------------------------------------------------------


def test_a_stream_gives_its_connection_back_at_its_proven_end() -> None:
    reply = MemoryReply(body=[sse(chunk("Hel")), sse(chunk("lo"), chunk(finish="stop"), "[DONE]")])
    gw, _ = openai(reply)
    events = list(gw.stream("Hi"))
    assert [type(event) for event in events] == [Start, Content, Content, Done]
    assert (reply.state, reply.reads) == ("finished", 2)


def test_a_stream_that_is_left_closes_its_connection() -> None:
    """F41."""
    reply = MemoryReply(body=[sse(chunk("Hel")), sse(chunk("lo"))])
    gw, _ = openai(reply)
    gw.stream("Hi").close()
    assert reply.state == "closed"


@pytest.mark.parametrize("pieces", [[], [sse(chunk("lo"))], [CUT]], ids=["an end", "an end behind content", "a cut"])
def test_an_end_that_is_not_proven_is_an_interruption(pieces: list[Any]) -> None:
    """F34, F36."""
    reply = MemoryReply(body=[sse(chunk("Hel")), *pieces])
    gw, _ = openai(reply)
    with pytest.raises(StreamInterruptedError) as caught:
        list(gw.stream("Hi"))
    assert caught.value.partial.content.startswith("Hel")
    assert reply.state == "closed"


def test_a_cut_behind_the_finish_reason_took_nothing() -> None:
    gw, _ = openai(MemoryReply(body=[sse(chunk("Hel")), sse(chunk("lo"), chunk(finish="stop")), CUT]))
    stream = gw.stream("Hi")
    assert "".join(stream.text) == "Hello"
    assert stream.response.stop_reason == "stop"


def test_an_error_event_behind_content_is_raised_without_waiting_for_more() -> None:
    """F33: the server may keep the connection open; nothing more is read."""
    reply = MemoryReply(body=[sse(chunk("Hi"), {"error": {"message": "overloaded", "code": 503}}), b"never"])
    gw, _ = openai(reply)
    stream = gw.stream("Hi")
    with pytest.raises(StreamInterruptedError) as caught:
        list(stream)
    assert caught.value.partial.content == "Hi"
    assert caught.value.__cause__ is not None
    assert reply.reads == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (MemoryReply(503, b"busy"), OverloadedError),
        (MemoryReply(401, {"error": {"message": "no"}}), AuthenticationError),
        (MemoryReply(200, [sse({"error": {"message": "no", "code": "rate_limit_exceeded"}})]), RateLimitError),
        (MemoryReply(200, [b"<html>hello</html>"]), MalformedResponseError),
        (MemoryReply(200, []), MalformedResponseError),
        (MemoryReply(200, [sse(chunk("")), CUT]), APIConnectionError),
    ],
)
def test_before_content_a_stream_fails_over(reply: MemoryReply, kind: type[Exception]) -> None:
    """F31, F32, F56."""
    gw, _ = openai(again(reply))
    stream = gw.stream("Hi")
    assert stream.served_by == "b"
    assert stream.route.attempts[0].error == kind.__name__
    stream.close()


def test_a_watched_call_reads_a_stream() -> None:
    gw, transport = openai(MemoryReply(body=[sse(chunk("Hel")), sse(chunk("lo"), chunk(finish="stop"), "[DONE]")]))
    assert gw.completion("Hi", watch=True).content == "Hello"
    assert transport.posted[0][1]["stream"] is True
