"""What the doctor looks at: the environment's keys and addresses, and who answers, how fast."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from attrs import asdict, define, field

from agentsea_gateway.call import Call
from agentsea_gateway.clock import Deadline
from agentsea_gateway.commands.complaints import complaint
from agentsea_gateway.commands.keys import faults_of
from agentsea_gateway.commands.models import VARIABLE, given_by
from agentsea_gateway.commands.words import columns, listed, one_line
from agentsea_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    GatewayError,
    NotFoundError,
    PermissionDeniedError,
)
from agentsea_gateway.providers.catalogue import services
from agentsea_gateway.providers.resolve import resolve

if TYPE_CHECKING:
    from agentsea_gateway.providers.catalogue import Service

PATIENCE = 5.0  # seconds that a service has to answer
NOTICED = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


@define
class Finding:
    """What was found of one service. `answer` says how it answered, `problems` what is wrong."""

    service: str
    configured_by: list[str]
    answer: str | None = None
    latency_ms: float | None = None
    models: int | None = None
    problems: list[str] = field(factory=list)


def examine(*, offline: bool, as_json: bool) -> int:
    """Look at everything, print it, and say by the exit status whether it is well."""
    meant = [service for service in services() if _is_meant(service, offline=offline)]
    alike = {(service.variables, service.address): service for service in reversed(meant)}  # another API, the same key
    found = [_looked_at(service) for service in meant if service in alike.values()]
    if not offline:
        _ask_all(found)
        found = [finding for finding in found if finding.configured_by or finding.answer is not None]
    elsewhere = _models_problems()
    well = bool(found) and not elsewhere and not any(finding.problems for finding in found)
    if as_json:
        report = {"services": [asdict(finding) for finding in found], "problems": elsewhere, "ok": well}
        sys.stdout.write(json.dumps(report) + "\n")
    else:
        _print(found, elsewhere)
    return 0 if well else 1


def _is_meant(service: Service, *, offline: bool) -> bool:
    """Whether the environment configures it, or tried to; a server of one's own may just be running."""
    if service.local:
        return not offline or bool(_set(service))
    return any(os.environ.get(name) for group in service.variables for name in group)


def _set(service: Service) -> list[str]:
    names = [*(name for group in service.variables for name in group), *service.optional]
    return [name for name in names if os.environ.get(name)]


def _looked_at(service: Service) -> Finding:
    """The environment's part: its keys and its address, as its provider takes them."""
    finding = Finding(service.name, _set(service))
    moved = service.local or any(name.endswith(("_URL", "_HOST")) for name in finding.configured_by)
    for name in finding.configured_by:
        if name.endswith(("_KEY", "_TOKEN")):
            faults = faults_of(os.environ[name], service.name, moved=moved)
            finding.problems += [f"{name} {fault}" for fault in faults]
    for group in service.missing():
        finding.problems.append(f"{listed(group).replace(' and ', ' or ')} is not set")
    if not finding.problems:
        try:
            resolve(f"{service.name}/any").provider.close()
        except ConfigurationError as error:
            finding.problems.append(one_line(error.message))
    return finding


def _ask_all(found: list[Finding]) -> None:
    """Ask everybody at once, so that the slowest alone counts. Daemon threads: Ctrl-C does not wait for them."""
    asking = [
        (finding, threading.Thread(target=_ask, args=(finding,), daemon=True))
        for finding in found
        if not finding.problems
    ]
    for _, thread in asking:
        thread.start()
    until = time.monotonic() + 2 * PATIENCE  # finding a name's address has no time limit of its own
    for finding, thread in asking:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            finding.problems.append(f"no answer within {2 * PATIENCE:.0f} s")


def _ask(finding: Finding) -> None:
    provider: Any = resolve(f"{finding.service}/any").provider
    call = Call(Deadline.after(PATIENCE), connect_timeout=PATIENCE)
    began = time.monotonic()
    try:
        finding.models = len(provider.models(call=call))
        finding.answer = "answers"
    except NotFoundError as error:
        if error.status_code is None:  # it has none, and a completion would cost
            finding.answer = "not asked: it has no list of its models"
            return
        finding.answer = "answers, but keeps no list of its models"
    except PermissionDeniedError:
        finding.answer = "answers, but does not let this key list its models"
    except AuthenticationError as error:
        finding.problems.append(f"refuses the key ({error.status_code})")
    except GatewayError as error:
        if finding.configured_by:  # a server of one's own that nobody named need not run
            finding.problems.append(one_line(error.message))
    finally:
        provider.close()
    finding.latency_ms = round((time.monotonic() - began) * 1000, 1)


def _models_problems() -> list[str]:
    """What is wrong with the models that `ask` takes from the environment."""
    problems = []
    for name in given_by():
        try:
            resolve(name).provider.close()
        except ConfigurationError as error:
            problems.append(f"{VARIABLE}: {complaint(error)[0]}")
    return problems


def _print(found: list[Finding], elsewhere: list[str]) -> None:
    write = sys.stdout.write
    if found:
        write(columns(_row(finding) for finding in found) + "\n")
    for problem in elsewhere:
        write(f"PROBLEM: {problem}\n")
    if through := [name for name in NOTICED if os.environ.get(name)]:
        write(f"calls go by {listed(through)}\n")
    if not found:
        write("nothing is configured; 'agentsea providers' lists the variables\n")


def _row(finding: Finding) -> tuple[str, str, str]:
    by = listed(finding.configured_by) if finding.configured_by else "runs here"
    if finding.problems:
        return finding.service, by, f"PROBLEM: {'; '.join(finding.problems)}"
    if finding.answer is None:
        return finding.service, by, "looks right"
    after = "" if finding.latency_ms is None else f" in {finding.latency_ms:.0f} ms"
    models = "" if finding.models is None else f", {finding.models} model{'' if finding.models == 1 else 's'}"
    return finding.service, by, f"{finding.answer}{after}{models}"
