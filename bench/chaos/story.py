"""The whole story: a ground, processes, load and a storm; then calm, and the books."""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Thread
from typing import Any

import requests
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bench.chaos import backfills, books, recovery, reports, schedules
from bench.chaos.backfills import Backfill
from bench.chaos.books import Faults, Line
from bench.chaos.crew import Crew
from bench.chaos.people import People
from bench.chaos.recovery import Wait
from bench.chaos.schedules import Span
from bench.chaos.storm import Storm
from bench.ground import Ground, add_instances, ground
from reportbuilder import clock
from reportbuilder.accounts import grants, tokens
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.backfills import states
from reportbuilder.backfills.models import ReportDataCollection
from reportbuilder.database import db, reading, transaction
from reportbuilder.executions.models import ExecutionEvent, ReportExecution
from reportbuilder.executions.states import ACTIVE
from reportbuilder.results.store import store_of
from reportbuilder.schedules import ending
from reportbuilder.schedules.models import ScheduleFiring
from reportbuilder.settings import Settings
from tests.deployment import free_port, most_at_once, wait_until

INSTANCES = ["amcnorthwind01", "amcnorthwind02", "amcload001"]
CLIENTS = 3
PER_RUN = 5  # segments of the backfill that is packed
MOST_LOG = 1_000_000  # characters of each process
LEASE = 6.0  # seconds of the machine: a loaded one needs them to be alive
TEMPLATE = "tpl_0123456789ab"


@dataclass(frozen=True)
class Plan:
    """How long and how hard. ``minutes`` of the hurried clock, ``pause``: real seconds between blows."""

    seed: int
    minutes: float = 30.0
    speed: float = 6.0
    pause: float = 2.5
    client_pause: float = 3.0  # real seconds between two requests of one client
    schedules: int = 8
    backfills: int = 2
    segments: int = 45  # of each backfill
    still: float = 90.0  # real seconds without a step after the storm, after which what is left is stuck
    settle: float = 900.0  # real seconds from the end of the storm, after which it is so in any case


@dataclass
class Outcome:
    """What came of it. ``waits`` and ``standstills``: seconds of the hurried clock, see ``recovery``."""

    plan: Plan
    lines: list[Line] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    intents: Counter[str] = field(default_factory=Counter)
    submitted: int = 0
    at_once: int = 0
    faults: Faults = field(default_factory=Faults)
    waits: dict[str, Wait] = field(default_factory=dict)
    standstills: dict[str, tuple[int, float]] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    settled_after: float = 0.0
    logs: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether nothing was lost, doubled or stuck, no limit exceeded, and nothing odd answered."""
        return not self.faults and self.at_once <= Settings.instance_slots and not self.odd


@dataclass(frozen=True)
class Played:
    """Who asked for what, and what fell on it."""

    people: People
    storm: Storm
    begun: list[Backfill]
    spans: list[Span]


def run(plan: Plan) -> Outcome:
    """Let it all happen once."""
    chance = random.Random(plan.seed)
    with _ground(plan) as here, Crew(here.deployment, chance) as crew:
        people = _people(here, plan, chance)
        wait_until(lambda: _is_ready(people.url), 120, here.deployment.told)
        played, asking = _play(plan, here, crew, people)
        calm = time.monotonic()
        _settle(plan, asking)
        outcome = Outcome(plan, met=crew.met, statuses=people.statuses, odd=people.odd)
        outcome.settled_after = time.monotonic() - calm
        _balance(here, played, outcome)
        return outcome


def _play(plan: Plan, here: Ground, crew: Crew, people: People) -> tuple[Played, list[Thread]]:
    """Let people, schedules and backfills ask while the storm rages; return who may still be waiting."""
    storm = Storm(here, crew, people.chance, frozen_for=1.3 * LEASE)
    with transaction() as session:
        filled = [Backfill(one.report_id) for one in reports.make(session, "Filled", plan.backfills)]
        scheduled = reports.make(session, "Scheduled", plan.schedules)
        filled += [Backfill(one.report_id, PER_RUN) for one in reports.make_by_day(session, "Packed", 1)]
        schedules.make(session, scheduled)
    end = time.monotonic() + plan.minutes * 60 / plan.speed
    asking = [*backfills.start(people, filled, plan.segments), *people.start(CLIENTS)]
    storm.rage(lambda: time.monotonic() >= end, plan.pause)
    people.stop.set()
    return Played(people, storm, filled, schedules.end()), asking


@contextmanager
def _ground(plan: Plan) -> Iterator[Ground]:
    """Start what the processes stand on; the patience of production, on a clock that is in a hurry."""
    flags = {
        "speed": plan.speed,
        "users": 2000,
        "days": 60,
        "instances": 1,
        "list-lag": 10,
        "run-seconds": 3,
        "run-seconds-median": 15,
        "run-seconds-max": 120,
        "token-life": 900,
        "token-dies-after": 500,
        "rows-per-file": 2,
        "seed": plan.seed % 1_000_000,
    }
    box_flags = tuple(text for name, value in flags.items() for text in (f"--{name}", str(value)))
    with ground(box_flags=box_flags, **_settings(plan)) as here:
        since = _began(here, plan.speed)
        with clock.hurried(plan.speed, since):
            here.deployment.hurry = plan.speed, since
            yield here


def _settings(plan: Plan) -> dict[str, Any]:
    """Return what differs from production: what the machine's own time rules, and leases for a loaded one."""
    return {
        "port": free_port(),
        "amc_connect_timeout": 1.0,
        "amc_read_timeout": 2.5,
        "amc_calls_per_second": round(Settings.amc_calls_per_second * plan.speed),
        "submit_lease": LEASE * plan.speed,
        "collect_lease": LEASE * plan.speed,
        "look_lease": LEASE * plan.speed,
        "cancel_again": LEASE * plan.speed,
        "values_refresh_hours": 0.0,
        "executions_per_minute": 1_000_000,
    }


def _began(here: Ground, speed: float) -> float:
    """Return since when the local AMC's clock has been in a hurry, so that ours shows the same."""
    machine = clock.machine_now().timestamp()
    told = datetime.fromisoformat(here.state()["now"]).timestamp()
    return (speed * machine - told) / (speed - 1)


def _people(here: Ground, plan: Plan, chance: random.Random) -> People:
    add_instances(INSTANCES)
    with transaction() as session:
        user = session.scalars(select(User)).one()
        for instance in session.scalars(select(AmcInstance)):
            grants.grant(session, user.id, instance.id, "run")
        bearer = tokens.issue(session, user, "chaos", "run").text
    url = f"http://127.0.0.1:{here.settings.port}"
    return People(url, bearer, TEMPLATE, INSTANCES, chance, plan.client_pause)


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


def _settle(plan: Plan, asking: Sequence[Thread]) -> None:
    """Wait until all has ended, or nothing has moved for long: what is left then is stuck."""
    begun = moved = time.monotonic()
    seen = 0
    while time.monotonic() < min(moved + plan.still, begun + plan.settle):
        time.sleep(0.2)
        try:
            left, steps = _left()
        except OperationalError:
            continue
        if not left and not any(thread.is_alive() for thread in asking):
            return
        if steps != seen:
            seen, moved = steps, time.monotonic()


def _left() -> tuple[bool, int]:
    """Say whether anything has not ended, and how many steps there have been."""
    open_ones = (
        select(ReportExecution.id).where(ReportExecution.state.in_(ACTIVE)),
        select(ScheduleFiring.id).where(ScheduleFiring.state.in_(ending.OPEN)),
        select(ReportDataCollection.id).where(ReportDataCollection.status.in_(states.OPEN)),
    )
    with reading() as session:
        steps = session.scalar(select(func.max(ExecutionEvent.id))) or 0
        return any(session.execute(found.limit(1)).first() for found in open_ones), steps


def _balance(here: Ground, played: Played, outcome: Outcome) -> None:
    """Read all books and hold them against each other."""
    runs = here.state()["executions"]
    with reading() as session:
        rows, fired = books.Rows.read(session), schedules.Rows.read(session)
        filled, steps = backfills.Rows.read(session), recovery.steps_of(session)
    faults = outcome.faults
    books.hold_executions(rows, runs, store_of(here.settings), faults)
    outcome.lines = [
        books.hold_wishes(rows, played.people.wishes, faults),
        schedules.hold(fired, played.spans, faults),
        backfills.hold(filled, played.begun, faults),
    ]
    outcome.states = Counter(row.state for row in rows.executions)
    outcome.intents = rows.intents
    outcome.submitted = len({run["workflowId"] for run in runs})
    outcome.at_once = most_at_once(runs)
    outcome.waits = recovery.waits(rows.executions, steps, runs, played.people.wishes)
    outcome.waits |= schedules.longest_waits(fired)
    outcome.standstills = recovery.standstills(played.storm.blows, steps)
    outcome.logs = _told(here, played.storm, outcome)
    db.engine.dispose()


def _told(here: Ground, storm: Storm, outcome: Outcome) -> str:
    """Return what helps to find out why: blows, the lives of those that are named, and all logs."""
    named = [*outcome.faults.lost, *outcome.faults.doubled, *outcome.faults.stuck]
    named += [wait.what for wait in outcome.waits.values()]
    names = [name for text in named for name in re.findall("exec_[0-9a-f]+", text)]
    with reading() as session:
        lives = recovery.lives(session, names)
    blows = "\n".join(f"{blow.at:%H:%M:%S.%f} {blow.kind}: {blow.what}" for blow in storm.blows)
    return f"{blows}\n\n{lives}\n\n{here.deployment.told(MOST_LOG)}"


def shorter(plan: Plan) -> Plan:
    """Return the plan of the short form."""
    return replace(
        plan,
        minutes=4.0,
        speed=10.0,
        pause=1.0,
        client_pause=1.5,
        schedules=4,
        backfills=1,
        segments=8,
        still=60.0,
        settle=180.0,
    )
