"""Asking from the command line: the prompt, the models, the call, and what is printed of the answer."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from agentsea_gateway.commands import models
from agentsea_gateway.commands.complaints import complaint
from agentsea_gateway.commands.prompts import is_left_in_the_pipe, prompt_of
from agentsea_gateway.commands.words import harmless
from agentsea_gateway.errors import ConfigurationError, GatewayError, InvalidRequestError
from agentsea_gateway.gateway import Gateway
from agentsea_gateway.options import check_options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from agentsea_gateway.response import Response
    from agentsea_gateway.route import Route


def ask(args: argparse.Namespace) -> int:
    """Ask as `args` say; the exit status."""
    if hasattr(sys.stdout, "reconfigure"):  # an answer may hold what the terminal's encoding does not
        sys.stdout.reconfigure(errors="replace")
    try:
        prompt = prompt_of(args.prompt)
        with Gateway(_models(args.model), strategy=_strategy(args.strategy)) as gw:
            try:
                route = _answered(gw, prompt, args)
            except GatewayError as error:
                _explain(error.route, args)
                return _complain(*complaint(error, gw))
        _explain(route, args)
        if is_left_in_the_pipe(args.prompt):
            _complain("what was piped in was not read; a '-' puts it into the prompt", 0)
    except GatewayError as error:  # nothing was asked: the command line or the environment is wrong
        return _complain(*complaint(error))
    return 0


def _answered(gw: Gateway, prompt: str, args: argparse.Namespace) -> Route | None:
    """Print the answer as `args` want it; its route."""
    options = _options(args.option or ())
    out = sys.stdout
    if args.stream or (args.stream is None and not args.json and out.isatty()):
        return _streamed(gw, prompt, args, options)
    reply = gw.completion(prompt, system=args.system, timeout=args.timeout, **options)
    if args.json:
        out.write(json.dumps(as_json(reply), ensure_ascii=False, indent=2 if out.isatty() else None) + "\n")
    else:
        _write(_text_of(reply))
        _end_line(_text_of(reply))
    return reply.route


def _streamed(gw: Gateway, prompt: str, args: argparse.Namespace, options: Any) -> Route | None:
    last = ""
    with gw.stream(prompt, system=args.system, timeout=args.timeout, **options) as stream:
        try:
            for text in stream.text:
                _write(text)
                sys.stdout.flush()
                last = text
        finally:
            if last:
                _end_line(last)
    if not last:
        _write(_text_of(stream.response))
        _end_line(_text_of(stream.response))
    return stream.response.route


def _text_of(reply: Response) -> str:
    return reply.content or reply.refusal or ""


def _write(text: str) -> None:
    sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)


def _end_line(text: str) -> None:
    if not text.endswith("\n"):
        sys.stdout.write("\n")


def _models(given: list[str] | None) -> list[str]:
    names = given or models.given_by()
    if not names:
        raise ConfigurationError(models.hint())
    return [*dict.fromkeys(names)]


def _strategy(name: str) -> Any:
    from agentsea_gateway import routing

    kinds = {
        "failover": "Failover",
        "round-robin": "RoundRobin",
        "cost": "CostOptimized",
        "latency": "LatencyOptimized",
    }
    return getattr(routing, kinds[name])()


def _options(pairs: Iterable[tuple[str, str]]) -> Any:
    """The call's options, checked here: what the call takes beside them is for the command's own options."""
    options = {name: _value(text) for name, text in pairs}
    for name in ("system", "timeout"):
        if name in options:
            raise InvalidRequestError(f"{name} is no option of the model; give --{name}")
    check_options(options)
    return options


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_USAGE = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "total_tokens")
_ROUTE = ("strategy", "order", "latency_ms", "served_by", "strategy_error", "waited_ms")
_SKIPPED = ("candidate", "reason", "ready_at", "detail")
_ATTEMPT = (
    *("candidate", "provider", "model", "outcome", "started_ms", "latency_ms", "first_token_ms"),
    *("error", "message", "status_code", "patience", "retried"),
)


def as_json(reply: Response) -> dict[str, Any]:
    """What `--json` prints of an answer."""
    return {
        "content": reply.content,
        "thinking": reply.thinking,
        "refusal": reply.refusal,
        "tool_calls": [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in reply.tool_calls],
        "stop_reason": reply.stop_reason,
        "served_by": reply.served_by,
        "model": reply.model,
        "id": reply.id,
        "usage": _facts(reply.usage, _USAGE),
        "cost": None if reply.cost is None else str(reply.cost),
        "cost_source": reply.cost_source,
        "degraded": [*reply.degraded],
        "route": None if reply.route is None else _route_as_json(reply.route),
    }


def _route_as_json(route: Route) -> dict[str, Any]:
    attempts = [_facts(attempt, _ATTEMPT) for attempt in route.attempts]
    skipped = [_facts(skipped, _SKIPPED) for skipped in route.skipped]
    return {**_facts(route, _ROUTE), "attempts": attempts, "skipped": skipped}


def _facts(owner: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = {name: getattr(owner, name) for name in names}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()}


def _explain(route: Route | None, args: argparse.Namespace) -> None:
    if args.explain and route is not None:
        sys.stdout.flush()
        sys.stderr.write(harmless(str(route.explain())) + "\n")


def _complain(message: str, status: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"agentsea ask: {message}\n")
    return status
