"""What one of Google's two services takes and the other does not."""

from __future__ import annotations

from attrs import frozen


@frozen
class Quirks:
    """What a service takes.

    foreign_ids   the id of a call that no Gemini made; those that a Gemini gave go back to it, but before Gemini 3 only
                  where this is so
    labels        `labels` with the request, which is what `metadata` becomes
    """

    foreign_ids: bool = True
    labels: bool = False


AI_STUDIO = Quirks()
# "Unknown name "id" at function_call": the id came with Gemini 3 there (Vertex AI REST reference, 2026-11).
VERTEX = Quirks(foreign_ids=False, labels=True)
