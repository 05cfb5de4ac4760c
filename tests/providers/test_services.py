"""Services with a way of their own: Azure, Ollama, Mistral, Claude on Google Cloud; and the list of all of them."""

from __future__ import annotations

from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.dialects import NAMES
from agentsea_gateway.errors import AuthenticationError, ConfigurationError, ContentPolicyViolationError
from agentsea_gateway.providers import Anthropic, Azure, Mistral, Ollama, OpenAI, VertexAnthropic
from agentsea_gateway.providers.catalogue import services
from agentsea_gateway.providers.hosts import HOSTS
from agentsea_gateway.providers.resolve import SERVICES, resolve
from support import made_mistral, made_ollama
from support.transports import MemoryReply, MemoryTransport

CANARY = "canary-of-no-known-form"
ROOT = "https://mine.openai.azure.com"
MESSAGE = {"role": "assistant", "content": "Hello"}
CHAT = {"id": "1", "model": "m", "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}]}
CLAUDE = {"content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"}
VARIABLES = (
    "AZURE_OPENAI_API_KEY",
    "AZURE_OPENAI_AD_TOKEN",
    "AZURE_OPENAI_ENDPOINT",
    "OPENAI_API_VERSION",
    "OLLAMA_HOST",
    "OLLAMA_API_KEY",
    "ANTHROPIC_VERTEX_PROJECT_ID",
    "ANTHROPIC_VERTEX_BASE_URL",
    "CLOUD_ML_REGION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_VERTEX_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def asked(kind: Any, reply: Any = CHAT, model: str = "m", **given: Any) -> tuple[str, Any, dict[str, str]]:
    """Where a provider asks, what, and with which headers."""
    transport = MemoryTransport(MemoryReply(body=reply))
    options = given.pop("options", {})
    Gateway([Candidate("a", kind(transport=transport, **given), model)]).completion("Hi", **options)
    return transport.posted[0]


# -- the list ----------------------------------------------------------------------------------------------------------


def test_the_list_holds_every_name_that_resolves() -> None:
    assert [service.name for service in services()] == sorted({*SERVICES, *HOSTS})


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_rows_of_the_list_are_whole(service: Any) -> None:
    assert service.dialect in NAMES
    assert service.title
    assert service.address.startswith(("https://", "http://127.0.0.1"))
    assert service.source[-7:-3] >= "2026"
    assert service.local == (not service.variables)


def test_a_service_is_configured_once_one_variable_of_each_group_is_set() -> None:
    azure = {service.name: service for service in services()}["azure"]
    key, token = {"AZURE_OPENAI_API_KEY": "k"}, {"AZURE_OPENAI_AD_TOKEN": "t"}
    place = {"AZURE_OPENAI_ENDPOINT": ROOT}
    assert azure.missing({**key, "AZURE_OPENAI_ENDPOINT": ""}) == (("AZURE_OPENAI_ENDPOINT",),)
    assert [azure.configured(each) for each in ({}, key, place, {**place, **key}, {**place, **token})] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_the_environment_of_the_process_is_asked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    groq = {service.name: service for service in services()}["groq"]
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    assert not groq.configured()
    monkeypatch.setenv("GROQ_API_KEY", "k")
    assert groq.configured()


# -- Azure -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", [ROOT, f"{ROOT}/", f"{ROOT}/openai", f"{ROOT}/openai/v1/"])
def test_azure_is_asked_at_its_v1_path_with_its_own_header(endpoint: str) -> None:
    url, body, headers = asked(Azure, api_key=CANARY, endpoint=endpoint, model="my-gpt")
    assert url == f"{ROOT}/openai/v1/chat/completions"
    assert body["model"] == "my-gpt"
    assert headers["api-key"] == CANARY
    assert "Authorization" not in headers


def test_azure_with_a_dated_version_is_asked_at_the_deployments_path() -> None:
    url, _, _ = asked(Azure, api_key=CANARY, endpoint=ROOT, api_version="2024-10-21", model="a b/c")
    assert url == f"{ROOT}/openai/deployments/a%20b%2Fc/chat/completions?api-version=2024-10-21"


def test_azures_previews_are_asked_at_the_v1_path() -> None:
    url, _, _ = asked(Azure, api_key=CANARY, endpoint=ROOT, api_version="preview")
    assert url == f"{ROOT}/openai/v1/chat/completions?api-version=preview"


def test_azure_takes_everything_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", ROOT)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    url, _, headers = asked(Azure)
    assert (url.partition("?")[2], headers["api-key"]) == ("api-version=2024-10-21", CANARY)
    assert resolve("azure/my-gpt").provider_name == "azure"


def test_azure_asks_a_function_for_its_entra_token_for_every_request() -> None:
    transport = MemoryTransport(MemoryReply(body=CHAT), MemoryReply(body=CHAT))
    tokens = iter(["t-1", "t-2"])
    provider = Azure(endpoint=ROOT, token=lambda: next(tokens), transport=transport)  # type: ignore[arg-type]
    gw = Gateway([Candidate("a", provider, "m")])
    gw.completion("Hi")
    gw.completion("Hi")
    assert [headers["Authorization"] for *_, headers in transport.posted] == ["Bearer t-1", "Bearer t-2"]
    assert all("api-key" not in headers for *_, headers in transport.posted)


def test_azure_prefers_the_environments_token_to_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the vendor's own client does."""
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "t-1")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", CANARY)
    _, _, headers = asked(Azure, endpoint=ROOT)
    assert (headers["Authorization"], "api-key" in headers) == ("Bearer t-1", False)
    _, _, headers = asked(Azure, api_key=CANARY, endpoint=ROOT)
    assert (headers.get("Authorization"), headers["api-key"]) == (None, CANARY)


@pytest.mark.parametrize("token", ["", " t", "tö", None])
def test_what_is_no_token_is_the_candidates_failure(token: Any) -> None:
    provider = Azure(endpoint=ROOT, token=lambda: token, transport=MemoryTransport())  # type: ignore[arg-type]
    with pytest.raises(AuthenticationError, match="azure: token holds no token"):
        provider.complete("Hi", model="m")


def test_azure_says_what_it_misses() -> None:
    with pytest.raises(ConfigurationError, match="azure: no endpoint; set AZURE_OPENAI_ENDPOINT or pass endpoint="):
        Azure(CANARY)
    with pytest.raises(ConfigurationError, match="azure: no API key; set AZURE_OPENAI_API_KEY"):
        Azure(endpoint=ROOT)


def test_a_prompt_that_azure_filters_is_the_requests_own_fault() -> None:
    """Microsoft Learn, "Content filtering", 2026-11: the results stand in `innererror`."""
    results = {"violence": {"filtered": True, "severity": "high"}}
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": results}
    error = {"message": "The response was filtered", "code": "content_filter", "status": 400, "innererror": inner}
    transport = MemoryTransport(MemoryReply(400, {"error": error}))
    provider = Azure(CANARY, endpoint=ROOT, transport=transport)  # type: ignore[arg-type]
    with pytest.raises(ContentPolicyViolationError) as caught:
        provider.complete("Hi", model="m")
    assert "violence" in str(caught.value.body)


# -- Ollama ------------------------------------------------------------------------------------------------------------


def test_ollama_is_asked_in_its_own_format_and_without_a_key() -> None:
    url, body, headers = asked(Ollama, made_ollama.ANSWER, "qwen3", options={"max_tokens": 5})
    assert url == "http://127.0.0.1:11434/api/chat"
    assert body == {
        "model": "qwen3",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": False,
        "options": {"num_predict": 5},
    }
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("gpu-box", "http://gpu-box:11434"),
        ("gpu-box:8000", "http://gpu-box:8000"),
        (":8000", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("http://gpu-box", "http://gpu-box"),
        ("https://ollama.com/", "https://ollama.com"),
        ("gpu-box/under/", "http://gpu-box:11434/under"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_ollamas_host_may_be_short(host: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", host)
    assert Ollama().base_url == address
    assert Ollama(base_url=host).base_url == address
    assert resolve("ollama/qwen3").provider.base_url == address


def test_ollamas_cloud_takes_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_KEY", CANARY)
    _, _, headers = asked(Ollama, made_ollama.ANSWER, base_url="https://ollama.com")
    assert headers["Authorization"] == f"Bearer {CANARY}"


def test_ollamas_stream_is_asked_for_as_lines() -> None:
    transport = MemoryTransport(MemoryReply(body=[made_ollama.STREAM[:300], made_ollama.STREAM[300:]]))
    with Gateway([Candidate("a", Ollama(transport=transport), "qwen3")]).stream("Hi") as stream:  # type: ignore[arg-type]
        assert "".join(stream.text) == "Hello there"
    assert stream.response is not None
    assert (stream.response.thinking, stream.response.stop_reason) == ("Hm", "tool_use")
    ((_, body, headers),) = transport.posted
    assert (body["stream"], headers["Accept"]) == (True, "application/x-ndjson")


@pytest.mark.parametrize("base_url", [5, "ftp://x"])
def test_what_is_no_address_is_refused(base_url: Any) -> None:
    with pytest.raises(ConfigurationError, match="ollama: base_url must start with http"):
        Ollama(base_url=base_url)


# -- Mistral, and Claude on Google Cloud -------------------------------------------------------------------------------


def test_mistral_is_asked_in_its_own_format() -> None:
    url, body, headers = asked(Mistral, made_mistral.ANSWER, api_key=CANARY, options={"seed": 7})
    assert url == "https://api.mistral.ai/v1/chat/completions"
    assert body == {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "random_seed": 7}
    assert headers["Authorization"] == f"Bearer {CANARY}"


def test_claude_on_google_cloud_stands_in_the_path_and_its_version_in_the_body() -> None:
    given = {"project": "p", "location": "us-east5", "access_token": CANARY}
    url, body, headers = asked(
        VertexAnthropic, CLAUDE, "claude-sonnet-4-5@20250929", options={"max_tokens": 5}, **given
    )
    assert url == (
        "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5"
        "/publishers/anthropic/models/claude-sonnet-4-5@20250929:rawPredict"
    )
    assert body == {
        "max_tokens": 5,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "anthropic_version": "vertex-2023-10-16",
    }
    assert headers["Authorization"] == f"Bearer {CANARY}"


def test_claude_on_google_cloud_reads_anthropics_variables_before_googles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "g")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west1")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v1beta1")
    url, _, _ = asked(VertexAnthropic, CLAUDE, access_token=CANARY)
    assert url.startswith("https://europe-west1-aiplatform.googleapis.com/v1/projects/g/locations/europe-west1/")
    monkeypatch.setenv("ANTHROPIC_VERTEX_PROJECT_ID", "p")
    monkeypatch.setenv("CLOUD_ML_REGION", "global")
    monkeypatch.setenv("ANTHROPIC_VERTEX_BASE_URL", "http://mine/v1")
    url, _, _ = asked(VertexAnthropic, CLAUDE, access_token=CANARY)
    assert url == "http://mine/v1/projects/p/locations/global/publishers/anthropic/models/m:rawPredict"


# -- rows --------------------------------------------------------------------------------------------------------------

EVERYTHING: Any = {
    "top_k": 5,
    "seed": 1,
    "metadata": {"a": "b"},
    "frequency_penalty": 0.5,
    "reasoning_effort": "max",
}
LEFT_OUT = {
    "openai": {"top_k"},
    "groq": {"top_k", "metadata", "reasoning_effort"},
    "cerebras": {"top_k", "metadata", "frequency_penalty", "reasoning_effort"},
    "deepseek": {"top_k", "metadata", "seed"},
    "perplexity": {"metadata", "seed", "reasoning_effort"},
    "openrouter": set(),
    "vllm": set(),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_a_host_does_not_know_is_left_out_and_said(name: str) -> None:
    transport = MemoryTransport(MemoryReply(body=CHAT))
    provider = OpenAI(CANARY, host=HOSTS[name], transport=transport)
    response = Gateway([Candidate("a", provider, "m")]).completion("Hi", **EVERYTHING)
    assert set(response.degraded) == LEFT_OUT[name]
    body = transport.posted[0][1]
    assert EVERYTHING.keys() - body.keys() == LEFT_OUT[name] - {"reasoning_effort"}
    assert body["reasoning_effort"] == ("high" if "reasoning_effort" in LEFT_OUT[name] else "max")


def test_another_server_than_the_hosts_own_is_sent_everything() -> None:
    _, body, _ = asked(OpenAI, api_key=CANARY, host=HOSTS["groq"], base_url="http://mine/v1", options=EVERYTHING)
    assert body.keys() >= EVERYTHING.keys()


def test_a_host_without_schemas_leaves_the_call_to_the_next_candidate() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
    first = OpenAI(CANARY, host=HOSTS["deepseek"], transport=MemoryTransport())
    answer = {**CHAT, "choices": [{"index": 0, "message": {**MESSAGE, "content": "{}"}, "finish_reason": "stop"}]}
    second = OpenAI(CANARY, host=HOSTS["groq"], transport=MemoryTransport(MemoryReply(body=answer)))
    reply = Gateway([Candidate("a", first, "m"), Candidate("b", second, "m")]).completion("Hi", response_format=schema)
    assert reply.served_by == "b"
    assert reply.route is not None
    assert "this host takes no JSON schema" in str(reply.route.explain())


def test_the_history_goes_to_a_host_without_what_it_would_refuse() -> None:
    """Names of people, messages of a developer, marks for a cache."""
    history: Any = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "name": "ann", "content": "Hi", "cache_control": {"type": "ephemeral"}},
    ]
    transport = MemoryTransport(MemoryReply(body=CHAT))
    provider = OpenAI(CANARY, host=HOSTS["groq"], transport=transport)
    response = Gateway([Candidate("a", provider, "m")]).completion(history)
    assert transport.posted[0][1]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]
    assert set(response.degraded) == {"name", "cache_control"}


# -- Anthropic ---------------------------------------------------------------------------------------------------------


def test_anthropic_takes_a_key_or_an_access_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(variable, raising=False)

    def credential(**given: Any) -> tuple[str | None, str | None]:
        _, _, headers = asked(Anthropic, CLAUDE, **given)
        return headers.get("x-api-key"), headers.get("Authorization")

    assert credential(auth_token=CANARY) == (None, f"Bearer {CANARY}")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "t-1")
    assert credential() == (None, "Bearer t-1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k-1")
    assert credential() == (None, "Bearer k-1")
    assert credential(auth_token=CANARY) == (None, f"Bearer {CANARY}")
    assert credential(api_key="k-2", auth_token=CANARY) == (None, "Bearer k-2")
    assert credential(headers={"x-api-key": "k-3"}) == ("k-3", None)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("deepseek", {"reasoning_content"}),
        ("groq", {"reasoning"}),
        ("openrouter", {"reasoning_content", "reasoning", "reasoning_details"}),
        ("openai", set()),
        ("perplexity", set()),
    ],
)
def test_a_host_gets_its_own_reasoning_back_and_nobody_elses(name: str, fields: set[str]) -> None:
    """DeepSeek needs it behind tool calls; OpenAI, for one, refuses such fields."""
    said = {
        "reasoning_content": "Hm",
        "reasoning": "Hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "Hm"}],
    }
    body = {**CHAT, "choices": [{"index": 0, "message": {**MESSAGE, **said}, "finish_reason": "stop"}]}
    transport = MemoryTransport(MemoryReply(body=body), MemoryReply(body=CHAT))
    gw = Gateway([Candidate("a", OpenAI(CANARY, host=HOSTS[name], transport=transport), "m")])
    history = [{"role": "user", "content": "Hi"}, gw.completion("Hi").message, {"role": "user", "content": "Go on"}]
    gw.completion(history)
    assert transport.posted[1][1]["messages"][1].keys() - {"role", "content"} == fields
