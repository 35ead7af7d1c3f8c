"""The tree of what can go wrong with AMC, by what the caller has to do about it.

    AmcFailure
    ├── Rejected            AMC_REJECTED      permanent: tell the author, do not repeat
    │   ├── NotFoundAtAmc   AMC_NOT_FOUND     AMC does not know it (or, shortly after creation, not yet)
    │   ├── NotReady        AMC_NOT_READY     the result cannot be downloaded (yet)
    │   └── NotGranted      AMC_NOT_GRANTED   signed in, but without rights on this instance
    ├── Throttled           AMC_THROTTLED     not processed; come again after ``retry_after``
    ├── Transient           AMC_TRANSIENT     not processed, or harmless to repeat: try again later
    ├── UnknownOutcome      AMC_UNKNOWN       AMC may have processed it: look for it, never repeat it blindly
    ├── Unauthorized        AMC_SIGNED_OUT    the account has to be connected again
    └── LinkExpired         AMC_LINK_EXPIRED  the download link is too old: ask for fresh ones

Messages are short, cleaned of secrets, and safe to store and show.
"""

from reportbuilder.errors import ReportBuilderError


class AmcFailure(ReportBuilderError):
    """Something went wrong with AMC. ``status`` is the HTTP status; ``request_id`` is AMC's own."""

    code = "AMC_FAILURE"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status
        self.request_id = request_id


class Rejected(AmcFailure):
    """AMC refuses, and will refuse again; ``reason`` is AMC's own text."""

    code = "AMC_REJECTED"

    @property
    def reason(self) -> str:
        """AMC's words."""
        return self.message


class NotFoundAtAmc(Rejected):
    """AMC says that it does not exist; for tens of seconds after creation that means "not yet"."""

    code = "AMC_NOT_FOUND"


class NotReady(Rejected):
    """The execution's result is unavailable for download."""

    code = "AMC_NOT_READY"


class NotGranted(Rejected):
    """A 403: this account has no rights there. The sign-in itself is good."""

    code = "AMC_NOT_GRANTED"


class Throttled(AmcFailure):
    """Too many calls: no attempt is counted.

    ``retry_after`` in seconds, None if AMC did not say; ``local``: our own pace said so, AMC was not asked.
    """

    code = "AMC_THROTTLED"

    def __init__(
        self,
        message: str = "AMC is throttling",
        *,
        retry_after: float | None = None,
        local: bool = False,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id, retry_after=retry_after)
        self.local = local


class Transient(AmcFailure):
    """It was surely not processed, or may be repeated without harm; ``retry_after`` in seconds, if known."""

    code = "AMC_TRANSIENT"


class UnknownOutcome(AmcFailure):
    """The request has left and no answer tells what became of it."""

    code = "AMC_UNKNOWN"


class Unauthorized(AmcFailure):
    """The account's sign-in no longer works; a person has to connect the account again."""

    code = "AMC_SIGNED_OUT"


class LinkExpired(AmcFailure):
    """The store refuses the signed download link."""

    code = "AMC_LINK_EXPIRED"
