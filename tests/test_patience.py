"""Patience: the share of an attempt, and whether it had a fair chance when it was cut short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentsea_gateway.patience import had_fair_chance, share

LATENCY = st.none() | st.floats(0, 1_000)
REMAINING = st.floats(0.001, 1_000)


# -- share: max(R/2, min(2 L(own), 3/4 R), R - 2 L(next)) --------------------------------------------------------------


@pytest.mark.parametrize(
    ("remaining", "own", "following", "seconds"),
    [
        # nothing is known: half
        (1.0, None, None, 0.5),
        (20.0, None, None, 10.0),
        # own latency: twice that, within half and three quarters
        (20.0, 1.0, None, 10.0),
        (20.0, 5.0, None, 10.0),
        (20.0, 6.0, None, 12.0),
        (20.0, 7.5, None, 15.0),
        (20.0, 10.0, None, 15.0),
        (20.0, 100.0, None, 15.0),
        # the next one's: what it needs is left to it, twice over
        (20.0, None, 1.0, 18.0),
        (20.0, None, 4.0, 12.0),
        (20.0, None, 5.0, 10.0),
        (20.0, None, 12.0, 10.0),
        # both
        (20.0, 10.0, 12.0, 15.0),
        (20.0, 10.0, 1.0, 18.0),
        (20.0, 2.0, 4.0, 12.0),
        (1.0, 0.2, 0.2, 0.6),
        # however fast the next one is, a tenth is left to it
        (20.0, None, 0.0, 18.0),
        (20.0, None, 0.1, 18.0),
        (1.0, 0.001, 0.001, 0.9),
    ],
)
def test_the_share_leaves_the_next_candidate_a_chance(
    remaining: float, own: float | None, following: float | None, seconds: float
) -> None:
    assert share(remaining, own, following) == pytest.approx(seconds)


@given(REMAINING, LATENCY, LATENCY)
def test_a_share_is_between_half_and_nine_tenths(remaining: float, own: float | None, following: float | None) -> None:
    assert remaining / 2 <= share(remaining, own, following) <= 0.9 * remaining + 1e-9


@given(REMAINING, st.floats(0, 1_000), st.floats(0, 1_000), LATENCY)
def test_a_slower_candidate_gets_no_less_and_before_a_slower_one_no_more(
    remaining: float, quick: float, slow: float, other: float | None
) -> None:
    quick, slow = min(quick, slow), max(quick, slow)
    assert share(remaining, quick, other) <= share(remaining, slow, other)
    assert share(remaining, other, quick) >= share(remaining, other, slow)


# -- a fair chance -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ran", "own", "another_ready", "fair"),
    [
        # another one is ready behind it: max(0.25 s, 3/4 L)
        (0.25, 0.1, True, True),
        (0.249, 0.1, True, False),
        (0.25, 1 / 3, True, True),
        (7.5, 10.0, True, True),
        (7.499, 10.0, True, False),
        # nobody is: max(0.25 s, 2 L)
        (0.25, 0.1, False, True),
        (0.249, 0.001, False, False),
        (0.25, 0.125, False, True),
        (20.0, 10.0, False, True),
        (19.999, 10.0, False, False),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_measured_candidate_had_a_fair_chance_by_its_own_latency(
    ran: float, own: float, *, another_ready: bool, fair: bool, first: bool
) -> None:
    assert had_fair_chance(ran, own, first=first, another_ready=another_ready) is fair


@pytest.mark.parametrize(
    ("ran", "first", "another_ready", "fair"),
    [
        (0.25, True, True, True),
        (100.0, True, True, True),
        (0.249, True, True, False),
        (100.0, False, True, False),
        (100.0, True, False, False),
        (100.0, False, False, False),
    ],
)
def test_one_never_measured_had_a_chance_only_as_the_routes_first_before_others(
    ran: float, *, first: bool, another_ready: bool, fair: bool
) -> None:
    assert had_fair_chance(ran, None, first=first, another_ready=another_ready) is fair


@given(LATENCY, st.booleans(), st.booleans())
def test_below_a_quarter_of_a_second_nobody_is_blamed(own: float | None, first: bool, another_ready: bool) -> None:
    assert not had_fair_chance(0.2499, own, first=first, another_ready=another_ready)
