"""States by the clock: waiting, running, limits, cancelling, and what a client sees of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from reportbuilder.sandbox import Faults, Sandbox
from tests.sandbox.caller import CAMPAIGNS, JANUARY, Caller

Start = Callable[..., Caller]


@pytest.mark.conforms("semantics:status-lifecycle", "semantics:output-columns-told", "semantics:window-zone")
def test_pending_running_succeeded(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=55, validation_seconds=3))
    execution = caller.submit()
    caller.box.settle()
    created = caller.execution(execution)
    assert created["status"] == "PENDING"
    assert created["createTime"] == "2026-03-04T12:00:00Z"
    assert created["expireTime"] == "2026-03-05T12:00:00Z"
    assert created["timeWindowStart"] == "2026-01-01T05:00:00Z"
    assert created["timeWindowStartOriginal"] == "2026-01-01T00:00:00"
    assert created["timeWindowTimeZoneOriginal"] == "America/New_York"
    clock.move(2.9)
    assert caller.status(execution) == "PENDING"
    clock.move(0.2)
    assert caller.status(execution) == "RUNNING"
    clock.move(54.8)
    assert caller.status(execution) == "RUNNING"
    clock.move(0.2)
    done = caller.execution(execution)
    assert done["status"] == "SUCCEEDED"
    assert done["executionTime"] == 55
    assert done["outputS3URI"] == "N/A"
    assert done["outputColumns"] == [
        {"name": "campaign", "columnType": "DIMENSION", "dataType": "STRING"},
        {"name": "impressions", "columnType": "METRIC", "dataType": "LONG"},
    ]


def test_times_are_true_however_seldom_one_looks(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=60, validation_seconds=0), slots=1)
    for _ in range(3):
        caller.submit()
    caller.box.settle()
    clock.move(3600)
    seen = caller.box.state()["executions"]
    assert [one["startTime"][11:19] for one in seen] == ["12:00:00", "12:01:00", "12:02:00"]
    assert [one["endTime"][11:19] for one in seen] == ["12:01:00", "12:02:00", "12:03:00"]


@pytest.mark.conforms("limit:running")
def test_no_more_than_ten_run_at_once_and_the_rest_wait(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=30, run_seconds_max=90))
    executions = [caller.submit() for _ in range(25)]
    caller.box.settle()
    finished = 0
    while finished < 25:
        clock.move(5)
        states = [one["status"] for one in caller.listed()["executions"]]
        assert states.count("RUNNING") <= 10
        assert states.count("PENDING") == 0 or states.count("RUNNING") == 10
        finished = states.count("SUCCEEDED")
    assert caller.box.state()["max_running"] == {"amcnorthwind01": 10}
    assert len(set(executions)) == 25


def test_instances_have_slots_of_their_own(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=30), slots=2, instances=3)
    for instance in ("amcload001", "amcload002", "amcload003"):
        other = Caller(caller.box, instance)
        for _ in range(3):
            other.submit()
    caller.box.settle()
    clock.move(5)
    state = caller.box.state()
    assert state["running"] == {"amcload001": 2, "amcload002": 2, "amcload003": 2}
    assert state["pending"] == {"amcload001": 1, "amcload002": 1, "amcload003": 1}


def test_many_callers_at_once_leave_an_exact_record(shared_box: Sandbox) -> None:
    before = {one["workflowExecutionId"] for one in shared_box.state()["executions"]}

    def work(number: int) -> list[str]:
        mine = Caller(shared_box, f"amcnorthwind0{1 + number % 2}")
        executions = [
            mine.submit("SELECT 1 AS x", workflow={"workflowId": f"t{number}.{k}"}) for k in range(15)
        ]
        mine.cancel(executions[0])
        assert {mine.finished(one)["status"] for one in executions} <= {"SUCCEEDED", "CANCELLED"}
        return executions

    with ThreadPoolExecutor(6) as pool:
        made = [one for executions in pool.map(work, range(6)) for one in executions]
    state = shared_box.state()
    after = [one for one in state["executions"] if one["workflowExecutionId"] not in before]
    assert sorted(one["workflowExecutionId"] for one in after) == sorted(made)
    assert len({one["workflowId"] for one in after}) == 90
    assert max(state["max_running"].values()) <= 10


@pytest.mark.conforms("endpoint:cancel", "endpoint:list-cancelled")
def test_cancelling_frees_the_slot_and_hides_the_run(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=60, validation_seconds=0), slots=1)
    first, second = caller.submit(), caller.submit()
    caller.box.settle()
    clock.move(1)
    assert (caller.status(first), caller.status(second)) == ("RUNNING", "PENDING")
    answer = caller.cancel(first)
    assert (answer.status_code, answer.json()) == (200, {})
    clock.move(1)
    assert (caller.status(first), caller.status(second)) == ("CANCELLED", "RUNNING")
    assert [one["workflowExecutionId"] for one in caller.listed()["executions"]] == [second]
    both = caller.listed(includeCancelled="true")["executions"]
    assert [one["workflowExecutionId"] for one in both] == [second, first]
    assert caller.cancel(first).status_code == 400
    clock.move(60)
    assert caller.cancel(second).status_code == 400
    assert caller.cancel("unknown").status_code == 400


def test_a_waiting_run_can_be_cancelled(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=60), slots=1)
    first, second, third = caller.submit(), caller.submit(), caller.submit()
    caller.box.settle()
    clock.move(1)
    assert caller.cancel(second).status_code == 200
    clock.move(60)
    assert [caller.status(one) for one in (first, second, third)] == ["SUCCEEDED", "CANCELLED", "RUNNING"]


@pytest.mark.conforms("semantics:dry-run", "error:compile-async")
def test_a_dry_run_is_only_validated(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=60, validation_seconds=1))
    good, bad = caller.submit(dryRun=True), caller.submit("SELECT x FROM nowhere", dryRun=True)
    caller.box.settle()
    clock.move(1)
    assert (caller.status(good), caller.status(bad)) == ("SUCCEEDED", "REJECTED")
    assert caller.get(f"/workflowExecutions/{good}/downloadUrls").status_code == 400


@pytest.mark.conforms("error:not-ready")
def test_download_before_the_end_is_refused(start: Start) -> None:
    caller = start(Faults(run_seconds=60))
    execution = caller.submit()
    answer = caller.get(f"/workflowExecutions/{execution}/downloadUrls")
    assert answer.status_code == 400
    assert answer.json()["details"] == f"Execution with ID {execution} is unavailable for download."


@pytest.mark.conforms("semantics:workflow-id-echo", "semantics:transient-id")
def test_the_callers_workflow_id_is_echoed(caller: Caller) -> None:
    body = {"workflow": {"sqlQuery": CAMPAIGNS, "workflowId": "rb-1.a_B"}, **JANUARY}
    assert caller.post(body).json()["workflowId"] == "rb-1.a_B"
    assert caller.execution(caller.submit())["workflowId"].startswith("transient_")


@pytest.mark.conforms("semantics:unknown-fields")
def test_unknown_top_level_fields_are_ignored(caller: Caller) -> None:
    assert caller.submit(outputFormat="CSV", ignoreDataGaps="true")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"timeWindowStart": "2026-01-01"}, "timeWindowStart '2026-01-01' is invalid"),
        ({"timeWindowStart": "2026-01-01T00:00:00Z"}, "timeWindowStart"),
        ({"timeWindowEnd": "2026-01-01T00:00:00+01:00"}, "timeWindowEnd"),
        ({"timeWindowEnd": "2026-02-30T00:00:00"}, "timeWindowEnd"),
        ({"timeWindowEnd": "2025-01-01T00:00:00"}, "must be after"),
        ({"timeWindowEnd": None}, "both"),
        ({"timeWindowType": "ALL"}, "EXPLICIT"),
        ({"timeWindowType": "LAST_WEEK"}, "timeWindowType"),
        ({"timeWindowTimeZone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"workflow": None}, "One of workflow"),
        ({"workflow": {}}, "sqlQuery"),
        ({"workflow": {"query": ["c2VsZWN0"]}}, "sqlQuery"),
        ({"workflowId": "saved"}, "Only one of"),
        ({"workflow": None, "workflowId": "saved"}, "Workflow with ID saved does not exist"),
        ({"workflow": {"sqlQuery": "SELECT 1 AS x", "workflowId": "a b"}}, "a b"),
        ({"workflow": {"sqlQuery": "SELECT 1 AS x", "inputParameters": [{"name": "a"}] * 101}}, "100"),
        (
            {
                "workflow": {
                    "sqlQuery": "SELECT 1 AS x",
                    "inputParameters": [{"name": "a", "dataType": "TEXT"}],
                }
            },
            "TEXT",
        ),
        (
            {"workflow": {"sqlQuery": "SELECT 1 AS x", "outputFormat": {"quoteCharacter": "''"}}},
            "outputFormat",
        ),
        ({"workflowExecutionTimeoutSeconds": 60}, "900"),
        ({"parameterValues": ["a"]}, "parameterValues"),
        ({"dryRun": "yes"}, "dryRun"),
        ({"advertisers": [{"id": "1", "type": "SHOP"}]}, "advertisers"),
    ],
)
@pytest.mark.conforms(
    "error:window-half",
    "error:bad-time",
    "error:missing-parameter",
    "limit:input-parameters",
    "limit:query-time",
)
def test_wrong_submissions_are_refused_and_leave_nothing(
    caller: Caller, changes: dict[str, Any], text: str
) -> None:
    before = len(caller.box.state()["executions"])
    answer = caller.post({"workflow": {"sqlQuery": CAMPAIGNS}, **JANUARY, **changes})
    assert answer.status_code == 400
    assert text in answer.json()["details"]
    assert len(caller.box.state()["executions"]) == before


def test_a_body_that_is_not_json(caller: Caller) -> None:
    url = f"{caller.path}/workflowExecutions"
    assert caller.http.post(url, data=b"{", timeout=10).status_code == 400
    assert caller.http.post(url, data=b"[]", timeout=10).status_code == 400


@pytest.mark.parametrize(
    ("kind", "start_", "end"),
    [
        ("MOST_RECENT_DAY", "2026-03-03T08:00:00Z", "2026-03-04T08:00:00Z"),
        ("MOST_RECENT_WEEK", "2026-02-25T08:00:00Z", "2026-03-04T08:00:00Z"),
        ("CURRENT_MONTH", "2026-03-01T08:00:00Z", "2026-03-04T08:00:00Z"),
        ("PREVIOUS_MONTH", "2026-02-01T08:00:00Z", "2026-03-01T08:00:00Z"),
        (None, "2026-03-03T08:00:00Z", "2026-03-04T08:00:00Z"),
    ],
)
@pytest.mark.conforms("semantics:window-relative", "semantics:window-zone")
def test_relative_windows(start: Start, clock: Any, kind: str | None, start_: str, end: str) -> None:
    caller = start(Faults(run_seconds=0))
    body: dict[str, Any] = {"workflow": {"sqlQuery": CAMPAIGNS}, "timeWindowTimeZone": "America/Los_Angeles"}
    created = caller.post(body | ({"timeWindowType": kind} if kind else {})).json()
    assert "timeWindowStart" not in created
    caller.box.settle()
    clock.move(5)
    done = caller.execution(created["workflowExecutionId"])
    assert (done["timeWindowStart"], done["timeWindowEnd"]) == (start_, end)


@pytest.mark.conforms("limit:link-life", "fault:expired-link")
def test_links_expire_and_cannot_be_forged(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=0))
    execution = caller.submit()
    caller.box.settle()
    clock.move(5)
    (link,) = caller.links(execution)
    assert "X-Amz-Expires=600" in link
    assert requests.get(link, timeout=10).status_code == 200
    assert requests.get(link.replace("part-00000", "metadata"), timeout=10).status_code == 403
    assert requests.get(link.split("?")[0], timeout=10).status_code == 403
    with_bearer = caller.http.get(link, timeout=10)
    assert (with_bearer.status_code, "auth mechanism" in with_bearer.text) == (400, True)
    clock.move(599)
    assert requests.get(link, timeout=10).status_code == 200
    clock.move(2)
    late = requests.get(link, timeout=10)
    assert (late.status_code, "expired" in late.text) == (403, True)
    assert requests.get(caller.links(execution)[0], timeout=10).status_code == 200
