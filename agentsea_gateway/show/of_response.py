"""A response: what was said, by whom, and the route behind a line to click on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agentsea_gateway.show import of_route
from agentsea_gateway.show.markup import bold, faint, fenced, folded, frame, line, ms, preformatted, text, words

if TYPE_CHECKING:
    from agentsea_gateway.response import Response, ToolCall


def html(response: Response) -> str:
    """The whole picture."""
    who = bold(response.served_by) if response.served_by is not None else ""
    parts = [line(who, *[faint(fact) for fact in facts(response)])]
    if response.thinking:
        parts.append(folded("thinking", preformatted(response.thinking)))
    parts += [preformatted(said) for said in (response.content, response.refusal) if said]
    parts += [f"<div><code>{text(called(call))}</code></div>" for call in response.tool_calls]
    route = response.route
    if route is not None and route.cached_at is not None:
        parts.append(line(*[faint(note) for note in (of_route.headline(route), *of_route.notes(route))]))
    elif route is not None:
        eventful = len(route.attempts) > 1 or bool(route.skipped)
        parts.append(folded(f"route: {of_route.headline(route)}", of_route.picture(route), is_open=eventful))
    return frame(*parts)


def markdown(response: Response) -> str:
    """The same in words; the answer itself as a block, whatever Markdown is in it."""
    who = [f"**{words(response.served_by)}**"] if response.served_by is not None else []
    parts = [" · ".join([*who, *[words(fact) for fact in facts(response)]])]
    parts += [fenced(said) for said in (response.content, response.refusal) if said]
    parts += [fenced(called(call)) for call in response.tool_calls]
    if response.route is not None:
        parts.append(of_route.markdown(response.route))
    return "\n\n".join(part for part in parts if part)


def facts(response: Response) -> list[str]:
    """Model, stop reason, tokens, cost, time: what is known of it."""
    usage = response.usage
    said = [response.model or "", response.stop_reason or ""]
    if usage.input_tokens is not None or usage.output_tokens is not None:
        said.append(f"{_count(usage.input_tokens)} + {_count(usage.output_tokens)} tokens")
    if response.cost is not None:
        said.append(f"${response.cost:f}")
    if response.route is not None:
        said.append(ms(response.route.latency_ms))
    if response.degraded:
        said.append(f"left out: {', '.join(response.degraded)}")
    return [fact for fact in said if fact]


def called(call: ToolCall) -> str:
    """A tool call as one would write it."""
    return f"{call.name}({call.raw_arguments or call.arguments or ''})"


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"
