"""The recorded exchanges of real providers, checked in place: answers, streams, requests, errors.

What is expected of an answer is read from the recording here once more, in the plainest way, and not by our decoders.
"""

from __future__ import annotations

import copy
import json
from itertools import accumulate
from typing import Any

import pytest

from agentsea_gateway.dialects import NAMES, get
from agentsea_gateway.errors import MalformedResponseError, ProviderError
from agentsea_gateway.messages import NATIVE, checked
from agentsea_gateway.response import Response
from agentsea_gateway.stream_events import Content, Done, StreamEvent, Thinking, ToolCallDelta
from support import wire_bedrock, wire_cohere, wire_gemini
from support.event_stream import cut
from support.wire import (
    BINARY,
    DIALECTS,
    FOLDER,
    WHY_SKIPPED,
    answered,
    data_events,
    recordings,
    same_form,
    stream_bytes,
)
from support.wire_responses import expect_response, expect_stream

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=WHY_SKIPPED)

# id of a recording -> why it is no defect that it differs. Few, or the rule is wrong.
EXCEPTIONS: dict[str, str] = {}

PROOFS = (
    '"stop_reason":"',
    '"finish_reason":"',
    '"type":"response.completed"',
    '"finishReason":"',
    '"type":"message-end"',
    '"stopReason":"',
)
SPLIT_BELOW = 6_000  # bytes of the streams that are cut at every offset; longer ones byte by byte only
kinds = pytest.mark.parametrize("kind", DIALECTS)
sse_kinds = pytest.mark.parametrize("kind", [kind for kind in DIALECTS if kind not in BINARY])


def failures(cases: list[dict[str, Any]], check: Any) -> list[str]:
    """`id: what went wrong` for the cases that fail and are no exceptions."""
    found = []
    for case in cases:
        try:
            check(case)
        except (AssertionError, ProviderError) as error:
            if case["id"] not in EXCEPTIONS:
                found.append(f"{case['provider']} {case['id']}: {type(error).__name__} {str(error)[:300]}")
    assert cases
    return found


@kinds
def test_recorded_answers_lose_nothing(kind: str) -> None:
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        body = case["response"]["body"]
        before = copy.deepcopy(body)
        response = dialect.decode_response(body, case["response"]["headers"])
        assert body == before
        assert response.raw is body
        EXPECT[kind](body, response)
        assert json.loads(json.dumps(response.message)) == response.message
        _goes_back(kind, response, body)

    assert not failures(answered(kind, stream=False), check)


@kinds
def test_recorded_streams_lose_nothing(kind: str) -> None:
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        reply = case["response"]
        *events, done = dialect.decode_stream([stream_bytes(reply)], reply["headers"])
        assert isinstance(done, Done)
        assert (done.stop_reason, done.usage) == (done.response.stop_reason, done.response.usage)
        said = wire_bedrock.events(reply) if kind in BINARY else data_events(reply["raw"])
        EXPECT_STREAM[kind](said, done.response)
        _events_say(events, done.response)
        assert dialect.decode_response(done.response.raw, case["response"]["headers"]) == done.response

    assert not failures(answered(kind, stream=True), check)


@pytest.mark.parametrize("kind", BINARY)
def test_recorded_binary_streams_are_the_same_byte_by_byte(kind: str) -> None:
    """F38."""
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        data = stream_bytes(case["response"])
        pieces = (data[at : at + 1] for at in range(len(data)))
        assert list(dialect.decode_stream(pieces)) == list(dialect.decode_stream([data]))

    assert not failures(answered(kind, stream=True), check)


@sse_kinds
def test_recorded_streams_are_the_same_in_every_framing(kind: str) -> None:
    """F38, F44: CRLF and CR, comments between events, no space behind `data:`, byte by byte."""
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        lf = case["response"]["raw"].replace("\r\n", "\n")
        whole = list(dialect.decode_stream([lf.encode()]))
        for variant in (
            lf.replace("\n", "\r\n"),
            lf.replace("\n", "\r"),
            lf.replace("\n\n", "\n\n: keep-alive\n\n"),
            lf.replace("data: ", "data:"),
            "\ufeff" + lf,
        ):
            assert list(dialect.decode_stream([variant.encode()])) == whole
        data = lf.encode()
        assert list(dialect.decode_stream(data[at : at + 1] for at in range(len(data)))) == whole

    assert not failures(answered(kind, stream=True), check)


@kinds
def test_recorded_streams_are_the_same_at_every_split_offset(kind: str) -> None:
    """F38."""
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        data = stream_bytes(case["response"])
        whole = list(dialect.decode_stream([data]))
        for offset in range(len(data)):
            assert list(dialect.decode_stream([data[:offset], data[offset:]])) == whole

    small = [case for case in answered(kind, stream=True) if len(stream_bytes(case["response"])) < SPLIT_BELOW]
    assert not failures(small[:6], check)


@kinds
def test_recorded_streams_that_are_cut_off_never_end_cleanly(kind: str) -> None:
    """F34-F36: cut behind each event, and inside it."""
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        raw = stream_bytes(case["response"])
        whole = list(dialect.decode_stream([raw]))[-1].response
        for end in _ends(raw, binary=kind in BINARY):
            try:
                done = list(dialect.decode_stream([raw[:end]]))[-1]
            except MalformedResponseError:
                continue
            assert any(proof in raw[:end].decode(errors="replace").replace(": ", ":") for proof in PROOFS)
            assert (done.response.content, done.response.tool_calls) == (whole.content, whole.tool_calls)

    assert not failures(answered(kind, stream=True)[:40], check)


@kinds
def test_recorded_requests_say_the_same_after_a_trip_through_the_portable_form(kind: str) -> None:
    dialect = get(DIALECTS[kind])

    def check(case: dict[str, Any]) -> None:
        body = case["request"]["body"]
        before = copy.deepcopy(body)
        messages, options = json.loads(json.dumps(dialect.decode_request(body)))
        assert body == before
        encoded = dialect.encode(checked(messages), options)
        assert encoded.degraded == ()
        assert NATIVE not in json.dumps(encoded.body)
        assert same_form(kind, copy.deepcopy(encoded.body)) == same_form(kind, copy.deepcopy(body))
        _is_portable(messages, options)

    assert not failures(list(recordings(kind)), check)


@kinds
@pytest.mark.parametrize("target", NAMES)
def test_recorded_conversations_are_taken_by_the_other_dialects(kind: str, target: str) -> None:
    """What began at one vendor goes on at the others, or is refused with a typed error and its reason."""
    dialect, other = get(DIALECTS[kind]), get(target)
    refused = []
    for case in recordings(kind):
        messages, options = dialect.decode_request(case["request"]["body"])
        options.pop("extra_body", None)
        try:
            body = other.encode_request(messages, options)
        except ProviderError as error:
            refused.append(f"{case['id']}: {error}")
        else:
            assert NATIVE not in json.dumps(body)
    reasons = (
        "no JSON mode",
        "is run by Anthropic",
        "is run by Google",
        "only anthropic_messages knows",
        "only gemini knows",
        "'openrouter:web_search'",
    )
    reasons += ("a tool of type '", "part of type 'search_result'", "Anthropic takes PDF, text and images")
    reasons += ("Cohere takes text and images", "which cohere_chat cannot express", "which ollama_chat cannot express")
    reasons += ("is neither a data URL nor https://", "part of type 'gemini_part'", "part of type 'anthropic_block'")
    reasons += ("which Bedrock does not fetch", "Bedrock keeps none by their id")
    assert not [line for line in refused if not any(reason in line for reason in reasons)]


def test_chat_requests_fit_openais_own_schema() -> None:
    """The bodies for OpenAI itself."""
    jsonschema = pytest.importorskip("jsonschema")
    from agentsea_gateway.dialects import openai_chat

    schema = json.loads((FOLDER / "openai-chat-schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    cases = [*recordings("chat"), *recordings("messages")]
    wrong = []
    for case in cases:
        messages, options = get(DIALECTS[case["kind"]]).decode_request(case["request"]["body"])
        options.pop("extra_body", None)
        try:
            body = openai_chat.encode_request(messages, options, quirks=openai_chat.OPENAI)
        except ProviderError:
            continue
        problem = next(validator.iter_errors(body), None)
        if problem is not None:
            wrong.append(f"{case['provider']} {case['id']}: {problem.message[:200]}")
    assert not wrong


ERRORS = {
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    429: "RateLimitError",
    400: "ContextWindowExceededError",
}


@kinds
def test_recorded_errors(kind: str) -> None:
    dialect = get(DIALECTS[kind])
    cases = [case for case in recordings(kind) if case["response"]["status"] != 200]
    assert cases
    for case in cases:
        reply = case["response"]
        headers = {name.lower(): value for name, value in reply["headers"].items()}
        error = dialect.decode_error(reply["status"], reply["headers"], json.dumps(reply["body"]).encode())
        bad_key = "api key" in json.dumps(reply["body"]).lower()  # xAI and Gemini say so with a 400
        assert type(error).__name__ == ERRORS[401 if bad_key else reply["status"]], case["id"]
        assert error.status_code == reply["status"]
        known = [headers.get(name) for name in ("x-request-id", "request-id", "apim-request-id", "x-amzn-requestid")]
        assert error.request_id == next(filter(None, known), None)
        delay = 48.0 if "retryDelay" in json.dumps(reply["body"]) else None  # Gemini says it in the details
        assert error.retry_after == (1.0 if "retry-after" in headers else delay)


# What a recording says, read without our decoders.


def _ends(raw: bytes, *, binary: bool) -> list[int]:
    """Where a stream is cut off: behind each event, and inside it."""
    if binary:
        ends = list(accumulate(len(each) for each in cut(raw)))
    else:
        ends = [at for at in range(len(raw)) if raw.startswith(b"\n\n", at)]
    return [*ends, *(end - 9 for end in ends)]


def _events_say(events: list[StreamEvent], response: Response) -> None:
    assert "".join(event.text for event in events if isinstance(event, Content)) == response.content
    assert "".join(event.text for event in events if isinstance(event, Thinking)) == (response.thinking or "")
    for index, call in enumerate(response.tool_calls):
        own = [event for event in events if isinstance(event, ToolCallDelta) and event.index == index]
        assert (own[0].id, own[0].name) == (call.id, call.name)
        assert json.loads("".join(event.arguments for event in own) or "{}") == call.arguments


def _expect_chat(body: dict[str, Any], response: Response) -> None:
    message, choice = body["choices"][0]["message"], body["choices"][0]
    content = message.get("content") or ""
    chunks = content if isinstance(content, list) else [{"type": "text", "text": content}]
    assert response.content == "".join(chunk["text"] for chunk in chunks if chunk["type"] == "text")
    details = message.get("reasoning_details") or []
    thinking = message.get("reasoning_content") or message.get("reasoning")
    thinking = thinking or "".join(each.get("text") or each.get("summary") or "" for each in details)
    for chunk in chunks:
        if chunk["type"] == "thinking":
            thinking += "".join(each["text"] for each in chunk["thinking"])
    assert response.thinking == (thinking or None)
    for each in details:
        for secret in ("signature", "data"):
            assert each.get(secret) is None or each[secret] in json.dumps(response.message)
    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    ]
    assert [(call.id, call.name, call.raw_arguments) for call in response.tool_calls] == calls
    assert [call.arguments for call in response.tool_calls] == [json.loads(arguments) for *_, arguments in calls]
    assert response.refusal == message.get("refusal")
    reasons = {"tool_calls": "tool_use"}
    assert response.stop_reason == reasons.get(choice["finish_reason"], choice["finish_reason"])
    assert (response.id, response.model) == (body["id"], body["model"])
    _expect_chat_usage(body["usage"], response)


def _expect_chat_usage(usage: dict[str, Any], response: Response) -> None:
    reasoning = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    outside = (
        usage["total_tokens"] > usage["prompt_tokens"] + usage["completion_tokens"]
        or reasoning > usage["completion_tokens"]
    )
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    extra = cached if cached > usage["prompt_tokens"] else 0
    assert response.usage.input_tokens == usage["prompt_tokens"] + extra
    assert response.usage.output_tokens == usage["completion_tokens"] + (reasoning if outside else 0)
    assert (response.usage.cached_tokens or 0) == cached
    assert (response.usage.reasoning_tokens or 0) == reasoning


def _expect_chat_stream(chunks: list[dict[str, Any]], response: Response) -> None:
    choices = [choice for chunk in chunks for choice in chunk.get("choices") or ()]
    deltas = [choice.get("delta") or {} for choice in choices]
    text = thinking = ""
    names: dict[Any, list[str]] = {}
    for delta in deltas:
        content = delta.get("content") or ""
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if part["type"] == "text":
                text += part["text"]
            else:
                thinking += "".join(each["text"] for each in part["thinking"])
        details = delta.get("reasoning_details") or ()
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        thinking += thought or "".join(each.get("text") or each.get("summary") or "" for each in details)
        for each in details:
            for secret in ("signature", "data"):
                assert each.get(secret) is None or each[secret] in json.dumps(response.message)
        for call in delta.get("tool_calls") or ():
            held = names.setdefault(call["index"], ["", "", ""])
            function = call.get("function") or {}
            for place, piece in enumerate((call.get("id"), function.get("name"), function.get("arguments"))):
                held[place] += piece or ""
    assert response.content == text
    assert response.thinking == (thinking or None)
    assert [[call.id, call.name, call.raw_arguments] for call in response.tool_calls] == list(names.values())
    finish = next(choice["finish_reason"] for choice in choices if choice.get("finish_reason"))
    assert response.stop_reason == {"tool_calls": "tool_use"}.get(finish, finish)
    assert response.id == next(chunk["id"] for chunk in chunks if chunk.get("id"))
    assert response.model == next(chunk["model"] for chunk in chunks if chunk.get("model"))
    _expect_chat_usage([chunk["usage"] for chunk in chunks if chunk.get("usage")][-1], response)


STOPS = {
    "end_turn": "stop",
    "tool_use": "tool_use",
    "max_tokens": "length",
    "pause_turn": "stop",
    "refusal": "content_filter",
}


def _expect_messages(body: dict[str, Any], response: Response) -> None:
    blocks = body["content"]
    assert response.content == "".join(block["text"] for block in blocks if block["type"] == "text")
    assert (response.thinking or "") == "".join(block["thinking"] for block in blocks if block["type"] == "thinking")
    calls = [(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == calls
    assert [json.loads(call.raw_arguments) for call in response.tool_calls] == [arguments for *_, arguments in calls]
    cited = [citation for block in blocks for citation in block.get("citations") or ()]
    assert list(response.citations) == cited
    assert response.stop_reason == STOPS[body["stop_reason"]]
    assert (response.id, response.model) == (body["id"], body["model"])
    _expect_messages_usage(body["usage"], response)


def _expect_messages_usage(usage: dict[str, Any], response: Response) -> None:
    cached, written = usage.get("cache_read_input_tokens") or 0, usage.get("cache_creation_input_tokens") or 0
    assert response.usage.input_tokens == usage["input_tokens"] + cached + written
    assert response.usage.output_tokens == usage["output_tokens"]
    assert (response.usage.cached_tokens, response.usage.cache_write_tokens) == (cached, written)
    assert response.usage.reasoning_tokens == (usage.get("output_tokens_details") or {}).get("thinking_tokens")


def _expect_messages_stream(events: list[dict[str, Any]], response: Response) -> None:
    blocks: dict[int, dict[str, Any]] = {}
    body: dict[str, Any] = {}
    for event in events:
        if event["type"] == "message_start":
            body = copy.deepcopy(event["message"])
        elif event["type"] == "content_block_start":
            blocks[event["index"]] = {**event["content_block"], "json": ""}
        elif event["type"] == "content_block_delta":
            block, delta = blocks[event["index"]], event["delta"]
            if delta["type"] == "citations_delta":
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
                continue
            field = {
                "text_delta": "text",
                "thinking_delta": "thinking",
                "input_json_delta": "json",
                "signature_delta": "signature",
            }
            name = field[delta["type"]]
            block[name] = (block.get(name) or "") + delta[name if name != "json" else "partial_json"]
        elif event["type"] == "message_delta":
            body["stop_reason"] = event["delta"]["stop_reason"]
            body["usage"] = {**body["usage"], **event["usage"]}
    for block in blocks.values():
        written = block.pop("json")
        if written:
            block["input"] = json.loads(written)
    body["content"] = list(blocks.values())
    _expect_messages(body, response)
    for block in blocks.values():
        for secret in ("signature", "data", "encrypted_content"):
            assert not block.get(secret) or block[secret] in json.dumps(response.message)


def _goes_back(kind: str, response: Response, body: dict[str, Any]) -> None:
    """The message, sent to its maker again, has what was signed."""
    results = [{"role": "tool", "tool_call_id": call.id, "content": "x"} for call in response.tool_calls]
    history = [
        {"role": "user", "content": "x"},
        json.loads(json.dumps(response.message)),
        *results,
        {"role": "user", "content": "y"},
    ]
    model = body.get("modelVersion" if kind == "generateContent" else "model")
    sent = json.dumps(get(DIALECTS[kind]).encode_request(history, model=model))
    assert NATIVE not in sent
    if kind == "generateContent":
        blocks = body["candidates"][0]["content"]["parts"]
    elif kind == "converse":
        wire_bedrock.goes_back(response, sent)
        return
    elif kind == "cohere":
        blocks = []
    elif kind in ("chat", "mistral"):
        blocks = body["choices"][0]["message"].get("reasoning_details") or ()
    else:
        blocks = body["content" if kind == "messages" else "output"]
    for block in blocks:
        for secret in ("signature", "data", "encrypted_content", "thoughtSignature"):
            assert not block.get(secret) or json.dumps(block[secret]) in sent


def _is_portable(messages: list[dict[str, Any]], options: dict[str, Any]) -> None:
    assert all(message["role"] in ("system", "developer", "user", "assistant", "tool") for message in messages)
    assert not options.keys() & {"system", "stop_sequences", "thinking", "max_completion_tokens", "reasoning"}
    for tool in options.get("tools", ()):
        assert "input_schema" not in tool
    for message in messages:
        assert "tool_use" not in json.dumps(
            {key: value for key, value in message.items() if key not in (NATIVE, "content")}
        )


EXPECT = {
    "chat": _expect_chat,
    "messages": _expect_messages,
    "responses": expect_response,
    "generateContent": wire_gemini.expect_answer,
    "cohere": wire_cohere.expect_answer,
    "converse": wire_bedrock.expect_answer,
    "mistral": _expect_chat,
}
EXPECT_STREAM = {
    "chat": _expect_chat_stream,
    "messages": _expect_messages_stream,
    "responses": expect_stream,
    "generateContent": wire_gemini.expect_stream,
    "cohere": wire_cohere.expect_stream,
    "converse": wire_bedrock.expect_stream,
    "mistral": _expect_chat_stream,
}
