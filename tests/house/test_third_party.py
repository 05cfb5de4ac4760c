"""Third-party packages stay where they belong: requests in the transport, tenacity in the retries, attrs anywhere."""

from __future__ import annotations

import sys

from support.source import PACKAGE, imports, modules

# Who may import what (by the start of the module's name); a package that is not listed may be imported by nobody.
HOMES = {
    "attrs": "",
    "requests": "transport",
    "urllib3": "transport",
    "certifi": "transport.tls",  # requests' own, as urllib3 is
    "tenacity": "calls.retries",
    "orjson": "strict_json",
    "google": "providers.google_token",
    "botocore": "providers.aws_credentials",
    "tqdm": "batch.progress",
    "pydantic": "structured",
    "tiktoken": "tokens",
    "opentelemetry": "integrations.opentelemetry",
    "pytest": "testing.",
}


def test_third_party_packages_are_imported_where_they_belong() -> None:
    wrong = []
    for name, module in modules().items():
        for item in imports(module):
            package = item.target.split(".")[0]
            if package in sys.stdlib_module_names or package == PACKAGE or item.typing_only:
                continue
            if package not in HOMES or not name.startswith(HOMES[package]):
                wrong.append(f"{name}:{item.line} imports {item.target}")
    assert not wrong
