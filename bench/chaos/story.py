"""The whole story: a ground, processes, load and a storm; then calm, and the books."""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import requests
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from bench.chaos import books, recovery
from bench.chaos.books import Faults, Line
from bench.chaos.crew import Crew
from bench.chaos.people import People
from bench.chaos.recovery import Wait
from bench.chaos.storm import Storm
from bench.ground import Ground, add_instances, ground
from reportbuilder import clock
from reportbuilder.accounts import grants, tokens
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.database import db, reading, transaction
from reportbuilder.executions.models import ReportExecution
from reportbuilder.executions.states import ACTIVE
from reportbuilder.results.store import store_of
from reportbuilder.settings import Settings
from tests.deployment import free_port, most_at_once, wait_until

INSTANCES = ["amcnorthwind01", "amcnorthwind02", "amcload001"]
CLIENTS = 3
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
    settle: float = 120.0  # real seconds from the end of the storm, after which what has not ended is stuck


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


def run(plan: Plan) -> Outcome:
    """Let it all happen once."""
    chance = random.Random(plan.seed)
    with _ground(plan) as here, Crew(here.deployment, chance) as crew:
        people = _people(here, plan, chance)
        wait_until(lambda: _is_ready(people.url), 90, here.deployment.told)
        storm = Storm(here, crew, chance, frozen_for=1.3 * clock.on_machine(here.settings.submit_lease))
        end = time.monotonic() + plan.minutes * 60 / plan.speed
        clients = people.start(CLIENTS)
        storm.rage(lambda: time.monotonic() >= end, plan.pause)
        people.stop.set()
        calm = time.monotonic()
        while time.monotonic() < calm + plan.settle and not (
            not any(client.is_alive() for client in clients) and _is_settled()
        ):
            time.sleep(0.2)
        outcome = _balance(plan, here, people, storm)
        outcome.settled_after = time.monotonic() - calm
        return outcome


@contextmanager
def _ground(plan: Plan) -> Iterator[Ground]:
    """Start what the processes stand on; the patience of production, on a clock that is in a hurry."""
    flags = {
        "speed": plan.speed,
        "users": 2000,
        "days": 60,
        "instances": 1,
        "list-lag": 10,
        "run-seconds": 5,
        "run-seconds-median": 30,
        "run-seconds-max": 240,
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


def _is_settled() -> bool:
    try:
        with reading() as session:
            left = select(func.count()).where(ReportExecution.state.in_(ACTIVE))
            return not session.scalar(left)
    except OperationalError:
        return False


def _balance(plan: Plan, here: Ground, people: People, storm: Storm) -> Outcome:
    runs = here.state()["executions"]
    outcome = Outcome(plan, met=storm.crew.met, statuses=people.statuses, odd=people.odd)
    with reading() as session:
        rows = books.Rows.read(session)
        steps = recovery.steps_of(session)
    books.hold_executions(rows, runs, store_of(here.settings), outcome.faults)
    outcome.lines = [books.hold_wishes(rows, people.wishes, outcome.faults)]
    outcome.states = Counter(row.state for row in rows.executions)
    outcome.intents = rows.intents
    outcome.submitted = len({run["workflowId"] for run in runs})
    outcome.at_once = most_at_once(runs)
    outcome.waits = recovery.waits(rows.executions, steps, runs, people.wishes)
    outcome.standstills = recovery.standstills(storm.blows, steps)
    outcome.logs = _told(here, storm, outcome)
    db.engine.dispose()
    return outcome


def _told(here: Ground, storm: Storm, outcome: Outcome) -> str:
    """Return what helps to find out why: blows, the lives of those that are named, and all logs."""
    named = [*outcome.faults.lost, *outcome.faults.doubled, *outcome.faults.stuck]
    named += [wait.what for wait in outcome.waits.values()]
    names = [name for text in named for name in re.findall("exec_[0-9a-f]+", text)]
    with reading() as session:
        lives = recovery.lives(session, names)
    blows = "\n".join(f"{blow.at:%H:%M:%S.%f} {blow.kind}: {blow.what}" for blow in storm.blows)
    return f"{blows}\n\n{lives}\n\n{here.deployment.told()}"


def shorter(plan: Plan) -> Plan:
    """Return the plan of the short form."""
    return replace(plan, minutes=4.0, speed=10.0, pause=1.2, client_pause=1.5)
