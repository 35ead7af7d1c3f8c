"""One run at AMC in plain code: submit, sleep and poll, download; a worker waits for it to the end."""

import time
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import requests

POLL = 1.0  # seconds between two polls of one run
FINAL = {"SUCCEEDED", "FAILED", "REJECTED", "CANCELLED"}


@dataclass(frozen=True)
class Account:
    """Where AMC is, and as whom it is called."""

    url: str
    client_id: str
    client_secret: str
    refresh_token: str
    account_id: str
    marketplace_id: str


def run_day(account: Account, instance: str, sql: str, day: date, folder: Path) -> None:
    """Run a query over one day and leave its rows in ``folder``, under the name of the day.

    :raises RuntimeError: if AMC ended it in any other way than well.
    """
    here = f"{account.url}/amc/reporting/{instance}/workflowExecutions"
    body = {
        "workflow": {"sqlQuery": sql},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": f"{day}T00:00:00",
        "timeWindowEnd": f"{day + timedelta(days=1)}T00:00:00",
    }
    run = _call(account, "POST", here, json=body)
    name = run["workflowExecutionId"]
    while run["status"] not in FINAL:
        time.sleep(POLL)
        run = _call(account, "GET", f"{here}/{name}")
    if run["status"] != "SUCCEEDED":
        raise RuntimeError(f"{name} is {run['status']}: {run.get('statusReason')}")
    links = _call(account, "GET", f"{here}/{name}/downloadUrls")["downloadUrls"]
    _save([requests.get(link, timeout=60) for link in links], folder / f"{day}.csv")


def _save(answers: list[requests.Response], target: Path) -> None:
    for answer in answers:
        answer.raise_for_status()
    unfinished = target.with_suffix(".part")
    unfinished.write_bytes(b"".join(answer.content for answer in answers))
    unfinished.replace(target)


def _call(account: Account, method: str, url: str, **given: Any) -> Any:
    """Call AMC, again after a while if it is throttled, and with another token if that one has ended."""
    while True:
        session, token = _session(), _token(account)
        session.headers["Authorization"] = f"Bearer {token}"
        session.headers["Amazon-Advertising-API-ClientId"] = account.client_id
        session.headers["Amazon-Advertising-API-AdvertiserId"] = account.account_id
        session.headers["Amazon-Advertising-API-MarketplaceId"] = account.marketplace_id
        answer = session.request(method, url, timeout=30, **given)
        if answer.status_code == requests.codes.too_many_requests:
            time.sleep(float(answer.headers.get("Retry-After", "2")))
        elif answer.status_code == requests.codes.unauthorized:
            _token.cache_clear()
        else:
            answer.raise_for_status()
            return answer.json()


@cache
def _session() -> requests.Session:
    return requests.Session()


@cache
def _token(account: Account) -> str:
    form = {
        "grant_type": "refresh_token",
        "client_id": account.client_id,
        "client_secret": account.client_secret,
        "refresh_token": account.refresh_token,
    }
    answer = requests.post(f"{account.url}/auth/o2/token", data=form, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["access_token"])
