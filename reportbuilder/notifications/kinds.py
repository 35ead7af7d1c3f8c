"""What people can be told of, how often, by what, and the states of a message."""

from typing import Final

KINDS: Final[dict[str, str]] = {
    "run_completed": "a run has brought its rows",
    "run_failed": "a run has failed, or could not be asked for",
    "run_recovered": "a run has brought its rows after the one before had failed",
    "schedule_paused": "a schedule has paused itself after failures in a row",
    "run_overdue": "a run should have happened and did not",
    "backfill_paused": "a backfill has paused itself, since whoever started it may no longer run",
    "backfill_ended": "a backfill has come to its end",
}
USUAL: Final = tuple(
    kind for kind in KINDS if kind != "run_completed"
)  # what an owner is told without a wish

TEST, DIGEST = "test", "digest"  # messages that are about no single notice

CHANNELS: Final[dict[str, str]] = {
    "email": "an e-mail address",
    "slack": "an incoming webhook of Slack",
    "webhook": "an address of your own that takes JSON",
}
OWN_EMAIL: Final = "email"  # the id of the channel that everybody has

PACES: Final[dict[str, str]] = {
    "at_once": "a message of its own, at once",
    "hourly": "one digest at the full hour",
    "daily": "one digest at eight in the morning",
}
HELD: Final = "held"  # the pace of what is over the cap: it waits for a digest

STATES: Final[dict[str, str]] = {
    "waiting": "it is to be sent, at the time that it shows if there is one",
    "gathered": "it goes with a digest, whose state says what became of it",
    "sending": "it is being sent",
    "sent": "the other side has taken it",
    "failed": "it was given up; the error says why",
    "dropped": "it was not to be sent any more; the error says why",
}
