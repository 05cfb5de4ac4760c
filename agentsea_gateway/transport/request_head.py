"""The head of a request: checked header fields, and the bytes that are the same for every call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from agentsea_gateway.errors import GatewayError

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"content-length", "transfer-encoding"})
_DEFAULTS = {"User-Agent": "agentsea-gateway", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


class Secret(bytes):
    """Bytes that hold a key: shown nowhere, not even by a traceback that prints locals."""

    def __repr__(self) -> str:
        return f"<{len(self)} secret bytes>"

    __str__ = __repr__


class SentHeaders(Mapping[str, str]):
    """The header fields of a request: of the `layers`, a later one overrides an earlier one, in whatever case.

    No dict, of which some printers show what is in it whatever its repr says.
    """

    __slots__ = ("_fields",)

    def __init__(self, *layers: Mapping[str, str]) -> None:
        self._fields = {name.lower(): (name, value) for layer in layers for name, value in layer.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._fields.values())

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"<header fields {', '.join(self)}>"


def checked_headers(headers: Mapping[str, str], error: type[GatewayError]) -> dict[str, str]:
    """`headers` if HTTP can carry them as they are. Raises `error`, which names the field and never shows its value."""
    items: Iterable[tuple[Any, Any]] = headers.items()
    for name, value in items:
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise error("a header's name is empty or holds a character that no header name may have (not shown)")
        if name.lower() in _OURS:
            raise error(f"the header {name} is the transport's own; leave it out")
        if not isinstance(value, str):
            raise error(f"the header {name} is a {type(value).__name__}; give a string")
        if _VALUE.fullmatch(value) is None:
            raise error(
                f"the header {name} holds a newline, a control character or one outside latin-1 (value not shown); "
                "a key that was read from a file wants .strip()"
            )
    return dict(headers)


def with_defaults(headers: Mapping[str, str], extra: Mapping[str, str] | None = None) -> SentHeaders:
    """Our defaults, overridden by `headers`, overridden by `extra`."""
    return SentHeaders(_DEFAULTS, headers, extra or {})


def head_bytes(method: str, line: str, fields: Mapping[str, str], headers: SentHeaders) -> Secret:
    """Everything before the value of Content-Length; `headers` override the target's own `fields`."""
    merged = SentHeaders(fields, headers)
    lines = [f"{method} {line} HTTP/1.1", *[f"{name}: {value.strip()}" for name, value in merged.items()]]
    return Secret("\r\n".join([*lines, "Content-Length: "]).encode("latin-1"))
