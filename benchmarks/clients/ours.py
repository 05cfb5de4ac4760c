"""The gateway itself: two candidates, default settings, unless the class says otherwise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from benchmarks.answers import KEY, MODEL
from benchmarks.client import Client, root

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = ("first", "second", "third")


class Plain(Client):
    """Two OpenAI-compatible candidates."""

    name = "agentsea_gateway"
    importing = "from agentsea_gateway import Gateway"
    needs = ("agentsea-gateway", "requests", "attrs", "tenacity")
    fails_over = own = True
    orjson = False
    settings: dict[str, Any] = {}

    def load(self) -> None:
        if not self.orjson:
            sys.modules["orjson"] = None  # type: ignore[assignment]
        from agentsea_gateway import Gateway

        self.gateway_class = Gateway

    def provider(self, url: str) -> Any:
        """A provider that asks this server."""
        from agentsea_gateway.providers import OpenAI

        return OpenAI(api_key=KEY, base_url=url)

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        from agentsea_gateway import Candidate
        from agentsea_gateway.stream_events import Content

        two = urls if len(urls) > 1 else [*urls, *urls]
        candidates = [
            Candidate(name=name, provider=self.provider(url), model=MODEL)
            for name, url in zip(NAMES, two, strict=False)
        ]
        limits = (
            {} if timeout is None else {"timeout": timeout, "first_token_timeout": timeout, "idle_timeout": timeout}
        )
        self.gateway = self.gateway_class(candidates, **limits, **self.settings)
        self.content = Content

    def ask(self, text: str) -> str:
        return self.gateway.completion(text).content

    def stream(self, text: str) -> Iterator[str]:
        content = self.content
        for event in self.gateway.stream(text):
            if type(event) is content:
                yield event.text

    def close(self) -> None:
        self.gateway.close()


class Fast(Plain):
    """The same with orjson."""

    name = "agentsea_gateway[fast]"
    importing = ""
    needs = ("agentsea-gateway", "orjson")
    orjson = True


class Messages(Plain):
    """The same over Anthropic's messages."""

    name = "agentsea_gateway, Anthropic"
    needs = ("agentsea-gateway",)
    reference = "requests, messages"

    def provider(self, url: str) -> Any:
        from agentsea_gateway.providers import Anthropic

        return Anthropic(api_key=KEY, base_url=root(url))

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        super().open(urls, timeout)
        self.gateway = self.gateway.with_options(options={"max_tokens": 500})


class Watched(Plain):
    """Plain answers that were asked for as streams (of 20 events)."""

    name = "agentsea_gateway, watched"
    importing = ""
    needs = ("agentsea-gateway",)
    streams = False
    watches = True
    settings = {"watch": True}


class NeverBlown(Plain):
    """For measuring failover: the first candidate fails every time and is asked every time."""

    name = "agentsea_gateway, never blown"

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        from agentsea_gateway import BreakerPolicy

        self.settings = {"breaker": BreakerPolicy(window=1e-6, lookback=False)}  # no two melts are that close
        super().open(urls, timeout)
