"""The tree of errors that a caller may see, each with a stable code.

    ReportBuilderError
    ├── Invalid            VALIDATION_ERROR    well-formed but wrong; ``details`` names the fields
    │   └── Malformed      MALFORMED           the input cannot be read at all
    ├── Unauthenticated    UNAUTHENTICATED     nobody, or a token that is unknown, expired or withdrawn
    ├── NotFound           NOT_FOUND           there is no such thing, or none that this principal may see
    │   └── Gone           GONE                there was one, and it has been removed
    ├── NotPermitted       NOT_PERMITTED       visible, but this principal may not do that with it
    ├── Conflict           CONFLICT            the thing is not in a state in which that can be done
    ├── TooMany            RATE_LIMITED        a limit is reached; ``retry_after`` says when to come again
    └── Unavailable        UNAVAILABLE         a part that we stand on does not answer; try again later

Doors turn these into an answer; rooms raise them and know no HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

Details = Mapping[str, Sequence[str]]


class ReportBuilderError(Exception):
    """Any error whose message is meant for the caller; never put a secret into it."""

    code: ClassVar[str] = "ERROR"

    def __init__(
        self, message: str, *, details: Details | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, list[str]] = {
            field: list(reasons) for field, reasons in (details or {}).items()
        }
        self.retry_after = retry_after


class Invalid(ReportBuilderError):
    """Well-formed but wrong: ``details`` maps each field to its reasons, each with the way out."""

    code = "VALIDATION_ERROR"

    @classmethod
    def field(cls, name: str, reason: str) -> "Invalid":
        """Return the error for one wrong field."""
        return cls(f"{name}: {reason}", details={name: [reason]})


class Malformed(Invalid):
    """Not readable at all (broken JSON, wrong content type)."""

    code = "MALFORMED"


class Unauthenticated(ReportBuilderError):
    """Nobody we know."""

    code = "UNAUTHENTICATED"


class NotFound(ReportBuilderError):
    """No such thing, or none that the principal may see: both look the same from outside."""

    code = "NOT_FOUND"


class Gone(NotFound):
    """It was there and has been removed."""

    code = "GONE"


class NotPermitted(ReportBuilderError):
    """The principal may see the thing but not do this with it."""

    code = "NOT_PERMITTED"


class Conflict(ReportBuilderError):
    """The thing is not in a state in which this can be done."""

    code = "CONFLICT"


class TooMany(ReportBuilderError):
    """A limit is reached; ``retry_after`` is in seconds."""

    code = "RATE_LIMITED"


class Unavailable(ReportBuilderError):
    """A part that we stand on does not answer; ``retry_after`` is in seconds."""

    code = "UNAVAILABLE"
