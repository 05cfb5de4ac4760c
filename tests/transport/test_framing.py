"""Bodies without sockets: every split of the bytes gives the same body, and the end is proven or an error."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib

import pytest

from agentsea_gateway.errors import MalformedResponseError
from agentsea_gateway.transport.framing import Chunked, Sized, UntilClose, framing_of
from agentsea_gateway.transport.inflate import STEP, Inflater, inflater_of
from agentsea_gateway.transport.limits import Limits
from raw_server import chunked

LIMITS = Limits()
WIRE = b'5;ext="a;b"\r\nhello\r\n0000A \r\n, worlds!!\r\n1\n\n\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n'
BODY = b"hello, worlds!!\n"


@pytest.mark.parametrize("at", range(len(WIRE)))
def test_a_chunked_body_is_the_same_wherever_it_is_cut(at: int) -> None:
    framing = Chunked(LIMITS)
    assert framing.feed(WIRE[:at]) + framing.feed(WIRE[at:]) == BODY
    assert (framing.done, framing.surplus) == (True, False)


def test_a_chunked_body_is_the_same_byte_by_byte() -> None:
    framing = Chunked(LIMITS)
    assert b"".join(framing.feed(bytes([byte])) for byte in WIRE) == BODY
    framing.end()


@pytest.mark.parametrize("at", range(len(WIRE)))
def test_a_chunked_body_that_stops_anywhere_is_truncated(at: int) -> None:
    """F15."""
    framing = Chunked(LIMITS)
    framing.feed(WIRE[:at])
    with pytest.raises(MalformedResponseError, match="^truncated: the connection was closed before the last chunk$"):
        framing.end()


@pytest.mark.parametrize("size", [b"10", b"1f", b"1F", b"fe", b"FE", b"000fe"])
def test_the_size_of_a_chunk_is_hexadecimal_in_any_case(size: bytes) -> None:
    text = bytes(range(256))[: int(size, 16)]
    wire = size + b"\r\n" + text + b"\r\n" + size + b"\r\n" + text + b"\r\n0\r\n\r\n"
    for step in (1, 2, 3, len(wire)):
        framing = Chunked(LIMITS)
        pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
        assert b"".join(map(framing.feed, pieces)) == text * 2
        assert (framing.done, framing.surplus) == (True, False)


def test_a_body_of_a_length_ends_with_its_last_byte_wherever_it_is_cut() -> None:
    """F14: one byte short is truncated, and the last one leaves no surplus."""
    for at in range(6):
        framing = Sized(6)
        assert not framing.surplus
        assert framing.feed(b"abcdef"[:at]) == b"abcdef"[:at]
        assert (framing.done, framing.left) == (False, 6 - at)
        with pytest.raises(MalformedResponseError, match=f"^truncated: {at} of 6 body bytes came$"):
            framing.end()
        assert framing.feed(b"abcdef"[at:]) == b"abcdef"[at:]
        assert (framing.done, framing.surplus, framing.left) == (True, False, 0)
        framing.end()


@pytest.mark.parametrize("split", [True, False])
def test_bytes_behind_the_end_are_seen(split: bool) -> None:
    """F53."""
    wire = chunked(b"hello") + b"HTTP/1.1 200 OK\r\n"
    framing = Chunked(LIMITS)
    if split:
        framing.feed(wire[:12])
    framing.feed(wire[12:] if split else wire)
    assert (framing.done, framing.surplus) == (True, True)
    sized = Sized(3)
    assert (sized.feed(b"abcd"), sized.done, sized.surplus) == (b"abc", True, True)


@pytest.mark.parametrize(
    "wire",
    [
        b"hello\r\n",
        b"+5\r\nhello\r\n",
        b"0x5\r\nhello\r\n",
        b"-5\r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"5_0\r\nhello\r\n",
        b"5 x\r\nhello\r\n",
        b"\r\nhello\r\n",
        b"ffffffffffffffffffff\r\n",
        b"5;" + b"x" * 5000,
        b"X",
        b"5\r\nhello\r\nX",
    ],
)
def test_a_chunk_size_that_is_none_is_an_error_at_once(wire: bytes) -> None:
    framing = Chunked(LIMITS)
    with pytest.raises(MalformedResponseError, match="^the chunked body holds something else where a chunk's size"):
        [framing.feed(data) for data in (wire, b"")]


@pytest.mark.parametrize(
    "wire", [b"5\r\nhelloworld\r\n", b"5\r\nhello6\r\n", b"5\r\nhello\r\n0\r\n" + b"x: y\r\n" * 20_000]
)
def test_what_came_before_a_broken_chunk_is_handed_out_first(wire: bytes) -> None:
    """F36: one read may bring content and, behind it, what is none."""
    framing = Chunked(LIMITS)
    assert (framing.feed(wire), framing.done) == (b"hello", False)
    failure = framing.failure
    assert failure is not None
    assert failure.message.startswith("the chunked body")
    with pytest.raises(MalformedResponseError) as caught:
        framing.feed(b"0\r\n\r\n")
    assert caught.value is failure


def test_trailers_are_capped() -> None:
    framing = Chunked(Limits(head=1000))
    with pytest.raises(MalformedResponseError, match="trailers"):
        framing.feed(b"0\r\n" + b"x: y\r\n" * 300)
    framing = Chunked(Limits(head=6))
    assert [framing.feed(data) for data in (b"0\r\nx: yz\n", b"\n")] == [b"", b""]  # six bytes before their end
    assert framing.done


def test_a_sized_body_that_stops_early_is_truncated() -> None:
    """F14."""
    framing = Sized(10)
    assert framing.feed(b"abc") == b"abc"
    with pytest.raises(MalformedResponseError, match="truncated: 3 of 10 body bytes"):
        framing.end()
    assert Sized(0).done


def test_a_body_without_framing_ends_with_the_connection() -> None:
    framing = UntilClose()
    assert (framing.feed(b"abc"), framing.done) == (b"abc", False)
    framing.end()
    assert (framing.done, framing.surplus, framing.failure) == (True, False, None)


@pytest.mark.parametrize(
    ("status", "fields", "kind"),
    [
        (200, {"transfer-encoding": "chunked", "content-length": "3"}, Chunked),
        (200, {"transfer-encoding": "Chunked"}, Chunked),
        (200, {"content-length": "3"}, Sized),
        (200, {}, UntilClose),
        (204, {"content-length": "3"}, Sized),
        (304, {}, Sized),
    ],
)
def test_how_a_body_ends_is_read_from_its_head(status: int, fields: dict[str, str], kind: type) -> None:
    framing = framing_of(status, fields, LIMITS)
    assert type(framing) is kind
    assert framing.done is (status in (204, 304))
    if isinstance(framing, Sized):
        assert framing.left == (0 if framing.done else 3)


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "identity", ""])
def test_other_transfer_codings_are_refused(coding: str) -> None:
    with pytest.raises(MalformedResponseError, match="^the answer's transfer-encoding is not plain chunked"):
        framing_of(200, {"transfer-encoding": coding}, LIMITS)


def inflated(inflater: Inflater, *pieces: bytes) -> bytes:
    out = []
    for piece in pieces:
        out.append(inflater.feed(piece))
        while inflater.pending:
            out.append(inflater.feed(b""))
    inflater.end(any(pieces))
    return b"".join(out)


def test_nothing_is_pending_in_the_beginning() -> None:
    assert [Inflater(coding).pending for coding in ("gzip", "deflate")] == [False, False]


TEXT = b"the same text again and again " * 20
PACKED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    "members": gzip.compress(TEXT[:100], mtime=0) + gzip.compress(TEXT[100:], mtime=0),
    "zlib": zlib.compress(TEXT),
    "raw": zlib.compress(TEXT, wbits=-15),
}


@pytest.mark.parametrize("kind", PACKED)
def test_a_compressed_body_is_the_same_wherever_it_is_cut(kind: str) -> None:
    packed, coding = PACKED[kind], "gzip" if kind in ("gzip", "members") else "deflate"
    for at in range(len(packed) + 1):
        assert inflated(Inflater(coding), packed[:at], packed[at:]) == TEXT
    assert inflated(Inflater(coding), *(bytes([byte]) for byte in packed)) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", " GZip\t", "deflate", "Deflate"])
def test_codings_are_known_by_name_in_any_case(coding: str) -> None:
    name, packed = ("gzip", PACKED["gzip"]) if "zip" in coding.lower() else ("deflate", PACKED["zlib"])
    inflater = inflater_of(coding)
    assert inflater is not None
    assert inflated(inflater, packed) == TEXT
    with pytest.raises(MalformedResponseError, match=f"^the answer's {name} body is corrupt$"):
        inflater_of(coding).feed(b"no such thing")  # type: ignore[union-attr]


@pytest.mark.parametrize("coding", [None, "", " ", "identity", "Identity"])
def test_where_nothing_was_coded_nothing_is_undone(coding: str | None) -> None:
    assert inflater_of(coding) is None


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 512, b"\x1f", b"\x1f\0"])
def test_padding_behind_a_compressed_body_means_nothing(padding: bytes) -> None:
    for pieces in ([PACKED["gzip"] + padding], [PACKED["gzip"], padding], [PACKED["gzip"], padding[:1], padding[1:]]):
        assert inflated(Inflater("gzip"), *filter(None, pieces)) == TEXT


def test_only_gzip_has_members() -> None:
    for behind in (PACKED["gzip"], PACKED["zlib"]):
        assert inflated(Inflater("deflate"), PACKED["zlib"] + behind) == TEXT
        assert inflated(Inflater("deflate"), PACKED["zlib"], behind) == TEXT


def test_the_shortest_body_there_is_is_whole() -> None:
    assert inflated(Inflater("deflate"), zlib.compress(b"", wbits=-15)) == b""
    assert inflated(Inflater("gzip")) == b""


@pytest.mark.parametrize("kind", PACKED)
def test_a_compressed_body_that_stops_anywhere_is_truncated(kind: str) -> None:
    """F17."""
    packed, coding = PACKED[kind], "gzip" if kind in ("gzip", "members") else "deflate"
    first = len(gzip.compress(TEXT[:100], mtime=0)) if kind == "members" else None
    for at in range(1, len(packed)):
        if at in (first, first and first + 1):
            continue  # a whole member is a whole body
        with pytest.raises(MalformedResponseError, match=r"truncated|corrupt"):
            inflated(Inflater(coding), packed[:at])


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_corrupt_data_is_one_typed_error(coding: str) -> None:
    with pytest.raises(MalformedResponseError, match="corrupt"):
        inflated(Inflater(coding), b"this was never compressed at all")


def test_a_wrong_checksum_is_corrupt() -> None:
    packed = bytearray(PACKED["gzip"])
    packed[-5] ^= 1
    with pytest.raises(MalformedResponseError, match="corrupt"):
        inflated(Inflater("gzip"), bytes(packed))


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("coding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_what_stands_before_the_corruption_is_given_first(coding: str, wbits: int, at_once: bool) -> None:
    """F17: of a stream somebody may have seen it already. It is given once, and then the error every time."""
    packer = zlib.compressobj(wbits=wbits)
    sound = packer.compress(TEXT) + packer.flush(zlib.Z_SYNC_FLUSH)
    bad = b"\xff" * 50
    inflater = Inflater(coding)
    assert inflater.feed(sound + bad if at_once else sound) == TEXT
    assert inflater.pending == at_once
    for data in (b"" if at_once else bad, b"more", b""):
        with pytest.raises(MalformedResponseError, match=f"^the answer's {coding} body is corrupt$"):
            inflater.feed(data)


def test_a_body_repeats_what_stood_as_far_back_as_the_format_allows() -> None:
    text = random.Random(1).randbytes(32_000) * 2
    for coding, packed in (("gzip", gzip.compress(text)), ("deflate", zlib.compress(text))):
        assert inflated(Inflater(coding), packed) == text
    assert inflated(Inflater("deflate"), zlib.compress(text, wbits=-15)) == text


def test_no_beginning_of_a_raw_body_is_taken_for_zlibs() -> None:
    """One in thirty has the check bits of zlib's two bytes."""
    for number in range(300):
        text = f"{number} ducks".encode()
        assert inflated(Inflater("deflate"), zlib.compress(text, wbits=-15)) == text


def test_what_is_left_inside_zlib_behind_a_full_step_comes_too() -> None:
    """It may have taken all the input and still hold the last bytes back."""
    for size in range(STEP, STEP + 260):
        assert inflated(Inflater("deflate"), zlib.compress(bytes(size), wbits=-15)) == bytes(size)


def test_a_bomb_comes_in_small_steps() -> None:
    """F18, F59."""
    bomb = zlib.compress(bytes(50_000_000))
    inflater = Inflater("deflate")
    tracemalloc.start()
    try:
        total = len(inflater.feed(bomb))
        while inflater.pending:
            total += len(inflater.feed(b""))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    inflater.end(True)
    assert total == 50_000_000
    assert peak < 4 * STEP


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "gzip;q=1"])
def test_codings_that_nobody_asked_for_are_refused(coding: str) -> None:
    with pytest.raises(MalformedResponseError, match="^the answer's content-encoding is neither gzip nor deflate"):
        inflater_of(coding)
