"""The storm: one blow after the other, at random, to our processes, to what they stand on, and to AMC."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from bench.chaos import servers
from bench.chaos.crew import Crew
from bench.ground import Ground
from reportbuilder import clock

AWAY = (0.2, 2.0)  # seconds for which a server is gone
# what AMC does all the time, beside the blows
WEATHER: dict[str, Any] = {
    "throttle_rate": 0.03,
    "retry_after": 5,
    "lost_rate": 0.04,
    "error_rate": 0.03,
    "stale_rate": 0.05,
    "repeat_rate": 0.05,
    "failure_rate": 0.02,
}
FAIR: dict[str, Any] = dict.fromkeys(WEATHER, 0.0) | {"retry_after": 1}
SPELL = 2.5  # seconds for which AMC is as a blow has made it
AMC_BLOWS: dict[str, Mapping[str, Any]] = {
    "AMC throttles": {"throttle_rate": 0.9, "retry_after": 20},
    "AMC accepts and does not answer": {"lost_rate": 0.9, "lost_style": "drop"},
    "AMC accepts and a gateway times out": {"lost_rate": 0.9, "lost_style": "gateway"},
    "AMC is out of order": {"error_rate": 0.9},
    "AMC expires a token": {"token_refused_next": 1},
    "signing in to AMC fails": {"token_refused_next": 1, "token_error_next": 4},
    "AMC runs fail": {"failure_next": 2},
    "downloads break": {"cut_next": 3, "broken_next": 2},
}
COUNTED = tuple(name for blow in AMC_BLOWS.values() for name in blow if name.endswith("_next"))


ALWAYS = {
    "worker killed",
    "scheduler killed",
    "web killed",
    "Redis flushed",
    "Redis killed",
    "PostgreSQL killed",
    "PostgreSQL restarted",
    "AMC throttles",
    "AMC accepts and does not answer",
    "AMC expires a token",
}


@dataclass(frozen=True)
class Blow:
    """What fell, on whom, and when by the processes' clock."""

    kind: str
    what: str
    at: datetime


@dataclass
class Storm:
    """Deals all kinds of blows first once each in any order, then again and again by their weights."""

    here: Ground
    crew: Crew
    chance: random.Random
    frozen_for: float  # seconds, longer than a lease
    blows: list[Blow] = field(default_factory=list)
    spell_ends: float | None = None

    def rage(self, until: Callable[[], bool], pause: float) -> None:
        """Strike every ``pause`` seconds or so; what never may be missing falls, however long it takes."""
        self.fault(WEATHER)
        deck, missing = self._each_once(), set(ALWAYS & self._kinds().keys())

        def is_over() -> bool:
            return until() and not missing

        while self._wait(self.chance.uniform(0.5, 1.5) * pause, is_over):
            deck = deck or self._weighted()
            missing.discard(deck[-1])
            self.strike(deck.pop())
        self.crew.calm()
        self.fault({**FAIR, **dict.fromkeys(COUNTED, 0)})

    def strike(self, kind: str) -> None:
        """Deal one blow."""
        at = clock.now()
        what = self._kinds()[kind][1]()
        self.blows.append(Blow(kind, what or "", at))

    def _wait(self, seconds: float, until: Callable[[], bool]) -> bool:
        """Wait, and let a spell of AMC's pass when its time has come; say whether the storm goes on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            if self.spell_ends is not None and time.monotonic() >= self.spell_ends:
                self.fault(WEATHER)
                self.spell_ends = None
            time.sleep(0.05)
        return not until()

    def fault(self, faults: Mapping[str, Any]) -> None:
        """Change what is wrong with AMC."""
        answer = requests.post(f"{self.here.box}/_sandbox/faults", json=dict(faults), timeout=60)
        answer.raise_for_status()

    def _each_once(self) -> list[str]:
        """Return a deck with each kind once; those that never may be missing lie on top, in any order."""
        kinds = list(self._kinds())
        self.chance.shuffle(kinds)
        return sorted(kinds, key=lambda kind: kind in ALWAYS)

    def _weighted(self) -> list[str]:
        deck = [kind for kind, (weight, _) in self._kinds().items() for _ in range(weight)]
        self.chance.shuffle(deck)
        return deck

    def _kinds(self) -> dict[str, tuple[int, Callable[[], str | None]]]:
        crew, away = self.crew, self.chance.uniform(*AWAY)
        ours: dict[str, tuple[int, Callable[[], str | None]]] = {
            "worker killed": (5, lambda: crew.kill("worker")),
            "worker killed between two steps": (5, lambda: crew.doom("worker")),
            "worker frozen": (2, lambda: crew.freeze("worker", self.frozen_for)),
            "scheduler killed": (4, lambda: crew.kill("scheduler")),
            "scheduler killed between two steps": (3, lambda: crew.doom("scheduler")),
            "web killed": (3, lambda: crew.kill("web")),
            "web killed between two steps": (2, lambda: crew.doom("web")),
            "web's own child killed": (2, lambda: crew.kill_child("web")),
            "Redis flushed": (3, lambda: servers.flush_redis(self.here.redis)),
            "Redis killed": (2, lambda: servers.kill_redis(self.here.redis, away)),
        }
        if self.here.postgresql is not None:
            server = self.here.postgresql
            ours["PostgreSQL restarted"] = (2, lambda: servers.restart_postgresql(server, away))
            ours["PostgreSQL killed"] = (1, lambda: servers.kill_postgresql(server, away))
        return ours | {kind: (2, self._by_amc(faults)) for kind, faults in AMC_BLOWS.items()}

    def _by_amc(self, faults: Mapping[str, Any]) -> Callable[[], None]:
        def strike() -> None:
            self.fault({**WEATHER, **faults})
            self.spell_ends = time.monotonic() + SPELL

        return strike
