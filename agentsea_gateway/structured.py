"""Structured output: what `response_format` and `validate` ask for, and whether an answer is that.

`response_format` takes OpenAI's dict, a plain JSON schema, or a type that pydantic knows: a model, a dataclass, a
TypedDict, `list[…]`. pydantic is loaded where a type is given, never otherwise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agentsea_gateway import strictness
from agentsea_gateway.aside import load
from agentsea_gateway.errors import ConfigurationError, InvalidAnswerError, InvalidRequestError, MalformedResponseError
from agentsea_gateway.schema import misfit
from agentsea_gateway.strict_json import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable

    from agentsea_gateway.response import Response

    Forms = tuple["Form | None", "Form | None"]  # that wins over the call's, and that stands in for it

_OWN_FORMS = ("text", "json_object", "json_schema")
_KINDS = frozenset(("object", "array", "string", "number", "integer", "boolean", "null"))
_MARKS = frozenset(("$schema", "$ref", "$defs", "properties", "anyOf", "oneOf", "allOf", "enum", "const", "items"))
_ERRORS_SHOWN = 3
_INSTALL = "pip install 'agentsea-gateway[pydantic]'"


class Form:
    """What an answer has to be. Immutable; shared by all calls that ask for the same.

    wire     the `response_format` that providers receive; None: no word of it
    schema   what the JSON has to fit, None: any JSON
    adapter  pydantic's, that makes the value; None: the value is what the JSON holds
    wrapped  the value stands alone in an object, since vendors want one at the root
    """

    __slots__ = ("adapter", "is_json", "schema", "wire", "wrapped")

    def __init__(
        self,
        wire: dict[str, Any] | None,
        *,
        is_json: bool = True,
        schema: dict[str, Any] | None = None,
        adapter: Any = None,
        wrapped: bool = False,
    ) -> None:
        self.wire = wire
        self.is_json = is_json
        self.schema = schema
        self.adapter = adapter
        self.wrapped = wrapped

    def parsed(self, answer: Response) -> Any:
        """The value of an answer; raises InvalidAnswerError where there is none that fits."""
        if not self.is_json:
            return None
        if answer.refusal is not None and not answer.content:
            raise InvalidAnswerError(f"the model refused: {answer.refusal}", partial=answer)
        text = json_text(answer.content)
        try:
            value = loads(text)
        except MalformedResponseError as error:
            raise InvalidAnswerError(_no_json(answer, error), partial=answer) from None
        if self.wrapped and isinstance(value, dict) and value.keys() == {strictness.WRAPPED}:
            value = value[strictness.WRAPPED]
            text = dumps(value).decode()
        return self._adapted(text, value, answer)

    def _adapted(self, text: str, value: Any, answer: Response) -> Any:
        if self.adapter is None:
            why = None if self.schema is None else misfit(value, self.schema)
            if why is not None:
                raise InvalidAnswerError(f"the answer does not fit the schema: {why}", partial=answer)
            return value
        from pydantic import ValidationError

        try:
            return self.adapter.validate_json(text)
        except ValidationError as error:
            raise InvalidAnswerError(f"the answer does not fit: {_told(error)}", partial=answer) from None


class Demand:
    """What one call asks of its answer: a form, and the caller's own `validate`."""

    __slots__ = ("form", "validate")

    def __init__(self, form: Form | None, validate: Callable[[Response], object] | None) -> None:
        self.form = form
        self.validate = validate

    def met(self, answer: Response, forms: Forms | None = None) -> Response:
        """The answer with its parsed value. Raises InvalidAnswerError (with the answer) for one that is not as asked.

        An answer that calls tools is no last word: it is neither parsed nor validated. `forms` are the candidate's.
        """
        if answer.tool_calls:
            return answer
        overriding, default = forms or (None, None)
        form = overriding or self.form or default
        if form is not None and form.is_json:
            answer = answer.with_fields(parsed=form.parsed(answer))
        if self.validate is not None:
            self._check(answer, self.validate)
        return answer

    def _check(self, answer: Response, validate: Callable[[Response], object]) -> None:
        try:
            verdict = validate(answer)
        except (ValueError, AssertionError) as error:
            raise InvalidAnswerError(f"validate refused the answer: {error}", partial=answer) from None
        except Exception as error:  # the caller's own mistake: nobody is asked again, and nobody blamed
            raise InvalidRequestError(f"validate raised {type(error).__name__}: {error}") from error
        if verdict is False:
            raise InvalidAnswerError("validate refused the answer", partial=answer)


NO_DEMAND = Demand(None, None)


# -- from what a caller gives ------------------------------------------------------------------------------------------


def demand_of(options: dict[str, Any], validate: Any = None) -> Demand:
    """What the options ask of an answer; their `response_format` becomes what providers understand.

    Raises InvalidRequestError for what is no form, ConfigurationError where pydantic is needed and not installed.
    """
    if validate is not None and not callable(validate):
        raise InvalidRequestError(f"validate is a {type(validate).__name__}; give a function of one Response")
    asked = options.get("response_format")
    if asked is None:
        return Demand(None, validate)
    form = form_of(asked)
    options["response_format"] = form.wire
    return Demand(form, validate)


def forms_of(defaults: dict[str, Any], overrides: dict[str, Any]) -> Forms | None:
    """The forms that a candidate's own options and overrides ask for, which become what providers understand."""
    found = demand_of(overrides).form, demand_of(defaults).form
    return None if found == (None, None) else found


def form_of(asked: Any) -> Form:
    """What a `response_format` means."""
    if isinstance(asked, dict):
        return _form_of_dict(asked)
    if isinstance(asked, (str, bytes, int, float, bool, tuple, list, set, frozenset)):
        raise InvalidRequestError(_words(asked))
    return _form_of_type(asked)


def _form_of_dict(asked: dict[str, Any]) -> Form:
    kind = asked.get("type")
    if kind == "json_schema":
        held = asked.get("json_schema")
        schema = held.get("schema") if isinstance(held, dict) else None
        return Form(asked, is_json=isinstance(schema, dict), schema=schema if isinstance(schema, dict) else None)
    if kind == "json_object":
        return Form(asked)
    named = kind if isinstance(kind, str) else next(iter(kind), None) if isinstance(kind, list) else None
    if named in _KINDS or (kind is None and not _MARKS.isdisjoint(asked)):
        return _asking(asked, asked.get("title"), None)
    return Form(asked, is_json=False)  # {"type": "text"}, or a form that one vendor alone knows


def _asking(schema: dict[str, Any], title: Any, adapter: Any) -> Form:
    wrap = not strictness.is_object(schema)
    outer = strictness.wrapped(schema) if wrap else schema
    strict = strictness.strict(outer)
    sent = {"name": _name(title), "schema": outer if strict is None else strict, "strict": strict is not None}
    return Form({"type": "json_schema", "json_schema": sent}, schema=schema, adapter=adapter, wrapped=wrap)


def _name(title: Any) -> str:
    """A name of letters, digits, dashes and underscores, at most 64 of them, as OpenAI wants it."""
    text = title if isinstance(title, str) else ""
    return "".join(it if it.isascii() and (it.isalnum() or it in "-_") else "_" for it in text)[:64] or "response"


@lru_cache(maxsize=256)
def _form_of_type(asked: Any) -> Form:
    """The form of a type that pydantic knows, worked out once."""
    try:
        load("pydantic")  # who gives a dataclass has not loaded it
        from pydantic import TypeAdapter
    except ImportError:
        raise ConfigurationError(f"response_format is {asked!r}, which needs pydantic: {_INSTALL}") from None
    try:
        adapter = asked if isinstance(asked, TypeAdapter) else TypeAdapter(asked)
        schema = adapter.json_schema()
    except Exception as error:  # pydantic's own kinds, by what is wrong with the type
        raise InvalidRequestError(f"response_format: pydantic makes no schema of {asked!r}: {error}") from None
    return _asking(schema, schema.get("title") or getattr(asked, "__name__", None), adapter)


def _words(asked: Any) -> str:
    return (
        f"response_format is a {type(asked).__name__}; give a pydantic model, a JSON schema, or a dict such as "
        '{"type": "json_object"}'
    )


# -- from what a model writes ------------------------------------------------------------------------------------------


def json_text(content: str) -> str:
    """The JSON in an answer: without a fence around it, and without the reasoning that some models put in front.

    >>> json_text('```json\\n{"a": 1}\\n```')
    '{"a": 1}'
    >>> json_text('<think>Let me see.</think>\\n{"a": 1}')
    '{"a": 1}'
    """
    text = content.strip()
    if text.startswith("<think>"):
        text = text.partition("</think>")[2].strip()
    if text.startswith("```") and text.endswith("```"):
        text = text.partition("\n")[2].removesuffix("```").strip()
    return text


def _no_json(answer: Response, error: MalformedResponseError) -> str:
    if answer.stop_reason == "length":
        return "the answer was cut off before its JSON was whole (stop_reason length): allow more max_tokens"
    if answer.stop_reason == "content_filter":
        return "the answer was filtered (stop_reason content_filter) and is no JSON"
    return f"the answer is no JSON: {error.message}"


def _told(error: Any) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, each['loc'])) or '$'}: {each['msg']}" for each in found[:_ERRORS_SHOWN]]
    more = f", and {len(found) - _ERRORS_SHOWN} more" if len(found) > _ERRORS_SHOWN else ""
    return "; ".join(told) + more
