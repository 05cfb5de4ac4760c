"""ModelInfo: what is known of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, field, fields, frozen

from agentsea_gateway.aside import load
from agentsea_gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attrs import Attribute

    from agentsea_gateway.models.prices import Prices


def is_tokens(value: Any) -> bool:
    """Whether `value` is a number of tokens that a model may take."""
    return value is None or (type(value) is int and value > 0)


def _tokens(_info: ModelInfo, attribute: Attribute[Any], value: Any) -> None:
    if not is_tokens(value):
        raise ConfigurationError(f"{attribute.name} is {value!r}; give a whole number of tokens above 0")


def _known(_info: ModelInfo, attribute: Attribute[Any], value: Any) -> None:
    if value is not None and not isinstance(value, bool):
        raise ConfigurationError(f"{attribute.name} is {value!r}; give True, False, or None where it is not known")


@frozen(kw_only=True)
class ModelInfo:
    """What is known of one model. Every field but `source` is None where it is not known.

    context_window     tokens of input that it takes
    max_output         tokens that it writes at most
    tools, vision, thinking, structured_output
                       whether it calls functions, looks at images, reasons, and keeps to a JSON schema
    prices             US dollars for its tokens
    deprecated         whether its vendor has announced its end
    source             where the facts are from, in words

    A provider may know its own models: `model_info(model)` returns one of these, or a dict of its fields.
    """

    context_window: int | None = field(default=None, validator=_tokens)
    max_output: int | None = field(default=None, validator=_tokens)
    tools: bool | None = field(default=None, validator=_known)
    vision: bool | None = field(default=None, validator=_known)
    thinking: bool | None = field(default=None, validator=_known)
    structured_output: bool | None = field(default=None, validator=_known)
    prices: Prices | None = None
    deprecated: bool | None = field(default=None, validator=_known)
    source: str = "unknown"

    def over(self, below: ModelInfo) -> ModelInfo:
        """What is known here, and from `below` whatever is not."""
        given = {name: value for name in _FACTS if (value := getattr(self, name)) is not None}
        sources = dict.fromkeys(source for source in (self.source, below.source) if source != "unknown")
        return evolve(below, **given, source=", ".join(sources) or "unknown")


_FACTS = tuple(attribute.name for attribute in fields(ModelInfo) if attribute.name != "source")
UNKNOWN = ModelInfo()


def as_info(value: ModelInfo | Mapping[str, Any] | None, source: str) -> ModelInfo:
    """A ModelInfo, from a mapping of its fields' names too. Raises ConfigurationError."""
    if value is None:
        return UNKNOWN
    if isinstance(value, ModelInfo):
        return value if value.source != "unknown" else evolve(value, source=source)
    load("agentsea_gateway.models.prices")
    from agentsea_gateway.models.prices import as_prices  # lightness: most have no prices of their own

    try:
        return ModelInfo(**{"source": source, **value, "prices": as_prices(value.get("prices"))})
    except (TypeError, AttributeError) as error:
        raise ConfigurationError(f"{source}: {error}; give a ModelInfo, or a dict of its fields") from None
