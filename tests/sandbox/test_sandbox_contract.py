"""Every answer of the sandbox is valid by AMC's official contract."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from reportbuilder.sandbox import INSTANCES, Faults
from tests.sandbox.caller import CAMPAIGNS, JANUARY, Caller

CONTRACT = json.loads(Path(__file__).with_name("contract.json").read_text())
# seen in practice and outside the contract, so the one thing that may differ from it
CONTRACT["components"]["schemas"]["WorkflowExecution"]["properties"]["status"]["enum"].append("REJECTED")


def check(name: str, body: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", **CONTRACT}
    jsonschema.Draft202012Validator(schema).validate(body)


def check_execution(body: dict[str, Any]) -> None:
    """The contract wraps one execution; recorded answers are flat, so the inner shape is checked."""
    assert "workflowExecution" not in body
    check("GetWorkflowExecutionResponse", {"workflowExecution": body})
    check("WorkflowExecution", body)


def test_the_contract_finds_a_wrong_answer() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check_execution({"status": "DONE"})
    with pytest.raises(jsonschema.ValidationError):
        check_execution({"createTime": 5})


def test_requests_that_are_sent_here_are_valid_too() -> None:
    check("CreateWorkflowExecutionRequest", {"workflow": {"sqlQuery": CAMPAIGNS}, **JANUARY})


@pytest.mark.conforms(
    "endpoint:create",
    "endpoint:get",
    "endpoint:download-urls",
    "endpoint:metadata-urls",
    "endpoint:list-workflow",
    "semantics:status-lifecycle",
)
def test_executions_in_every_state(start: Callable[..., Caller], clock: Any) -> None:
    caller = start(Faults(run_seconds=60, failure_next=1))
    failing = caller.submit()
    succeeding, cancelled, rejected = (
        caller.submit(),
        caller.submit(),
        caller.submit("SELECT nonsense FROM x"),
    )
    caller.box.settle()
    created = caller.post({"workflow": {"sqlQuery": CAMPAIGNS}, "timeWindowType": "MOST_RECENT_WEEK"}).json()
    check_execution(created)
    assert created["status"] == "PENDING"
    clock.move(10)
    for execution in (succeeding, cancelled, failing):
        check_execution(caller.execution(execution))
    check("UpdateWorkflowExecutionResponse", caller.cancel(cancelled).json())
    clock.move(60)
    seen = {}
    for execution in (failing, succeeding, cancelled, rejected):
        body = caller.execution(execution, includeWorkflow="true")
        check_execution(body)
        check("Workflow", body["workflow"])
        seen[execution] = body["status"]
    assert list(seen.values()) == ["FAILED", "SUCCEEDED", "CANCELLED", "REJECTED"]
    page = caller.listed(includeCancelled="true", includeWorkflow="true", limit=2)
    check("ListWorkflowExecutionsResponse", page)
    assert isinstance(page["nextToken"], str)
    links = caller.get(f"/workflowExecutions/{succeeding}/downloadUrls").json()
    check("GetWorkflowExecutionDownloadUrlsResponse", links)
    assert len(links["downloadUrls"][0]) > 1200
    metadata = requests.get(links["metadataDownloadUrls"][0], timeout=10).json()
    assert metadata["sqlQuery"] == CAMPAIGNS


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/workflowExecutions", {}),
        ("/workflowExecutions/unknown", {}),
        ("/workflowExecutions/unknown/downloadUrls", {}),
        ("/workflowExecutions", {"minCreationTime": "2026-01-01"}),
        ("/dataSources/unknown", {}),
        ("/nowhere", {}),
    ],
)
@pytest.mark.conforms("error:body", "error:unknown-execution", "error:list-without-filter", "error:bad-time")
def test_errors(caller: Caller, path: str, query: dict[str, str]) -> None:
    answer = caller.get(path, **query)
    assert answer.status_code in (400, 404)
    body = answer.json()
    check("Error", body)
    assert body["code"] == str(answer.status_code)
    assert body["details"]


def test_headers_are_as_recorded(caller: Caller) -> None:
    answer = caller.get("/workflowExecutions", minCreationTime="2026-01-01T00:00:00")
    assert answer.headers["Content-Type"] == "application/vnd.amcworkflowexecutions.v1+json"
    assert answer.headers["x-amz-rid"] == answer.headers["x-amz-request-id"]
    assert len(answer.headers["x-amz-rid"]) == 20
    assert answer.headers["x-amz-rid"].isupper() or answer.headers["x-amz-rid"].isdigit()


@pytest.mark.conforms("endpoint:data-sources", "endpoint:data-source")
def test_data_sources(caller: Caller) -> None:
    answer = caller.get("/dataSources")
    assert answer.headers["Content-Type"] == "application/vnd.amcdatasources.v1+json"
    check("ListDataSourcesResponse", answer.json())
    names = {source["dataSourceId"] for source in answer.json()["dataSources"]}
    assert {"dsp_impressions", "sponsored_ads_traffic", "conversions"} <= names
    one = caller.get("/dataSources/dsp_clicks").json()
    check("GetDataSourceResponse", one)
    assert {"name": "click_cost", "columnType": "METRIC", "dataType": "LONG"} in one["dataSource"]["columns"]


@pytest.mark.conforms("endpoint:accounts", "endpoint:instances", "endpoint:instance", "endpoint:advertisers")
def test_accounts_and_instances(caller: Caller) -> None:
    root = caller.box.url
    accounts = caller.http.get(f"{root}/amc/accounts").json()
    assert accounts["amcAccounts"] == [
        {"accountId": "ENTITYNORTHWIND1", "accountName": "Northwind Brands", "marketplaceId": "ATVPDKIKX0DER"}
    ]
    instances = caller.http.get(f"{root}/amc/instances").json()["instances"]
    assert [one["instanceId"] for one in instances] == list(INSTANCES)
    assert all(one["creationStatus"] == "COMPLETED" for one in instances)
    first = caller.http.get(f"{root}/amc/instances", params={"limit": "2"}).json()
    second = caller.http.get(
        f"{root}/amc/instances", params={"limit": "3", "nextToken": first["nextToken"]}
    ).json()
    assert [*first["instances"], *second["instances"]] == instances
    assert "nextToken" not in second
    assert caller.http.get(f"{root}/amc/instances", params={"limit": "many"}).status_code == 400
    assert caller.http.get(f"{root}/amc/instances", params={"nextToken": "1"}).status_code == 400
    advertisers = caller.http.get(f"{root}/amc/instances/amcnorthwind01/advertisers").json()
    assert advertisers["totalCount"] == len(advertisers["advertisers"]) == 5
    assert caller.http.get(f"{root}/amc/instances/amcnorthwind02").json()["instance"] == instances[1]


def test_each_instance_tells_what_it_holds(caller: Caller) -> None:
    root = caller.box.url
    found = {
        one["instanceId"]: (one["advertiserTypes"], len(one["optionalDatasets"]), one["instanceType"])
        for one in caller.http.get(f"{root}/amc/instances").json()["instances"]
    }
    assert found == {
        "amcnorthwind01": (["SPONSORED_ADS", "DISPLAY"], 9, "STANDARD"),
        "amcnorthwind02": (["SPONSORED_ADS", "DISPLAY"], 0, "STANDARD"),
        "amcnorthwind03": (["SPONSORED_ADS"], 0, "STANDARD"),
        "amcnorthwind04": (["DISPLAY"], 0, "STANDARD"),
        "amcnorthwind05": (["SPONSORED_ADS", "DISPLAY"], 9, "SANDBOX"),
    }
    for instance, types in (("amcnorthwind03", {"SPONSORED_ADS"}), ("amcnorthwind04", {"DISPLAY"})):
        bodies = caller.http.get(f"{root}/amc/instances/{instance}/advertisers").json()["advertisers"]
        assert {one["type"] for one in bodies} == types


@pytest.mark.conforms("endpoint:data-sources", "endpoint:advertisers", "endpoint:accounts", "limit:page")
@pytest.mark.parametrize(
    ("path", "name", "at_least"),
    [
        ("/amc/accounts", "amcAccounts", 1),
        ("/amc/instances", "instances", 5),
        ("/amc/instances/amcnorthwind01/advertisers", "advertisers", 5),
        ("/amc/reporting/amcnorthwind01/dataSources", "dataSources", 30),
    ],
)
def test_everything_listed_comes_in_pages(caller: Caller, path: str, name: str, at_least: int) -> None:
    url = f"{caller.box.url}{path}"
    whole = caller.http.get(url, timeout=10).json()
    assert "nextToken" not in whole
    found: list[Any] = []
    query = {"limit": "2"}
    while True:
        page = caller.http.get(url, params=query, timeout=10).json()
        assert 1 <= len(page[name]) <= 2
        found += page[name]
        if "nextToken" not in page:
            break
        query["nextToken"] = page["nextToken"]
    assert found == whole[name]
    assert len(found) >= at_least
    for wrong in ({"limit": "0"}, {"limit": "101"}, {"nextToken": "YWZ0ZXI6LTU="}):
        answer = caller.http.get(url, params=wrong, timeout=10)
        assert answer.status_code == 400
        check("Error", answer.json())


@pytest.mark.conforms("endpoint:data-sources", "endpoint:data-source")
def test_data_sources_are_the_instances_own(caller: Caller) -> None:
    def listed(instance: str) -> set[str]:
        mine = Caller(caller.box, instance)
        body = mine.get("/dataSources").json()
        check("ListDataSourcesResponse", body)
        for source in body["dataSources"]:
            check("GetDataSourceResponse", mine.get(f"/dataSources/{source['dataSourceId']}").json())
        return {source["dataSourceId"] for source in body["dataSources"]}

    whole, sponsored, display = (listed(f"amcnorthwind0{number}") for number in (1, 3, 4))
    assert sponsored < whole
    assert display < whole
    assert not any(name.startswith("dsp_") for name in sponsored)
    assert "sponsored_ads_traffic" not in display
    missing = Caller(caller.box, "amcnorthwind03").get("/dataSources/dsp_clicks")
    assert (missing.status_code, missing.json()["details"]) == (
        404,
        "Data source with ID dsp_clicks does not exist.",
    )
