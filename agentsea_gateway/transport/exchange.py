"""One request and its answer over one connection, which goes back to its pool once the answer was read whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentsea_gateway.errors import APIConnectionError, MalformedResponseError
from agentsea_gateway.transport.answer_head import receive_head
from agentsea_gateway.transport.connection import IDLE
from agentsea_gateway.transport.framing import Sized, framing_of
from agentsea_gateway.transport.headers import Headers
from agentsea_gateway.transport.inflate import inflater_of
from agentsea_gateway.transport.reply import Reply

if TYPE_CHECKING:
    from agentsea_gateway.call import Call
    from agentsea_gateway.transport.connection import Connection
    from agentsea_gateway.transport.framing import Framing
    from agentsea_gateway.transport.limits import Limits
    from agentsea_gateway.transport.pool import Pool

_TIMEOUT = re.compile(r"timeout=([0-9]{1,9})", re.IGNORECASE)
_LEFT_OVERS = 16  # receives that finishing a body may take


def exchange(pool: Pool, limits: Limits, head: bytes, body: bytes, call: Call) -> Reply:
    """Send `head`, the body's length and the body; the Reply, once its head is there."""
    connection = pool.take(call)
    try:
        call.attach(connection)
        connection.sent = True
        connection.doing = "sending to"
        connection.send((head, b"%d\r\n\r\n" % len(body), body), call)
        status, stays, fields, rest = receive_head(connection, call, limits)
        try:
            inflater = inflater_of(fields.get("content-encoding"))
            framing = framing_of(status, fields, limits)
            ready = framing.feed(rest) if rest else rest
        except MalformedResponseError:
            if 200 <= status < 300:
                raise
            # The status says what happened; the words are lost, and so is the connection.
            inflater, framing, ready, stays = None, Sized(0), b"", False
        call.attach(None)
    except BaseException:
        call.attach(None)
        connection.discard()
        raise
    if "keep-alive" in fields:
        connection.idle_limit = _idle_limit(fields["keep-alive"])
    # With both fields two readers may disagree where the next answer begins (RFC 9112, 6.3).
    stays = stays and not ("transfer-encoding" in fields and "content-length" in fields)
    incoming = Incoming(pool, connection, framing, stays)
    if framing.done:
        incoming.release(call)
        return Reply(status, Headers(fields), ready, None, inflater=inflater, limits=limits, call=call)
    connection.doing = "reading the answer of"
    connection.rest()
    return Reply(status, Headers(fields), ready, incoming, inflater=inflater, limits=limits, call=call)


def _idle_limit(keep_alive: str) -> float:
    """Seconds that the peer keeps the connection (`timeout=5`, RFC 2068, 19.7.1.1), less what a request takes."""
    timeout = _TIMEOUT.search(keep_alive)
    return min(IDLE, float(timeout[1]) - 0.5) if timeout else IDLE


class Incoming:
    """The rest of an answer's body, on its way in."""

    __slots__ = ("_closed", "_connection", "_framing", "_pool", "_stays")

    def __init__(self, pool: Pool, connection: Connection, framing: Framing, stays: bool) -> None:
        self._pool = pool
        self._connection: Connection | None = connection
        self._framing = framing
        self._stays = stays
        self._closed = False

    def receive(self, call: Call) -> bytes:
        """The next bytes of the body; b"" at its proven end."""
        if self._framing.done:
            return b""
        connection, framing = self._connection, self._framing
        if connection is None:
            raise APIConnectionError("the answer was closed before its end")
        connection.busy = True
        call.attach(connection)
        try:
            piece = self._next_piece(connection, call)
            call.attach(None)
        except BaseException:
            call.attach(None)
            self._connection = None
            connection.discard()
            raise
        if framing.done:
            self.release(call)
        else:
            connection.rest()
        return piece

    def _next_piece(self, connection: Connection, call: Call) -> bytes:
        # Apart from the try that it belongs to: Python 3.13 does not guard a loop's jump back (its issue 130279).
        framing, piece = self._framing, b""
        if framing.failure is not None:
            raise framing.failure
        while not piece and not framing.done:
            data = connection.receive(call)
            if data:
                piece = framing.feed(data)
            else:
                framing.end()
                self._stays = False
        return piece

    def release(self, call: Call) -> None:
        """The body's end was read: the connection may serve the next request, if nothing speaks against it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        # close() and cancel() store their flag before they look for the connection, and we took it away before we
        # read the flags: nobody who is about to close it can have missed both.
        if self._stays and not self._framing.surplus and not self._closed and not call.cancelled:
            self._pool.put(connection)
        else:
            connection.discard()

    def finish(self, call: Call) -> None:
        """Take what is there of the rest without waiting; without the end the connection is closed."""
        connection, framing = self._connection, self._framing
        if connection is None:
            return
        connection.busy = True
        try:
            for _ in range(_LEFT_OVERS):
                data = b"" if framing.done else connection.receive_ready()
                if not data:
                    break
                framing.feed(data)
        except MalformedResponseError:
            pass  # the consumer has what it wanted
        if framing.done:
            self.release(call)
        else:
            self._connection = None
            connection.discard()

    def close(self) -> None:
        """Drop the connection, from any thread."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
