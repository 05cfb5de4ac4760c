"""The clients that are measured, by name."""

from __future__ import annotations

from benchmarks.clients import bare, gateways, ours, sdks

ALL = {
    client.name: client
    for client in (
        ours.Plain,
        ours.Fast,
        ours.Messages,
        ours.Watched,
        bare.Requests,
        bare.RequestsAgain,
        bare.HTTPX,
        bare.Urllib3,
        bare.HTTPClient,
        bare.PyReqwest,
        bare.Primp,
        bare.PycURL,
        bare.RawSocket,
        sdks.OpenAI,
        sdks.Anthropic,
        sdks.LM15,
        sdks.AnyLLM,
        sdks.LiteLLM,
        sdks.LangChain,
        gateways.LiteLLMRouter,
        gateways.LangChainFallbacks,
        gateways.PydanticAI,
        gateways.Baldur,
    )
}
REFERENCES = {client.name: client for client in (bare.Requests, bare.RequestsMessages)}
