"""KeyboardInterrupt at every instant at which the interpreter looks for one, one run after another."""

from __future__ import annotations

import dis
import gc
import sys
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import agentsea_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

PACKAGE = str(Path(agentsea_gateway.__file__).parent)
# Not ours to make safe: what plays the provider.
ELSEWHERE = (f"{PACKAGE}/testing/",)
THROUGH_C = ("__init__", "<genexpr>")  # called by C code, behind which the loop looks again
CHECKED = ("RESUME", "JUMP_BACKWARD", "CALL")  # after these, and their kin, the evaluation loop looks for signals


@cache
def _instants(code: CodeType) -> frozenset[int]:
    """Offsets of instructions before which an interrupt may arrive.

    Raised by a trace function it seems to come from the instruction behind the one that looked. Where a handler ends
    between the two (behind the last call of a `with`) that would be a lie, so those are left out.
    """
    handlers = _handlers(code)
    found, before = set(), None
    for instruction in dis.get_instructions(code):
        if before is not None and before.opname.startswith(CHECKED):
            same = handlers(before.offset) == handlers(instruction.offset)
            if same or before.opname == "RESUME":
                found.add(instruction.offset)
        before = instruction
    return frozenset(found)


def _handlers(code: CodeType) -> Callable[[int], int | None]:
    table = dis._parse_exception_table(code)  # type: ignore[attr-defined]

    def handler(offset: int) -> int | None:
        return next((entry.target for entry in table if entry.start <= offset < entry.end), None)

    return handler


class Interrupter:
    """Raises KeyboardInterrupt at the `number`th instant inside the package; counts them if there are fewer."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.where: str | None = None
        self._returned = False  # from a Python function: its caller goes on without looking for signals

    def run(self, action: Callable[[], object]) -> object:
        """`action()`, interrupted."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return action()
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        name = frame.f_code.co_filename
        frame.f_trace_lines = False
        if not name.startswith(PACKAGE) or name.startswith(ELSEWHERE):
            return self._pass_by
        frame.f_trace_opcodes = True
        return self._look

    def _pass_by(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            self._returned = frame.f_code.co_name not in THROUGH_C
        return self._pass_by

    def _look(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "return":
            return self._pass_by(frame, event, arg)
        returned, self._returned = self._returned, False
        if event == "opcode" and not returned and frame.f_lasti in _instants(frame.f_code):
            self.left -= 1
            if self.left == 0:
                self.where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_qualname}"
                raise KeyboardInterrupt
        return self._look


def at_every_instant(
    prepare: Callable[[], Any], action: Callable[[Any], object], *, keep: bool
) -> Iterator[tuple[Any, str]]:
    """Run `action(prepare())` again and again, interrupted at one instant after the other.

    Yields what `prepare` made and where the interrupt struck; with `keep` somebody holds on to it meanwhile, as
    notebooks do, and so to every frame of its traceback. Raises AssertionError where one did not come out again.
    """
    number = 1
    gc.collect()
    while True:
        made = prepare()
        interrupter = Interrupter(number)
        try:
            interrupter.run(partial(action, made))
        except KeyboardInterrupt as interrupt:
            assert interrupter.where is not None
            kept = interrupt if keep else None
        else:
            assert interrupter.where is None, f"swallowed: {interrupter.where}"
            return
        yield made, interrupter.where
        del kept
        number += 1
