"""A candidate made ready: plain providers of every signature get what they take, and learn of mistakes at once."""

from __future__ import annotations

import functools
import inspect
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from agentsea_gateway import Candidate, Gateway, Response
from agentsea_gateway.errors import BadRequestError, ConfigurationError, UnsupportedRequestError
from agentsea_gateway.stream_events import Done
from agentsea_gateway.testing import FakeClock, ScriptedProvider
from support.gateways import gateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

OK = Response("ok")
seen: dict[str, Any] = {}


def note(**what: Any) -> Response:
    seen.clear()
    seen.update(what)
    return OK


class Method:
    def complete(self, messages: Any, temperature: Any = None) -> Response:
        return note(temperature=temperature)


class CallableObject:
    class Complete:
        def __call__(self, messages: Any, *, temperature: Any = None, **rest: Any) -> Response:
            return note(temperature=temperature, **rest)

    complete = Complete()


class Decorated:
    @staticmethod
    def _passed_on(function: Callable[..., Response]) -> Callable[..., Response]:
        def wrapper(*args: Any, **options: Any) -> Response:
            return function(*args, **options)

        return wrapper

    complete = _passed_on(lambda self, messages, **options: note(**options))


def any_options(messages: Any, **options: Any) -> Response:
    return note(**options)


def with_model(messages: Any, model: str, temperature: Any = None) -> Response:
    return note(model=model, temperature=temperature)


def with_call(messages: Any, *, call: Any, temperature: float) -> Response:
    return note(call=type(call).__name__, temperature=temperature)


def positional(messages: Any, /, temperature: Any = None) -> Response:
    return note(temperature=temperature)


def an_unused_oddity(messages: Any, extra: Any = None, /, *rest: Any, temperature: Any = None) -> Response:
    return note(extra=extra, temperature=temperature)


def by_another_name(prompt: Any, **options: Any) -> Response:
    return note(**options)


TAKES: dict[str, tuple[Any, dict[str, Any]]] = {
    "a method": (Method(), {"temperature": 0.5}),
    "a callable object": (CallableObject(), {"temperature": 0.5, "model": "m"}),
    "a decorated method": (Decorated(), {"temperature": 0.5, "model": "m"}),
    "any options": (SimpleNamespace(complete=any_options), {"temperature": 0.5, "model": "m"}),
    "a model": (SimpleNamespace(complete=with_model), {"temperature": 0.5, "model": "m"}),
    "a call": (SimpleNamespace(complete=with_call), {"temperature": 0.5, "call": "Call"}),
    "messages by position": (SimpleNamespace(complete=positional), {"temperature": 0.5}),
    "an unused oddity": (SimpleNamespace(complete=an_unused_oddity), {"temperature": 0.5, "extra": None}),
    "messages by another name": (SimpleNamespace(complete=by_another_name), {"temperature": 0.5, "model": "m"}),
    "a partial": (
        SimpleNamespace(complete=functools.partial(any_options, seed=1)),
        {"temperature": 0.5, "model": "m", "seed": 1},
    ),
}


@pytest.mark.parametrize(("provider", "gets"), TAKES.values(), ids=TAKES)
def test_a_plain_provider_gets_what_it_takes(provider: Any, gets: dict[str, Any]) -> None:
    gw = Gateway([Candidate("a", provider, "m")], clock=FakeClock())
    assert gw.completion("Hi", temperature=0.5).content == "ok"
    assert seen == gets


def test_the_smallest_provider_takes_messages_alone() -> None:
    provider = SimpleNamespace(complete=lambda messages: Response(messages[-1]["content"]))
    assert gateway(provider).completion("echo").content == "echo"


def test_a_builtin_without_a_signature_is_handed_everything() -> None:
    with pytest.raises(ValueError, match="no signature"):
        inspect.signature(max)
    reply = gateway(SimpleNamespace(complete=max), "b").completion("Hi")  # what it returns is no Response
    assert reply.served_by == "b"


def test_a_mock_will_do() -> None:
    provider = Mock()
    provider.complete.return_value = OK
    assert gateway(provider).completion("Hi", max_tokens=3).content == "ok"
    provider.complete.assert_called_once_with([{"role": "user", "content": "Hi"}], max_tokens=3, model="model-a")


@pytest.mark.parametrize("verb", ["completion", "stream"])
def test_an_option_that_a_provider_does_not_take_is_its_own_fault(verb: str) -> None:
    """Refused before the call with the reason in the route; another one may take it."""

    class Few:
        def complete(self, messages: Any, temperature: Any = None) -> Response:
            raise AssertionError("asked")

        def stream(self, messages: Any, temperature: Any = None) -> Any:
            raise AssertionError("asked")

    gw = gateway(Few(), "b")
    for _ in range(3):
        reply = getattr(gw, verb)("Hi", top_k=3, seed=1)
    first = reply.route.attempts[0]
    assert (first.outcome, first.error) == ("own_fault", "UnsupportedRequestError")
    assert first.message == "Few takes no option seed, top_k"
    assert gw.ask("a") == "ok"
    with pytest.raises(UnsupportedRequestError):
        gw.completion("Hi", seed=1, exclude="b")


def test_an_option_that_a_provider_names_itself_may_be_given() -> None:
    class Flavoured:
        def complete(self, messages: Any, flavour: str = "plain") -> Response:
            return Response(flavour)

    gw = gateway(Method(), Flavoured())
    reply = gw.completion("Hi", flavour="sweet")  # type: ignore[call-arg]
    assert (reply.content, reply.served_by) == ("sweet", "b")


def test_an_option_without_a_default_must_be_given() -> None:
    class Needy:
        def complete(self, messages: Any, flavour: str) -> Response:
            return Response(flavour)

    gw = gateway(Needy())
    with pytest.raises(BadRequestError, match="Needy needs the option flavour"):
        gw.completion("Hi")
    assert gw.completion("Hi", flavour="sweet").content == "sweet"  # type: ignore[call-arg]
    fixed = Gateway([Candidate("a", Needy(), options={"flavour": "sour"})])
    assert fixed.completion("Hi").content == "sour"


def test_complete_and_stream_may_take_different_things() -> None:
    class Split:
        def complete(self, messages: Any, seed: int = 0) -> Response:
            return Response(f"seed {seed}")

        def stream(self, messages: Any, top_k: int = 0) -> Iterator[Any]:
            yield Done.of(Response(f"top_k {top_k}"))

    gw = gateway(Split())
    assert gw.completion("Hi", seed=4).content == "seed 4"
    assert [event.response.content for event in gw.stream("Hi", top_k=5)] == ["top_k 5"]  # type: ignore[union-attr]
    with pytest.raises(UnsupportedRequestError):
        gw.stream("Hi", seed=4)


async def a_coroutine(messages: Any) -> Response:
    return OK


async def an_async_generator(messages: Any) -> AsyncIterator[Any]:
    yield Done.of(OK)


def two_positions(messages: Any, model: str, /) -> Response:
    return OK


USELESS: dict[str, tuple[dict[str, Any], str]] = {
    "no parameter": ({"complete": lambda: OK}, "complete takes no messages by position"),
    "keywords only": ({"complete": lambda *, messages: OK}, "complete takes no messages by position"),
    "options only": ({"complete": lambda **options: OK}, "complete takes no messages by position"),
    "a second position": ({"complete": two_positions}, "complete takes model by position only"),
    "a coroutine": ({"complete": a_coroutine}, "complete is async; write a blocking one"),
    "an async stream": ({"complete": any_options, "stream": an_async_generator}, "stream is async"),
}


@pytest.mark.parametrize(("functions", "words"), USELESS.values(), ids=USELESS)
def test_a_provider_that_could_never_serve_is_refused_at_construction(functions: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"candidate 'a': SimpleNamespace.{words}"):
        gateway(SimpleNamespace(**functions))


@pytest.mark.parametrize("stream", [None, False])
def test_a_stream_that_is_no_function_is_none(stream: Any) -> None:
    provider = SimpleNamespace(complete=any_options, stream=stream)
    assert gateway(provider, "b").stream("Hi").served_by == "b"


def test_a_provider_that_needs_a_model_is_given_one() -> None:
    with pytest.raises(ConfigurationError, match="candidate 'a': SimpleNamespace needs a model; give model="):
        Gateway([Candidate("a", SimpleNamespace(complete=with_model))])


ANY = SimpleNamespace(complete=any_options)
BAD_OPTIONS: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a type": (ANY, {"options": {"max_tokens": "5"}}, "max_tokens is '5'; give a whole number"),
    "an override": (ANY, {"overrides": {"stop": 5}}, "stop is a int"),
    "what json cannot hold": (ANY, {"options": {"metadata": {"x": {1}}}}, "metadata.x is a set"),
    "one it does not take": (Method(), {"options": {"seed": 1}}, "Method takes no option seed"),
    "one nobody knows": (Method(), {"options": {"temprature": 1}}, "unknown option 'temprature'; did you mean"),
}


@pytest.mark.parametrize(("provider", "given", "words"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_a_candidates_options_are_checked_at_construction(provider: Any, given: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=f"candidate 'a': {words}"):
        Gateway([Candidate("a", provider, **given)])


def test_defaults_of_the_gateway_must_be_taken_by_every_candidate() -> None:
    with pytest.raises(ConfigurationError, match="candidate 'a': Method takes no option max_tokens"):
        gateway(Method(), options={"max_tokens": 5})


def test_what_a_provider_does_to_its_options_is_not_seen_again() -> None:
    class Greedy:
        def complete(self, messages: Any, **options: Any) -> Response:
            got = Response(",".join(sorted(options)))
            options["stolen"] = 1
            return got

    gw = Gateway([Candidate("a", Greedy(), options={"seed": 1}), Candidate("b", ScriptedProvider())])
    assert [gw.completion("Hi").content for _ in range(2)] == ["seed", "seed"]


# -- its own system prompt ---------------------------------------------------------------------------------------------


class Hearing:
    """A provider that says which messages it got."""

    def complete(self, messages: Any, **options: Any) -> Response:
        assert "system" not in options
        return Response(" ".join(f"{it['role']}:{it['content']}" for it in messages))


@pytest.mark.parametrize(
    ("given", "system", "expected"),
    [
        ({"options": {"system": "mine"}}, None, "system:mine user:Hi"),
        ({"options": {"system": "mine"}}, "yours", "system:yours user:Hi"),
        ({"overrides": {"system": "mine"}}, None, "system:mine user:Hi"),
        ({"overrides": {"system": "mine"}}, "yours", "system:mine user:Hi"),
        ({"overrides": {"system": "mine"}, "options": {"system": "other"}}, None, "system:mine user:Hi"),
    ],
)
def test_a_candidates_own_system_prompt_is_a_default_or_wins(given: Any, system: str | None, expected: str) -> None:
    """G10."""
    gw = Gateway([Candidate("a", Hearing(), **given)])
    assert gw.completion("Hi", system=system).content == expected


def test_only_the_system_messages_in_front_are_replaced() -> None:
    gw = Gateway([Candidate("a", Hearing(), overrides={"system": "mine"})])
    turns = [("developer", "d"), ("system", "s"), ("user", "u"), ("system", "later"), ("user", "w")]
    messages = [{"role": role, "content": content} for role, content in turns]
    assert gw.completion(messages).content == "system:mine user:u system:later user:w"


def test_a_provider_that_names_a_system_option_gets_it_as_one() -> None:
    class Own:
        def complete(self, messages: Any, system: str = "") -> Response:
            return Response(system)

    assert Gateway([Candidate("a", Own(), overrides={"system": "mine"})]).completion("Hi").content == "mine"


def test_a_system_prompt_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="candidate 'a': system is a int; give a string"):
        Gateway([Candidate("a", Hearing(), overrides={"system": 7})])


def test_overrides_win_over_the_calls_options() -> None:
    """G10."""

    class Telling:
        def complete(self, messages: Any, **options: Any) -> Response:
            return Response(str(sorted(options.items())))

    candidate = Candidate("a", Telling(), options={"seed": 1}, overrides={"max_tokens": 5, "reasoning_effort": "low"})
    reply = Gateway([candidate]).completion("Hi", max_tokens=900, reasoning_effort="high", seed=2)
    assert reply.content == "[('max_tokens', 5), ('reasoning_effort', 'low'), ('seed', 2)]"
