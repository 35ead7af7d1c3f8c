"""The client of AMC's API: each call is one exchange with exact headers, and fails by class."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

import requests

from reportbuilder import clock, database, logs
from reportbuilder.amc import answers, directory, wire
from reportbuilder.amc.calls import (
    DOWNLOADS_SHARE,
    EXECUTION,
    EXECUTIONS,
    INSTANCE,
    INSTANCES,
    LONGEST_WAIT,
    LOOKS_SHARE,
    REPORTING,
    Call,
    flag,
    pause_before_repeat,
)
from reportbuilder.amc.downloads import Download, open_download
from reportbuilder.amc.failures import AmcFailure, Throttled, Transient, Unauthorized
from reportbuilder.amc.hosts import Hosts
from reportbuilder.amc.pacing import Pacing
from reportbuilder.amc.transport import Answer, NoAnswer, Request, Timeouts, exchange
from reportbuilder.amc.vault import Secret
from reportbuilder.amc.wire import AmcExecution, DownloadLinks, Page, TimeWindow, Unreadable

JSON_TYPE = "application/json"
PAGE_SIZE = 100
MAX_PAGES = 200

log = logs.get_logger(__name__)
T = TypeVar("T")


class Identity(Protocol):
    """As whom the client calls: one AMC account, with AMC's entity id, and its access tokens."""

    @property
    def client_id(self) -> str:
        """The Login with Amazon client id."""

    @property
    def account_id(self) -> str:
        """AMC's entity id (``ENTITY…``)."""

    @property
    def marketplace_id(self) -> str:
        """The account's marketplace."""

    def access_token(self, refused: Secret | None = None) -> Secret:
        """Return a token; ``refused`` is one that AMC has just not taken."""


class AmcClient:
    """AMC as one account sees it. Threads may share it; no transaction may be open during a call.

    Every call may raise any :class:`AmcFailure`; those of each method's own are named there.
    """

    def __init__(
        self,
        session: requests.Session,
        hosts: Hosts,
        identity: Identity,
        pace: Pacing,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._session, self._hosts, self._identity, self._pace = session, hosts, identity, pace
        self._timeouts = timeouts or Timeouts()

    def submit(
        self,
        instance_id: str,
        sql: str,
        tag: str,
        window: TimeWindow,
        *,
        input_parameters: Sequence[Mapping[str, Any]] = (),
        within: float | None = None,
    ) -> AmcExecution:
        """Submit the SQL once, under the tag by which it can be found again.

        ``within`` (seconds, default the total time-out): when the call is over. The request leaves early
        enough in it or not at all, so that nothing can reach AMC after a lease of that length has run out.

        :raises UnknownOutcome: if AMC may have taken it; look for the tag before another try.
        """
        body = wire.submission(sql, tag, window, input_parameters)
        call = Call("POST", EXECUTIONS, {"instance_id": instance_id}, body=body, within=within)
        return self._read(call, wire.read_execution)

    def get(self, instance_id: str, execution_id: str, *, include_workflow: bool = False) -> AmcExecution:
        """Return one execution, with its SQL if ``include_workflow``.

        :raises NotFoundAtAmc: if AMC does not know it, which it may also say right after it was submitted.
        """
        ids = {"instance_id": instance_id, "execution_id": execution_id}
        call = Call("GET", EXECUTION, ids, {"includeWorkflow": flag(include_workflow)})
        return self._read(call, wire.read_execution)

    def cancel(self, instance_id: str, execution_id: str) -> None:
        """Ask AMC to stop a pending or running execution; a look tells whether it did.

        :raises Rejected: if it has ended already.
        """
        ids = {"instance_id": instance_id, "execution_id": execution_id}
        self._call(Call("PUT", EXECUTION, ids, body={"status": "CANCELLED"}))

    def list_page(
        self,
        instance_id: str,
        since: datetime,
        *,
        until: datetime | None = None,
        tag: str | None = None,
        include_workflow: bool = False,
        include_cancelled: bool = True,
        limit: int = PAGE_SIZE,
        next_token: str | None = None,
    ) -> Page:
        """Return one page, newest first, of the executions created since then; set it back for clock skew."""
        params = {
            "minCreationTime": wire.wall_time(since),
            "maxCreationTime": wire.wall_time(until) if until else None,
            "timeZone": "UTC",
            "workflowId": tag,
            "includeWorkflow": flag(include_workflow),
            "includeCancelled": flag(include_cancelled),
            "limit": str(limit),
            "nextToken": next_token,
        }
        given = {name: value for name, value in params.items() if value is not None}
        ids = {"instance_id": instance_id}
        return self._read(Call("GET", EXECUTIONS, ids, given, share=LOOKS_SHARE), wire.read_page)

    def list_executions(
        self,
        instance_id: str,
        since: datetime,
        *,
        until: datetime | None = None,
        tag: str | None = None,
        include_workflow: bool = False,
        include_cancelled: bool = True,
    ) -> Iterator[AmcExecution]:
        """Go through all pages of :meth:`list_page`; each page is fetched when it is reached."""

        def fetch(next_token: str | None) -> tuple[Sequence[AmcExecution], str | None]:
            page = self.list_page(
                instance_id,
                since,
                until=until,
                tag=tag,
                include_workflow=include_workflow,
                include_cancelled=include_cancelled,
                next_token=next_token,
            )
            return page.executions, page.next_token

        return _all_pages(fetch)

    def download_urls(self, instance_id: str, execution_id: str) -> DownloadLinks:
        """Return fresh signed links to all files of the result, good for about 10 minutes.

        :raises NotReady: if the result is unavailable for download.
        """
        ids = {"instance_id": instance_id, "execution_id": execution_id}
        call = Call("GET", f"{EXECUTION}/downloadUrls", ids, share=DOWNLOADS_SHARE)
        return self._read(call, wire.read_links)

    def open_download(self, url: str) -> AbstractContextManager[Download]:
        """Open a signed link; see :func:`reportbuilder.amc.downloads.open_download`."""
        return open_download(
            self._session, Secret(url), self._timeouts, plain=self._hosts.api.startswith("http://")
        )

    def accounts(self) -> Iterator[directory.ListedAccount]:
        """Go through the accounts that this sign-in can see; needs a token and no account."""
        call = Call("GET", "/amc/accounts", of_account=False)
        return self._items(call, "amcAccounts", directory.read_account)

    def instances(self) -> Iterator[directory.ListedInstance]:
        """Go through the account's instances."""
        call = Call("GET", INSTANCES, params={"limit": str(PAGE_SIZE)})
        return self._items(call, "instances", directory.read_instance)

    def instance(self, instance_id: str) -> directory.ListedInstance:
        """Return one instance."""
        return self._read(Call("GET", INSTANCE, {"instance_id": instance_id}), directory.read_instance)

    def advertisers(self, instance_id: str) -> Iterator[directory.Advertiser]:
        """Go through the advertisers whose data the instance holds."""
        call = Call("GET", f"{INSTANCE}/advertisers", {"instance_id": instance_id})
        return self._items(call, "advertisers", directory.read_advertiser)

    def data_sources(self, instance_id: str) -> Iterator[directory.DataSource]:
        """Go through the tables that queries on the instance may read."""
        call = Call("GET", f"{REPORTING}/dataSources", {"instance_id": instance_id})
        return self._items(call, "dataSources", directory.read_data_source)

    def _items(self, call: Call, name: str, read: Callable[[Mapping[str, Any]], T]) -> Iterator[T]:
        def fetch(next_token: str | None) -> tuple[Sequence[T], str | None]:
            params = {**call.params, **({"nextToken": next_token} if next_token else {})}
            return self._read(replace(call, params=params), lambda answer: _mapped(answer, name, read))

        return _all_pages(fetch)

    def _read(self, call: Call, read: Callable[[Any], T]) -> T:
        answer = self._call(call)
        try:
            return read(_parsed(answer.body))
        except Unreadable as error:
            reason = str(error)
        failure = answers.unreadable(answer, reason, repeatable=call.repeatable)
        log.warning("amc's answer cannot be read", path=call.template, reason=reason)
        raise failure

    def _call(self, call: Call) -> Answer:
        if database.in_transaction():
            raise RuntimeError("a transaction is open; nobody calls AMC inside one")
        until = clock.monotonic() + (call.within if call.within is not None else self._timeouts.total)
        path, token, refused, repeats = call.path(), self._identity.access_token(), False, 0
        while True:
            self._take(call, until)
            outcome = self._once(call, path, token, until)
            if isinstance(outcome, Answer):
                return outcome
            if isinstance(outcome, Unauthorized) and not refused:
                refused, token = True, self._identity.access_token(refused=token)
                continue
            pause = pause_before_repeat(call, outcome, repeats, until - clock.monotonic())
            if pause is None:
                raise outcome
            repeats += 1
            time.sleep(pause)

    def _take(self, call: Call, until: float) -> None:
        """Take one call of the pace. A submission waits a little for it: to put it off costs far more."""
        key = call.ids.get("instance_id") or self._identity.account_id or "accounts"
        patience = clock.monotonic() + LONGEST_WAIT
        while True:
            try:
                return self._pace.take(key, call.share)
            except Throttled as throttled:
                over = clock.monotonic() + (throttled.retry_after or LONGEST_WAIT)
                if call.repeatable or over > min(patience, until - self._timeouts.read / 2):
                    raise
            time.sleep(max(0.0, over - clock.monotonic()))

    def _once(self, call: Call, path: str, token: Secret, until: float) -> Answer | AmcFailure:
        request = Request(
            method=call.method,
            url=f"{self._hosts.api}{path}",
            headers=self._headers(call),
            params=call.params,
            body=None if call.body is None else json.dumps(call.body).encode(),
            bearer=token,
            leave_by=None if call.repeatable else until - self._timeouts.read / 2,
        )
        began = clock.monotonic()
        answer = exchange(self._session, request, self._timeouts, until)
        outcome = answers.outcome(answer, repeatable=call.repeatable, now=clock.now())
        _log(call, answer, outcome, milliseconds=round((clock.monotonic() - began) * 1000))
        return outcome

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {
            "Amazon-Advertising-API-ClientId": self._identity.client_id,
            "Content-Type": JSON_TYPE,
            "Accept": "*/*",
        }
        if call.of_account:
            headers["Amazon-Advertising-API-AdvertiserId"] = self._identity.account_id
            headers["Amazon-Advertising-API-MarketplaceId"] = self._identity.marketplace_id
        return headers


def _all_pages(fetch: Callable[[str | None], tuple[Sequence[T], str | None]]) -> Iterator[T]:
    """Go through pages to the end; a list is never cut silently."""
    next_token, seen = None, set[str]()
    for _ in range(MAX_PAGES):
        items, next_token = fetch(next_token)
        yield from items
        if next_token is None:
            return
        if next_token in seen:
            raise Transient("AMC's list goes round in a circle")
        seen.add(next_token)
    raise Transient(f"AMC's list has more than {MAX_PAGES} pages; ask for a shorter time")


def _mapped(
    answer: object, name: str, read: Callable[[Mapping[str, Any]], T]
) -> tuple[Sequence[T], str | None]:
    items, next_token = directory.read_items(answer, name)
    return [read(item) for item in items], next_token


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("it is no JSON") from None


def _log(call: Call, answer: Answer | NoAnswer, outcome: Answer | AmcFailure, *, milliseconds: int) -> None:
    facts: dict[str, object] = {"method": call.method, "path": call.template, "ms": milliseconds}
    facts |= {"amc_instance": call.ids.get("instance_id"), "amc_execution": call.ids.get("execution_id")}
    if isinstance(answer, Answer):
        facts |= {"status": answer.status, "amc_request_id": answer.request_id}
    if isinstance(outcome, AmcFailure):
        log.warning("amc call failed", **facts, error=outcome.code, reason=outcome.message)
    elif call.method == "GET":
        log.debug("amc call", **facts)
    else:
        log.info("amc call", **facts)
