"""The SDKs: clients that know the dialect and ask one provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.answers import KEY, MODEL
from benchmarks.client import Client, root, user

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class OpenAI(Client):
    """openai-python."""

    name = "openai"
    importing = "from openai import OpenAI"
    needs = ("openai", "httpx")

    def load(self) -> None:
        import openai

        self.sdk = openai.OpenAI

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        patience = {} if timeout is None else {"timeout": timeout}
        self.client = self.sdk(base_url=urls[0], api_key=KEY, max_retries=0, **patience)

    def ask(self, text: str) -> str:
        return self.client.chat.completions.create(model=MODEL, messages=user(text)).choices[0].message.content

    def stream(self, text: str) -> Iterator[str]:
        for chunk in self.client.chat.completions.create(model=MODEL, messages=user(text), stream=True):
            if chunk.choices:
                yield chunk.choices[0].delta.content or ""


class Anthropic(Client):
    """anthropic-sdk-python."""

    name = "anthropic"
    importing = "from anthropic import Anthropic"
    needs = ("anthropic", "httpx")
    reference = "requests, messages"

    def load(self) -> None:
        import anthropic

        self.sdk = anthropic.Anthropic

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        patience = {} if timeout is None else {"timeout": timeout}
        self.client = self.sdk(base_url=root(urls[0]), api_key=KEY, max_retries=0, **patience)

    def ask(self, text: str) -> str:
        return self.client.messages.create(model=MODEL, max_tokens=500, messages=user(text)).content[0].text

    def stream(self, text: str) -> Iterator[str]:
        for event in self.client.messages.create(model=MODEL, max_tokens=500, messages=user(text), stream=True):
            if event.type == "content_block_delta":
                yield event.delta.text


class LM15(Client):
    """lm15: four dialects on the standard library alone."""

    name = "lm15"
    importing = "import lm15"
    needs = ("lm15",)

    def load(self) -> None:
        import lm15

        self.lm15 = lm15

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.client = self.lm15.OpenAIChatLM(api_key=KEY, base_url=urls[0])

    def ask(self, text: str) -> str:
        return self.client.complete(self._request(text)).text

    def stream(self, text: str) -> Iterator[str]:
        for event in self.client.stream(self._request(text)):
            if event.type == "delta" and event.delta.type == "text":
                yield event.delta.text

    def _request(self, text: str) -> Any:
        return self.lm15.Request(model=MODEL, messages=(self.lm15.Message.user(text),))


class AnyLLM(Client):
    """any-llm."""

    name = "any-llm"
    importing = "from any_llm import AnyLLM"
    needs = ("any-llm-sdk", "openai")

    def load(self) -> None:
        import any_llm

        self.any_llm = any_llm.AnyLLM

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        patience = {} if timeout is None else {"timeout": timeout}
        self.client = self.any_llm.create("openai", api_key=KEY, api_base=urls[0], max_retries=0, **patience)

    def ask(self, text: str) -> str:
        return self.client.completion(MODEL, user(text)).choices[0].message.content

    def stream(self, text: str) -> Iterator[str]:
        for chunk in self.client.completion(MODEL, user(text), stream=True):
            if chunk.choices:
                yield chunk.choices[0].delta.content or ""


class LiteLLM(Client):
    """litellm.completion, one provider."""

    name = "litellm"
    importing = "from litellm import completion"
    needs = ("litellm", "openai")

    def load(self) -> None:
        import litellm

        self.completion = litellm.completion

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        patience = {} if timeout is None else {"timeout": timeout}
        self.common = {"model": f"openai/{MODEL}", "api_key": KEY, "base_url": urls[0], "max_retries": 0, **patience}

    def ask(self, text: str) -> str:
        return self.completion(messages=user(text), **self.common).choices[0].message.content

    def stream(self, text: str) -> Iterator[str]:
        for chunk in self.completion(messages=user(text), stream=True, **self.common):
            yield chunk.choices[0].delta.content or ""


class LangChain(Client):
    """langchain-openai, one provider."""

    name = "langchain-openai"
    importing = "from langchain_openai import ChatOpenAI"
    needs = ("langchain-openai", "langchain-core", "openai")

    def load(self) -> None:
        from langchain_openai import ChatOpenAI

        self.sdk = ChatOpenAI

    def model(self, url: str, timeout: float | None) -> Any:
        """A chat model that asks this server."""
        return self.sdk(model=MODEL, api_key=KEY, base_url=url, max_retries=0, timeout=timeout)

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.client = self.model(urls[0], timeout)

    def ask(self, text: str) -> str:
        return self.client.invoke(text).content

    def stream(self, text: str) -> Iterator[str]:
        for chunk in self.client.stream(text):
            yield chunk.content
