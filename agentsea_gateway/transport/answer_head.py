"""The head of an answer, received and parsed: status, whether the connection may stay, and the fields (RFC 9112)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from agentsea_gateway.errors import APIConnectionError, MalformedResponseError

if TYPE_CHECKING:
    from agentsea_gateway.transport.connection import Budget, Connection
    from agentsea_gateway.transport.limits import Limits

# Bare LF ends a line too, as http.client has it; a bare CR or a NUL never does and is refused (RFC 9112, 2.2).
END = re.compile(rb"\n\r?\n")
# What could match in two ways is possessive (*+): a hostile head costs no more than its length.
_STATUS = re.compile(r"HTTP/1\.([0-9])[ \t]++([1-9][0-9][0-9])(?:[ \t][^\r\n\0]*+)?\r?\n")
_FIELD = re.compile(r"^([!#$%&'*+\-.^_`|~0-9A-Za-z]++):[ \t]*+([^\r\n\0]*+)\r?\n", re.MULTILINE)
_PADDED = re.compile(r"[ \t]\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]++")


_PREFIX = b"HTTP/1."


def receive_head(connection: Connection, budget: Budget, limits: Limits) -> tuple[int, bool, dict[str, str], bytes]:
    """The final head (1xx are passed over) and the bytes that came behind it.

    Raises MalformedResponseError, and what receiving raises.
    """
    connection.doing = "waiting for the answer of"
    data = connection.receive(budget)
    passed = 0
    while True:
        end = END.search(data)
        if end is None:
            data, end = _receive_rest(connection, data, budget, limits)
        start = end.start() + 1
        if start > limits.head:
            raise _too_large(limits)
        status, stays, fields = parse_head(data[:start].decode("latin-1"), limits)
        data = data[end.end() :]
        if status >= 200:
            return status, stays, fields, data
        passed += 1
        if status == 101 or passed > limits.informational:
            what = "switches protocols, which nobody asked for" if status == 101 else "never comes behind its 1xx"
            raise MalformedResponseError(f"the answer {what}", status_code=status)
        if not data:
            data = connection.receive(budget)


def _receive_rest(connection: Connection, data: bytes, budget: Budget, limits: Limits) -> tuple[bytes, re.Match[bytes]]:
    """Receive until the head is there; linear even where it comes a byte at a time."""
    gathered = bytearray(data)
    end = None
    while end is None:
        if not (gathered.startswith(_PREFIX) or _PREFIX.startswith(gathered)):
            raise _no_status_line()
        if len(gathered) > limits.head:
            raise _too_large(limits)
        more = connection.receive(budget)
        if not more:
            if gathered:
                raise MalformedResponseError("truncated: the connection was closed inside the answer's head")
            raise APIConnectionError(f"closed before a status line by {connection.peer}", sent=connection.sent)
        seen = max(len(gathered) - 2, 0)
        gathered += more
        end = END.search(gathered, seen)
    return bytes(gathered), end


def _no_status_line() -> MalformedResponseError:
    return MalformedResponseError("the answer does not begin with an HTTP/1 status line")


def _too_large(limits: Limits) -> MalformedResponseError:
    return MalformedResponseError(f"the answer's head is larger than {limits.head} bytes")


def parse_head(text: str, limits: Limits) -> tuple[int, bool, dict[str, str]]:
    """Status, "may the connection be used again", and the fields of a head that ends in its last field's newline.

    Raises MalformedResponseError. The message shows nothing of the head: a peer may echo what we sent.
    """
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    start = _STATUS.match(text)
    if start is None:
        raise _no_status_line()
    minor, status = start.groups()
    at = start.end()
    found = _FIELD.findall(text, at)
    if len(found) != text.count("\n", at):
        raise MalformedResponseError("the answer's head holds a line that is no header field")
    if len(found) > limits.fields:
        raise MalformedResponseError(f"the answer has more than {limits.fields} header fields")
    fields = {name.lower(): value for name, value in found}
    if len(fields) != len(found) or _PADDED.search(text, at):
        fields = _joined(found)
    stays = fields.get("connection")
    if stays is None:
        return int(status), minor != "0", fields
    stays = stays.lower()
    return int(status), "close" not in stays and (minor != "0" or "keep-alive" in stays), fields


def _joined(found: list[tuple[str, str]]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in found:
        key, value = name.lower(), value.rstrip(" \t")  # noqa: PLW2901
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
    return fields


def content_length(value: str) -> int:
    """The number of a Content-Length field; the same number several times is one (RFC 9110, 8.6).

    Raises MalformedResponseError where it is none, or several.
    """
    if value.isdigit() and value.isascii() and len(value) <= 18:
        return int(value)
    numbers = {part.strip(" \t") for part in value.split(",")}
    number = numbers.pop()
    if numbers or not (number.isdigit() and number.isascii() and len(number) <= 18):
        raise MalformedResponseError("the answer has no one Content-Length but several, or one that is no number")
    return int(number)
