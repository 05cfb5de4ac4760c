"""A candidate's tariff: what is known of its model, by itself, by its provider and by the table.

Nothing is read before somebody asks. It pickles with a route, without the provider.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.aside import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.models.info import ModelInfo

ANYWHERE = ""  # no address that the table could know, and no reason to believe the provider's name


class Tariff:
    """What one candidate's model takes and costs.

    provider   the kind of service;   model   as the candidate names it
    base_url   where its provider asks, None for a plain provider
    facts      what the candidate says of its model: fields of ModelInfo
    tell       what its provider knows of the model, where it knows something; asked once
    """

    __slots__ = ("_own", "_tell", "base_url", "facts", "model", "provider")

    def __init__(
        self,
        provider: str,
        model: str | None,
        base_url: str | None = None,
        facts: Mapping[str, Any] | None = None,
        tell: Callable[[str | None], ModelInfo] | None = None,
    ) -> None:
        self.provider = provider
        self.model = model
        self.base_url = base_url
        self.facts = facts or {}
        self._tell = tell
        self._own: ModelInfo | None = None

    def info(self, at: float | None = None, model: str | None = None) -> ModelInfo:
        """What is known of the model at a moment (Unix time; None: now); of `model`, where another one served."""
        load("agentsea_gateway.models.info")
        load("agentsea_gateway.models.table")
        from agentsea_gateway.models.info import UNKNOWN
        from agentsea_gateway.models.table import find

        own = self.own()
        found = find(self.provider, model or self.model, at=at, base_url=self.base_url)
        if found.prices is None and model and model != self.model:  # a name that the host alone knows
            found = find(self.provider, self.model, at=at, base_url=self.base_url)
        return found if own is UNKNOWN else own.over(found)

    def own(self) -> ModelInfo:
        """What the candidate and its provider say themselves."""
        if self._own is None:
            load("agentsea_gateway.models.info")
            from agentsea_gateway.models.info import UNKNOWN, as_info

            told = UNKNOWN if self._tell is None else self._tell(self.model)
            self._own = as_info(self.facts, "the candidate").over(told) if self.facts else told
        return self._own

    def __reduce__(self) -> tuple[Any, ...]:
        facts = {} if not self.facts and self._tell is None else _written(self.own())
        return Tariff, (self.provider, self.model, self.base_url, facts)


def _written(info: ModelInfo) -> dict[str, Any]:
    from attrs import asdict  # rare: a route that leaves the process

    return asdict(info, recurse=False)
