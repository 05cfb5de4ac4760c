"""A candidate made ready to be called: its functions, what they take, and its constant options, worked out once."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import ConfigurationError, InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.messages import checked
from agentsea_gateway.options import KNOWN, check_options
from agentsea_gateway.pricing import tariff_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentsea_gateway.call import Call
    from agentsea_gateway.candidate import Candidate
    from agentsea_gateway.structured import Forms

_NO_OPTIONS = frozenset(("messages", "model", "call"))
_SYSTEM = ("system", "developer")


class Signature:
    """What one of a provider's functions takes.

    options       option names; None: any
    needed        those of them without a default
    model, call   whether it takes them; `needs_model`: it has no default
    """

    __slots__ = ("call", "model", "needed", "needs_model", "options")

    def __init__(self, function: Callable[..., Any], declared: frozenset[str] | None) -> None:
        parameters = _behind_messages(function)
        any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
        by_name = [it for it in parameters if it.kind in (it.KEYWORD_ONLY, it.POSITIONAL_OR_KEYWORD)]
        named = frozenset(parameter.name for parameter in by_name)
        bare = {parameter.name for parameter in by_name if parameter.default is parameter.empty}
        self.model = any_name or "model" in named
        self.needs_model = "model" in bare
        self.call = "call" in named
        self.needed = bare - _NO_OPTIONS
        takes_any = any_name and declared is None
        self.options = None if takes_any else (declared or frozenset()) | (named - _NO_OPTIONS)


def _behind_messages(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters behind the first one, which takes the messages, whatever it is called."""
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):  # a builtin without a signature: hand it everything
        return [inspect.Parameter("options", inspect.Parameter.VAR_KEYWORD)]
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError("is async; write a blocking one (async programs call asyncio.to_thread)")
    if not parameters or parameters[0].kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD):
        raise ConfigurationError("takes no messages by position; begin it with (self, messages, …)")
    for parameter in parameters[1:]:
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
            raise ConfigurationError(f"takes {parameter.name} by position only; options are given by name")
    return parameters[1:]


class Binding:
    """One candidate of one gateway. Immutable after construction.

    options    the gateway's and the candidate's defaults with the model, in one dict
    accepted   every option name that the provider names or declares
    forms      what its own options ask of every answer: (that wins over the call's, that stands in for it), or None
    systems    its own system messages, in the same way
    """

    __slots__ = (
        "_complete",
        "_stream",
        "accepted",
        "candidate",
        "complete_takes",
        "forms",
        "model",
        "name",
        "options",
        "overrides",
        "provider_name",
        "stream_takes",
        "systems",
        "tariff",
    )

    def __init__(self, candidate: Candidate, defaults: Mapping[str, Any]) -> None:
        provider = candidate.provider
        self.candidate = candidate
        self.name = candidate.name
        self.model = candidate.model
        self.provider_name = candidate.provider_name
        self.tariff = tariff_of(candidate)
        self._complete, self.complete_takes = self._function("complete")
        self._stream, self.stream_takes = self._function("stream")
        needs_model = getattr(provider, "requires_model", False) is True
        if self.model is None and (needs_model or any(takes.needs_model for takes in self._signatures())):
            raise ConfigurationError(f"candidate {self.name!r}: {self.provider_name} needs a model; give model=")
        self.accepted = frozenset().union(*(takes.options or () for takes in self._signatures()))
        self.options = {**defaults, **candidate.options}
        self.overrides = dict(candidate.overrides)
        self.systems = self._systems()
        self.forms = self._forms()
        self._check_options(self.options, self.overrides)

    def _function(self, verb: str) -> tuple[Any, Signature | None]:
        """One of the provider's functions and what it takes; None where it has none."""
        provider = self.candidate.provider
        function = getattr(provider, verb, None)
        if not callable(function):
            return None, None
        known = getattr(provider, "known_options", None)
        declared = frozenset(known) if isinstance(known, (set, frozenset)) else None
        try:
            return function, Signature(function, declared)
        except ConfigurationError as error:
            raise ConfigurationError(f"candidate {self.name!r}: {self.provider_name}.{verb} {error}") from None

    def _systems(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None] | None:
        """The system messages in its options and overrides, where the provider has no such option itself."""
        if "system" in self.accepted or not ("system" in self.options or "system" in self.overrides):
            return None
        try:
            own = self.overrides, self.options
            found = [checked("", given.pop("system"))[0] if "system" in given else None for given in own]
        except InvalidRequestError as error:
            raise ConfigurationError(f"candidate {self.name!r}: {error}") from None
        return found[0], found[1]

    def _with_system(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages under its own system prompt: instead of the call's, or where the call has none."""
        overriding, default = self.systems or (None, None)
        told = next((index for index, it in enumerate(messages) if it["role"] not in _SYSTEM), len(messages))
        if overriding is not None:
            return [overriding, *messages[told:]]
        return [*messages] if told or default is None else [default, *messages]

    def _forms(self) -> Forms | None:
        """What its own options ask of every answer, where they do."""
        if "response_format" not in self.options and "response_format" not in self.overrides:
            return None
        from agentsea_gateway.structured import forms_of  # lightness: most ask for plain text

        try:
            return forms_of(self.options, self.overrides)
        except InvalidRequestError as error:
            raise ConfigurationError(f"candidate {self.name!r}: {error}") from None

    def _signatures(self) -> list[Signature]:
        return [takes for takes in (self.complete_takes, self.stream_takes) if takes is not None]

    def _check_options(self, *several: Mapping[str, Any]) -> None:
        takes_any = any(takes.options is None for takes in self._signatures())
        for options in several:
            known = self.accepted | set(options) if takes_any else self.accepted
            for name in KNOWN.intersection(options) - known:
                raise ConfigurationError(f"candidate {self.name!r}: {self.provider_name} takes no option {name}")
            try:
                check_options(options, known)
            except InvalidRequestError as error:
                raise ConfigurationError(f"candidate {self.name!r}: {error}") from None

    @property
    def can_stream(self) -> bool:
        """Whether the provider has a `stream`."""
        return self._stream is not None

    @property
    def can_complete(self) -> bool:
        """Whether the provider has a `complete`."""
        return self._complete is not None

    def complete(self, messages: list[dict[str, Any]], call: Call, options: Mapping[str, Any]) -> Any:
        """Ask the provider for a whole answer."""
        return self._ask(self._complete, self.complete_takes, messages, call, options)

    def stream(self, messages: list[dict[str, Any]], call: Call, options: Mapping[str, Any]) -> Any:
        """Ask the provider for an iterator of events."""
        return self._ask(self._stream, self.stream_takes, messages, call, options)

    def _ask(
        self, function: Any, takes: Signature | None, messages: Any, call: Call, options: Mapping[str, Any]
    ) -> Any:
        assert takes is not None, "the gateway leaves out who cannot do this"
        merged = {**self.options, **options, **self.overrides} if options or self.overrides else self.options.copy()
        if takes.options is not None and not takes.options.issuperset(merged):
            refused = ", ".join(sorted(set(merged) - takes.options))
            raise UnsupportedRequestError(f"{self.provider_name} takes no option {refused}")
        if takes.needed and not takes.needed <= merged.keys():
            missing = ", ".join(sorted(takes.needed - merged.keys()))
            raise UnsupportedRequestError(f"{self.provider_name} needs the option {missing}")
        if takes.model and self.model is not None:
            merged["model"] = self.model
        if takes.call:
            merged["call"] = call
        # A list of its own: what it adds is not for the next candidate.
        return function([*messages] if self.systems is None else self._with_system(messages), **merged)


def known_options(bindings: Mapping[str, Binding]) -> frozenset[str]:
    """Every option a call may name: OpenAI's, and what the candidates' own providers name."""
    return KNOWN.union(*(binding.accepted for binding in bindings.values()))
