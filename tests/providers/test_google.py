"""Gemini and Vertex: paths, keys, tokens and addresses; and that Google's own client asks for the same."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    ConfigurationError,
    ContentPolicyViolationError,
    UnsupportedRequestError,
)
from agentsea_gateway.providers import Gemini, Vertex
from agentsea_gateway.stream_events import Content, Done
from support.loopback import new_call
from support.made_gemini import ANSWER, STREAM
from support.overheard import Overheard, listening
from support.transports import MemoryReply, MemoryTransport
from support.wire_gemini import same_request

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-of-no-known-form"
VARIABLES = (
    "GOOGLE_API_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_VERTEX_BASE_URL",
    "GOOGLE_GENAI_API_VERSION",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def gemini(*replies: MemoryReply, **given: Any) -> tuple[Gemini, MemoryTransport]:
    transport = MemoryTransport(*replies)
    return Gemini(CANARY, transport=transport, **given), transport  # type: ignore[arg-type]


def vertex(*replies: MemoryReply, **given: Any) -> tuple[Vertex, MemoryTransport]:
    transport = MemoryTransport(*replies)
    given = {"project": "p", "access_token": CANARY, **given}
    return Vertex(transport=transport, **given), transport


# -- where and who -----------------------------------------------------------------------------------------------------


def test_gemini_is_asked_where_it_is_and_with_its_key() -> None:
    provider, transport = gemini(MemoryReply(body=ANSWER), headers={"x-trace": "7"})
    reply = Gateway([Candidate("a", provider, "gemini-2.5-flash")]).completion("Hi", max_tokens=5)
    assert (reply.content, reply.model) == ("Hello there!", "gemini-3.6-flash")
    ((url, body, headers),) = transport.posted
    assert url == "https://generativelanguage.googleapis.com/v1/models/gemini-2.5-flash:generateContent"
    assert body == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"maxOutputTokens": 5},
    }
    assert (headers["x-goog-api-key"], headers["x-trace"]) == (CANARY, "7")


def test_a_stream_has_a_path_of_its_own() -> None:
    provider, transport = gemini(MemoryReply(body=[STREAM[:50], STREAM[50:]]))
    with Gateway([Candidate("a", provider, "gemini-2.5-flash")]).stream("Hi") as stream:
        events = list(stream)
    assert "".join(event.text for event in events if isinstance(event, Content)) == "Hello there!"
    assert isinstance(events[-1], Done)
    ((url, _, headers),) = transport.posted
    assert url.endswith("/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse")
    assert headers["Accept"] == "text/event-stream"


def test_an_endpoint_is_opened_once_per_model_and_kind_of_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    provider, transport = gemini(*(MemoryReply(body=ANSWER) for _ in range(3)), MemoryReply(body=[STREAM]))
    opened: list[str] = []
    built = provider._opened
    monkeypatch.setattr(provider, "_opened", lambda path, **kind: opened.append(path) or built(path, **kind))
    for model in ("a", "b", "a"):
        provider.complete("Hi", model=model)
    provider.stream("Hi", model="a")
    assert [path.rpartition("/")[2] for path in opened] == [
        "a:generateContent",
        "b:generateContent",
        "a:streamGenerateContent?alt=sse",
    ]
    assert len(transport.posted) == 4


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/x", "tunedModels/x"),
        ("a b?x#y", "models/a%20b%3Fx%23y"),
    ],
)
def test_a_models_name_becomes_part_of_the_path(model: str, place: str) -> None:
    provider, transport = gemini(MemoryReply(body=ANSWER))
    provider.complete("Hi", model=model)
    assert transport.posted[0][0].endswith(f"/v1/{place}:generateContent")


def test_a_name_that_leads_out_of_the_path_is_refused() -> None:
    provider, transport = gemini()
    with pytest.raises(UnsupportedRequestError, match="no model's name"):
        provider.complete("Hi", model="../x")
    assert not transport.posted


def test_keys_and_addresses_come_from_the_variables_that_googles_sdk_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k-gemini")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://proxy/")
    transport = MemoryTransport(MemoryReply(body=ANSWER), MemoryReply(body=ANSWER))
    Gemini(transport=transport).complete("Hi", model="m")  # type: ignore[arg-type]
    monkeypatch.setenv("GOOGLE_API_KEY", "k-google")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "beta")
    Gemini(transport=transport).complete("Hi", model="m")  # type: ignore[arg-type]
    (first, _, one), (second, _, two) = transport.posted
    assert (first, second) == (
        "http://proxy/v1/models/m:generateContent",
        "http://proxy/v1beta/models/m:generateContent",
    )
    assert (one["x-goog-api-key"], two["x-goog-api-key"]) == ("k-gemini", "k-google")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        (None, "aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
    ],
)
def test_vertex_is_asked_in_its_location(location: str | None, host: str) -> None:
    provider, transport = vertex(MemoryReply(body=ANSWER), location=location)
    provider.complete("Hi", model="gemini-2.5-flash", metadata={"team": "a"}, extra_headers={"x-trace": "7"})
    ((url, body, headers),) = transport.posted
    place = f"projects/p/locations/{location or 'global'}/publishers/google/models/gemini-2.5-flash"
    assert url == f"https://{host}/v1beta1/{place}:generateContent"
    assert (headers["Authorization"], headers["x-trace"]) == (f"Bearer {CANARY}", "7")
    assert body["labels"] == {"team": "a"}


def test_vertex_takes_project_and_location_from_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "mine")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west1")
    provider, transport = vertex(MemoryReply(body=ANSWER), project=None)
    provider.complete("Hi", model="endpoints/5")
    assert transport.posted[0][0] == (
        "https://europe-west1-aiplatform.googleapis.com/v1beta1/projects/mine/locations/europe-west1/endpoints/5"
        ":generateContent"
    )


def test_vertex_without_a_project_says_what_to_set() -> None:
    with pytest.raises(ConfigurationError, match="no project; set GOOGLE_CLOUD_PROJECT or pass project="):
        vertex(project=None)


def test_no_error_and_no_repr_shows_the_key() -> None:
    """F51: Vertex's token comes with each request."""
    echo = {"error": {"code": 400, "message": f"bad {CANARY}", "details": [{"reason": CANARY}]}}
    for provider, transport in (gemini(), vertex()):
        transport.replies += [MemoryReply(400, echo), MemoryReply(200, echo), MemoryReply(400, echo)]
        for ask in (provider.complete, provider.complete, provider.stream):
            with pytest.raises(Exception) as caught:  # noqa: PT011 - of any kind
                ask("Hi", model="m")
            assert CANARY not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
        assert CANARY not in repr(provider) + repr(vars(provider))


def test_a_blocked_prompt_fails_over() -> None:
    blocked = MemoryReply(body={"promptFeedback": {"blockReason": "SAFETY"}})
    first, _ = gemini(blocked)
    second, _ = gemini(MemoryReply(body=ANSWER))
    reply = Gateway([Candidate("a", first, "m"), Candidate("b", second, "m")]).completion("Hi")
    assert reply.served_by == "b"
    assert reply.route is not None
    assert reply.route.attempts[0].error == ContentPolicyViolationError.__name__


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_a_token_may_be_a_function() -> None:
    tokens = iter(["t1", "t2"])
    provider, transport = vertex(
        MemoryReply(body=ANSWER), MemoryReply(body=[STREAM]), access_token=lambda: next(tokens)
    )
    provider.complete("Hi", model="m")
    provider.stream("Hi", model="m")
    assert [headers["Authorization"] for _, _, headers in transport.posted] == ["Bearer t1", "Bearer t2"]


@pytest.mark.parametrize("token", ["", "a\n", None, "ä"])
def test_what_is_no_token_is_refused_before_anything_is_sent(token: Any) -> None:
    provider, transport = vertex(access_token=lambda: token)
    with pytest.raises(AuthenticationError, match="access_token holds no token"):
        provider.complete("Hi", model="m")
    assert not transport.posted


class Credentials:
    """As google-auth has them."""

    def __init__(self, error: Exception | None = None) -> None:
        self.token = "old"
        self.valid = False
        self.quota_project_id = "q"
        self.renewed: list[float] = []
        self.error = error

    def refresh(self, request: Any) -> None:
        self.renewed.append(request.keywords["timeout"])
        if self.error is not None:
            raise self.error
        self.token, self.valid = "new", True


def google_auth(monkeypatch: pytest.MonkeyPatch, found: Any) -> Any:
    """Stands in for the package; `default` gives, or raises, `found`."""
    names = (
        "google",
        "google.auth",
        "google.auth.exceptions",
        "google.auth.transport",
        "google.auth.transport.requests",
    )
    modules = {name: ModuleType(name) for name in names}
    exceptions: Any = modules["google.auth.exceptions"]
    exceptions.GoogleAuthError = type("GoogleAuthError", (Exception,), {})
    for name in ("TransportError", "RefreshError", "DefaultCredentialsError"):
        setattr(exceptions, name, type(name, (exceptions.GoogleAuthError,), {}))

    def default(scopes: list[str]) -> Any:
        assert scopes == ["https://www.googleapis.com/auth/cloud-platform"]
        if isinstance(found, str):
            raise getattr(exceptions, found)(CANARY)
        return found

    auth: Any = modules["google.auth"]
    auth.default, auth.exceptions = default, exceptions
    requests: Any = modules["google.auth.transport.requests"]
    requests.Request = lambda: lambda *a, **k: None
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return exceptions


def test_the_applications_default_credentials_are_renewed_when_they_have_run_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    credentials = Credentials()
    google_auth(monkeypatch, (credentials, "theirs"))
    provider, transport = vertex(*(MemoryReply(body=ANSWER) for _ in range(2)), project=None, access_token=None)
    for _ in range(2):
        provider.complete("Hi", model="m")
    assert "/projects/theirs/" in transport.posted[0][0]
    assert [headers["Authorization"] for *_, headers in transport.posted] == ["Bearer new"] * 2
    assert transport.posted[0][2]["x-goog-user-project"] == "q"
    (seconds,) = credentials.renewed
    assert 0 < seconds <= 120  # no longer than the call may take


@pytest.mark.parametrize(
    ("name", "kind"), [("RefreshError", AuthenticationError), ("TransportError", APIConnectionError)]
)
def test_a_renewal_that_fails_is_the_candidates_failure(
    monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Exception]
) -> None:
    exceptions = google_auth(monkeypatch, "DefaultCredentialsError")
    credentials = Credentials(getattr(exceptions, name)(CANARY))
    provider, transport = vertex(access_token=None, credentials=credentials)
    with pytest.raises(kind, match=name) as caught:
        provider.complete("Hi", model="m")
    assert CANARY not in str(caught.value)
    assert not transport.posted


def test_waiting_for_another_threads_renewal_ends_with_the_call() -> None:
    provider, _ = vertex(access_token=None, credentials=Credentials())
    lock = provider._token._renewing[1]  # type: ignore[union-attr]
    with lock, pytest.raises(APITimeoutError, match="no token from Google in time"):
        provider.complete("Hi", model="m", call=new_call(0.01))


def test_without_credentials_it_says_how_to_get_some(monkeypatch: pytest.MonkeyPatch) -> None:
    google_auth(monkeypatch, "DefaultCredentialsError")
    with pytest.raises(ConfigurationError, match="gcloud auth application-default login"):
        vertex(access_token=None)


def test_without_google_auth_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("google", "google.auth"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigurationError) as caught:
        Vertex("p")
    assert "pip install 'agentsea-gateway[vertex]'" in str(caught.value)


# -- Google's own client -----------------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[tuple[str, list[Overheard]]]:
    """A server that answers everything with ANSWER, and what it heard."""
    with listening(ANSWER, STREAM) as found:
        yield found


TOOL = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stream", [False, True])
def test_googles_own_client_asks_for_the_same(heard: tuple[str, list[Overheard]], stream: bool) -> None:
    genai = pytest.importorskip("google.genai", reason="google-genai is not installed")
    types, (url, found) = genai.types, heard
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    settings = types.GenerateContentConfig(
        system_instruction="Be brief.",
        max_output_tokens=5,
        temperature=0.5,
        stop_sequences=["x"],
        tools=[types.Tool(function_declarations=[TOOL]), types.Tool(google_search={})],
        tool_config={"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        response_mime_type="application/json",
        response_json_schema=schema,
        thinking_config={"include_thoughts": True, "thinking_budget": 1024},
    )
    history = [
        {"role": "user", "parts": [{"text": "Hi"}, {"inline_data": {"mime_type": "image/png", "data": b"\0\0\0"}}]},
        {"role": "model", "parts": [{"function_call": {"id": "c1", "name": "f", "args": {"a": "b"}}}]},
        {"role": "user", "parts": [{"function_response": {"id": "c1", "name": "f", "response": {"result": "42"}}}]},
    ]
    client = genai.Client(api_key=CANARY, http_options={"base_url": url})
    asked = client.models.generate_content_stream if stream else client.models.generate_content
    theirs = asked(model="gemini-2.5-flash", contents=history, config=settings)
    text = "".join(each.text or "" for each in theirs) if stream else theirs.text
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}
    png = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    messages: list[Any] = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}, png]},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
    ]
    options: dict[str, Any] = {
        "max_tokens": 5,
        "temperature": 0.5,
        "stop": "x",
        "tools": [{"type": "function", "function": TOOL}, {"type": "google_search"}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        "reasoning_effort": "low",
    }
    gw = Gateway([Candidate("a", Gemini(CANARY, base_url=url), "gemini-2.5-flash")])
    ours = "".join(gw.stream(messages, **options).text) if stream else gw.completion(messages, **options).content
    gw.close()
    theirs_heard, own = found
    assert theirs_heard.path == own.path
    assert theirs_heard.headers["x-goog-api-key"] == own.headers["x-goog-api-key"]
    assert same_request(theirs_heard.body) == same_request(own.body)
    assert text == ours == "Hello there!"
