"""What a sandbox knows of one execution: what was asked, what became of it, and when."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reportbuilder.sandbox.endings import Ending
from reportbuilder.sandbox.instants import Window

FINAL = frozenset({"SUCCEEDED", "FAILED", "REJECTED", "CANCELLED"})
LONGEST_RUN = 21600  # seconds, where a request does not say


@dataclass(frozen=True)
class Column:
    """One column of a result, in AMC's words."""

    name: str
    data_type: str
    column_type: str
    precision: int | None = None
    scale: int | None = None


@dataclass(slots=True)
class Computation:
    """What really happened to the query; written by the query threads, read by ``Queue``."""

    checked: datetime | None = None
    refused: str | None = None
    finished: datetime | None = None
    failed: str | None = None
    files: tuple[Path, ...] = ()
    columns: tuple[Column, ...] = ()
    reads: frozenset[str] = frozenset()
    question: object = None  # by which the files are kept
    released: bool = False  # the files are not needed any more


@dataclass(frozen=True, slots=True)
class Course:
    """How a run is made to go: seconds until it is validated, running and publishing, and its end."""

    validation: float = 0.0
    run: float = 0.0
    publishing: float = 0.0
    ending: Ending | None = None
    overlap_limit: int = 0


@dataclass(slots=True)
class Execution:
    """One run; the times are set when they become true."""

    execution_id: str
    workflow_id: str
    instance_id: str
    body: dict[str, Any]
    window: Window
    created: datetime
    course: Course
    computation: Computation
    sequence: int
    visible: datetime
    number: int = 0  # among all of the account
    validated: datetime = field(init=False)
    status: str = "PENDING"
    reason: str | None = None
    started: datetime | None = None
    computed: datetime | None = None
    ended: datetime | None = None
    told: str = ""  # the newest status that an answer has told
    fixed: dict[str, Any] = field(default_factory=dict)  # what answers say of it that never changes

    def __post_init__(self) -> None:
        self.validated = self.created + timedelta(seconds=self.course.validation)

    @property
    def updated(self) -> datetime:
        """The last time at which the run changed."""
        return self.ended or self.computed or self.started or self.created

    @property
    def sql(self) -> str:
        """The submitted SQL."""
        return str(self.body["workflow"]["sqlQuery"])

    @property
    def timeout(self) -> int:
        """The seconds after which its query is stopped."""
        return int(self.body.get("workflowExecutionTimeoutSeconds", LONGEST_RUN))
