"""Writes down what is good to know and needed by nobody: a request never fails by it."""

from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from reportbuilder import logs
from reportbuilder.database import transaction

log = logs.get_logger(__name__)


def jot(write: Callable[[Session], None]) -> None:
    """Write in a transaction of its own; a database that is busy or takes no writes is logged."""
    try:
        with transaction() as session:
            write(session)
    except DBAPIError as error:
        log.warning("not written down", error=type(error).__name__)
