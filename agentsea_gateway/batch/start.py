"""The beginning of a batch: its arguments checked, its journal opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from agentsea_gateway.batch.common import check_common, options_of
from agentsea_gateway.batch.progress import bar_for
from agentsea_gateway.batch.prompt import maker_of
from agentsea_gateway.batch.results import Results
from agentsea_gateway.batch.run import Run
from agentsea_gateway.calls.demands import again, demand_in
from agentsea_gateway.errors import InvalidRequestError
from agentsea_gateway.messages import checked
from agentsea_gateway.store.digest import of_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor

    from agentsea_gateway.batch.job import Job
    from agentsea_gateway.batch.prompt import Prompt
    from agentsea_gateway.calls.core import Core
    from agentsea_gateway.response import Response
    from agentsea_gateway.store.journal import Journal

R = TypeVar("R")
THREADS = 32
AHEAD = 4  # rows per thread that may be out: read, and not yielded yet


def start(
    rows: Iterable[R],
    prompt: Prompt,
    ask: Callable[..., Response],
    *,
    core: Core,
    common: Mapping[str, Any],
    threads: int | None,
    on_error: str,
    ordered: bool,
    executor: Executor | None,
    journal: str | os.PathLike[str] | None,
    key: Callable[[R], str | int] | None,
    progress: bool,
) -> Results[R]:
    """The results to come. `ask` makes one call, which its Stopper may end; `common` are its arguments unless a row
    brings its own. Raises InvalidRequestError, and StoreError for a journal that cannot be used."""
    _check(rows, threads, on_error, executor, key)
    check_common(common, core.known)
    make_row = maker_of(prompt)
    count = THREADS if threads is None else threads
    if threads is None and executor is not None:
        count = getattr(executor, "_max_workers", THREADS)
    run = Run(ask, threads=count, executor=executor, now=core.config.clock.time)
    try:
        book = None if journal is None else run.open(_path(journal))
        return Results(
            rows,
            lambda row: {**common, **make_row(row)},
            run,
            window=count * AHEAD,
            ordered=ordered,
            raising=on_error == "raise",
            look_up=None if book is None else _looking_up(book, core, key),
            bar=bar_for(rows, shown=progress),
        )
    except BaseException:
        run.stop()
        raise


def _looking_up(book: Journal, core: Core, key: Callable[[Any], str | int] | None) -> Callable[[Job], Response | None]:
    """The function that says who a job is, and finds the answer of an earlier run."""

    def look_up(job: Job) -> Response | None:
        job.key = f"#{job.index}" if key is None else _key(key(job.row))
        given = {name: value for name, value in job.arguments.items() if value is not None}
        arguments = {**core.config.options, **given}
        try:
            asked = checked(arguments["messages"], arguments.get("system"))
            job.digest = of_request(asked, options_of(arguments))
        except (InvalidRequestError, KeyError, TypeError, ValueError):  # the call will say what is wrong with it
            return None
        found = book.find(job.key, job.digest)
        return found and again(demand_in(arguments), None, found)

    return look_up


def _check(rows: Any, threads: Any, on_error: Any, executor: Any, key: Any) -> None:
    if isinstance(rows, (str, bytes)) or not hasattr(rows, "__iter__"):
        raise InvalidRequestError(f"rows is a {type(rows).__name__}; give a list or any other iterable of rows")
    if hasattr(rows, "itertuples"):  # a data frame iterates over the names of its columns
        raise InvalidRequestError("rows is a data frame; give its rows: frame.to_dict('records')")
    if threads is not None and (type(threads) is not int or threads < 1):
        raise InvalidRequestError(f"threads is {threads!r}; give a whole number above 0")
    if on_error not in ("return", "raise"):
        raise InvalidRequestError(f'on_error is {on_error!r}; give "return" or "raise"')
    processes = any(kind.__name__ == "ProcessPoolExecutor" for kind in type(executor).__mro__)
    if executor is not None and (processes or not callable(getattr(executor, "submit", None))):
        raise InvalidRequestError(
            f"executor is a {type(executor).__name__}; give a ThreadPoolExecutor, or another one of threads"
        )
    if key is not None and not callable(key):
        raise InvalidRequestError(f"key is a {type(key).__name__}; give a function of the row")


def _path(journal: Any) -> str:
    if not isinstance(journal, (str, os.PathLike)) or not os.fspath(journal):
        raise InvalidRequestError(f"journal is {journal!r}; give the path of a file")
    return os.fspath(journal)


def _key(found: Any) -> str:
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        raise InvalidRequestError(f"key(row) is {found!r}; return a string or a whole number")
    return str(found)
