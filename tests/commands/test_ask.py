"""`agentsea ask`: what is asked, what is printed, and one line with the next step where nothing can be."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any

import pytest

from agentsea_gateway import Attempt, cli
from agentsea_gateway.commands.complaints import advice
from agentsea_gateway.testing import Fault, Reply, Sandbox

GOOD = "-m", "openai/gpt-4.1"


class Written:
    """What a run of the command wrote, and its status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    def complains(self, status: int, line: str) -> None:
        """Assert that it ended with this status and this one line."""
        assert (self.status, self.out, self.err) == (status, "", f"agentsea ask: {line}\n")


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `agentsea ask` with these arguments."""

    def run(*arguments: str) -> Written:
        try:
            status = cli.main(["ask", *arguments])
        except SystemExit as ended:
            status = int(str(ended.code))
        return Written(status, *capsys.readouterr())

    return run


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Pipe these bytes into the command."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


class Terminal(io.StringIO):
    """A standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


# -- the answer --------------------------------------------------------------------------------------------------------


def test_the_answer_is_printed_with_a_line_end(ask: Any, box: Sandbox) -> None:
    seen = ask(*GOOD, "Hello")
    assert (seen.status, seen.out, seen.err) == (0, "sandbox: Hello\n", "")
    assert not box.requests[0].streamed


def test_words_are_joined_and_options_are_sent(ask: Any, box: Sandbox) -> None:
    seen = ask("Hello", "there", *GOOD, "-s", "Be brief.", "-o", "max_tokens=5", "-o", "stop=END", "-o", "seed=7")
    assert seen.status == 0
    body = box.requests[0].body
    assert [message["content"] for message in body["messages"]] == ["Be brief.", "Hello there"]
    assert (body["stop"], body["seed"]) == ("END", 7)
    assert 5 in (body.get("max_tokens"), body.get("max_completion_tokens"))


def test_the_prompt_may_be_piped_in(ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, "Grüße\n".encode())
    assert ask(*GOOD).status == 0
    assert box.requests[0].body["messages"][0]["content"] == "Grüße\n"


def test_a_dash_stands_for_what_is_piped_in(ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"+ a line")
    assert ask(*GOOD, "Explain this:", "-").status == 0
    text = box.requests[0].body["messages"][0]["content"]
    assert text.split() == ["Explain", "this:", "+", "a", "line"]


def test_a_given_prompt_leaves_the_input_alone(ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script's input may be open for ever."""
    monkeypatch.setattr(sys, "stdin", None)
    assert ask(*GOOD, "Hello").status == 0


@pytest.mark.parametrize(("piped", "note"), [(b"diff", "what was piped in was not read"), (b"", "")])
def test_what_is_left_in_the_pipe_is_said(
    piped: bytes, note: str, ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.write(writing, piped)
    with open(reading, encoding="utf-8") as left, open(writing, "wb"):
        monkeypatch.setattr(sys, "stdin", left)
        seen = ask(*GOOD, "Hello")
    assert (seen.status, seen.out) == (0, "sandbox: Hello\n")
    assert note in seen.err
    assert bool(note) == bool(seen.err)


@pytest.mark.parametrize("manner", ["--stream", "--no-stream"])
def test_an_answer_without_text_is_an_empty_line(manner: str, ask: Any, box: Sandbox) -> None:
    box.script(Reply.tool("get_weather", city="Ulm"))
    seen = ask(*GOOD, manner, "Hello")
    assert (seen.status, seen.out, seen.err) == (0, "\n", "")


def test_several_models_fail_over_and_the_route_says_how(ask: Any, box: Sandbox) -> None:
    box.script(Fault.status(503))
    seen = ask(*GOOD, "-m", "openai/gpt-4.1-mini", "--explain", "Hello")
    assert (seen.status, seen.out) == (0, "sandbox: Hello\n")
    assert "served by openai/gpt-4.1-mini" in seen.err
    assert "1. openai/gpt-4.1 (gpt-4.1) failure" in seen.err


def test_models_may_stand_in_the_environment(ask: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("AGENTSEA_MODELS", "openai/gpt-4.1-mini, openai/gpt-4.1,")
    box.script(Fault.status(503))
    assert ask("Hello", "--explain").err.startswith("served by openai/gpt-4.1 in")


@pytest.mark.parametrize("strategy", ["failover", "round-robin", "cost", "latency"])
def test_every_strategy_can_be_named(strategy: str, ask: Any, box: Sandbox) -> None:
    seen = ask(*GOOD, "-m", "openai/gpt-4.1-mini", "--strategy", strategy, "--explain", "Hi")
    served = "gpt-4.1-mini" if strategy == "cost" else "gpt-4.1"
    assert f"served by openai/{served} in" in seen.err


def test_json_is_one_object(ask: Any, box: Sandbox) -> None:
    box.script(Fault.status(503), Reply.tool("get_weather", city="Ulm"))
    seen = ask(*GOOD, "-m", "openai/gpt-4.1-mini", "--json", "Hello")
    (line,) = seen.out.splitlines()
    found = json.loads(line)
    assert found["served_by"] == "openai/gpt-4.1-mini"
    assert found["stop_reason"] == "tool_use"
    assert found["tool_calls"][0]["arguments"] == {"city": "Ulm"}
    assert found["usage"]["total_tokens"] == found["usage"]["input_tokens"] + found["usage"]["output_tokens"]
    assert [attempt["outcome"] for attempt in found["route"]["attempts"]] == ["failure", "success"]
    assert found["route"]["attempts"][0]["status_code"] == 503
    assert str(box.api_key) not in seen.out


@pytest.mark.parametrize("explicit", [True, False])
def test_a_stream_is_shown_as_it_comes(explicit: bool, ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal without being told."""
    out = io.StringIO() if explicit else Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    box.script(Reply("one two three"))
    assert ask(*GOOD, *(["--stream"] if explicit else []), "Hi").status == 0
    assert out.getvalue() == "one two three\n"
    assert box.requests[0].streamed


def test_a_terminal_may_want_it_whole(ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert ask(*GOOD, "--no-stream", "Hi").status == 0
    assert not box.requests[0].streamed


def test_an_answer_cannot_control_the_terminal(ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", out := Terminal())
    box.script(Reply("\x1b]0;title\x07\x1b[2Jred\n"))
    ask(*GOOD, "Hi")
    assert out.getvalue() == "]0;title[2Jred\n"


def test_a_pipe_gets_the_answer_as_it_is(ask: Any, box: Sandbox) -> None:
    box.script(Reply("\x1b[2Jred\n"))
    assert ask(*GOOD, "Hi").out == "\x1b[2Jred\n"


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def test_without_a_model_it_says_what_is_configured(ask: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    hint = "no model; give -m PROVIDER/MODEL or set AGENTSEA_MODELS"
    ask("Hi").complains(2, f"{hint} (keys are set for openai and openai-responses; see 'agentsea providers')")
    bare.delenv("OPENAI_API_KEY")
    ask("Hi").complains(2, f"{hint} (no key is set; see 'agentsea providers')")


def test_without_a_key_it_names_the_variable(ask: Any, bare: pytest.MonkeyPatch) -> None:
    ask(*GOOD, "Hi").complains(2, "openai: no API key; set OPENAI_API_KEY")


def test_an_unknown_provider_gets_a_suggestion(ask: Any, bare: pytest.MonkeyPatch) -> None:
    ask("-m", "opnai/gpt-4.1", "Hi").complains(2, "no provider is named 'opnai'; did you mean 'openai'?")


def test_no_slash_is_no_model(ask: Any, bare: pytest.MonkeyPatch) -> None:
    wanted = '\'gpt-4.1\' is no candidate; write "provider/model", such as "openai/gpt-4.1"'
    ask("-m", "gpt-4.1", "Hi").complains(2, wanted)


def test_a_wrong_key_names_the_variable_and_not_the_key(ask: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("OPENAI_API_KEY", "sk-wrong-0123456789")
    ask(*GOOD, "Hi").complains(1, "openai/gpt-4.1: the key was refused (401); check OPENAI_API_KEY")


def test_a_misspelt_model_gets_a_suggestion_from_its_hosts_list(ask: Any, box: Sandbox) -> None:
    seen = ask("-m", "openai/gtp-4.1", "Hi")
    seen.complains(1, "openai/gtp-4.1: no such model there (404); did you mean openai/gpt-4.1?")
    assert box.requests[-1].method == "GET"


def test_a_model_like_no_other_is_sent_to_the_list(ask: Any, box: Sandbox) -> None:
    seen = ask("-m", "openai/qwen", "Hi")
    seen.complains(1, "openai/qwen: no such model there (404); 'agentsea providers openai' lists them")


def test_nobody_there_is_one_line(ask: Any, box: Sandbox) -> None:
    box.kill()
    seen = ask(*GOOD, "Hi")
    assert seen.status == 1
    assert seen.err.startswith("agentsea ask: openai/gpt-4.1: not reached (connection refused by 127.0.0.1:")
    assert seen.err.endswith("; check the network, a proxy (HTTPS_PROXY) and the address\n")
    assert seen.err.count("\n") == 1


@pytest.mark.parametrize(
    ("provider", "variables"),
    [
        ("openai-responses", "OPENAI_API_KEY"),
        ("ollama", "OLLAMA_API_KEY"),
        ("vertex", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("my-own", "its key"),
    ],
)
def test_a_refused_key_is_looked_for_where_it_may_stand(provider: str, variables: str) -> None:
    attempt = Attempt("it", provider, "m", "benched", 0, 1, "AuthenticationError", "no", 401)
    assert advice(attempt) == f"it: the key was refused (401); check {variables}"


def test_a_server_of_ones_own_is_asked_after() -> None:
    attempt = Attempt("ollama/q", "ollama", "q", "failure", 0, 1, "APIConnectionError", "refused")
    assert advice(attempt) == "ollama/q: not reached (refused); is the server running at http://127.0.0.1:11434?"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.status("no_permission"), "this key may not do that (403): "),
        (Fault.status("quota"), "no credit or quota is left (429): "),
        (Fault.status("rate_limit", retry_after=7), "it wants fewer requests (429); wait, or give another model"),
        (Fault.status("context_window"), "ContextWindowExceededError (400): "),
        (Fault.status(503, message="two\nlines \x1b[31m"), "OverloadedError (503): two lines [31m"),
        (Fault.html(502), "InternalServerError (502): "),
        (Fault.truncate(), "MalformedResponseError: "),
    ],
)
def test_each_kind_of_failure_is_one_line(fault: Fault, words: str, ask: Any, box: Sandbox) -> None:
    box.always(fault)
    seen = ask(*GOOD, "Hi")
    assert seen.status == 1
    assert words in seen.err
    assert seen.err.count("\n") == 1


def test_where_several_fail_the_line_names_each(ask: Any, box: Sandbox, bare: pytest.MonkeyPatch) -> None:
    bare.setenv("ANTHROPIC_API_KEY", "sk-ant-wrong-12345")
    bare.setenv("ANTHROPIC_BASE_URL", box.anthropic_url)
    box.script(Fault.status(500))
    seen = ask(*GOOD, "-m", "anthropic/claude-opus-4-8", "Hi")
    assert "openai/gpt-4.1: InternalServerError (500)" in seen.err
    assert "; anthropic/claude-opus-4-8: the key was refused (401); check ANTHROPIC_API_KEY" in seen.err


@pytest.mark.realtime
def test_no_time_is_one_line(ask: Any, box: Sandbox) -> None:
    box.always(Fault.stall())
    seen = ask(*GOOD, "--timeout", "0.3", "Hi")
    seen.complains(1, "the call's 0.3 s ran out (tried: openai/gpt-4.1); give it more with --timeout")


def test_a_stream_that_breaks_shows_what_came_and_fails(ask: Any, box: Sandbox) -> None:
    box.script(Fault.drop(2, reply="one two three"))
    seen = ask(*GOOD, "--stream", "Hi")
    assert (seen.status, seen.out) == (1, "one two\n")
    assert "the stream broke after content" in seen.err
    assert seen.err.count("\n") == 1


def test_an_unknown_option_of_the_call_gets_a_suggestion(ask: Any, box: Sandbox) -> None:
    ask(*GOOD, "-o", "max_token=5", "Hi").complains(2, "unknown option 'max_token'; did you mean 'max_tokens'?")


@pytest.mark.parametrize(
    ("pair", "complaint"),
    [
        ("timeout=5", "timeout is no option of the model; give --timeout"),
        ("system=x", "system is no option of the model; give --system"),
        ("max_tokens=many", "max_tokens is 'many'; give a whole number above 0"),
        ("stop=7", "stop is a int; give a string or a list of strings"),
    ],
)
def test_an_option_that_is_none_or_has_another_type_is_one_line(pair: str, complaint: str, ask: Any, box: Any) -> None:
    ask(*GOOD, "-o", pair, "Hi").complains(2, complaint)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--modle", "x"], "unknown option --modle; did you mean --model? (see 'agentsea ask --help')"),
        (["-o", "max_tokens"], "argument -o/--option: 'max_tokens' will not do; give NAME=VALUE"),
        (["--timeout", "soon"], "argument --timeout: 'soon' will not do; give a number of seconds above 0"),
        (["--timeout", "0"], "argument --timeout: '0' will not do; give a number of seconds above 0"),
        (["--strategy", "best"], "argument --strategy: invalid choice: 'best'"),
        (["--json", "--stream"], "argument --stream: not allowed with argument --json"),
    ],
)
def test_a_wrong_command_line_is_one_line(arguments: list[str], complaint: str, ask: Any, bare: Any) -> None:
    seen = ask("Hi", *arguments)
    assert seen.status == 2
    assert seen.err.startswith(f"agentsea ask: {complaint}")
    assert seen.err.count("\n") == 1


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b" \n", "no prompt; give it as an argument, or pipe it in"),
        (b"caf\xe9", "the input is no UTF-8 text (byte 3); convert it first"),
    ],
)
def test_an_input_that_is_no_prompt(
    data: bytes, complaint: str, ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, data)
    ask(*GOOD).complains(2, complaint)
    assert box.hits == 0


def test_a_terminal_is_not_waited_for(ask: Any, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    ask(*GOOD).complains(2, "no prompt; give it as an argument, or pipe it in")
