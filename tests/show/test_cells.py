"""A cell that builds a gateway may be run again and again: what it built before leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import threading

from agentsea_gateway.testing import Sandbox

CELL = """
from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.providers import Anthropic, OpenAI

gw = Gateway([
    Candidate("a", OpenAI(base_url=box.openai_url, api_key=box.api_key), "any"),
    Candidate("b", Anthropic(base_url=box.anthropic_url, api_key=box.api_key), "any"),
])
reply = gw.completion("Hi", exclude="b")
again = gw.completion("Hi", exclude="a")
with gw.stream("Hi") as stream:
    text = "".join(stream.text)
"""


def test_running_the_cell_again_closes_what_it_built_before(no_leaks: None) -> None:
    with Sandbox() as box:
        notebook = {"box": box}
        threads = threading.active_count()
        for _ in range(3):
            exec(CELL, notebook)
            gc.collect()
            assert threading.active_count() == threads
            assert box.wait_until(lambda: box.open_connections <= 2)  # those of the latest gateway: one to each dialect
        notebook.clear()
        gc.collect()
        assert box.wait_until(lambda: box.open_connections == 0)


def test_cells_run_inside_a_running_event_loop(no_leaks: None) -> None:
    async def kernel(notebook: dict[str, object]) -> None:
        exec(CELL, notebook)
        notebook["later"] = await asyncio.to_thread(notebook["gw"].completion, "Hi")  # type: ignore[attr-defined]

    with Sandbox() as box:
        notebook: dict[str, object] = {"box": box}
        asyncio.run(kernel(notebook))
        assert notebook["text"] == notebook["reply"].content == notebook["later"].content  # type: ignore[attr-defined]
        notebook["gw"].close()  # type: ignore[attr-defined]
