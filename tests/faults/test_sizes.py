"""Too much of everything: bombs, endless lines, huge bodies and many small ones (F18, F40, F59, F61)."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway.errors import APITimeoutError, BadRequestError, MalformedResponseError, StreamInterruptedError
from agentsea_gateway.transport import Limits, Transport
from raw_server import HOLD, REQUEST, Repeat, answer, chunked, head
from support.scene import LATE, MODES, ask, scene
from support.spoken import PIECES, SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raw_server import Step
    from support.spoken import Spoken

MIB = 1024 * 1024
ALL = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
EVERY = pytest.mark.parametrize(
    ("spoken", "mode"), [pytest.param(it, mode, id=f"{it.name}-{mode}") for it in SPOKEN.values() for mode in MODES]
)


@cache
def bomb(filling: bytes, size: int) -> bytes:
    """A few kilobytes of gzip that are `size` bytes of filling."""
    packer = zlib.compressobj(1, wbits=31)
    piece = filling * (MIB // len(filling))
    return b"".join(packer.compress(piece) for _ in range(size // len(piece))) + packer.flush()


def packed(it: Spoken, mode: str, data: bytes) -> list[Step]:
    kind = it.plain_type if mode == "plain" else it.stream_type
    return [REQUEST, head(content_type=kind, content_encoding="gzip", content_length=str(len(data))) + data, HOLD]


BOMBS: dict[str, tuple[str, Callable[[Spoken, str], list[Step]]]] = {
    "F18 bomb of blanks": ("plain", lambda it, mode: packed(it, mode, bomb(b" ", 80 * MIB))),
    "F18 bomb behind an answer": (
        "plain",
        lambda it, mode: packed(it, mode, gzip.compress(it.answer) + bomb(b" ", 80 * MIB)),
    ),
    "F59 bomb of one line": ("stream", lambda it, mode: packed(it, mode, bomb(b"x", 80 * MIB))),
    "F59 bomb of one event": ("watched", lambda it, mode: packed(it, mode, bomb(b"data: " + b"x" * 250, 80 * MIB))),
}


@ALL
@pytest.mark.parametrize("name", BOMBS)
def test_a_decompression_bomb_is_a_typed_error(spoken: Spoken, name: str) -> None:
    """F18, F59: at the caps that everybody has."""
    mode, make = BOMBS[name]
    script = make(spoken, mode)
    with scene(spoken, script, mode=mode) as at:
        told = at.ask()
        assert (told.text, told.tried) == (TEXT, [("a", "failure"), ("b", "success")])
        assert told.first.error == MalformedResponseError.__name__
        assert at.are_gone("a")


@EVERY
def test_a_bomb_is_never_held_at_once(spoken: Spoken, mode: str) -> None:
    """F18, F59: what is refused at 1 MiB costs little more, whatever it would have become."""
    capped = Transport(limits=Limits(body=MIB, stream=MIB), proxies={})
    script = packed(spoken, mode, bomb(b" " if mode == "plain" else b": ping\n\n", 64 * MIB))
    with scene(spoken, script, mode=mode, connection={"transport": capped}) as at:
        at.gw.completion("warm up", exclude="a", watch=mode != "plain")
        tracemalloc.start()
        try:
            told = at.ask()
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert (told.text, told.first.error) == (TEXT, MalformedResponseError.__name__)
        assert peak < 6 * MIB, f"{peak / MIB:.1f} MiB"


@pytest.mark.realtime
@ALL
@pytest.mark.parametrize("mode", ["stream", "watched"])
def test_a_bomb_cannot_outlive_the_calls_time(spoken: Spoken, mode: str) -> None:
    """F59: bytes that are there already never make a wait, and the limit is looked at all the same."""
    script = packed(spoken, mode, bomb(spoken.ping, 128 * MIB))
    with scene(spoken, script, mode=mode, first_token_timeout=0.2) as at:
        told = at.ask()
        assert (told.text, told.first.error, told.first.patience) == (TEXT, APITimeoutError.__name__, "first_token")
        assert 0.19 < told.seconds < 0.2 + LATE


LINES: dict[str, Callable[[Spoken], Sequence[Step]]] = {
    "one line": lambda it: [b"10000000\r\ndata: ", Repeat([b"x" * MIB])],
    "one event": lambda it: [b"10000000\r\n", Repeat([b"data: " + b"x" * 250 + b"\r"] * 4000)],
    "one name": lambda it: [b"10000000\r\n", Repeat([b"event" * (MIB // 5)])],
    "one comment": lambda it: [b"10000000\r\n:", Repeat([b"x" * MIB])],
}


@pytest.mark.parametrize(
    "spoken", [pytest.param(it, id=it.name) for it in SPOKEN.values() if it.stream_type == "text/event-stream"]
)
@pytest.mark.parametrize(
    ("kind", "after_content"), [*((kind, False) for kind in LINES), ("one line", True), ("one comment", True)]
)
def test_a_line_without_an_end_is_cut_at_the_cap(spoken: Spoken, kind: str, after_content: bool) -> None:
    """F40: 256 MiB are on offer, and 16 MiB are too many for one event."""
    begun = (*spoken.opening, *spoken.contents[:1]) if after_content else spoken.opening
    script = [REQUEST, spoken.stream_head() + chunked(*begun, end=b""), *LINES[kind](spoken)]
    with scene(spoken, script, mode="stream") as at:
        told = at.ask()
        if after_content:
            assert isinstance(told.error, StreamInterruptedError)
            assert (told.error.error, told.error.partial.content) == (MalformedResponseError.__name__, PIECES[0])
            assert at.hits() == {"a": 1, "b": 0}
        else:
            assert (told.text, told.first.error) == (TEXT, MalformedResponseError.__name__)
        assert told.seconds < 5
        assert at.are_gone("a")


@ALL
def test_a_flood_of_content_ends_at_the_cap(spoken: Spoken) -> None:
    """Good events without an end: what came is kept."""
    capped = Transport(limits=Limits(stream=MIB), proxies={})
    flood = chunked(spoken.contents[1] * 500, end=b"")
    script = [REQUEST, spoken.stream_head() + chunked(*spoken.opening, end=b""), Repeat([flood])]
    with scene(spoken, script, mode="stream", connection={"transport": capped}) as at:
        told = at.ask()
        assert isinstance(told.error, StreamInterruptedError)
        assert told.error.error == MalformedResponseError.__name__
        assert told.text == told.error.partial.content
        assert set(told.text) == set(PIECES[1])
        assert at.are_gone("a")


@EVERY
@pytest.mark.parametrize("kind", ["words", "no JSON", "a page", "keys"])
def test_a_refusal_of_three_megabytes_is_read_quickly_and_kept_short(spoken: Spoken, mode: str, kind: str) -> None:
    """F61."""
    long = b"no reason " * 300_000
    body = {
        "words": spoken.refusal(400).replace(b"max_tokens", long),
        "no JSON": b"{" + long,
        "a page": b"<html><title>" + long,
        "keys": b"sk-abcdefgh" * 300_000,
    }[kind]
    with scene(spoken, [Repeat([REQUEST, spoken.whole(body, "400 No")])], backup=False, mode=mode) as at:
        begun = time.thread_time()
        told = at.ask()
        spent = time.thread_time() - begun
        assert isinstance(told.error, BadRequestError)
        assert told.error.body is not None
        assert len(told.error.body) <= 2000
        assert len(told.error.message) <= 2000
        assert len(str(told.route.explain())) < 2000
        assert spent < 0.5


def tiny(spoken: Spoken, count: int) -> bytes:
    """A stream of so many events of one letter, each in a chunk of its own."""
    letter = spoken.contents[0].replace(PIECES[0].encode(), b"x")
    return spoken.streamed(*spoken.opening, *[letter] * count, *spoken.closing, *spoken.after)


@ALL
@pytest.mark.parametrize("mode", ["stream", "watched"])
def test_ten_thousand_tiny_events_cost_no_more_each_than_a_thousand(spoken: Spoken, mode: str) -> None:
    """F61: linear, in time of this thread alone."""
    few, many = 1_000, 10_000
    script = [Repeat([REQUEST, tiny(spoken, few)] * 3 + [REQUEST, tiny(spoken, many)] * 3)]
    with scene(spoken, script, mode=mode) as at:
        spent = {few: float("inf"), many: float("inf")}
        for count in [few] * 3 + [many] * 3:
            begun = time.thread_time()
            assert at.ask().text == "x" * count
            spent[count] = min(spent[count], time.thread_time() - begun)
        assert spent[many] < 3 * (many / few) * spent[few]


@ALL
def test_a_large_answer_in_small_pieces_costs_no_more_than_its_size(spoken: Spoken) -> None:
    """F61: 4 MB that come in chunks of 16 bytes, plain and as one event."""
    word = b"y" * 1_000_000
    plain = spoken.answer.replace(PIECES[0].encode(), word)
    event = spoken.contents[0].replace(PIECES[0].encode(), word)
    stream = b"".join((*spoken.opening, spoken.sealed(event), *spoken.contents[1:], *spoken.closing, *spoken.after))
    script: list[Any] = []
    for body in (plain, stream):
        pieces = [body[at : at + 16] for at in range(0, len(body), 16)]
        script += [REQUEST, head(transfer_encoding="chunked") + chunked(*pieces)]
    with scene(spoken, script) as at:
        begun = time.thread_time()
        answers = [ask(at.gw, mode) for mode in ("plain", "stream")]
        assert time.thread_time() - begun < 2
        assert answers[0].text == answers[1].text == word.decode() + "".join(PIECES[1:])


@EVERY
def test_an_answer_of_a_megabyte_is_an_answer(spoken: Spoken, mode: str) -> None:
    """The caps are far away from what is usual."""
    word = b"z" * MIB
    good = (
        answer("200 OK", spoken.answer.replace(PIECES[0].encode(), word))
        if mode == "plain"
        else spoken.streamed(
            *(event.replace(PIECES[0].encode(), word) for event in spoken.events()),
        )
    )
    with scene(spoken, [Repeat([REQUEST, good])], mode=mode) as at:
        told = at.ask()
        assert (told.served_by, len(told.text)) == ("a", MIB + len("".join(PIECES[1:])))
