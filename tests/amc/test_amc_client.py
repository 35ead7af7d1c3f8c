"""The client against a real HTTP server: exact requests with the right token, whoever shares it."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from reportbuilder.amc import client, failures
from reportbuilder.amc.wire import AmcStatus
from reportbuilder.database import transaction
from tests.amc.kit import EXECUTION, EXECUTIONS_PATH, INSTANCE, PENDING, SINCE, TAG, Kit, failing
from tests.amc.scripted_server import Reply

# ---------------------------------------------------------------- exact requests


def test_failure_10_a_submission_is_one_post_with_all_headers(kit: Kit) -> None:
    kit.server.say(Reply(200, PENDING))
    execution = kit.submit()
    assert (execution.id, execution.status, execution.workflow_id) == (EXECUTION, AmcStatus.PENDING, TAG)
    [asked] = kit.server.asked
    assert (asked.method, asked.path, asked.query) == ("POST", EXECUTIONS_PATH, {})
    assert {name.lower(): value for name, value in asked.headers.items()} == {
        "host": kit.server.url.removeprefix("http://"),
        "user-agent": "amc-report-builder",
        "accept": "*/*",
        "accept-encoding": asked.headers["Accept-Encoding"],
        "connection": "keep-alive",
        "content-length": str(len(asked.body)),
        "content-type": "application/json",
        "authorization": "Bearer Atza|number-0",
        "amazon-advertising-api-clientid": "amzn1.application-oa2-client.sandbox",
        "amazon-advertising-api-advertiserid": "ENTITYNORTHWIND1",
        "amazon-advertising-api-marketplaceid": "ATVPDKIKX0DER",
    }
    assert asked.json() == {
        "workflow": {"sqlQuery": f"/* {TAG} */ SELECT 1", "workflowId": TAG},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": "2026-02-01T00:00:00",
        "timeWindowEnd": "2026-02-15T00:00:00",
        "timeWindowTimeZone": "UTC",
    }


def test_a_contract_shaped_answer_with_202_is_accepted_too(kit: Kit) -> None:
    kit.server.say(Reply(202, {"workflowExecution": PENDING}))
    assert kit.submit().id == EXECUTION


def test_get_and_cancel_and_links_ask_at_the_executions_path(kit: Kit) -> None:
    kit.server.say(
        Reply(200, PENDING | {"status": "RUNNING", "sqlQuery": "SELECT 1"}),
        Reply(200, b""),
        Reply(200, {"downloadUrls": ["https://a", "https://b"], "metadataDownloadUrls": ["https://m"]}),
    )
    assert kit.amc.get(INSTANCE, EXECUTION, include_workflow=True).sql == "SELECT 1"
    kit.amc.cancel(INSTANCE, EXECUTION)
    assert kit.amc.download_urls(INSTANCE, EXECUTION).files == ("https://a", "https://b")
    path = f"{EXECUTIONS_PATH}/{EXECUTION}"
    assert [(asked.method, asked.path) for asked in kit.server.asked] == [
        ("GET", path),
        ("PUT", path),
        ("GET", f"{path}/downloadUrls"),
    ]
    assert kit.server.asked[0].query == {"includeWorkflow": "true"}
    assert kit.server.asked[1].json() == {"status": "CANCELLED"}


def test_failure_32_a_list_goes_through_all_pages_as_they_are_reached(kit: Kit) -> None:
    kit.server.say(
        Reply(200, {"executions": [PENDING] * 100, "nextToken": "a+/="}),
        Reply(200, {"executions": [], "nextToken": "b"}),
        Reply(200, {"executions": [PENDING], "nextToken": ""}),
    )
    listed = kit.amc.list_executions(INSTANCE, SINCE, include_workflow=True)
    next(listed)
    assert len(kit.server.asked) == 1
    assert len(list(listed)) == 100
    first = {
        "minCreationTime": "2026-03-04T12:00:00",
        "timeZone": "UTC",
        "includeWorkflow": "true",
        "includeCancelled": "true",
        "limit": "100",
    }
    assert [asked.query for asked in kit.server.asked] == [
        first,
        first | {"nextToken": "a+/="},
        first | {"nextToken": "b"},
    ]
    assert {asked.path for asked in kit.server.asked} == {EXECUTIONS_PATH}


def test_a_list_can_ask_for_one_tag_and_an_end(kit: Kit) -> None:
    kit.server.say(Reply(200, {"executions": [PENDING]}))
    until = SINCE + timedelta(hours=1)
    page = kit.amc.list_page(INSTANCE, SINCE, until=until, tag=TAG, include_cancelled=False, limit=10)
    assert (len(page.executions), page.next_token) == (1, None)
    assert kit.server.asked[0].query == {
        "minCreationTime": "2026-03-04T12:00:00",
        "maxCreationTime": "2026-03-04T13:00:00",
        "timeZone": "UTC",
        "workflowId": TAG,
        "includeWorkflow": "false",
        "includeCancelled": "false",
        "limit": "10",
    }


def test_a_list_that_never_ends_is_an_error_and_never_cut(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.server.otherwise = Reply(200, {"executions": [PENDING], "nextToken": "again"})
    circle = failing(lambda: list(kit.amc.list_executions(INSTANCE, SINCE)))
    assert "circle" in circle.message
    monkeypatch.setattr(client, "MAX_PAGES", 3)
    kit.server.say(*(Reply(200, {"executions": [PENDING], "nextToken": str(n)}) for n in range(5)))
    assert "more than 3 pages" in failing(lambda: list(kit.amc.list_executions(INSTANCE, SINCE))).message


def test_accounts_need_no_account_and_instances_do(kit: Kit) -> None:
    account = {
        "accountId": "ENTITYNORTHWIND1",
        "accountName": "Northwind Brands",
        "marketplaceId": "ATVPDKIKX0DER",
    }
    instance = {
        "instanceId": INSTANCE,
        "instanceName": "Northwind 1",
        "creationStatus": "COMPLETED",
        "creationDatetime": "2026-01-01T00:00:00.123Z",
        "entities": ["NA"],
        "advertiserTypes": ["SPONSORED_ADS"],
    }
    kit.server.say(
        Reply(200, {"amcAccounts": [account], "nextToken": None}),
        Reply(200, {"instances": [instance], "nextToken": "more"}),
        Reply(200, {"instances": [instance | {"instanceId": "amcnorthwind02", "creationStatus": "FAILED"}]}),
        Reply(200, {"instance": instance}),
    )
    assert [found.account_id for found in kit.amc.accounts()] == ["ENTITYNORTHWIND1"]
    first, second = kit.amc.instances()
    assert (first.is_usable, second.is_usable, first.advertiser_types) == (True, False, ("SPONSORED_ADS",))
    assert kit.amc.instance(INSTANCE) == first
    asked = kit.server.asked
    assert [one.path for one in asked] == [
        "/amc/accounts",
        *["/amc/instances"] * 2,
        f"/amc/instances/{INSTANCE}",
    ]
    assert asked[0].headers["Amazon-Advertising-API-AdvertiserId"] is None
    assert asked[0].headers["Amazon-Advertising-API-ClientId"]
    assert asked[1].headers["Amazon-Advertising-API-AdvertiserId"] == "ENTITYNORTHWIND1"
    assert asked[2].query == {"limit": "100", "nextToken": "more"}


def test_data_sources_and_advertisers_are_read_over_pages(kit: Kit) -> None:
    source = {
        "dataSourceId": "dsp_clicks",
        "columns": [{"name": "clicks", "columnType": "METRIC"}],
        "tags": [],
    }
    kit.server.say(
        Reply(200, {"dataSources": [source], "nextToken": "n"}),
        Reply(200, {"dataSources": [source | {"dataSourceId": "conversions"}]}),
        Reply(200, {"advertisers": [{"id": 17, "name": "Northwind", "type": "DISPLAY"}], "totalCount": 1}),
    )
    assert [found.data_source_id for found in kit.amc.data_sources(INSTANCE)] == ["dsp_clicks", "conversions"]
    assert [found.id for found in kit.amc.advertisers(INSTANCE)] == ["17"]
    assert kit.server.asked[0].path == f"/amc/reporting/{INSTANCE}/dataSources"
    assert kit.server.asked[2].path == f"/amc/instances/{INSTANCE}/advertisers"


@pytest.mark.parametrize(
    "instance_id", ["", "..", "a/b", "amc?x", "3f0c9f4e-58aa-4a7b-9d67-0f3a5d5f7a10", "amc north", "ämc"]
)
def test_failure_09_ids_that_amc_cannot_know_never_leave(kit: Kit, instance_id: str) -> None:
    failure = failing(lambda: kit.amc.get(instance_id, EXECUTION))
    assert isinstance(failure, failures.Rejected)
    assert failing(lambda: kit.amc.get(INSTANCE, "../../x")).code == "AMC_REJECTED"
    assert kit.server.asked == []


# ---------------------------------------------------------------- sign-in


def test_a_refused_token_is_renewed_once_and_the_call_repeated_even_a_post(kit: Kit) -> None:
    kit.server.say(Reply(401, b""), Reply(200, PENDING))
    assert kit.submit().id == EXECUTION
    assert kit.identity.refused == ["Atza|number-0"]
    assert [asked.headers["Authorization"] for asked in kit.server.asked] == [
        "Bearer Atza|number-0",
        "Bearer Atza|number-1",
    ]


def test_a_second_refusal_is_signed_out_with_the_way_out(kit: Kit) -> None:
    kit.server.otherwise = Reply(401, {"message": "Not authorized to access"})
    failure = failing(kit.submit)
    assert isinstance(failure, failures.Unauthorized)
    assert "connect the account again" in failure.message
    assert (len(kit.server.asked), len(kit.identity.refused)) == (2, 1)


@pytest.mark.parametrize("status", [403, 401])
def test_failure_34_rights_and_terms_are_no_sign_out(kit: Kit, status: int) -> None:
    body = (
        {"code": "403", "details": "Unauthorized request."}
        if status == 403
        else {"message": "Terms and conditions must be accepted to continue"}
    )
    kit.server.say(Reply(status, body))
    failure = failing(kit.submit)
    assert isinstance(failure, failures.NotGranted)
    assert (len(kit.server.asked), kit.identity.refused) == (1, [])


def test_a_netrc_of_the_machine_does_not_replace_the_token(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    kit.server.say(Reply(200, PENDING), Reply(200, b"a,b\n"))
    kit.submit()
    with kit.amc.open_download(f"{kit.server.url}/x.csv") as download:
        assert b"".join(download.pieces) == b"a,b\n"
    assert kit.server.asked[0].headers["Authorization"] == "Bearer Atza|number-0"
    assert kit.server.asked[1].headers["Authorization"] is None


def test_a_proxy_of_the_machine_does_not_see_calls_to_this_machine(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    kit.server.say(Reply(200, PENDING))
    assert kit.submit().id == EXECUTION


def test_cookies_are_not_kept(kit: Kit) -> None:
    kit.server.say(Reply(200, PENDING, {"Set-Cookie": "session=north; Path=/"}), Reply(200, PENDING))
    kit.submit()
    kit.submit()
    assert kit.server.asked[1].headers["Cookie"] is None


def test_redirects_are_not_followed(kit: Kit) -> None:
    kit.server.otherwise = Reply(307, b"", {"Location": f"{kit.server.url}/elsewhere"})
    assert isinstance(failing(lambda: kit.amc.get(INSTANCE, EXECUTION)), failures.Transient)
    assert isinstance(failing(kit.submit), failures.UnknownOutcome)
    assert all("elsewhere" not in asked.path for asked in kit.server.asked)


@pytest.mark.usefixtures("database")
def test_nobody_calls_amc_inside_a_transaction(kit: Kit) -> None:
    with transaction(), pytest.raises(RuntimeError, match="nobody calls AMC"):
        kit.submit()
    assert kit.server.asked == []


def test_threads_share_a_client_and_its_connections(kit: Kit) -> None:
    kit.server.otherwise = Reply(200, PENDING)
    found: list[str] = []

    def work() -> None:
        found.extend(kit.amc.get(INSTANCE, EXECUTION).id for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [EXECUTION] * 160
    assert kit.server.connections <= 8
