"""Listing: pages, filters, order, lag."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from reportbuilder.sandbox import Faults
from tests.sandbox.caller import Caller

Start = Callable[..., Caller]


def submitted(caller: Caller, clock: Any, count: int) -> list[str]:
    """Submit so many runs, a minute apart."""
    executions = []
    for _ in range(count):
        executions.append(caller.submit())
        clock.move(60)
    caller.box.settle()
    return executions


def pages(caller: Caller, **query: object) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = caller.listed(nextToken=token, **query)
        found.append([one["workflowExecutionId"] for one in page["executions"]])
        if "nextToken" not in page:
            return found
        token = page["nextToken"]


@pytest.mark.conforms("endpoint:list", "endpoint:list-pages", "endpoint:list-order")
def test_pages_cover_everything_once_in_order(start: Start, clock: Any) -> None:
    caller = start()
    executions = submitted(caller, clock, 7)
    newest_first = executions[::-1]
    assert pages(caller, limit=3) == [newest_first[:3], newest_first[3:6], newest_first[6:]]
    assert pages(caller, limit=4, sortAscending="true") == [executions[:4], executions[4:]]
    assert pages(caller, limit=7) == [newest_first]


def test_runs_that_come_while_paging_do_not_shift_the_pages(start: Start, clock: Any) -> None:
    caller = start()
    executions = submitted(caller, clock, 4)
    first = caller.listed(limit=2)
    submitted(caller, clock, 3)
    second = caller.listed(limit=2, nextToken=first["nextToken"])
    shown = [one["workflowExecutionId"] for page in (first, second) for one in page["executions"]]
    assert shown == executions[::-1]


def test_times_cut_the_list_to_the_second(start: Start, clock: Any) -> None:
    caller = start()
    executions = submitted(caller, clock, 4)  # at 12:00:00.25, 12:01:00.25, …
    assert pages(caller, minCreationTime="2026-03-04T12:01:00") == [executions[:0:-1]]
    assert pages(caller, minCreationTime="2026-03-04T12:01:01") == [executions[:1:-1]]
    assert pages(caller, maxCreationTime="2026-03-04T12:01:00") == [executions[1::-1]]
    in_new_york = {"minCreationTime": "2026-03-04T07:03:00", "timeZone": "America/New_York"}
    assert pages(caller, **in_new_york) == [executions[3:]]


@pytest.mark.conforms("semantics:workflow-id-echo")
def test_one_workflow_needs_no_time(start: Start, clock: Any) -> None:
    caller = start()
    submitted(caller, clock, 2)
    mine = caller.submit(workflow={"workflowId": "rb-mine"})
    answer = caller.get("/workflowExecutions", workflowId="rb-mine")
    assert [one["workflowExecutionId"] for one in answer.json()["executions"]] == [mine]
    assert caller.get("/workflowExecutions", workflowId="nobody").json() == {"executions": []}


@pytest.mark.conforms("endpoint:list-workflow")
def test_the_sql_comes_only_on_request(start: Start) -> None:
    caller = start()
    caller.submit("SELECT 1 AS x")
    assert "sqlQuery" not in caller.listed()["executions"][0]
    assert caller.listed(includeWorkflow="true")["executions"][0]["sqlQuery"] == "SELECT 1 AS x"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "x"},
        {"sortAscending": "1"},
        {"nextToken": "bogus"},
        {"minCreationTime": "2026-01-01T00:00:00Z"},
        {"timeZone": "Nowhere"},
    ],
)
@pytest.mark.conforms("limit:page", "error:bad-time")
def test_wrong_queries(caller: Caller, query: dict[str, str]) -> None:
    asked = {"minCreationTime": "2026-01-01T00:00:00"} | query
    assert caller.get("/workflowExecutions", **asked).status_code == 400


@pytest.mark.conforms("fault:list-lags", "error:unknown-execution")
def test_a_new_run_shows_late_where_the_list_lags(start: Start, clock: Any) -> None:
    caller = start(Faults(list_lag=20))
    execution = caller.submit()
    missing = caller.get(f"/workflowExecutions/{execution}")
    assert missing.status_code == 400
    assert missing.json()["details"] == f"Workflow execution with ID {execution} does not exist."
    assert caller.listed() == {"executions": []}
    assert caller.cancel(execution).status_code == 400
    clock.move(20)
    assert caller.execution(execution)
    assert len(caller.listed()["executions"]) == 1


def test_an_execution_belongs_to_its_instance(start: Start) -> None:
    caller = start()
    execution = caller.submit()
    assert Caller(caller.box, "amcnorthwind02").get(f"/workflowExecutions/{execution}").status_code == 400


def test_thousands_of_executions_are_listed_quickly(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=5))
    body = {"workflow": {"sqlQuery": "SELECT 1 AS x"}, "timeWindowType": "MOST_RECENT_DAY"}
    for _ in range(2000):
        caller.box.submit("amcnorthwind01", body)
        clock.move(1)
    caller.box.settle(60)
    caller.listed()
    begin = time.perf_counter()
    page = caller.listed(minCreationTime="2026-03-04T12:10:00", limit=20)
    assert len(page["executions"]) == 20
    assert time.perf_counter() - begin < 0.5
