"""Flask: a plain view, a view that streams server-sent events, and one that streams text.

    pip install agentsea-gateway flask
    flask --app examples/flask_app run
    curl -N -H 'Content-Type: application/json' -d '{"prompt": "Hello"}' http://127.0.0.1:5000/stream

With forking workers: gunicorn --preload --workers 4 --threads 16 --chdir examples flask_app:app
"""

from __future__ import annotations

import os

from flask import Flask, Response, jsonify, request

from agentsea_gateway import Candidate, Gateway, GatewayError
from agentsea_gateway.integrations.sse import HEADERS, EventStream
from agentsea_gateway.integrations.views import refusal
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Sandbox


def build() -> Gateway:
    """A gateway over the models of the environment; without any over a sandbox, which asks for no key."""
    if models := os.environ.get("AGENTSEA_MODELS"):
        return Gateway(models.split(","), timeout=25)  # below gunicorn's own 30 s
    box = Sandbox()
    return Gateway([Candidate("sandbox", OpenAI(base_url=box.openai_url, api_key=box.api_key), "any-model")])


app = Flask(__name__)
gateway = build()  # one for all threads; forked workers may use it as it is


@app.post("/ask")
def ask() -> Response:
    reply = gateway.completion(request.get_json()["prompt"])
    return jsonify(content=reply.content, served_by=reply.served_by)


@app.post("/stream")
def stream() -> Response:
    return Response(EventStream(gateway.stream(request.get_json()["prompt"])), headers=HEADERS)


@app.get("/text")
def text() -> Response:
    return Response(gateway.stream(request.args["prompt"]).text, mimetype="text/plain")


@app.errorhandler(GatewayError)
def refused(error: GatewayError) -> tuple[Response, int, dict[str, str]]:
    answer = refusal(error)
    return jsonify(answer.body), answer.status, answer.headers
