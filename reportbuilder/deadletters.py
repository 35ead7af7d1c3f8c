"""Dead letters: messages to the workers that were given up, as Dramatiq keeps them in Redis for a week.

A message is only a hint; whoever drops one loses nothing, since the sweeps find the row.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis

from reportbuilder import wakeups
from reportbuilder.errors import NotFound, Unavailable
from reportbuilder.wakeups import WakeUp

QUEUES: Final = ("calls", "results")
PATIENCE: Final = 2.0  # seconds
KEPT: Final = timedelta(days=7)


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up ``at``: what it wanted of which row, and why it is here."""

    id: str
    queue: str
    wake_up: WakeUp
    at: datetime
    why: str


def count(redis_url: str) -> int:
    """Return how many there are.

    :raises Unavailable: if Redis does not answer.
    """
    with _client(redis_url) as client:
        return int(_asked(lambda: sum(client.zcard(_key(queue)) for queue in QUEUES)))


def letters(redis_url: str) -> list[DeadLetter]:
    """Return all, the latest first.

    :raises Unavailable: if Redis does not answer.
    """
    with _client(redis_url) as client:
        found = _asked(lambda: [letter for queue in QUEUES for letter in _read(client, queue)])
    return sorted(found, key=lambda letter: letter.at, reverse=True)


def find(redis_url: str, id: str) -> DeadLetter:
    """Return one.

    :raises NotFound: if there is none of that id. :raises Unavailable: if Redis does not answer.
    """
    found = next((letter for letter in letters(redis_url) if letter.id == id), None)
    if found is None:
        raise NotFound(f"There is no dead letter {id}: see `reportbuilder dead-letters list`")
    return found


def requeue(redis_url: str, chosen: Iterable[DeadLetter]) -> int:
    """Give the workers the hints again, as fresh ones; return how many were still there."""
    done = 0
    for letter in chosen:
        if drop(redis_url, [letter]):
            wakeups.send(letter.wake_up)
            done += 1
    return done


def drop(redis_url: str, chosen: Iterable[DeadLetter]) -> int:
    """Throw them away; return how many were still there."""
    with _client(redis_url) as client:
        return int(_asked(lambda: sum(_remove(client, letter) for letter in chosen)))


def note(client: Any, id: str, why: str) -> None:
    """Write down why a message was given up; the message itself is stored as it was sent."""
    client.set(_why(id), why, ex=KEPT)


def _client(redis_url: str) -> Any:
    return redis.Redis.from_url(redis_url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)


def _asked(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except (redis.RedisError, OSError) as error:
        what = type(error).__name__
        raise Unavailable(f"Redis does not answer ({what}): see `reportbuilder doctor`") from None


def _key(queue: str) -> str:
    return f"dramatiq:{queue}.XQ"


def _why(id: str) -> str:
    return f"dead-letter:{id}"


def _read(client: Any, queue: str) -> list[DeadLetter]:
    stamps = {name.decode(): stamp for name, stamp in client.zrange(_key(queue), 0, -1, withscores=True)}
    if not stamps:
        return []
    texts = client.hmget(f"{_key(queue)}.msgs", list(stamps))
    whys = client.mget([_why(name) for name in stamps])
    return [
        _letter(name, queue, json.loads(text), stamps[name], why)
        for name, text, why in zip(stamps, texts, whys, strict=True)
        if text is not None
    ]


def _letter(name: str, queue: str, message: dict[str, Any], stamp: float, why: bytes | None) -> DeadLetter:
    args = message["args"]
    return DeadLetter(
        id=name,
        queue=queue,
        wake_up=WakeUp(message["actor_name"], str(args[0]) if args else ""),
        at=datetime.fromtimestamp(stamp / 1000, UTC),
        why=why.decode() if why else "nobody has written down why",
    )


def _remove(client: Any, letter: DeadLetter) -> int:
    removed = int(client.zrem(_key(letter.queue), letter.id))
    client.hdel(f"{_key(letter.queue)}.msgs", letter.id)
    client.delete(_why(letter.id))
    return removed
