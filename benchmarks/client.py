"""A client as the benchmarks see it. A new one is a class of ten lines in `benchmarks/clients/` and an entry there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.answers import KEY, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROMPT = "Why is the sky blue?"


class Client:
    """One way to ask for a completion.

    name        in the tables
    needs       distributions that must be installed; their versions are shown
    importing   the import that a program begins with; "" where it is another client's
    fails_over  whether it takes a second candidate
    streams     whether it can stream
    watches     whether it asks for a stream where the caller wants a plain answer
    own         one of ours
    reference   name of the client that it is measured against: bare requests that speak the same dialect

    Modules of clients import nothing of what they measure: `load` does, and its time is the import's.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    importing: ClassVar[str] = ""
    fails_over: ClassVar[bool] = False
    streams: ClassVar[bool] = True
    watches: ClassVar[bool] = False
    own: ClassVar[bool] = False
    reference: ClassVar[str] = "requests"

    def load(self) -> None:
        """Import what a program that uses it imports."""

    def open(self, urls: Sequence[str], timeout: float | None = None) -> None:
        """Make it ready to ask the servers behind these base URLs, first to last; retries of its own are off."""
        raise NotImplementedError

    def ask(self, text: str) -> str:
        """One whole completion."""
        raise NotImplementedError

    def stream(self, text: str) -> Iterator[str]:
        """The pieces of one streamed completion, each as the client's own event (typed, where it has types)."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections, where the client can."""


def user(text: str) -> list[dict[str, Any]]:
    """A conversation of one message."""
    return [{"role": "user", "content": text}]


def body(text: str, *, stream: bool = False) -> dict[str, Any]:
    """A request's body, for clients that know only HTTP."""
    found: dict[str, Any] = {"model": MODEL, "messages": user(text)}
    return {**found, "stream": True} if stream else found


def bearer() -> dict[str, str]:
    """The header that carries the key."""
    return {"Authorization": f"Bearer {KEY}"}


def root(url: str) -> str:
    """A base URL without its /v1, as Anthropic's clients want it."""
    return url.removesuffix("/v1")
