"""Mistral's answers are chat completions; what they want back in the history is Mistral's and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.dialects.openai_chat import answer
from agentsea_gateway.dialects.openai_chat.stream import ChatDecoder
from agentsea_gateway.response import Native

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.response import Response

NAME = "mistral_chat"


def decode_response(body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A whole answer; see `Dialect.decode_response`."""
    return _own(answer.decode_response(body, headers))


class MistralDecoder(ChatDecoder):
    """The decoder of one stream; see `StreamDecoder`."""

    __slots__ = ()

    def _response(self, whole: bool) -> Response:
        return _own(super()._response(whole))

    def _plain(self, body: Any) -> Response:
        return decode_response(body, self._headers)


def _own(response: Response) -> Response:
    native = response.native
    return response if native is None else response.with_fields(native=Native(NAME, native.parts))
