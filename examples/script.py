"""A script: one question, one stream, and what happened on the way.

python examples/script.py                                        no key: a sandbox answers
AGENTSEA_MODELS=anthropic/claude-opus-4-8,openai/gpt-4.1 python examples/script.py
"""

from __future__ import annotations

import os

from agentsea_gateway import Candidate, Gateway, GatewayError
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Fault, Sandbox


def build() -> Gateway:
    """A gateway over the models of the environment, or over two sandboxes, one of which is ill."""
    if models := os.environ.get("AGENTSEA_MODELS"):
        return Gateway(models.split(","), timeout=60)
    ill, well = Sandbox(name="ill"), Sandbox(name="well")
    ill.always(Fault.status(503))
    return Gateway(
        [Candidate(box.name, OpenAI(base_url=box.openai_url, api_key=box.api_key), "any-model") for box in (ill, well)]
    )


def main() -> None:
    with build() as gateway:
        reply = gateway.completion("Why is the sky blue?", max_tokens=300, timeout=20)
        print(reply.content)
        print(reply.served_by, reply.stop_reason, reply.usage.output_tokens)
        print(reply.route.explain())

        with gateway.stream("And why is the sea?") as stream:
            for text in stream.text:
                print(text, end="", flush=True)
        print(f"\n{stream.served_by}, {stream.response.stop_reason}")


if __name__ == "__main__":
    try:
        main()
    except GatewayError as error:
        raise SystemExit(f"nobody could serve: {error.message}") from None
