"""A plain HTTP caller of the sandbox: it knows the wire and nothing of our client."""

import time
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
from reportbuilder.sandbox.serving import Sandbox

FINAL = {"SUCCEEDED", "FAILED", "REJECTED", "CANCELLED"}
CAMPAIGNS = "SELECT campaign, SUM(impressions) AS impressions FROM dsp_impressions GROUP BY campaign"
JANUARY = {
    "timeWindowType": "EXPLICIT",
    "timeWindowStart": "2026-01-01T00:00:00",
    "timeWindowEnd": "2026-02-01T00:00:00",
    "timeWindowTimeZone": "America/New_York",
}


class Caller:
    """Calls one sandbox as a signed-in client of the Northwind account."""

    def __init__(self, box: Sandbox, instance: str = INSTANCES[0]) -> None:
        self.box = box
        self.http = requests.Session()
        self.path = f"{box.url}/amc/reporting/{instance}"
        self.sign_in()

    def sign_in(self) -> None:
        token = self.token().json()["access_token"]
        self.http.headers.update(
            {
                "Authorization": f"Bearer {token}",
                "Amazon-Advertising-API-ClientId": CLIENT_ID,
                "Amazon-Advertising-API-AdvertiserId": ACCOUNT_ID,
                "Amazon-Advertising-API-MarketplaceId": MARKETPLACE_ID,
            }
        )

    def token(self, **changes: str) -> requests.Response:
        form = {
            "grant_type": "refresh_token",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }
        return requests.post(self.box.token_url, data=form | changes, timeout=10)

    def get(self, path: str, **query: object) -> requests.Response:
        return self.http.get(f"{self.path}{path}", params={k: str(v) for k, v in query.items()}, timeout=10)

    def post(self, body: Any) -> requests.Response:
        return self.http.post(f"{self.path}/workflowExecutions", json=body, timeout=10)

    def cancel(self, execution_id: str) -> requests.Response:
        url = f"{self.path}/workflowExecutions/{execution_id}"
        return self.http.put(url, json={"status": "CANCELLED"}, timeout=10)

    def submit(self, sql: str = CAMPAIGNS, **fields: Any) -> str:
        workflow = {"sqlQuery": sql} | fields.pop("workflow", {})
        answer = self.post({"workflow": workflow, **JANUARY, **fields})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["workflowExecutionId"])

    def execution(self, execution_id: str, **query: object) -> dict[str, Any]:
        answer = self.get(f"/workflowExecutions/{execution_id}", **query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def status(self, execution_id: str) -> str:
        return str(self.execution(execution_id)["status"])

    def listed(self, **query: object) -> dict[str, Any]:
        answer = self.get("/workflowExecutions", **({"minCreationTime": "2020-01-01T00:00:00"} | query))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def finished(self, execution_id: str) -> dict[str, Any]:
        for _ in range(1000):
            body = self.execution(execution_id)
            if body["status"] in FINAL:
                return body
            time.sleep(0.01)
        raise AssertionError(f"{execution_id} does not end")

    def run(self, sql: str, **fields: Any) -> dict[str, Any]:
        return self.finished(self.submit(sql, **fields))

    def reason(self, sql: str, **fields: Any) -> str:
        body = self.run(sql, **fields)
        assert body["status"] == "REJECTED", body
        return str(body["statusReason"])

    def links(self, execution_id: str) -> list[str]:
        answer = self.get(f"/workflowExecutions/{execution_id}/downloadUrls")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["downloadUrls"])

    def texts(self, execution_id: str) -> list[str]:
        answers = [requests.get(link, timeout=10) for link in self.links(execution_id)]
        assert all(answer.status_code == 200 for answer in answers)
        return [answer.content.decode() for answer in answers]

    def csv(self, sql: str, **fields: Any) -> str:
        body = self.run(sql, **fields)
        assert body["status"] == "SUCCEEDED", body
        return "".join(self.texts(body["workflowExecutionId"]))

    def cells(self, select: str, **fields: Any) -> list[str]:
        """Run expressions over no table and return the one row's cells, which must hold no comma."""
        _, row, _ = self.csv(f"SELECT {select}", **fields).split("\n")
        return row.split(",")
