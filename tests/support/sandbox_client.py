"""Clients for the sandbox's own tests: one row for each dialect, over http.client and over a bare socket."""

from __future__ import annotations

import http.client
import json
import socket
from binascii import crc32
from contextlib import closing
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from agentsea_gateway.testing.bedrock_side import BedrockSide

if TYPE_CHECKING:
    from agentsea_gateway.testing import Sandbox

PATIENCE = 5.0  # seconds until a test that waits for bytes has failed


@frozen
class Got:
    """What came back for one request."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def body(self) -> Any:
        """The data as JSON."""
        return json.loads(self.data)

    @property
    def events(self) -> list[tuple[str | None, Any]]:
        """The events of a stream: name (None without one) and data, as JSON where it is JSON."""
        kind = self.headers.get("content-type", "")
        if "amazon" in kind:
            return messages_in(self.data)
        if "ndjson" in kind:
            return [(None, json.loads(line)) for line in self.data.splitlines() if line.strip()]
        found = []
        for block in self.data.decode().replace("\r\n", "\n").split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
            if "data" in lines:
                text = lines["data"]
                found.append((lines.get("event"), text if text == "[DONE]" else json.loads(text)))
        return found


def messages_in(data: bytes) -> list[tuple[str | None, Any]]:
    """The messages of an Amazon event stream, checksums proven: the event's or exception's name, and the payload."""
    found: list[tuple[str | None, Any]] = []
    while data:
        whole, headers = int.from_bytes(data[:4]), int.from_bytes(data[4:8])
        assert crc32(data[:8]).to_bytes(4) == data[8:12]
        assert crc32(data[: whole - 4]).to_bytes(4) == data[whole - 4 : whole]
        told, rest = {}, data[12 : 12 + headers]
        while rest:
            name, rest = rest[1 : 1 + rest[0]].decode(), rest[1 + rest[0] :]
            length = int.from_bytes(rest[1:3])
            told[name], rest = rest[3 : 3 + length].decode(), rest[3 + length :]
        assert told[":content-type"] == "application/json"
        kind = told.get(":event-type") or told[":exception-type"]
        found.append((kind, json.loads(data[12 + headers : whole - 4])))
        data = data[whole:]
    return found


class Dialect:
    """How a client speaks one dialect; the tests run for every one. This is OpenAI's chat, the others differ."""

    name = "openai_chat"
    path = "/v1/chat/completions"
    models_path: str | None = "/v1/models"
    key_header = "authorization"
    key_prefix = "Bearer "
    headers: ClassVar[dict[str, str]] = {}
    extra: ClassVar[dict[str, Any]] = {}
    stream_type = "text/event-stream; charset=utf-8"
    request_id: str | None = "x-request-id"
    remaining: str | None = "x-ratelimit-remaining-requests"  # the header that counts down
    ping = b": keep-alive\n\n"
    turns = "messages"
    says_types = True  # in the body of an error
    unauthorized = (401, 401)  # without a key, and with a wrong one
    nowhere: str | None = "/v1/nowhere"  # a path that nobody has, but whose words are known
    invalid = (400, "invalid_request_error")  # for a body that is no JSON object

    def head(self, key: str | None = "sk-sandbox") -> dict[str, str]:
        """Request headers with this key."""
        return self.headers | ({} if key is None else {self.key_header: self.key_prefix + key})

    def request(self, text: str = "Hello you there", **changes: Any) -> tuple[str, dict[str, Any]]:
        """Path and body of a request; a change to None leaves the field out."""
        whole = {"model": "m-1", self.turns: [self.turn(text)], **self.extra, **changes}
        return self.path, {name: value for name, value in whole.items() if value is not None}

    def body(self, text: str = "Hello you there", **changes: Any) -> dict[str, Any]:
        """A request body."""
        return self.request(text, **changes)[1]

    def turn(self, text: str) -> dict[str, Any]:
        """A user's turn."""
        return {"role": "user", "content": text}

    def model(self, body: Any) -> str | None:
        """The model that an answer says; None where this vendor does not say it."""
        return str(body["model"])

    def text(self, got: Got) -> str:
        """The text of a plain answer."""
        return str(got.body["choices"][0]["message"]["content"])

    def piece(self, name: str | None, data: Any) -> str | None:
        """The piece of text in an event."""
        if data == "[DONE]" or not data.get("choices"):
            return None
        found: str | None = data["choices"][0]["delta"].get("content")
        return found

    def texts(self, got: Got) -> list[str]:
        """The pieces of text of a streamed answer."""
        return [text for name, data in got.events if (text := self.piece(name, data))]

    def is_end(self, name: str | None, data: Any) -> bool:
        """Whether an event is the one that a stream has to end with."""
        return (name, data) == (None, "[DONE]")

    def ended(self, got: Got) -> bool:
        """Whether a stream has the end that its vendor promises."""
        return bool(got.events) and self.is_end(*got.events[-1])

    def listed(self, body: Any) -> list[str]:
        """The names in a list of models."""
        return [row["id"] for row in body["data"]]

    def error(self, body: Any) -> tuple[str, str]:
        """Type and message of an error body; fails where the shape is not the vendor's."""
        assert set(body) == {"error"}
        assert set(body["error"]) == {"message", "type", "param", "code"}
        return body["error"]["type"], body["error"]["message"]

    def told(self, name: str | None, data: Any) -> str:
        """The message of an error that came as an event; fails where the shape is not the vendor's."""
        assert name is None
        return self.error(data)[1]


class _Anthropic(Dialect):
    name = "anthropic_messages"
    path = "/v1/messages"
    key_header = "x-api-key"
    key_prefix = ""
    headers: ClassVar[dict[str, str]] = {"anthropic-version": "2023-06-01"}
    extra: ClassVar[dict[str, Any]] = {"max_tokens": 100}
    request_id = "request-id"
    remaining = "anthropic-ratelimit-requests-remaining"
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'

    def text(self, got: Got) -> str:
        return "".join(block["text"] for block in got.body["content"] if block["type"] == "text")

    def piece(self, name: str | None, data: Any) -> str | None:
        return data["delta"].get("text") if name == "content_block_delta" else None

    def is_end(self, name: str | None, data: Any) -> bool:
        return name == "message_stop"

    def error(self, body: Any) -> tuple[str, str]:
        assert set(body) == {"type", "error", "request_id"}
        assert body["type"] == "error"
        return body["error"]["type"], body["error"]["message"]

    def told(self, name: str | None, data: Any) -> str:
        assert name == "error"
        return self.error(data)[1]


class _Responses(Dialect):
    name = "openai_responses"
    path = "/v1/responses"
    models_path = None
    turns = "input"

    def text(self, got: Got) -> str:
        return "".join(part["text"] for item in got.body["output"] for part in item.get("content", ()))

    def piece(self, name: str | None, data: Any) -> str | None:
        assert data["type"] == name
        return data["delta"] if name == "response.output_text.delta" else None

    def is_end(self, name: str | None, data: Any) -> bool:
        return name == "response.completed"

    def told(self, name: str | None, data: Any) -> str:
        assert name == data["type"] == "error"
        return str(data["message"])


class _Gemini(Dialect):
    name = "gemini"
    path = "/v1beta/models/m-1:generateContent"
    models_path = "/v1beta/models"
    key_header = "x-goog-api-key"
    key_prefix = ""
    stream_type = "text/event-stream"
    request_id = None
    remaining = None
    ping = b": keep-alive\r\n\r\n"
    turns = "contents"
    unauthorized = (403, 400)
    invalid = (400, "INVALID_ARGUMENT")

    def request(self, text: str = "Hello you there", **changes: Any) -> tuple[str, dict[str, Any]]:
        stream, model = changes.pop("stream", None), changes.pop("model", "m-1")
        method = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1beta/models/{model}:{method}", super().request(text, model=None, **changes)[1]

    def turn(self, text: str) -> dict[str, Any]:
        return {"role": "user", "parts": [{"text": text}]}

    def model(self, body: Any) -> str | None:
        return str(body["modelVersion"])

    def text(self, got: Got) -> str:
        return "".join(part["text"] for part in got.body["candidates"][0]["content"]["parts"])

    def piece(self, name: str | None, data: Any) -> str | None:
        parts = data["candidates"][0]["content"]["parts"] if "candidates" in data else []
        return "".join(part.get("text", "") for part in parts)

    def is_end(self, name: str | None, data: Any) -> bool:
        return "candidates" in data and "finishReason" in data["candidates"][0]

    def listed(self, body: Any) -> list[str]:
        return [row["name"].removeprefix("models/") for row in body["models"]]

    def error(self, body: Any) -> tuple[str, str]:
        if "promptFeedback" in body:
            return body["promptFeedback"]["blockReason"], body["promptFeedback"]["blockReasonMessage"]
        assert set(body) == {"error"}
        assert {"code", "message", "status"} <= set(body["error"]) <= {"code", "message", "status", "details"}
        return body["error"]["status"], body["error"]["message"]


class _Cohere(Dialect):
    name = "cohere_chat"
    path = "/v2/chat"
    models_path = None
    stream_type = "text/event-stream"
    request_id = "x-debug-trace-id"
    remaining = None
    nowhere = None
    invalid = (400, "INVALID_REQUEST")

    def model(self, body: Any) -> str | None:
        return None

    def text(self, got: Got) -> str:
        return "".join(part["text"] for part in got.body["message"]["content"] if part["type"] == "text")

    def piece(self, name: str | None, data: Any) -> str | None:
        return data["delta"]["message"]["content"].get("text") if name == "content-delta" else None

    def error(self, body: Any) -> tuple[str, str]:
        assert set(body) == {"error_type", "id", "message"}
        return body["error_type"], body["message"]

    def told(self, name: str | None, data: Any) -> str:
        assert name == data["type"] == "message-end"
        assert data["delta"]["finish_reason"] == "ERROR"
        return str(data["delta"]["error"])


class _Mistral(Dialect):
    name = "mistral_chat"
    path = "/mistral/v1/chat/completions"
    models_path = "/mistral/v1/models"
    request_id = "mistral-correlation-id"
    remaining = "x-ratelimit-remaining-req-minute"
    nowhere = "/mistral/v1/nowhere"
    invalid = (422, "invalid_request_error")

    def error(self, body: Any) -> tuple[str, str]:
        assert set(body) == {"object", "message", "type", "param", "code"}
        return body["type"], body["message"]


class _Ollama(Dialect):
    name = "ollama_chat"
    path = "/api/chat"
    models_path = "/api/tags"
    stream_type = "application/x-ndjson"
    request_id = None
    remaining = None
    ping = b"\n"
    says_types = False
    nowhere = None
    invalid = (400, "error")

    def request(self, text: str = "Hello you there", **changes: Any) -> tuple[str, dict[str, Any]]:
        return super().request(text, **{"stream": False, **changes})

    def text(self, got: Got) -> str:
        return str(got.body["message"]["content"])

    def piece(self, name: str | None, data: Any) -> str | None:
        return data["message"]["content"] if "message" in data else None

    def is_end(self, name: str | None, data: Any) -> bool:
        return data.get("done") is True

    def listed(self, body: Any) -> list[str]:
        return [row["model"] for row in body["models"]]

    def error(self, body: Any) -> tuple[str, str]:
        assert set(body) == {"error"}
        return "error", body["error"]


class _Bedrock(Dialect):
    name = "bedrock_converse"
    ping = BedrockSide().PING
    path = "/model/m-1/converse"
    models_path = None
    stream_type = "application/vnd.amazon.eventstream"
    request_id = "x-amzn-requestid"
    remaining = None
    says_types = False
    unauthorized = (403, 403)
    nowhere = None
    invalid = (400, "error")

    def request(self, text: str = "Hello you there", **changes: Any) -> tuple[str, dict[str, Any]]:
        stream, model = changes.pop("stream", None), changes.pop("model", "m-1")
        path = f"/model/{model}/{'converse-stream' if stream else 'converse'}"
        return path, super().request(text, model=None, **changes)[1]

    def turn(self, text: str) -> dict[str, Any]:
        return {"role": "user", "content": [{"text": text}]}

    def model(self, body: Any) -> str | None:
        return None

    def text(self, got: Got) -> str:
        return "".join(block.get("text", "") for block in got.body["output"]["message"]["content"])

    def piece(self, name: str | None, data: Any) -> str | None:
        return data["delta"].get("text") if name == "contentBlockDelta" else None

    def is_end(self, name: str | None, data: Any) -> bool:
        return name == "metadata"

    def error(self, body: Any) -> tuple[str, str]:
        assert set(body) == {"message"}
        return "error", body["message"]

    def told(self, name: str | None, data: Any) -> str:
        assert (name or "").endswith("Exception")
        return self.error(data)[1]


OPENAI, ANTHROPIC, RESPONSES, GEMINI, COHERE = Dialect(), _Anthropic(), _Responses(), _Gemini(), _Cohere()
MISTRAL, OLLAMA, BEDROCK = _Mistral(), _Ollama(), _Bedrock()
DIALECTS = (OPENAI, ANTHROPIC, RESPONSES, GEMINI, COHERE, MISTRAL, OLLAMA, BEDROCK)


class Client:
    """Asks a sandbox in one dialect, over one kept-alive connection."""

    def __init__(self, box: Sandbox, dialect: Dialect) -> None:
        self.box = box
        self.dialect = dialect
        self.port = int(box.base_url.rpartition(":")[2])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, body: Any = None, *, key: str | None = "sk-sandbox", path: str | None = None, **changes: Any) -> Got:
        """One request: the dialect's usual body with changes, or this one."""
        usual, sent = self.dialect.request(**changes)
        sent = sent if body is None else body
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return self.send("POST", path or usual, data, self.dialect.head(key))

    def send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Got:
        """One request, as given."""
        self.connection.request(method, path, data, headers)
        response = self.connection.getresponse()
        return Got(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())

    def close(self) -> None:
        """Hang up."""
        self.connection.close()

    def request_bytes(self, **changes: Any) -> bytes:
        """A request as it goes over the wire."""
        path, body = self.dialect.request(**changes)
        data = json.dumps(body).encode()
        head = [f"POST {path} HTTP/1.1", "host: sandbox", f"content-length: {len(data)}"]
        head += [f"{name}: {value}" for name, value in self.dialect.head().items()]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + data

    def socket(self, **changes: Any) -> socket.socket:
        """A new connection on which a request was sent."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        sock.sendall(self.request_bytes(**changes))
        return sock

    def everything(self, **changes: Any) -> bytes:
        """All bytes that a request brings until the sandbox hangs up (or resets: ConnectionResetError)."""
        with closing(self.socket(**changes)) as sock:
            return read_to_end(sock)


def read_to_end(sock: socket.socket) -> bytes:
    """Everything up to the other side's goodbye."""
    found = b""
    while data := sock.recv(65536):
        found += data
    return found


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """Everything up to a mark, and perhaps more."""
    found = b""
    while mark not in found:
        data = sock.recv(65536)
        assert data, f"the connection ended before {mark!r}: {found!r}"
        found += data
    return found
