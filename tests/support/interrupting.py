"""KeyboardInterrupt at every instant at which the interpreter looks for one, one run after another."""

from __future__ import annotations

import dis
import gc
import sys
from functools import cache, partial
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, NoReturn

import agentsea_gateway

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

PACKAGE = str(Path(agentsea_gateway.__file__).parent)
# Not ours to make safe: what plays the provider.
ELSEWHERE = (f"{PACKAGE}/testing/",)
THROUGH_C = ("__init__", "<genexpr>")  # called by C code, behind which the loop looks again
# The evaluation loop looks for signals at the end of these, and at the beginning of the last one.
CHECKED = ("RESUME", "CALL", "CALL_KW", "CALL_FUNCTION_EX")
CHECKED_FIRST = "JUMP_BACKWARD"


@cache
def _instants(code: CodeType) -> frozenset[int]:
    """Offsets of instructions before which an interrupt may arrive.

    Raised by a trace function it seems to come from the instruction behind the one that looked. Where a handler ends
    between the two (behind the last call of a `with`) that would be a lie, so those are left out.
    """
    handlers = _handlers(code)
    found, before = set(), None
    for instruction in dis.get_instructions(code):
        if instruction.opname == CHECKED_FIRST:
            found.add(instruction.offset)
        if before is not None and before.opname in CHECKED:
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
    """Raises KeyboardInterrupt at the `number`th instant inside the package (or in what `inside` names by the start of
    its files); counts them if there are fewer."""

    def __init__(self, number: int, inside: tuple[str, ...] = (PACKAGE,)) -> None:
        self.left = number
        self.inside = inside
        self.where: str | None = None
        self._returned = False  # from a Python function: its caller goes on without looking for signals

    def run(self, action: Callable[[], object]) -> object:
        """`action()`, interrupted."""
        return self._traced(action) if sys.version_info < (3, 12) else self._monitored(action)

    def _strike(self, frame: FrameType) -> NoReturn:
        self.where = f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} {frame.f_code.co_qualname}"
        raise KeyboardInterrupt

    def _is_inside(self, code: CodeType) -> bool:
        return code.co_filename.startswith(self.inside) and not code.co_filename.startswith(ELSEWHERE)

    # -- Python 3.12 and later: a trace function no longer sees every instruction of the first run ---------------------

    if sys.version_info >= (3, 12):

        def _monitored(self, action: Callable[[], object]) -> object:
            monitoring, thread = sys.monitoring, get_ident()
            events = monitoring.events

            def before(code: CodeType, offset: int) -> object:
                if not self._is_inside(code):
                    return monitoring.DISABLE
                if get_ident() != thread:
                    return None
                returned, self._returned = self._returned, False
                if not returned and offset in _instants(code):
                    self.left -= 1
                    if self.left == 0:
                        self._strike(sys._getframe(1))
                return None

            def left(code: CodeType, *_: object) -> None:
                if get_ident() == thread:
                    self._returned = code.co_name not in THROUGH_C

            monitoring.use_tool_id(monitoring.DEBUGGER_ID, "interrupter")
            monitoring.register_callback(monitoring.DEBUGGER_ID, events.INSTRUCTION, before)
            for event in (events.PY_RETURN, events.PY_YIELD, events.PY_UNWIND):
                monitoring.register_callback(monitoring.DEBUGGER_ID, event, left)
            watched = events.INSTRUCTION | events.PY_RETURN | events.PY_YIELD | events.PY_UNWIND
            monitoring.restart_events()
            monitoring.set_events(monitoring.DEBUGGER_ID, watched)
            try:
                return action()
            finally:
                monitoring.set_events(monitoring.DEBUGGER_ID, 0)
                monitoring.free_tool_id(monitoring.DEBUGGER_ID)

    # -- Python 3.11 ---------------------------------------------------------------------------------------------------

    def _traced(self, action: Callable[[], object]) -> object:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            return action()
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, arg: Any) -> Any:
        frame.f_trace_lines = False
        if not self._is_inside(frame.f_code):
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
                self._strike(frame)
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
