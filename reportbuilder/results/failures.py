"""What can be wrong with a result: its files do not hold a table, or what was stored has changed."""

from typing import ClassVar

from reportbuilder.errors import ReportBuilderError, Unavailable


class BrokenResult(ReportBuilderError):
    """The files are not one table: cut off, ragged, or with other columns than were announced."""

    code: ClassVar[str] = "BROKEN_RESULT"


class DamagedResult(ReportBuilderError):
    """The stored object is missing, or is not what was put there (its checksum differs)."""

    code: ClassVar[str] = "DAMAGED_RESULT"


class OutOfMemory(Unavailable):
    """The result does not convert within the memory that it may use; waiting does not mend that."""

    code: ClassVar[str] = "OUT_OF_MEMORY"
