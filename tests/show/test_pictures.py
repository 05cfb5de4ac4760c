"""What notebooks show: every fact is there, in words too, and nothing that came from outside is alive or secret."""

from __future__ import annotations

import copy
import html
import pickle
import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from agentsea_gateway import Gateway, Response, Route, ToolCall, Usage
from agentsea_gateway.errors import (
    AllProvidersUnavailableError,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
)
from agentsea_gateway.health import Health
from agentsea_gateway.testing import ScriptedProvider
from support.gateways import gateway

EVIL = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) ![see](http://evil.test/x) "
    "$E=mc^2$ `tick` ``` | cell &amp; \"quoted\" 'single'"
)
VOID = {"br", "col"}


class Tags(HTMLParser):
    """Every tag and attribute of a picture; complains where tags do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"path", "rect"}:
            assert self.open.pop() == tag
        elif self.open and self.open[-1] == tag:
            self.open.pop()


def eventful() -> tuple[Gateway, Response]:
    """A gateway after two calls, and the second one's answer: a failure, an own fault, a bench, an exclusion."""
    gw = gateway(
        AuthenticationError(EVIL, status_code=401),
        ScriptedProvider(default=InternalServerError(EVIL, status_code=500), latency=0.12),
        BadRequestError(EVIL, status_code=400),
        ScriptedProvider(default=Response(EVIL, thinking=EVIL, refusal=EVIL, model=EVIL), latency=0.33),
        "never needed",
        "excluded",
    )
    gw.completion("Hi", exclude="f")
    return gw, gw.completion("Hi", exclude="f")


def unserved() -> AllProvidersUnavailableError:
    """An error of a call that nobody served."""
    gw = gateway(InternalServerError(EVIL, status_code=500), RateLimitError("slow down", status_code=429))
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gw.completion("Hi")
    return caught.value


def everything() -> list[object]:
    gw, reply = eventful()
    return [reply, reply.route, gw.health(), unserved(), Response(EVIL), Response(), Gateway([]).health()]


@pytest.mark.parametrize("number", range(7))
def test_what_came_from_outside_is_inert(number: int) -> None:
    thing = everything()[number]
    shown = Tags(thing._repr_html_())  # type: ignore[attr-defined]
    assert shown.seen <= {
        *("br", "code", "col", "colgroup", "details", "div", "path", "pre", "rect", "span", "strong", "summary", "svg"),
        *("table", "tbody", "td", "th", "thead", "title", "tr"),
    }
    assert not any(name.startswith("on") or name in {"src", "href"} for name in shown.attributes)
    assert "tex2jax_ignore" in thing._repr_html_()  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", range(7))
def test_markdown_outside_a_fence_holds_no_live_mark(number: int) -> None:
    text = everything()[number]._repr_markdown_()  # type: ignore[attr-defined]
    loose = re.sub(r"^(`{3,})text\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "<" not in loose
    assert not re.search(r"(?<!\\)[\[\]$`]", loose)
    rows = [line for line in loose.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1, "a cell has broken out of its row"


def test_a_fence_is_longer_than_any_in_the_answer() -> None:
    assert Response("a\n````\nb")._repr_markdown_().count("`````") == 2


def test_a_route_shows_every_candidate_with_outcome_and_reason() -> None:
    _, reply = eventful()
    assert reply.route is not None
    for shown in (reply.route._repr_html_(), reply.route._repr_markdown_(), reply._repr_html_()):
        words = html.unescape(re.sub(r"<[^>]+>", " ", shown))
        for fact in ("served by d in 450 ms", "failure", "own fault", "success", "skipped", "not needed", "excluded"):
            assert fact in words
        assert "benched until 15:11:40 UTC" in words
        assert "InternalServerError 500" in words


def drawn(route: Route) -> list[list[tuple[float, float]]]:
    """The bars of a picture: for each attempt its pieces, as (start, width) in percent of the axis."""
    bars = [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", route._repr_html_())]
    return [[(float(it.attrib["x"]), float(it.attrib["width"])) for it in bar if it.tag == "rect"] for bar in bars]


def test_bars_lie_on_one_time_axis() -> None:
    _, reply = eventful()
    assert reply.route is not None
    [failed], [refused], [served] = drawn(reply.route)
    assert failed == (0.0, pytest.approx(100 * 120 / 450, abs=0.01))
    assert refused == (pytest.approx(100 * 120 / 450, abs=0.01), 0.8)  # took no time, and is seen
    assert sum(served) == pytest.approx(100, abs=0.02)
    shown = reply.route._repr_html_()
    assert len(set(re.findall(r'fill="(#\w+)"', shown))) == 3
    assert 'aria-label="failure: from 0 ms on, 120 ms of 450 ms"' in shown


def test_a_stream_is_pale_until_its_first_content() -> None:
    gw = gateway(ScriptedProvider([0.1, "one ", 0.3, "two"]))
    with gw.stream("Hi") as stream:
        list(stream)
    assert drawn(stream.response.route) == [[(0.0, 25.0), (25.0, 75.0)]]  # type: ignore[arg-type]
    assert "took 400 ms, first content after 100 ms" in stream.route._repr_html_()


def test_an_answer_out_of_the_cache_says_of_when_it_is() -> None:
    given = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    route = Route("Failover", (), (), (), 0.2, served_by="a", cached_at=given)
    for shown in (route._repr_html_(), route._repr_markdown_()):
        assert "served by a out of the cache" in shown
        assert "2025-01-02 03:04:05 UTC" in shown
        assert "candidate" not in shown


def test_a_route_without_attempts_and_without_time_is_shown_too() -> None:
    route = Route(strategy="Failover", order=(), attempts=(), skipped=(), latency_ms=0.0)
    assert "not served in 0 ms" in route._repr_html_()
    assert "not served in 0 ms" in route._repr_markdown_()


def test_a_response_shows_what_it_cost_and_what_it_wants() -> None:
    reply = Response(
        usage=Usage(1200, None), cost=Decimal("0.0012"), degraded=("seed",), stop_reason="tool_use",
        tool_calls=(ToolCall("1", "get_weather", {"city": "Ulm"}, '{"city": "Ulm"}'),),
    )  # fmt: skip
    shown = html.unescape(reply._repr_html_())
    for fact in ("1,200 + ? tokens", "$0.0012", "left out: seed", "tool_use", 'get_weather({"city": "Ulm"})'):
        assert fact in shown


def test_a_huge_answer_is_cut_and_says_so() -> None:
    shown = Response("x" * 1_000_000)._repr_html_()
    assert len(shown) < 30_000
    assert "980,000 more characters" in shown


def test_health_is_a_dict_that_is_shown_as_a_table() -> None:
    gw, _ = eventful()
    health = gw.health()
    assert isinstance(health, Health)
    assert health == dict(health)
    for again in (pickle.loads(pickle.dumps(health)), copy.copy(health), copy.deepcopy(health)):
        assert again == health
        assert type(again) is Health
    words = html.unescape(re.sub(r"<[^>]+>", " ", health._repr_html_()))
    for fact in ("open", "closed", "330 ms", "benched until 15:11:40 UTC: AuthenticationError", "blown until"):
        assert fact in words
        assert fact in health._repr_markdown_()


def test_a_caught_error_shows_its_route() -> None:
    error = unserved()
    for shown in (error._repr_html_(), error._repr_markdown_()):
        assert "AllProvidersUnavailableError" in shown
        assert "RateLimitError 429: slow down" in shown
