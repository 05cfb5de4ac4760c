"""A function call whose arguments come bit by bit, each bit with its place: {"jsonPath": "$.a[0].b", "stringValue": …}.

Source: Vertex AI documentation, "Function calling", streaming arguments (`streamFunctionCallArguments`, November 2026).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.gemini.answer import call_of
from agentsea_gateway.stream_events import ToolCallDelta

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.stream_events import StreamEvent

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,4})\]|\['([^']*)'\]")
_VALUES = ("stringValue", "numberValue", "boolValue")


class StreamedCall:
    """One such call as far as it came."""

    __slots__ = ("_args", "_call", "_ordinal", "_part")

    def __init__(self, part: Mapping[str, Any], ordinal: int, out: list[StreamEvent]) -> None:
        self._part = part
        self._ordinal = ordinal
        call = part["functionCall"]
        self._call = {key: value for key, value in call.items() if key not in ("partialArgs", "willContinue", "args")}
        self._args: dict[str, Any] = {**(call.get("args") or {})}
        found = call_of(self._call, ordinal)
        out.append(ToolCallDelta(ordinal, found.id, found.name))
        self._take_bits(call)

    def take(self, call: Mapping[str, Any], out: list[StreamEvent]) -> bool:
        """Take the next bits; whether they were the last. The arguments are shown then, as they are one JSON text."""
        self._take_bits(call)
        if call.get("willContinue"):
            return False
        self.show(out)
        return True

    def show(self, out: list[StreamEvent]) -> None:
        """Append to `out` the arguments, complete."""
        arguments = call_of(self.wire()["functionCall"], self._ordinal).raw_arguments
        out.append(ToolCallDelta(self._ordinal, arguments=arguments))

    def _take_bits(self, call: Mapping[str, Any]) -> None:
        for bit in call.get("partialArgs") or ():
            value = next((bit[name] for name in _VALUES if name in bit), None)
            _put(self._args, _steps(bit["jsonPath"]), value)

    def wire(self) -> dict[str, Any]:
        """The part as the plain answer has it."""
        return {**self._part, "functionCall": {**self._call, "args": self._args}}


def _steps(path: str) -> list[str | int]:
    """The steps of a JSON path: names, and places in lists."""
    found = [match.groups() for match in _STEP.finditer(path)]
    return [int(place) if place else (name or quoted) for name, place, quoted in found]


def _put(holder: Any, steps: list[str | int], value: Any) -> None:
    """Put a value at its place; a text goes on with the text that is there."""
    step, *others = steps
    if isinstance(step, int):
        while len(holder) <= step:
            holder.append(None)
        before = holder[step]
    else:
        before = holder.get(step)
    if others:
        if before is None:
            before = holder[step] = [] if isinstance(others[0], int) else {}
        _put(before, others, value)
    else:
        holder[step] = before + value if isinstance(before, str) and isinstance(value, str) else value
