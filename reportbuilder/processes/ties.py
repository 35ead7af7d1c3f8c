"""Ties a process to the one that started it, so that it ends even if that one is killed without a warning."""

import ctypes
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

POLL = 0.5  # seconds
PR_SET_PDEATHSIG = 1


def tie(parent: int, *, number: int = signal.SIGTERM) -> None:
    """Have this process sent the signal when ``parent``, a process id, is no more.

    The kernel sees to it where it can (Linux); elsewhere a thread looks. Call it before anything else.
    """
    if not _ask_kernel(number):
        threading.Thread(target=_watch, args=(parent, number), name="tie", daemon=True).start()
    if os.getppid() != parent:  # it had ended before we were tied
        os.kill(os.getpid(), number)


def run_tied(parent: int, argv: list[str]) -> NoReturn:
    """Become another program that knows nothing of ties, and have it killed when ``parent`` is no more."""
    if _ask_kernel(signal.SIGKILL):  # outlives exec
        if os.getppid() != parent:
            os._exit(1)
        os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted here
    _run_watched(parent, argv)


def _ask_kernel(number: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) == 0)


def _watch(parent: int, number: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL)
    os.kill(os.getpid(), number)


def _run_watched(parent: int, argv: list[str]) -> NoReturn:
    """Stay as a warden beside the program: end it when the parent ends, or when asked to."""
    child = os.posix_spawn(argv[0], argv, os.environ)  # the program's surroundings, not settings of ours

    def pass_on(number: int, _frame: FrameType | None) -> None:
        os.kill(child, number)

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, pass_on)
    while os.getppid() == parent:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
        time.sleep(POLL)
    os.kill(child, signal.SIGKILL)
    os._exit(1)
