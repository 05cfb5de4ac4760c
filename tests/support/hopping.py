"""A conversation of ten turns with tools, images and thinking, that moves to another speaker at every request.

Every speaker is a provider in front of one sandbox, which refuses what its vendor refuses; everything goes through the
public Gateway, and the history through JSON between the requests, as through a database column.
"""

from __future__ import annotations

import copy
import json
import re
from itertools import cycle
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from agentsea_gateway import Candidate, Gateway, ToolCall
from agentsea_gateway.messages import NATIVE, native_parts
from agentsea_gateway.providers import (
    Anthropic,
    Azure,
    Bedrock,
    Cohere,
    Gemini,
    Mistral,
    Ollama,
    OpenAI,
    OpenAIResponses,
    Vertex,
    VertexAnthropic,
)
from agentsea_gateway.providers.hosts import HOSTS
from agentsea_gateway.testing import Reply, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from agentsea_gateway import Response

# One pixel; the sandbox looks no further than base64 and the type.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
SIGNATURE = re.compile(r"[A-Za-z0-9+/]{43}=")  # as the sandbox signs


@frozen
class Speaker:
    """A provider in front of a sandbox, and the model that it asks for."""

    name: str
    provider: Callable[[Sandbox], Any]
    model: str


def _openai(box: Sandbox) -> OpenAI:
    """OpenAI itself, and not a server that speaks like it: with all that OpenAI does not take."""
    return OpenAI(box.api_key, base_url=box.openai_url, host=evolve(HOSTS["openai"], base_url=box.openai_url))


def _vertex(box: Sandbox) -> Vertex:
    return Vertex("p", "global", access_token=box.api_key, base_url=box.gemini_url)


def _bedrock(box: Sandbox) -> Bedrock:
    return Bedrock(box.api_key, region="us-east-1", base_url=box.bedrock_url)


def _claude_at_google(box: Sandbox) -> VertexAnthropic:
    return VertexAnthropic("p", "global", access_token=box.api_key, base_url=box.anthropic_url)


SPEAKERS = {
    each.name: each
    for each in (
        Speaker("openai", _openai, "gpt-4.1"),
        Speaker("compatible", lambda box: OpenAI(box.api_key, base_url=box.openai_url), "any-model"),
        Speaker("azure", lambda box: Azure(box.api_key, endpoint=box.azure_url), "gpt-4.1"),
        Speaker("responses", lambda box: OpenAIResponses(box.api_key, base_url=box.openai_url), "gpt-5"),
        Speaker("anthropic", lambda box: Anthropic(box.api_key, base_url=box.anthropic_url), "claude-sonnet-4-5"),
        Speaker("claude_at_google", _claude_at_google, "claude-opus-4-5@20251101"),
        Speaker("gemini", lambda box: Gemini(box.api_key, base_url=box.gemini_url), "gemini-3.6-flash"),
        Speaker("older_gemini", lambda box: Gemini(box.api_key, base_url=box.gemini_url), "gemini-2.5-flash"),
        Speaker("vertex", _vertex, "gemini-2.5-pro"),
        Speaker("bedrock", _bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        Speaker("cohere", lambda box: Cohere(box.api_key, base_url=box.cohere_url), "command-a-03-2025"),
        Speaker("mistral", lambda box: Mistral(box.api_key, base_url=box.mistral_url), "mistral-large-latest"),
        Speaker("ollama", lambda box: Ollama(box.api_key, base_url=box.ollama_url), "qwen3"),
    )
}


def gateway(box: Sandbox, names: Iterable[str] = SPEAKERS) -> Gateway:
    """A gateway whose candidates are these speakers."""
    candidates = [Candidate(name, SPEAKERS[name].provider(box), SPEAKERS[name].model) for name in names]
    return Gateway(candidates, check_capabilities=False)  # a sandbox has them all


TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "A tool.",
            "parameters": {"type": "object", "properties": {"of": {"type": "string"}}, "required": ["of"]},
        },
    }
    for name in ("look_up", "draw")
]


def _calls(*given: tuple[str, str]) -> tuple[ToolCall, ...]:
    return tuple(ToolCall("", name, {"of": of}) for name, of in given)


@frozen
class Turn:
    """What the user says, what the tools give (one list for each answer with calls), and what is answered."""

    asked: Any
    replies: tuple[Reply, ...]
    results: tuple[tuple[Any, ...], ...] = ()


TURNS = (
    Turn("Hello, who are you?", (Reply("A voice from the sandbox.", thinking="They greet me."),)),
    Turn(
        "Look up the sky.",
        (
            Reply(thinking="I need a tool.", tool_calls=_calls(("look_up", "sky"))),
            Reply("The sky is blue.", thinking="Now I know."),
        ),
        (("blue",),),
    ),
    Turn([{"type": "text", "text": "What is this?"}, IMAGE], (Reply("A pixel."),)),
    Turn(
        "Look up the sea and the grass, together.",
        (
            Reply("Both at once.", thinking="Two tools.", tool_calls=_calls(("look_up", "sea"), ("look_up", "grass"))),
            Reply("Blue and green."),
        ),
        (("green-blue", '{"colour": "green"}'),),
    ),
    Turn(
        "Draw a dot, then look at it.",
        (
            Reply(thinking="First the drawing.", tool_calls=_calls(("draw", "dot"))),
            Reply("Now I look.", tool_calls=_calls(("look_up", "dot"), ("draw", "line"))),
            Reply("It is a dot.", thinking="Done at last."),
        ),
        (([{"type": "text", "text": "Here it is:"}, IMAGE],), ("round", [IMAGE])),
    ),
    Turn("Thank you.", (Reply("You are welcome."),)),
    Turn(
        "Look up something that fails.",
        (Reply(tool_calls=_calls(("look_up", "nothing"))), Reply("It failed.", thinking="An error.")),
        (({"content": "", "is_error": True},),),
    ),
    Turn([IMAGE, {"type": "text", "text": "Grüße: 東京 🎈"}], (Reply("Grüße zurück 🎈", thinking="Unicode — fine."),)),
    Turn(
        "Once more: the sky.",
        (Reply("Again.", tool_calls=_calls(("look_up", "sky"))), Reply("Still blue.", thinking="As before.")),
        (("blue",),),
    ),
    Turn("Good bye.", (Reply("Good bye.", thinking="The end."),)),
)


class Conversation:
    """One conversation on its way; `said` is what every assistant turn has to say to whoever is asked next."""

    def __init__(
        self, box: Sandbox, speakers: Iterable[str], *, stream: bool = False, edited: bool = False, **options: Any
    ) -> None:
        self.box = box
        self.history: list[dict[str, Any]] = [{"role": "system", "content": "Be brief."}]
        self.speakers: Iterator[str] = cycle(speakers)
        self.gateway = gateway(box)
        self.stream = stream
        self.edited = edited
        self.options = {"tools": TOOLS, "max_tokens": 4000, "timeout": 20, **options}

    def run(self) -> None:
        """All ten turns."""
        with self.gateway:
            for turn in TURNS:
                self._append({"role": "user", "content": turn.asked})
                for number, reply in enumerate(turn.replies):
                    message = self._ask(reply)
                    for call, result in zip(message.get("tool_calls", ()), _results(turn, number), strict=True):
                        given = result if isinstance(result, dict) else {"content": result}
                        self._append({"role": "tool", "tool_call_id": call["id"], **given})

    def _append(self, message: dict[str, Any]) -> None:
        self.history.append(json.loads(json.dumps(message)))

    def _ask(self, reply: Reply) -> dict[str, Any]:
        """Have the next speaker say this, check what it was sent and what it answered, and go on with its message."""
        name = next(self.speakers)
        self.box.script(reply)
        before = copy.deepcopy(self.history)
        response = self._response(name)
        assert self.history == before, "the history was changed"
        assert response.served_by == name
        assert response.content == reply.text
        assert [(call.name, call.arguments) for call in response.tool_calls] == [
            (call.name, call.arguments) for call in reply.tool_calls
        ]
        check_the_wire(self.box.requests[-1], self.history)
        message = response.message
        if self.edited and message["content"]:
            message = {**message, "content": f"{message['content']} (edited)"}
        self._append(message)
        return self.history[-1]

    def _response(self, name: str) -> Response:
        options = {"exclude": [each for each in SPEAKERS if each != name], **self.options}
        if not self.stream:
            return self.gateway.completion(self.history, **options)
        with self.gateway.stream(self.history, **options) as stream:
            list(stream)
        return stream.response


def _results(turn: Turn, number: int) -> tuple[Any, ...]:
    return turn.results[number] if number < len(turn.results) else ()


def check_the_wire(request: Any, history: list[dict[str, Any]]) -> None:
    """What a vendor was sent says what the history says: every call with its own result, and nobody else's secrets."""
    assert NATIVE.encode() not in request.data
    portable, _ = request.portable()
    for sent, said in zip(pairs(portable), pairs(history), strict=True):
        assert sent[:2] == said[:2]
        # Without text it is words of ours, or media that stand elsewhere.
        assert sent[2] == said[2] or not said[2].strip()
    for message in history:
        made = signatures(message.get(NATIVE))
        own = native_parts(message, request.dialect) is not None
        sent = {each for each in made if each in request.data.decode()}
        assert sent == (made if own else set()), (request.dialect, message)


def pairs(messages: list[dict[str, Any]]) -> list[tuple[str, Any, str]]:
    """Every result in order: the tool, the arguments of its call, and what text it gave."""
    called: dict[str, tuple[str, Any]] = {}
    found = []
    for message in messages:
        for call in message.get("tool_calls") or ():
            called[call["id"]] = (call["function"]["name"], json.loads(call["function"]["arguments"]))
        if message["role"] == "tool":
            found.append((*called[message["tool_call_id"]], _text(message["content"])))
    return found


def _text(content: Any) -> str:
    """The text of a result, as far as every vendor can say it."""
    if not isinstance(content, str):
        content = "".join(part["text"] for part in content if part["type"] == "text")
    try:
        return json.dumps(json.loads(content))
    except ValueError:
        return str(content)


def signatures(native: Any) -> set[str]:
    """The signatures in what only its maker understands."""
    return set(SIGNATURE.findall(json.dumps(native)))
