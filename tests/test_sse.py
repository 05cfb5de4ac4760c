"""Server-sent events: whatever the framing and the reads, the events are the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.sse import MAX_EVENT, SSEDecoder, _uniform_events

STREAM = (
    "\ufeffdata: behind the mark\n\n"
    ": a comment\n\n"
    'event: one\ndata: {"a": "ü€😀"}\n\n'
    "data: first\ndata: second\ndata:third\n\n"
    "id: 7\nretry: 5\nevent: named\ndata\n\n"
    "event: without data\n\n"
    ":\ndata: after a comment\n\n\n\n"
    "unknown: field\ndata:  two spaces\n\n"
    "data: last\n\n"
)
EVENTS = [
    ("", "behind the mark"),
    ("one", '{"a": "ü€😀"}'),
    ("", "first\nsecond\nthird"),
    ("named", ""),
    ("", "after a comment"),
    ("", " two spaces"),
    ("", "last"),
]
FRAMINGS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}


def events(*reads: bytes) -> list[tuple[str, str]]:
    return events_within(MAX_EVENT, *reads)


def events_within(cap: int, *reads: bytes) -> list[tuple[str, str]]:
    decoder = SSEDecoder(cap)
    return [event for read in reads for event in decoder.feed(read)]


def framed(end: str) -> bytes:
    return STREAM.replace("\n", end).encode()


@pytest.mark.parametrize("end", FRAMINGS.values(), ids=FRAMINGS)
def test_every_line_end_gives_the_same_events(end: str) -> None:
    """F44."""
    assert events(framed(end)) == EVENTS


@pytest.mark.parametrize("end", FRAMINGS.values(), ids=FRAMINGS)
def test_every_split_offset_gives_the_same_events(end: str) -> None:
    """F38, F44: also in the byte order mark, inside characters and between CR and LF."""
    data = framed(end)
    for offset in range(len(data) + 1):
        assert events(data[:offset], data[offset:]) == EVENTS


@pytest.mark.parametrize("end", FRAMINGS.values(), ids=FRAMINGS)
def test_byte_by_byte_gives_the_same_events_each_as_soon_as_it_is_whole(end: str) -> None:
    data = framed(end)
    decoder = SSEDecoder()
    found = []
    for offset in range(len(data)):
        got = decoder.feed(data[offset : offset + 1])
        assert len(got) <= 1
        found += got
    assert found == EVENTS


def test_an_event_framed_by_cr_does_not_wait_for_the_next_byte() -> None:
    assert events(b"data: x\r\r") == [("", "x")]
    assert events(b"data: x\r\r", b"\ndata: y\r\n\r\n") == [("", "x"), ("", "y")]


@given(
    st.lists(st.sampled_from(["\n", "\r", "\r\n", "data: a", "data:", "event: e", ": c", "data: ü", "x"]), max_size=25),
    st.data(),
)
@example(["data: a", "\r", "\n", "\r\n", "data: ü", "\n", "\n"], None)
def test_any_mix_of_lines_is_cut_the_same_way_in_one_read_and_in_many(
    parts: list[str], data: st.DataObject | None
) -> None:
    stream = "".join(parts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6))) if data else [3, 9]
    reads = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events(*reads) == events(stream) == reference(stream.decode())


def reference(text: str) -> list[tuple[str, str]]:
    """The specification, line by line and slowly."""
    found, name, lines = [], "", None
    normal = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for line in normal.split("\n")[:-1]:
        if not line:
            if lines is not None:
                found.append((name, "\n".join(lines)))
            name, lines = "", None
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            lines = [*(lines or ()), value]
    return found


@pytest.mark.parametrize("size", [1000, 60_000])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_large_events_over_many_reads_are_whole(size: int, end: str) -> None:
    text = f"event: big{end}data: {'x' * size}{end}data: {'y' * size}{end}{end}data: next{end}{end}"
    data = text.encode()
    reads = [data[at : at + 777] for at in range(0, len(data), 777)]
    assert events(*reads) == [("big", "x" * size + "\n" + "y" * size), ("", "next")]


def test_a_byte_order_mark_counts_at_the_start_only() -> None:
    mark = b"\xef\xbb\xbf"
    assert events(mark + b"data: a\n\n", mark + b"data: b\n\n") == [("", "a")]
    assert events(mark[:1], mark[1:2], mark[2:] + b"data: a\n\n") == [("", "a")]


def test_line_ends_of_both_kinds_side_by_side() -> None:
    assert events(b"data: a\r", b"\n", b"\n") == [("", "a")]
    assert events(b"data: a\r", b"data: b\r", b"\n", b"\r", b"\n") == [("", "a\nb")]
    assert events(b"data: a\r", b"", b"\ndata: b\n\n") == [("", "a\nb")]  # an empty read says nothing


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: a", [("", "a")]),
        ("data: a\n\ndata: \n\ndata: c", [("", "a"), ("", ""), ("", "c")]),
        ("event: n\ndata: a\n\nevent: m\ndata: b\n\nevent: o\ndata: \ndata: c", None),
        ("event: n\ndata: a\n\nevent: m\ndata: b", [("n", "a"), ("m", "b")]),
        ("event: n\nid: 5\n\nevent: m\ndata: b", None),
        ("event: n\n\nevent: m\ndata: b\ndata: c", None),
        ("data: a\ndata: b", None),
        ("data: a\n\nevent: n\ndata: b", None),
        (": a comment", None),
    ],
)
def test_events_that_are_all_written_the_usual_way_are_cut_in_bulk(
    text: str, expected: list[tuple[str, str]] | None
) -> None:
    """What serves the others must not quietly serve these: it is ten times slower."""
    assert _uniform_events(text) == expected
    assert events(text.encode() + b"\n\n") == reference(text + "\n\n")


def test_a_name_that_came_in_an_earlier_read_than_its_data_is_kept() -> None:
    big = "x" * 5_000
    assert events(b"data: " + big.encode(), b"\n\nevent: n\nda", b"ta: y\n\n") == [("", big), ("n", "y")]
    assert events(b"event: n\ndata: " + big.encode(), b"\nda", b"ta: y\n\ndata: z\n\n") == [
        ("n", big + "\ny"),
        ("", "z"),
    ]


def test_the_cap_is_sixteen_mebibytes() -> None:
    """F40."""
    assert SSEDecoder()._max_event == 16_777_216


@pytest.mark.parametrize("step", [1, 7, 5_000, 100_000])
def test_an_event_of_just_the_cap_is_taken_and_one_byte_more_is_not(step: int) -> None:
    """F40: however it comes, and however many came before it."""
    cap = 6_000
    fits = b"data: " + b"x" * (cap - 7) + b"\n\n"  # its line end counted
    stream = (fits + b"data: small\n\n") * 3
    reads = [stream[at : at + step] for at in range(0, len(stream), step)]
    decoder = SSEDecoder(cap)
    assert [len(data) for read in reads for _, data in decoder.feed(read)] == [cap - 7, 5] * 3
    two = b"data: x\ndata: " + b"y" * (cap - 15) + b"\n\n"
    for whole, fault in ((fits, b"x"), (two, b"y")):
        larger = whole.replace(fault, fault * 2, 1)
        decoder = SSEDecoder(cap)
        with pytest.raises(MalformedResponseError):
            assert not [decoder.feed(larger[at : at + step]) for at in range(0, len(larger), step)]


def test_an_event_that_begins_in_the_read_that_ends_a_large_one_has_the_whole_cap() -> None:
    """F40."""
    cap = 6_000
    two = b"data: y\ndata: " + b"y" * (cap - 15)
    reads = [b"data: " + b"x" * 5_000, b"\n\n" + two]
    assert [len(data) for _, data in events_within(cap, *reads, b"\n\n")] == [5_000, cap - 13]
    with pytest.raises(MalformedResponseError):
        events_within(cap, *reads, b"y\n\n")


@pytest.mark.parametrize("read", [b"x" * 65_536, b"data: y\n" * 8192], ids=["one line", "many lines"])
def test_an_event_over_the_cap_is_an_error_before_memory_fills(read: bytes) -> None:
    """F40."""
    decoder = SSEDecoder(max_event=1024 * 1024)
    taken = len(b"data: ")
    decoder.feed(b"data: ")
    while taken + len(read) <= 1024 * 1024:
        decoder.feed(read)
        taken += len(read)
    with pytest.raises(MalformedResponseError, match="longer than"):
        decoder.feed(read)


def test_an_event_over_the_cap_inside_one_read_is_an_error_behind_the_events_before_it() -> None:
    decoder = SSEDecoder(max_event=100)
    assert decoder.feed(b"data: a\n\ndata: " + b"x" * 200 + b"\n\n") == [("", "a")]
    with pytest.raises(MalformedResponseError):
        decoder.feed(b"data: b\n\n")


def test_invalid_utf8_is_an_error_behind_the_events_before_it() -> None:
    """F30."""
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\n\ndata: \xff\n\ndata: b\n\n") == [("", "a")]
    with pytest.raises(MalformedResponseError, match="^the stream holds invalid UTF-8$"):
        decoder.feed(b"")
    with pytest.raises(MalformedResponseError, match="UTF-8"):
        events(b"data: \xc3\n\n")


def test_what_the_end_leaves_without_a_blank_line_is_flushed() -> None:
    decoder = SSEDecoder()
    assert decoder.feed(b"data: a\n\ndata: b\nda") == [("", "a")]
    assert decoder.flush() == [("", "b")]
    decoder = SSEDecoder()
    assert decoder.feed(b"event: e\ndata: a\ndata: b") == []
    assert decoder.flush() == [("e", "a\nb")]


def _time_of(data: bytes, step: int) -> float:
    decoder = SSEDecoder()
    began = time.thread_time()
    for at in range(0, len(data), step):
        decoder.feed(data[at : at + step])
    return time.thread_time() - began


@pytest.mark.parametrize(
    ("unit", "step"),
    [(b"data: x\n\n", 100_000), (b"data: x\n\n", 7), (b"data: x\n", 16), (b"x" * 32, 32), (b": ping\n\n", 64)],
    ids=["tiny events", "tiny reads", "one event of many lines", "one long line", "comments"],
)
def test_the_work_is_linear_in_the_bytes(unit: bytes, step: int) -> None:
    """F61: four times the bytes in at most about four times the time."""
    small = min(_time_of(unit * 10_000, step) for _ in range(3))
    large = min(_time_of(unit * 40_000, step) for _ in range(3))
    assert large < max(9 * small, 0.05)
