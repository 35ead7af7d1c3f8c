"""The table of reports over 10,000 reports and 1,000,000 executions on PostgreSQL, through the web server.

Each request is one page as a browser gets it: sign-in by cookie, all statements, the whole HTML. What is
measured is the time from the request's first byte to the answer's last, one request at a time; then, where
there is a Chromium, the time to the largest contentful paint of the first page.
"""

import argparse
import re
import statistics
import sys
import time
from dataclasses import dataclass

import requests
from sqlalchemy import event, select

from app import create_app
from bench.console_paint import chromium, paints
from bench.console_rows import fill
from bench.ground import Ground, ground, verdict
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import db, reading
from reportbuilder.reports.models import ReportDefinition
from tests.deployment import free_port, wait_until

PROMISE = 0.150  # seconds, the 95th percentile of each address
PAINTED = 1.5  # seconds, the 95th percentile of each size of window
REPORTS, EXECUTIONS = 10_000, 1_000_000
PASSWORD = "correct horse battery"
HOME = "/report-builder"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Asked:
    """How often an address was asked for and how long that took; ``size`` in bytes."""

    address: str
    seconds: list[float]
    size: int
    statements: int

    @property
    def p95(self) -> float:
        """Seconds under which 95 of 100 answers came."""
        return statistics.quantiles(self.seconds, n=20)[-1]

    def tell(self) -> None:
        """Print it."""
        middle, late = 1000 * statistics.median(self.seconds), 1000 * self.p95
        print(f"{middle:7.1f} {late:7.1f} {self.statements:5} {self.size / 1024:8.0f}  {self.address}")


def main() -> int:
    """Fill the tables, ask for many pages, and print what each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=REPORTS)
    parser.add_argument("--executions", type=int, default=EXECUTIONS)
    parser.add_argument("--rounds", type=int, default=20, help="how often each address is asked for")
    asked = parser.parse_args()
    with ground("postgresql", port=free_port()) as here:
        began = time.monotonic()
        fill(asked.reports, asked.executions, PASSWORD)
        print(f"filled in {time.monotonic() - began:.0f} s")
        here.deployment.start("web")
        browser = sign_in(here)
        counts = statements(here, addresses(asked.reports))
        print("    p50     p95  stmts       kB  address (ms)")
        found = [measure(browser, *each, rounds=asked.rounds) for each in counts.items()]
        painted = judge_paints(browser, asked.rounds)
    return 0 if judge(found) and painted else 1


def judge(found: list[Asked]) -> bool:
    """Print what was promised and what came of it."""
    every = [seconds for each in found for seconds in each.seconds]
    p95, worst = 1000 * statistics.quantiles(every, n=20)[-1], max(found, key=lambda each: each.p95)
    slowest = f"{1000 * worst.p95:.0f} ms {worst.address}"
    counts = {each.statements for each in found}
    return all(
        [
            verdict("95 of 100 pages", kept=p95 < 1000 * PROMISE, told=f"{p95:.0f} ms, promised 150"),
            verdict("of the slowest", kept=worst.p95 < PROMISE, told=slowest),
            verdict("one number of statements", kept=len(counts) == 1, told=f"{sorted(counts)}"),
        ]
    )


def judge_paints(browser: requests.Session, rounds: int) -> bool:
    """Print when the largest thing of the first page was painted, and say whether that is soon enough."""
    path = chromium()
    if path is None:
        print("CHROMIUM IS MISSING: the largest contentful paint was not measured")
        return True
    kept = True
    for size, seconds in paints(path, browser, str(browser.headers["Origin"]) + HOME, rounds).items():
        middle, late = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
        told = f"p50 {1000 * middle:.0f} ms, p95 {1000 * late:.0f} ms, promised {1000 * PAINTED:.0f}"
        kept &= verdict(f"largest contentful paint ({size})", kept=late < PAINTED, told=told)
    return kept


def addresses(reports: int) -> list[str]:
    """Return the pages to ask for: each order, each filter, first, middle and last pages."""
    with reading() as session:
        instance = session.scalars(select(AmcInstance.instance_id)).first()
        owner = session.scalars(select(ReportDefinition.owner_id)).first()
    keys = ("name", "template", "instance", "owner", "status", "frequency", "last_run", "next_run")
    orders = [f"sort={sign}{key}" for key in keys for sign in ("", "-")]
    states = ("completed", "failed", "cancelled", "running", "pending", "never")
    filters = [
        *(f"status={status}" for status in states),
        *(f"frequency={word}" for word in ("once", "weekly")),
        *(f"instance={instance}", f"owner={owner}", "favorites=1"),
        *("q=reach", "q=weekly+reach+17", "q=nothing+has+this+name"),
    ]
    both = [f"{found}&sort={sort}" for found in filters for sort in ("-last_run", "status", "next_run")]
    last = reports // 50 - 1
    parts = [f"sort={sort}&page={page}" for sort in ("-last_run", "name") for page in (last // 2, last)]
    sizes = [f"size={size}&sort=status" for size in (25, 100)]
    return [f"{HOME}?{query}" for query in (*orders, *filters, *both, *parts, *sizes)]


def measure(browser: requests.Session, address: str, count: int, *, rounds: int) -> Asked:
    """Ask for a page so often, after once that does not count."""
    url, seconds, size = str(browser.headers["Origin"]) + address, [], 0
    browser.get(url, timeout=60).raise_for_status()
    for _ in range(rounds):
        began = time.perf_counter()
        answer = browser.get(url, timeout=60)
        seconds.append(time.perf_counter() - began)
        size = len(answer.content)
    found = Asked(address.removeprefix(HOME), seconds, size, count)
    found.tell()
    return found


def sign_in(here: Ground) -> requests.Session:
    """Return a browser in which Ben is signed in, once the web server answers."""
    browser, url = requests.Session(), f"http://127.0.0.1:{here.settings.port}"
    browser.headers.update({"Accept": "text/html", "Origin": url})
    wait_until(lambda: is_up(url), 60, here.deployment.told)
    page = browser.get(f"{url}/sign-in", timeout=60).text
    form = {"email": "ben@example.test", "password": PASSWORD, "csrf_token": token_of(page)}
    browser.post(f"{url}/sign-in", data=form, timeout=60).raise_for_status()
    return browser


def is_up(url: str) -> bool:
    """Say whether the web server answers."""
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False


def token_of(page: str) -> str:
    """Return the token that the forms of a page carry."""
    found = TOKEN.search(page)
    assert found, page[:500]
    return found[1]


def statements(here: Ground, asked: list[str]) -> dict[str, int]:
    """Return how many SQL statements each address takes, counted in an app of our own on that database."""
    app, seen = create_app(here.settings), []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *_: seen.append(1))
    client = app.test_client()
    form = {"email": "ben@example.test", "password": PASSWORD}
    client.post("/sign-in", data=form | {"csrf_token": token_of(client.get("/sign-in").text)})
    found = {}
    for address in asked:
        seen.clear()
        assert client.get(address, headers={"Accept": "text/html"}).status_code == 200, address
        found[address] = len(seen)
    with app.app_context():
        db.engine.dispose()
    return found


if __name__ == "__main__":
    sys.exit(main())
