"""From the API call to AMC's accept on an idle system."""

import argparse
import sys
import time
from datetime import datetime

import requests
from sqlalchemy import select

from bench.ground import Ground, add_instances, ground, verdict
from reportbuilder.accounts import grants, tokens
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import reading, transaction
from reportbuilder.executions.models import ReportExecution
from tests.deployment import free_port, wait_until

WEB = """
import sys
from gunicorn.app.wsgiapp import run
sys.argv = ["gunicorn", "-k", "gthread", "--threads", "8", "-b", "127.0.0.1:{port}", "app:create_app()"]
run()
"""
PROMISE = 0.5  # seconds, 95 of 100


def main() -> int:
    """Call the API one run at a time and print how long it took until AMC had it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between calls, to be idle again")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    asked = parser.parse_args()
    flags = ("--users", "2000", "--days", "60", "--run-seconds", "1")
    with ground(asked.database, box_flags=flags, executions_per_minute=100_000) as here:
        add_instances(["amcnorthwind01"])
        url, headers = _start(here)
        answered = _call(url, headers, asked.calls, asked.pause)
        time.sleep(3)
        return 0 if _report(here, answered) else 1


def _start(here: Ground) -> tuple[str, dict[str, str]]:
    port = free_port()
    here.deployment.run(WEB.format(port=port), "web")
    here.deployment.start("scheduler")
    for _ in range(2):
        here.deployment.start("worker")
    with transaction() as session:
        user = session.scalars(select(User)).one()
        instance = session.scalars(select(AmcInstance)).one()
        grants.grant(session, user.id, instance.id, "run")
        bearer = tokens.issue(session, user, "bench", "run").text
    url = f"http://127.0.0.1:{port}"
    wait_until(lambda: _ready(url), 60, here.deployment.told)
    return url, {"Authorization": f"Bearer {bearer}"}


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


def _call(url: str, headers: dict[str, str], calls: int, pause: float) -> dict[str, tuple[float, float]]:
    """Return by execution when the call began (epoch seconds) and how long the API took to answer."""
    execute = f"{url}/api/report-builder/templates/tpl_0123456789ab/execute"
    body = {"instance_id": "amcnorthwind01", "parameters": {}, "time_window": {"preset": "last_30_days"}}
    answered = {}
    with requests.Session() as session:
        for _ in range(calls):
            began = time.time()
            answer = session.post(execute, json=body, headers=headers, timeout=30)
            answer.raise_for_status()
            answered[answer.json()["execution_id"]] = (began, time.time() - began)
            time.sleep(pause)
    return answered


def _report(here: Ground, answered: dict[str, tuple[float, float]]) -> bool:
    created = {run["workflowId"]: run["createTime"] for run in here.state()["executions"]}
    with reading() as session:
        tags = {
            row[0]: row[1]
            for row in session.execute(select(ReportExecution.execution_id, ReportExecution.tag))
        }
    delays = sorted(
        datetime.fromisoformat(created[tags[name]]).timestamp() - began
        for name, (began, _) in answered.items()
    )
    answers = sorted(took for _, took in answered.values())
    told = (
        f"median {_at(delays, 0.5):.0f} ms, p95 {_at(delays, 0.95):.0f} ms, at most {_at(delays, 1):.0f} ms"
    )
    print(f"the API answers: median {_at(answers, 0.5):.0f} ms, p95 {_at(answers, 0.95):.0f} ms")
    return verdict("from API call to AMC's accept", kept=_at(delays, 0.95) < PROMISE * 1000, told=told)


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] * 1000


if __name__ == "__main__":
    sys.exit(main())
