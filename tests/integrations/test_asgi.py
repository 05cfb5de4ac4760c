"""A stream under an event loop: the loop goes on while it waits, and a cancelled task frees the connection at once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import StreamInterruptedError
from agentsea_gateway.integrations.asgi import Unblocked
from agentsea_gateway.integrations.sse import EventStream
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.testing import Fault, Reply, Sandbox
from support.gateways import gateway

CALLER: ContextVar[str] = ContextVar("caller", default="nobody")


def over(box: Sandbox) -> Gateway:
    """A gateway over the sandbox."""
    return Gateway([Candidate("a", OpenAI(box.api_key, base_url=box.openai_url), "m")])


def test_pieces_come_in_order_and_end() -> None:
    async def read() -> list[str]:
        return [text async for text in Unblocked(gateway("one two three").stream("Hi").text)]

    assert "".join(asyncio.run(read())) == "one two three"


def test_an_error_reaches_the_task() -> None:
    async def read() -> None:
        async for _ in Unblocked(gateway(["one ", ConnectionError("oh")]).stream("Hi").text):
            pass

    with pytest.raises(StreamInterruptedError):
        asyncio.run(read())


def test_the_loop_goes_on_while_a_stream_waits(no_leaks: None) -> None:
    with Sandbox(Reply("one two three", pause=0.05)) as box, over(box) as gw:

        async def read() -> tuple[int, bytes]:
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    await asyncio.sleep(0.005)
                    ticks += 1

            ticking = asyncio.create_task(tick())
            stream = await asyncio.to_thread(gw.stream, "Hi")
            pieces = [piece async for piece in Unblocked(EventStream(stream))]
            ticking.cancel()
            return ticks, b"".join(pieces)

        ticks, text = asyncio.run(read())
    assert ticks > 5
    assert b"three" in text
    assert b'"done"' in text


def test_a_cancelled_wait_frees_the_connection_at_once(no_leaks: None) -> None:
    """Not only when the silent server's patience runs out."""
    with Sandbox() as box, over(box) as gw:
        box.always(Fault.stall(1, reply="one two three"))

        async def read() -> None:
            stream = await asyncio.to_thread(gw.stream, "Hi")
            task = asyncio.create_task(consume(Unblocked(stream.text)))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(read())
        assert box.wait_until(lambda: box.open_connections == 0, 2)
        assert gw.health()["a"].errors == 0


async def consume(pieces: Unblocked[str]) -> None:
    """Read to the end."""
    async for _ in pieces:
        pass


def test_closing_closes_what_is_iterated() -> None:
    stream = gateway("one two three").stream("Hi")
    pieces = Unblocked(stream.text)
    asyncio.run(pieces.aclose())
    assert repr(stream) == "Stream(closed, served_by='a')"


def test_steps_run_in_the_given_executor_and_in_the_tasks_context() -> None:
    seen: list[tuple[str, str]] = []

    def steps():
        seen.append((threading.current_thread().name, CALLER.get()))
        yield "one"

    async def read() -> None:
        CALLER.set("the view")
        with ThreadPoolExecutor(1, thread_name_prefix="streams") as executor:
            async for _ in Unblocked(steps(), executor=executor):
                pass

    asyncio.run(read())
    assert seen == [("streams_0", "the view")]
