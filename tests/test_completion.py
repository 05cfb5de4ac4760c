"""A plain call's answer: completed for its caller, and never changed for others."""

from __future__ import annotations

from typing import Any

import attrs

from agentsea_gateway import Response, Usage
from support.gateways import gateway


class Shared:
    """A plain provider that gives everybody the same object."""

    answer = Response("x", raw={"id": 1}, usage=Usage(1, 2))

    def complete(self, messages: Any) -> Response:
        return self.answer


def test_an_answer_that_a_provider_shares_is_not_changed() -> None:
    one = gateway(Shared()).completion("Hi")
    two = gateway("x", Shared()).completion("Hi", exclude="a")
    assert (Shared.answer.served_by, Shared.answer.route) == (None, None)
    assert (one.served_by, two.served_by) == ("a", "b")
    assert one.route is not two.route
    assert one.usage is Shared.answer.usage


def test_without_raw_the_body_is_dropped_for_the_caller_alone() -> None:
    assert gateway(Shared(), keep_raw=False).completion("Hi").raw is None
    assert Shared.answer.raw == {"id": 1}
    assert gateway(Shared()).completion("Hi").raw == {"id": 1}


def test_an_answer_of_a_class_of_ones_own_stays_one() -> None:
    @attrs.frozen(slots=False)
    class Parsed(Response):
        parsed: int = 0

    class Own:
        def complete(self, messages: Any) -> Response:
            return Parsed("42", parsed=42)

    reply = gateway(Own()).completion("Hi")
    assert isinstance(reply, Parsed)
    assert (reply.parsed, reply.served_by) == (42, "a")
