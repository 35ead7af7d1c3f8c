"""Being asked to stop: the signals are waited for instead of handled, so that no handler can deadlock."""

import signal

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


def hold_back() -> None:
    """Keep the signals pending, in this thread and in all that it starts from now on.

    A handler would run between any two steps of the main thread, also inside of a lock that it wants itself.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    for name in SIGNALS:
        signal.signal(name, signal.SIG_DFL)  # an ignored signal would not even become pending


def is_asked(seconds: float) -> bool:
    """Wait so long for one of the signals; say whether it came."""
    return signal.sigtimedwait(SIGNALS, seconds) is not None
