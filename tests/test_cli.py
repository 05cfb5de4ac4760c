"""The command `agentsea`: light, exact about what is wrong, and with an exit status that says how it went."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from agentsea_gateway import __version__, cli
from support.commands import AGENTSEA, environment

HEAVY = ("requests", "urllib3", "tenacity", "attr", "attrs", "ssl", "http.client", "asyncio", "logging")


def run_agentsea(*arguments: str, **popen: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [*AGENTSEA, *arguments], env=environment(), capture_output=True, text=True, check=False, **popen
    )


@pytest.fixture
def sham(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A command `sham` that does what the test says."""
    command = SimpleNamespace(add=lambda parser: parser.add_argument("--size", type=int), run=lambda args: 0)
    monkeypatch.setitem(cli.COMMANDS, "sham", cli.Entry("sham_module", "pretend"))
    monkeypatch.setitem(sys.modules, "sham_module", command)  # type: ignore[arg-type]
    return command


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        *[[name, "--help"] for name in cli.COMMANDS],
        ["demo", "--calls", "none"],
        ["ask", "-x"],
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(arguments: list[str]) -> None:
    probe = (
        "import sys\n"
        "from agentsea_gateway.cli import main\n"
        "try:\n"
        f"    main({arguments})\n"
        "except SystemExit:\n"
        f"    print(*[name for name in {HEAVY} if name in sys.modules], 'nothing else', sep=', ')\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "nothing else"


def test_a_command_that_is_not_named_stays_unloaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.COMMANDS, "broken", cli.Entry("no_such_module", "cannot even be imported"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    assert "cannot even be imported" in capsys.readouterr().out


def test_python_m_and_the_installed_command_are_the_same() -> None:
    assert run_agentsea("--version").stdout == f"agentsea {__version__}\n"
    installed = Path(sys.executable).with_name("agentsea")
    if not installed.exists():
        pytest.skip("the package is not installed: running from the checkout")
    done = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"agentsea {__version__}\n"


@pytest.mark.parametrize("arguments", [["--help"], *[[name, "--help"] for name in cli.COMMANDS]])
def test_every_help_says_what_the_exit_status_means(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 0
    assert cli.EXIT_STATUS in capsys.readouterr().out


def test_the_table_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"    {name} " in shown and entry.help in shown for name, entry in cli.COMMANDS.items())


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_can_be_added_and_run(name: str) -> None:
    command = cli.COMMANDS[name].load()
    command.add(argparse.ArgumentParser())
    assert callable(command.run)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "agentsea: give a command: ask, doctor, providers, demo (see 'agentsea --help')"),
        (["dmo"], "agentsea: argument COMMAND: invalid choice: 'dmo'"),
        (["--wrong"], "agentsea: unknown option --wrong (see 'agentsea --help')"),
        (["demo", "nine"], "agentsea demo: unrecognized arguments: nine (see 'agentsea demo --help')"),
        (["demo", "--cals", "9"], "agentsea demo: unknown option --cals; did you mean --calls? (see 'agentsea demo"),
        (["demo", "--call=90"], "agentsea demo: unknown option --call; did you mean --calls?"),
        (["demo", "--calls", "9"], "agentsea demo: argument --calls: '9' will not do; give a whole number from 60 to"),
        (["demo", "--calls", "many"], "agentsea demo: argument --calls: 'many' will not do"),
        (["demo", "--threads", "0"], "agentsea demo: argument --threads: '0' will not do"),
        (["demo", "--seconds", "nan"], "agentsea demo: argument --seconds: 'nan' will not do; give a number from 0.5"),
        (["demo", "--seed", "x"], "agentsea demo: argument --seed"),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    written = capsys.readouterr()
    assert ended.value.code == 2
    assert written.out == ""
    assert written.err.startswith(complaint)
    assert written.err.count("\n") == 1


def test_a_command_gets_its_options_and_its_status_is_ours(sham: SimpleNamespace) -> None:
    sham.run = lambda args: args.size
    assert cli.main(["sham", "--size", "7"]) == 7


def test_ctrl_c_is_status_130_in_one_line(sham: SimpleNamespace, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(_args: object) -> int:
        raise KeyboardInterrupt

    sham.run = interrupted
    assert cli.main(["sham"]) == 130
    assert capsys.readouterr().err == "agentsea: interrupted\n"


def test_what_the_system_refuses_is_status_1_in_one_line(
    sham: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_args: object) -> int:
        raise OSError(24, "Too many open files")

    sham.run = refused
    assert cli.main(["sham"]) == 1
    assert capsys.readouterr().err == "agentsea: [Errno 24] Too many open files\n"


@pytest.mark.parametrize(
    ("output", "status", "complaint"),
    [("reader gone", 141, ""), ("/dev/full", 1, "agentsea: [Errno 28] No space left on device\n")],
)
def test_output_that_cannot_be_written_ends_without_a_traceback(output: str, status: int, complaint: str) -> None:
    if output == "reader gone":
        shell = '"$@" | true; exit ${PIPESTATUS[0]}'
    elif Path(output).exists():
        shell = f'"$@" > {output}'
    else:
        pytest.skip(f"there is no {output} here")
    command = ["bash", "-c", shell, "bash", *AGENTSEA, "demo", "--seconds", "0.5", "--calls", "90"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (status, complaint)


def test_closed_outputs_are_no_error() -> None:
    command = ["bash", "-c", '"$@" >&- 2>&-', "bash", *AGENTSEA, "demo", "--seconds", "0.5", "--calls", "90"]
    assert subprocess.run(command, env=environment(), check=False).returncode == 0
