"""What every call of a batch is given, unless its row brings its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.options import Options, check_options

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from agentsea_gateway.response import Response
    from agentsea_gateway.store.cache import Mode


class Common(Options, total=False):
    """What `Gateway.completion` takes beside the messages: `wait` stands in `Gateway.map` itself."""

    system: str | None
    exclude: str | Iterable[str]
    timeout: float | None
    watch: bool | None
    cache: bool | Mode | None
    validate: Callable[[Response], object] | None


NO_OPTIONS = frozenset(("messages", "system", "exclude", "timeout", "wait", "watch", "cache", "validate"))


def options_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The options among a completion's arguments."""
    options = {name: value for name, value in arguments.items() if name not in NO_OPTIONS and value is not None}
    if "response_format" in options:
        from agentsea_gateway.structured import demand_of  # lightness: most ask for plain text

        demand_of(options)  # a type becomes the schema that is sent
    return options


def check_common(common: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise InvalidRequestError at once for what would be wrong in every row."""
    check_options(options_of(common), known)
