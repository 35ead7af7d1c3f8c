"""The demo from its first servers to the lines that say where everything is."""

import shlex
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from reportbuilder import clock, heartbeats, schema
from reportbuilder.cli.demo import parts as processes
from reportbuilder.cli.demo import seeding
from reportbuilder.cli.demo.parts import Parts
from reportbuilder.cli.demo.playing import request_run, show_run
from reportbuilder.cli.demo.ports import HOST, listen_from
from reportbuilder.cli.demo.telling import Teller
from reportbuilder.cli.demo.timing import schedule_report, show_backfill, show_firing
from reportbuilder.cli.rooms import rooms
from reportbuilder.cli.waking import wake_workers
from reportbuilder.database import reading
from reportbuilder.processes.children import Child
from reportbuilder.settings import Settings


@dataclass(frozen=True)
class Opened:
    """A demo that is up, and its report that has a schedule."""

    settings: Settings
    report_id: str


def open_all(
    parts: Parts, teller: Teller, chosen: Settings, *, redis: tuple[Child, int], sandbox: Child, port: int
) -> Opened:
    """Go on from a Redis and a sandbox that have been started: seed, start the rest, run, and tell."""
    kept = parts.folder.kept()
    schema.upgrade(chosen.database_url)
    with rooms(chosen):
        kept = seeding.seed_user(kept)
        parts.folder.keep(kept)
        count = seeding.seed_library()
        teller.done(f"database, user and {count} templates are there")
        said = processes.await_sandbox(parts, sandbox)
        chosen = processes.reach(chosen, processes.await_redis(parts, chosen, redis), said)
        environment = parts.folder.write_environment(chosen)
        # the workers before the others, since the report waits for them alone
        began, worker = clock.now(), parts.start("worker", "worker", chosen=chosen)
        teller.done("redis and the sandbox answer; the workers start")
        wake_workers(chosen)
        instances = seeding.seed_account(chosen, said["refresh-token"])
        teller.done(f"account connected: {', '.join(instances)}")
        execution = request_run(chosen, instances[0], teller)
        report_id = schedule_report(chosen, instances[0], teller)
        parts.await_(worker, lambda: _is_alive("worker", began))
        teller.done("the workers are up; web and scheduler start")
        web, url = _start_web(parts, chosen, port)
        parts.start("scheduler", "scheduler", chosen=chosen)
        show_run(chosen, execution, teller, parts.check)
        processes.await_web(parts, web, url)
    teller.done("all parts are up")
    teller.say(f"\nOther commands reach this demo after: . {shlex.quote(str(environment))}\n")
    teller.say(f"url: {url}")
    teller.say(f"user: {seeding.EMAIL}")
    teller.say(f"password: {kept.password}")
    teller.say(f"api-token: {kept.token}")
    teller.say(f"sandbox: {chosen.amc_api_url}/\n")
    return Opened(chosen, report_id)


def show_time(parts: Parts, teller: Teller, opened: Opened) -> None:
    """Go on with what takes its time, while one may already look around: a backfill and a schedule."""
    with rooms(opened.settings):
        wake_workers(opened.settings)
        show_backfill(opened.settings, opened.report_id, teller, parts.check)
        show_firing(opened.report_id, teller, parts.check)


def _start_web(parts: Parts, chosen: Settings, port: int) -> tuple[Child, str]:
    with closing(listen_from(port)) as listener:
        return processes.start_web(parts, chosen, listener), f"http://{HOST}:{listener.getsockname()[1]}"


def _is_alive(kind: str, since: datetime) -> bool | None:
    with reading() as session:
        return heartbeats.alive(session, since).get(kind, 0) > 0 or None
