"""The demo's board: what the gateway's events become."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agentsea_gateway.demo.board import Board
from agentsea_gateway.errors import Outcome
from agentsea_gateway.route import Attempt, Route
from agentsea_gateway.telemetry import AttemptStop, BreakerBlown, BreakerClosed, CandidateBenched, RouteStop

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def board() -> Board:
    return Board(["alpha", "beta"], dying="beta", seconds=60.0, reset=1.0)


def tried(candidate: str, error: str | None = None) -> Attempt:
    outcome: Outcome = "success" if error is None else "failure"
    return Attempt(candidate, "openai", "m", outcome, 0.0, 1.0, error, error and "refused")


def served(name: str, *before: str) -> RouteStop:
    attempts = (*[tried(other, "APIConnectionError") for other in before], tried(name))
    route = Route("RoundRobin", (*before, name), attempts, (), 1.0, name)
    return RouteStop(len(attempts), 1.0, name, "ok", route)


def test_a_route_counts_for_who_served(board: Board) -> None:
    board(served("alpha"))
    board(served("alpha", "beta"))
    board(RouteStop(1, 1.0, None, "error", Route("RoundRobin", (), (), (), 1.0)))
    tally = board.tally()
    assert (tally.scores["alpha"].served, tally.scores["beta"].served, tally.failovers) == (2, 0, 1)
    assert sum(tally.scores["alpha"].slots) == 2


def test_a_failed_attempt_counts_for_who_failed(board: Board) -> None:
    board(AttemptStop(tried("beta", "APIConnectionError")))
    board(AttemptStop(tried("beta")))
    assert board.tally().scores["beta"].failed == 1


def test_breakers_are_told_in_sentences(board: Board) -> None:
    board(AttemptStop(tried("beta", "APIConnectionError")))
    for event in (BreakerBlown("beta", NOW), BreakerBlown("beta", NOW), BreakerClosed("beta")):
        board(event)
    assert [sentence.text for sentence in board.take_said()] == [
        "Breaker of 'beta' blew after 1 failed attempts: out for 1 s.",
        "One call probed 'beta': still dead. Out for another 1 s.",
        "A probe was served: breaker of 'beta' closed, it serves again.",
    ]
    assert board.take_said() == []
    assert set(board.tally().at) == {"blown", "closed"}


def test_events_that_mean_nothing_here_are_let_pass(board: Board) -> None:
    board(CandidateBenched("alpha", NOW, "key"))
    assert board.take_said() == []


def test_recovered_means_closed_again_and_served_since(board: Board) -> None:
    board(served("beta"))
    board(BreakerBlown("beta", NOW))
    board.say("It is back.", moment="back")
    assert not board.tally().recovered
    board(BreakerClosed("beta"))
    assert not board.tally().recovered
    board(served("beta"))
    assert board.tally().recovered
    assert board.tally().served_since_return == 1


def test_the_route_that_is_explained_failed_over_before_the_breaker_blew(board: Board) -> None:
    first, last, late = served("alpha", "beta"), served("alpha", "beta"), served("alpha", "beta")
    board(served("alpha"))
    assert board.tally().example is None
    board(first)
    board(last)
    board(BreakerBlown("beta", NOW))
    board(late)
    assert board.tally().example is last.route
