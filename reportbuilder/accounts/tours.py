"""A person's first steps: which have been done, and whether the person still wants to be shown them."""

from dataclasses import dataclass, replace
from typing import Final

STEPS: Final = ("template", "form", "run", "results", "schedule", "backfill")
CLOSED: Final = "closed"


@dataclass(frozen=True)
class Tour:
    """What the column ``users.tour`` says. ``done``: some of STEPS."""

    done: frozenset[str] = frozenset()
    is_open: bool = True

    @property
    def next(self) -> str:
        """The first step that is left, empty if none is."""
        return next((step for step in STEPS if step not in self.done), "")

    def with_done(self, *steps: str) -> "Tour":
        """Return the tour after some steps more; a word that names none is passed over."""
        return replace(self, done=self.done | {step for step in steps if step in STEPS})


def read(text: str) -> Tour:
    """Read the column.

    >>> read("form template closed") == Tour(frozenset({"template", "form"}), is_open=False)
    True
    """
    words = set(text.split())
    return Tour(is_open=CLOSED not in words).with_done(*words)


def write(tour: Tour) -> str:
    """Return what the column keeps.

    >>> write(Tour(frozenset({"form", "template"}), is_open=False))
    'template form closed'
    """
    return " ".join([*(step for step in STEPS if step in tour.done), *([] if tour.is_open else [CLOSED])])
