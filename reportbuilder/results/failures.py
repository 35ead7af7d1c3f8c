"""What can be wrong with a result: its files do not hold a table, or what was stored has changed."""

from collections.abc import Sequence
from typing import ClassVar

from reportbuilder.errors import ReportBuilderError, Unavailable

_LONGEST_NAME, _MOST_NAMES = 60, 30  # of what a message shows


class BrokenResult(ReportBuilderError):
    """The files are not one table: cut off, ragged, or with other columns than were announced."""

    code: ClassVar[str] = "BROKEN_RESULT"


class DamagedResult(ReportBuilderError):
    """The stored object is missing, or is not what was put there (its checksum differs)."""

    code: ClassVar[str] = "DAMAGED_RESULT"


class OutOfMemory(Unavailable):
    """The result does not convert within the memory that it may use; waiting does not mend that."""

    code: ClassVar[str] = "OUT_OF_MEMORY"


def shown(names: Sequence[str]) -> str:
    """Return names of columns for a message: a file of other bytes has signs that no database stores.

    >>> shown(["campaign", "a\\x00b"])
    'campaign, a\ufffdb'
    """
    cut = [name[:_LONGEST_NAME] for name in names[:_MOST_NAMES]]
    more = ["…"] if len(names) > _MOST_NAMES else []
    return ", ".join(
        ["".join(sign if sign.isprintable() else "\ufffd" for sign in name) for name in cut] + more
    )
