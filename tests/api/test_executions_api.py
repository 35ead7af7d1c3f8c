"""Executions and instances over the API: what one sees, cancel, retry, keys, and odd input."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from tests.api.conftest import BASE, Caller, Callers, Run
from tests.api.test_frame import check


def test_one_execution_with_all_that_belongs_to_it(callers: Callers, run: Run) -> None:
    execution_id = run()
    answer = callers.cleo.get(f"/executions/{execution_id}")
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["execution_id"], body["status"], body["phase"]) == (execution_id, "pending", "pending")
    assert (body["template_id"], body["instance_id"]) == ("tpl_0123456789ab", "amcnorthwind01")
    assert body["time_window"] == {
        "start": "2026-01-01T00:00:00.000Z",
        "end": "2026-01-31T00:00:00.000Z",
        "time_zone": "UTC",
    }
    assert body["sql"] == "SELECT 1"
    assert body["parameters"] == {"brand": "Northwind"}
    assert [event["to_phase"] for event in body["events"]] == ["pending"]
    assert body["queue"]["number"] == 1
    assert body["queue"]["expected_start"].endswith("Z")
    assert body["error"] is None
    assert body["report_id"] is None


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("submitting", "running"),
        ("running", "running"),
        ("collecting", "running"),
        ("completed", "completed"),
    ],
)
def test_five_words_and_the_exact_phase(callers: Callers, run: Run, state: str, status: str) -> None:
    body = callers.ben.get(f"/executions/{run(state=state)}").get_json()
    assert (body["status"], body["phase"], body["queue"]) == (status, state, None)


def test_what_one_may_not_see_is_not_there(callers: Callers, run: Run) -> None:
    hidden = run(user="ada", instance="second")
    unknown = "exec_unknown"
    for path in ("/executions/{}", "/executions/{}/cancel", "/executions/{}/retry"):
        method = "GET" if path.endswith("{}") else "POST"
        for name in (hidden, unknown):
            answer = callers.ben.ask(method, path.format(name))
            check(answer, 404, "NOT_FOUND")
            message = answer.get_json()["error"]["message"]
            assert message == f"There is no execution {name} that you may see"
    assert callers.ben.get("/executions").get_json()["total"] == 0
    assert callers.ada.get("/executions").get_json()["total"] == 1


def test_the_list_is_filtered_sorted_and_paged(callers: Callers, run: Run) -> None:
    made = [run(state=state) for state in ("completed", "failed", "running", "pending")]
    other = run(user="ada", instance="second")

    def found(query: str, who: Caller = callers.ada) -> list[str]:
        answer = who.get(f"/executions?{query}")
        assert answer.status_code == 200, answer.text
        return [item["execution_id"] for item in answer.get_json()["items"]]

    assert found("sort=created_at", callers.cleo) == made
    assert found("") == [other, *reversed(made)]
    assert found("status=running") == [made[2]]
    assert found("instance_id=amcnorthwind02") == [other]
    assert found("instance_id=amcunknown") == []
    assert found("report_id=rpt_unknown") == []
    assert found("triggered_by=backfill") == []
    assert found("end_date=2020-01-01") == []
    assert len(found("start_date=2020-01-01T00:00:00Z")) == 5
    assert found("limit=2&page=3&sort=created_at") == [other]
    assert found("page=4&limit=2") == []
    body = callers.ada.get("/executions?limit=2").get_json()
    assert {key: body[key] for key in ("total", "page", "limit")} == {"total": 5, "page": 1, "limit": 2}


ODD_QUERIES = [
    ("page=0", "page"),
    ("page=-1", "page"),
    ("page=1e3", "page"),
    ("page=1_0", "page"),
    ("page=" + "9" * 40, "page"),
    ("page=" + "9" * 5000, "page"),
    ("page=", "page"),
    ("page=%00", "page"),
    ("limit=101", "limit"),
    ("limit=0", "limit"),
    ("sort=sql", "sort"),
    ("sort=--created_at", "sort"),
    ("status=done", "status"),
    ("instance_id=%00", "instance_id"),
    ("instance_id=" + "x" * 65, "instance_id"),
    ("instance_id=", "instance_id"),
    ("start_date=yesterday", "start_date"),
    ("start_date=0001-01-01T00:00:00%2B14:00", "start_date"),
    ("end_date=9999-12-31T23:59:59-14:00", "end_date"),
    ("nothing=1", "nothing"),
]


def test_a_query_that_does_not_fit(callers: Callers) -> None:
    for query, field in ODD_QUERIES:
        details = check(callers.ben.get(f"/executions?{query}"), 422, "VALIDATION_ERROR")
        assert list(details) == [field]


def test_an_unknown_field_is_told_with_those_that_there_are(callers: Callers) -> None:
    [reason] = check(callers.ben.get("/executions?state=failed"), 422, "VALIDATION_ERROR")["state"]
    assert reason.startswith("Unknown field; there are page, limit, report_id")


def test_what_has_no_value_comes_last(callers: Callers, run: Run) -> None:
    rows = [run(state="completed", row_count=count) for count in (5, None, 7, None, 6)]
    for sort, first in (("row_count", [0, 4, 2]), ("-row_count", [2, 4, 0])):
        found = callers.ben.get(f"/executions?sort={sort}").get_json()["items"]
        assert [item["execution_id"] for item in found[:3]] == [rows[place] for place in first]


def test_pages_of_equals_hold_each_row_once(callers: Callers, run: Run) -> None:
    made = {run(state="completed", row_count=1) for _ in range(7)}
    for sort in ("row_count", "-row_count", "status", "started_at", "-completed_at"):
        pages = [callers.ben.get(f"/executions?sort={sort}&limit=2&page={n}").get_json() for n in range(1, 5)]
        found = [item["execution_id"] for page in pages for item in page["items"]]
        assert len(found) == 7
        assert set(found) == made


def test_instants_in_a_query_have_any_offset(callers: Callers, run: Run) -> None:
    run()
    created = datetime.fromisoformat(callers.ben.get("/executions").get_json()["items"][0]["created_at"])
    for zone in ("UTC", "Asia/Kolkata", "America/St_Johns"):
        at = created.astimezone(ZoneInfo(zone))
        later = at + timedelta(milliseconds=1)
        found = {
            name: callers.ben.get("/executions", query_string=query).get_json()["total"]
            for name, query in (
                ("from then", {"start_date": at.isoformat()}),
                ("after then", {"start_date": later.isoformat()}),
                ("before then", {"end_date": at.isoformat()}),
                ("until then", {"end_date": later.isoformat()}),
            )
        }
        assert found == {"from then": 1, "after then": 0, "before then": 0, "until then": 1}
    refused = callers.ben.get("/executions?start_date=2026-01-01T00:00:00+02:00")
    check(refused, 422, "VALIDATION_ERROR")
    assert refused.get_json()["error"]["message"].startswith("Not valid: start_date: Not an instant")
    assert "%2B" in refused.get_json()["error"]["message"]


def test_cancel(callers: Callers, run: Run) -> None:
    execution_id = run()
    check(callers.cleo.post(f"/executions/{execution_id}/cancel"), 403, "NOT_PERMITTED")
    answer = callers.ben.post(f"/executions/{execution_id}/cancel")
    assert (answer.status_code, answer.get_json()["status"]) == (202, "cancelled")
    check(callers.ben.post(f"/executions/{execution_id}/cancel"), 409, "CONFLICT")
    running = run(state="running")
    answer = callers.ben.post(f"/executions/{running}/cancel")
    assert (answer.get_json()["status"], answer.get_json()["cancel_requested"]) == ("running", True)


def test_what_is_somebody_elses_is_cancelled_by_editors_and_admins_only(callers: Callers, run: Run) -> None:
    execution_id = run(user="ada")
    refused = callers.ben.post(f"/executions/{execution_id}/cancel")
    check(refused, 403, "NOT_PERMITTED")
    assert "somebody else" in refused.get_json()["error"]["message"]
    assert callers.ada.post(f"/executions/{execution_id}/cancel").status_code == 202


def test_a_token_reaches_no_further_than_its_scope(callers: Callers, run: Run) -> None:
    reader = callers.with_token(callers.cast.ben, "read")
    execution_id = run()
    assert reader.get(f"/executions/{execution_id}").status_code == 200
    refused = reader.post(f"/executions/{execution_id}/cancel")
    check(refused, 403, "NOT_PERMITTED")
    assert "scope run" in refused.get_json()["error"]["message"]


def test_retry(callers: Callers, run: Run) -> None:
    check(callers.ben.post(f"/executions/{run()}/retry"), 409, "CONFLICT")
    message = "From line 2, column 6 to line 2, column 9: Object 'sale' not found"
    failed = run(state="failed", error_class="permanent", error_message=message)
    body = callers.ben.get(f"/executions/{failed}").get_json()
    assert (body["error"]["kind"], body["error"]["message"]) == ("permanent", message)
    advice = body["error"]["advice"]
    assert (advice["line"], advice["column"]) == (2, 6)
    assert "no data source sale" in advice["meaning"]
    assert advice["todo"]
    answer = callers.ben.post(f"/executions/{failed}/retry")
    assert (answer.status_code, answer.get_json()["status"]) == (202, "pending")
    assert answer.get_json()["execution_id"] != failed
    assert answer.headers["X-RateLimit-Limit"] == "10"


def test_a_repeated_key_gives_the_first_answer_and_works_once(callers: Callers, run: Run) -> None:
    first, second = run(state="failed"), run(state="failed")
    keyed = {"Idempotency-Key": "a-key"}
    answers = [callers.ben.post(f"/executions/{first}/retry", headers=keyed) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.data for answer in answers}) == 1
    assert [answer.headers.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]
    check(callers.ben.post(f"/executions/{second}/retry", headers=keyed), 409, "CONFLICT")
    assert callers.ada.post(f"/executions/{first}/retry", headers=keyed).status_code == 202
    details = check(
        callers.ben.post(f"/executions/{first}/retry", headers={"Idempotency-Key": "x" * 201}),
        422,
        "VALIDATION_ERROR",
    )
    assert list(details) == ["Idempotency-Key"]
    with reading() as session:
        count = session.scalar(select(func.count()).select_from(ReportExecution))
    assert count == 2 + 2


def test_the_same_key_at_the_same_time_starts_one_execution(callers: Callers, run: Run) -> None:
    failed = run(state="failed")
    start = Barrier(4)

    def retry(_: int) -> bytes:
        start.wait()
        path, headers = f"/executions/{failed}/retry", {"Idempotency-Key": "k"}
        return bytes(callers.ben.post(path, headers=headers).data)

    with ThreadPoolExecutor(4) as pool:
        answers = set(pool.map(retry, range(4)))
    assert len(answers) == 1
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportExecution)) == 2


def test_instances_with_slots(callers: Callers, run: Run) -> None:
    run(state="running")
    run(state="collecting")
    with transaction() as session:
        session.get_one(AmcInstance, callers.cast.first.id).foreign_running = 2
        session.get_one(AmcInstance, callers.cast.second.id).slots = 3
    seen = callers.ada.get("/instances").get_json()
    assert [(item["instance_id"], item["slots_used"], item["slots_limit"]) for item in seen["items"]] == [
        ("amcnorthwind01", 3, 10),
        ("amcnorthwind02", 0, 3),
    ]
    mine = callers.cleo.get("/instances").get_json()
    assert [(item["instance_id"], item["may_run"], item["account_name"]) for item in mine["items"]] == [
        ("amcnorthwind01", False, "Northwind Brands")
    ]
    assert callers.ben.get("/instances").get_json()["items"][0]["may_run"]


def test_the_console_lists_what_ran(callers: Callers, run: Run, passwords: None) -> None:
    from tests.console.visitors import sign_in

    run(state="failed", error_class="permanent", error_message="the <column> is unknown")
    browser = callers.app.test_client()
    sign_in(browser)
    page = browser.get("/report-builder/runs").text
    assert "Reach" in page
    assert "the &lt;column&gt; is unknown" in page
    assert f'href="{BASE}' not in page
