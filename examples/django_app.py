"""Django in one file: a plain view, and views that stream, for WSGI and for ASGI.

    pip install agentsea-gateway django uvicorn gunicorn
    gunicorn --threads 16 --chdir examples django_app:application        WSGI: /ask/ and /stream/
    uvicorn --app-dir examples django_app:asgi                           ASGI: /ask/ and /astream/
    curl -N 'http://127.0.0.1:8000/astream/?prompt=Hello'

Under ASGI Django reads a synchronous iterator to its end before it sends anything; `Unblocked` makes an asynchronous
one of it, and closes the stream as soon as the client goes away.
"""

from __future__ import annotations

import asyncio
import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin

from agentsea_gateway import Candidate, Gateway, GatewayError
from agentsea_gateway.integrations.asgi import Unblocked
from agentsea_gateway.integrations.sse import HEADERS, EventStream
from agentsea_gateway.integrations.views import refusal
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Sandbox

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__,
        MIDDLEWARE=[f"{__name__}.Refusals"],
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        SECRET_KEY=os.urandom(32).hex(),
    )


def build() -> Gateway:
    """A gateway over the models of the environment; without any over a sandbox, which asks for no key."""
    if models := os.environ.get("AGENTSEA_MODELS"):
        return Gateway(models.split(","), timeout=25)
    box = Sandbox()
    return Gateway([Candidate("sandbox", OpenAI(base_url=box.openai_url, api_key=box.api_key), "any-model")])


gateway = build()


def ask(request: HttpRequest) -> HttpResponse:
    reply = gateway.completion(request.GET["prompt"])
    return JsonResponse({"content": reply.content, "served_by": reply.served_by})


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """For WSGI."""
    return StreamingHttpResponse(EventStream(gateway.stream(request.GET["prompt"])), headers=HEADERS)


async def astream(request: HttpRequest) -> StreamingHttpResponse:
    """For ASGI."""
    opened = await asyncio.to_thread(gateway.stream, request.GET["prompt"])
    return StreamingHttpResponse(Unblocked(EventStream(opened)), headers=HEADERS)


class Refusals(MiddlewareMixin):
    """Where nobody served, the client gets a status that says so."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, GatewayError):
            return None
        answer = refusal(error)
        return JsonResponse(answer.body, status=answer.status, headers=answer.headers)


urlpatterns = [path("ask/", ask), path("stream/", stream), path("astream/", astream)]
application = get_wsgi_application()
asgi = get_asgi_application()
