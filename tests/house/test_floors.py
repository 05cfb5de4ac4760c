"""Imports point downwards only: between the floors, and within one to the modules that are written before."""

from __future__ import annotations

from support.source import PACKAGE, imports, modules

# From the ground up. Within a floor a module may import those before it. Every module stands here once.
FLOORS = {
    "0 nouns": (
        "brief",
        "notes",
        "show",
        "show.markup",
        "show.bars",
        "show.of_route",
        "show.of_response",
        "show.of_health",
        "show.of_error",
        "errors",
        "aside",
        "redaction",
        "clock",
        "call",
        "messages",
        "options",
        "request",
        "models",
        "models.prices",
        "models.info",
        "models.matching",
        "models.capabilities",
        "models.table",
        "models.tariff",
        "tokens",
        "cost",
        "route",
        "response",
        "stream_events",
        "candidate",
        "route_events",
        "telemetry",
        "log_records",
    ),
    "1 pure rules": (
        "outcomes",
        "strict_json",
        "schema",
        "strictness",
        "structured",
        "breaker",
        "bench",
        "health",
        "patience",
        "verdict",
        "pricing",
        "retry_policy",
        "routing",
        "routing.strategy",
        "routing.sequence",
        "routing.cost",
        "routing.latency",
    ),
    "2 the wire": (
        "sse",
        "json_array",
        "ndjson",
        "dialects.dialect",
        "dialects.parts",
        "dialects.text",
        "dialects.reply_headers",
        "dialects.failures",
        "dialects.request_reading",
        "dialects.streaming",
        "dialects.structure",
        "dialects.tool_arguments",
        "dialects.tool_choice",
        "dialects.pairing",
        "dialects.tool_ids",
        "dialects.usage",
        "dialects.openai_chat.quirks",
        "dialects.openai_chat.answer",
        "dialects.openai_chat.stream_message",
        "dialects.openai_chat.stream_calls",
        "dialects.openai_chat.stream",
        "dialects.openai_chat.messages",
        "dialects.openai_chat.request",
        "dialects.openai_chat",
        "dialects.mistral_chat.answer",
        "dialects.mistral_chat.ids",
        "dialects.mistral_chat.parts",
        "dialects.mistral_chat.messages",
        "dialects.mistral_chat.request",
        "dialects.mistral_chat",
        "dialects.ollama_chat.answer",
        "dialects.ollama_chat.stream",
        "dialects.ollama_chat.thinking",
        "dialects.ollama_chat.messages",
        "dialects.ollama_chat.history",
        "dialects.ollama_chat.request",
        "dialects.ollama_chat",
        "dialects.anthropic_messages.models",
        "dialects.anthropic_messages.schema",
        "dialects.anthropic_messages.quirks",
        "dialects.anthropic_messages.thinking",
        "dialects.anthropic_messages.blocks",
        "dialects.anthropic_messages.tools",
        "dialects.anthropic_messages.answer",
        "dialects.anthropic_messages.stream",
        "dialects.anthropic_messages.turns",
        "dialects.anthropic_messages.request",
        "dialects.anthropic_messages",
        "dialects.bedrock_converse.models",
        "dialects.bedrock_converse.media",
        "dialects.bedrock_converse.blocks",
        "dialects.bedrock_converse.thinking",
        "dialects.bedrock_converse.answer",
        "dialects.bedrock_converse.tools",
        "dialects.bedrock_converse.framing",
        "dialects.bedrock_converse.stream",
        "dialects.bedrock_converse.turns",
        "dialects.bedrock_converse.history",
        "dialects.bedrock_converse.request",
        "dialects.bedrock_converse",
        "dialects.openai_responses.items",
        "dialects.openai_responses.answer",
        "dialects.openai_responses.stream_items",
        "dialects.openai_responses.stream",
        "dialects.openai_responses.content",
        "dialects.openai_responses.input",
        "dialects.openai_responses.tools",
        "dialects.openai_responses.request",
        "dialects.openai_responses",
        "dialects.gemini.keys",
        "dialects.gemini.quirks",
        "dialects.gemini.models",
        "dialects.gemini.thinking",
        "dialects.gemini.schema",
        "dialects.gemini.tools",
        "dialects.gemini.answer",
        "dialects.gemini.stream_arguments",
        "dialects.gemini.stream_parts",
        "dialects.gemini.stream",
        "dialects.gemini.parts",
        "dialects.gemini.results",
        "dialects.gemini.turns",
        "dialects.gemini.history",
        "dialects.gemini.config",
        "dialects.gemini.request",
        "dialects.gemini",
        "dialects.cohere_chat.answer",
        "dialects.cohere_chat.stream",
        "dialects.cohere_chat.messages",
        "dialects.cohere_chat.tools",
        "dialects.cohere_chat.request",
        "dialects.cohere_chat",
        "dialects",
        "transport",
        "transport.limits",
        "transport.headers",
        "transport.origin",
        "transport.fork",
        "transport.inflate",
        "transport.answer_head",
        "transport.request_head",
        "transport.framing",
        "transport.proxy",
        "transport.target",
        "transport.connection",
        "transport.tls",
        "transport.pool",
        "transport.dial",
        "transport.reply",
        "transport.exchange",
        "transport.stock",
        "transport.adapter",
        "transport.endpoint",
        "transport.session_endpoint",
        "transport.transport",
    ),
    "2 the state": (
        "permit",
        "cell",
        "state",
        "health_view",
    ),
    "3 services": (
        "providers",
        "providers.credentials",
        "providers.hosts",
        "providers.catalogue",
        "providers.event_source",
        "providers.listing",
        "providers.http_provider",
        "providers.openai",
        "providers.openai_responses",
        "providers.mistral",
        "providers.ollama",
        "providers.model_in_path",
        "providers.given_token",
        "providers.azure",
        "providers.anthropic",
        "providers.cohere",
        "providers.generate_content",
        "providers.gemini",
        "providers.google_token",
        "providers.vertex",
        "providers.vertex_anthropic",
        "providers.aws_credentials",
        "providers.bedrock",
        "providers.resolve",
    ),
    "4 the gateway": (
        "store",
        "store.codec",
        "store.digest",
        "store.lock",
        "store.database",
        "store.connections",
        "store.journal",
        "store.cache",
        "config",
        "calls",
        "calls.abilities",
        "calls.binding",
        "calls.core",
        "calls.trial",
        "calls.retries",
        "calls.exhaustion",
        "calls.attempts",
        "calls.demands",
        "calls.assembly",
        "calls.source",
        "calls.completion",
        "calls.watched",
        "text_stream",
        "stream",
        "calls.opening",
        "calls.stopping",
        "calls.replay",
        "calls.cached",
        "batch",
        "batch.common",
        "batch.prompt",
        "batch.job",
        "batch.result",
        "batch.progress",
        "batch.run",
        "batch.results",
        "batch.start",
        "gateway",
    ),
    "5 on top": (
        "testing",
        "testing.fake_clock",
        "testing.recorded",
        "testing.http_reader",
        "testing.wire",
        "testing.replies",
        "testing.exchange",
        "testing.side",
        "testing.loop",
        "testing.connection",
        "testing.faults",
        "testing.checks",
        "testing.counting",
        "testing.openai_refusals",
        "testing.openai_side",
        "testing.responses_refusals",
        "testing.responses_side",
        "testing.anthropic_refusals",
        "testing.anthropic_side",
        "testing.bedrock_refusals",
        "testing.bedrock_side",
        "testing.cohere_side",
        "testing.gemini_refusals",
        "testing.gemini_side",
        "testing.mistral_side",
        "testing.ollama_side",
        "testing.sides",
        "testing.script",
        "testing.service",
        "testing.server",
        "testing.sandbox",
        "testing.scripted",
        "testing.fixtures",
        "integrations",
        "integrations.views",
        "integrations.sse",
        "integrations.asgi",
        "integrations.genai_conventions",
        "integrations.genai_attributes",
        "integrations.opentelemetry",
        "demo",
        "demo.board",
        "demo.measures",
        "demo.style",
        "demo.table",
        "demo.screen",
        "demo.cast",
        "demo.load",
        "demo.report",
        "demo.story",
        "demo.show",
        "demo.command",
        "commands",
        "commands.words",
        "commands.complaints",
        "commands.models",
        "commands.prompts",
        "commands.asking",
        "commands.ask",
        "commands.keys",
        "commands.checkup",
        "commands.doctor",
        "commands.providers",
        "cli",
        "__main__",
    ),
}
PUBLIC_LIST = ""  # the package itself: may only name others for type checkers

# Function-local imports that point upwards on purpose: (module, target) and why.
UPWARDS: dict[tuple[str, str], str] = {}

HEIGHT = {name: height for height, name in enumerate(name for floor in FLOORS.values() for name in floor)}
TOP = len(HEIGHT)


def own(target: str) -> str | None:
    """The name below the package, or None where the import leads out of it."""
    head, _, rest = target.partition(".")
    return rest if head == PACKAGE else None


def test_every_module_stands_on_a_floor() -> None:
    written = [name for floor in FLOORS.values() for name in floor]
    assert len(written) == len(set(written)), "a module stands on two floors"
    assert set(written) ^ (set(modules()) - {PUBLIC_LIST}) == set()


def test_imports_point_downwards_only() -> None:
    wrong = []
    for name, module in modules().items():
        if name == PUBLIC_LIST:
            continue
        for item in imports(module):
            target = own(item.target)
            if target is None or item.typing_only or (item.local and (name, target) in UPWARDS):
                continue
            if target == PUBLIC_LIST and item.name == "__version__":  # a constant that is there before anything else
                continue
            if HEIGHT.get(target, TOP) >= HEIGHT.get(name, TOP):
                where = "inside a function" if item.local else "at import"
                wrong.append(f"{name}:{item.line} imports {target or PACKAGE} {where}")
    assert not wrong


def test_the_wire_and_the_services_know_nothing_of_the_state() -> None:
    below = ("sse", "dialects", "transport", "providers")
    state = FLOORS["2 the state"]
    wrong = [
        f"{name}:{item.line} imports {item.target}"
        for name, module in modules().items()
        for item in imports(module)
        if name.split(".")[0] in below and own(item.target) in state
    ]
    assert not wrong


def test_listed_exceptions_still_exist() -> None:
    found = {(name, own(item.target)) for name, module in modules().items() for item in imports(module) if item.local}
    assert set(UPWARDS) <= found, "an exception that nobody needs any more"


def test_the_public_list_imports_nothing() -> None:
    module = modules()[PUBLIC_LIST]
    eager = [item.target for item in imports(module) if not item.typing_only and not item.local]
    assert set(eager) <= {"__future__", "typing", "importlib"}
