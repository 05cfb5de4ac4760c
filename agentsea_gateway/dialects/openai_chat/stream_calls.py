"""The tool calls of a stream, put together from deltas that hosts cut and number in their own ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.text import TextPieces, mended, mended_or_none
from agentsea_gateway.dialects.tool_arguments import as_text, new_id
from agentsea_gateway.stream_events import ToolCallDelta

if TYPE_CHECKING:
    from agentsea_gateway.stream_events import StreamEvent


class _Call:
    """One call as far as it came."""

    __slots__ = ("arguments", "extra", "given_id", "index", "kind", "name", "ordinal")

    def __init__(self, ordinal: int, index: Any) -> None:
        self.ordinal = ordinal  # among the calls of this answer
        self.index = index  # as the host numbers it
        self.given_id: str | None = None
        self.name = ""
        self.kind = "function"
        self.arguments = TextPieces()
        self.extra: dict[str, Any] = {}  # what else stands beside the function (Gemini's signatures)

    def wire(self) -> dict[str, Any]:
        """The call as the plain answer has it."""
        if self.kind == "custom":
            held: dict[str, Any] = {"custom": {"name": self.name, "input": str(self.arguments)}}
        else:
            held = {"function": {"name": self.name, "arguments": str(self.arguments)}}
        return {"id": self.given_id or new_id(self.ordinal), "type": self.kind, **held, **self.extra}


class StreamedCalls:
    """All calls of one stream, in the order in which they began."""

    __slots__ = ("_calls", "_legacy")

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._legacy = False

    def take(self, deltas: list[Any], out: list[StreamEvent]) -> None:
        """Take the `tool_calls` of one delta."""
        for place, delta in enumerate(deltas, -len(deltas)):
            # Snowflake writes an empty `custom` beside every function.
            custom = None if delta.get("function") else delta.get("custom")
            function = delta.get("function") or custom or {}
            call, new = self._call_for(delta, function, place)
            if custom:
                call.kind = "custom"
            for key, value in delta.items():
                if key not in ("index", "id", "type", "function", "custom") and value is not None:
                    call.extra[key] = value
            arguments = function.get("arguments", function.get("input"))
            self._extend(call, new, function.get("name"), arguments, out)

    def take_legacy(self, function: dict[str, Any], out: list[StreamEvent]) -> None:
        """Take a `function_call` delta, the form before tools."""
        self._legacy = True
        new = not self._calls
        if new:
            self._calls.append(_Call(0, 0))
        self._extend(self._calls[0], new, function.get("name"), function.get("arguments"), out)

    def _call_for(self, delta: dict[str, Any], function: dict[str, Any], place: int) -> tuple[_Call, bool]:
        """The call that a delta goes on with, or a new one. `place`: where it stands in its list, from the end.

        By its index where it has one; but some hosts give every call the index 0, and tell them apart by id and name.
        Without an index: by id, else a name begins a call, else it is the last one, or of the last ones that in its
        place (Moonshot goes on with several calls in one list).
        """
        index, given_id = delta.get("index"), mended_or_none(delta.get("id"))
        begins = bool(function.get("name"))
        if index is None and not given_id and not begins and -place <= len(self._calls):
            return self._calls[place], False
        for call in reversed(self._calls):
            if index is not None and call.index != index:
                continue
            if given_id and call.given_id and given_id != call.given_id and (begins or index is None):
                continue
            if index is None and begins and not given_id and call.name:
                continue
            call.given_id = call.given_id or given_id
            return call, False
        call = _Call(len(self._calls), index)
        call.given_id = given_id
        self._calls.append(call)
        return call, True

    def _extend(self, call: _Call, new: bool, name: Any, arguments: Any, out: list[StreamEvent]) -> None:
        first_name = mended(name) if isinstance(name, str) and name and not call.name else None
        if first_name:
            call.name = first_name
        text = arguments if isinstance(arguments, str) else as_text(arguments)
        shown = call.arguments.add(text) if text else ""
        if new:
            out.append(ToolCallDelta(call.ordinal, call.given_id or new_id(call.ordinal), first_name, shown))
        elif shown or first_name:
            out.append(ToolCallDelta(call.ordinal, None, first_name, shown))

    def fields(self) -> dict[str, Any]:
        """The fields of the plain answer's message."""
        if not self._calls:
            return {}
        if self._legacy:
            return {"function_call": self._calls[0].wire()["function"]}
        return {"tool_calls": [call.wire() for call in self._calls]}
