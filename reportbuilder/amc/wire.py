"""Executions as AMC writes them: the body that submits one, and the answers that tell of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from reportbuilder.amc.texts import clean, first_text

TAG_PATTERN = re.compile(r"rb-[A-Za-z0-9._-]{1,120}")
_LEADING_TAG = re.compile(rf"\s*/\*\s*({TAG_PATTERN.pattern})\s*\*/")


class Unreadable(ValueError):
    """AMC's answer does not have the shape that its contract or its practice gives it."""


class AmcStatus(StrEnum):
    """What AMC says of an execution; UNKNOWN is any other word, never taken for "still running"."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    PUBLISHING = "PUBLISHING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_active(self) -> bool:
        """Say whether it holds, or waits for, one of the instance's slots."""
        return self in _ACTIVE

    @property
    def is_final(self) -> bool:
        """Say whether it can no longer change."""
        return self in _FINAL


_ACTIVE = frozenset({AmcStatus.PENDING, AmcStatus.RUNNING, AmcStatus.PUBLISHING})
_FINAL = frozenset({AmcStatus.SUCCEEDED, AmcStatus.FAILED, AmcStatus.REJECTED, AmcStatus.CANCELLED})


@dataclass(frozen=True)
class TimeWindow:
    """The half-open window of the data: two aware instants, told to AMC in wall time of ``zone``."""

    start: datetime
    end: datetime
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window's instants are aware; give them a zone")
        if not self.start < self.end:
            raise ValueError(f"the window ends at {self.end}, which is not after its start {self.start}")


@dataclass(frozen=True)
class OutputColumn:
    """A column of the result: ``data_type`` is AMC's word (STRING, LONG, DECIMAL…)."""

    name: str
    data_type: str
    column_type: str = ""
    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True)
class AmcExecution:
    """One execution as AMC tells it; ``raw_status`` is AMC's own word, ``sql`` only there if asked for.

    ``window_start`` and ``window_end`` are wall times of ``zone`` as they were given, without a zone.
    """

    id: str
    status: AmcStatus
    raw_status: str = ""
    status_reason: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    workflow_id: str | None = None
    output_columns: tuple[OutputColumn, ...] = ()
    window_start: str | None = None
    window_end: str | None = None
    zone: str | None = None
    sql: str | None = field(default=None, repr=False)

    @property
    def problem(self) -> str | None:
        """Return what to tell people if the execution went wrong, or in a way that we do not know."""
        if self.status is AmcStatus.UNKNOWN:
            return f"AMC reports a status that is not known here: {self.raw_status or 'none at all'}"
        if self.status in {AmcStatus.FAILED, AmcStatus.REJECTED, AmcStatus.CANCELLED}:
            return self.status_reason or f"AMC gave no reason ({self.raw_status})"
        return None


@dataclass(frozen=True)
class Page:
    """One page of a list; ``next_token`` is None on the last."""

    executions: tuple[AmcExecution, ...]
    next_token: str | None


@dataclass(frozen=True)
class DownloadLinks:
    """Signed links, good for minutes: ``files`` are all the parts of the result, each with a header row."""

    files: tuple[str, ...] = field(repr=False)
    metadata: tuple[str, ...] = field(default=(), repr=False)


def wall_time(instant: datetime, zone: str = "UTC") -> str:
    """Write an instant as AMC wants it: ``yyyy-MM-ddTHH:mm:ss`` in that zone, with no Z and no offset.

    >>> wall_time(datetime(2026, 3, 1, 8, 0, tzinfo=UTC), "America/Los_Angeles")
    '2026-03-01T00:00:00'
    """
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no zone; instants are aware")
    return instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="seconds")


def read_time(text: object) -> datetime | None:
    """Read a time of AMC's answers, with or without Z and milliseconds; None if it is none.

    >>> read_time("2026-03-01T03:11:54.812Z")
    datetime.datetime(2026, 3, 1, 3, 11, 54, 812000, tzinfo=datetime.timezone.utc)
    """
    if not isinstance(text, str):
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def with_tag(sql: str, tag: str) -> str:
    """Put the tag into a comment before the SQL, on its first line, so that AMC's line numbers stay true."""
    return f"/* {_tag(tag)} */ {sql}"


def tag_of(execution: AmcExecution) -> str | None:
    """Return the tag that our submission carried, from the workflow id or the SQL's first comment."""
    if execution.workflow_id and TAG_PATTERN.fullmatch(execution.workflow_id):
        return execution.workflow_id
    found = _LEADING_TAG.match(execution.sql or "")
    return found[1] if found else None


def submission(
    sql: str, tag: str, window: TimeWindow, input_parameters: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return the body that submits the SQL for an explicit window."""
    workflow: dict[str, Any] = {"sqlQuery": with_tag(sql, tag), "workflowId": tag}
    if input_parameters:
        workflow["inputParameters"] = [dict(parameter) for parameter in input_parameters]
    return {
        "workflow": workflow,
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": wall_time(window.start, window.zone),
        "timeWindowEnd": wall_time(window.end, window.zone),
        "timeWindowTimeZone": window.zone,
    }


def read_execution(answer: object) -> AmcExecution:
    """Read one execution, flat (as AMC sends it) or wrapped (as its contract says).

    :raises Unreadable: if it has no id.
    """
    flat = _unwrapped(answer)
    identity = flat.get("workflowExecutionId")
    if not isinstance(identity, str) or not identity:
        raise Unreadable("an execution without workflowExecutionId")
    raw = _text(flat.get("status")) or ""
    return AmcExecution(
        id=identity,
        status=_status(raw),
        raw_status=clean(raw),
        status_reason=first_text(flat, "statusReason", "message", "details", "messageSubject"),
        created_at=read_time(flat.get("createTime")),
        updated_at=read_time(flat.get("lastUpdatedTime")),
        workflow_id=_text(flat.get("workflowId")),
        output_columns=_columns(flat.get("outputColumns")),
        window_start=_text(flat.get("timeWindowStartOriginal") or flat.get("timeWindowStart")),
        window_end=_text(flat.get("timeWindowEndOriginal") or flat.get("timeWindowEnd")),
        zone=_text(flat.get("timeWindowTimeZoneOriginal") or flat.get("timeWindowTimeZone")),
        sql=_sql(flat),
    )


def read_page(answer: object) -> Page:
    """Read one page of the list of executions.

    :raises Unreadable: if it is no list, or if any execution in it cannot be read: none may be lost unseen.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("executions"), list):
        raise Unreadable("a list without executions")
    return Page(
        executions=tuple(read_execution(item) for item in answer["executions"]),
        next_token=_text(answer.get("nextToken")) or None,
    )


def read_links(answer: object) -> DownloadLinks:
    """Read the download links: plain texts, or objects with ``url``.

    :raises Unreadable: if there is no list of them.
    """
    if not isinstance(answer, Mapping) or not isinstance(answer.get("downloadUrls"), list):
        raise Unreadable("an answer without downloadUrls")
    return DownloadLinks(
        files=_urls(answer["downloadUrls"]), metadata=_urls(answer.get("metadataDownloadUrls") or [])
    )


def _tag(tag: str) -> str:
    if not TAG_PATTERN.fullmatch(tag):
        raise ValueError(f"{tag!r} is no tag; it is rb- and then letters, digits, dot, hyphen, underscore")
    return tag


def _unwrapped(answer: object) -> Mapping[str, Any]:
    inner = answer.get("workflowExecution", answer) if isinstance(answer, Mapping) else answer
    if not isinstance(inner, Mapping):
        raise Unreadable("an execution that is no JSON object")
    return inner


def _status(raw: str) -> AmcStatus:
    try:
        return AmcStatus(raw.strip().upper())
    except ValueError:
        return AmcStatus.UNKNOWN


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _sql(flat: Mapping[str, Any]) -> str | None:
    workflow = flat.get("workflow")
    nested = workflow.get("sqlQuery") if isinstance(workflow, Mapping) else None
    return _text(flat.get("sqlQuery")) or _text(nested)


def _columns(items: object) -> tuple[OutputColumn, ...]:
    if not isinstance(items, list):
        return ()
    return tuple(
        OutputColumn(
            name=str(item["name"]),
            data_type=str(item.get("dataType") or ""),
            column_type=str(item.get("columnType") or ""),
            precision=_whole(item.get("precision")),
            scale=_whole(item.get("scale")),
        )
        for item in items
        if isinstance(item, Mapping) and item.get("name")
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _urls(items: object) -> tuple[str, ...]:
    if not isinstance(items, list):
        raise Unreadable("download links that are no list")
    urls = [item.get("url") if isinstance(item, Mapping) else item for item in items]
    found = tuple(url for url in urls if isinstance(url, str) and url)
    if len(found) < len(urls):
        raise Unreadable("a download link that is no address")
    return found
