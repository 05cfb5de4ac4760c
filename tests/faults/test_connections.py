"""Connections between calls: used again where nothing speaks against it, never otherwise (F12, F53, F54, F60)."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from raw_server import FIN, HOLD, REQUEST, RST, Made, Repeat, answer, chunked, head
from support.scene import MODES, ask, scene
from support.spoken import PIECES, SPOKEN, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from raw_server import Step
    from support.loopback import Certificate
    from support.spoken import Spoken

EVERY = pytest.mark.parametrize(
    ("spoken", "mode"), [pytest.param(it, mode, id=f"{it.name}-{mode}") for it in SPOKEN.values() for mode in MODES]
)


@EVERY
@pytest.mark.parametrize("end", [FIN, RST])
def test_an_idle_connection_closed_by_the_peer_is_replaced_unseen(spoken: Spoken, mode: str, end: Step) -> None:
    """F12: seen before anything was sent, so it is no attempt at all."""
    with scene(spoken, [REQUEST, spoken.good(mode), end], [REQUEST, spoken.good(mode), HOLD], mode=mode) as at:
        assert at.ask().served_by == "a"
        assert at.are_gone("a")
        told = at.ask()
        assert (told.tried, told.first.retried) == ([("a", "success")], ())
        assert (at.hits(), at.servers["a"].connections) == ({"a": 2, "b": 0}, 2)
        assert at.counts() == {"a": (2, 0), "b": (0, 0)}


@EVERY
@pytest.mark.parametrize("end", [FIN, RST])
def test_a_close_that_crosses_the_request_is_a_failure_and_no_replay(spoken: Spoken, mode: str, end: Step) -> None:
    """F12: after sending nobody can know whether it was served, so nobody sends it again to the same provider."""
    script = [REQUEST, spoken.good(mode), REQUEST, end]
    with scene(spoken, script, [Repeat([REQUEST, spoken.good(mode)])], mode=mode) as at:
        assert at.ask().served_by == "a"
        told = at.ask()
        assert (told.served_by, told.text) == ("b", TEXT)
        assert (told.tried, told.first.error) == ([("a", "failure"), ("b", "success")], "APIConnectionError")
        assert (at.hits(), at.servers["a"].connections) == ({"a": 2, "b": 1}, 1)
        assert at.counts() == {"a": (2, 1), "b": (1, 0)}
        assert at.ask().served_by == "a"


def poisoned(spoken: Spoken, mode: str) -> bytes:
    """A complete answer to nobody."""
    return spoken.good(mode).replace(PIECES[0].encode(), b"POISON")


BEHIND: dict[str, Callable[[Spoken, str], bytes]] = {
    "a second answer": poisoned,
    "half of a second answer": lambda it, mode: poisoned(it, mode)[:40],
    "one byte": lambda it, mode: b"\n",
    "garbage": lambda it, mode: b"\0\xff",
}  # fmt: skip


@EVERY
@pytest.mark.parametrize("surplus", BEHIND)
@pytest.mark.parametrize("late", [False, True], ids=["same segment", "later"])
def test_what_comes_behind_an_answer_is_the_answer_to_nothing(
    spoken: Spoken, mode: str, surplus: str, late: bool
) -> None:
    """F53: three peers return it as the answer to the next call. Here that connection is never used again."""
    behind, gate = BEHIND[surplus](spoken, mode), threading.Event()
    first = [REQUEST, spoken.good(mode), gate, behind] if late else [REQUEST, spoken.good(mode) + behind]
    with scene(spoken, [*first, REQUEST, poisoned(spoken, mode)], [REQUEST, spoken.good(mode), HOLD], mode=mode) as at:
        assert at.ask().text == TEXT
        if late:
            gate.set()
            at.servers["a"].ended[0].wait(0.05)  # for the bytes to arrive; the connection stays open
        told = at.ask()
        assert (told.text, told.served_by) == (TEXT, "a")
        assert (at.hits(), at.servers["a"].connections) == ({"a": 2, "b": 0}, 2)


@EVERY
def test_surplus_behind_an_error_is_no_answer_either(spoken: Spoken, mode: str) -> None:
    """F53, in another place."""
    refusal = spoken.whole(spoken.refusal(400), "400 No")
    script = [REQUEST, refusal + poisoned(spoken, mode), REQUEST, poisoned(spoken, mode)]
    with scene(spoken, script, [REQUEST, spoken.good(mode), HOLD], mode=mode) as at:
        assert at.ask().served_by == "b"
        assert at.ask().text == TEXT
        assert at.servers["a"].connections == 2


@EVERY
@pytest.mark.parametrize("interim", [100, 102, 103])
def test_an_interim_answer_is_passed_over(spoken: Spoken, mode: str, interim: int) -> None:
    """F54: up to ten of them, whatever they say. http.client takes a 103 as final."""
    early = head(f"{interim} Wait", link="</style.css>; rel=preload", content_length="5")
    with scene(spoken, [Repeat([REQUEST, early, early * 8, early + spoken.good(mode)])], mode=mode) as at:
        assert (at.ask().text, at.ask().text) == (TEXT, TEXT)
        assert (at.counts()["a"], at.servers["a"].connections) == ((2, 0), 1)


@EVERY
def test_a_providers_cookie_is_never_sent_back(spoken: Spoken, mode: str) -> None:
    """F60: nor anything else that a former answer asked for."""
    wants = {"set-cookie": "session=abc; Path=/", "strict-transport-security": "max-age=9", "alt-svc": 'h3=":443"'}
    whole = answer("200 OK", spoken.answer, **{name.replace("-", "_"): value for name, value in wants.items()})
    good = whole if mode == "plain" else head(**wants, transfer_encoding="chunked") + chunked(*spoken.events())
    with scene(spoken, [Repeat([REQUEST, good])], mode=mode) as at:
        assert (at.ask().text, at.ask().text) == (TEXT, TEXT)
        first, second = at.servers["a"].requests
        assert first.head == second.head, "nothing was learned from the first answer"
        assert spoken.carries_the_key(second)


ODD_BUT_LEGAL: dict[str, Callable[[bytes], bytes]] = {
    "no reason phrase": lambda wire: wire.replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 200", 1),
    "blanks around the value": lambda wire: wire.replace(b": ", b":\t  ", 1),
    "upper case names": lambda wire: re.sub(rb"\r\n(?:content|transfer)-", lambda name: name[0].upper(), wire),
    "upper case values": lambda wire: wire.replace(b"chunked", b"CHUNKED"),
    "extensions of a chunk": lambda wire: wire.replace(b"\r\n0\r\n", b'\r\n0;a="b\'"\r\n'),
    "trailers": lambda wire: wire.replace(b"\r\n0\r\n\r\n", b"\r\n0\r\nx-checksum: abc\r\ny: z\r\n\r\n"),
    "latin-1 in a field": lambda wire: wire.replace(b"\r\n", b"\r\nx-name: caf\xe9\r\n", 1),
    "a hundred fields": lambda wire: wire.replace(
        b"\r\n", b"\r\n" + b"".join(b"x-%d: y\r\n" % number for number in range(97)), 1
    ),
    "the same length twice": lambda wire: re.sub(rb"(content-length: \d+\r\n)", rb"\1\1", wire),
    "bare line feeds": lambda wire: b"\n\n".join(
        part if number else part.replace(b"\r\n", b"\n") for number, part in enumerate(wire.split(b"\r\n\r\n", 1))
    ),
}


@EVERY
@pytest.mark.parametrize("oddity", ODD_BUT_LEGAL)
def test_an_odd_but_legal_answer_is_an_answer(spoken: Spoken, mode: str, oddity: str) -> None:
    with scene(spoken, [Repeat([REQUEST, ODD_BUT_LEGAL[oddity](spoken.good(mode))])], mode=mode) as at:
        assert (at.ask().text, at.ask().text) == (TEXT, TEXT)
        assert (at.hits(), at.servers["a"].connections) == ({"a": 2, "b": 0}, 1)


@EVERY
@pytest.mark.parametrize("why", ["HTTP/1.0", "connection: close", "no length"])
def test_a_connection_that_ends_with_its_answer_is_not_used_again(spoken: Spoken, mode: str, why: str) -> None:
    body = spoken.answer if mode == "plain" else spoken.stream()
    good = {
        "HTTP/1.0": answer("200 OK", body).replace(b"HTTP/1.1", b"HTTP/1.0"),
        "connection: close": answer("200 OK", body, connection="Close"),
        "no length": head() + body,
    }[why]
    with scene(spoken, [REQUEST, good, FIN], mode=mode) as at:
        assert (at.ask().text, at.ask().text) == (TEXT, TEXT)
        assert (at.hits(), at.servers["a"].connections) == ({"a": 2, "b": 0}, 2)


@EVERY
def test_a_connection_inside_tls_is_used_again(spoken: Spoken, mode: str, certificate: Certificate) -> None:
    inside = {"tls": certificate.server, "connection": {"verify": certificate.path}}
    with scene(spoken, [Repeat([REQUEST, spoken.good(mode)])], mode=mode, **inside) as at:
        assert (at.ask().text, at.ask().text) == (TEXT, TEXT)
        assert at.servers["a"].connections == 1


@EVERY
def test_threads_never_get_each_others_answers(spoken: Spoken, mode: str) -> None:
    """F53 from the other side: a connection is one caller's alone while it is in use."""
    with scene(spoken, [Repeat([REQUEST, Made(lambda request: spoken.echo(mode, request))])], mode=mode) as at:
        heard: list[tuple[str, str]] = []

        def work(word: str) -> None:
            said = [f"{word}-{turn}" for turn in range(10)]
            heard.extend((each, ask(at.gw, mode, f"say:{each}").text) for each in said)

        threads = [threading.Thread(target=work, args=(f"word-{number}",)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [(said, text) for said, text in heard if said != text] == []
        assert at.hits() == {"a": len(heard), "b": 0}
        assert at.servers["a"].connections <= len(threads)
