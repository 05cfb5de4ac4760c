"""What differs where Anthropic's models are hosted by somebody else."""

from __future__ import annotations

from attrs import frozen


@frozen
class Quirks:
    """What a host differs in.

    version_in_body   the API's version, which stands in the body instead of a header; the model stands in the path
    """

    version_in_body: str | None = None


ANTHROPIC = Quirks()
# Google Cloud documentation, "Request predictions with Claude models", November 2026.
VERTEX = Quirks("vertex-2023-10-16")
