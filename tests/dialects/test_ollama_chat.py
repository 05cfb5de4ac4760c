"""Ollama's own chat: messages, options and tools there and back, answers, and streams that are lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentsea_gateway.dialects import ollama_chat
from agentsea_gateway.errors import (
    InternalServerError,
    MalformedResponseError,
    NotFoundError,
    OverloadedError,
    ProviderError,
    UnsupportedRequestError,
)
from agentsea_gateway.messages import NATIVE
from agentsea_gateway.stream_events import Content, Done, Start, Thinking, ToolCallDelta
from support.made_ollama import ANSWER, CALL, LAST, STREAM, line, ndjson

USER: dict[str, Any] = {"role": "user", "content": "Hi"}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
OTHER: dict[str, Any] = {"type": "function", "function": {"name": "g"}}
ASKED: dict[str, Any] = {
    "role": "assistant",
    "content": "",
    "tool_calls": [{"id": "c-1", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}],
}


def encoded(*messages: Any, model: str = "qwen3", **options: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body without what every body has, and what was left out."""
    found = ollama_chat.encode([*(messages or (USER,))], model=model, **options)
    body = {key: value for key, value in found.body.items() if key not in ("model", "stream")}
    if not messages:
        del body["messages"]
    return body, found.degraded


def wire(*messages: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ollama_chat.encode_request([*messages], model="qwen3")["messages"]
    return found


# -- options -----------------------------------------------------------------------------------------------------------


def test_whether_it_streams_is_always_said() -> None:
    """Ollama streams unless it is told not to."""
    assert ollama_chat.encode_request("Hi", model="m")["stream"] is False
    assert ollama_chat.encode_request("Hi", model="m", stream=True)["stream"] is True
    assert ollama_chat.decode_request({"messages": [USER]})[1] == {"stream": True}
    assert ollama_chat.decode_request({"messages": [USER], "stream": False})[1] == {}


def test_sampling_stands_in_options() -> None:
    sampling = {"temperature": 0.5, "top_p": 0.9, "top_k": 4, "seed": 3, "presence_penalty": 1, "frequency_penalty": 1}
    body, degraded = encoded(max_tokens=5, stop="x", **sampling)
    assert body == {"options": {"num_predict": 5, "stop": ["x"], **sampling}}
    assert not degraded


def test_options_of_ollamas_own_go_over_those_of_the_call_one_by_one() -> None:
    extra = {"options": {"num_ctx": 8192, "seed": 4}, "keep_alive": "10m"}
    body, _ = encoded(temperature=0.5, seed=3, extra_body=extra)
    assert body == {"options": {"temperature": 0.5, "seed": 4, "num_ctx": 8192}, "keep_alive": "10m"}
    assert extra == {"options": {"num_ctx": 8192, "seed": 4}, "keep_alive": "10m"}
    _, options = ollama_chat.decode_request({"messages": [USER], "stream": False, **body})
    assert options == {
        "temperature": 0.5,
        "seed": 4,
        "extra_body": {"options": {"num_ctx": 8192}, "keep_alive": "10m"},
    }


def test_what_ollama_has_no_word_for_is_said() -> None:
    _, degraded = encoded(user="ann", metadata={"a": "b"}, reasoning_budget=100, parallel_tool_calls=False)
    assert degraded == ("user", "metadata", "reasoning_budget", "parallel_tool_calls")
    with pytest.raises(UnsupportedRequestError, match="ollama_chat has no option 'n'"):
        encoded(n=2)


@pytest.mark.parametrize(
    ("model", "effort", "think", "exact"),
    [
        ("qwen3", "none", False, True),
        ("qwen3", "medium", True, True),
        ("qwen3", "high", True, False),
        ("gpt-oss:20b", "low", "low", True),
        ("gpt-oss:20b", "high", "high", True),
        ("gpt-oss:20b", "max", "high", False),
        ("gpt-oss:20b", "none", "low", False),
    ],
)
def test_efforts_become_what_the_model_takes(model: str, effort: Any, think: Any, exact: bool) -> None:
    body, degraded = encoded(model=model, reasoning_effort=effort)
    assert (body, degraded) == ({"think": think}, () if exact else ("reasoning_effort",))
    if exact:
        _, options = ollama_chat.decode_request({"model": model, "messages": [USER], "think": think})
        assert options["reasoning_effort"] == effort


@pytest.mark.parametrize(("model", "think"), [("qwen3", "high"), ("gpt-oss", True)])
def test_thinking_that_no_effort_says_comes_back_as_it_was(model: str, think: Any) -> None:
    body = {"model": model, "messages": [USER], "stream": False, "think": think}
    assert ollama_chat.encode_request(*ollama_chat.decode_request(body)) == body


def test_structured_output_is_a_format() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    form = {"type": "json_schema", "json_schema": {"name": "response", "schema": schema, "strict": True}}
    assert encoded(response_format=form)[0] == {"format": schema}
    assert encoded(response_format={"type": "json_object"})[0] == {"format": "json"}
    assert encoded(response_format={"type": "text"})[0] == {}
    for value, portable in ((schema, form), ("json", {"type": "json_object"})):
        assert ollama_chat.decode_request({"messages": [USER], "format": value})[1]["response_format"] == portable


@pytest.mark.parametrize(
    ("choice", "tools", "left_out"),
    [
        (None, [TOOL, OTHER], ()),
        ("auto", [TOOL, OTHER], ()),
        ("none", None, ()),
        ("required", [TOOL, OTHER], ("tool_choice",)),
        ({"type": "function", "function": {"name": "g"}}, [OTHER], ("tool_choice",)),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [TOOL]}}, [TOOL], ()),
    ],
)
def test_the_choice_of_tools_is_which_are_named(choice: Any, tools: Any, left_out: tuple[str, ...]) -> None:
    body, degraded = encoded(tools=[TOOL, OTHER], tool_choice=choice)
    assert (body.get("tools"), degraded) == (tools, left_out)


def test_tools_that_others_run_are_refused() -> None:
    with pytest.raises(UnsupportedRequestError, match="a tool of type 'web_search' is not one that ollama_chat can"):
        encoded(tools=[{"type": "web_search"}])


# -- messages ----------------------------------------------------------------------------------------------------------


def test_images_stand_beside_the_text() -> None:
    url = "data:image/jpeg;base64,/9j/AAAA"
    parts = [{"type": "text", "text": "What"}, {"type": "image_url", "image_url": {"url": url}}]
    (found,) = wire({"role": "user", "content": [*parts, {"type": "text", "text": "is it?"}]})
    assert found == {"role": "user", "content": "What\nis it?", "images": ["/9j/AAAA"]}
    ((back,), _) = ollama_chat.decode_request({"messages": [found]})
    assert back["content"] == [{"type": "text", "text": "What\nis it?"}, parts[1]]


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"type": "image_url", "image_url": {"url": "https://a/b.png"}}, "an image by its address"),
        ({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}, "a part of type 'file'"),
        ({"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}}, "a part of type 'input_audio'"),
    ],
)
def test_parts_that_ollama_does_not_take_are_refused(part: Any, words: str) -> None:
    with pytest.raises(UnsupportedRequestError, match=words):
        wire({"role": "user", "content": [part]})


def test_a_file_of_text_is_text() -> None:
    part = {"type": "file", "file": {"file_data": "data:text/plain;base64,SGk="}}
    assert wire({"role": "user", "content": [part]}) == [{"role": "user", "content": "Hi"}]


def test_calls_have_objects_and_results_the_tools_name() -> None:
    result = {"role": "tool", "tool_call_id": "c-1", "content": "42"}
    assert wire(USER, ASKED, result)[1:] == [
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]},
        {"role": "tool", "content": "42", "tool_name": "f"},
    ]


def test_arguments_that_are_no_object_are_said() -> None:
    call = {"id": "c-1", "type": "function", "function": {"name": "f", "arguments": '{"x":'}}
    found = ollama_chat.encode(
        [USER, {**ASKED, "tool_calls": [call]}, {"role": "tool", "tool_call_id": "c-1", "content": "4"}]
    )
    (sent,) = found.body["messages"][1]["tool_calls"]
    assert sent["function"]["arguments"] == {"INVALID_JSON": '{"x":'}
    assert found.degraded == ("arguments",)


def test_results_find_their_calls_by_name_and_in_order() -> None:
    calls = [{"function": {"name": name, "arguments": {}}} for name in ("f", "g", "f")]
    results = [{"role": "tool", "tool_name": name, "content": name} for name in ("g", "f", "f")]
    body = {
        "model": "m",
        "stream": False,
        "messages": [USER, {"role": "assistant", "content": "", "tool_calls": calls}, *results],
    }
    messages, options = json.loads(json.dumps(ollama_chat.decode_request(body)))
    assert [message["tool_call_id"] for message in messages[2:]] == ["call_1", "call_0", "call_2"]
    assert NATIVE not in json.dumps(messages)
    assert ollama_chat.encode_request(messages, options)["messages"][2:] != []


@pytest.mark.parametrize(
    "result",
    [
        {"role": "tool", "tool_name": "f", "content": "42"},
        {"role": "tool", "tool_call_id": "x1", "content": "42"},
        {"role": "tool", "tool_name": "f", "tool_call_id": "x1", "content": "42"},
        {"role": "tool", "content": "42"},
    ],
)
@pytest.mark.parametrize(
    "call",
    [CALL, {"id": "x1", **CALL}, {"id": "x1", "type": "function", "function": {"index": 0, **CALL["function"]}}],
)
def test_however_calls_and_results_are_told_they_come_back_as_they_were(call: Any, result: Any) -> None:
    thought = {"role": "assistant", "content": "", "thinking": "Hm", "tool_calls": [call]}
    body = {"model": "m", "stream": False, "messages": [USER, thought, result]}
    messages, options = json.loads(json.dumps(ollama_chat.decode_request(body)))
    assert messages[1]["tool_calls"][0]["id"] == messages[2]["tool_call_id"]
    assert ollama_chat.encode_request(messages, options) == body


@pytest.mark.parametrize(
    "more",
    [
        {"options": {}},
        {"options": {"temperature": 0}},
        {"options": {"num_ctx": 9, "stop": ["x"]}},
        {"format": ""},
        {"keep_alive": 0, "logprobs": True, "top_logprobs": 2, "truncate": False},
        {"tools": []},
        {"messages": [{"role": "user", "content": "Hi", "images": []}]},
        {"messages": [USER, {"role": "assistant", "content": "", "tool_calls": []}, USER]},
        {"messages": [USER, {"role": "assistant", "content": "x", "thinking": ""}, USER]},
    ],
)
def test_what_the_portable_form_does_not_say_comes_back_as_it_was(more: dict[str, Any]) -> None:
    body = {"model": "m", "messages": [USER], "stream": False, **more}
    assert ollama_chat.encode_request(*json.loads(json.dumps(ollama_chat.decode_request(body)))) == body


def test_a_result_without_its_call_is_refused() -> None:
    with pytest.raises(UnsupportedRequestError, match=r"messages\[1\] is the result of tool call 'c-9'"):
        wire(USER, {"role": "tool", "tool_call_id": "c-9", "content": "42"})


def test_thinking_goes_back_to_ollama() -> None:
    response = ollama_chat.decode_response(ANSWER)
    found = wire(
        USER, json.loads(json.dumps(response.message)), {"role": "tool", "tool_call_id": "call_0", "content": "4"}
    )
    assert found[1] == ANSWER["message"]


# -- answers -----------------------------------------------------------------------------------------------------------


def test_an_answer_says_everything() -> None:
    response = ollama_chat.decode_response(ANSWER, {"x-request-id": "r"})
    assert (response.content, response.thinking, response.model, response.id) == ("Hello there", "Hm", "qwen3", None)
    ((call_id, arguments),) = [(call.id, call.arguments) for call in response.tool_calls]
    assert (call_id, arguments) == ("call_0", {"x": 1})
    assert response.stop_reason == "tool_use"
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 4)
    assert response.raw is ANSWER
    assert response.request_id == "r"


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"done_reason": "stop"}, "stop"),
        ({"done_reason": "length"}, "length"),
        ({"done_reason": "load"}, "stop"),
        ({"done_reason": ""}, "stop"),
        ({}, "stop"),
    ],
)
def test_stop_reasons(more: dict[str, Any], reason: str) -> None:
    body = {"model": "m", "message": {"role": "assistant", "content": "Hi"}, "done": True, **more}
    assert ollama_chat.decode_response(body).stop_reason == reason


def test_figures_that_are_absent_are_unknown() -> None:
    """A prompt that was read before has no count."""
    body = {key: value for key, value in ANSWER.items() if key != "prompt_eval_count"}
    usage = ollama_chat.decode_response(body).usage
    assert (usage.input_tokens, usage.output_tokens) == (None, 4)


def test_an_id_that_a_server_gives_is_kept() -> None:
    body = {**ANSWER, "message": {"role": "assistant", "content": "", "tool_calls": [{"id": "call_9x", **CALL}]}}
    response = ollama_chat.decode_response(body)
    assert response.tool_calls[0].id == "call_9x"
    result = {"role": "tool", "tool_call_id": "call_9x", "content": "42"}
    assert wire(USER, response.message, result)[1]["tool_calls"] == [{"id": "call_9x", **CALL}]


@pytest.mark.parametrize("body", [{}, {"message": None}, {"message": {"content": "Hi"}, "done": False}, [], None])
def test_what_is_no_answer_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponseError):
        ollama_chat.decode_response(body)


# -- streams -----------------------------------------------------------------------------------------------------------


def test_events_come_as_the_lines_do() -> None:
    decoder = ollama_chat.decoder()
    found = [decoder.feed(each + b"\n") for each in STREAM.splitlines()]
    assert found == [
        [Start(None, "qwen3"), Thinking("H")],
        [Thinking("m")],
        [Content("Hello ")],
        [Content("there")],
        [ToolCallDelta(0, "call_0", "f", '{"x":1}')],
        [],
    ]
    assert decoder.ended
    assert decoder.finish().response == ollama_chat.decode_response(ANSWER)


def test_the_last_line_may_carry_text_and_lack_its_end() -> None:
    stream = ndjson(line(content="Hel"), {**LAST, "message": {"role": "assistant", "content": "lo"}}).rstrip()
    *events, done = ollama_chat.decode_stream([stream])
    assert isinstance(done, Done)
    assert done.response.content == "Hello"
    assert events == [Start(None, "qwen3"), Content("Hel")]


def test_calls_of_several_lines_are_numbered() -> None:
    stream = ndjson(line(tool_calls=[CALL]), line(tool_calls=[CALL, {"id": "x", **CALL}]), LAST)
    *events, done = ollama_chat.decode_stream([stream])
    assert isinstance(done, Done)
    assert [call.id for call in done.response.tool_calls] == ["call_0", "call_1", "x"]
    assert [(event.index, event.id) for event in events if isinstance(event, ToolCallDelta)] == [
        (0, "call_0"),
        (1, "call_1"),
        (2, "x"),
    ]


def test_log_probabilities_are_in_the_raw_body() -> None:
    tokens = [{"token": "a", "logprob": -1}, {"token": "b", "logprob": -2}]
    stream = ndjson(*({**line(content=each["token"]), "logprobs": [each]} for each in tokens), LAST)
    *_, done = ollama_chat.decode_stream([stream])
    assert isinstance(done, Done)
    assert done.response.raw["logprobs"] == tokens


def test_a_stream_that_is_cut_never_ends_cleanly() -> None:
    """F34."""
    for cut in range(len(STREAM.rstrip())):
        with pytest.raises(MalformedResponseError):
            list(ollama_chat.decode_stream([STREAM[:cut]]))


def test_a_plain_answer_instead_of_a_stream_is_one() -> None:
    *_, done = ollama_chat.decode_stream([json.dumps(ANSWER).encode()])
    assert isinstance(done, Done)
    assert done.response == ollama_chat.decode_response(ANSWER)


@pytest.mark.parametrize(
    "data", [b"[]\n", b"7\n", b'{"message": 7, "done": true}\n', b"data: {}\n", b"<html>\n", b"{]\n"]
)
def test_what_is_no_line_of_an_answer_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        list(ollama_chat.decode_stream([data]))


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        (404, 'model "x" not found, try pulling it first', NotFoundError),
        (503, "server busy, please try again.  maximum pending requests exceeded", OverloadedError),
        (500, "llama runner process has terminated", InternalServerError),
        (None, "an error was encountered while running the model: unexpected EOF", InternalServerError),
    ],
)
def test_errors(status: int | None, words: str, kind: type[ProviderError]) -> None:
    """As an answer with its status, and as a line of a stream, which has none."""
    if status is None:
        with pytest.raises(kind, match="unexpected EOF"):
            list(ollama_chat.decode_stream([ndjson(line(content="Hi"), {"error": words})]))
    else:
        error = ollama_chat.decode_error(status, {}, json.dumps({"error": words}).encode())
        assert type(error) is kind
        assert words in str(error)
