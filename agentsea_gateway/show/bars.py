"""Attempts on a time axis: one small inline SVG for each, all on the scale of the whole call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.show.markup import COLOURS, GREY, ms, text

if TYPE_CHECKING:
    from agentsea_gateway.route import Attempt

SHORTEST = 0.8  # percent of the axis: an attempt that took no time is still seen

_TICKS = (
    '<path d="M0 0V10M25 0V10M50 0V10M75 0V10M100 0V10" fill="none" stroke="currentColor" stroke-opacity=".25" '
    'vector-effect="non-scaling-stroke"/>'
)
_STYLE = "display:block;width:100%;min-width:7em;height:.9em;margin:.25em 0"


def bar(attempt: Attempt, whole_ms: float) -> str:
    """One attempt as a bar from its beginning to its end; pale until a stream's first content."""
    began, took, silent = attempt.started_ms, attempt.latency_ms, attempt.first_token_ms
    whole = max(whole_ms, began + took) or 1.0
    start = min(100 * began / whole, 100 - SHORTEST)
    width = max(SHORTEST, min(100 * took / whole, 100 - start))
    label = f"{attempt.outcome.replace('_', ' ')}: from {ms(began)} on, {ms(took)} of {ms(whole_ms)}"
    fill = COLOURS.get(attempt.outcome, GREY)
    pale = 0.0 if silent is None else min(100 * silent / whole, width)
    drawn = _rect(start, pale, fill, opacity=0.45) + _rect(start + pale, max(width - pale, SHORTEST / 2), fill)
    return (
        f'<svg role="img" aria-label="{text(label)}" viewBox="0 0 100 10" preserveAspectRatio="none" '
        f'style="{_STYLE}"><title>{text(label)}</title>{_TICKS}{drawn}</svg>'
    )


def _rect(start: float, width: float, fill: str, *, opacity: float = 1.0) -> str:
    if not width:
        return ""
    return f'<rect x="{start:.2f}" y="1" width="{width:.2f}" height="8" fill="{fill}" fill-opacity="{opacity:g}"/>'


def axis(whole_ms: float) -> str:
    """The scale above the bars: from 0 to the end of the call."""
    ends = f"<span>0</span><span>{text(ms(whole_ms))}</span>"
    return f'<div style="display:flex;justify-content:space-between;min-width:7em;font-weight:normal">{ends}</div>'
