"""The show: cast, load and story brought together on a screen."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from agentsea_gateway.demo.board import Board
from agentsea_gateway.demo.cast import DYING, ROLES, Cast
from agentsea_gateway.demo.load import Load
from agentsea_gateway.demo.report import complaint, ending
from agentsea_gateway.demo.story import opening, story
from agentsea_gateway.demo.table import Picture, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.demo.board import Tally
    from agentsea_gateway.demo.measures import Measures
    from agentsea_gateway.demo.screen import Screen
    from agentsea_gateway.health import ProviderHealth
    from agentsea_gateway.telemetry import Event

    Company = Callable[[Measures, Callable[[Event], object]], Cast]

FRAME_SECONDS = 1 / 15


def play(measures: Measures, screen: Screen, *, cast: Company = Cast) -> str | None:
    """Play the demo. None where every call was served and the dead one recovered, else why not, in one line.

    Whatever ends it, Ctrl-C included: its threads and sockets are gone then, and the screen is left as it was.
    """
    try:
        return _played(measures, screen, cast)
    finally:
        screen.close()


def _played(measures: Measures, screen: Screen, cast: Company) -> str | None:
    screen.tell(opening(measures))
    board = Board([role.name for role in ROLES], dying=DYING, seconds=measures.seconds, reset=measures.reset)
    with cast(measures, board) as company:
        with Load(company.gateway, board, measures) as load:
            board.begin()
            load.start()
            for _ in story(company, load, board, measures):
                screen.show(board.take_said(), _picture(board.tally(), company.gateway.health(), load, measures))
                time.sleep(FRAME_SECONDS)
        tally, health = board.tally(), company.gateway.health()
        screen.show(board.take_said(), _picture(tally, health, load, measures))
    screen.close()
    why_not = complaint(tally, health)
    screen.tell(ending(tally, well=why_not is None))
    return why_not


def _picture(tally: Tally, health: Mapping[str, ProviderHealth], load: Load, measures: Measures) -> Picture:
    return Picture(
        rows=[_row(role.name, role.speaks, tally, health[role.name]) for role in ROLES],
        calls=max(measures.calls, load.begun),
        in_flight=load.in_flight,
        served=tally.served,
        failovers=tally.failovers,
        streams=tally.streams,
        elapsed=tally.elapsed,
        seconds=measures.seconds,
    )


def _row(name: str, speaks: str, tally: Tally, health: ProviderHealth) -> Row:
    score = tally.scores[name]
    until = health.open_until
    return Row(
        name=name,
        speaks=speaks,
        up=name != DYING or "died" not in tally.at or "back" in tally.at,
        served=score.served,
        failed=score.failed,
        latency_ms=health.latency_ms,
        breaker=health.breaker,
        open_for=0.0 if until is None else max(0.0, (until - datetime.now(UTC)).total_seconds()),
        slots=score.slots,
    )
