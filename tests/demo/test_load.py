"""The demo's load: every call is asked once, checked, and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.candidate import Candidate
from agentsea_gateway.demo.board import Board, Tally
from agentsea_gateway.demo.cast import answer_to
from agentsea_gateway.demo.load import STREAM_EVERY, Load
from agentsea_gateway.demo.measures import Measures
from agentsea_gateway.gateway import Gateway
from agentsea_gateway.testing import ScriptedProvider

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.testing.scripted import Told

TWO_STREAMS = Measures(calls=2 * STREAM_EVERY, threads=3, seconds=0.05, seed=1, patience=1.0)


def saying(name: str) -> Callable[[Any, Any], Told]:
    return lambda messages, _options: answer_to(messages[-1]["content"], name)


def asked(providers: dict[str, ScriptedProvider], *, enough: bool = True) -> tuple[Tally, int]:
    """What the board says after a load, and how many calls were begun."""
    board = Board(providers, dying="beta", seconds=1.0, reset=1.0)
    candidates = [Candidate(name, provider) for name, provider in providers.items()]
    with Gateway(candidates, listeners=[board]) as gateway, Load(gateway, board, TWO_STREAMS) as load:
        if enough:
            load.enough()
        load.start()
        for thread in load._threads:
            thread.join(5.0 if enough else 0.1)
    assert not load.running
    assert load.in_flight == 0
    return board.tally(), load.begun


def test_every_call_is_asked_once_and_counted(no_leaks: None) -> None:
    alpha = ScriptedProvider(default=saying("alpha"))
    tally, begun = asked({"alpha": alpha})
    assert (tally.served, tally.streams, tally.lost, begun) == (24, 2, (), 24)
    assert sorted(int(call.messages[-1]["content"].split()[-1]) for call in alpha.calls) == [*range(1, 25)]


def test_it_goes_on_until_it_is_enough(no_leaks: None) -> None:
    tally, begun = asked({"alpha": ScriptedProvider(default=saying("alpha"))}, enough=False)
    assert tally.served == begun > 24


def test_a_stream_that_breaks_after_content_is_asked_again_elsewhere() -> None:
    """G05, F33: the gateway never splices; the demo does what a program would do."""

    def cut(messages: Any, options: Any) -> Told:
        number = int(messages[-1]["content"].split()[-1])
        return (
            ["alpha heard ", ConnectionError("cut")] if number == STREAM_EVERY else saying("alpha")(messages, options)
        )

    tally, _ = asked({"alpha": ScriptedProvider(default=cut), "beta": ScriptedProvider(default=saying("beta"))})
    assert (tally.served, tally.streams, tally.cut, tally.lost) == (24, 2, 1, ())
    assert tally.scores["beta"].served == 1


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("the answer to another question", "got a wrong answer from alpha: 'the answer to another question'"),
        (ValueError("no answer"), "AllProvidersUnavailableError: all providers unavailable"),
    ],
)
def test_a_wrong_answer_or_none_is_a_call_that_was_lost(script: Any, why: str) -> None:
    tally, _ = asked({"alpha": ScriptedProvider(script, default=saying("alpha"))})
    assert tally.served == 23
    assert why in tally.lost[0]
