"""Every service that can be named in "provider/model", as rows of data: for lists, for the docs, for `doctor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import frozen

from agentsea_gateway.providers.hosts import HOSTS, Host

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class Service:
    """One service, and what its environment has to say before it can be used.

    name       what stands before the slash in "provider/model"
    title      what its maker calls it
    dialect    how it speaks
    variables  groups of environment variables: one of each group has to be set; no group, nothing has to be
    optional   variables that are read too, such as those that move it elsewhere
    note       what its user should know
    address    where it is
    source     the documentation the row was taken from, by name and date
    """

    name: str
    title: str
    dialect: str
    variables: tuple[tuple[str, ...], ...]
    address: str
    source: str
    optional: tuple[str, ...] = ()
    note: str = ""

    @property
    def local(self) -> bool:
        """Whether it is a server of one's own, which needs to run rather than to be configured."""
        return self.address.startswith("http://127.0.0.1")

    def missing(self, environ: Mapping[str, str] | None = None) -> tuple[tuple[str, ...], ...]:
        """The groups of variables of which none is set (an empty one counts as not set)."""
        found = os.environ if environ is None else environ
        return tuple(group for group in self.variables if not any(found.get(name) for name in group))

    def configured(self, environ: Mapping[str, str] | None = None) -> bool:
        """Whether everything it needs is set in `environ` (the process's own by default)."""
        return not self.missing(environ)


# Services with a class of their own; every other one is a row of `hosts`.
_OWN = (
    Service(
        "anthropic",
        "Anthropic",
        "anthropic_messages",
        (("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),),
        "https://api.anthropic.com",
        "Claude API docs, API overview, 2026-11",
        ("ANTHROPIC_BASE_URL",),
    ),
    Service(
        "azure",
        "Azure OpenAI",
        "openai_chat",
        (("AZURE_OPENAI_ENDPOINT",), ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")),
        "https://RESOURCE.openai.azure.com",
        "Microsoft Learn, Azure OpenAI v1 API, 2026-11",
        ("OPENAI_API_VERSION",),
    ),
    Service(
        "bedrock",
        "Amazon Bedrock",
        "bedrock_converse",
        (("AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"), ("AWS_REGION", "AWS_DEFAULT_REGION")),
        "https://bedrock-runtime.REGION.amazonaws.com",
        "AWS SDKs and Tools Reference Guide, Environment variables, 2026-11",
        ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
        "A role of the machine that it runs on needs no variables.",
    ),
    Service(
        "cohere",
        "Cohere",
        "cohere_chat",
        (("CO_API_KEY",),),
        "https://api.cohere.com",
        "Cohere API reference, Chat, 2026-11",
        ("CO_API_URL",),
    ),
    Service(
        "gemini",
        "Gemini (Google AI Studio)",
        "gemini",
        (("GOOGLE_API_KEY", "GEMINI_API_KEY"),),
        "https://generativelanguage.googleapis.com",
        "Gemini API docs, API keys, 2026-11",
        ("GOOGLE_GEMINI_BASE_URL", "GOOGLE_GENAI_API_VERSION"),
    ),
    Service(
        "vertex",
        "Gemini on Google Cloud (Vertex AI)",
        "gemini",
        (("GOOGLE_CLOUD_PROJECT",),),
        "https://aiplatform.googleapis.com",
        "Google Cloud docs, Gemini Enterprise Agent Platform, 2026-11",
        ("GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_VERTEX_BASE_URL"),
    ),
    Service(
        "vertex-anthropic",
        "Claude on Google Cloud (Vertex AI)",
        "anthropic_messages",
        (("ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"),),
        "https://aiplatform.googleapis.com",
        "Google Cloud docs, Request predictions with Claude models, 2026-11",
        ("CLOUD_ML_REGION", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS", "ANTHROPIC_VERTEX_BASE_URL"),
    ),
)


def services() -> tuple[Service, ...]:
    """All services that the package knows, by name."""
    return tuple(sorted((*_OWN, *map(_of_host, HOSTS.values())), key=lambda service: service.name))


def _of_host(host: Host) -> Service:
    key = () if host.key_variable is None else (host.key_variable,)
    return Service(
        host.name,
        host.title,
        host.dialect,
        () if host.key_optional or not key else (key,),
        host.base_url,
        host.source,
        tuple(filter(None, (host.key_variable if host.key_optional else None, host.url_variable))),
        host.note,
    )
