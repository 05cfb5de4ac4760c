"""A traceback shows the route of an error: in a notebook, a console, a log and under pytest."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from agentsea_gateway.errors import AllProvidersUnavailableError, ConfigurationError, GatewayError, InternalServerError
from support.gateways import gateway


def unserved() -> AllProvidersUnavailableError:
    with pytest.raises(AllProvidersUnavailableError) as caught:
        gateway(InternalServerError("down", status_code=500)).completion("Hi")
    return caught.value


def test_a_traceback_shows_the_route_under_the_message() -> None:
    lines = "".join(traceback.format_exception(unserved())).splitlines()
    at = next(number for number, line in enumerate(lines) if "AllProvidersUnavailableError:" in line)
    assert lines[at + 1 :] == [
        "not served in 0 ms, order by Failover: a",
        "  1. a (model-a) failure, after 0 ms, took 0 ms: InternalServerError 500: down",
    ]


def test_an_error_without_a_route_has_no_notes() -> None:
    for error in (ConfigurationError("no"), GatewayError.__new__(GatewayError)):
        assert not hasattr(error, "__notes__")
        error.add_note("mine")
        assert error.__notes__ == ["mine"]


def test_notes_of_ones_own_come_behind_the_route() -> None:
    error = unserved()
    error.add_note("mine")
    error.add_note("another")
    assert [note.split()[0] for note in error.__notes__] == ["not", "mine", "another"]
    assert pickle.loads(pickle.dumps(error)).__notes__ == error.__notes__


def test_the_words_are_made_only_when_somebody_looks() -> None:
    error = unserved()
    assert "__notes__" not in vars(error)
    again = copy.copy(error)
    assert again.__notes__ == error.__notes__
