"""The demo's table: never wider than the terminal, and the important columns stay longest."""

from __future__ import annotations

import re

import attrs
import pytest

from agentsea_gateway.demo.style import BLOCKS, LETTERS, Style
from agentsea_gateway.demo.table import Picture, Row, in_words, lines

PAINT = re.compile(r"\x1b\[[0-9;]+m")


def a_row(name: str, **changes: object) -> Row:
    row = Row(
        name=name,
        speaks="Anthropic",
        up=True,
        served=123_456,
        failed=0,
        latency_ms=71.6,
        breaker="closed",
        open_for=0.0,
        slots=[1] * 30,
    )
    return attrs.evolve(row, **changes)  # type: ignore[arg-type]


PICTURE = Picture(
    rows=[
        a_row("alpha"),
        a_row("beta", up=False, failed=11, breaker="open", open_for=0.84, slots=[2] * 10, latency_ms=None),
        a_row("gamma", breaker="half_open", slots=[]),
    ],
    calls=100_000,
    in_flight=200,
    served=99_999,
    failovers=1_000,
    streams=8_000,
    elapsed=59.9,
    seconds=120.0,
)


def shown(width: int, style: Style | None = None) -> list[str]:
    return [PAINT.sub("", line) for line in lines(PICTURE, width, style or Style())]


@pytest.mark.parametrize("width", range(31, 160))
@pytest.mark.parametrize("style", [Style(), Style(colour=True, levels=BLOCKS)])
def test_no_line_is_wider_than_the_terminal(width: int, style: Style) -> None:
    assert max(map(len, shown(width, style))) <= width


def test_the_number_of_lines_does_not_depend_on_the_width() -> None:
    assert {len(shown(width)) for width in range(31, 160)} == {6}


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (31, "provider served breaker"),
        (40, "provider served latency breaker"),
        (50, "provider served failed latency breaker"),
        (70, "provider speaks port served failed latency breaker"),
        (79, "provider speaks port served failed latency breaker over time"),
        (99, "provider speaks port served failed latency breaker served over time"),
    ],
)
def test_who_served_and_the_breaker_stay_longest(width: int, titles: str) -> None:
    assert shown(width)[0].split() == titles.split()


def test_a_line_says_how_a_provider_stands() -> None:
    alpha, beta, gamma = shown(70)[1:4]
    assert alpha.split() == ["alpha", "Anthropic", "open", "123456", "0", "72", "ms", "ok"]
    assert beta.split() == ["beta", "Anthropic", "closed", "123456", "11", "-", "blown", "0.8", "s"]
    assert gamma.split()[-1] == "probing"


def test_the_chart_shows_when_a_provider_served_nothing() -> None:
    alpha, beta, gamma = [line[68:] for line in shown(79, Style(levels=BLOCKS))[1:4]]
    assert (alpha, beta, gamma) == ("▄▄▄▄", "█▆", "")


def test_without_colours_nothing_is_painted() -> None:
    assert not any("\x1b" in line for line in lines(PICTURE, 99, Style()))
    assert any("\x1b" in line for line in lines(PICTURE, 99, Style(colour=True)))


@pytest.mark.parametrize("levels", [BLOCKS, LETTERS])
def test_bars_are_empty_for_nothing_and_full_for_the_most(levels: str) -> None:
    style = Style(levels=levels)
    assert style.bars([0, 1, 50, 100], 100) == levels[0] + levels[1] + levels[4] + levels[8]
    assert style.bars([0, 0], 0) == levels[0] * 2


def test_the_plain_line_says_who_served_and_which_breaker_is_blown() -> None:
    assert in_words(PICTURE) == (
        "99999 of 100000 served: alpha 123456 (72 ms), beta 123456 (-), gamma 123456 (72 ms); "
        "1000 failed over; breaker of beta, gamma blown"
    )
