"""Streams: how they open, how their bytes are cut, how they end and how they are left (F31-F44, G05)."""

from __future__ import annotations

import contextlib
import gc
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from agentsea_gateway import Candidate, Gateway, dialects
from agentsea_gateway.errors import GatewayError, NoStreamingProviderError, StreamInterruptedError
from agentsea_gateway.stream_events import Content
from raw_server import FIN, HOLD, REQUEST, RST, Drip, Repeat, chunked, head
from support.fault import IDLE, Fault, cases, check
from support.scene import LATE, ask, scene
from support.spoken import PIECES, SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from agentsea_gateway import Stream
    from raw_server import Step
    from support.spoken import Spoken

STREAMED = ("stream", "watched")
EVERY = pytest.mark.parametrize("spoken", SPOKEN.values(), ids=SPOKEN)
BOTH = pytest.mark.parametrize("mode", STREAMED)


def one(data: bytes) -> bytes:
    """One chunk."""
    return chunked(data, end=b"")


# -- opening -----------------------------------------------------------------------------------------------------------


def opened(name: str, script: Callable[[Spoken], Sequence[Step]], **more: Any) -> Fault:
    return Fault(name, lambda it, mode: [REQUEST, *script(it)], modes=STREAMED, **more)


AT_OPENING = [
    opened("F34 clean end without an event", lambda it: [it.stream_head() + b"0\r\n\r\n"], kept=True),
    opened("F34 clean end behind the opening", lambda it: [it.streamed(*it.opening)], kept=True),
    opened("F34 pings and a clean end", lambda it: [it.streamed(*it.opening, *[it.ping] * 9)], kept=True),
    opened("F35 EOF inside JSON", lambda it: [it.begun("stream") + one(it.contents[0][:-9]) + b"0\r\n\r\n"], kept=True),
    opened("F36 cut chunk", lambda it: [it.begun("stream") + b"fff\r\n" + it.contents[0][:-9], FIN]),
    opened("F37 bad JSON event", lambda it: [it.begun("stream") + one(it.told(b'{"a": ')), HOLD]),
    opened("F37 bad JSON as first event", lambda it: [it.stream_head() + one(it.told(b"{]")), HOLD]),
    opened("F37 an event that is a number", lambda it: [it.begun("stream") + one(it.told(b"7")), HOLD]),
    opened("F28 bare terminator", lambda it: [it.streamed(it.after[-1])], kept=True),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "spoken", "mode"), cases(AT_OPENING))
def test_a_stream_that_breaks_before_content_is_the_next_candidates_turn(
    fault: Fault, spoken: Spoken, mode: str
) -> None:
    """F34-F37: nobody has seen anything yet."""
    check(fault, spoken, mode)


@EVERY
def test_the_caller_gets_the_stream_with_its_first_content(spoken: Spoken) -> None:
    """G05: opening is eager, and the rest is read as it comes."""
    gate = threading.Event()
    script = [REQUEST, it_begins(spoken), gate, the_rest(spoken)]
    with scene(spoken, script, mode="stream") as at:
        with at.gw.stream("Hi") as stream:
            assert stream.served_by == "a"
            assert stream.partial.content == PIECES[0]
            texts = iter(stream.text)
            assert next(texts) == PIECES[0]
            gate.set()
            assert "".join(texts) == "".join(PIECES[1:])
        assert stream.response.content == TEXT
        assert at.counts() == {"a": (1, 0), "b": (0, 0)}


def it_begins(spoken: Spoken) -> bytes:
    """Head, opening and first content, in one segment."""
    return spoken.stream_head() + chunked(*spoken.opening, spoken.contents[0], end=b"")


def the_rest(spoken: Spoken) -> bytes:
    """What comes behind that."""
    return chunked(*spoken.events()[len(spoken.opening) + 1 :])


@EVERY
def test_who_cannot_stream_is_left_out_and_said_so(spoken: Spoken) -> None:
    """G05."""

    class Plain:
        def complete(self, messages: Any) -> None:
            raise AssertionError("not asked")

    with scene(spoken, [REQUEST, spoken.good("stream")], backup=False) as at:
        with Gateway([Candidate("plain", Plain()), at.gw.candidates[0]]) as gw:
            told = ask(gw, "stream")
            assert (told.text, told.tried) == (TEXT, [("a", "success")])
            assert [(out.candidate, out.reason) for out in told.route.skipped] == [("plain", "cannot stream")]
            assert isinstance(ask(gw, "stream", exclude="a").error, NoStreamingProviderError)


# -- however the bytes are cut -----------------------------------------------------------------------------------------


@EVERY
def test_every_cut_of_a_stream_gives_the_same_events(spoken: Spoken) -> None:
    """F38, without sockets: two pieces, cut at every byte, and a byte at a time."""
    dialect, whole = dialects.get(spoken.name), spoken.stream()
    expected = list(dialect.decode_stream([whole]))
    assert "".join(event.text for event in expected if isinstance(event, Content)) == TEXT
    for cut in range(len(whole) + 1):
        assert list(dialect.decode_stream([whole[:cut], whole[cut:]])) == expected, cut
    assert list(dialect.decode_stream([bytes([byte]) for byte in whole])) == expected


@EVERY
@BOTH
def test_a_stream_cut_anywhere_on_the_wire_is_the_same_stream(spoken: Spoken, mode: str) -> None:
    """F38, through sockets: a sample of cuts, each read alone, among them those inside a character."""
    whole = spoken.stream()
    inside = [whole.index(piece.encode()) + 3 for piece in PIECES]
    cuts = sorted({*range(1, len(whole), len(whole) // 9), *inside})
    steps: list[Step] = []
    for cut in cuts:
        steps += [REQUEST, spoken.stream_head() + one(whole[:cut]), 0.004, one(whole[cut:]) + b"0\r\n\r\n"]
    with scene(spoken, [*steps, HOLD], mode=mode) as at:
        expected = at.ask().response
        assert expected is not None
        for _ in cuts[1:]:
            told = at.ask()
            assert (told.text, told.response) == (TEXT, expected)
        assert at.hits() == {"a": len(cuts), "b": 0}


@EVERY
@BOTH
@pytest.mark.parametrize("framing", ["chunks", "length", "close"])
def test_a_stream_that_comes_byte_by_byte_is_the_same_stream(spoken: Spoken, mode: str, framing: str) -> None:
    """F38."""
    whole = spoken.stream()
    start, body = {
        "chunks": (spoken.stream_head(), chunked(*(bytes([byte]) for byte in whole))),
        "length": (head(content_type=spoken.stream_type, content_length=str(len(whole))), whole),
        "close": (head(content_type=spoken.stream_type), whole),
    }[framing]
    with scene(spoken, [REQUEST, Drip(start + body, 0.0), FIN], mode=mode) as at:
        assert at.ask().text == TEXT
        assert at.counts() == {"a": (1, 0), "b": (0, 0)}


def data_lines(event: bytes) -> bytes:
    """An event of several data lines: its JSON broken at a blank, where JSON does not mind (not inside a string)."""
    return event.replace(b', "', b',\ndata:"')


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "CR": lambda event: event.replace(b"\n", b"\r"),
    "CRLF": lambda event: event.replace(b"\n", b"\r\n"),
    "comments": lambda event: b": a comment\n" + event.replace(b"\ndata", b"\n:another\ndata") + b":\n\n",
    "no blank behind the colon": lambda event: event.replace(b": {", b":{", 1).replace(b"data: ", b"data:"),
    "several data lines": data_lines,
    "several data lines, CRLF": lambda event: data_lines(event).replace(b"\n", b"\r\n"),
    "ids and retries": lambda event: b"id: 7\nretry: 10\nunknown: x\n" + event,
    "names without a colon": lambda event: b"whatever\n" + event,
    "blank lines": lambda event: b"\n\n" + event + b"\n",
}  # fmt: skip


@pytest.mark.parametrize(
    "spoken", [pytest.param(it, id=it.name) for it in SPOKEN.values() if it.stream_type == "text/event-stream"]
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "byte by byte"])
def test_every_form_of_server_sent_events_is_understood(spoken: Spoken, form: str, cut: bool) -> None:
    """F44, each cut at every byte too: a CR and its LF, a character's bytes, a mark in front."""
    mark = b"\xef\xbb\xbf"
    whole = mark + b"".join(map(FORMS[form], spoken.events()))
    pieces = [bytes([byte]) for byte in whole] if cut else [whole]
    with scene(spoken, [REQUEST, spoken.stream_head() + chunked(*pieces)], mode="stream") as at:
        told = at.ask()
        assert (told.text, told.served_by) == (TEXT, "a")
        plain = dialects.get(spoken.name).decode_response(json.loads(spoken.answer), {})
        assert told.response == plain.with_fields(served_by="a")


# -- the end -----------------------------------------------------------------------------------------------------------

ENDS: dict[str, Callable[[Spoken], Sequence[Step]]] = {
    "FIN behind the stop reason": lambda it: [FIN],
    "RST behind the stop reason": lambda it: [0.02, RST],
    "cut chunk behind the stop reason": lambda it: [b"fff\r\n: half a pi", FIN],
    "half an event behind the stop reason": lambda it: [one(it.after[0][:-9]), FIN],
    "no chunk size behind the stop reason": lambda it: [b"oops", HOLD],
    "last chunk, no terminator": lambda it: [b"0\r\n\r\n", HOLD],
}


@EVERY
@BOTH
@pytest.mark.parametrize("end", ENDS)
def test_a_stop_reason_proves_the_end_however_the_connection_ends(spoken: Spoken, mode: str, end: str) -> None:
    """F34: nothing of the answer is missing, but perhaps its usage."""
    before = (*spoken.opening, *spoken.contents, *spoken.closing)
    script = [REQUEST, spoken.stream_head() + chunked(*before, end=b""), *ENDS[end](spoken)]
    with scene(spoken, script, mode=mode) as at:
        told = at.ask()
        assert told.response is not None
        assert (told.served_by, told.text, told.response.stop_reason) == ("a", TEXT, "stop")
        assert at.counts() == {"a": (1, 0), "b": (0, 0)}
        assert at.hits() == {"a": 1, "b": 0}


@EVERY
@BOTH
@pytest.mark.parametrize("rest", [HOLD, RST, FIN, Repeat([b"1\r\n\n\r\n", 0.02])], ids=["hold", "RST", "FIN", "drip"])
def test_behind_the_terminator_nobody_waits(spoken: Spoken, mode: str, rest: Step) -> None:
    """The stream is done with its last event, whatever the connection does."""
    script = [REQUEST, spoken.stream_head() + chunked(*spoken.events(), end=b""), rest]
    with scene(spoken, script, mode=mode) as at:
        told = at.ask()
        assert (told.served_by, told.text) == ("a", TEXT)
        assert told.seconds < 1
        assert at.are_gone("a"), "nobody knows what comes, so the connection is not kept"


@EVERY
@BOTH
def test_the_connection_of_a_stream_serves_the_next_one(spoken: Spoken, mode: str) -> None:
    """Also where the last chunk comes in a piece of its own, as long as it is there in time."""
    with scene(spoken, [Repeat([REQUEST, spoken.good(mode)])], mode=mode) as at:
        for turn in range(1, 4):
            assert at.ask().text == TEXT
            assert (at.hits()["a"], at.servers["a"].connections) == (turn, 1)


@EVERY
def test_the_same_connection_serves_plain_calls_and_streams(spoken: Spoken) -> None:
    script = [REQUEST, spoken.good("stream"), REQUEST, spoken.good("plain"), REQUEST, spoken.good("watched"), HOLD]
    with scene(spoken, script) as at:
        answers = [ask(at.gw, mode).response for mode in ("stream", "plain", "watched")]
        assert answers[0] == answers[1] == answers[2]
        assert (at.hits(), at.servers["a"].connections) == ({"a": 3, "b": 0}, 1)


# -- leaving -----------------------------------------------------------------------------------------------------------


def endless(spoken: Spoken) -> list[Step]:
    return [REQUEST, it_begins(spoken), Repeat([one(spoken.contents[1]), 0.01])]


def leave_by_close(stream: Stream) -> None:
    next(stream)
    stream.close()
    stream.close()


def leave_by_with(stream: Stream) -> None:
    with stream:
        for _ in stream:
            break


def leave_by_an_exception(stream: Stream) -> None:
    with contextlib.suppress(ZeroDivisionError), stream:
        for _ in stream:
            raise ZeroDivisionError


def leave_by_dropping(stream: Stream) -> None:
    next(stream)


def leave_the_text(stream: Stream) -> None:
    assert next(stream.text) == PIECES[0]


def leave_the_text_by_close(stream: Stream) -> None:
    text = stream.text
    next(text)
    text.close()


def leave_unread(stream: Stream) -> None:
    del stream


def leave_from_another_thread(stream: Stream) -> None:
    closer = threading.Timer(0.05, stream.close)
    closer.start()
    with pytest.raises(StreamInterruptedError, match="closed while it was read"):
        for _ in stream:
            pass
    closer.join()


LEAVING = [
    leave_by_close,
    leave_by_with,
    leave_by_an_exception,
    leave_by_dropping,
    leave_the_text,
    leave_the_text_by_close,
    leave_unread,
    leave_from_another_thread,
]


@EVERY
@pytest.mark.parametrize("leave", LEAVING, ids=[leave.__name__ for leave in LEAVING])
def test_leaving_early_closes_the_socket_and_blames_nobody(spoken: Spoken, leave: Callable[[Stream], None]) -> None:
    """F41: at once, without the collector."""
    with scene(spoken, endless(spoken), mode="stream") as at:
        gc.disable()
        try:
            leave(at.gw.stream("Hi"))
            assert at.are_gone("a")
            assert at.health("a").in_flight == 0
        finally:
            gc.enable()
        assert at.counts() == {"a": (1, 0), "b": (0, 0)}
        assert (at.gw.ask("a"), at.health("a").latency_ms) == ("ok", None)


@EVERY
def test_streams_left_again_and_again_never_blow_anybody(spoken: Spoken) -> None:
    """F41."""
    with scene(spoken, endless(spoken), mode="stream") as at:
        for _ in range(5):
            with at.gw.stream("Hi") as stream:
                next(stream)
        assert (at.counts()["a"], at.gw.ask("a")) == ((5, 0), "ok")


@EVERY
def test_a_stream_collected_while_the_lock_is_held_dead_locks_nobody(spoken: Spoken) -> None:
    """F42: the finalizer closes a socket and nothing else; the permit comes back with the next verb."""
    with scene(spoken, endless(spoken), [REQUEST, spoken.good("stream")], mode="stream") as at:
        cycle: list[Any] = [at.gw.stream("Hi")]
        cycle.append(cycle)
        next(cycle[0])
        state = at.gw._core.state
        collected = threading.Event()

        def collect_under_the_lock() -> None:
            with state._lock:
                gc.collect()
            collected.set()

        thread = threading.Thread(target=collect_under_the_lock, daemon=True)
        del cycle
        thread.start()
        assert collected.wait(5), "dead lock"
        thread.join()
        assert at.are_gone("a")
        assert at.health("a").in_flight == 0
        assert at.ask().served_by == "a"
        assert at.counts()["a"] == (2, 0)


@pytest.mark.realtime
@EVERY
def test_a_consumer_slower_than_the_idle_timeout_is_not_charged(spoken: Spoken) -> None:
    """F43: neither where the next event is there already nor where it comes after the consumer has asked."""
    script = [REQUEST, it_begins(spoken), 0.3, the_rest(spoken), HOLD]
    with scene(spoken, script, mode="stream", idle_timeout=0.15) as at:
        text = ""
        with at.gw.stream("Hi") as stream:
            for piece in stream.text:
                time.sleep(0.25)
                text += piece
        assert text == TEXT
        assert at.counts() == {"a": (1, 0), "b": (0, 0)}


@pytest.mark.realtime
@EVERY
def test_the_total_time_of_a_stream_can_be_bounded(spoken: Spoken) -> None:
    """Steady content never idles; `total_timeout` ends it, and blames nobody: the caller wanted no more."""
    with scene(spoken, endless(spoken), mode="stream", total_timeout=0.3) as at:
        told = at.ask()
        assert isinstance(told.error, StreamInterruptedError)
        assert 0.29 < told.seconds < 0.3 + LATE
        assert told.text == told.error.partial.content
        assert told.tried == [("a", "neutral")]
        assert (at.counts()["a"], at.gw.ask("a"), at.are_gone("a")) == ((1, 0), "ok", True)


@pytest.mark.realtime
@EVERY
def test_the_opening_is_bounded_by_the_calls_timeout_and_the_rest_is_not(spoken: Spoken) -> None:
    """`timeout` bounds the opening; content may then come for longer."""
    steps: list[Step] = [it_begins(spoken), 0.15, one(spoken.contents[1]), 0.15, one(spoken.contents[2])]
    closing = chunked(*spoken.closing, *spoken.after)
    with scene(spoken, [REQUEST, *steps, closing, HOLD], mode="stream", timeout=0.2, idle_timeout=IDLE) as at:
        told = at.ask()
        assert (told.text, told.served_by) == (TEXT, "a")
        assert told.seconds > 0.29


@EVERY
def test_two_consumers_of_one_stream_are_told_so(spoken: Spoken) -> None:
    """One consumer per stream; the one who reads is not disturbed."""
    gate = threading.Event()
    with scene(spoken, [REQUEST, it_begins(spoken), gate, the_rest(spoken)], mode="stream") as at:
        stream = at.gw.stream("Hi")
        texts: list[str] = []
        reader = threading.Thread(target=lambda: texts.extend(stream.text))
        reader.start()
        until = time.monotonic() + 5
        while stream._turn and time.monotonic() < until:
            time.sleep(0.002)
        with pytest.raises(GatewayError, match="two threads"):
            list(stream)
        gate.set()
        reader.join(5)
        assert "".join(texts) == TEXT
        assert (list(stream), stream.response.content) == ([], TEXT)
