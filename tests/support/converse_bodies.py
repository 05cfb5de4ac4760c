"""Requests that Amazon's own model of the service allows, made at random from it."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

# What the model of the service does not say, but the service does: no text may be blank.
_WORDS = st.text("abc é🎈", min_size=1, max_size=6).filter(str.strip)
_NAMES = st.text("abcXYZ019_-", min_size=1, max_size=8)
_JSON = st.dictionaries(
    st.sampled_from("xyz"), st.none() | st.integers() | _WORDS | st.just([1, {"a": "b"}]), max_size=2
)
_PAIRED = ("toolUse", "toolResult")  # made apart: each result needs its call
_TURN_ONLY = {"user": ("reasoningContent", "citationsContent"), "assistant": ("cachePoint",)}  # not in this turn


@cache
def _model() -> Any:
    from botocore.session import Session

    return Session().get_service_model("bedrock-runtime")


@cache
def of(name: str, without: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of a shape of the service's model; `without` these members of it."""
    found = _model().shape_for(name)
    if name == "Document":
        return _JSON
    if found.type_name == "structure":
        members = {key: of(each.name) for key, each in found.members.items() if key not in without}
        if getattr(found, "is_tagged_union", False):
            return st.one_of([st.fixed_dictionaries({key: each}) for key, each in members.items()])
        needed = {key: members.pop(key) for key in found.required_members if key in members}
        return st.fixed_dictionaries(needed, optional=members)
    if found.type_name == "list":
        return st.lists(of(found.member.name), min_size=1, max_size=2)
    if found.type_name == "map":
        return st.dictionaries(_NAMES, of(found.value.name), min_size=1, max_size=2)
    return _scalar(found)


def _scalar(found: Any) -> st.SearchStrategy[Any]:
    if found.type_name == "blob":
        return st.sampled_from(["AAAA", "SGVsbG8="])
    if found.name == "S3Uri":
        return st.sampled_from(["s3://bucket/a", "s3://bucket/a.png", "s3://bucket/a.b/c.pdf", "s3://bucket/a.mp4"])
    if found.type_name == "string":
        return st.sampled_from(found.enum) if found.enum else _NAMES if "pattern" in found.metadata else _WORDS
    if found.type_name == "boolean":
        return st.booleans()
    return st.integers(0, 9) if found.type_name in ("integer", "long") else st.sampled_from([0, 0.5, 1])


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Whole requests: turns that alternate, every call answered at once, every document named once and with text."""
    without = ("modelId", "messages", "toolConfig", "outputConfig", "inferenceConfig")
    body: dict[str, Any] = draw(of("ConverseRequest", without))
    messages = [{"role": "user", "content": [{"text": draw(_WORDS)}]}]
    called: list[str] = []
    for turn in range(draw(st.integers(0, 2))):
        said = draw(st.lists(of("ContentBlock", (*_PAIRED, *_TURN_ONLY["assistant"])), max_size=2))
        calls = [f"t{turn}{name}" for name in draw(st.lists(st.sampled_from("ab"), unique=True, max_size=2))]
        names = [draw(_NAMES) for _ in calls]
        said += [
            {"toolUse": {"toolUseId": each, "name": name, "input": draw(_JSON)}}
            for each, name in zip(calls, names, strict=True)
        ]
        messages.append({"role": "assistant", "content": said or [{"text": "x"}]})
        called += names
        content: list[Any] = []
        for each in calls:
            result = draw(of("ToolResultBlock", ("type",)))
            content.append({"toolResult": {**result, "toolUseId": each}})
        others = draw(st.lists(of("ContentBlock", (*_PAIRED, *_TURN_ONLY["user"])), max_size=3))
        messages.append({"role": "user", "content": [*content, *others, {"text": draw(_WORDS)}]})
    body["messages"] = messages
    if called or draw(st.booleans()):
        spec = {"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": {"type": "object"}}}}
        body["toolConfig"] = {"tools": [spec, *draw(st.lists(of("Tool"), max_size=2))]}
        for tool in body["toolConfig"]["tools"]:
            if "toolSpec" in tool:
                tool["toolSpec"]["inputSchema"] = {"json": {"type": "object", "properties": {}}}
    if draw(st.booleans()):
        body["inferenceConfig"] = {"maxTokens": draw(st.integers(1, 9)), "stopSequences": ["x"]}
    return _named_apart(body)


def _named_apart(value: Any, used: set[str] | None = None) -> Any:
    """The request with each document's name used once."""
    used = set() if used is None else used
    if isinstance(value, list):
        return [_named_apart(each, used) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _named_apart(each, used) for key, each in value.items()}
    if "document" in found and isinstance(found["document"], dict) and "name" in found["document"]:
        found["document"]["name"] = f"d{len(used)}"
        used.add(found["document"]["name"])
    return found
