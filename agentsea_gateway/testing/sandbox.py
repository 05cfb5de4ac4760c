"""A provider to test against: a real HTTP server on loopback that speaks the vendors' languages and obeys a script."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from agentsea_gateway.testing.script import Script
from agentsea_gateway.testing.server import HOST, Server
from agentsea_gateway.testing.service import Service
from agentsea_gateway.testing.side import Rules
from agentsea_gateway.testing.sides import prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.script import Action


class Sandbox:
    """A loopback server that answers in every dialect of the package, plain and streamed: OpenAI's chat completions and
    responses, Anthropic's messages, Gemini's and Vertex AI's generateContent, Bedrock's Converse, Cohere's, Mistral's
    and Ollama's chat.

    answers     what it says unless told otherwise: one Action for all requests, or a sequence of them that is used up
                once (as by `script`). An Action is a text, a Reply, a Fault, or a function of the Request that returns
                one of these. None: its name and the last user message ("sandbox: Hello")
    latency     seconds before every answer whose Reply or Fault does not say otherwise
    api_key     the key it insists on; None: any key or none will do
    models      the models that exist; None: all of them
    name        stands in its default answer and in its ids: tells sandboxes apart
    rate_limit  requests a minute that its rate-limit headers claim (they count down, nothing is enforced); None: it
                sends no such headers
    keep        how many of the latest requests `requests` holds

    It refuses what the vendors refuse, in their words: a missing or wrong key, bad JSON, fields that the vendor does
    not know, tool results without their call, ids of a form that it does not take, edited thinking, and so on. A
    refused request is counted and recorded, but uses up nothing of the script.

    A function that answers runs in the server's only thread, so it must not wait (a Reply has `latency` for that). What
    it raises resets the client's connection and is raised again by `close()`.

    >>> from agentsea_gateway.testing import Fault
    >>> with Sandbox(name="box") as box:
    ...     box.script(Fault.status(503), "well again")
    ...     box.hits
    0
    """

    def __init__(
        self,
        answers: Action | Sequence[Action] | None = None,
        *,
        latency: float = 0.0,
        api_key: str | None = "sk-sandbox",
        models: Sequence[str] | None = None,
        name: str = "sandbox",
        rate_limit: int | None = None,
        keep: int = 10_000,
    ) -> None:
        self.name = name
        self.api_key = api_key
        self._script = Script(name)
        if isinstance(answers, Sequence) and not isinstance(answers, str):
            self._script.add(answers)
        elif answers is not None:
            self._script.set_default(answers)
        rules = Rules(api_key, None if models is None else tuple(models))
        self._service = Service(name, self._script, rules, latency=latency, rate_limit=rate_limit, keep=keep)
        self._server = Server(self._service.handle, f"sandbox {name}")
        self._closed = False

    @property
    def base_url(self) -> str:
        """Where it is, without a path: "http://127.0.0.1:PORT"."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def openai_url(self) -> str:
        """What OpenAI's clients want as base_url, for chat completions and for responses: it ends in /v1."""
        return self._url("openai_chat")

    @property
    def azure_url(self) -> str:
        """What Azure's clients want as endpoint; every deployment exists there."""
        return self._url("openai_chat").removesuffix("/v1")

    @property
    def anthropic_url(self) -> str:
        """What Anthropic's clients want as base_url, at Anthropic and on Google Cloud: without /v1."""
        return self._url("anthropic_messages")

    @property
    def gemini_url(self) -> str:
        """What Google's clients want as base_url, for AI Studio and for Vertex AI: without a version."""
        return self._url("gemini")

    @property
    def cohere_url(self) -> str:
        """What Cohere's clients want as base_url: without /v2."""
        return self._url("cohere_chat")

    @property
    def bedrock_url(self) -> str:
        """What Amazon's clients want as endpoint_url. A signed request counts by its access key's id, which has to be
        the sandbox's `api_key`."""
        return self._url("bedrock_converse")

    @property
    def mistral_url(self) -> str:
        """What clients of Mistral want as base_url: it ends in /v1, which Mistral's own client wants left out."""
        return self._url("mistral_chat")

    @property
    def ollama_url(self) -> str:
        """What Ollama's clients want as base_url or host."""
        return self._url("ollama_chat")

    def _url(self, dialect: str) -> str:
        return self.base_url + prefix_of(dialect)

    def script(self, *actions: Action) -> None:
        """Answer the next requests with these, one each and in this order; then as usual again."""
        self._script.add(actions)

    def always(self, action: Action) -> None:
        """From now on answer every request so (once the script is used up), until `recover()`."""
        self._script.always(action)

    def recover(self) -> None:
        """Be well again: no `always`, no script, not dead."""
        self._script.clear()
        self.revive()

    def kill(self) -> None:
        """Die: every connection is closed, new ones are refused. The port stays reserved."""
        self._server.kill()

    def revive(self) -> None:
        """Accept connections again, on the same port. Nothing happens where it is not dead."""
        self._server.revive()

    @property
    def hits(self) -> int:
        """How many requests arrived, the refused ones included."""
        return self._service.hits

    @property
    def requests(self) -> list[Request]:
        """The requests that arrived, oldest first (the latest `keep` of them), credentials blanked."""
        return [*self._service.requests]

    @property
    def open_connections(self) -> int:
        """Connections that are open now, stalled ones included."""
        return self._server.open_connections

    @property
    def connections(self) -> int:
        """Connections that were ever opened: fewer than `hits` where clients keep them alive."""
        return self._server.accepted

    def wait_until(self, predicate: Callable[[], bool], timeout: float = 5.0) -> bool:
        """Wait until `predicate()` is true, as in `box.wait_until(lambda: box.open_connections == 0)`; False after
        `timeout` seconds. It is looked at whenever something happened in the sandbox."""
        return self._server.wait_until(predicate, timeout)

    def close(self) -> None:
        """End every answer, close every socket, free the port, end the thread. Harmless a second time.

        Raises what a function that answers raised, if one did.
        """
        self._stop()
        if self._service.errors:
            raise self._service.errors.pop(0)

    def _stop(self) -> None:
        if not self._closed:
            self._closed = True
            self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
            return
        self._stop()
        for raised in self._service.errors:  # probably the cause of what is under way, and not to replace it
            error.add_note(f"While answering, sandbox {self.name!r} raised {raised!r}")

    def __repr__(self) -> str:
        return f"Sandbox({self.name!r}, {self.base_url}, hits={self.hits})"
