"""A conversation with tools, images and thinking goes on wherever it moves, in every dialect."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from agentsea_gateway.testing import Sandbox
from support.hopping import SPEAKERS, Conversation

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = tuple(SPEAKERS)
# Every speaker behind every other at least once in all of them together.
ORDERS = {
    f"by {step}": tuple(NAMES[index * step % len(NAMES)] for index in range(len(NAMES))) for step in (1, 3, 7, 10)
}
PLAIN_AND_STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@PLAIN_AND_STREAMED
@pytest.mark.parametrize("order", ORDERS)
def test_a_conversation_moves_to_another_vendor_at_every_request(box: Sandbox, order: str, stream: bool) -> None:
    Conversation(box, ORDERS[order], stream=stream).run()
    assert {request.dialect for request in box.requests} >= {"anthropic_messages", "gemini", "ollama_chat"}


@pytest.mark.parametrize("name", NAMES)
def test_a_conversation_that_stays_keeps_what_only_its_vendor_understands(box: Sandbox, name: str) -> None:
    Conversation(box, [name]).run()


@pytest.mark.parametrize("order", ORDERS)
def test_an_edited_message_is_sent_without_what_was_signed(box: Sandbox, order: str) -> None:
    Conversation(box, ORDERS[order], edited=True).run()


@pytest.mark.parametrize("order", ORDERS)
def test_a_conversation_that_is_to_be_thought_about_moves_too(box: Sandbox, order: str) -> None:
    """Claude with a budget refuses to go on with calls that nobody thought about; so thinking gives way there."""
    Conversation(box, ORDERS[order], reasoning_effort="low").run()


@pytest.mark.slow
@PLAIN_AND_STREAMED
@pytest.mark.parametrize(("one", "other"), list(permutations(NAMES, 2)))
def test_a_conversation_moves_from_each_vendor_to_each_and_back(
    box: Sandbox, one: str, other: str, stream: bool
) -> None:
    Conversation(box, [one, other], stream=stream).run()
