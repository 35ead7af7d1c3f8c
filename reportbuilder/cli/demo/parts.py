"""The demo's parts as processes: started side by side, waited for, and stopped together."""

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.error import URLError
from urllib.request import urlopen

import redis

from reportbuilder import clock
from reportbuilder.cli.demo.folder import Folder
from reportbuilder.cli.demo.ports import HOST, any_free
from reportbuilder.processes import children
from reportbuilder.processes.children import Child, command
from reportbuilder.settings import Settings, child_environment

PATIENCE = 60.0  # seconds for a part to come up; a loaded machine may need a good part of them
GLANCE_EVERY = 0.03  # seconds
STOP_WITHIN = 8.0  # seconds; killing is harmless, since all that matters is in the database
TRIES = 5  # so often may a port be taken between choosing and taking it
RUN_SECONDS = 1.5  # of a query at the sandbox

T = TypeVar("T")


class NotUp(Exception):
    """A part has not come up, or has ended by itself: which one, and the last lines of its log."""

    def __init__(self, child: Child, what: str) -> None:
        super().__init__(f"{child.name} {what}")
        self.child = child


@dataclass
class Parts:
    """All processes of a demo; to be used from the main thread, to which the children are tied."""

    folder: Folder
    running: list[Child] = field(default_factory=list)

    def start(self, name: str, *arguments: str, chosen: Settings, pass_fds: tuple[int, ...] = ()) -> Child:
        """Start one of our commands with a log of its own."""
        child = children.start(
            name,
            command(*arguments),
            environment=child_environment(chosen) | {"PYTHONUNBUFFERED": "1"},
            log=self.folder.logs / f"{name}.log",
            pass_fds=pass_fds,
            apart=True,
        )
        self.running.append(child)
        return child

    def await_(self, child: Child, look: Callable[[], T | None]) -> T:
        """Return what ``look`` finds as soon as it finds something.

        :raises NotUp: if the part ends before, or takes too long.
        """
        deadline = clock.monotonic() + PATIENCE
        while (found := look()) is None:
            self.check()
            if clock.monotonic() > deadline:
                raise NotUp(child, f"is not up after {PATIENCE:.0f} s")
            time.sleep(GLANCE_EVERY)
        return found

    def check(self) -> None:
        """Do nothing while all are alive.

        :raises NotUp: for the first that is not.
        """
        for child in self.running:
            if not child.is_alive:
                raise NotUp(child, child.ending())

    def stop(self) -> None:
        """End all, those first that use the others."""
        servers = [child for child in self.running if child.name in {"redis", "sandbox"}]
        children.stop([child for child in self.running if child not in servers], within=STOP_WITHIN)
        children.stop(servers, within=STOP_WITHIN)
        self.running.clear()


def start_redis(parts: Parts, chosen: Settings) -> tuple[Child, int]:
    """Start the embedded server of the Redis protocol; return it and its port."""
    port = any_free()
    folder = parts.folder.path / "redis"
    return parts.start("redis", "keyvalue", "--port", str(port), "--dir", str(folder), chosen=chosen), port


def await_redis(parts: Parts, chosen: Settings, begun: tuple[Child, int]) -> str:
    """Return the server's address once it answers; takes another port where somebody was faster."""
    for left in reversed(range(TRIES)):
        child, port = begun
        try:
            return parts.await_(child, lambda port=port: _ping(f"redis://{HOST}:{port}/0"))  # type: ignore[misc] # mypy infers no default
        except NotUp as failure:
            taken = any("in use" in line for line in child.last_lines())
            if failure.child is not child or not taken or not left:
                raise
            parts.running.remove(child)
            begun = start_redis(parts, chosen)
    raise AssertionError("the last try returns or raises")


def _ping(url: str) -> str | None:
    with redis.Redis.from_url(url, socket_connect_timeout=1.0, socket_timeout=1.0) as client:
        try:
            client.ping()
        except redis.RedisError:
            return None
    return url


def start_sandbox(parts: Parts, chosen: Settings) -> Child:
    """Start the sandbox; it takes a free port by itself and says which."""
    folder = parts.folder.path / "amc"
    return parts.start(
        "sandbox", "sandbox", "--data-dir", str(folder), "--run-seconds", str(RUN_SECONDS), chosen=chosen
    )


def await_sandbox(parts: Parts, child: Child) -> dict[str, str]:
    """Return what the sandbox says of itself: url, token-url, client-id, client-secret, refresh-token."""

    def look() -> dict[str, str] | None:
        said = dict(line.split(": ", 1) for line in child.last_lines() if ": " in line)
        return said if "refresh-token" in said else None

    return parts.await_(child, look)


def reach(chosen: Settings, redis_url: str, sandbox: dict[str, str]) -> Settings:
    """Return the settings with the addresses of the servers."""
    return replace(
        chosen,
        redis_url=redis_url,
        amc_api_url=sandbox["url"],
        amc_token_url=sandbox["token-url"],
        amc_client_id=sandbox["client-id"],
        amc_client_secret=sandbox["client-secret"],
    )


def start_web(parts: Parts, chosen: Settings, listener: socket.socket) -> Child:
    """Start the web on a socket that listens already."""
    fd = listener.fileno()
    return parts.start("web", "web", "--fd", str(fd), chosen=chosen, pass_fds=(fd,))


def await_web(parts: Parts, child: Child, url: str) -> None:
    """Wait until the web answers that all parts are there."""
    parts.await_(child, lambda: _is_ready(f"{url}/readyz"))


def _is_ready(url: str) -> bool | None:
    try:
        with urlopen(url, timeout=5.0) as answer:  # noqa: S310 - an address of ours on loopback
            return bool(answer.status == 200) or None  # noqa: PLR2004 - the status is its own name
    except (URLError, OSError):
        return None
