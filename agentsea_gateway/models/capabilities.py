"""What models take, as their vendors document it. What no row says is unknown, and then nobody is skipped for it.

Sources, as of November 2026: OpenAI documentation, "Models" (each model's page) and "Structured outputs" (from
gpt-4o-2024-08-06 and gpt-4o-mini on); Anthropic documentation, "Models overview" and "Structured outputs" (from
Claude 4.5 and Opus 4.1 on); Gemini API documentation, "Models"; Cohere documentation, "Models overview" and
"Command A Vision"; xAI documentation, "Models". Only models of a name of their own stand here: what a host makes of
somebody's open weights is the host's matter.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from agentsea_gateway.models.info import UNKNOWN, ModelInfo

_START = r"(?:^|[/:.])"  # of a name, behind whatever a host puts in front of it
_ALL = {"tools": True, "vision": True, "structured_output": True}
_TEXT = {"vision": False}

# The first that is found in a model's name counts.
_ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    # OpenAI
    (r"gpt-4o-(?:mini-)?(?:audio|realtime|search|transcribe|tts)|gpt-(?:audio|realtime|image|live)|chatgpt-", {}),
    (r"gpt-4o-2024-05-13", {**_ALL, "structured_output": False, "thinking": False, "max_output": 4_096}),
    (r"gpt-4o", {**_ALL, "thinking": False, "max_output": 16_384}),
    (r"gpt-4\.1", {**_ALL, "thinking": False, "max_output": 32_768}),
    (r"gpt-4-(?:turbo|vision)", {"vision": True, "structured_output": False, "thinking": False, "max_output": 4_096}),
    (r"gpt-4(?:-32k)?(?:-0[0-9]{3})?$", {**_TEXT, "structured_output": False, "thinking": False, "max_output": 8_192}),
    (r"gpt-3\.5-turbo-instruct", {**_TEXT, "tools": False, "structured_output": False, "thinking": False}),
    (r"gpt-3\.5", {**_TEXT, "structured_output": False, "thinking": False, "max_output": 4_096}),
    (r"gpt-oss-", {**_TEXT, "tools": True, "thinking": True}),
    (r"o1-(?:mini|preview)", {**_TEXT, "tools": False, "structured_output": False, "thinking": True}),
    (r"o3-mini", {**_TEXT, "tools": True, "structured_output": True, "thinking": True, "max_output": 100_000}),
    (r"o[134](?:-mini|-pro)?(?:-20\d\d-\d\d-\d\d)?$", {**_ALL, "thinking": True, "max_output": 100_000}),
    (r"gpt-5(?:\.\d+)?-chat", {"vision": True}),
    (
        r"gpt-5(?:\.\d+)?-(?:pro|mini|nano|codex)|gpt-5(?:\.\d+)?(?:-20\d\d-\d\d-\d\d)?$",
        {**_ALL, "thinking": True, "max_output": 128_000},
    ),
    # Anthropic
    (r"claude-(?:v?[12]|instant)", {**_TEXT, "tools": False, "structured_output": False, "thinking": False}),
    (r"claude-3[-.]7", {**_ALL, "structured_output": False, "thinking": True}),
    (r"claude-3", {**_ALL, "structured_output": False, "thinking": False}),
    (
        r"claude-(?:opus|sonnet)-4(?:-0|-20250514|@|$)|claude-4-(?:opus|sonnet)",
        {**_ALL, "structured_output": False, "thinking": True},
    ),
    (r"claude-(?:opus|sonnet|haiku|fable|mythos)-\d", {**_ALL, "thinking": True}),
    # Google
    (r"gemini-[\w.-]*(?:tts|live|image|embedding|robotics|omni)|gemini-(?:embedding|nano|live|omni|robotics)", {}),
    (r"gemini-(?:1\.0|pro)", {"tools": True, "thinking": False}),
    (r"gemini-(?:1\.5|2\.0)", {**_ALL, "thinking": False}),
    (r"gemini-\d", {**_ALL, "thinking": True}),
    # Cohere
    (r"command-a-vision", {"vision": True, "tools": False}),
    (r"command-(?:a-reasoning|a-translate|a-03|r|light|nightly)|command$|c4ai-aya-expanse", _TEXT),
    # xAI
    (r"grok-2-vision", {"vision": True, "thinking": False}),
    (r"grok-(?:2|3|code)", {**_TEXT, "tools": True}),
    (r"grok-4", {**_ALL}),
)
_PATTERNS = tuple((re.compile(_START + f"(?:{pattern})"), facts) for pattern, facts in _ROWS)


@lru_cache(maxsize=1024)
def known(*names: str) -> ModelInfo:
    """What the vendor of a model says that it takes; the first of its names that is found in a row counts."""
    for name in names:
        for pattern, facts in _PATTERNS:
            if pattern.search(name.lower()):
                return ModelInfo(**facts, source="its vendor's documentation") if facts else UNKNOWN
    return UNKNOWN
