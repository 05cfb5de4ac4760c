"""The transport: one POST over HTTP/1.1 whose every wait ends with its Call, in requests' clothes where they matter.

A Transport belongs to one provider and is shared by all threads. It checks and builds an Endpoint once; `post` sends
one request and returns a Reply as soon as the answer's head is there. Everything that goes wrong on the way is one of
APIConnectionError, APITimeoutError and MalformedResponseError; what was built wrongly is a ConfigurationError.

Nothing is ever replayed, no redirect is followed, no cookie is kept, and neither netrc nor the environment is read
per call. requests is loaded where it has something to say: a session of the user's own, a URL that has to be brought
into its normal form, a proxy to choose; and where somebody (`responses`) took the place of its HTTPAdapter.send.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentsea_gateway.transport.endpoint import Endpoint as Endpoint
    from agentsea_gateway.transport.headers import Headers as Headers
    from agentsea_gateway.transport.limits import Limits as Limits
    from agentsea_gateway.transport.reply import Reply as Reply
    from agentsea_gateway.transport.transport import Transport as Transport

_HOMES = {
    "Endpoint": "endpoint",
    "Headers": "headers",
    "Limits": "limits",
    "Reply": "reply",
    "Transport": "transport",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
