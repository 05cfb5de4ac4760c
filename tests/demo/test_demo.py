"""The demo as a person meets it: in a pipe, on a terminal, interrupted, and with a provider that never comes back."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from typing import TYPE_CHECKING

import attrs
import pytest

from agentsea_gateway.demo.cast import Cast
from agentsea_gateway.demo.measures import Measures
from agentsea_gateway.demo.screen import Lines
from agentsea_gateway.demo.show import play
from support.commands import AGENTSEA, environment, heed_interrupts
from support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK = ["--calls", "90", "--seconds", "0.5", "--threads", "8"]
SHORT = Measures(calls=90, threads=8, seconds=0.5, seed=1, patience=1.0)
PHASES = (
    "All three serve.",
    "'beta' dies now: its port is closed.",
    "Breaker of 'beta' blew after",
    "'beta' is back: its port is open.",
    "breaker of 'beta' closed, it serves again.",
    "One call that failed over; its reply.route.explain() says:",
    "Summary:",
)
ALL_SERVED = re.compile(r"\b(\d+) of \1 calls served \(alpha ")  # on a slow machine the story takes more than 90 calls


def in_order(text: str, parts: tuple[str, ...]) -> bool:
    return re.search(".*?".join(map(re.escape, parts)), text, re.DOTALL) is not None


def played(cast: Callable[..., Cast] = Cast, measures: Measures = SHORT) -> tuple[str | None, str]:
    """The demo's complaint and its output, played in this process."""
    out = io.StringIO()
    complaint = play(measures, Lines(out, every=0.2, terminal=False), cast=cast)
    return complaint, out.getvalue()


# -- in a pipe ---------------------------------------------------------------------------------------------------------


def test_in_a_pipe_it_tells_its_phases_in_plain_lines() -> None:
    """G01, G02, G08, F01; and no proxy of the environment is asked for the way to loopback."""
    settings = environment(HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", NO_PROXY="", no_proxy="")
    done = subprocess.run([*AGENTSEA, "demo", *QUICK], env=settings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert in_order(done.stdout, PHASES)
    assert "\x1b" not in done.stdout
    assert ALL_SERVED.search(done.stdout)
    assert re.search(r"1\. beta \(sandbox-model\) failure, .*APIConnectionError", done.stdout)
    assert re.search(r"2\. gamma \(sandbox-model\) success", done.stdout)


def test_nothing_is_left_behind(no_leaks: None) -> None:
    complaint, out = played()
    assert complaint is None, out


# -- when it goes wrong ------------------------------------------------------------------------------------------------


class NeverBack(Cast):
    """Its dying provider stays dead."""

    def revive(self) -> None:
        """Nothing."""


class NeverDead(Cast):
    """Its dying provider does not die."""

    def kill(self) -> None:
        """Nothing."""


class AllDead(Cast):
    """Everybody dies."""

    def kill(self) -> None:
        """All of them."""
        for box in self.boxes.values():
            box.kill()


@pytest.mark.parametrize(
    ("cast", "complaint"),
    [
        (NeverBack, "'beta' came back and was not recovered: its breaker did not close again"),
        (NeverDead, "'beta' died and its breaker never blew"),
    ],
)
def test_a_dead_one_that_is_not_recovered_is_a_failure(cast: type[Cast], complaint: str, no_leaks: None) -> None:
    found, out = played(cast, attrs.evolve(SHORT, patience=0.4))
    assert found == complaint
    assert "Summary:" in out
    assert "Your turn" not in out


def test_a_call_that_nobody_serves_is_a_failure(no_leaks: None) -> None:
    complaint, _ = played(AllDead)
    assert complaint is not None
    assert re.match(r"\d+ calls not served; the first: AllProvidersUnavailableError: all providers", complaint)


def test_failure_is_status_1_and_one_line_why() -> None:
    program = (
        "import sys\n"
        "from agentsea_gateway import cli\n"
        "from agentsea_gateway.demo import command\n"
        "from agentsea_gateway.demo.cast import Cast\n"
        "Cast.revive = lambda self: None\n"
        "command.PATIENCE = 0.4\n"
        f"sys.exit(cli.main(['demo', *{QUICK}]))\n"
    )
    command = [AGENTSEA[0], "-c", program]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == ("agentsea demo: 'beta' came back and was not recovered: its breaker did not close again\n")


# -- on a terminal -----------------------------------------------------------------------------------------------------


class OnTerminal:
    """The demo on a pseudo-terminal of 80 columns and 24 lines."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.written = b""

        def settle_in() -> None:
            heed_interrupts()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [*AGENTSEA, "demo", *arguments],
            env=environment(TERM="xterm-256color", **settings),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=settle_in,  # noqa: PLW1509 - the child takes the terminal before it becomes the demo
        )
        os.close(theirs)

    def read(self, until: bytes | None = None, patience: float = 15.0) -> str:
        """What it wrote: up to and including `until`, or to its end."""
        end = time.monotonic() + patience
        while until is None or until not in self.written:
            assert select.select([self._ours], [], [], end - time.monotonic())[0], self.written
            try:
                more = os.read(self._ours, 65_536)
            except OSError:  # the last process that held the other side is gone
                break
            if not more:
                break
            self.written += more
        return self.written.decode()

    def press(self, key: bytes) -> None:
        """Type something."""
        os.write(self._ours, key)

    def status(self) -> int:
        """Its exit status."""
        return self.process.wait(5)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)


@pytest.fixture
def on_terminal(request: pytest.FixtureRequest) -> Callable[..., OnTerminal]:
    def start(*arguments: str, **settings: str) -> OnTerminal:
        terminal = OnTerminal(*arguments, **settings)
        request.addfinalizer(terminal.close)
        return terminal

    return start


def test_on_a_terminal_one_table_is_drawn_in_place(on_terminal: Callable[..., OnTerminal]) -> None:
    demo = on_terminal(*QUICK)
    seen = Terminal().feed(demo.read())
    assert demo.status() == 0
    assert in_order(seen.text, PHASES)
    assert seen.text.count("provider  speaks") == 1
    assert ALL_SERVED.search(seen.text)
    assert seen.ups > 4
    assert seen.colours > 4
    assert max(map(len, seen.lines)) < 80


# -- interrupted -------------------------------------------------------------------------------------------------------


def test_ctrl_c_on_a_terminal_ends_clean_at_once(on_terminal: Callable[..., OnTerminal]) -> None:
    demo = on_terminal()
    demo.read(until=b"dies now")
    pressed = time.monotonic()
    demo.press(b"\x03")
    seen = Terminal().feed(demo.read())
    assert demo.status() == 130
    assert time.monotonic() - pressed < 2
    assert seen.text.splitlines()[-1] == "agentsea: interrupted"
    assert "^C" not in seen.text
    assert "Traceback" not in seen.text


def test_sigint_in_a_pipe_is_130_without_a_traceback() -> None:
    with subprocess.Popen(
        [*AGENTSEA, "demo"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - the child heeds SIGINT before it becomes the demo
    ) as process:
        assert process.stdout is not None
        while "All three serve" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, complaint = process.communicate(timeout=5)
    assert time.monotonic() - sent < 2
    assert (process.returncode, complaint) == (130, "agentsea: interrupted\n")


class Interrupting(Lines):
    """A screen on which Ctrl-C comes while it is drawn."""

    def show(self, *_shown: object) -> None:
        """Once there is traffic."""
        if threading.active_count() > SHORT.threads:
            raise KeyboardInterrupt


def test_an_interrupt_leaves_no_thread_and_no_socket(no_leaks: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        play(SHORT, Interrupting(io.StringIO(), every=1.0, terminal=False))
