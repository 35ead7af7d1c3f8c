"""What a create request may say of its run, and what becomes of runs by limits, the clock and age."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from reportbuilder.sandbox import Faults, Options, Sandbox
from reportbuilder.sandbox.instants import faster, months_before
from tests.sandbox.caller import CAMPAIGNS, JANUARY, Caller

Start = Callable[..., Caller]
DSP = "SELECT SUM(impressions) AS n FROM dsp_impressions"
SPONSORED = "SELECT SUM(impressions) AS n FROM sponsored_ads_traffic"


def done(caller: Caller, clock: Any, sql: str, **fields: Any) -> dict[str, Any]:
    """Run a query on a test's clock to its end."""
    execution = caller.submit(sql, **fields)
    caller.box.settle()
    clock.move(10)
    return caller.execution(execution)


def number(caller: Caller, clock: Any, sql: str, **fields: Any) -> int:
    body = done(caller, clock, sql, **fields)
    assert body["status"] == "SUCCEEDED", body
    [text] = caller.texts(body["workflowExecutionId"])
    return int(text.splitlines()[1] or 0) if len(text.splitlines()) > 1 else 0


@pytest.mark.conforms("semantics:publishing", "semantics:status-lifecycle")
def test_publishing_comes_between_running_and_success(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=10, validation_seconds=1, publishing_seconds=5), slots=1)
    first, second = caller.submit(), caller.submit()
    caller.box.settle()
    seen = []
    for _ in range(18):
        clock.move(1)
        seen.append(caller.status(first))
    assert list(dict.fromkeys(seen)) == ["PENDING", "RUNNING", "PUBLISHING", "SUCCEEDED"][1:]
    assert (seen.count("RUNNING"), seen.count("PUBLISHING")) == (10, 5)
    body = caller.execution(first)
    assert body["executionTime"] == 10
    assert body["lastUpdatedTime"] == "2026-03-04T12:00:16Z"
    assert caller.status(second) == "RUNNING"  # it had to wait until the first one was done with its slot


@pytest.mark.conforms("error:cancel-finished")
def test_what_is_published_cannot_be_cancelled(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=10, publishing_seconds=5))
    execution = caller.submit()
    caller.box.settle()
    clock.move(12)
    answer = caller.cancel(execution)
    assert (answer.status_code, "PUBLISHING" in answer.json()["details"]) == (400, True)
    assert caller.get(f"/workflowExecutions/{execution}/downloadUrls").status_code == 400


@pytest.mark.conforms("error:timed-out", "limit:query-time")
def test_a_run_that_takes_longer_than_its_limit_fails(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=1000, validation_seconds=0))
    short, long = caller.submit(workflowExecutionTimeoutSeconds=900), caller.submit()
    caller.box.settle()
    clock.move(899)
    assert caller.status(short) == "RUNNING"
    clock.move(200)
    body = caller.execution(short)
    assert (body["status"], body["executionTime"]) == ("FAILED", 900)
    assert body["statusReason"] == "The query ran longer than its limit of 900 seconds."
    assert caller.execution(long)["workflowExecutionTimeoutSeconds"] == 21600
    assert caller.status(long) == "SUCCEEDED"


@pytest.mark.conforms("endpoint:cancel")
def test_delete_cancels_too(start: Start) -> None:
    caller = start(Faults(run_seconds=60))
    execution = caller.submit()
    url = f"{caller.path}/workflowExecutions/{execution}"
    answer = caller.http.delete(url, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {})
    assert caller.status(execution) == "CANCELLED"
    assert caller.http.delete(url, timeout=10).status_code == 400
    assert caller.http.delete(f"{caller.path}/workflowExecutions/unknown", timeout=10).status_code == 400


@pytest.mark.conforms("semantics:skip-publish", "semantics:dry-run")
@pytest.mark.parametrize("name", ["skipPublish", "dryRun", "disableAggregationControls"])
def test_runs_that_give_no_result(start: Start, clock: Any, name: str) -> None:
    caller = start()
    body = done(caller, clock, CAMPAIGNS, **{name: True})
    assert body["status"] == "SUCCEEDED"
    [channel] = body["outputChannels"]
    assert (channel["status"], name in channel["statusReason"]) == ("UNAVAILABLE", True)
    links = caller.get(f"/workflowExecutions/{body['workflowExecutionId']}/downloadUrls")
    assert (links.status_code, "unavailable for download" in links.json()["details"]) == (400, True)


@pytest.mark.conforms("error:synthetic-required", "semantics:synthetic")
def test_a_synthetic_instance_wants_to_be_asked_for(start: Start) -> None:
    caller = Caller(start().box, "amcnorthwind05")
    body = {"workflow": {"sqlQuery": CAMPAIGNS}, **JANUARY}
    for wrong in ({}, {"requireSyntheticData": False}):
        answer = caller.post(body | wrong)
        assert (answer.status_code, "requireSyntheticData" in answer.json()["details"]) == (400, True)
    assert caller.post(body | {"requireSyntheticData": True}).json()["requireSyntheticData"] is True


@pytest.mark.conforms("semantics:synthetic")
@pytest.mark.parametrize(
    ("sql", "schema", "good"),
    [
        ("SELECT SUM(impressions) AS n FROM dsp_impressions", None, False),
        ("SELECT SUM(impressions) AS n FROM dsp_impressions", "sandbox", True),
        ("SELECT SUM(impressions) AS n FROM sandbox.dsp_impressions", None, True),
        (
            "WITH t AS (SELECT impressions FROM sandbox.dsp_impressions) SELECT SUM(impressions) AS n FROM t",
            None,
            True,
        ),
        (
            "SELECT SUM(impressions) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_impressions', 'P1D', 'P1D'))",
            None,
            False,
        ),
    ],
)
def test_synthetic_data_on_a_live_instance(
    start: Start, clock: Any, sql: str, schema: str | None, good: bool
) -> None:
    caller = start()
    workflow = {"inputSchema": schema} if schema else {}
    body = done(caller, clock, sql, requireSyntheticData=True, workflow=workflow)
    assert body["status"] == ("SUCCEEDED" if good else "REJECTED"), body
    if not good:
        assert "'dsp_impressions' holds data that are not synthetic" in body["statusReason"]


@pytest.mark.conforms("semantics:advertiser-filter")
def test_a_run_reads_only_the_advertisers_that_it_names(start: Start, clock: Any) -> None:
    caller = start()
    bodies = caller.http.get(f"{caller.box.url}/amc/instances/amcnorthwind01/advertisers").json()[
        "advertisers"
    ]
    asked = [{name: one[name] for name in ("id", "type", "marketplaceId")} for one in bodies]
    display, sponsored = asked[:-1], asked[-1]
    assert number(caller, clock, DSP, advertisers=asked) == number(caller, clock, DSP) > 0
    assert number(caller, clock, DSP, advertisers=[sponsored]) == 0
    shares = [number(caller, clock, DSP, advertisers=[one]) for one in display]
    assert sum(shares) == number(caller, clock, DSP)
    assert number(caller, clock, SPONSORED, advertisers=[sponsored]) == number(caller, clock, SPONSORED) > 0
    assert number(caller, clock, SPONSORED, advertisers=display) == 0
    body = caller.execution(caller.submit(advertisers=[sponsored]))
    assert body["advertisers"] == [sponsored]
    foreign = {"id": "12345", "type": "DISPLAY"}
    answer = caller.post({"workflow": {"sqlQuery": DSP}, **JANUARY, "advertisers": [foreign]})
    assert (answer.status_code, "12345" in answer.json()["details"]) == (400, True)


@pytest.mark.conforms("limit:look-back")
def test_rows_before_the_look_back_are_absent(start: Start, clock: Any) -> None:
    caller = start(look_back_months=1)
    window = {"timeWindowStart": "2026-01-01T00:00:00", "timeWindowTimeZone": "UTC"}
    whole = number(caller, clock, DSP, **window, timeWindowEnd="2026-03-04T00:00:00")
    within = number(
        caller,
        clock,
        DSP,
        timeWindowStart="2026-02-04T00:00:00",
        timeWindowEnd="2026-03-04T00:00:00",
        timeWindowTimeZone="UTC",
    )
    assert whole == within > 0
    assert number(caller, clock, DSP, **window, timeWindowEnd="2026-02-04T00:00:00") == 0
    extended = "SELECT SUM(impressions) AS n FROM TABLE(EXTEND_TIME_WINDOW('dsp_impressions', 'P40D', 'P0D'))"
    assert number(caller, clock, extended, **window, timeWindowEnd="2026-03-04T00:00:00") == whole
    assert months_before(datetime(2026, 3, 31, 5, tzinfo=UTC), 13) == datetime(2025, 2, 28, tzinfo=UTC)


def test_a_window_in_the_future_has_no_rows(start: Start, clock: Any) -> None:
    window = {"timeWindowStart": "2027-01-01T00:00:00", "timeWindowEnd": "2027-02-01T00:00:00"}
    assert number(start(), clock, DSP, **window) == 0


@pytest.mark.conforms("semantics:certified-time")
def test_an_older_state_of_the_data_can_be_asked_for(start: Start, clock: Any) -> None:
    caller = start(users=1_500)
    sql = "SELECT SUM(conversions) AS n FROM amazon_attributed_events_by_conversion_time"
    window = {"timeWindowStart": "2026-02-20T00:00:00", "timeWindowEnd": "2026-03-04T00:00:00"}
    now = number(caller, clock, sql, **window)
    before = number(caller, clock, sql, **window, maxCertifiedTime="2026-02-25T00:00:00")
    assert 0 < before < now
    assert number(caller, clock, sql, **window, maxCertifiedTime="2026-02-20T00:00:00") == 0
    for wrong in ({"maxCertifiedTime": "2026-02-25"}, {"maxDimensionTime": "2026-01-05T00:00:00"}):
        answer = caller.post({"workflow": {"sqlQuery": sql}, **JANUARY, **window, **wrong})
        assert (answer.status_code, next(iter(wrong)) in answer.json()["details"]) == (400, True)


@pytest.mark.conforms("limit:running-account")
def test_the_account_has_a_limit_beside_its_instances(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=30, validation_seconds=0), slots=3, account_slots=5, instances=3)
    for instance in ("amcload001", "amcload002", "amcload003"):
        other = Caller(caller.box, instance)
        for _ in range(4):
            other.submit()
    caller.box.settle()
    clock.move(1)
    state = caller.box.state()
    assert (sum(state["running"].values()), sum(state["pending"].values())) == (5, 7)
    assert max(state["running"].values()) <= 3
    clock.move(100)
    state = caller.box.state()
    assert (sum(state["running"].values()), sum(state["pending"].values())) == (0, 0)
    assert Options().account_slots == 200


@pytest.mark.conforms("error:too-many-similar")
def test_too_many_runs_over_the_same_are_refused_for_good(start: Start, clock: Any) -> None:
    caller = start(Faults(overlap_limit=3))
    statuses = [done(caller, clock, DSP)["status"] for _ in range(4)]
    assert statuses == ["SUCCEEDED"] * 3 + ["REJECTED"]
    clock.move(86_400 * 30)
    caller.sign_in()
    refused = done(caller, clock, CAMPAIGNS, workflow={"workflowId": "rb-mine"})
    assert refused["statusReason"] == (
        f'Execution "{refused["workflowExecutionId"]}" of workflow "rb-mine" could not be run because '
        "too many workflows have already been run against the same input data sources in the same or "
        "overlapping time windows."
    )
    assert done(caller, clock, SPONSORED)["status"] == "SUCCEEDED"
    assert done(caller, clock, DSP, dryRun=True)["status"] == "SUCCEEDED"
    february = {"timeWindowStart": "2026-02-01T00:00:00", "timeWindowEnd": "2026-03-01T00:00:00"}
    assert done(caller, clock, DSP, **february)["status"] == "SUCCEEDED"
    across = {"timeWindowStart": "2026-01-31T00:00:00", "timeWindowEnd": "2026-02-02T00:00:00"}
    assert done(caller, clock, DSP, **across)["status"] == "REJECTED"


def test_a_backfill_week_by_week_overlaps_nothing(start: Start, clock: Any) -> None:
    caller = start(Faults(overlap_limit=1, run_seconds=0, validation_seconds=0))
    day = datetime(2025, 3, 4)  # noqa: DTZ001 - wall time, as requests write it
    for _ in range(12):
        window = {"timeWindowStart": day.isoformat(), "timeWindowEnd": (day + timedelta(days=7)).isoformat()}
        caller.box.submit(
            "amcnorthwind01", {"workflow": {"sqlQuery": DSP}, "timeWindowType": "EXPLICIT", **window}
        )
        day += timedelta(days=7)
    caller.box.settle()
    clock.move(1)
    assert caller.box.state()["statuses"] == {"amcnorthwind01": {"SUCCEEDED": 12}}


@pytest.mark.conforms("limit:output-columns")
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"additionalAcrResultsReceivers": ["123456789012"]}, "additionalAcrResultsReceivers"),
        ({"workflowExecutionTimeoutSeconds": True}, "workflowExecutionTimeoutSeconds"),
        ({"workflowExecutionTimeoutSeconds": 86401}, "86400"),
        ({"advertisers": [{"type": "DISPLAY"}]}, "advertisers"),
        ({"workflow": {"sqlQuery": DSP, "outputColumns": [{"name": "n"}] * 101}}, "outputColumns"),
        ({"workflow": {"sqlQuery": DSP, "outputColumns": ["n"]}}, "outputColumns"),
    ],
)
def test_more_that_is_refused(caller: Caller, changes: dict[str, Any], text: str) -> None:
    answer = caller.post({"workflow": {"sqlQuery": DSP}, **JANUARY, **changes})
    assert (answer.status_code, text in answer.json()["details"]) == (400, True)


@pytest.mark.parametrize(
    ("columns", "good"),
    [
        ([{"name": "campaign"}, {"name": "Impressions"}], True),
        ([{"name": "campaign", "dataType": "STRING"}, {"name": "impressions", "columnType": "METRIC"}], True),
        ([{"name": "impressions"}, {"name": "campaign"}], False),
        ([{"name": "campaign"}], False),
        ([{"name": "campaign"}, {"name": "impressions"}, {"name": "clicks"}], False),
        ([{"name": "campaign"}, {"name": "impressions", "dataType": "DOUBLE"}], False),
        ([{"name": "campaign", "columnType": "METRIC"}, {"name": "impressions"}], False),
    ],
)
def test_the_output_is_as_it_was_announced(start: Start, clock: Any, columns: list[Any], good: bool) -> None:
    body = done(start(), clock, CAMPAIGNS, workflow={"outputColumns": columns})
    assert body["status"] == ("SUCCEEDED" if good else "REJECTED")


def test_result_files_go_after_their_time(start: Start, clock: Any) -> None:
    caller = start(result_life=3600)
    first, twin = caller.submit(), caller.submit()
    caller.box.settle()
    clock.move(10)
    [link] = caller.links(first)
    folder = caller.box.queue.of_id(first).computation.files[0].parent  # type: ignore[union-attr] # it is there
    clock.move(1800)
    later = caller.submit()  # the same question, so the same file
    caller.box.settle()
    assert caller.box.computing.kept == 1
    clock.move(1800)
    caller.sign_in()
    gone = caller.get(f"/workflowExecutions/{twin}/downloadUrls")
    assert (gone.status_code, "unavailable for download" in gone.json()["details"]) == (400, True)
    assert "no longer retained" in caller.execution(first)["outputChannels"][0]["statusReason"]
    assert folder.exists()
    assert caller.texts(later)
    clock.move(3600)
    caller.sign_in()
    assert caller.status(later) == "SUCCEEDED"
    assert (folder.exists(), caller.box.computing.kept) == (False, 0)
    assert requests.get(link, timeout=10).status_code == 403


def test_only_so_many_executions_are_remembered(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=0, url_life=86_400.0), remember=3)
    executions = []
    for place in range(6):
        executions.append(caller.submit(f"SELECT {place} AS x"))
        caller.box.settle()
        clock.move(5)
        links = caller.links(executions[-1])
        caller.listed()
    assert [one["workflowExecutionId"] for one in caller.listed()["executions"]] == executions[:2:-1]
    assert caller.get(f"/workflowExecutions/{executions[0]}").status_code == 400
    assert caller.box.computing.kept == 3
    assert requests.get(links[0], timeout=10).status_code == 200
    for place in range(3):
        caller.submit(f"SELECT 1{place} AS x")
        caller.box.settle()
        clock.move(5)
        caller.listed()
    late = requests.get(links[0], timeout=10)
    assert (late.status_code, "NoSuchKey" in late.text) == (404, True)


def test_the_clock_can_run_faster(start: Start, clock: Any) -> None:
    caller = start(Faults(run_seconds=1800, validation_seconds=0, url_life=7200.0), speed=60)
    execution = caller.submit()
    caller.box.settle()
    clock.move(29)
    assert caller.status(execution) == "RUNNING"
    clock.move(1)
    ended = caller.execution(execution)
    assert (ended["status"], ended["executionTime"]) == ("SUCCEEDED", 1800)
    assert ended["lastUpdatedTime"] == "2026-03-04T12:30:00Z"
    [link] = caller.links(execution)
    clock.move(30)
    assert caller.get("/workflowExecutions", workflowId="x").status_code == 401  # an hour is a minute
    caller.sign_in()
    clock.move(59)
    assert caller.execution(caller.submit())["createTime"] == "2026-03-04T13:59:00Z"
    assert len(caller.listed(minCreationTime="2026-03-04T13:00:00")["executions"]) == 1
    assert requests.get(link, timeout=10).status_code == 200
    clock.move(32)
    assert requests.get(link, timeout=10).status_code == 403


def test_sandboxes_of_one_process_share_kept_data(start: Start, clock: Any, tmp_path: Path) -> None:
    first, second = start(data_dir=tmp_path), start(data_dir=tmp_path)
    expected = number(first, clock, DSP)
    assert number(second, clock, DSP) == expected > 0
    assert len(list(tmp_path.iterdir())) == 1
    first.box.close()
    assert number(second, clock, f"{DSP} WHERE 1 = 1") == expected


def test_a_faster_clock_begins_now() -> None:
    at = [datetime(2026, 3, 4, tzinfo=UTC)]
    now = faster(lambda: at[0], 60)
    assert now() == at[0]
    at[0] += timedelta(seconds=2)
    assert now() == datetime(2026, 3, 4, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"), [("speed", 0), ("slots", 0), ("days", -1), ("result_life", -1.0), ("query_seconds", 0)]
)
def test_options_are_checked(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        Sandbox(Options(**{name: value}))  # type: ignore[arg-type] # a wrong value on purpose
