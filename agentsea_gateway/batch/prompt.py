"""From a row to what a call is given: by a format string, by a function, or the row as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import Formatter
from typing import Any

from agentsea_gateway.errors import InvalidRequestError

Prompt = str | Callable[[Any], Any] | None
"""A format string with `{}` or `{column}`, or a function of the row; None: the row is what is asked."""


def maker_of(prompt: Prompt) -> Callable[[Any], dict[str, Any]]:
    """The function that makes a row the arguments of a completion. Raises InvalidRequestError for a bad prompt."""
    if prompt is None:
        return arguments_of
    if isinstance(prompt, str):
        return _formatter(prompt)
    if not callable(prompt):
        raise InvalidRequestError(
            f"prompt is a {type(prompt).__name__}; give a format string such as 'Translate: {{text}}', "
            "or a function of the row"
        )
    return lambda row: arguments_of(prompt(row))


def arguments_of(asked: Any) -> dict[str, Any]:
    """What a function returned for a row: messages, or a dict of a completion's arguments."""
    if not isinstance(asked, Mapping):
        return {"messages": asked}
    if "messages" not in asked:
        raise InvalidRequestError(
            'a row became a dict without "messages"; give {"messages": …, "temperature": 0, …}, or the messages alone'
        )
    return dict(asked)


def _formatter(prompt: str) -> Callable[[Any], dict[str, Any]]:
    try:
        names = [name for _, name, _, _ in Formatter().parse(prompt) if name is not None]
    except ValueError as error:
        raise InvalidRequestError(f"the prompt is no format string: {error}; write {{{{ and }}}} for braces") from None
    by_place = any(name == "" or name[0].isdigit() for name in names)
    return lambda row: {"messages": _formatted(prompt, row, by_place=by_place)}


def _formatted(prompt: str, row: Any, *, by_place: bool) -> str:
    try:
        if hasattr(row, "keys") and not by_place:
            return prompt.format_map(row)
        if isinstance(row, (tuple, list)):
            fields = getattr(row, "_fields", ())  # a namedtuple goes by place and by name
            return prompt.format(*row, **dict(zip(fields, row, strict=False)))
        return prompt.format(row)
    except (KeyError, IndexError) as error:
        raise InvalidRequestError(
            f"the prompt names {error}, which the row does not have; write {{{{ and }}}} where braces are meant"
        ) from error
