"""The peers: what asks a second provider when the first does not serve, as each one's documentation sets it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.answers import KEY, MODEL
from benchmarks.client import Client, user
from benchmarks.clients.sdks import LangChain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class LiteLLMRouter(Client):
    """LiteLLM's Router: two deployments, the second a fallback of the first."""

    name = "LiteLLM Router"
    importing = "from litellm import Router"
    needs = ("litellm", "openai")
    fails_over = True
    cooldowns = True

    def load(self) -> None:
        import litellm

        self.router_class = litellm.Router

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.client = self.router_class(
            model_list=[
                {"model_name": name, "litellm_params": {"model": f"openai/{MODEL}", "api_key": KEY, "api_base": url}}
                for name, url in zip(("first", "second"), [*urls, urls[0]], strict=False)
            ],
            fallbacks=[{"first": ["second"]}],
            num_retries=0,
            disable_cooldowns=not self.cooldowns,
            **({} if timeout is None else {"timeout": timeout, "stream_timeout": timeout}),
        )

    def ask(self, text: str) -> str:
        return self.client.completion(model="first", messages=user(text)).choices[0].message.content

    def stream(self, text: str) -> Iterator[str]:
        for chunk in self.client.completion(model="first", messages=user(text), stream=True):
            yield chunk.choices[0].delta.content or ""


class LiteLLMNoCooldown(LiteLLMRouter):
    """For measuring failover: the first deployment is asked every time."""

    name = "LiteLLM Router, no cooldown"
    cooldowns = False


class LangChainFallbacks(LangChain):
    """LangChain's with_fallbacks over two ChatOpenAI."""

    name = "LangChain fallbacks"
    importing = ""
    fails_over = True

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        first, second = [self.model(url, timeout) for url in [*urls, urls[0]][:2]]
        self.client = first.with_fallbacks([second])


class PydanticAI(Client):
    """pydantic-ai's FallbackModel over two OpenAI models, by its direct requests."""

    name = "pydantic-ai FallbackModel"
    importing = "from pydantic_ai.models.fallback import FallbackModel"
    needs = ("pydantic-ai-slim", "openai")
    fails_over = True

    def load(self) -> None:
        from pydantic_ai import direct, messages, models
        from pydantic_ai.models.fallback import FallbackModel

        models.ALLOW_MODEL_REQUESTS = True
        self.direct, self.messages, self.fallback = direct, messages, FallbackModel

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.client = self.fallback(*[self._model(url) for url in [*urls, urls[0]][:2]])
        self.settings: Any = {} if timeout is None else {"timeout": timeout}

    def _model(self, url: str) -> Any:
        from openai import AsyncOpenAI
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIChatModel(
            MODEL, provider=OpenAIProvider(openai_client=AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0))
        )

    def ask(self, text: str) -> str:
        request = self.messages.ModelRequest.user_text_prompt(text)
        return self.direct.model_request_sync(self.client, [request], model_settings=self.settings).text

    def stream(self, text: str) -> Iterator[str]:
        request = self.messages.ModelRequest.user_text_prompt(text)
        with self.direct.model_request_stream_sync(self.client, [request], model_settings=self.settings) as events:
            for event in events:
                part = getattr(event, "delta", None) or getattr(event, "part", None)
                if event.event_kind in ("part_start", "part_delta"):
                    yield getattr(part, "content_delta", None) or getattr(part, "content", None) or ""


class Baldur(Client):
    """baldur's wrapped OpenAI client with a fallback endpoint."""

    name = "baldur"
    importing = "import baldur, openai"
    needs = ("baldur-framework", "openai")
    fails_over = True

    def load(self) -> None:
        import baldur
        import openai

        self.baldur, self.sdk = baldur, openai.OpenAI

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        endpoints = [
            self.baldur.llm.Endpoint(self.sdk(base_url=url, api_key=KEY, max_retries=0), name=f"{name}.{id(self)}")
            for name, url in zip(("first", "second"), [*urls, urls[0]], strict=False)
        ]
        patience = {} if timeout is None else {"timeout": timeout}
        self.client = self.baldur.llm.wrap(endpoints[0], fallbacks=endpoints[1:], **patience)

    def ask(self, text: str) -> str:
        return self.client.chat.completions.create(model=MODEL, messages=user(text)).choices[0].message.content

    def stream(self, text: str) -> Iterator[str]:
        for chunk in self.client.chat.completions.create(model=MODEL, messages=user(text), stream=True):
            if chunk.choices:
                yield chunk.choices[0].delta.content or ""
