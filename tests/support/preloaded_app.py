"""A WSGI application for forking servers: its gateway is built before the fork, over the addresses in PROVIDERS."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.integrations.sse import HEADERS, EventStream
from agentsea_gateway.providers import OpenAI

if TYPE_CHECKING:
    from collections.abc import Iterable

BUILT_IN = os.getpid()
gateway = Gateway(
    [
        Candidate(name, OpenAI("sk-sandbox", base_url=url), "any-model")
        for name, url in json.loads(os.environ["PROVIDERS"]).items()
    ],
    timeout=10,
)
gateway.completion("before the fork")  # with a connection that no child may use


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """`/?id=…` asks plainly, `/stream?id=…` streams; the answer tells which process gave it."""
    prompt = f"id {parse_qs(environ['QUERY_STRING'])['id'][0]} end"
    if environ["PATH_INFO"] == "/stream":
        start_response("200 OK", [*HEADERS.items()])
        return EventStream(gateway.stream(prompt))
    reply = gateway.completion(prompt)
    calls = sum(health.calls for health in gateway.health().values())
    body = {"content": reply.content, "pid": os.getpid(), "built_in": BUILT_IN, "calls": calls}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]
