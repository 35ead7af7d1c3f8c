"""``web``: gunicorn with threads around the web application."""

import os
import socket
from dataclasses import replace
from typing import Any

import click
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped] # it publishes no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped] # it publishes no types

from actors.composition import check
from app import create_app
from reportbuilder import logs, settings
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.processes.memory import settle
from reportbuilder.settings import Settings

KEEP_ALIVE = 15  # seconds
REQUEST_LINE_MAX = 8190  # bytes; gunicorn's own 4094 are little for filters of rows
BACKLOG = 512  # connections that may wait
GRACE = 20  # seconds in which requests may end after a stop


class PlainLogger(Logger):  # type: ignore[misc] # gunicorn publishes no types
    """Lets gunicorn's own lines go the way of all others; its access log is off, ours is better."""

    def setup(self, cfg: Any) -> None:
        """Leave the handlers to our logs."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Server(BaseApplication):  # type: ignore[misc] # gunicorn publishes no types
    """Gunicorn, told what to do by our settings instead of by its own files and arguments."""

    def __init__(self, chosen: Settings, listener: socket.socket, processes: int) -> None:
        self.chosen, self.listener, self.processes = chosen, listener, processes
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its configuration."""
        for name, value in {
            "bind": f"fd://{self.listener.fileno()}",
            "worker_class": "gthread",
            "workers": self.processes,
            "threads": self.chosen.web_threads,
            "keepalive": KEEP_ALIVE,
            "limit_request_line": REQUEST_LINE_MAX,
            "graceful_timeout": GRACE,
            "logger_class": PlainLogger,
            "control_socket_disable": True,
            "proc_name": "reportbuilder",
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Make the application, in each process anew: connections do not survive a fork."""
        app = create_app(self.chosen)
        settle()
        return app


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of PORT / RB_PORT; 0 takes a free one.")
@click.option("--processes", type=click.IntRange(1), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1), help="A process; instead of RB_WEB_THREADS.")
@click.option("--fd", type=int, hidden=True, help="A socket that listens already.")
def web(host: str, port: int | None, processes: int, threads: int | None, fd: int | None) -> None:
    """Serve the API and the console until asked to stop."""
    chosen = settings.load()
    chosen = replace(chosen, web_threads=threads or chosen.web_threads)
    logs.configure(chosen.log_level, chosen.log_format)
    check(chosen)
    listener = _adopt(fd) if fd is not None else listen(host, chosen.port if port is None else port)
    logs.get_logger(__name__).info("web starts", address=listener.getsockname(), pid=os.getpid())
    Server(chosen, listener, processes).run()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    :raises Conflict: if another process listens there. :raises Invalid: if one may not listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except PermissionError:
        raise Invalid.field("port", f"{port} may only be taken by root: choose one above 1023") from None
    except socket.gaierror:
        raise Invalid.field("host", f"{host!r} is no address of this machine") from None
    except OSError as error:
        raise Conflict(f"Cannot listen on {host}:{port} ({error.strerror}): choose another --port") from None


def _adopt(fd: int) -> socket.socket:
    return socket.socket(fileno=fd)
