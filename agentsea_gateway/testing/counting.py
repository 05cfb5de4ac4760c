"""What an answer counts: the reply's own usage, and for what it leaves open one token for every four characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from agentsea_gateway.testing.recorded import text_of
from agentsea_gateway.testing.replies import tokens

if TYPE_CHECKING:
    from agentsea_gateway.testing.recorded import Request
    from agentsea_gateway.testing.replies import Reply

_SYSTEM = ("system", "systemInstruction", "instructions")  # where vendors have it who keep it apart from the turns


@frozen
class Counts:
    """Tokens. `read` and `written` are all of them; the others are parts of these two."""

    read: int
    written: int
    reasoned: int
    cached: int
    stored: int


def counted(reply: Reply, request: Request) -> Counts:
    """The tokens of this answer to this request."""
    given = reply.usage
    read, written, reasoned, cached, stored = None, None, None, 0, 0
    if given is not None:
        read, written, reasoned = given.input_tokens, given.output_tokens, given.reasoning_tokens
        cached, stored = given.cached_tokens or 0, given.cache_write_tokens or 0
    return Counts(
        _asked(request) if read is None else read,
        reply.output_tokens() if written is None else written,
        tokens(reply.thinking or "") if reasoned is None else reasoned,
        cached,
        stored,
    )


def _asked(request: Request) -> int:
    system = [text_of(request.body.get(name)) for name in _SYSTEM if name in request.body]
    return sum([tokens(text) for text in (*system, *request.texts())])
