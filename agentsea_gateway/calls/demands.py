"""What a call asks of its answer, beside being one: structured output and the caller's `validate`.

What does the work is loaded by the first call that asks for it: most ask for plain text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agentsea_gateway.aside import load
from agentsea_gateway.errors import InvalidAnswerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentsea_gateway.calls.attempts import Attempts
    from agentsea_gateway.calls.trial import Trial
    from agentsea_gateway.response import Response
    from agentsea_gateway.structured import Demand, Forms


def demanded(options: Mapping[str, Any], validate: Any) -> tuple[Mapping[str, Any], Demand]:
    """The options as providers understand them, and what the answer has to be."""
    load("agentsea_gateway.structured")
    from agentsea_gateway.structured import demand_of

    options = {**options}
    return options, demand_of(options, validate)


def met(attempts: Attempts[Any], trial: Trial, answer: Response) -> Response:
    """A whole answer as it was asked for, with its parsed value; raises InvalidAnswerError for any other."""
    load("agentsea_gateway.structured")
    from agentsea_gateway.structured import NO_DEMAND

    raw = answer.raw if attempts.config.keep_raw else None
    trial.came = answer = answer.with_fields(served_by=trial.binding.name, raw=raw)
    return (attempts.demand or NO_DEMAND).met(answer, trial.binding.forms)


def again(demand: Demand | None, forms: Forms | None, stored: Response) -> Response | None:
    """A stored answer with its parsed value, which is not stored; None where it is not (or no longer) as asked."""
    if demand is None and forms is None:
        return stored
    load("agentsea_gateway.structured")
    from agentsea_gateway.structured import NO_DEMAND

    try:
        return (demand or NO_DEMAND).met(stored, forms)
    except InvalidAnswerError:
        return None


def demand_in(arguments: Mapping[str, Any]) -> Demand | None:
    """What a call with these arguments asks of its answer."""
    form, validate = arguments.get("response_format"), arguments.get("validate")
    return None if form is None and validate is None else demanded({"response_format": form}, validate)[1]
