"""What somebody wants to be told: kinds, by which channel, how soon; and who is told without a wish."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from reportbuilder.errors import Invalid
from reportbuilder.notifications.kinds import KINDS, OWN_EMAIL, PACES, USUAL

WANTS_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Want:
    """Some kinds by one channel at one pace."""

    channel_id: str
    kinds: tuple[str, ...]
    pace: str = "at_once"

    def to_json(self) -> dict[str, Any]:
        """Return what :func:`read_wants` reads back."""
        return {"channel_id": self.channel_id, "kinds": list(self.kinds), "pace": self.pace}


OWNERS: Final = (Want(OWN_EMAIL, USUAL),)  # of somebody's own reports, as long as nothing else is wished


def read_wants(data: Sequence[Mapping[str, Any]]) -> tuple[Want, ...]:
    """Read wants in their one spelling: kinds in our order, and none without any.

    :raises Invalid: with ``details`` under ``wants.<place>.<field>``, or ``wants`` if there are too many.
    """
    if len(data) > WANTS_MOST:
        raise Invalid.field("wants", f"{len(data)} are too many; give {WANTS_MOST} at most")
    wants = tuple(_read(place, each) for place, each in enumerate(data))
    seen: set[tuple[str, str]] = set()
    for place, want in enumerate(wants):
        for kind in want.kinds:
            if (want.channel_id, kind) in seen:
                reason = f"{kind} goes to {want.channel_id} already; name it once for each channel"
                raise Invalid.field(f"wants.{place}.kinds", reason)
            seen.add((want.channel_id, kind))
    return wants


def _read(place: int, data: Mapping[str, Any]) -> Want:
    kinds, pace = data["kinds"], data.get("pace", "at_once")
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds:
        what = f"{unknown[0]!r} is not known" if unknown else "there is none"
        raise Invalid.field(f"wants.{place}.kinds", f"{what}; give some of {', '.join(KINDS)}")
    if pace not in PACES:
        raise Invalid.field(f"wants.{place}.pace", f"{pace!r} is not one of {', '.join(PACES)}")
    return Want(data["channel_id"], tuple(kind for kind in KINDS if kind in kinds), pace)


def told_as(want: Want, kind: str) -> str | None:
    """Return as what a want is told of a notice, None if it does not ask for it.

    A recovery is a completion too: who asks for completions only is told of one.

    >>> told_as(Want("email", ("run_completed",)), "run_recovered")
    'run_completed'
    """
    if kind in want.kinds:
        return kind
    if kind == "run_recovered" and "run_completed" in want.kinds:
        return "run_completed"
    return None
