"""What one message tells, as plain data: it is written down when the notice is read and told as it is."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened to a report; everything is JSON, instants are ISO 8601 in UTC.

    ``first_day`` to ``last_day`` are the days of the window in ``zone``. ``reason``: AMC's words, or ours.
    ``error_class`` as executions have it. ``counts``: what is counted, such as segments by state.
    """

    kind: str
    happened_at: str
    report_id: str = ""
    report_name: str = ""
    instance_id: str = ""
    instance_name: str = ""
    execution_id: str = ""
    schedule_id: str = ""
    backfill_id: str = ""
    due_at: str = ""
    window_start: str = ""
    window_end: str = ""
    first_day: str = ""
    last_day: str = ""
    zone: str = "UTC"
    rows: int | None = None
    finality: str = ""
    status: str = ""
    reason: str = ""
    error_class: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what :meth:`from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Facts":
        """Read facts, of an earlier version too: what is not known is left out."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})
