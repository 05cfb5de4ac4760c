"""Clients that know only HTTP: what is above them is the price of knowing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.answers import KEY
from benchmarks.client import Client, bearer, body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Bare(Client):
    """Base of those below: what they do with bytes is in `wire`, loaded as late as they are."""

    def load(self) -> None:
        from benchmarks.clients import wire

        self.wire = wire


class Requests(Bare):
    """requests.Session, as its documentation has it: the reference of every ratio."""

    name = "requests"
    importing = "import requests"
    needs = ("requests", "urllib3")

    def load(self) -> None:
        super().load()
        import requests

        self.session_class = requests.Session

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.url, self.timeout = f"{urls[0]}/chat/completions", timeout
        self.session = self.session_class()
        self.session.headers.update(bearer())

    def ask(self, text: str) -> str:
        return self.wire.content_of(self.session.post(self.url, json=body(text), timeout=self.timeout).json())

    def stream(self, text: str) -> Iterator[str]:
        with self.session.post(self.url, json=body(text, stream=True), stream=True, timeout=self.timeout) as reply:
            yield from self.wire.pieces_of(reply.iter_lines())

    def close(self) -> None:
        self.session.close()


class RequestsAgain(Requests):
    """The reference against itself: what it is away from 1.00 is noise."""

    name = "requests again (noise)"


class RequestsMessages(Bare):
    """requests.Session for Anthropic's messages: the reference of those who speak them."""

    name = "requests, messages"
    needs = ("requests",)

    def load(self) -> None:
        super().load()
        import requests

        self.session_class = requests.Session

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.url, self.timeout = f"{urls[0]}/messages", timeout
        self.session = self.session_class()
        self.session.headers.update({"x-api-key": KEY, "anthropic-version": "2023-06-01"})

    def ask(self, text: str) -> str:
        answer = self.session.post(self.url, json=self._body(text), timeout=self.timeout).json()
        found: str = answer["content"][0]["text"]
        return found

    def stream(self, text: str) -> Iterator[str]:
        what = {**self._body(text), "stream": True}
        with self.session.post(self.url, json=what, stream=True, timeout=self.timeout) as reply:
            for line in reply.iter_lines():
                if line.startswith(b"data: "):
                    event = self.wire.loads(line[6:])
                    if event["type"] == "content_block_delta":
                        yield event["delta"]["text"]

    def _body(self, text: str) -> dict[str, Any]:
        return {**body(text), "max_tokens": 500}


class HTTPX(Bare):
    """httpx.Client."""

    name = "httpx"
    importing = "import httpx"
    needs = ("httpx",)

    def load(self) -> None:
        super().load()
        import httpx

        self.client_class = httpx.Client

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.url = f"{urls[0]}/chat/completions"
        self.client = self.client_class(headers=bearer(), timeout=timeout)

    def ask(self, text: str) -> str:
        return self.wire.content_of(self.client.post(self.url, json=body(text)).json())

    def stream(self, text: str) -> Iterator[str]:
        with self.client.stream("POST", self.url, json=body(text, stream=True)) as reply:
            yield from self.wire.pieces_of(reply.iter_lines())


class Urllib3(Bare):
    """urllib3.PoolManager."""

    name = "urllib3"
    importing = "import urllib3"
    needs = ("urllib3",)

    def load(self) -> None:
        super().load()
        import urllib3

        self.pool_class = urllib3.PoolManager

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.url = f"{urls[0]}/chat/completions"
        self.pool = self.pool_class(headers={**bearer(), "Content-Type": "application/json"}, retries=False)

    def ask(self, text: str) -> str:
        return self.wire.content_of(
            self.wire.loads(self.pool.request("POST", self.url, body=self.wire.dumps(body(text))).data)
        )

    def stream(self, text: str) -> Iterator[str]:
        data = self.wire.dumps(body(text, stream=True))
        reply = self.pool.request("POST", self.url, body=data, preload_content=False)
        yield from self.wire.pieces_of(self.wire.lines_of(reply.stream(65536)))
        reply.release_conn()


class HTTPClient(Bare):
    """http.client of the standard library."""

    name = "http.client"
    importing = "import http.client"

    def load(self) -> None:
        super().load()
        import http.client

        self.connection_class = http.client.HTTPConnection

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        host, _, path = urls[0].removeprefix("http://").partition("/")
        self.path, self.connection = f"/{path}/chat/completions", self.connection_class(host)

    def ask(self, text: str) -> str:
        return self.wire.content_of(self.wire.loads(self._post(body(text)).read()))

    def stream(self, text: str) -> Iterator[str]:
        reply = self._post(body(text, stream=True))
        yield from self.wire.pieces_of(self.wire.lines_of(iter(lambda: reply.read1(65536), b"")))

    def _post(self, what: Any) -> Any:
        headers = {**bearer(), "Content-Type": "application/json"}
        self.connection.request("POST", self.path, self.wire.dumps(what), headers)
        return self.connection.getresponse()


class PyReqwest(Bare):
    """pyreqwest: Rust's reqwest."""

    name = "pyreqwest"
    importing = "from pyreqwest.client import SyncClientBuilder"
    needs = ("pyreqwest",)

    def load(self) -> None:
        super().load()
        from pyreqwest.client import SyncClientBuilder

        self.builder = SyncClientBuilder

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.url = f"{urls[0]}/chat/completions"
        self.client = self.builder().default_headers(bearer()).build()

    def ask(self, text: str) -> str:
        return self.wire.content_of(self.client.post(self.url).body_json(body(text)).build().send().json())

    def stream(self, text: str) -> Iterator[str]:
        with self.client.post(self.url).body_json(body(text, stream=True)).build_streamed() as reply:
            reader = reply.body_reader
            yield from self.wire.pieces_of(self.wire.lines_of(map(bytes, iter(reader.read_chunk, None))))


class Primp(Bare):
    """primp: Rust's reqwest too."""

    name = "primp"
    importing = "import primp"
    needs = ("primp",)

    def load(self) -> None:
        super().load()
        import primp

        self.client_class = primp.Client

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.url, self.client = f"{urls[0]}/chat/completions", self.client_class(headers=bearer())

    def ask(self, text: str) -> str:
        return self.wire.content_of(self.client.post(self.url, json=body(text)).json())

    def stream(self, text: str) -> Iterator[str]:
        with self.client.post(self.url, json=body(text, stream=True), stream=True) as reply:
            yield from self.wire.pieces_of(reply.iter_lines())


class PycURL(Bare):
    """pycurl: libcurl."""

    name = "pycurl"
    importing = "import pycurl"
    needs = ("pycurl",)
    streams = False

    def load(self) -> None:
        super().load()
        import pycurl

        self.pycurl = pycurl

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        self.curl = self.pycurl.Curl()
        self.curl.setopt(self.pycurl.URL, f"{urls[0]}/chat/completions")
        fields = {**bearer(), "Content-Type": "application/json"}
        self.curl.setopt(self.pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in fields.items()])

    def ask(self, text: str) -> str:
        self.curl.setopt(self.pycurl.POSTFIELDS, self.wire.dumps(body(text)))
        return self.wire.content_of(self.wire.loads(self.curl.perform_rb()))


class RawSocket(Bare):
    """A socket, and not even a parser of heads: the floor under everybody."""

    name = "raw socket"
    importing = "import socket"

    def load(self) -> None:
        super().load()
        import socket

        self.connect = socket.create_connection

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        host, _, path = urls[0].removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        fields = "".join(f"{key}: {value}\r\n" for key, value in bearer().items())
        self.head = f"POST /{path}/chat/completions HTTP/1.1\r\nHost: {host}\r\n{fields}Content-Length: ".encode()
        self.socket = self.connect((name, int(port)))

    def ask(self, text: str) -> str:
        data = self._post(body(text))
        return self.wire.content_of(self.wire.loads(data[data.index(b"\r\n\r\n") + 4 :]))

    def stream(self, text: str) -> Iterator[str]:
        data = self._post(body(text, stream=True))
        yield from self.wire.pieces_of(self.wire.lines_of(self._blocks(data)))

    def _post(self, what: Any) -> bytes:
        data = self.wire.dumps(what).encode()
        self.socket.sendall(b"%s%d\r\n\r\n%s" % (self.head, len(data), data))
        return self.socket.recv(65536)

    def _blocks(self, data: bytes) -> Iterator[bytes]:
        yield data
        while not data.endswith(b"0\r\n\r\n"):
            data = self.socket.recv(65536)
            yield data
