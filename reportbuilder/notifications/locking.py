"""One at a time writes new messages, so that caps are counted exactly and each digest is made once."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

_LOCK: Final = 0x6E6F7469  # any number that no other lock of this database has


def ours_to_write(session: Session) -> bool:
    """Take the turn until the end of the transaction; say whether it was free.

    On SQLite there is only one writer anyway. Who does not get it leaves: whoever has it goes on until
    nothing is left, and the sweep finds what comes between.
    """
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))
