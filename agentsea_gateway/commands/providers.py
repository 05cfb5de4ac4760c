"""The command `agentsea providers`: the services that can be named in "provider/model", and what is set for them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from agentsea_gateway.providers.catalogue import Service

DESCRIPTION = """\
List the services that can be named before the slash in provider/model: the
variables that configure each, whether they are set, and how it speaks. With a
NAME: that service alone, and the models that it lists when it is asked."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its options."""
    parser.description = DESCRIPTION
    parser.add_argument("name", nargs="?", metavar="NAME", help="one service, with its models")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the list, or one service; the exit status."""
    from agentsea_gateway.commands.complaints import complaint
    from agentsea_gateway.errors import GatewayError

    try:
        return _one(args.name, as_json=args.json) if args.name else _all(as_json=args.json)
    except GatewayError as error:
        message, status = complaint(error)
        sys.stdout.flush()
        sys.stderr.write(f"agentsea providers: {message}\n")
        return status


def _all(*, as_json: bool) -> int:
    from agentsea_gateway.commands.words import columns
    from agentsea_gateway.providers.catalogue import services

    found = services()
    if as_json:
        _print_json([_facts(service) for service in found])
    else:
        head = ("NAME", "CONFIGURED", "VARIABLES", "DIALECT")
        sys.stdout.write(columns([head, *map(_row, found)]) + "\n")
    return 0


def _one(name: str, *, as_json: bool) -> int:
    from agentsea_gateway.commands.words import harmless
    from agentsea_gateway.errors import NotFoundError
    from agentsea_gateway.providers.catalogue import services
    from agentsea_gateway.providers.resolve import resolve

    service = next((service for service in services() if service.name == name), None)
    provider = resolve(f"{name}/any").provider if service is None or service.configured() else None
    models: tuple[str, ...] | None = None
    if provider is not None and hasattr(provider, "models"):
        try:
            models = provider.models()
        except NotFoundError:  # it keeps no list
            models = None
    facts = {**({"name": name} if service is None else _facts(service)), "models": models and sorted(models)}
    if as_json:
        _print_json(facts)
        return 0
    for key, value in facts.items():
        if key != "models":
            sys.stdout.write(f"{key}: {harmless(_in_words(value))}\n")
    sys.stdout.writelines(f"  {name}/{harmless(model)}\n" for model in facts["models"] or ())
    return 0


def _facts(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "title": service.title,
        "configured": service.configured(),
        "variables": _variables(service),
        "dialect": service.dialect,
        "address": service.address,
        "source": service.source,
    }


def _variables(service: Service) -> list[str]:
    return [*(" or ".join(group) for group in service.variables), *service.optional]


def _row(service: Service) -> tuple[str, str, str, str]:
    needed = ", ".join(" or ".join(group) for group in service.variables)
    configured = "yes" if service.configured() else "no"
    if service.local:
        configured = "local"
    return service.name, configured, needed or f"none ({', '.join(service.optional)} where wanted)", service.dialect


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _print_json(value: Any) -> None:
    import json

    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
