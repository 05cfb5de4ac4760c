"""From "provider/model" to a Candidate."""

from __future__ import annotations

from typing import Any

from agentsea_gateway import providers
from agentsea_gateway.candidate import Candidate
from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.providers.hosts import HOSTS

# Services with a dialect or a way to log in of their own: the class in `providers`.
SERVICES = {
    "anthropic": "Anthropic",
    "azure": "Azure",
    "bedrock": "Bedrock",
    "cohere": "Cohere",
    "gemini": "Gemini",
    "ollama": "Ollama",
    "vertex": "Vertex",
    "vertex-anthropic": "VertexAnthropic",
}
ENTRY_POINTS = "agentsea_gateway.providers"


def resolve(text: str) -> Candidate:
    """The candidate that "provider/model" means, split at the first slash. Keys come from the usual variables.

    Raises ConfigurationError where the form is wrong, the provider is unknown or its key is missing.
    """
    service, slash, model = text.partition("/")
    if not slash or not service or not model:
        raise ConfigurationError(f'{text!r} is no candidate; write "provider/model", such as "openai/gpt-4.1"')
    return Candidate(name=text, provider=_provider(service), model=model)


def _provider(service: str) -> Any:
    if service in SERVICES:
        return getattr(providers, SERVICES[service])()  # loaded when it is named
    if service in HOSTS:
        from agentsea_gateway.providers.openai import OpenAI  # as above

        return OpenAI(host=HOSTS[service])
    return _third_party(service)


def _third_party(service: str) -> Any:
    from importlib.metadata import entry_points  # reads the installed packages' metadata: only for unknown names

    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if service in found:
        return found[service].load()()
    from difflib import get_close_matches

    known = sorted({*SERVICES, *HOSTS, *found})
    close = get_close_matches(service, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known)}"
    raise ConfigurationError(
        f"no provider is named {service!r}; {hint}; for any other server: "
        "Candidate(name=…, provider=OpenAI(base_url=…), model=…)"
    )
