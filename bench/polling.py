"""Two hundred pages that lie open on one web process, each polling as the console's ``live.js`` does.

Tables of reports, pages of reports and of runs, and lists of runs, over 10,000 reports and 200,000 executions
on PostgreSQL; twice a second something of what runs moves on. A page asks every two to four seconds while it
gets news, ever more seldom up to fifteen while it does not, and is opened anew once its
run has ended. Slow answers make it wait longer, too.
"""

import argparse
import html
import json
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread

from sqlalchemy import event, text

from app import create_app
from bench.console import HOME, PASSWORD, sign_in, token_of
from bench.console_rows import fill
from bench.ground import Ground, ground, verdict
from bench.meters import Meter
from reportbuilder.database import db, transaction
from reportbuilder.processes.memory import settle
from tests.deployment import free_port

PROMISE = 0.250  # seconds, 95 of 100 polls
SLOWEST, SLOWER, SHARE, SPREAD, STOP = 15.0, 1.5, 20, 0.25, 286  # as live.js has them
SETTLING = 30.0  # seconds in which all pages are opened, before anything counts
NEWS_EVERY = 0.5  # seconds
REGION = re.compile(r'id="([\w-]+)" data-live="([^"]+)" data-live-every="(\d+)"')
KINDS = {"table": 8, "report": 6, "run": 4, "runs": 2}  # shares of the pages
NEXT = """
UPDATE report_executions SET
    state = CASE state WHEN 'pending' THEN 'running' WHEN 'running' THEN 'collecting' ELSE 'completed' END,
    submitted_at = CASE state WHEN 'pending' THEN :now ELSE submitted_at END,
    completed_at = CASE state WHEN 'collecting' THEN :now END
WHERE id = (SELECT id FROM report_executions WHERE state IN ('pending', 'running', 'collecting')
            ORDER BY random() LIMIT 1)
RETURNING state
"""
ANOTHER = """
UPDATE report_executions SET state = 'pending', completed_at = NULL
WHERE id = (SELECT last_execution_id FROM report_definitions WHERE last_execution_id IS NOT NULL
            ORDER BY random() LIMIT 1)
"""
YOUNG = "UPDATE report_executions SET submitted_at = :now WHERE completed_at IS NULL"
MOVING = """
SELECT r.report_id, e.execution_id FROM report_executions AS e
JOIN report_definitions AS r ON r.last_execution_id = e.id
WHERE e.state IN ('pending', 'running', 'collecting')
"""


@dataclass(frozen=True)
class Answer:
    """What came of one poll: when, how many seconds it took, and the status (0: none)."""

    at: float
    took: float
    status: int


@dataclass
class World:
    """What all pages share: the web process, the cookie, what moves, and the end."""

    port: int
    cookie: str
    moving: list[tuple[str, str]] = field(default_factory=list)
    is_over: Event = field(default_factory=Event)

    def address(self, kind: str) -> str:
        """Return a page of a kind on which something moves."""
        report_id, execution_id = random.choice(self.moving)
        return {
            "table": HOME + random.choice(("?status=running", f"?page={random.randint(1, 200)}")),
            "report": f"{HOME}/reports/{report_id}",
            "run": f"{HOME}/reports/{report_id}/runs/{execution_id}",
            "runs": f"{HOME}/runs?status={random.choice(('pending', 'running'))}",
        }[kind]


@dataclass
class Page:
    """A page that lies open; ``polls``: what its region has asked for."""

    world: World
    kind: str
    polls: list[Answer] = field(default_factory=list)

    def stay(self, first: float) -> None:
        """Open after so many seconds, and stay until all is over."""
        self.world.is_over.wait(first)
        connection = HTTPConnection("127.0.0.1", self.world.port, timeout=30)
        while not self.world.is_over.is_set():
            _, _, body = ask(connection, self.world, self.world.address(self.kind), {})
            found = REGION.search(body)
            if found:
                self._poll(connection, found[1], html.unescape(found[2]), float(found[3]))
            self.world.is_over.wait(1)
        connection.close()

    def _poll(self, connection: HTTPConnection, region: str, address: str, fastest: float) -> None:
        wait, least, tag = fastest, 0.0, ""
        headers = {"HX-Request": "true", "HX-Target": region, "X-Polling": "1"}
        while not self.world.is_over.wait(max(wait, least) * random.uniform(1 - SPREAD, 1 + SPREAD)):
            began = time.monotonic()
            known = {"If-None-Match": tag} if tag else {}
            status, new, _ = ask(connection, self.world, address, headers | known)
            took = time.monotonic() - began
            self.polls.append(Answer(began, took, status))
            least = min(took * SHARE, 4 * SLOWEST)
            if status == STOP:
                return
            is_new = status == 200 and bool(tag)
            tag = new or tag
            wait = fastest if is_new else min(wait * SLOWER, max(SLOWEST, fastest))


def ask(
    connection: HTTPConnection, world: World, address: str, headers: dict[str, str]
) -> tuple[int, str, str]:
    """Return status, tag and text of an answer; status 0 if there is none.

    A connection that the server has closed meanwhile is opened again, as browsers do.
    """
    asked = {"Accept": "text/html", "Cookie": world.cookie} | headers
    for is_last in (False, True):
        was_open = connection.sock is not None
        try:
            connection.request("GET", address, headers=asked)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("ETag", ""), answer.read().decode()
        except (OSError, HTTPException):
            connection.close()
            if is_last or not was_open:
                break
    return 0, "", ""


def main() -> int:
    """Open the pages, let things move, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120, help="how long it is measured")
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--executions", type=int, default=200_000)
    asked = parser.parse_args()
    with ground("postgresql", port=free_port(), log_level="INFO") as here:
        fill(asked.reports, asked.executions, PASSWORD)
        web = here.deployment.start("web")
        browser = sign_in(here)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        world = World(here.settings.port, cookie)
        with transaction() as session:
            session.execute(text(YOUNG), {"now": _now()})
            world.moving = [(row[0], row[1]) for row in session.execute(text(MOVING))]
        statements(here, world)
        settle()  # or our own collections would be counted as slow answers
        kinds = [kind for kind, share in KINDS.items() for _ in range(share)]
        pages = [Page(world, kinds[number % len(kinds)]) for number in range(asked.pages)]
        return 0 if watch(here, world, pages, web.pid, asked.seconds) else 1


def watch(here: Ground, world: World, pages: Sequence[Page], pid: int, seconds: float) -> bool:
    """Let all pages lie open for so long, print what it took and judge it."""
    mover = Thread(target=move, args=(here, world))
    mover.start()
    with ThreadPoolExecutor(len(pages)) as threads:
        for number, page in enumerate(pages):
            threads.submit(page.stay, number * SETTLING / 2 / len(pages))
        time.sleep(SETTLING)
        began = time.monotonic()
        with Meter([pid]) as ours, Meter([_postmaster(here)]) as database:
            time.sleep(seconds)
        ended = time.monotonic()
        world.is_over.set()
    mover.join()
    kept = {kind: _within(pages, kind, began, ended) for kind in KINDS}
    for kind, polls in kept.items():
        tell(kind, polls, seconds)
    every = [poll for polls in kept.values() for poll in polls]
    tell("all", every, seconds)
    _tell_own(here)
    print(f"the web process: {ours.told(seconds)}")
    print(f"PostgreSQL:      {database.told(seconds)}")
    return judge(len(pages), every, ours.cpu / seconds)


def tell(kind: str, polls: Sequence[Answer], seconds: float) -> None:
    """Print how often pages of a kind have asked and what came of it."""
    middle, late, worst = (1000 * part for part in _parts(polls))
    statuses = Counter(poll.status for poll in polls)
    told = ", ".join(f"{count} of {status or 'nothing'}" for status, count in sorted(statuses.items()))
    print(
        f"{kind:7} {len(polls) / seconds:5.1f} polls/s  p50 {middle:5.0f} ms  p95 {late:5.0f} ms  "
        f"at most {worst:5.0f} ms  {told}"
    )


def _tell_own(here: Ground) -> None:
    """Print how long the web process itself says that answers took, without the way there and back."""
    (log,) = here.deployment.logs.glob("*-web.log")
    lines = (json.loads(line) for line in log.read_text().splitlines() if line.startswith("{"))
    took = sorted(line["ms"] for line in lines if line.get("event") == "request")
    print(f"by its own log:  p50 {took[len(took) // 2]:.0f} ms, p95 {took[len(took) * 95 // 100]:.0f} ms")


def judge(pages: int, polls: Sequence[Answer], cores: float) -> bool:
    """Print what was promised and what came of it."""
    late = _parts(polls)[1]
    failed = sum(poll.status not in (200, 304, STOP) for poll in polls)
    share = f"{100 * cores:.0f} % of a core"
    return all(
        [
            verdict(f"{pages} pages", kept=late < PROMISE, told=f"p95 {1000 * late:.0f} ms, promised 250"),
            verdict("all polls answered", kept=not failed, told=f"{failed} of {len(polls)} were not"),
            verdict("one web process holds them", kept=cores < 0.9, told=share),
        ]
    )


def _within(pages: Sequence[Page], kind: str, began: float, ended: float) -> list[Answer]:
    return [poll for page in pages if page.kind == kind for poll in page.polls if began <= poll.at <= ended]


def _parts(polls: Sequence[Answer]) -> tuple[float, float, float]:
    seconds = [poll.took for poll in polls]
    if len(seconds) < 2:
        return (float("nan"),) * 3
    return statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1], max(seconds)


def _postmaster(here: Ground) -> int:
    assert here.postgresql
    pid = here.postgresql.get_pid()
    assert pid
    return int(pid)


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S+00", time.gmtime())


def move(here: Ground, world: World) -> None:
    """Let runs go on, one after another; for each that ends another begins."""
    with here.app.app_context():
        while not world.is_over.wait(NEWS_EVERY):
            with transaction() as session:
                if session.scalar(text(NEXT), {"now": _now()}) == "completed":
                    session.execute(text(ANOTHER))
                world.moving = [(row[0], row[1]) for row in session.execute(text(MOVING))]


def statements(here: Ground, world: World) -> None:
    """Print how many SQL statements a poll of each kind takes, counted in an app of our own."""
    app, seen = create_app(here.settings), []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *_: seen.append(1))
    client = app.test_client()
    form = {"email": "ben@example.test", "password": PASSWORD}
    client.post("/sign-in", data=form | {"csrf_token": token_of(client.get("/sign-in").text)})
    told = []
    for kind in KINDS:
        found = None
        while not found:  # a page of the table on which nothing moves does not poll
            found = REGION.search(client.get(world.address(kind), headers={"Accept": "text/html"}).text)
        seen.clear()
        client.get(html.unescape(found[2]), headers={"HX-Request": "true", "HX-Target": found[1]})
        told.append(f"{kind} {len(seen)}")
    print(f"statements a poll: {', '.join(told)}")
    with app.app_context():
        db.engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
