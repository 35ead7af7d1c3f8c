"""Keeping a claim alive from a thread, however long the work in hand takes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from reportbuilder import clock, logs
from reportbuilder.database import for_thread

log = logs.get_logger(__name__)


@contextmanager
def kept(extend: Callable[[], None], every: float) -> Iterator[None]:
    """Call ``extend`` every so many seconds while the block runs; needs an app context."""
    done = Event()

    def once() -> None:
        try:
            extend()
        except SQLAlchemyError as error:
            log.warning("lease not extended", error=type(error).__name__)

    carried = for_thread(once)

    def keep() -> None:
        while not done.wait(clock.on_machine(every)):
            carried()

    keeper = Thread(target=keep, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
