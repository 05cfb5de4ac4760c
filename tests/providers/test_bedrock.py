"""Bedrock: regions, keys, signatures and paths; and that Amazon's own client asks for the same."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import (
    APIConnectionError,
    APITimeoutError,
    AuthenticationError,
    ConfigurationError,
    NotFoundError,
    PermissionDeniedError,
    UnsupportedRequestError,
)
from agentsea_gateway.providers import Bedrock
from agentsea_gateway.providers.aws_credentials import Signer
from raw_server import HOLD, REQUEST, Made, RawServer, Received, Repeat, answer, chunked, closed_port, head
from support.event_stream import event
from support.loopback import new_call
from support.made_bedrock import ANSWER, STREAM
from support.transports import MemoryReply, MemoryTransport
from support.wire_bedrock import same_request

if TYPE_CHECKING:
    from collections.abc import Callable

CANARY = "canary-of-no-known-form"
ID, SECRET, TOKEN = "AKIDEXAMPLEAKIDEXAMPLE", "secret-canary-0123456789", "token-canary/+="
MODEL = "us.amazon.nova-2-lite-v1:0"
VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
PLAIN = answer("200 OK", json.dumps(ANSWER).encode())
STREAMED = head("200 OK", content_type="application/vnd.amazon.eventstream", transfer_encoding="chunked")


@pytest.fixture(autouse=True)
def a_machine_that_knows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    for variable, value in (("ACCESS_KEY_ID", ID), ("SECRET_ACCESS_KEY", SECRET), ("SESSION_TOKEN", TOKEN)):
        monkeypatch.setenv(f"AWS_{variable}", value)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


def bearer(*replies: MemoryReply, **given: Any) -> tuple[Bedrock, MemoryTransport]:
    transport = MemoryTransport(*replies)
    return Bedrock(CANARY, transport=transport, **{"region": "us-east-1", **given}), transport


# -- where -------------------------------------------------------------------------------------------------------------


def test_bedrock_is_asked_in_its_region_with_the_key_as_it_is() -> None:
    provider, transport = bearer(MemoryReply(body=ANSWER), headers={"x-trace": "7"})
    reply = Gateway([Candidate("a", provider, MODEL)]).completion("Hi", max_tokens=5)
    assert (reply.content, reply.stop_reason) == ("Hello there", "tool_use")
    ((url, body, headers),) = transport.posted
    assert url == "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-2-lite-v1%3A0/converse"
    assert body == {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 5}}
    assert (headers["Authorization"], headers["x-trace"]) == (f"Bearer {CANARY}", "7")
    assert headers["Accept"] == "application/json"


def test_a_stream_has_a_path_and_a_media_type_of_its_own() -> None:
    provider, transport = bearer(MemoryReply(body=[STREAM[:70], STREAM[70:]]))
    with Gateway([Candidate("a", provider, MODEL)]).stream("Hi") as stream:
        assert "".join(stream.text) == "Hello there"
    ((url, _, headers),) = transport.posted
    assert url.endswith("/model/us.amazon.nova-2-lite-v1%3A0/converse-stream")
    assert headers["Accept"] == "application/vnd.amazon.eventstream"


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("openai.gpt-oss-120b-1:0", "openai.gpt-oss-120b-1%3A0"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-8",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude-opus-4-8",
        ),
        ("a b?x#y", "a%20b%3Fx%23y"),
    ],
)
def test_a_models_id_becomes_one_part_of_the_path(model: str, place: str) -> None:
    provider, transport = bearer(MemoryReply(body=ANSWER))
    provider.complete("Hi", model=model)
    assert transport.posted[0][0].endswith(f"/model/{place}/converse")


@pytest.mark.parametrize("model", ["", "..", "../x"])
def test_an_id_that_leads_out_of_the_path_is_refused(model: str) -> None:
    with pytest.raises(UnsupportedRequestError, match="is no model's name"):
        bearer()[0].complete("Hi", model=model)


@pytest.mark.parametrize(
    ("variables", "given", "host"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, {}, "bedrock-runtime.eu-west-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "eu-west-2"}, {}, "bedrock-runtime.eu-west-2.amazonaws.com"),
        ({"AWS_REGION": "eu-west-1"}, {"region": "us-east-1"}, "bedrock-runtime.us-east-1.amazonaws.com"),
        ({}, {"region": "cn-north-1"}, "bedrock-runtime.cn-north-1.amazonaws.com.cn"),
        ({"AWS_ENDPOINT_URL": "https://a.test/"}, {}, "a.test"),
        ({"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "https://b.test", "AWS_ENDPOINT_URL": "https://a.test"}, {}, "b.test"),
        ({"AWS_ENDPOINT_URL": "https://a.test"}, {"base_url": "https://c.test"}, "c.test"),
    ],
)
def test_the_host_comes_from_the_variables_of_amazons_own_tools(
    variables: dict[str, str], given: dict[str, Any], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Bedrock(CANARY, transport=MemoryTransport(), **given).base_url == f"https://{host}"


def test_the_key_comes_from_its_variable_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", CANARY)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    gw = Gateway([f"bedrock/{MODEL}"])
    (candidate,) = gw.candidates
    assert (candidate.provider_name, candidate.model) == ("bedrock", MODEL)
    assert CANARY not in repr(gw) + repr(candidate) + repr(candidate.provider)
    gw.close()


def test_a_key_may_be_renewed_by_a_function() -> None:
    keys = iter(["k-1", "k-2", ""])
    transport = MemoryTransport(MemoryReply(body=ANSWER), MemoryReply(body=ANSWER))
    provider = Bedrock(lambda: next(keys), region="us-east-1", transport=transport)  # type: ignore[arg-type]
    for _ in range(2):
        provider.complete("Hi", model=MODEL, extra_headers={"x-trace": "7"})
    assert [(each["Authorization"], each["x-trace"]) for *_, each in transport.posted] == [
        ("Bearer k-1", "7"),
        ("Bearer k-2", "7"),
    ]
    with pytest.raises(AuthenticationError, match="bedrock: api_key holds no token"):
        provider.complete("Hi", model=MODEL)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"api_key": CANARY}, "no region; set AWS_REGION or pass region="),
        ({"api_key": CANARY, "region": "us-east-1.evil.test/"}, "is no region; give one such as 'us-east-1'"),
        ({"api_key": "", "region": "us-east-1"}, "no API key; set AWS_BEARER_TOKEN_BEDROCK or pass api_key="),
    ],
)
def test_what_is_missing_is_named(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Bedrock(transport=MemoryTransport(), **given)


def test_it_has_no_list_of_its_models() -> None:
    with pytest.raises(NotFoundError, match="bedrock has no list of its models"):
        bearer()[0].models()


# -- without botocore --------------------------------------------------------------------------------------------------


@pytest.fixture
def without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "botocore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)


def test_a_key_needs_no_botocore_not_even_for_streams(without_botocore: None) -> None:
    provider, _ = bearer(MemoryReply(body=ANSWER), MemoryReply(body=[STREAM]))
    gw = Gateway([Candidate("a", provider, MODEL)])
    assert gw.completion("Hi").content == "Hello there"
    assert "".join(gw.stream("Hi").text) == "Hello there"


def test_without_key_and_botocore_the_way_to_install_it_is_told(without_botocore: None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Bedrock(region="us-east-1")
    assert str(caught.value) == (
        "bedrock: botocore is not installed; pip install 'agentsea-gateway[bedrock]', or set AWS_BEARER_TOKEN_BEDROCK, "
        "or pass api_key="
    )


# -- signatures --------------------------------------------------------------------------------------------------------


def signature(request: Received, region: str, secret: str = SECRET) -> str:
    """What stands in `Authorization`, as AWS computes it (AWS General Reference, "Signature Version 4")."""
    given = request.headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ")
    fields = dict(field.split("=", 1) for field in given.split(", "))
    names = fields["SignedHeaders"].split(";")
    moment = request.headers["x-amz-date"]
    path = request.line.split(" ")[1].replace("%", "%25")
    lines = ["POST", path, "", *(f"{name}:{request.headers[name]}" for name in names), "", ";".join(names)]
    canonical = "\n".join([*lines, hashlib.sha256(request.body).hexdigest()])
    scope = f"{moment[:8]}/{region}/bedrock/aws4_request"
    told = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return (
        f"AWS4-HMAC-SHA256 Credential={ID}/{scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={hmac.digest(key, told.encode(), 'sha256').hex()}"
    )


@pytest.mark.parametrize("stream", [False, True])
def test_each_body_is_signed_with_the_credentials_of_the_environment(keys: None, stream: bool) -> None:
    reply = STREAMED + chunked(STREAM) if stream else PLAIN
    with RawServer([Repeat([REQUEST, reply])]) as server:
        gw = Gateway([Candidate("a", Bedrock(base_url=server.url.rpartition("/")[0]), MODEL)])
        for words in ("Hi", "Grüße 🎈"):
            text = "".join(gw.stream(words).text) if stream else gw.completion(words).content
            assert text == "Hello there"
        gw.close()
    for request in server.requests:
        assert request.headers["authorization"] == signature(request, "eu-west-1")
        assert request.headers["x-amz-security-token"] == TOKEN
        assert "content-type;host;x-amz-date;x-amz-security-token" in request.headers["authorization"]
    assert len({request.headers["authorization"] for request in server.requests}) == 2


def test_a_profile_gives_keys_and_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    config = tmp_path / "config"
    config.write_text(
        f"[profile mine]\nregion = ap-south-1\naws_access_key_id = {ID}\naws_secret_access_key = {SECRET}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", CANARY)  # who names a profile means it
    provider, transport = Bedrock(profile="mine", transport=(held := MemoryTransport(MemoryReply(body=ANSWER)))), held
    provider.complete("Hi", model=MODEL)
    ((url, _, headers),) = transport.posted
    assert url.startswith("https://bedrock-runtime.ap-south-1.amazonaws.com/")
    assert f"Credential={ID}/" in headers["Authorization"]
    assert "/ap-south-1/bedrock/aws4_request" in headers["Authorization"]
    with pytest.raises(ConfigurationError, match="profile \\(other\\) could not be found"):
        Bedrock(profile="other")


def test_no_credentials_are_told_with_the_ways_to_give_them() -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    with pytest.raises(ConfigurationError, match="no AWS credentials; set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY"):
        Bedrock(region="us-east-1")


class Renewed:
    """Credentials as botocore's, which have to be renewed before every call."""

    def __init__(self, renew: Callable[[int], None] = lambda number: None) -> None:
        self.number = 0
        self._renew = renew

    def refresh_needed(self) -> bool:
        return True

    def get_frozen_credentials(self) -> Any:
        from botocore.credentials import ReadOnlyCredentials

        self._renew(self.number)
        self.number += 1
        return ReadOnlyCredentials(ID, f"{SECRET}-{self.number}", f"{TOKEN}{self.number}")


def signing(*replies: MemoryReply, **given: Any) -> tuple[Bedrock, MemoryTransport]:
    pytest.importorskip("botocore", reason="botocore is not installed")
    transport = MemoryTransport(*replies)
    return Bedrock(region="us-east-1", transport=transport, **given), transport


def test_each_call_has_the_credentials_of_its_moment() -> None:
    provider, transport = signing(*(MemoryReply(body=ANSWER) for _ in range(3)), credentials=Renewed())
    for _ in range(3):
        provider.complete("Hi", model=MODEL)
    assert [headers["X-Amz-Security-Token"] for *_, headers in transport.posted] == [f"{TOKEN}{n}" for n in (1, 2, 3)]


def failing(error: Exception) -> Callable[[int], None]:
    def renew(number: int) -> None:
        raise error

    return renew


def test_credentials_that_cannot_be_renewed_are_an_authentication_error() -> None:
    pytest.importorskip("botocore", reason="botocore is not installed")
    from botocore.exceptions import ConnectTimeoutError, SSOTokenLoadError

    failed = SSOTokenLoadError(error_msg=CANARY)
    for error, kind in (
        (failed, AuthenticationError),
        (RuntimeError(CANARY), AuthenticationError),
        (ConnectTimeoutError(endpoint_url=CANARY), APIConnectionError),
    ):
        provider, transport = signing(credentials=Renewed(failing(error)))
        with pytest.raises(kind, match=f"no credentials from AWS .{type(error).__name__}.") as caught:
            provider.complete("Hi", model=MODEL)
        assert CANARY not in str(caught.value)
        assert (caught.value.__cause__, caught.value.__suppress_context__, transport.posted) == (None, True, [])


def test_renewing_takes_no_longer_than_the_call_may() -> None:
    never = threading.Event()
    provider, _ = signing(credentials=Renewed(lambda number: never.wait(5) and None))
    with pytest.raises(APITimeoutError, match="no credentials from AWS in time") as caught:
        provider.complete("Hi", model=MODEL, call=new_call(0.05))
    assert not caught.value.sent
    never.set()


def test_what_a_server_echoes_of_the_credentials_is_blanked() -> None:
    """AWS quotes the signed headers, the session's token among them, in what it says of a wrong signature."""
    pytest.importorskip("botocore", reason="botocore is not installed")

    def refused(request: Received) -> bytes:
        token = request.headers["x-amz-security-token"]
        number = token.removeprefix(TOKEN)
        words = {"message": f"The Canonical String should have been 'x-amz-security-token:{token}' {SECRET}-{number}"}
        kind = "InvalidSignatureException:http://internal.amazon.com/coral/"
        return answer("403 Forbidden", json.dumps(words).encode(), x_amzn_errortype=kind)

    with RawServer([Repeat([REQUEST, Made(refused)])]) as server:
        provider = Bedrock(region="us-east-1", base_url=server.url.rpartition("/")[0], credentials=Renewed())
        for _ in range(2):
            with pytest.raises(PermissionDeniedError, match="The Canonical String") as caught:
                provider.complete("Hi", model=MODEL)
            assert caught.value.code == "InvalidSignatureException"
            shown = f"{caught.value!r} {caught.value} {caught.value.body} {vars(provider)}"
            assert TOKEN not in shown
            assert SECRET not in shown
        provider.close()


def test_a_traceback_shows_no_credentials_among_its_variables(keys: None) -> None:
    """F51."""
    with closed_port() as port:
        provider = Bedrock(base_url=f"http://127.0.0.1:{port}")
        with pytest.raises(APIConnectionError) as caught:
            provider.complete("Hi", model=MODEL, call=new_call(1))
    stack = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    shown = "".join(str(frame.locals) for frame in stack if "agentsea_gateway" in frame.filename)
    assert "SignedEndpoint" in shown
    assert TOKEN not in shown
    assert SECRET not in shown
    assert "Signature=" not in shown


def test_a_child_process_looks_for_credentials_of_its_own(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """F48: a lock of the parent's may be held for ever."""
    provider, transport = signing(MemoryReply(body=ANSWER), MemoryReply(body=ANSWER))
    signer = provider._signer
    assert isinstance(signer, Signer)
    before = signer._found
    provider.complete("Hi", model=MODEL)
    assert signer._found is before
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOFTHECHILDAKIDOFTHECHILD")
    signer._found = (os.getpid() + 1, before[1])
    provider.complete("Hi", model=MODEL)
    assert "Credential=AKIDOFTHECHILD" in transport.posted[1][2]["Authorization"]


def test_threads_share_a_signer(keys: None) -> None:
    count, calls = 8, 10
    provider, transport = signing(*(MemoryReply(body=ANSWER) for _ in range(count * calls)))

    def work(number: int) -> None:
        for turn in range(calls):
            provider.complete(f"{number} {turn}", model=MODEL)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({headers["Authorization"] for *_, headers in transport.posted}) == count * calls


# -- errors ------------------------------------------------------------------------------------------------------------


def test_an_exception_behind_the_content_breaks_the_stream_with_its_outcome() -> None:
    from agentsea_gateway.errors import StreamInterruptedError
    from support.event_stream import exception

    told = exception("throttlingException", {"message": "Too many tokens"})
    begun = event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}})
    with RawServer([REQUEST, STREAMED + chunked(begun, told, end=b""), HOLD]) as server:
        gw = Gateway([Candidate("a", Bedrock(CANARY, base_url=server.url.rpartition("/")[0]), MODEL)])
        stream = gw.stream("Hi")
        with pytest.raises(StreamInterruptedError) as caught:
            list(stream)
        assert (caught.value.error, caught.value.partial.content) == ("RateLimitError", "Hel")
        assert gw.health()["a"].benched_until is not None
        gw.close()


# -- Amazon's own client -----------------------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":"b"}'}}
FILE = {"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA", "filename": "report.pdf"}}
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            FILE,
        ],
    },
    {"role": "assistant", "content": "Well", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "42", "is_error": True},
]
OPTIONS: dict[str, Any] = {
    "max_tokens": 5000,
    "temperature": 0.5,
    "top_p": 0.9,
    "stop": "x",
    "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}},
    "top_k": 7,
    "metadata": {"team": "x"},
    "extra_body": {"guardrailConfig": {"guardrailIdentifier": "abc", "guardrailVersion": "1"}},
}
THEIRS: dict[str, Any] = {
    "system": [{"text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"text": "Hi"},
                {"cachePoint": {"type": "default"}},
                {"image": {"format": "png", "source": {"bytes": b"\0\0\0"}}},
                {"document": {"format": "pdf", "name": "report", "source": {"bytes": b"\0\0\0"}}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"text": "Well"}, {"toolUse": {"toolUseId": "c1", "name": "f", "input": {"a": "b"}}}],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "42"}], "status": "error"}}],
        },
    ],
    "inferenceConfig": {"maxTokens": 5000, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]},
    "toolConfig": {
        "tools": [{"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": SCHEMA}}}],
        "toolChoice": {"tool": {"name": "f"}},
    },
    "outputConfig": {
        "textFormat": {
            "type": "json_schema",
            "structure": {"jsonSchema": {"name": "n", "schema": json.dumps(SCHEMA)}},
        }
    },
    "additionalModelRequestFields": {"inferenceConfig": {"topK": 7}},
    "requestMetadata": {"team": "x"},
    "guardrailConfig": {"guardrailIdentifier": "abc", "guardrailVersion": "1"},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [MODEL, "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"])
def test_amazons_own_client_asks_for_the_same(keys: None, stream: bool, model: str) -> None:
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    reply = STREAMED + chunked(STREAM) if stream else PLAIN
    theirs = {**THEIRS, "modelId": model}
    if model != MODEL:  # nobody knows whose model that is
        theirs["additionalModelRequestFields"] = {"top_k": 7}
    with RawServer([Repeat([REQUEST, reply])]) as server:
        root = server.url.rpartition("/")[0]
        client = boto3.client("bedrock-runtime", region_name="eu-west-1", endpoint_url=root)
        if stream:
            deltas = [
                each["contentBlockDelta"]["delta"]
                for each in client.converse_stream(**theirs)["stream"]
                if "contentBlockDelta" in each
            ]
            text = "".join(delta.get("text", "") for delta in deltas)
        else:
            blocks = client.converse(**theirs)["output"]["message"]["content"]
            cited = [each for block in blocks for each in block.get("citationsContent", {}).get("content", ())]
            text = "".join(each.get("text", "") for each in [*blocks, *cited])
        client.close()
        gw = Gateway([Candidate("a", Bedrock(base_url=root), model)])
        ours = "".join(gw.stream(MESSAGES, **OPTIONS).text) if stream else gw.completion(MESSAGES, **OPTIONS).content
        gw.close()
    first, second = server.requests
    assert first.line == second.line
    for request in (first, second):
        assert request.headers["authorization"] == signature(request, "eu-west-1")
    assert first.headers["content-type"] == second.headers["content-type"]
    assert same_request(json.loads(first.body)) == same_request(json.loads(second.body))
    assert text == ours == "Hello there"
