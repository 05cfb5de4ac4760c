"""A batch that can be killed: reviews in, JSON lines out. Run it again and it goes on where it stopped.

python examples/batch.py                                         no key: a sandbox answers
AGENTSEA_MODELS=anthropic/claude-opus-4-8,openai/gpt-4.1 python examples/batch.py reviews.csv answers.jsonl

The CSV has the columns `id` and `text`. The journal is the file of answers with `.journal` behind its name.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from typing import TYPE_CHECKING

from agentsea_gateway import Candidate, Gateway, GatewayError
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable

PROMPT = "Is this review positive, negative or neutral? Answer with one word.\n\n{text}"


def build() -> Gateway:
    """A gateway over the models of the environment, or over a sandbox."""
    if models := os.environ.get("AGENTSEA_MODELS"):
        return Gateway(models.split(","), timeout=60)
    box = Sandbox(latency=0.005)
    return Gateway([Candidate("sandbox", OpenAI(base_url=box.openai_url, api_key=box.api_key), "any-model")])


def reviews(path: str | None) -> Iterable[dict[str, str]]:
    """Row by row: a file may be larger than memory."""
    if path is None:
        yield from ({"id": str(number), "text": f"Review number {number}."} for number in range(200))
        return
    with open(path, newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def main(source: str | None = None, target: str = "answers.jsonl") -> None:
    asked = failed = 0
    with (
        build() as gateway,
        gateway.map(
            reviews(source),
            PROMPT,
            journal=target + ".journal",
            key=lambda row: row["id"],
            progress=sys.stderr.isatty(),
            max_tokens=500,
        ) as results,
        open(target, "w", encoding="utf-8") as file,
    ):
        for result in results:
            asked += not result.resumed
            failed += not result.ok
            answer = result.content if result.ok else None
            file.write(json.dumps({"id": result.row["id"], "answer": answer}) + "\n")
    print(f"{asked} asked, {failed} failed; answers in {target}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except GatewayError as error:
        raise SystemExit(f"the batch cannot go on: {error.message}") from None
    except KeyboardInterrupt:
        raise SystemExit("stopped; run it again to go on") from None
