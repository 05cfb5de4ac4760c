"""What a sandbox can do wrong: Faults, each a value that says how an answer differs from a good one.

A fault first shapes the answer (another status, another body), then plays it (drops, stalls, drips). Both are pure: the
server only carries out the steps. Your own fault is a frozen subclass of Fault with one of the two methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from attrs import evolve, field, frozen

from agentsea_gateway.brief import short
from agentsea_gateway.testing.replies import Reply, to_json
from agentsea_gateway.testing.side import ErrorKind
from agentsea_gateway.testing.wire import Answer, End, Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from attrs import Attribute

    from agentsea_gateway.testing.exchange import Exchange
    from agentsea_gateway.testing.wire import After, Step

HTML = b"<!DOCTYPE html><html><head><title>Attention Required!</title></head><body><h1>Sorry</h1></body></html>"

Truncation = Literal["short", "clean", "torn"]
Dripping = Literal["head", "body", "all"]


def _as_reply(reply: Reply | str | None) -> Reply | None:
    if reply is None or isinstance(reply, Reply):
        return reply
    if isinstance(reply, str):
        return Reply(reply)
    raise TypeError(f"reply={reply!r}: give a Reply or a string")


def _checked_error(_fault: Fault, _attribute: Attribute[Any], what: Any) -> None:
    if isinstance(what, int) and not isinstance(what, bool) and 100 <= what <= 999:
        return
    if what not in get_args(ErrorKind):
        raise ValueError(
            f"{what!r} is no HTTP status and no kind of error; the kinds are {', '.join(get_args(ErrorKind))}"
        )


def _checked_after(_fault: Fault, _attribute: Attribute[Any], after: Any) -> None:
    if isinstance(after, int) and not isinstance(after, bool) and after >= 0:
        return
    if after not in (None, "request", "head", "end"):
        raise ValueError(
            f'after={after!r}: give "request", "head" or a number of content events (bytes of a plain body)'
        )


def _one_of(words: Any) -> Callable[[Fault, Attribute[Any], Any], None]:
    def check(_fault: Fault, attribute: Attribute[Any], value: Any) -> None:
        if value not in get_args(words):
            raise ValueError(f"{attribute.name}={value!r}: give one of {', '.join(get_args(words))}")

    return check


@frozen(kw_only=True)
class Fault:
    """An answer that goes wrong. Make one with the functions below; all of them work for every dialect.

    `after`, where a fault has it, is the point up to which all is well: "request" (it was read, nothing was sent),
    "head" (the response head was sent), or a number: so many content events of a stream, so many bytes of a plain body.
    Every one also takes `reply=` (what it would have answered; by default the sandbox's own) and `latency=` (seconds
    before it begins; by default the sandbox's).
    """

    reply: Reply | None = field(default=None, converter=_as_reply)
    latency: float | None = None

    def shape(self, exchange: Exchange) -> Answer:
        """The answer that goes wrong."""
        return exchange.answer(self.reply, self.latency)

    def play(self, answer: Answer) -> Iterator[Step]:
        """What happens on the wire, in order."""
        return answer.steps()

    @staticmethod
    def status(
        what: int | ErrorKind,
        *,
        retry_after: str | float | None = None,
        message: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        latency: float | None = None,
    ) -> Fault:
        """An error with the vendor's body. `what` is an HTTP status, or a kind that each vendor says in its own way
        ("quota" is OpenAI's 429 insufficient_quota and a 400 of Anthropic's): bad_key, no_permission, model_not_found,
        quota, rate_limit, context_window, content_policy, server_error, overloaded. `retry_after` is sent as given."""
        given = {} if retry_after is None else {"retry-after": str(retry_after)}
        return _Status(what=what, message=message, code=code, headers=given | dict(headers or {}), latency=latency)

    @staticmethod
    def error(
        what: int | ErrorKind = "overloaded",
        *,
        after: int = 0,
        message: str | None = None,
        code: str | None = None,
        reply: Reply | str | None = None,
        latency: float | None = None,
    ) -> Fault:
        """An error inside a 200: as the whole body of a plain answer, as an event of a stream behind so many content
        events (0: the very first event)."""
        return _Error(what=what, after=after, message=message, code=code, reply=reply, latency=latency)

    @staticmethod
    def html(status: int = 200, *, headers: Mapping[str, str] | None = None, latency: float | None = None) -> Fault:
        """A web page, as proxies and content networks send them."""
        kind = {"content-type": "text/html; charset=utf-8"}
        return _Body(what=status, data=HTML, headers=kind | dict(headers or {}), latency=latency)

    @staticmethod
    def body(
        data: bytes | str | Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        latency: float | None = None,
    ) -> Fault:
        """Any body with a correct length; a mapping is sent as JSON, whether a stream was asked for or not."""
        found = data if isinstance(data, bytes) else data.encode() if isinstance(data, str) else to_json(data)
        kind = {"content-type": "application/json"}
        return _Body(what=status, data=found, headers=kind | dict(headers or {}), latency=latency)

    @staticmethod
    def raw(data: bytes, *, keep_open: bool = False, latency: float | None = None) -> Fault:
        """These bytes instead of an HTTP answer; then the connection is closed, or kept open."""
        return _Raw(data=data, keep_open=keep_open, latency=latency)

    @staticmethod
    def surplus(
        *,
        before: bytes = b"",
        behind: bytes | None = None,
        reply: Reply | str | None = None,
        latency: float | None = None,
    ) -> Fault:
        """A good answer with bytes before it (a 103, a flood of them) or behind it; None behind is the answer again."""
        return _Surplus(before=before, behind=behind, reply=reply, latency=latency)

    @staticmethod
    def drop(
        after: After | Literal["end"] = "request",
        *,
        reset: bool = False,
        reply: Reply | str | None = None,
        latency: float | None = None,
    ) -> Fault:
        """The connection is closed (or reset) at that point; "end": behind a good answer, without a word of warning."""
        return _Drop(after=after, reset=reset, reply=reply, latency=latency)

    @staticmethod
    def stall(after: After = "request", *, reply: Reply | str | None = None, latency: float | None = None) -> Fault:
        """From that point on nothing comes, until the client leaves or the sandbox is closed."""
        return _Stall(after=after, reply=reply, latency=latency)

    @staticmethod
    def truncate(
        after: int | None = None,
        *,
        how: Truncation = "short",
        reply: Reply | str | None = None,
        latency: float | None = None,
    ) -> Fault:
        """The body ends too early, by default half-way.

        how="short": closed within a chunk, or before the promised length · "clean": the framing is whole, the content
        is not (JSON cut off, a stream without its end) · "torn": the same, but within an event of the stream
        """
        return _Truncate(after=after, how=how, reply=reply, latency=latency)

    @staticmethod
    def drip(
        every: float = 0.05,
        *,
        size: int = 1,
        what: Dripping = "body",
        reply: Reply | str | None = None,
        latency: float | None = None,
    ) -> Fault:
        """A good answer, `size` bytes at a time, with `every` seconds between them."""
        return _Drip(every=every, size=size, what=what, reply=reply, latency=latency)

    @staticmethod
    def pings(
        every: float = 0.05,
        *,
        after: After = "head",
        reply: Reply | str | None = None,
        latency: float | None = None,
    ) -> Fault:
        """From that point on only signs of life, for ever: the vendor's pings in a stream, blanks in a plain body."""
        return _Pings(every=every, after=after, reply=reply, latency=latency)


@frozen(kw_only=True)
class _Status(Fault):
    what: int | ErrorKind = field(validator=_checked_error)
    message: str | None
    code: str | None
    headers: Mapping[str, str]

    def shape(self, exchange: Exchange) -> Answer:
        return exchange.error(exchange.wording(self.what, self.message, self.code), self.headers, self.latency)


@frozen(kw_only=True)
class _Error(Fault):
    what: int | ErrorKind = field(validator=_checked_error)
    after: int = field(validator=_checked_after)
    message: str | None
    code: str | None

    def shape(self, exchange: Exchange) -> Answer:
        refusal = exchange.wording(self.what, self.message, self.code)
        if not exchange.request.streamed:
            return evolve(exchange.error(refusal, latency=self.latency), status=200)
        answer = exchange.answer(self.reply, self.latency)
        # An error that is the first event stands in front of what the vendor sends ahead of the content.
        begun = answer.split(self.after)[0] if self.after else ()
        return answer.with_frames(*begun, exchange.side.error_frame(refusal, exchange.request_id))


@frozen(kw_only=True)
class _Body(Fault):
    what: int
    data: bytes = field(repr=short)
    headers: Mapping[str, str]

    def shape(self, exchange: Exchange) -> Answer:
        return exchange.raw(self.what, self.data, (*exchange.headers, *self.headers.items()), self.latency)


@frozen(kw_only=True)
class _Raw(Fault):
    data: bytes = field(repr=short)
    keep_open: bool

    def play(self, answer: Answer) -> Iterator[Step]:
        yield from answer.opening("request")
        yield self.data
        if not self.keep_open:
            yield End.FIN


@frozen(kw_only=True)
class _Surplus(Fault):
    before: bytes
    behind: bytes | None

    def play(self, answer: Answer) -> Iterator[Step]:
        yield self.before
        yield from answer.steps()
        if self.behind is None:
            yield from evolve(answer, latency=0.0).steps()
        else:
            yield self.behind


@frozen(kw_only=True)
class _Drop(Fault):
    after: After | Literal["end"] = field(validator=_checked_after)
    reset: bool

    def play(self, answer: Answer) -> Iterator[Step]:
        yield from answer.steps() if self.after == "end" else answer.opening(self.after)
        yield End.RST if self.reset else End.FIN


@frozen(kw_only=True)
class _Stall(Fault):
    after: After = field(validator=_checked_after)

    def play(self, answer: Answer) -> Iterator[Step]:
        yield from answer.opening(self.after)
        yield End.STALL


@frozen(kw_only=True)
class _Truncate(Fault):
    after: int | None = field(validator=_checked_after)
    how: Truncation = field(validator=_one_of(Truncation))

    def play(self, answer: Answer) -> Iterator[Step]:
        before, behind = answer.split(answer.half() if self.after is None else self.after)
        half = behind[0].data[: len(behind[0].data) // 2] if behind and answer.streamed else b""
        if self.how == "short":
            yield from answer.opening("head")
            yield from answer.body(before)
            if half:  # the chunk's size promises the whole event
                yield answer.framed(behind[0].data)[: -len(behind[0].data) + len(half) - 2]
            yield End.FIN
        else:
            torn = (Frame(half),) if half and self.how == "torn" else ()
            yield from answer.with_frames(*before, *torn).steps()


@frozen(kw_only=True)
class _Drip(Fault):
    every: float
    size: int
    what: Dripping = field(validator=_one_of(Dripping))

    def play(self, answer: Answer) -> Iterator[Step]:
        is_head = True
        for step in answer.steps():
            if not isinstance(step, bytes):
                yield step
                continue
            if self.what in ("all", "head" if is_head else "body"):
                yield from self._dripped(step)
            else:
                yield step
            is_head = False

    def _dripped(self, data: bytes) -> Iterator[Step]:
        for start in range(0, len(data), self.size):
            yield data[start : start + self.size]
            yield self.every


@frozen(kw_only=True)
class _Pings(Fault):
    every: float
    after: After = field(validator=_checked_after)

    def play(self, answer: Answer) -> Iterator[Step]:
        if not answer.streamed:
            answer = evolve(answer, framing="chunked")
        yield from answer.opening(self.after)
        if self.after == "request":
            yield answer.head()
        while True:
            yield answer.framed(answer.ping)
            yield self.every
