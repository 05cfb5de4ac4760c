"""What calls cost: reported by the provider, estimated from tokens and prices, or unknown; for every attempt."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from typing import Any

import attrs
import pytest

from agentsea_gateway import Attempt, Candidate, Response, Usage, dialects, models
from agentsea_gateway.errors import InternalServerError, StreamInterruptedError
from agentsea_gateway.models import ModelInfo
from agentsea_gateway.store import codec
from agentsea_gateway.stream_events import Content, Done, Start
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.gateways import gateway
from support.source import ROOT

USED = Response("Hello", usage=Usage(1000, 500), model="gpt-4.1-2025-04-14")


class Named:
    """A plain provider with a name, that answers the same to everybody."""

    def __init__(self, name: str, answer: Any, base_url: str | None = None) -> None:
        self.name = name
        self.answer = answer
        if base_url is not None:
            self.base_url = base_url

    def complete(self, messages: Any) -> Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: Response = self.answer
        return answer


def served(answer: Response, *, name: str = "openai", model: str | None = "gpt-4.1", **facts: Any) -> Response:
    """The answer as a gateway gives it."""
    base_url = facts.pop("base_url", None)
    return gateway(Candidate("a", Named(name, answer, base_url), model, **facts)).completion("Hi")


# -- where a cost is from ----------------------------------------------------------------------------------------------


def test_a_cost_is_tokens_times_the_tables_prices_and_says_so() -> None:
    reply = served(USED)
    assert (reply.cost, reply.cost_source) == (Decimal("0.006"), "estimated")
    assert reply.cost_basis == f"tokens reported, prices of {models.source()} (openai/gpt-4.1)"


def test_what_the_provider_charged_wins() -> None:
    reply = served(USED.with_fields(cost=Decimal("0.5")))
    assert (reply.cost, reply.cost_source, reply.cost_basis) == (Decimal("0.5"), "reported", "reported by openai")
    assert reply.route is not None
    assert reply.route.attempts[0].cost == Decimal("0.5")


def test_the_candidates_own_prices_win_over_the_tables() -> None:
    reply = served(USED, prices={"input": 1, "output": 10})
    assert (reply.cost, reply.cost_source) == (Decimal("0.006"), "estimated")
    assert "prices of the candidate" in reply.cost_basis


def test_a_provider_may_know_its_own_models() -> None:
    class Knowing(Named):
        def model_info(self, model: str) -> dict[str, Any]:
            return {"prices": {"input": 100, "output": 0}, "context_window": len(model)}

    reply = gateway(Candidate("a", Knowing("mine", USED), "m")).completion("Hi")
    assert reply.cost == Decimal("0.1")
    assert "its provider" in reply.cost_basis


@pytest.mark.parametrize(
    ("answer", "candidate", "basis"),
    [
        (Response("x"), {}, "the tokens are not known"),
        (Response("x", usage=Usage(5)), {}, "the tokens are not known"),
        (USED.with_fields(model=None), {"model": "my-own"}, "no price is known of my-own from openai"),
        (
            USED.with_fields(model=None),
            {"name": "Mine", "model": None},
            "no price is known of a model without a name from",
        ),
        (USED, {"name": "llamacpp", "base_url": "http://127.0.0.1:8080/v1"}, "no price is known of gpt-4.1-2025"),
        (USED, {"prices": {"input": 1}}, "the candidate, genai-prices"),
    ],
)
def test_what_is_unknown_is_none_and_says_why(answer: Response, candidate: dict[str, Any], basis: str) -> None:
    reply = served(answer, **candidate)
    assert (reply.cost, reply.cost_source) == (None, "unknown")
    assert basis in reply.cost_basis


def test_the_model_that_served_is_priced_and_else_the_one_that_was_asked_for() -> None:
    assert served(USED, model="auto").cost == Decimal("0.006")
    assert served(USED.with_fields(model="a-deployment-of-mine")).cost == Decimal("0.006")


def test_the_price_is_the_one_of_the_day() -> None:
    """OpenAI lowered o3's price on 10 June 2025; the call's clock says which day it is."""
    used = Response("x", usage=Usage(1000, 1000), model="o3")
    costs = [
        gateway(Candidate("a", Named("openai", used), "o3"), clock=FakeClock(unix=unix)).completion("Hi").cost
        for unix in (1_749_513_599.0, 1_749_513_600.0)
    ]
    assert costs == [Decimal("0.05"), Decimal("0.01")]


def test_a_response_that_nobody_routed_has_the_cost_it_was_given() -> None:
    assert (USED.cost, USED.cost_source, USED.cost_basis) == (None, "unknown", "unknown")
    given = Response("x", cost=Decimal(1))
    assert (given.cost, given.cost_source) == (Decimal(1), "reported")
    assert given.with_fields(cost=Decimal(2)).cost == 2


def test_hosts_that_say_what_an_answer_cost_are_believed() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 1}
    said: list[tuple[dict[str, Any], str | None]] = [
        ({"cost": 0.00014}, "0.00014"),
        ({"cost": 1e-05, "is_byok": True, "cost_details": {"upstream_inference_cost": 2e-05}}, "0.00003"),
        ({"cost": {"total_cost": 0.00507}}, "0.00507"),
        ({"cost_in_usd_ticks": 37756000}, "0.0037756"),
        ({"cost": 0}, "0"),
        ({"cost": -1}, None),
        ({"cost": "free"}, None),
        ({"cost": None}, None),
    ]
    for more, expected in said:
        body = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": {**usage, **more}}
        cost = dialects.get("openai_chat").decode_response(body).cost
        assert cost == (None if expected is None else Decimal(expected)), more


# -- every attempt -----------------------------------------------------------------------------------------------------


def test_every_attempt_is_accounted_for_and_explained() -> None:
    gw = gateway(
        Candidate("a", Named("x", InternalServerError("down"))), Candidate("b", Named("openai", USED), "gpt-4.1")
    )
    reply = gw.completion("Hi")
    assert reply.route is not None
    failed, good = reply.route.attempts
    assert (failed.usage, failed.cost, failed.priced.source) == (None, None, "unknown")
    assert (good.usage, good.cost, good.usage_source) == (USED.usage, Decimal("0.006"), "reported")
    lines = reply.route.explain().splitlines()
    assert lines[2].endswith("took 0 ms, 1000 + 500 tokens, $0.006 estimated")
    assert "tokens" not in lines[1]


class Breaking:
    """Streams that break after their first words."""

    def stream(self, messages: Any) -> Any:
        yield Start("1", "gpt-4.1")
        yield Content("word " * 80)
        raise InternalServerError("broken")


def test_a_broken_stream_is_accounted_for_by_an_estimate() -> None:
    gw = gateway(Candidate("a", Breaking(), "gpt-4.1"))
    stream = gw.stream("x" * 4000)
    with pytest.raises(StreamInterruptedError) as caught:
        list(stream)
    assert caught.value.route is not None
    attempt = caught.value.route.attempts[0]
    assert (attempt.usage, attempt.usage_source) == (Usage(1000, 100), "estimated")
    assert attempt.cost == Decimal("0.0028")
    assert attempt.priced.basis.startswith("tokens estimated, prices of")


def test_a_stream_that_is_left_is_accounted_for_too() -> None:
    stream = gateway(Candidate("a", Breaking(), "gpt-4.1")).stream("x" * 4000)
    next(stream)
    stream.close()
    assert stream.route.attempts[0].usage == Usage(1000, 100)


def test_a_watched_call_that_fails_over_accounts_for_what_it_left() -> None:
    gw = gateway(Candidate("a", Breaking(), "gpt-4.1"), Candidate("b", Named("openai", USED), "gpt-4.1"), watch=True)
    route = gw.completion("x" * 4000).route
    assert route is not None
    assert [attempt.usage for attempt in route.attempts] == [Usage(1000, 100), USED.usage]


def test_a_whole_stream_costs_what_the_plain_call_costs() -> None:
    provider = ScriptedProvider(default=USED)
    provider.name = "openai"
    gw = gateway(Candidate("a", provider, "gpt-4.1"))
    with gw.stream("Hi") as stream:
        list(stream)
    assert stream.response == gw.completion("Hi")
    assert stream.response.cost == Decimal("0.006")
    assert isinstance(stream.partial, Response)
    assert Done.of(stream.response).response.cost_source == "estimated"


# -- facts that travel -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own", [{}, {"prices": {"input": 1, "output": 1}}])
def test_cost_and_equality_survive_pickle_copy_evolve_and_the_store(own: dict[str, Any]) -> None:
    reply = served(USED, **own)
    expected = reply.cost, reply.cost_source
    for again in (pickle.loads(pickle.dumps(reply)), copy.deepcopy(reply), attrs.evolve(reply)):
        assert again == reply
        assert (again.cost, again.cost_source) == expected
    if not own:
        stored = codec.decoded(codec.encoded(served(USED)))
        assert (stored.cost, stored.cost_source) == expected


def test_a_route_that_travels_takes_the_providers_prices_with_it() -> None:
    class Knowing(Named):
        def model_info(self, model: str) -> ModelInfo:
            return ModelInfo(prices=models.Prices(input=2, output=2))

    reply = gateway(Candidate("a", Knowing("mine", USED), "m")).completion("Hi")
    assert pickle.loads(pickle.dumps(reply)).cost == Decimal("0.003")


def test_an_attempt_without_a_candidate_is_priced_by_its_names() -> None:
    attempt = Attempt("a", "anthropic", "claude-opus-4-8", "success", 0, 1, usage=Usage(1000, 1000))
    assert attempt.cost == Decimal("0.03")
    assert attempt.cost is attempt.cost


def test_a_call_reads_no_prices_until_somebody_asks() -> None:
    code = """
import sys
from agentsea_gateway import Candidate, Gateway, Response, Usage

class Echo:
    name = "openai"
    def complete(self, messages):
        return Response("x", usage=Usage(1, 1))

gw = Gateway([Candidate("a", Echo(), "gpt-4.1")])
reply = gw.completion("Hi")
assert not {"decimal", "agentsea_gateway.models.table", "agentsea_gateway.models.info"} & set(sys.modules)
assert reply.cost is not None
print("done")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT.parent)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr
