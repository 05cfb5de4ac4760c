"""The end: one route explained, what was served, and whether all went as it should."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.demo.cast import DYING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.demo.board import Tally
    from agentsea_gateway.health import ProviderHealth

NEXT = 'Your turn: Gateway(["anthropic/claude-opus-4-8", "openai/gpt-4.1"])'


def ending(tally: Tally, *, well: bool) -> str:
    """What the screen says at the end, whether all went well or not."""
    after = ["", NEXT] if well else []
    return "\n".join(["", *_explained(tally), "Summary:", *[f"  {line}" for line in _summary(tally)], *after])


def complaint(tally: Tally, health: Mapping[str, ProviderHealth]) -> str | None:
    """Why the demo failed, in one line; None where it did not."""
    if tally.lost:
        return f"{_count(len(tally.lost), 'call')} not served; the first: {_one_line(tally.lost[0])}"
    if "blown" not in tally.at:
        return f"{DYING!r} died and its breaker never blew"
    if not tally.recovered:
        return f"{DYING!r} came back and was not recovered: {_not_recovered(tally)}"
    broken = [name for name, found in health.items() if found.breaker != "closed"]
    if broken:
        return f"the breaker of {', '.join(broken)} is still open at the end"
    return None


def _explained(tally: Tally) -> list[str]:
    if tally.example is None:
        return []
    words = str(tally.example.explain()).splitlines()
    return ["One call that failed over; its reply.route.explain() says:", *[f"  {line}" for line in words], ""]


def _summary(tally: Tally) -> list[str]:
    asked = tally.served + len(tally.lost)
    shares = ", ".join([f"{name} {score.served}" for name, score in tally.scores.items()])
    lines = [
        f"{tally.served} of {asked} calls served ({shares}), {tally.streams} of them streams.",
        f"{_count(tally.failovers, 'failover')}, each at once and in the caller's own thread.",
    ]
    if tally.cut:
        lines.append(
            f"{_count(tally.cut, 'stream')} broke after the first words. A gateway never splices two answers: the "
            "caller got StreamInterruptedError with what had come, and asked again elsewhere."
        )
    return [*lines, *_life(tally)]


def _life(tally: Tally) -> list[str]:
    """The dying provider's part, as far as it came."""
    parts = [f"{what} at {tally.at[moment]:.1f} s" for moment, what in _MOMENTS if moment in tally.at]
    since = f"; {_count(tally.served_since_return, 'call')} served since" if "back" in tally.at else ""
    return [f"{DYING!r} {', '.join(parts)}{since}."] if parts else []


_MOMENTS = (
    ("died", "died"),
    ("blown", "its breaker blew"),
    ("back", "it was back"),
    ("closed", "its breaker closed"),
)


def _not_recovered(tally: Tally) -> str:
    if "closed" not in tally.at:
        return "its breaker did not close again"
    return "its breaker closed, but it served nothing since"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _one_line(text: str, most: int = 300) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[: most - 3]}..."
