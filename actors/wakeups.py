"""Carries wake-ups to the workers as Dramatiq messages."""

import dramatiq

from actors.table import QUEUES
from reportbuilder import clock
from reportbuilder.wakeups import Deliver, WakeUp


def over(broker: dramatiq.Broker) -> Deliver:
    """Return what delivers wake-ups over a broker; the sender need not have declared the actors."""

    def deliver(wake_up: WakeUp) -> None:
        message: dramatiq.Message[None] = dramatiq.Message(
            queue_name=QUEUES[wake_up.name],
            actor_name=wake_up.name,
            args=(wake_up.id,),
            kwargs={},
            options={},
        )
        broker.enqueue(message, delay=round(clock.on_machine(wake_up.delay) * 1000) or None)

    return deliver
