"""What can come of sending, in words without secrets."""

from reportbuilder.notifications.wording import one_line

REASON_MOST = 300


class Undelivered(Exception):
    """A message was not taken. ``is_permanent``: trying again would change nothing without a person.

    ``reason`` is ours, or the other side's words on one line; never an address or a token.
    ``retry_after``: seconds that the other side asks for.
    """

    def __init__(self, reason: str, *, is_permanent: bool = False, retry_after: float | None = None) -> None:
        self.reason = one_line(reason, REASON_MOST)
        super().__init__(self.reason)
        self.is_permanent, self.retry_after = is_permanent, retry_after
