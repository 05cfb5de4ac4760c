"""Spans and metrics, seen by the real SDK's exporters."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

import pytest

from agentsea_gateway import Candidate, Gateway
from agentsea_gateway.errors import AuthenticationError, GatewayError, OverloadedError, StreamInterruptedError
from agentsea_gateway.integrations import genai_conventions as names
from agentsea_gateway.providers import OpenAI
from agentsea_gateway.response import Response, ToolCall, Usage
from agentsea_gateway.testing import Fault, Reply, Sandbox, ScriptedProvider
from support.commands import environment
from support.gateways import clock_of, gateway

pytest.importorskip("opentelemetry.sdk", reason="OpenTelemetry's SDK is not installed: pip install '.[web]'")

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from agentsea_gateway.integrations.opentelemetry import OpenTelemetry

DOWN = OverloadedError("too much", status_code=529)


class Seen:
    """An SDK that keeps what it exports, and the listener that feeds it."""

    def __init__(self, **settings: Any) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self._reader = InMemoryMetricReader()
        self.meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.listener = OpenTelemetry(tracer_provider=self.tracers, meter_provider=self.meters, **settings)

    @property
    def spans(self) -> list[Any]:
        """The finished spans, in the order in which they ended."""
        return list(self._exporter.get_finished_spans())

    def call(self) -> Any:
        """The one call's span."""
        (span,) = [span for span in self.spans if span.kind is SpanKind.CLIENT]
        return span

    def attempts(self) -> list[Any]:
        """The attempts' spans."""
        return [span for span in self.spans if span.name.startswith("attempt ")]

    def points(self, name: str) -> list[tuple[dict[str, Any], Any]]:
        """A metric's data: attributes and the point."""
        data = self._reader.get_metrics_data()
        found = [] if data is None else data.resource_metrics[0].scope_metrics[0].metrics
        return [
            (dict(point.attributes), point)
            for metric in found
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def box() -> Any:
    with Sandbox(Reply("one two three")) as box:
        yield box


def over(box: Sandbox, *listeners: Any) -> Gateway:
    """A gateway over the sandbox."""
    provider = OpenAI(box.api_key, base_url=box.openai_url)
    return Gateway([Candidate("first", provider, "gpt-4.1")], listeners=listeners)


# -- spans -------------------------------------------------------------------------------------------------------------


def test_a_call_is_a_client_span_with_what_the_conventions_want(seen: Seen, box: Sandbox) -> None:
    with over(box, seen.listener) as gw:
        reply = gw.completion("Hi", max_tokens=5, temperature=0.5, stop="END", seed=7, extra_headers={"x-key": "sk-1"})
    span = seen.call()
    assert span.name == "chat gpt-4.1"
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.request.max_tokens": 5,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.seed": 7,
        "gen_ai.response.id": reply.id,
        "gen_ai.response.model": "gpt-4.1",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": reply.usage.input_tokens,
        "gen_ai.usage.output_tokens": reply.usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "agentsea.gateway.candidate": "first",
        "agentsea.gateway.outcome": "ok",
        "agentsea.gateway.strategy": "Failover",
        "agentsea.gateway.attempts": 1,
        **({} if reply.cost is None else {"agentsea.gateway.cost": float(reply.cost)}),
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.instrumentation_scope.name == "agentsea_gateway"
    assert "sk-1" not in span.to_json()


def test_attempts_are_children_with_their_own_times_and_ends(seen: Seen) -> None:
    gw = gateway(ScriptedProvider(DOWN, latency=0.25), ScriptedProvider(latency=0.5), listeners=seen.listener)
    gw.completion("Hi")
    call, (first, second) = seen.call(), seen.attempts()
    assert {first.parent.span_id, second.parent.span_id} == {call.context.span_id}
    assert (first.name, second.name) == ("attempt a", "attempt b")
    assert (first.attributes["error.type"], first.attributes["http.response.status_code"]) == ("OverloadedError", 529)
    assert (first.status.status_code, first.status.description) == (StatusCode.ERROR, "too much")
    assert second.status.status_code is StatusCode.UNSET
    times = [time - call.start_time for it in (first, second, call) for time in (it.start_time, it.end_time)]
    assert times == pytest.approx([0, 250e6, 250e6, 750e6, 0, 750e6], abs=2)
    assert "gen_ai.operation.name" not in first.attributes  # or it would be counted as a call


def test_a_call_that_nobody_served_is_an_error(seen: Seen) -> None:
    gw = gateway(DOWN, listeners=seen.listener)
    with pytest.raises(GatewayError):
        gw.completion("Hi")
    span = seen.call()
    assert (span.status.status_code, span.attributes["error.type"]) == (
        StatusCode.ERROR,
        "AllProvidersUnavailableError",
    )
    assert "agentsea.gateway.candidate" not in span.attributes


def test_who_was_skipped_stands_on_the_span(seen: Seen) -> None:
    gateway("a", "b", listeners=seen.listener).completion("Hi", exclude="a")
    assert seen.call().attributes["agentsea.gateway.skipped"] == ("a",)


def test_the_callers_span_is_the_parent(seen: Seen) -> None:
    tracer = seen.tracers.get_tracer("caller")
    gw = gateway("x", listeners=seen.listener)
    with tracer.start_as_current_span("view") as view:
        gw.completion("Hi")
    assert seen.call().parent.span_id == view.get_span_context().span_id
    assert seen.call().context.trace_id == view.get_span_context().trace_id


def test_a_streams_span_ends_with_the_stream_in_any_thread(seen: Seen) -> None:
    tracer = seen.tracers.get_tracer("caller")
    gw = gateway([1.0, "one ", 2.0, "two"], listeners=seen.listener)
    with tracer.start_as_current_span("view") as view:
        stream = gw.stream("Hi")
    assert [span.name for span in seen.spans] == ["view"]
    reader = threading.Thread(target=lambda: list(stream))
    reader.start()
    reader.join()
    span = seen.call()
    assert span.parent.span_id == view.get_span_context().span_id
    assert span.end_time - span.start_time == pytest.approx(3e9, abs=2)
    assert span.attributes["gen_ai.request.stream"]
    assert span.attributes["gen_ai.response.time_to_first_chunk"] == pytest.approx(1.0)


def test_a_stream_that_breaks_says_how_far_it_came(seen: Seen) -> None:
    gw = gateway(ScriptedProvider(["one ", DOWN]), listeners=seen.listener)
    with pytest.raises(StreamInterruptedError):
        list(gw.stream("Hi"))
    span = seen.call()
    assert span.attributes["gen_ai.response.finish_reasons"] == ("error",)
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "OverloadedError")


def test_a_stream_that_is_left_is_no_error(seen: Seen) -> None:
    with gateway(["one ", "two"], listeners=seen.listener).stream("Hi") as stream:
        next(stream)
    span = seen.call()
    assert (span.status.status_code, span.attributes["agentsea.gateway.outcome"]) == (StatusCode.UNSET, "cancelled")


def test_a_dropped_stream_ends_its_span_at_the_next_call(seen: Seen) -> None:
    gw = gateway("one two", listeners=seen.listener)
    next(gw.stream("Hi"))
    assert seen.spans == []
    gw.completion("Hi")
    assert sorted(it.attributes["agentsea.gateway.outcome"] for it in seen.spans if it.kind is SpanKind.CLIENT) == [
        "cancelled",
        "ok",
    ]
    assert not seen.listener._under_way


def test_many_threads_do_not_mix_up_their_calls(seen: Seen) -> None:
    gw = gateway(*["x"] * 4, listeners=seen.listener)
    tracer = seen.tracers.get_tracer("caller")
    parents: dict[int, int] = {}

    def work(seed: int) -> None:
        with tracer.start_as_current_span(f"view {seed}") as view:
            gw.completion("Hi", seed=seed)
            parents[seed] = view.get_span_context().span_id

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    calls = [span for span in seen.spans if span.kind is SpanKind.CLIENT]
    assert {span.attributes["gen_ai.request.seed"]: span.parent.span_id for span in calls} == parents


# -- content -----------------------------------------------------------------------------------------------------------


def test_prompts_and_answers_stay_out_unless_asked_for(seen: Seen) -> None:
    gateway("a secret answer", listeners=seen.listener).completion("a secret question", system="secret")
    assert not [span for span in seen.spans if "secret" in span.to_json()]


def test_content_comes_in_the_conventions_shape_where_it_is_wanted() -> None:
    seen = Seen(capture_content=True)
    call = ToolCall("call-1", "get_weather", {"city": "Ulm"}, '{"city": "Ulm"}')
    answer = Response("One moment.", tool_calls=(call,), stop_reason="tool_use", usage=Usage(1, 2))
    history = [
        {
            "role": "user",
            "content": [{"type": "text", "text": "And?"}, {"type": "image_url", "image_url": {"url": "u"}}],
        },
        answer.message,
        {"role": "tool", "tool_call_id": "call-1", "content": "sunny"},
    ]
    gateway(ScriptedProvider(answer), listeners=seen.listener).completion(history)
    found = seen.call().attributes
    wanted = {"type": "tool_call", "id": "call-1", "name": "get_weather", "arguments": '{"city": "Ulm"}'}
    assert json.loads(found[names.INPUT_MESSAGES]) == [
        {"role": "user", "parts": [{"type": "text", "content": "And?"}, {"type": "image_url"}]},
        {"role": "assistant", "parts": [{"type": "text", "content": "One moment."}, wanted]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "call-1", "response": "sunny"}]},
    ]
    (said,) = json.loads(found[names.OUTPUT_MESSAGES])
    assert said["finish_reason"] == "tool_call"
    assert said["parts"] == [{"type": "text", "content": "One moment."}, wanted]


# -- metrics -----------------------------------------------------------------------------------------------------------


def test_calls_tokens_and_attempts_are_counted(seen: Seen, box: Sandbox) -> None:
    with over(box, seen.listener) as gw:
        reply = gw.completion("Hi")
    ((labels, point),) = seen.points("gen_ai.client.operation.duration")
    assert labels == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4.1",
        "gen_ai.response.model": "gpt-4.1",
    }
    assert point.count == 1
    assert tuple(point.explicit_bounds) == names.DURATION[3]
    tokens = {labels["gen_ai.token.type"]: point.sum for labels, point in seen.points("gen_ai.client.token.usage")}
    assert tokens == {"input": reply.usage.input_tokens, "output": reply.usage.output_tokens}
    ((labels, _),) = seen.points("agentsea.gateway.attempt.duration")
    assert labels == {
        "gen_ai.provider.name": "openai",
        "agentsea.gateway.candidate": "first",
        "agentsea.gateway.outcome": "success",
    }
    assert seen.points("gen_ai.client.operation.time_to_first_chunk") == []


def test_a_streams_first_chunk_is_measured(seen: Seen) -> None:
    list(gateway([1.5, "one ", 2.0, "two"], listeners=seen.listener).stream("Hi"))
    ((_, point),) = seen.points("gen_ai.client.operation.time_to_first_chunk")
    assert (point.count, point.sum) == (1, pytest.approx(1.5))
    ((_, point),) = seen.points("gen_ai.client.operation.duration")
    assert point.sum == pytest.approx(3.5)


def test_failures_are_labelled_with_their_kind(seen: Seen) -> None:
    gw = gateway(DOWN, "b", listeners=seen.listener)
    gw.completion("Hi")
    attempts = {
        labels["agentsea.gateway.candidate"]: labels.get("error.type")
        for labels, _ in seen.points("agentsea.gateway.attempt.duration")
    }
    assert attempts == {"a": "OverloadedError", "b": None}
    ((labels, _),) = seen.points("gen_ai.client.operation.duration")
    assert "error.type" not in labels


def test_breakers_and_benches_are_counted(seen: Seen) -> None:
    gw = gateway(ScriptedProvider(DOWN, DOWN, AuthenticationError("no", status_code=401)), "b", listeners=seen.listener)
    for pause in (0, 0, 31):
        clock_of(gw).advance(pause)
        gw.completion("Hi")
    for name in ("agentsea.gateway.breaker.blown", "agentsea.gateway.candidate.benched"):
        ((labels, point),) = seen.points(name)
        assert (labels, point.value) == ({"agentsea.gateway.candidate": "a"}, 1)


def test_prometheus_scrapes_them(box: Sandbox) -> None:
    pytest.importorskip("opentelemetry.exporter.prometheus", reason="pip install '.[web]'")
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from prometheus_client import REGISTRY, generate_latest

    reader = PrometheusMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    try:
        with over(box, OpenTelemetry(tracer_provider=TracerProvider(), meter_provider=meters)) as gw:
            gw.completion("Hi")
            list(gw.stream("Hi"))
            box.always(Fault.status(503))
            with pytest.raises(GatewayError):
                gw.completion("Hi")
        page = generate_latest(REGISTRY).decode()
    finally:
        meters.shutdown()
    duration = [line for line in page.splitlines() if line.startswith("gen_ai_client_operation_duration_seconds_count")]
    assert len(duration) == 2
    assert any('error_type="AllProvidersUnavailableError"' in line for line in duration)
    for name in ("gen_ai_client_token_usage", "gen_ai_client_operation_time_to_first_chunk_seconds"):
        assert f"{name}_bucket{{" in page
    assert "agentsea_gateway_attempt_duration_seconds_sum{" in page


# -- the rest ----------------------------------------------------------------------------------------------------------


def test_without_a_provider_of_the_programs_nothing_is_done(box: Sandbox) -> None:
    """The API alone, as libraries see it: no spans, no metrics, no errors."""
    with over(box, OpenTelemetry()) as gw:
        assert gw.completion("Hi").content == "one two three"
        assert len(list(gw.stream("Hi"))) > 2


def test_names_are_those_of_the_package_of_conventions() -> None:
    from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
    from opentelemetry.semconv._incubating.metrics import gen_ai_metrics

    if not hasattr(gen_ai_attributes, "GEN_AI_REQUEST_STREAM"):
        pytest.skip("the installed package of conventions is of another version")
    known = [*vars(gen_ai_attributes).values(), *vars(gen_ai_metrics).values()]
    official = {value for value in known if isinstance(value, str)}
    ours: set[str] = set()
    for value in vars(names).values():
        found: list[Any] = [value] if isinstance(value, str) else [*value.values()] if isinstance(value, dict) else []
        found += [value[0]] if isinstance(value, tuple) and isinstance(value[0], str) else []
        ours |= {name for name in found if isinstance(name, str) and name.startswith("gen_ai.")}
    assert len(ours) > 20
    assert ours <= official


def test_without_the_extra_the_error_is_the_install_line(tmp_path: Any) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ImportError('not installed')")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import agentsea_gateway.integrations.opentelemetry"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == (
        "ImportError: OpenTelemetry is not installed: pip install 'agentsea-gateway[opentelemetry]'"
    )
