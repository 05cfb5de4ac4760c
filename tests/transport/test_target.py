"""A URL that is taken as it is has the form that requests would give it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from requests.models import PreparedRequest

from agentsea_gateway.errors import ConfigurationError
from agentsea_gateway.transport import target as module
from agentsea_gateway.transport.proxy import Proxies
from agentsea_gateway.transport.target import target_of

HOSTS = st.sampled_from(
    [
        "h",
        "api.example.com",
        "127.0.0.1",
        "1.2",
        "a-b.c",
        "-",
        "a..b",
        ".a",
        "a.",
        "A.test",
        "[::1]",
        "a_b",
        "xn--a",
        "",
    ]
)
PORTS = st.sampled_from(["", ":", ":0", ":80", ":443", ":08", ":65535", ":65536", ":99999", ":x"])
CHARACTERS = st.text(
    st.sampled_from("aZ0/.~_-:@,;=+$()*!&'%?#[]|\\ \t\n\xe4{}\"<>^`" + "ab/"), max_size=12
)  # "ab/" again: else hardly one is plain
URLS = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}{host}{port}{path}{query}",
    st.sampled_from(["http://", "https://", "HTTP://", "ftp://", "http:/", ""]),
    HOSTS,
    PORTS,
    st.builds("/{}".format, CHARACTERS) | CHARACTERS,
    st.just("") | st.builds("?{}".format, CHARACTERS),
)


def in_requests_form(url: str) -> str:
    prepared = PreparedRequest()
    prepared.prepare_url(url, None)
    return str(prepared.url)


@given(URLS)
@example("https://h/a/../b")
@example("https://h/a/./b")
@example("https://h/.")
@example("https://h/a/..")
@example("https://h//a")
@example("https://h/a//")
@example("https://h/a%7Eb")
@example("https://h?")
@example("https://h/?")
@example("https://h/a\n")
@example("http://h:/a")
@example("http://h:0/a")
@example("http://h:08/a")
@example("http://h:655360/a")
@example("http://A.test/a")
def test_what_is_taken_as_it_is_is_in_requests_form(url: str) -> None:
    if module._NORMAL.fullmatch(url):
        try:
            found = target_of(url, Proxies({})).url
        except ConfigurationError:
            with pytest.raises(ValueError, match="port|Port|Failed to parse"):
                in_requests_form(url)
        else:
            assert found == in_requests_form(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions",
        "http://127.0.0.1:8080/v1/messages",
        "https://x.openai.azure.com/openai/deployments/gpt-4.1_mini/chat/completions?api-version=2024-10-21",
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-v1:0/converse",
    ],
)
def test_the_urls_of_the_vendors_need_nothing_of_requests(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_normal", None)
    assert target_of(url, Proxies({})).url == url == in_requests_form(url)
