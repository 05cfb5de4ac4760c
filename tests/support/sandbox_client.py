"""Clients for the sandbox's own tests: one row for each dialect, over http.client and over a bare socket."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any

from attrs import frozen

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
        found = []
        for block in self.data.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
            if "data" in lines:
                text = lines["data"]
                found.append((lines.get("event"), text if text == "[DONE]" else json.loads(text)))
        return found


@frozen
class Dialect:
    """How a client speaks one dialect; the tests run for every row."""

    name: str
    path: str
    key_header: str
    key_prefix: str
    headers: dict[str, str]
    extra: dict[str, Any]

    def head(self, key: str | None = "sk-sandbox") -> dict[str, str]:
        """Request headers with this key."""
        return self.headers | ({} if key is None else {self.key_header: self.key_prefix + key})

    def body(self, text: str = "Hello you there", **changes: Any) -> dict[str, Any]:
        """A request body; a change to None leaves the field out."""
        whole = {"model": "m-1", "messages": [{"role": "user", "content": text}], **self.extra, **changes}
        return {name: value for name, value in whole.items() if value is not None}

    def text(self, got: Got) -> str:
        """The text of a plain answer."""
        if self.name == "openai_chat":
            return str(got.body["choices"][0]["message"]["content"])
        return "".join(block["text"] for block in got.body["content"] if block["type"] == "text")

    def texts(self, got: Got) -> list[str]:
        """The pieces of text of a streamed answer."""
        if self.name == "openai_chat":
            chunks = [data for _, data in got.events if data != "[DONE]" and data.get("choices")]
            return [text for chunk in chunks if (text := chunk["choices"][0]["delta"].get("content"))]
        deltas = [data["delta"] for name, data in got.events if name == "content_block_delta"]
        return [delta["text"] for delta in deltas if delta["type"] == "text_delta"]

    def ended(self, got: Got) -> bool:
        """Whether a stream has the end that its vendor promises."""
        last = got.events[-1] if got.events else (None, None)
        return last == (None, "[DONE]") or last[0] == "message_stop"

    def error(self, body: Any) -> tuple[str, str]:
        """Type and message of an error body; fails where the shape is not the vendor's."""
        if self.name == "openai_chat":
            assert set(body) == {"error"}
            assert set(body["error"]) == {"message", "type", "param", "code"}
        else:
            assert set(body) == {"type", "error", "request_id"}
            assert body["type"] == "error"
        return body["error"]["type"], body["error"]["message"]


OPENAI = Dialect("openai_chat", "/v1/chat/completions", "authorization", "Bearer ", {}, {})
ANTHROPIC = Dialect(
    "anthropic_messages",
    "/v1/messages",
    "x-api-key",
    "",
    {"anthropic-version": "2023-06-01"},
    {"max_tokens": 100},
)
DIALECTS = (OPENAI, ANTHROPIC)


class Client:
    """Asks a sandbox in one dialect, over one kept-alive connection."""

    def __init__(self, box: Sandbox, dialect: Dialect) -> None:
        self.box = box
        self.dialect = dialect
        self.port = int(box.base_url.rpartition(":")[2])
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, body: Any = None, *, key: str | None = "sk-sandbox", path: str | None = None, **changes: Any) -> Got:
        """One request: the dialect's usual body with changes, or this one."""
        sent = self.dialect.body(**changes) if body is None else body
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        return self.send("POST", path or self.dialect.path, data, self.dialect.head(key))

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
        data = json.dumps(self.dialect.body(**changes)).encode()
        head = [f"POST {self.dialect.path} HTTP/1.1", "host: sandbox", f"content-length: {len(data)}"]
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
