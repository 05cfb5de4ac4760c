"""The demo's verdict: all served and the dead one recovered, or one line that says why not."""

from __future__ import annotations

import attrs
import pytest

from agentsea_gateway.demo.board import Score, Tally
from agentsea_gateway.demo.report import complaint, ending
from agentsea_gateway.health import ProviderHealth

GOOD = Tally(
    elapsed=6.0,
    served=400,
    streams=33,
    failovers=11,
    cut=0,
    lost=(),
    served_since_return=43,
    scores={"alpha": Score(157), "beta": Score(76), "gamma": Score(167)},
    at={"died": 1.5, "blown": 2.0, "back": 3.3, "closed": 4.1},
    example=None,
)
WELL = {name: ProviderHealth() for name in GOOD.scores}


def test_all_served_and_recovered_is_no_complaint() -> None:
    assert complaint(GOOD, WELL) is None


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"lost": ("first\nreason", "second")}, "2 calls not served; the first: first reason"),
        ({"lost": ("x" * 1_000,)}, f"1 call not served; the first: {'x' * 297}..."),
        ({"at": {"died": 1.5, "back": 3.3}}, "'beta' died and its breaker never blew"),
        (
            {"at": {"died": 1.5, "blown": 2.0, "back": 3.3}},
            "'beta' came back and was not recovered: its breaker did not close again",
        ),
        (
            {"served_since_return": 0},
            "'beta' came back and was not recovered: its breaker closed, but it served nothing since",
        ),
    ],
)
def test_whatever_went_wrong_is_said_in_one_line(changes: dict[str, object], line: str) -> None:
    assert complaint(attrs.evolve(GOOD, **changes), WELL) == line  # type: ignore[arg-type]


def test_a_breaker_that_is_open_at_the_end_is_a_complaint() -> None:
    health = {**WELL, "beta": ProviderHealth(breaker="open")}
    assert complaint(GOOD, health) == "the breaker of beta is still open at the end"


def test_the_summary_counts_and_tells_the_life_of_the_dead_one() -> None:
    lines = ending(GOOD, well=True).splitlines()
    assert "  400 of 400 calls served (alpha 157, beta 76, gamma 167), 33 of them streams." in lines
    assert "  11 failovers, each at once and in the caller's own thread." in lines
    assert (
        "  'beta' died at 1.5 s, its breaker blew at 2.0 s, it was back at 3.3 s, its breaker closed at 4.1 s; "
        "43 calls served since."
    ) in lines


def test_a_stream_that_was_cut_is_told() -> None:
    assert "1 stream broke after the first words." in ending(attrs.evolve(GOOD, cut=1), well=True)
    assert "broke after" not in ending(GOOD, well=True)
