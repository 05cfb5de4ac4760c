"""`agentsea ask` as a process of its own: pipes, Ctrl-C, and an output that is closed or poor in characters."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import Any

import pytest

from agentsea_gateway.testing import Fault, Reply, Sandbox
from support.commands import AGENTSEA, environment, heed_interrupts

GOOD = "-m", "openai/gpt-4.1"


def start(*arguments: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*AGENTSEA, "ask", *GOOD, *arguments],
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,  # noqa: PLW1509 - the child heeds SIGINT before it becomes the command
    )


def test_a_whole_run_from_a_pipe(box: Sandbox) -> None:
    command = ["bash", "-c", 'echo "Hello" | "$@" && echo "status $?"', "bash", *AGENTSEA, "ask", *GOOD]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("sandbox: Hello\nstatus 0\n", "")


@pytest.mark.parametrize("arguments", [[], ["--stream"]], ids=["waiting", "streaming"])
def test_ctrl_c_is_130_at_once_and_frees_the_server(arguments: list[str], box: Sandbox) -> None:
    box.always(Fault.stall(2 if arguments else "request", reply="one two three"))
    with start(*arguments, "Hi") as process:
        assert box.wait_until(lambda: box.hits == 1, 20)
        if arguments:
            assert process.stdout is not None
            assert process.stdout.read(3) == "one"
        process.send_signal(signal.SIGINT)
        sent = time.monotonic()
        _, complaint = process.communicate(timeout=10)
    assert (process.returncode, complaint) == (130, "agentsea: interrupted\n")
    assert time.monotonic() - sent < 5
    assert box.wait_until(lambda: box.open_connections == 0)


def test_a_reader_that_leaves_a_stream_ends_it_quietly(box: Sandbox) -> None:
    box.always(Reply("word " * 2_000, pause=0.005))
    shell = '"$@" | head -c 4; exit ${PIPESTATUS[0]}'
    command = ["bash", "-c", shell, "bash", *AGENTSEA, "ask", *GOOD, "--stream", "Hi"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (141, "word", "")
    assert box.wait_until(lambda: box.open_connections == 0)


def test_an_encoding_without_the_character_shows_another(box: Sandbox) -> None:
    box.always(Reply("snow \N{SNOWMAN}"))
    with start("Hi", PYTHONIOENCODING="ascii") as process:
        said = process.communicate(timeout=20)
    assert (process.returncode, said) == (0, ("snow ?\n", ""))


def test_what_was_piped_in_and_not_asked_for_is_said_and_left_to_others(box: Sandbox) -> None:
    shell = '(echo diff; sleep 0.5) | ("$@" && cat)'
    command = ["bash", "-c", shell, "bash", *AGENTSEA, "ask", *GOOD, "Hello"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "sandbox: Hello\ndiff\n"
    assert done.stderr == "agentsea ask: what was piped in was not read; a '-' puts it into the prompt\n"


def test_a_slow_reader_of_the_input_is_waited_for(box: Sandbox) -> None:
    shell = '(echo one; sleep 0.2; echo two) | "$@"'
    command: list[Any] = ["bash", "-c", shell, "bash", *AGENTSEA, "ask", *GOOD]
    subprocess.run(command, env=environment(), capture_output=True, check=True)
    assert box.requests[0].text == "one\ntwo\n"
