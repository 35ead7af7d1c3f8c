"""How fast the sandbox starts, answers and computes."""

import argparse
import time
from collections.abc import Callable
from typing import Any

import requests

from reportbuilder.sandbox import (
    ACCOUNT_ID,
    CLIENT_ID,
    CLIENT_SECRET,
    MARKETPLACE_ID,
    REFRESH_TOKEN,
    Faults,
    Options,
    Sandbox,
)

QUERIES = {
    "DSP by campaign": """SELECT campaign, SUM(impressions) AS impressions,
        SUM(total_cost) / 100000 AS cost, COUNT(DISTINCT user_id) AS people
        FROM dsp_impressions GROUP BY campaign""",
    "search terms": """SELECT customer_search_term, match_type, SUM(clicks) AS clicks,
        SUM(spend) / 100000000 AS spend, COUNT(DISTINCT user_id) AS people
        FROM sponsored_ads_traffic GROUP BY 1, 2""",
    "weekly sales": """SELECT DATE_TRUNC('WEEK', conversion_event_date) AS week,
        SUM(total_product_sales) AS sales, SUM(total_purchases) AS purchases
        FROM amazon_attributed_events_by_conversion_time GROUP BY 1""",
    "time to conversion": """SELECT ad_product_type,
        IF(SECONDS_BETWEEN(traffic_event_dt_utc, conversion_event_dt_utc) < 3600, 'an hour', 'later') AS wait,
        COUNT(DISTINCT user_id) AS people FROM amazon_attributed_events_by_traffic_time GROUP BY 1, 2""",
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=Options.users)
    parser.add_argument("--executions", type=int, default=1000)
    given = parser.parse_args()
    begin = time.perf_counter()
    options = Options(users=given.users, faults=Faults(run_seconds=0, validation_seconds=0))
    with Sandbox(options).serving() as box:
        print(f"listening after              {time.perf_counter() - begin:8.2f} s")
        session = signed_in(box)
        path = f"{box.url}/amc/reporting/amcnorthwind01/workflowExecutions"
        ask(box, session, path, "SELECT COUNT(*) AS n FROM conversions")
        print(f"first result (data made)     {time.perf_counter() - begin:8.2f} s, {given.users} people")
        for name, sql in QUERIES.items():
            print(f"{name:<28} {seconds(box, session, path, sql):8.3f} s over 13 months")
        print(f"submissions                  {rate(lambda: submit(session, path), given.executions):8.0f} /s")
        box.settle(600)
        since = {"minCreationTime": "2020-01-01T00:00:00"}
        print(f"lists of 100                 {rate(lambda: read(session, path, since), 200):8.0f} /s")
        few = since | {"limit": "10"}
        print(f"lists of 10                  {rate(lambda: read(session, path, few), 500):8.0f} /s")
        one = read(session, path, since)["executions"][0]["workflowExecutionId"]
        print(f"gets                         {rate(lambda: read(session, f'{path}/{one}', {}), 500):8.0f} /s")


def signed_in(box: Sandbox) -> requests.Session:
    """Return a session with every header."""
    form = {
        "grant_type": "refresh_token",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": REFRESH_TOKEN,
    }
    session = requests.Session()
    token = session.post(box.token_url, data=form, timeout=10).json()["access_token"]
    session.headers.update(
        {
            "Authorization": f"Bearer {token}",
            "Amazon-Advertising-API-ClientId": CLIENT_ID,
            "Amazon-Advertising-API-AdvertiserId": ACCOUNT_ID,
            "Amazon-Advertising-API-MarketplaceId": MARKETPLACE_ID,
        }
    )
    return session


def submit(session: requests.Session, path: str, sql: str = QUERIES["DSP by campaign"]) -> str:
    """Submit a query over all data and return its id."""
    body = {"workflow": {"sqlQuery": sql}, "timeWindowType": "ALL"}
    answer = session.post(path, json=body, timeout=60)
    answer.raise_for_status()
    return str(answer.json()["workflowExecutionId"])


def ask(box: Sandbox, session: requests.Session, path: str, sql: str) -> None:
    """Run a query to its end."""
    execution = submit(session, path, sql)
    box.settle(600)
    body = read(session, f"{path}/{execution}", {})
    if body["status"] != "SUCCEEDED":
        raise RuntimeError(f"{body['status']}: {body.get('statusReason')}")


def read(session: requests.Session, path: str, query: dict[str, str]) -> Any:
    """Return what an address answers."""
    answer = session.get(path, params=query, timeout=60)
    answer.raise_for_status()
    return answer.json()


def seconds(box: Sandbox, session: requests.Session, path: str, sql: str) -> float:
    """Return how long a query takes from submission to its file."""
    begin = time.perf_counter()
    ask(box, session, path, sql)
    return time.perf_counter() - begin


def rate(call: Callable[[], object], times: int) -> float:
    """Return how many calls a second one client makes."""
    begin = time.perf_counter()
    for _ in range(times):
        call()
    return times / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
