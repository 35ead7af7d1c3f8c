"""``worker``: processes whose threads do what wake-ups ask for."""

from dataclasses import replace
from functools import partial

import click

from reportbuilder import logs, settings
from reportbuilder.processes.children import Child, command, start
from reportbuilder.processes.supervision import HOPELESS, Hopeless, Post, Supervisor


@click.command()
@click.option("--processes", type=click.IntRange(1), help="Instead of RB_WORKER_PROCESSES.")
@click.option("--threads", type=click.IntRange(2), help="A process; instead of RB_WORKER_THREADS.")
@click.option("--single", is_flag=True, help="Work in this process instead of in watched ones.")
@click.pass_context
def worker(context: click.Context, processes: int | None, threads: int | None, *, single: bool) -> None:
    """Run workers until asked to stop; what is in hand is ended first.

    A worker process that dies is started again. None outlives this one.
    """
    chosen = settings.load()
    chosen = replace(
        chosen,
        worker_processes=processes or chosen.worker_processes,
        worker_threads=threads or chosen.worker_threads,
    )
    logs.configure(chosen.log_level, chosen.log_format)
    if single:
        # here, since the process that only watches needs none of it
        from actors.composition import create_worker

        create_worker(chosen).run()
        return
    posts = [
        Post(partial(_start, number, chosen.worker_threads))
        for number in range(1, chosen.worker_processes + 1)
    ]
    try:
        Supervisor(posts, context.find_root().params.get("parent")).run()
    except Hopeless:  # the child has told what is wrong
        raise SystemExit(HOPELESS) from None


def _start(number: int, threads: int) -> Child:
    return start(f"worker {number}", command("worker", "--single", "--threads", str(threads)))
