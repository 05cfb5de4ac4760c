"""The fault suite: every row of the catalogue on real sockets, through the public Gateway, in every dialect.

A new dialect joins with ONE entry in `SPOKEN` of tests/support/spoken.py: its name, a provider that speaks it to a
loopback address, and the bytes of its good plain answer, of its good stream (cut into opening, contents, closing and
what comes after), of its error bodies and of its pings. No test names a dialect; those that need server-sent events
ask for `stream_type`.

A new fault joins with one row: `Fault` (nothing was seen yet: the next candidate serves) in the module of its heading,
or `Break` in test_broken_streams.py (content was seen). tests/support/fault.py says what a row is checked for, and
tests/support/scene.py how a scene is set: a gateway whose candidate "a" is a raw server that follows a script, and
whose candidate "b" is well.

    test_transport_faults   F01-F11, F13-F17, F19      test_stream_faults     F31, F34-F39, F41-F44
    test_connections        F12, F53, F54, F60         test_broken_streams    F33-F37, F39, F59: after content
    test_http_faults        F20-F25, F57, F58          test_watched           watched calls
    test_answers            F26-F30, F32, F55, F56     test_environment       F45-F47, F49, F50, F52
    test_sizes              F18, F40, F59, F61         test_fork              F48
    test_patience           the stories of deadlines   test_secrets           F51

Every row runs in two of the dialects, in one mode each (plain, stream, watched); both turn from row to row, or it all
would take minutes. `pytest tests/faults -m ""` runs all of them in all dialects and modes (the others are marked slow).
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite("support.fault", "support.scene")

from support.lateness import SENTINEL  # noqa: E402
from support.loopback import Certificate, new_certificate  # noqa: E402
from support.spoken import SPOKEN  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = list(SPOKEN)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what does not have its turn."""
    ours = [item for item in items if item.path.parent == Path(__file__).parent and hasattr(item, "callspec")]
    rows: dict[str, list[Any]] = {}
    for item in ours:
        if "spoken" in item.callspec.params:
            rows.setdefault(_row(item), []).append(item)
    for row, variants in rows.items():
        turn = zlib.crc32(row.encode())
        modes = sorted({_mode(item) for item in variants})
        for item in variants:
            if not _has_its_turn(item, modes, turn + NAMES.index(item.callspec.params["spoken"].name)):
                item.add_marker(pytest.mark.slow)


def _row(item: Any) -> str:
    """The test without its dialect and its mode."""
    aside = (item.callspec.params["spoken"].name, _mode(item))
    return "-".join([item.function.__name__, *(part for part in item.callspec.id.split("-") if part not in aside)])


def _mode(item: Any) -> str:
    return str(item.callspec.params.get("mode", ""))


def _has_its_turn(item: Any, modes: list[str], turn: int) -> bool:
    if turn % len(NAMES) >= 2:
        return False
    return len(modes) == 1 or modes[turn % len(modes)] == _mode(item)


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own proxies, bundles, keys and netrc play no part."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("NETRC", "/nonexistent")


@pytest.fixture
def lateness(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watch how late this machine is, for the bounds of tests that measure time."""
    measures = request.node.get_closest_marker("realtime") is not None
    if measures:
        SENTINEL.start()
    yield
    if measures:
        SENTINEL.stop()


@pytest.fixture(autouse=True)
def nothing_is_left(nothing_from_outside: None, lateness: None, no_leaks: None) -> None:
    """No thread, socket or other descriptor outlives a test."""


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For localhost and 127.0.0.1."""
    return new_certificate(tmp_path_factory.mktemp("tls"), "DNS:localhost", "IP:127.0.0.1")


@pytest.fixture(scope="session")
def foreign_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """For another name."""
    return new_certificate(tmp_path_factory.mktemp("tls"), "DNS:elsewhere.test")
