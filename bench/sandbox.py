"""How fast the sandbox starts, answers and computes, as callers over HTTP see it."""

import argparse
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable
from typing import Any

import requests

from reportbuilder.sandbox import (
    ACCOUNT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    INSTANCES,
    MARKETPLACE_ID,
    REFRESH_TOKEN,
)

FINAL = {"SUCCEEDED", "FAILED", "REJECTED", "CANCELLED"}
QUESTIONS = {
    "DSP by campaign": """SELECT campaign, SUM(impressions) AS impressions, SUM(total_cost) / 100000 AS cost,
        COUNT(DISTINCT user_id) AS people FROM dsp_impressions GROUP BY campaign""",
    "search terms": """SELECT customer_search_term, match_type, SUM(clicks) AS clicks,
        SUM(spend) / 100000000 AS spend, COUNT(DISTINCT user_id) AS people
        FROM sponsored_ads_traffic GROUP BY 1, 2""",
    "weekly sales": """SELECT DATE_TRUNC('WEEK', conversion_event_date) AS week,
        SUM(total_product_sales) AS sales, SUM(total_purchases) AS purchases
        FROM amazon_attributed_events_by_conversion_time GROUP BY 1""",
    "time to conversion": """SELECT ad_product_type,
        IF(SECONDS_BETWEEN(traffic_event_dt_utc, conversion_event_dt_utc) < 3600, 'an hour', 'later') AS wait,
        COUNT(DISTINCT user_id) AS people FROM amazon_attributed_events_by_traffic_time GROUP BY 1, 2""",
    "reach and frequency": """WITH seen AS (
          SELECT user_id, SUM(impressions) AS times FROM dsp_impressions GROUP BY user_id)
        SELECT IF(times > 10, 11, times) AS frequency, COUNT(DISTINCT user_id) AS people
        FROM seen GROUP BY 1""",
    "DSP and sponsored ads together": """WITH seen AS (
          SELECT user_id, 1 AS dsp, 0 AS sponsored FROM dsp_impressions GROUP BY user_id
          UNION ALL SELECT user_id, 0, 1 FROM sponsored_ads_traffic GROUP BY user_id),
        people AS (SELECT user_id, SUM(dsp) AS dsp, SUM(sponsored) AS sponsored FROM seen GROUP BY user_id)
        SELECT dsp, sponsored, COUNT(DISTINCT user_id) AS people FROM people GROUP BY 1, 2""",
    "hour of day": """SELECT impression_hour, device_type, SUM(impressions) AS impressions
        FROM dsp_impressions GROUP BY 1, 2""",
    "new to brand": """SELECT campaign, SUM(new_to_brand_purchases) AS first_ones, SUM(purchases) AS purchases
        FROM amazon_attributed_events_by_conversion_time GROUP BY 1""",
}


@dataclass
class Caller:
    """A signed-in caller of one sandbox."""

    url: str
    session: requests.Session
    instance: str = INSTANCES[0]

    @property
    def path(self) -> str:
        """The address of the instance's executions."""
        return f"{self.url}/amc/reporting/{self.instance}/workflowExecutions"

    def submit(self, sql: str, days: int, back: int = 0) -> str:
        """Submit a query over so many days that end so many days ago."""
        end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        body = {
            "workflow": {"sqlQuery": sql},
            "timeWindowType": "EXPLICIT",
            "timeWindowStart": f"{end - timedelta(days=days):%Y-%m-%dT00:00:00}",
            "timeWindowEnd": f"{end:%Y-%m-%dT00:00:00}",
        }
        answer = self.session.post(self.path, json=body, timeout=120)
        answer.raise_for_status()
        return str(answer.json()["workflowExecutionId"])

    def read(self, path: str = "", **query: str) -> Any:
        """Return what an address of executions answers."""
        answer = self.session.get(f"{self.path}{path}", params=query, timeout=120)
        answer.raise_for_status()
        return answer.json()

    def ended(self, execution: str) -> dict[str, Any]:
        """Wait for the end of a run, which has to be a good one."""
        while True:
            body: dict[str, Any] = self.read(f"/{execution}")
            if body["status"] == "SUCCEEDED":
                return body
            if body["status"] in FINAL:
                raise RuntimeError(f"{body['status']}: {body.get('statusReason')}")
            time.sleep(0.005)


def main() -> None:
    """Print the figures."""
    given = _arguments()
    sizes = ["--size", given.size] if given.size else []
    with tempfile.TemporaryDirectory(prefix="bench-sandbox-") as temporary:
        folder = given.data_dir or Path(temporary)
        known = set(folder.glob("*.duckdb")) if folder.exists() else set()
        _load("at the start")
        if not sizes:
            _starts("without kept data", [])
        _starts("that makes data and keeps them", [*sizes, "--data-dir", str(folder)])
        made = sorted(set(folder.glob("*.duckdb")) - known)
        print(f"{'data kept':<40} {sum(path.stat().st_size for path in made) / 1e6:8.0f} MB new")
        _starts("with kept data", [*sizes, "--data-dir", str(folder)])
        with serving([*sizes, "--data-dir", str(folder), "--query-seconds", "3600"]) as (caller, _):
            _questions(caller, given.days)
            _together(caller, given.together)
            _control(caller, given.executions)
        _load("at the end")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", help="as the sandbox's own option; default: its default")
    parser.add_argument("--data-dir", type=Path, help="where data are kept; default: a folder that goes")
    parser.add_argument("--days", type=int, default=365, help="how long a window the questions have")
    parser.add_argument("--together", type=int, default=40, help="how many different queries run at once")
    parser.add_argument("--executions", type=int, default=1000, help="how many are submitted and listed")
    return parser.parse_args()


def _load(when: str) -> None:
    one, five, _ = os.getloadavg()
    print(f"{f'load {when}':<40} {one:8.2f} in a minute, {five:.2f} in five, on {os.cpu_count()} cores")


@contextmanager
def serving(flags: list[str]) -> Iterator[tuple[Caller, float]]:
    """Run a sandbox as a process; give a caller, and the seconds until it answered."""
    begin = time.perf_counter()
    quick = ["--run-seconds", "0", "--validation-seconds", "0"]
    command = [executable, "-m", "reportbuilder.sandbox", *quick, *flags]
    with Popen(command, stdout=PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            caller = _signed_in(line.removeprefix("url:").strip())
            yield caller, time.perf_counter() - begin
        finally:
            process.terminate()


def _signed_in(url: str) -> Caller:
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }
    session = requests.Session()
    token = session.post(f"{url}/auth/o2/token", data=form, timeout=10).json()["access_token"]
    session.headers.update(
        {
            "Authorization": f"Bearer {token}",
            "Amazon-Advertising-API-ClientId": CLIENT_ID,
            "Amazon-Advertising-API-AdvertiserId": ACCOUNT_ID,
            "Amazon-Advertising-API-MarketplaceId": MARKETPLACE_ID,
        }
    )
    return Caller(url, session)


def _starts(how: str, flags: list[str]) -> None:
    begin = time.perf_counter()
    with serving([*flags, "--query-seconds", "3600"]) as (caller, seconds):
        caller.ended(caller.submit("SELECT SUM(impressions) AS n FROM dsp_impressions", 7, 14))
        first = time.perf_counter() - begin
    print(f"{f'start {how}':<40} {seconds:8.2f} s until it answers, {first:.2f} s until a first result")


def _questions(caller: Caller, days: int) -> None:
    for name, sql in QUESTIONS.items():
        begin = time.perf_counter()
        execution = caller.ended(caller.submit(sql, days))["workflowExecutionId"]
        seconds = time.perf_counter() - begin
        links = caller.read(f"/{execution}/downloadUrls")["downloadUrls"]
        rows = sum(requests.get(link, timeout=120).text.count("\n") - 1 for link in links)
        print(f"{name:<40} {seconds:8.3f} s over {days} days, {rows} rows")


def _together(caller: Caller, count: int) -> None:
    """Submit different queries at once, none of which has been asked before."""
    texts = list(QUESTIONS.values())
    begin = time.perf_counter()
    executions = [caller.submit(texts[place % len(texts)], 28, 50 + place) for place in range(count)]
    for execution in executions:
        caller.ended(execution)
    rate = count / (time.perf_counter() - begin)
    print(f"{'different queries together, 28 days':<40} {rate:8.1f} /s, {count} submitted at once")


def _control(caller: Caller, count: int) -> None:
    sql = re.sub(r"\s+", " ", QUESTIONS["DSP by campaign"])
    rate = _rate(lambda: caller.submit(sql, 28, 50), count)
    print(f"{'submissions, one caller':<40} {rate:8.0f} /s")
    since = "2020-01-01T00:00:00"
    one = caller.read(minCreationTime=since, limit="1")["executions"][0]["workflowExecutionId"]
    for name, call, times in (
        ("lists of 100", lambda: caller.read(minCreationTime=since), 200),
        ("lists of 10", lambda: caller.read(minCreationTime=since, limit="10"), 500),
        ("gets", lambda: caller.read(f"/{one}"), 500),
    ):
        rate = _rate(call, times)
        print(f"{f'{name}, one caller':<40} {rate:8.0f} /s, {1000 / rate:.1f} ms each")


def _rate(call: Callable[[], object], times: int) -> float:
    """Return how many calls a second one caller makes."""
    begin = time.perf_counter()
    for _ in range(times):
        call()
    return times / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
