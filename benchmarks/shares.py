"""A gateway's own share of a call: candidates that answer at once, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.answers import MODEL, TEXT
from benchmarks.client import Client, user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KINDS = ("agentsea_gateway", "LangChain fallbacks", "LiteLLM Router", "pydantic-ai FallbackModel")


class Share(Client):
    """One of `KINDS` over so many candidates; the first of them answers."""

    name = "share"

    def __init__(self, kind: str, candidates: int, strategy: str) -> None:
        self.kind, self.candidates, self.strategy = kind, candidates, strategy

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        makers = dict(zip(KINDS, (self._ours, _langchain, _litellm, _pydantic_ai), strict=True))
        self.call = makers[self.kind](self.candidates)

    def ask(self, text: str) -> str:
        return self.call(text)

    def _ours(self, candidates: int) -> Callable[[str], str]:
        from agentsea_gateway import Candidate, Gateway, Response, routing

        class Instant:
            def complete(self, messages: Any) -> Response:
                return Response(TEXT)

        provider = Instant()
        gateway = Gateway(
            [Candidate(name=f"c{number}", provider=provider, model=MODEL) for number in range(candidates)],
            strategy=getattr(routing, self.strategy)(),
        )
        return lambda text: gateway.completion(text).content


def _langchain(candidates: int) -> Callable[[str], str]:
    from langchain_core.runnables import RunnableLambda

    first, *others = [RunnableLambda(lambda text: TEXT) for _ in range(candidates)]
    chain = first.with_fallbacks(others)
    return lambda text: str(chain.invoke(text))


def _litellm(candidates: int) -> Callable[[str], str]:
    import litellm

    names = [f"c{number}" for number in range(candidates)]
    router = litellm.Router(
        model_list=[
            {"model_name": name, "litellm_params": {"model": f"openai/{MODEL}", "api_key": "x", "mock_response": TEXT}}
            for name in names
        ],
        fallbacks=[{"c0": names[1:]}],
        num_retries=0,
    )
    return lambda text: router.completion(model="c0", messages=user(text)).choices[0].message.content


def _pydantic_ai(candidates: int) -> Callable[[str], str]:
    from pydantic_ai import direct, messages
    from pydantic_ai.models.fallback import FallbackModel
    from pydantic_ai.models.function import FunctionModel

    def answer(asked: Any, info: Any) -> Any:
        return messages.ModelResponse(parts=[messages.TextPart(TEXT)])

    model = FallbackModel(*[FunctionModel(answer, model_name=f"c{number}") for number in range(candidates)])

    def call(text: str) -> str:
        answered = direct.model_request_sync(model, [messages.ModelRequest.user_text_prompt(text)])
        return answered.text or ""

    return call
