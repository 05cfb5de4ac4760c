"""What a healthy sandbox answers, plain and streamed, in each dialect."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from agentsea_gateway.response import ToolCall, Usage
from agentsea_gateway.testing import Fault, Reply, Request, Sandbox
from support.sandbox_client import Client, Dialect


def test_the_default_answer_says_who_answers_and_what_was_asked(client: Client, dialect: Dialect) -> None:
    got = client.ask(text="Why is the sky blue?")
    assert got.status == 200
    assert got.headers["content-type"] == "application/json"
    assert dialect.text(got) == "sandbox: Why is the sky blue?"
    assert dialect.model(got.body) in ("m-1", None)


def test_a_stream_brings_the_same_text_word_by_word_and_its_promised_end(client: Client, dialect: Dialect) -> None:
    got = client.ask(text="Why is the sky blue?", stream=True)
    assert got.status == 200
    assert got.headers["content-type"] == dialect.stream_type
    assert dialect.texts(got) == ["sandbox:", " Why", " is", " the", " sky", " blue?"]
    assert dialect.ended(got)


def test_openai_frames_a_stream_as_the_vendor_does(openai: Client) -> None:
    openai.box.script(Reply("Hi you", chunks=2))
    got = openai.ask(stream=True)
    assert got.data.startswith(b'data: {"id":"chatcmpl-')
    assert got.data.endswith(b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    chunks = [data for _, data in got.events[:-1]]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hi "},
        {"content": "you"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
    assert all("usage" not in chunk for chunk in chunks)


def test_openai_sends_a_usage_chunk_only_when_asked(openai: Client) -> None:
    got = openai.ask(stream=True, stream_options={"include_usage": True})
    chunks = [data for _, data in got.events[:-1]]
    assert [chunk["usage"] for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == openai.ask().body["usage"]


def test_anthropic_frames_a_stream_as_the_vendor_does(anthropic: Client) -> None:
    anthropic.box.script(Reply("Hi you", chunks=2))
    got = anthropic.ask(stream=True)
    assert got.data.startswith(b'event: message_start\ndata: {"type":"message_start","message":{')
    assert [name for name, _ in got.events] == [
        "message_start",
        "content_block_start",
        "ping",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert all(data["type"] == name for name, data in got.events)
    start, end = got.events[0][1]["message"], got.events[-2][1]
    assert (start["content"], start["stop_reason"], start["usage"]["output_tokens"]) == ([], None, 1)
    assert end["delta"]["stop_reason"] == "end_turn"
    assert end["usage"]["output_tokens"] == 2


def test_tool_calls_come_in_each_vendors_shape(openai: Client, anthropic: Client) -> None:
    openai.box.script(*[Reply.tool("get_weather", city="Rome")] * 2)
    message = openai.ask().body["choices"][0]
    assert message["finish_reason"] == "tool_calls"
    assert message["message"]["content"] is None
    (call,) = message["message"]["tool_calls"]
    assert call["id"].startswith("call_")
    assert call["function"] == {"name": "get_weather", "arguments": '{"city":"Rome"}'}

    body = anthropic.ask().body
    (block,) = body["content"]
    assert body["stop_reason"] == "tool_use"
    assert block["id"].startswith("toolu_")
    assert (block["type"], block["name"], block["input"]) == ("tool_use", "get_weather", {"city": "Rome"})


def test_streamed_arguments_come_in_pieces_that_make_the_whole(openai: Client, anthropic: Client) -> None:
    openai.box.script(*[Reply("Look:", tool_calls=[ToolCall("t-1", "f", {"a": [1, 2], "b": "ü"})])] * 2)
    chunks = [data["choices"][0]["delta"] for _, data in openai.ask(stream=True).events[:-1]]
    calls = [chunk["tool_calls"][0] for chunk in chunks if "tool_calls" in chunk]
    assert (calls[0]["id"], calls[0]["function"]) == ("t-1", {"name": "f", "arguments": ""})
    assert len(calls) > 2
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"a": [1, 2], "b": "ü"}

    events = [data for name, data in anthropic.ask(stream=True).events if name == "content_block_delta"]
    pieces = [data["delta"]["partial_json"] for data in events if data["index"] == 1]
    assert pieces[0] == ""
    assert json.loads("".join(pieces)) == {"a": [1, 2], "b": "ü"}


def test_thinking_stands_in_front_of_the_text(openai: Client, anthropic: Client) -> None:
    openai.box.always(Reply("yes", thinking="let me see"))
    assert openai.ask().body["choices"][0]["message"]["reasoning_content"] == "let me see"
    blocks = anthropic.ask().body["content"]
    assert [block["type"] for block in blocks] == ["thinking", "text"]
    events = [data for name, data in anthropic.ask(stream=True).events if name == "content_block_delta"]
    assert "".join(data["delta"].get("thinking", "") for data in events) == "let me see"
    signatures = [data["delta"]["signature"] for data in events if data["delta"]["type"] == "signature_delta"]
    assert signatures == [blocks[0]["signature"]]


@pytest.mark.parametrize(
    ("reason", "finish", "stop"),
    [
        ("stop", "stop", "end_turn"),
        ("length", "length", "max_tokens"),
        ("tool_use", "tool_calls", "tool_use"),
        ("content_filter", "content_filter", "refusal"),
    ],
)
def test_stop_reasons_are_the_vendors(openai: Client, anthropic: Client, reason: str, finish: str, stop: str) -> None:
    openai.box.always(Reply("so", stop_reason=reason))  # type: ignore[arg-type]
    assert openai.ask().body["choices"][0]["finish_reason"] == finish
    assert anthropic.ask().body["stop_reason"] == stop


def test_usage_counts_a_token_for_every_four_characters_begun(openai: Client, anthropic: Client) -> None:
    openai.box.always(Reply("123456789", thinking="1234"))
    usage = openai.ask(text="12345678").body["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (2, 4, 6)
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 1
    usage = anthropic.ask(text="12345678", system="12345").body["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (4, 4)


def test_given_usage_is_told_as_each_vendor_counts(openai: Client, anthropic: Client) -> None:
    told = Usage(input_tokens=100, output_tokens=20, cached_tokens=60, cache_write_tokens=10, reasoning_tokens=5)
    openai.box.always(Reply("x", usage=told))
    usage = openai.ask().body["usage"]
    assert (usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"]) == (100, 60)
    assert (usage["completion_tokens"], usage["completion_tokens_details"]["reasoning_tokens"]) == (20, 5)
    usage = anthropic.ask().body["usage"]
    assert (usage["input_tokens"], usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (
        30,
        60,
        10,
    )


def test_an_empty_answer_is_an_answer_with_a_stop_reason(client: Client, dialect: Dialect) -> None:
    """F28, the second half."""
    client.box.script(*[Reply("")] * 2)
    assert dialect.text(client.ask()) == ""
    got = client.ask(stream=True)
    assert dialect.texts(got) == []
    assert dialect.ended(got)


def test_the_answer_may_say_its_model_its_id_and_more_headers(client: Client, dialect: Dialect) -> None:
    client.box.script(Reply("x", model="m-2", id="mine", headers={"X-More": "yes"}))
    got = client.ask()
    assert dialect.model(got.body) in ("m-2", None)
    assert got.body.get("id", got.body.get("responseId", "mine")) == "mine"
    assert got.headers["x-more"] == "yes"


def test_two_runs_give_the_same_bytes(dialect: Dialect, no_leaks: None) -> None:
    def run() -> list[bytes]:
        with Sandbox() as box:
            client = Client(box, dialect)
            found = [client.ask().data, client.ask(stream=True).data]
            client.close()
            return found

    assert run() == run()


def test_text_of_every_kind_arrives_whole(client: Client, dialect: Dialect) -> None:
    text = 'Grüße, 你好 🎉\n\n "quoted" \\ data: [DONE]\r\n  two  spaces '
    client.box.always(text)
    assert dialect.text(client.ask()) == text
    assert "".join(dialect.texts(client.ask(stream=True))) == text


def test_a_lone_surrogate_in_the_question_is_echoed_as_an_escape(client: Client) -> None:
    data = json.dumps(client.dialect.body(text="\ud800!")).encode()
    assert rb"\ud800!" in client.ask(data).data


def test_scripted_answers_come_once_each_and_then_as_usual_again(client: Client, dialect: Dialect) -> None:
    client.box.script("first", Reply("second"), lambda request: f"third of {request.model}")
    texts = [dialect.text(client.ask(text="x")) for _ in range(4)]
    assert texts == ["first", "second", "third of m-1", "sandbox: x"]


def test_always_holds_until_recovery_and_lets_the_script_go_first(client: Client, dialect: Dialect) -> None:
    client.box.always(Fault.status(503))
    client.box.script("once")
    assert dialect.text(client.ask()) == "once"
    assert [client.ask().status for _ in range(2)] == [503, 503]
    client.box.script("never")
    client.box.recover()
    assert dialect.text(client.ask(text="x")) == "sandbox: x"


def test_answers_at_construction_are_a_default_or_a_script(dialect: Dialect, no_leaks: None) -> None:
    with Sandbox("always this") as box, Sandbox(["once this"], name="other") as other:
        one, two = Client(box, dialect), Client(other, dialect)
        assert [dialect.text(one.ask()) for _ in range(2)] == ["always this", "always this"]
        assert [dialect.text(two.ask(text="x")) for _ in range(2)] == ["once this", "other: x"]
        one.close()
        two.close()


def test_what_cannot_answer_is_refused_with_the_fix() -> None:
    with pytest.raises(TypeError, match=r"404 cannot answer.*Fault\.status"):
        Sandbox(404)  # type: ignore[arg-type]


def test_a_function_that_returns_no_answer_is_told_so(dialect: Dialect, no_leaks: None) -> None:
    box = Sandbox(lambda request: None)  # type: ignore[arg-type]
    with closing(Client(box, dialect)) as client, pytest.raises(ConnectionResetError):
        client.ask()
    with pytest.raises(TypeError, match="returned None"):
        box.close()


def test_a_function_that_raises_resets_the_client_and_is_raised_at_the_end(dialect: Dialect, no_leaks: None) -> None:
    def broken(request: Request) -> str:
        raise LookupError(request.text)

    box = Sandbox(broken)
    client = Client(box, dialect)
    with pytest.raises(ConnectionResetError):
        client.ask(text="oh")
    client.close()
    with pytest.raises(LookupError, match="oh"):
        box.close()
    box.close()


def test_what_a_function_raised_is_noted_on_the_error_under_way(dialect: Dialect, no_leaks: None) -> None:
    def broken(request: Request) -> str:
        raise LookupError(request.text)

    with pytest.raises(ConnectionResetError) as caught, Sandbox(broken) as box, closing(Client(box, dialect)) as client:
        client.ask(text="oh")
    assert caught.value.__notes__ == ["While answering, sandbox 'sandbox' raised LookupError('oh')"]


def test_requests_are_recorded_without_their_keys(client: Client, dialect: Dialect) -> None:
    """F51: nothing that the sandbox keeps shows a credential."""
    client.ask(text="remember me", key="sk-sandbox", path=dialect.path + "?beta=true")
    (request,) = client.box.requests
    assert (request.number, request.dialect, request.method) == (1, dialect.name, "POST")
    assert (request.path, request.query) == (dialect.path, "beta=true")
    assert (request.model, request.text, request.streamed) == ("m-1", "remember me", False)
    assert request.body == dialect.body(text="remember me")
    assert request.headers[dialect.key_header] == "***"
    assert "sk-sandbox" not in repr(request)
    assert client.box.hits == 1


def test_only_the_latest_requests_are_kept(dialect: Dialect, no_leaks: None) -> None:
    with Sandbox(keep=2) as box:
        client = Client(box, dialect)
        for text in ("a", "b", "c"):
            client.ask(text=text)
        client.close()
        assert (box.hits, [request.text for request in box.requests]) == (3, ["b", "c"])


def test_one_connection_serves_many_requests(client: Client) -> None:
    for _ in range(3):
        client.ask()
        client.ask(stream=True)
    assert (client.box.hits, client.box.connections, client.box.open_connections) == (6, 1, 1)


def test_every_answer_has_its_own_request_id(client: Client) -> None:
    name = client.dialect.request_id
    if name is None:
        pytest.skip("this vendor sends none")
    ids = [client.ask().headers[name], client.ask(stream=True).headers[name], client.ask(b"{").headers[name]]
    assert ids == ["req_sandbox_1", "req_sandbox_2", "req_sandbox_3"]


def test_rate_limit_headers_count_down_when_wanted(dialect: Dialect, no_leaks: None) -> None:
    wanted = dialect.remaining
    if wanted is None:
        pytest.skip("this vendor sends none")
    with Sandbox(rate_limit=2) as box, Sandbox() as silent:
        client, other = Client(box, dialect), Client(silent, dialect)
        assert [client.ask().headers[wanted] for _ in range(3)] == ["1", "0", "0"]
        assert wanted not in other.ask().headers
        client.close()
        other.close()


def test_the_list_of_models_is_each_vendors(dialect: Dialect, no_leaks: None) -> None:
    if dialect.models_path is None:
        pytest.skip("this vendor has none, or another dialect's")
    with Sandbox(models=["m-1", "m-2"]) as box:
        client = Client(box, dialect)
        got = client.send("GET", dialect.models_path, None, dialect.head())
        client.close()
    assert dialect.listed(got.body) == ["m-1", "m-2"]
    assert ("object" in got.body) == (dialect.name in ("openai_chat", "mistral_chat"))


def test_base_urls_are_what_the_vendors_clients_want(box: Sandbox) -> None:
    assert box.openai_url == box.base_url + "/v1"
    assert box.mistral_url == box.base_url + "/mistral/v1"
    others = (box.anthropic_url, box.gemini_url, box.cohere_url, box.bedrock_url, box.ollama_url)
    assert {*others} == {box.base_url}


def test_a_request_can_be_read_in_the_portable_form(client: Client, dialect: Dialect) -> None:
    """Whatever the dialect: `request.portable()`."""
    client.ask(text="remember me")
    messages, options = client.box.requests[-1].portable()
    said = {"type": "text", "text": "remember me"}
    assert messages in ([{"role": "user", "content": "remember me"}], [{"role": "user", "content": [said]}])
    assert options.get("model", "m-1") == "m-1"
