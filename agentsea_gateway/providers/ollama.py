"""Ollama's own chat API, of a server of one's own or of Ollama's cloud."""

from __future__ import annotations

import os
from typing import Any

from agentsea_gateway.providers.hosts import HOSTS, Host
from agentsea_gateway.providers.openai import OpenAI

_PORT = 11434


class Ollama(OpenAI):
    """Ollama in its own format. `Ollama()` is the server on this machine.

    api_key    else OLLAMA_API_KEY, else none is sent;   base_url   else OLLAMA_HOST, else this machine's port 11434
    headers    extra headers for every request;   connection   see HTTPProvider: session, proxies, verify, transport

    The address may leave out its scheme and its port, as in Ollama's own SDK: "gpu-box" is http://gpu-box:11434.
    What stands in Ollama's `options` beside sampling goes into `extra_body={"options": {"num_ctx": 8192}}`, and
    `extra_body={"keep_alive": "10m"}` keeps the model loaded.
    """

    stream_type = "application/x-ndjson"

    def __init__(
        self,
        api_key: str | None = None,
        *,
        base_url: str | None = None,
        host: Host = HOSTS["ollama"],
        **more: Any,
    ) -> None:
        given: Any = base_url or os.environ.get(host.url_variable or "") or host.base_url
        super().__init__(api_key, base_url=address(given) if isinstance(given, str) else given, host=host, **more)


def address(given: str) -> str:
    """The whole address that one says, without a trailing slash. 0.0.0.0, which a server listens on, is this machine.

    >>> address("gpu-box"), address("0.0.0.0:8000"), address("https://ollama.com")
    ('http://gpu-box:11434', 'http://127.0.0.1:8000', 'https://ollama.com')
    """
    scheme, separator, rest = given.partition("://")
    if not separator:
        scheme, rest = "http", given
    place, slash, path = rest.rstrip("/").partition("/")
    name, colon, port = place.rpartition(":")
    if not colon or "]" in port:
        name, port = place, "" if separator else str(_PORT)
    name = "127.0.0.1" if name in ("", "0.0.0.0") else name
    return f"{scheme}://{name}{':' + port if port else ''}{slash}{path}"
