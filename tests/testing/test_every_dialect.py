"""Every dialect of the sandbox, in one sandbox: good answers, each kind of error, and what breaks on the way."""

from __future__ import annotations

import http.client
from contextlib import closing
from typing import TYPE_CHECKING, get_args

import pytest

from agentsea_gateway import dialects
from agentsea_gateway.testing import Fault, Reply, Sandbox, sides
from agentsea_gateway.testing.side import ErrorKind
from support.sandbox_client import DIALECTS, Client, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG = Reply("one two three four")
EACH = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def client(box: Sandbox, dialect: Dialect) -> Iterator[Client]:
    box.recover()
    with closing(Client(box, dialect)) as made:
        yield made


def test_the_sandbox_speaks_every_dialect() -> None:
    assert {sides.side_of(name).NAME for name in sides.NAMES} == {*dialects.NAMES}
    assert {dialect.name for dialect in DIALECTS} == {*dialects.NAMES}


@EACH
def test_an_answer_comes_plain_and_as_a_stream(client: Client, dialect: Dialect) -> None:
    plain, streamed = client.ask(text="Why is that?"), client.ask(text="Why is that?", stream=True)
    assert (plain.status, streamed.status) == (200, 200)
    assert dialect.text(plain) == "sandbox: Why is that?"
    assert dialect.texts(streamed) == ["sandbox:", " Why", " is", " that?"]
    assert dialect.ended(streamed)
    assert [request.streamed for request in client.box.requests[-2:]] == [False, True]


@EACH
def test_each_kind_of_error_has_the_vendors_shape(client: Client, dialect: Dialect) -> None:
    for kind in get_args(ErrorKind):
        client.box.script(Fault.status(kind))
        got = client.ask()
        assert all(dialect.error(got.body)), kind
    for status in (400, 404, 418, 429, 500, 529):
        client.box.script(Fault.status(status, retry_after=3))
        got = client.ask()
        assert (got.status, got.headers["retry-after"]) == (status, "3")
        assert all(dialect.error(got.body)), status


@EACH
def test_an_error_comes_as_an_event(client: Client, dialect: Dialect) -> None:
    client.box.script(Fault.error("overloaded"), Fault.error("overloaded", after=2, reply=LONG))
    first, later = client.ask(stream=True), client.ask(stream=True)
    assert [bool(dialect.told(*event)) for event in first.events] == [True]
    assert dialect.texts(later) == ["one", " two"]
    assert dialect.told(*later.events[-1])


@EACH
def test_a_stream_breaks_in_every_way(client: Client, dialect: Dialect) -> None:
    client.box.script(Fault.truncate(2, how="clean", reply=LONG))
    got = client.ask(stream=True)
    assert dialect.texts(got) == ["one", " two"]
    assert not dialect.ended(got)
    client.box.script(Fault.truncate(2, reply=LONG))
    with pytest.raises(http.client.IncompleteRead):
        client.ask(stream=True)
    client.close()
    client.box.script(Fault.drop(1, reply=LONG))
    data = client.everything(stream=True)
    assert b'"one"' in data
    assert b'" two"' not in data


@EACH
def test_what_is_refused_is_refused_in_the_vendors_words(client: Client, dialect: Dialect) -> None:
    missing, wrong = client.ask(key=None), client.ask(key="sk-canary-wrong")
    assert (missing.status, wrong.status) == dialect.unauthorized
    got = client.ask(b"[]")
    assert (got.status, dialect.error(got.body)[0]) == dialect.invalid
    assert client.send("GET", dialect.path, None, dialect.head()).status == 405
