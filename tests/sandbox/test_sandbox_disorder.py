"""Lists that repeat themselves, states out of order, scripted runs, run times, refusals, broken downloads."""

import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.sandbox import Faults
from reportbuilder.sandbox.command import sandbox
from reportbuilder.sandbox.endings import WORDS, Ending, endings, next_ending
from reportbuilder.sandbox.troubles import Troubles
from tests.sandbox.caller import CAMPAIGNS, JANUARY, Caller

Start = Callable[..., Caller]
SINCE = {"minCreationTime": "2026-01-01T00:00:00"}


def submitted(caller: Caller, clock: Any, count: int) -> list[str]:
    executions = []
    for _ in range(count):
        executions.append(caller.submit())
        clock.move(60)
    caller.box.settle()
    clock.move(60)
    return executions


def pages(caller: Caller, **query: object) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = caller.listed(nextToken=token, **query)
        assert len(page["executions"]) <= int(str(query.get("limit", 100)))
        found.append([one["workflowExecutionId"] for one in page["executions"]])
        if "nextToken" not in page:
            return found
        token = page["nextToken"]


@pytest.mark.conforms("fault:duplicates-in-list")
@pytest.mark.parametrize("order", ["true", "false"])
@pytest.mark.parametrize(
    ("style", "limit"), [("page", 3), ("pages", 3), ("both", 3), ("both", 2), ("pages", 100)]
)
def test_a_list_can_show_an_execution_twice_and_loses_none(
    start: Start, clock: Any, style: str, limit: int, order: str
) -> None:
    caller = start(Faults(repeat_rate=1.0, repeat_style=style))  # type: ignore[arg-type] # one of the styles
    executions = submitted(caller, clock, 7)
    shown = pages(caller, limit=limit, sortAscending=order)
    flat = [one for page in shown for one in page]
    assert set(flat) == set(executions)
    assert max(Counter(flat).values()) >= 2
    within = any(len(set(page)) < len(page) for page in shown)
    across = any(set(page) & set(after) for page, after in pairwise(shown))
    assert within == (style != "pages")
    assert across == (style != "page" and (style, limit) != ("both", 2))  # it shows one execution a page


@pytest.mark.conforms("fault:duplicates-in-list")
def test_one_list_repeats_itself_and_the_next_does_not(start: Start, clock: Any) -> None:
    caller = start(Faults(repeat_next=1, repeat_style="page"))
    executions = submitted(caller, clock, 2)
    assert pages(caller) == [[executions[1], executions[1], executions[0]]]
    assert pages(caller) == [executions[::-1]]


@pytest.mark.conforms("fault:status-out-of-order")
def test_an_older_state_is_told_after_a_newer(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=60, stale_next=0))
    execution = caller.submit()
    caller.box.settle()
    caller.box.fault(stale_next=1)
    assert caller.status(execution) == "PENDING"  # there is none before it
    clock.move(10)
    assert caller.status(execution) == "RUNNING"  # told for the first time
    assert caller.status(execution) == "PENDING"
    assert caller.status(execution) == "RUNNING"
    clock.move(60)
    assert caller.status(execution) == "SUCCEEDED"
    caller.box.fault(stale_next=2)
    [listed] = caller.listed()["executions"]
    assert (listed["status"], "executionTime" in listed) == ("RUNNING", False)
    assert caller.status(execution) == "RUNNING"
    assert caller.status(execution) == "SUCCEEDED"
    assert caller.links(execution)  # what is told wrongly is true all the same


def test_a_rejection_may_still_look_pending(start: Start, clock: Any) -> None:
    caller = start()
    execution = caller.submit("SELECT nonsense FROM x")
    caller.box.settle()
    clock.move(10)
    assert caller.status(execution) == "REJECTED"
    caller.box.fault(stale_rate=1.0)
    body = caller.execution(execution)
    assert (body["status"], "statusReason" in body) == ("PENDING", False)


@pytest.mark.conforms("semantics:status-lifecycle")
def test_a_script_tells_how_the_next_runs_go(start: Start, clock: Any) -> None:
    caller = start(
        Faults(script="30; 5 FAILED out of memory; 4 CANCELLED by hand; 3 REJECTED", validation_seconds=0)
    )
    executions = submitted_at_once(caller, 5)
    clock.move(29)
    bodies = [caller.execution(one) for one in executions]
    assert [body["status"] for body in bodies] == ["RUNNING", "FAILED", "CANCELLED", "REJECTED", "SUCCEEDED"]
    assert [body.get("statusReason") for body in bodies] == [None, "out of memory", "by hand", None, None]
    assert [body.get("executionTime") for body in bodies] == [None, 5, 4, 3, 2]
    clock.move(1)
    assert caller.status(executions[0]) == "SUCCEEDED"
    assert caller.box.faults.script == ""


def submitted_at_once(caller: Caller, count: int) -> list[str]:
    executions = [caller.submit() for _ in range(count)]
    caller.box.settle()
    return executions


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9999),
            st.sampled_from(WORDS),
            st.none() | st.from_regex(r"[a-z]+( [a-z]+)?", fullmatch=True),
        )
    )
)
def test_scripts_are_read_as_they_are_written(parts: list[tuple[int, str, str | None]]) -> None:
    script = "; ".join(f"{seconds} {word} {reason or ''}" for seconds, word, reason in parts)
    expected = [Ending(seconds, word, reason) for seconds, word, reason in parts]
    assert endings(script) == expected
    told, rest = [], script
    while rest:
        one, rest = next_ending(rest)
        told += [one] if one else []
    assert told == expected


def test_run_times_have_a_long_tail_around_their_median() -> None:
    troubles = Troubles(Faults(run_seconds=1, run_seconds_max=600, run_seconds_median=20), 7)
    drawn = sorted(troubles.course().run for _ in range(2000))
    assert 18 < median(drawn) < 22
    assert 80 < drawn[1900] < 130  # one in twenty takes over 5 times the median
    assert (drawn[0] >= 1, drawn[-1] <= 600) == (True, True)
    even = Troubles(Faults(run_seconds=10, run_seconds_max=20), 7)
    assert 14 < median(even.course().run for _ in range(2000)) < 16


@pytest.mark.conforms("error:terms")
def test_terms_that_are_not_accepted(start: Start) -> None:
    caller = start(Faults(terms_open=True))
    answer = caller.get("/workflowExecutions", **SINCE)
    assert answer.status_code == 403
    assert answer.json() == {"code": "403", "details": "Terms and conditions must be accepted to continue"}
    assert caller.post({"workflow": {"sqlQuery": CAMPAIGNS}, **JANUARY}).status_code == 403
    assert caller.http.get(f"{caller.box.url}/amc/instances", timeout=10).status_code == 200


@pytest.mark.conforms("error:wrong-account")
def test_access_can_be_withdrawn(start: Start) -> None:
    caller = start(Faults(denied="amcnorthwind01,amcnorthwind03"))
    answer = caller.get("/workflowExecutions", **SINCE)
    assert (answer.status_code, answer.json()) == (403, {"code": "403", "details": "Unauthorized request."})
    assert Caller(caller.box, "amcnorthwind02").get("/workflowExecutions", **SINCE).status_code == 200
    assert caller.http.get(f"{caller.box.url}/amc/instances", timeout=10).status_code == 200
    caller.box.fault(denied="all")
    assert Caller(caller.box, "amcnorthwind02").get("/workflowExecutions", **SINCE).status_code == 403
    assert caller.http.get(f"{caller.box.url}/amc/instances", timeout=10).status_code == 403


@pytest.mark.conforms("error:unauthorized")
def test_a_token_can_be_refused_before_its_time(start: Start) -> None:
    caller = start(Faults(token_refused_next=1))
    assert caller.get("/workflowExecutions", **SINCE).status_code == 401
    assert caller.get("/workflowExecutions", **SINCE).status_code == 200


@pytest.mark.conforms("fault:broken-download")
@pytest.mark.parametrize(
    ("style", "status", "code"), [("denied", 403, "AccessDenied"), ("error", 503, "SlowDown")]
)
def test_the_store_can_refuse_a_download(
    start: Start, clock: Any, style: str, status: int, code: str
) -> None:
    caller = start(Faults(broken_next=1, broken_style=style))  # type: ignore[arg-type] # one of the styles
    [execution] = submitted(caller, clock, 1)
    [link] = caller.links(execution)
    answer = requests.get(link, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/xml")
    assert f"<Code>{code}</Code>" in answer.text
    assert requests.get(link, timeout=10).status_code == 200


@pytest.mark.conforms("fault:broken-download")
def test_a_download_can_be_of_other_bytes(start: Start, clock: Any) -> None:
    caller = start(Faults(broken_rate=1.0, broken_style="bytes"))
    [execution] = submitted(caller, clock, 1)
    [link] = caller.links(execution)
    wrong = requests.get(link, timeout=10)
    caller.box.fault(broken_rate=0.0)
    good = requests.get(link, timeout=10)
    assert (wrong.status_code, len(wrong.content)) == (200, len(good.content))
    assert wrong.content != good.content


def test_answers_can_be_slow(start: Start) -> None:
    caller = start(Faults(latency=0.15, latency_max=0.2, only="list"))
    began = time.monotonic()
    caller.listed()
    assert time.monotonic() - began >= 0.15
    assert {Troubles(Faults(latency=1, latency_max=2), 7).latency("get") > 1, 0.0} == {
        True,
        Troubles(Faults(latency=1, only="list"), 7).latency("get"),
    }


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("throttle_rate", 1.5, "between 0 and 1"),
        ("run_seconds", -1, "less than 0"),
        ("run_seconds", float("nan"), "finite"),
        ("run_seconds", 1e10, "more than"),
        ("error_status", 418, "503"),
        ("script", "soon", "seconds"),
        ("script", "5 LOST", "SUCCEEDED"),
        ("denied", "Amc 1", "instances"),
        ("repeat_style", "often", "pages"),
        ("broken_style", "short", "denied"),
        ("stale_next", True, "int"),
        ("terms_open", "yes", "bool"),
    ],
)
def test_a_wrong_fault_is_told_by_its_name_everywhere(start: Start, name: str, value: Any, text: str) -> None:
    caller = start(control=True)
    with pytest.raises(ValueError, match=f"{name}: .*{text}"):
        caller.box.fault(**{name: value})
    with pytest.raises(ValueError, match=f"{name}: .*{text}"):
        Faults(**{name: value})
    if value == value:  # noqa: PLR0124 - JSON has no NaN
        url = f"{caller.box.url}/_sandbox/faults"
        answer = requests.post(url, json={name: value}, timeout=10)
        assert (answer.status_code, answer.json()["details"].startswith(name)) == (400, True)
    if not isinstance(value, bool) and name != "terms_open":
        shown = CliRunner().invoke(sandbox, [f"--{name.replace('_', '-')}", str(value)])
        assert (shown.exit_code, name.replace("_", "-") in shown.output.replace("_", "-")) == (2, True)
