"""Lets a command's wake-ups reach the workers."""

from actors.broker import make_broker
from actors.wakeups import over
from reportbuilder import wakeups
from reportbuilder.settings import Settings


def wake_workers(chosen: Settings) -> None:
    """Send wake-ups over Redis from now on; without Redis the sweeps find the rows a little later."""
    wakeups.deliver_with(over(make_broker(chosen.redis_url)))
