"""People and programs who ask over HTTP, and repeat what got no answer under the same key."""

import random
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any

import requests

from reportbuilder import clock

CANCELLED_SHARE = 0.15
REPEATED_SHARE = 0.2  # of answered requests that are sent once more, as after an answer that was lost
ANSWER_WITHIN = 10.0  # seconds
BETWEEN_TRIES = 0.3  # seconds


@dataclass
class Wish:
    """One request: ``ids`` are the executions that its answers named."""

    key: str
    began: datetime
    answered: datetime | None = None
    ids: set[str] = field(default_factory=set)
    refused: str = ""


@dataclass
class People:
    """A number of clients of the API; ``statuses`` counts all answers by status, 0 is no answer."""

    url: str
    bearer: str
    template: str
    instances: list[str]
    chance: random.Random
    pause: float  # seconds between two wishes of one client
    wishes: list[Wish] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def start(self, clients: int) -> list[Thread]:
        """Let so many clients ask until ``stop`` is set; each first brings its last wish to an answer."""
        threads = [
            Thread(target=self._ask_on, args=(random.Random(self.chance.random()),), name=f"client-{n}")
            for n in range(clients)
        ]
        for thread in threads:
            thread.start()
        return threads

    def call(self, session: requests.Session, path: str, body: Any, key: str = "") -> requests.Response:
        """Send a POST until somebody answers it with more than "not now"."""
        headers = {"Authorization": f"Bearer {self.bearer}"} | ({"Idempotency-Key": key} if key else {})
        while True:
            answer = self._once(session, path, body, headers)
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                return answer
            Event().wait(BETWEEN_TRIES)

    def _once(
        self, session: requests.Session, path: str, body: Any, headers: dict[str, str]
    ) -> requests.Response | None:
        url = f"{self.url}/api/report-builder{path}"
        try:
            answer = session.post(url, json=body, headers=headers, timeout=ANSWER_WITHIN)
        except requests.RequestException:
            answer = None
        with self._lock:
            self.statuses[answer.status_code if answer is not None else 0] += 1
            if answer is not None and answer.status_code == 500:
                self.odd.append(f"500 from {path}: {answer.text[:200]}")
        return answer

    def _ask_on(self, chance: random.Random) -> None:
        with requests.Session() as session:
            while not self.stop.wait(chance.expovariate(1 / self.pause)):
                wish = self._ask(session, chance.choice(self.instances), chance)
                if wish.ids and chance.random() < CANCELLED_SHARE:
                    self.stop.wait(chance.uniform(0, 2 * self.pause))
                    self.call(session, f"/executions/{next(iter(wish.ids))}/cancel", None)

    def _ask(self, session: requests.Session, instance: str, chance: random.Random) -> Wish:
        wish = Wish(str(uuid.uuid4()), clock.now())
        with self._lock:
            self.wishes.append(wish)
        body = {"instance_id": instance, "parameters": {}, "time_window": {"preset": "last_30_days"}}
        for _ in range(2 if chance.random() < REPEATED_SHARE else 1):
            answer = self.call(session, f"/templates/{self.template}/execute", body, wish.key)
            wish.answered = wish.answered or clock.now()
            if answer.ok:
                wish.ids.add(answer.json()["execution_id"])
            else:
                wish.refused = answer.text[:300]
        return wish
