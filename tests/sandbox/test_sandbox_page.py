"""The sandbox's page and its state: what runs, nothing of it as markup, and faults by a form."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from reportbuilder.sandbox import Faults
from reportbuilder.sandbox.watching import _span
from tests.sandbox.caller import CAMPAIGNS, Caller

Start = Callable[..., Caller]
EVIL = "<script>alert(1)</script>"


def page(caller: Caller, path: str = "/", **query: str) -> str:
    answer = requests.get(f"{caller.box.url}{path}", params=query, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    return answer.text


def test_the_page_tells_what_runs_and_what_ended(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=30, script="1; 1 FAILED no luck"), slots=2)
    assert "None: everything goes as it should" not in page(caller)
    for place in range(6):
        caller.submit(workflow={"workflowId": f"rb-{place}"})
    caller.box.settle()
    clock.move(12)
    shown = page(caller)
    assert "2 running, 2 pending, 6 remembered" in shown
    assert "2 of 2 slots taken, 2 pending, 1 failed, 1 succeeded" in shown
    assert all(f"rb-{place}" in shown for place in range(6))
    assert "no luck" in shown
    assert "Nothing has run on amcnorthwind02" in shown
    assert page(caller, "/_sandbox/") == page(caller)
    assert "<dt>submit</dt><dd>6</dd>" in shown


def test_nothing_of_others_is_markup(start: Start, clock: Any) -> None:
    caller = start(Faults(script=f"1 FAILED {EVIL}"), control=True)
    caller.submit(f"SELECT '{EVIL}' AS x, COUNT(*) AS n FROM dsp_clicks")
    caller.submit(f'SELECT x FROM "{EVIL}"')
    caller.box.settle()
    clock.move(30)
    caller.box.fault(script=f"1 FAILED {EVIL}")
    shown = page(caller)
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") >= 5
    answer = requests.get(caller.box.url, timeout=10)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_the_page_renews_itself_only_when_asked(start: Start) -> None:
    caller = start()
    assert "http-equiv" not in page(caller)
    assert '<meta http-equiv="refresh" content="5">' in page(caller, refresh="5")
    assert '<meta http-equiv="refresh" content="2">' in page(caller, refresh="1")
    for wrong in ("soon", "0x5", "-5", "99999", '"><b>'):
        assert "http-equiv" not in page(caller, refresh=wrong)


def test_a_form_sets_faults_and_takes_them_away(start: Start) -> None:
    caller = start(control=True)
    url = f"{caller.box.url}/_sandbox/faults"

    def send(**form: str) -> requests.Response:
        return requests.post(url, data=form, timeout=10, allow_redirects=False)

    for fault, value in (
        ("throttle_rate", "0.5"),
        ("revoked", "true"),
        ("retry_after", "7"),
        ("script", "5"),
    ):
        assert send(fault=fault, value=value).status_code == 303
    assert caller.box.faults == Faults(throttle_rate=0.5, revoked=True, retry_after=7, script="5")
    wrong = send(fault="throttle_rate", value="<b>often</b>")
    assert (wrong.status_code, "&lt;b&gt;often&lt;/b&gt;" in wrong.text) == (400, True)
    for fault, value in (("bogus", "1"), ("revoked", "1"), ("retry_after", "1.5")):
        assert send(fault=fault, value=value).status_code == 400
    assert send(fault="script", value="").status_code == 303
    assert send(reset="all").status_code == 303
    assert caller.box.faults == Faults()


@pytest.mark.parametrize("origin", ["http://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_another_site_steers_nothing(start: Start, origin: str) -> None:
    caller = start(control=True)
    url = f"{caller.box.url}/_sandbox/faults"
    answer = requests.post(url, json={"revoked": True}, headers={"Origin": origin}, timeout=10)
    assert (answer.status_code, caller.box.faults.revoked) == (403, False)
    own = requests.post(url, json={"revoked": True}, headers={"Origin": caller.box.url}, timeout=10)
    assert (own.status_code, caller.box.faults.revoked) == (200, True)


def test_without_control_there_is_a_page_and_no_form(start: Start) -> None:
    caller = start(control=False)
    assert "<form" not in page(caller)
    assert requests.post(f"{caller.box.url}/_sandbox/faults", json={}, timeout=10).status_code == 404


def test_the_state_comes_in_pages_newest_first(start: Start) -> None:
    caller = start(control=True)
    tags = [f"rb-{place}" for place in range(5)]
    for place, tag in enumerate(tags):
        Caller(caller.box, f"amcnorthwind0{1 + place % 2}").submit(workflow={"workflowId": tag})
    url, found, query = f"{caller.box.url}/_sandbox/state", [], {"limit": "2"}
    while True:
        state = requests.get(url, params=query, timeout=10).json()
        found.append([one["workflowId"] for one in state["executions"]])
        assert state["remembered"] == 5
        if "next" not in state:
            break
        query["before"] = state["next"]
    assert found == [["rb-4", "rb-3"], ["rb-2", "rb-1"], ["rb-0"]]
    for wrong in ({"limit": "0"}, {"limit": "1001"}, {"before": "x"}):
        assert requests.get(url, params=wrong, timeout=10).status_code == 400
    whole = caller.box.state()
    assert "next" not in whole
    assert [one["workflowId"] for one in whole["executions"]] == ["rb-0", "rb-2", "rb-4", "rb-1", "rb-3"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (59.4, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (93784, "1 d 2 h 3 min")],
)
def test_lengths_of_time_are_for_people(seconds: float, text: str) -> None:
    assert _span(seconds) == text


def test_long_sql_is_shortened(start: Start) -> None:
    caller = start()
    caller.submit(CAMPAIGNS + " -- " + "x" * 500)
    assert "x" * 200 not in page(caller)
