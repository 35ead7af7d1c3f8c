"""The client against the sandbox, which shares no code with it: the whole walk, and each fault on the way."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

import pytest
from flask import Flask

from reportbuilder import clock, settings
from reportbuilder.amc import failures, wire
from reportbuilder.amc.client import AmcClient
from reportbuilder.amc.connections import Connections
from reportbuilder.amc.failures import AmcFailure
from reportbuilder.amc.models import AmcAccount
from reportbuilder.amc.vault import Secret
from reportbuilder.amc.wire import AmcExecution, AmcStatus, TimeWindow
from reportbuilder.database import reading, transaction
from reportbuilder.sandbox import (
    ACCOUNT_ID,
    INSTANCES,
    MARKETPLACE_ID,
    REFRESH_TOKEN,
    Faults,
    Options,
    Sandbox,
)

FIRST = INSTANCES[0]
SQL = "SELECT campaign, SUM(impressions) AS impressions FROM dsp_impressions GROUP BY campaign"
QUICK = Faults(run_seconds=0.05, validation_seconds=0.0)
NOWHERE = "2f1d8a52-0000-4000-8000-000000000001"
T = TypeVar("T")
numbers = count(1)


@dataclass
class Walk:
    box: Sandbox
    amc: AmcClient
    connections: Connections
    account: AmcAccount
    began: datetime

    def submit(self, sql: str = SQL, tag: str | None = None) -> AmcExecution:
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        window = TimeWindow(today - timedelta(days=40), today - timedelta(days=14), "America/Los_Angeles")
        return self.amc.submit(FIRST, sql, tag or f"rb-walk-{next(numbers)}", window)

    def ended(self, execution: AmcExecution) -> AmcExecution:
        return until(lambda: self.amc.get(FIRST, execution.id), lambda seen: not seen.status.is_active)

    def rows(self, url: str) -> list[str]:
        with self.amc.open_download(url) as download:
            return b"".join(download.pieces).decode().splitlines()


def until(look: Callable[[], T], good: Callable[[T], bool], seconds: float = 20.0) -> T:
    end = clock.monotonic() + seconds
    while not good(seen := look()):
        assert clock.monotonic() < end, seen
        time.sleep(0.02)
    return seen


@pytest.fixture(scope="module")
def serving() -> Iterator[Sandbox]:
    with Sandbox(Options(users=1_000, days=60, slots=2)).serving() as box:
        yield box


class Unpaced:
    def take(self, key: str, share: float = 1.0) -> None:
        pass


@pytest.fixture
def walk(serving: Sandbox, chosen: settings.Settings, database: Flask) -> Iterator[Walk]:
    serving.troubles.faults = QUICK
    local = replace(chosen, amc_api_url=serving.url, amc_token_url=serving.token_url, amc_read_timeout=5.0)
    with closing(Connections(local, Unpaced())) as connections:
        account = AmcAccount(
            account_id=ACCOUNT_ID,
            account_name="Northwind Brands",
            marketplace_id=MARKETPLACE_ID,
            sealed_refresh_token=connections.vault.seal(REFRESH_TOKEN),
        )
        with transaction() as session:
            session.add(account)
        began = clock.now() - timedelta(seconds=1)
        yield Walk(serving, connections.client(account), connections, account, began)


def failing(call: Callable[[], object]) -> AmcFailure:
    with pytest.raises(AmcFailure) as caught:
        call()
    return caught.value


def test_from_a_token_over_submit_list_get_and_download_to_rows(walk: Walk) -> None:
    execution = walk.submit()
    assert (execution.status, execution.workflow_id) == (AmcStatus.PENDING, wire.tag_of(execution))
    assert execution.created_at is not None
    assert abs(execution.created_at - datetime.now(UTC)) < timedelta(seconds=30)
    listed = {seen.id: seen for seen in walk.amc.list_executions(FIRST, walk.began, include_workflow=True)}
    assert wire.tag_of(listed[execution.id]) == execution.workflow_id
    assert str(listed[execution.id].sql).endswith(SQL)
    done = walk.ended(execution)
    assert done.status is AmcStatus.SUCCEEDED, done.problem
    assert [column.name for column in done.output_columns] == ["campaign", "impressions"]
    assert done.zone == "America/Los_Angeles"
    assert (done.window_start, done.window_end) == (execution.window_start, execution.window_end)
    assert not str(done.window_start).endswith("Z")
    links = walk.amc.download_urls(FIRST, execution.id)
    header, *rows = walk.rows(links.files[0])
    assert header.replace('"', "").lower() == "campaign,impressions"
    assert rows


def test_a_sign_in_is_stored_sealed_and_used_again(walk: Walk) -> None:
    before = walk.box.state()["calls"].get("token", 0)
    for _ in range(3):
        list(walk.amc.instances())
    with reading() as session:
        row = session.get_one(AmcAccount, walk.account.id)
        assert walk.connections.vault.open(str(row.sealed_access_token)).reveal().startswith("Atza|")
    assert walk.box.state()["calls"]["token"] == before + 1


def test_a_token_that_dies_early_is_renewed_within_the_call(walk: Walk) -> None:
    walk.box.fault(token_dies_after=0.2)
    list(walk.amc.instances())
    time.sleep(0.4)
    assert walk.submit().id


def test_a_revoked_sign_in_says_the_way_out(walk: Walk) -> None:
    walk.box.fault(revoked=True)
    assert "connect the account again" in failing(walk.submit).message
    walk.box.fault(revoked=False)
    assert isinstance(failing(walk.submit), failures.Unauthorized)


def test_accounts_instances_advertisers_and_tables_are_listed(walk: Walk) -> None:
    grant = walk.connections.login().refresh(Secret(REFRESH_TOKEN))
    [account] = walk.connections.client_of_grant(grant).accounts()
    assert (account.account_id, account.marketplace_id) == (ACCOUNT_ID, MARKETPLACE_ID)
    assert {instance.instance_id for instance in walk.amc.instances() if instance.is_usable} >= set(INSTANCES)
    assert walk.amc.instance(FIRST).instance_id == FIRST
    assert list(walk.amc.advertisers(FIRST))
    sources = {source.data_source_id: source for source in walk.amc.data_sources(FIRST)}
    assert "campaign" in {column.name for column in sources["dsp_impressions"].columns}


def test_bad_sql_is_rejected_with_its_reason_at_once_or_later(walk: Walk) -> None:
    done = walk.ended(walk.submit("SELECT no_such_column FROM dsp_impressions GROUP BY 1"))
    assert done.status is AmcStatus.REJECTED
    assert "no_such_column" in str(done.problem)
    walk.box.fault(sync_refusal=True)
    failure = failing(lambda: walk.submit("SELECT no_such_column FROM dsp_impressions GROUP BY 1"))
    assert isinstance(failure, failures.Rejected)
    assert "no_such_column" in failure.reason


def test_a_run_is_cancelled_and_cannot_be_twice(walk: Walk) -> None:
    walk.box.fault(run_seconds=30.0)
    execution = walk.submit()
    until(lambda: walk.amc.get(FIRST, execution.id), lambda seen: seen.status is AmcStatus.RUNNING)
    assert isinstance(failing(lambda: walk.amc.download_urls(FIRST, execution.id)), failures.NotReady)
    walk.amc.cancel(FIRST, execution.id)
    assert walk.amc.get(FIRST, execution.id).status is AmcStatus.CANCELLED
    assert type(failing(lambda: walk.amc.cancel(FIRST, execution.id))) is failures.Rejected
    shown = {seen.id for seen in walk.amc.list_executions(FIRST, walk.began, include_cancelled=True)}
    hidden = {seen.id for seen in walk.amc.list_executions(FIRST, walk.began, include_cancelled=False)}
    assert execution.id in shown - hidden


@pytest.mark.parametrize("lost_style", ["drop", "gateway"])
def test_a_lost_answer_is_unknown_and_found_again_by_its_tag(walk: Walk, lost_style: str) -> None:
    walk.box.fault(lost_next=1, lost_style=lost_style)
    tag = f"rb-lost-{lost_style}-{next(numbers)}"
    assert isinstance(failing(lambda: walk.submit(tag=tag)), failures.UnknownOutcome)
    [found] = walk.amc.list_page(FIRST, walk.began, tag=tag).executions
    by_sql = walk.amc.list_executions(FIRST, walk.began, include_workflow=True)
    assert [seen.id for seen in by_sql if wire.tag_of(seen) == tag] == [found.id]


@pytest.mark.parametrize(
    ("style", "pause"), [("seconds", 30.0), ("date", 30.0), ("none", None), ("html", None)]
)
def test_throttling_is_seen_however_it_is_told(walk: Walk, style: str, pause: float | None) -> None:
    list(walk.amc.instances())
    for call in (walk.submit, lambda: walk.amc.list_page(FIRST, walk.began)):
        walk.box.fault(throttle_next=1, throttle_style=style, retry_after=30)
        failure = failing(call)
        assert isinstance(failure, failures.Throttled)
        assert not failure.local
        if style != "html":
            assert failure.retry_after == (None if pause is None else pytest.approx(pause, abs=2.0))


@pytest.mark.parametrize("error_body", ["message", "html", "empty"])
def test_server_errors_are_repeated_for_looks_and_unknown_for_submissions(
    walk: Walk, error_body: str
) -> None:
    list(walk.amc.instances())
    walk.box.fault(error_next=1, error_body=error_body)
    assert list(walk.amc.instances())
    walk.box.fault(error_next=1, error_body=error_body)
    assert isinstance(failing(walk.submit), failures.UnknownOutcome)


def test_what_does_not_show_yet_or_is_another_accounts_has_its_class(walk: Walk) -> None:
    assert isinstance(failing(lambda: walk.amc.get(FIRST, NOWHERE)), failures.NotFoundAtAmc)
    assert isinstance(failing(lambda: walk.amc.get("amcsomebody99", NOWHERE)), failures.NotGranted)
    walk.box.fault(list_lag=30.0)
    execution = walk.submit()
    assert isinstance(failing(lambda: walk.amc.get(FIRST, execution.id)), failures.NotFoundAtAmc)


def test_results_come_in_several_files_over_links_that_expire(walk: Walk) -> None:
    walk.box.fault(rows_per_file=2)
    execution = walk.submit()
    assert walk.ended(execution).status is AmcStatus.SUCCEEDED
    links = walk.amc.download_urls(FIRST, execution.id)
    assert len(links.files) > 1
    assert len({walk.rows(url)[0] for url in links.files}) == 1, "each file has the header"
    walk.box.fault(url_life=0.05)
    [stale, *_] = walk.amc.download_urls(FIRST, execution.id).files
    time.sleep(1.2)
    assert isinstance(failing(lambda: walk.rows(stale)), failures.LinkExpired)
    walk.box.fault(url_life=600.0)
    assert walk.rows(walk.amc.download_urls(FIRST, execution.id).files[0])


def test_a_long_list_is_read_to_its_end(walk: Walk) -> None:
    walk.box.fault(run_seconds=0.0)
    made = {walk.submit().id for _ in range(105)}
    listed = [seen.id for seen in walk.amc.list_executions(FIRST, walk.began)]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))
    for execution_id in made:
        with suppress(failures.Rejected):
            walk.amc.cancel(FIRST, execution_id)
