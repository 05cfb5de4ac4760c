"""A candidate: one configured entry that the gateway may choose (G10)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from agentsea_gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from attrs import Attribute

    from agentsea_gateway.models.prices import Prices


CAPABILITIES = ("tools", "vision", "thinking", "structured_output")
# What the gateway hands to a provider beside the options.
_GIVEN = {
    "messages": "they come with each call",
    "model": "give it as the candidate's model=",
    "call": "the gateway makes one for each attempt",
}


def _name_given(_candidate: Candidate, _attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"a candidate's name is a non-empty string, not {value!r}")


def _provider_usable(candidate: Candidate, _attribute: Attribute[Any], value: Any) -> None:
    if isinstance(value, type):
        raise ConfigurationError(
            f"candidate {candidate.name!r}: provider is the class {value.__name__}; give an instance"
        )
    if not callable(getattr(value, "complete", None)) and not callable(getattr(value, "stream", None)):
        raise ConfigurationError(
            f"candidate {candidate.name!r}: provider is a {type(value).__name__}; give an object with "
            "complete(messages, **options)"
        )


def _model_text(candidate: Candidate, _attribute: Attribute[Any], value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"candidate {candidate.name!r}: model is a {type(value).__name__}; give a string")


def _options_mapping(candidate: Candidate, attribute: Attribute[Any], value: Any) -> None:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ConfigurationError(f"candidate {candidate.name!r}: {attribute.name} is a dict of option names to values")
    for name in _GIVEN.keys() & value.keys():
        raise ConfigurationError(f"candidate {candidate.name!r}: {name} is no option; {_GIVEN[name]}")


def _cost_number(candidate: Candidate, _attribute: Attribute[Any], value: Any) -> None:
    try:
        usable = value is None or (not isinstance(value, bool) and 0 <= value < inf)
    except (TypeError, ArithmeticError):  # no number; Decimal("NaN")
        usable = False
    if not usable:
        raise ConfigurationError(f"candidate {candidate.name!r}: cost is {value!r}; give a finite number, 0 or more")


def _as_prices(value: Any) -> Prices | None:
    if value is None:
        return None
    from agentsea_gateway.models.prices import as_prices  # lightness: most have no prices of their own

    return as_prices(value)


def _window(candidate: Candidate, _attribute: Attribute[Any], value: Any) -> None:
    if value is not None and (type(value) is not int or value < 1):
        raise ConfigurationError(
            f"candidate {candidate.name!r}: context_window is {value!r}; give a whole number of tokens above 0"
        )


def _capabilities_known(candidate: Candidate, _attribute: Attribute[Any], value: Any) -> None:
    fits = isinstance(value, dict) and all(key in CAPABILITIES and isinstance(value[key], bool) for key in value)
    if not fits:
        raise ConfigurationError(
            f"candidate {candidate.name!r}: capabilities is {value!r}; give True or False for {', '.join(CAPABILITIES)}"
        )


def _copied(value: Any) -> Any:
    return dict(value) if hasattr(value, "keys") else value


@frozen(eq=False, repr=False)
class Candidate:
    """An entry the gateway may choose: who answers, with which model, under which name.

    name       unique within a gateway; what health, routes, events and `exclude` call it
    provider   any object with `complete(messages, **options) -> Response`, optionally `stream(messages, **options)`
    model      handed to the provider as `model`, where it takes one
    options    defaults under the call's own options (G10); `system` among them, for calls without a system message
    overrides  options that win over the call's own; `system` among them, instead of the call's system messages
    cost       what a call costs relative to the others, in any unit; used by CostOptimized
    prices     what its tokens cost, where the price table does not know it or is wrong: `models.Prices`, or a dict such
               as {"input": 0.5, "output": 1.5} in US dollars for a million tokens
    context_window, capabilities
               what its model takes, over what is known of it otherwise: tokens, and a dict such as {"tools": False}
               with "tools", "vision", "thinking", "structured_output"
    """

    name: str = field(validator=_name_given)
    provider: Any = field(validator=_provider_usable)
    model: str | None = field(default=None, validator=_model_text)
    options: Mapping[str, Any] = field(factory=dict, converter=_copied, validator=_options_mapping)
    overrides: Mapping[str, Any] = field(factory=dict, converter=_copied, validator=_options_mapping, kw_only=True)
    cost: float | Decimal | None = field(default=None, validator=_cost_number, kw_only=True)
    prices: Prices | None = field(default=None, converter=_as_prices, kw_only=True)
    context_window: int | None = field(default=None, validator=_window, kw_only=True)
    capabilities: Mapping[str, bool] = field(factory=dict, validator=_capabilities_known, kw_only=True)

    def __repr__(self) -> str:
        # Options are left out: `extra_headers` may hold a secret.
        kind = type(self.provider).__name__
        return f"Candidate({self.name!r}, provider={kind}, model={self.model!r})"

    @property
    def facts(self) -> dict[str, Any]:
        """What it says of its model itself: fields of `models.ModelInfo`."""
        given = {"context_window": self.context_window, "prices": self.prices, **self.capabilities}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def provider_name(self) -> str:
        """The kind of service, for errors and events: the provider's `name`, or its class name."""
        name = getattr(self.provider, "name", None)
        return name if isinstance(name, str) else type(self.provider).__name__
