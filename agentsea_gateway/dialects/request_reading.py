"""What the request side of every dialect does with its arguments first and last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.errors import InvalidRequestError, UnsupportedRequestError
from agentsea_gateway.messages import NATIVE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Degraded:
    """The names of what a request leaves out, each once, in the order in which they were met."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def note(self, name: str) -> None:
        """Leave out what has this name."""
        self._names[name] = None

    def note_others(self, given: Mapping[str, Any], known: Collection[str]) -> None:
        """Leave out every key of `given` that is none of the known."""
        for key, value in given.items():
            if key not in known and value is not None:
                self.note(key)

    def note_message(self, message: Mapping[str, Any], known: Collection[str]) -> None:
        """Leave out every other key of a message; the name of a tool's result is its call's, and said there."""
        self.note_others(message, known if message["role"] != "tool" else {*known, "name"})

    def names(self) -> tuple[str, ...]:
        """All that was left out."""
        return tuple(self._names)


def given_options(options: Mapping[str, Any] | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a call, in one new dict, without those that are None (which is: not set)."""
    both = {**options, **more} if options else more
    return {name: value for name, value in both.items() if value is not None}


def unknown_option(name: str, dialect: str) -> UnsupportedRequestError:
    """For an option that the dialect has no word for."""
    return UnsupportedRequestError(f"{dialect} has no option {name!r}; what only one vendor knows goes into extra_body")


def not_portable(error: Exception) -> InvalidRequestError:
    """For messages or options that are not of the portable shape at all; the gateway checks them with better words."""
    return InvalidRequestError(f"messages or options are not of the portable shape ({type(error).__name__}: {error})")


def merge_extra_body(body: dict[str, Any], extra: Any) -> None:
    """Put `extra_body` over the body: its keys win, as a whole."""
    if extra is not None:
        if not isinstance(extra, dict):
            raise InvalidRequestError(f"extra_body is a {type(extra).__name__}; give a dict")
        body.update(extra)


def without_native(message: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the message without its private key, which never reaches a wire."""
    return {key: value for key, value in message.items() if key != NATIVE}


def conversation(messages: Any) -> list[Any]:
    """The messages as a list; a string is one user message."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    return [*messages]
