"""What a create or list request asks for, read from the wire and checked."""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from reportbuilder.sandbox.executions import LONGEST_RUN
from reportbuilder.sandbox.instants import BadRequestError, read, zone_of

T = TypeVar("T")
_WORKFLOW_ID = re.compile(r"[A-Za-z0-9._-]+")
_PARAMETER_TYPES = frozenset(
    {
        *("BINARY", "BOOLEAN", "BYTE", "CALENDAR_INTERVAL", "DATE", "DECIMAL", "DOUBLE"),
        *("FLOAT", "INTEGER", "LONG", "SHORT", "STRING", "TIMESTAMP"),
    }
)
_LIMIT = 100
_SHORTEST, _LONGEST = 900, 86400  # seconds
_CHANNELS = ("DISPLAY", "SPONSORED_ADS", "SAS")


def create_body(raw: bytes) -> dict[str, Any]:
    """Return the body of a create request.

    :raises BadRequestError: for what AMC would answer 400.
    """
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise BadRequestError("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequestError("The request body must be a JSON object.")
    _check_workflow(body)
    _check_run(body)
    return body


def _check_workflow(body: dict[str, Any]) -> None:
    workflow, saved = body.get("workflow"), body.get("workflowId")
    if workflow is not None and saved is not None:
        raise BadRequestError("Only one of workflow and workflowId may be specified.")
    if saved is not None:
        raise BadRequestError(f"Workflow with ID {saved} does not exist")
    if not isinstance(workflow, dict):
        raise BadRequestError("One of workflow and workflowId must be specified.")
    if not isinstance(workflow.get("sqlQuery"), str) or not workflow["sqlQuery"].strip():
        raise BadRequestError("workflow.sqlQuery must be a non-empty string.")
    workflow_id = workflow.get("workflowId")
    if workflow_id is not None and not _WORKFLOW_ID.fullmatch(str(workflow_id)):
        raise BadRequestError(
            f"Workflow ID '{workflow_id}' may only contain letters, digits, periods, dashes and underscores."
        )
    _check_parameters(workflow.get("inputParameters") or [])
    _check_columns(workflow.get("outputColumns") or [])
    style = workflow.get("outputFormat") or {}
    if not isinstance(style, dict) or not all(
        isinstance(sign, str) and len(sign) == 1 for sign in style.values()
    ):
        raise BadRequestError("workflow.outputFormat must give single characters.")
    behaviour = workflow.get("privacyFilteringBehavior", "REMOVE_ROWS")
    if behaviour not in ("REMOVE_ROWS", "REMOVE_VALUES"):
        raise BadRequestError(f"privacyFilteringBehavior '{behaviour}' is invalid.")


def _check_parameters(parameters: object) -> None:
    if not isinstance(parameters, list) or len(parameters) > _LIMIT:
        raise BadRequestError("workflow.inputParameters must be a list of at most 100 parameters.")
    for parameter in parameters:
        if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
            raise BadRequestError("Each of workflow.inputParameters must have a name.")
        kind = parameter.get("dataType", "STRING")
        is_array = isinstance(kind, dict) and kind.get("type") == "ARRAY"
        if not is_array and not (isinstance(kind, str) and kind in _PARAMETER_TYPES):
            raise BadRequestError(f"Data type '{kind}' of parameter {parameter['name']} is invalid.")


def _check_columns(columns: object) -> None:
    if not isinstance(columns, list) or len(columns) > _LIMIT:
        raise BadRequestError("workflow.outputColumns must be a list of at most 100 columns.")
    if not all(isinstance(column, dict) and isinstance(column.get("name"), str) for column in columns):
        raise BadRequestError("Each of workflow.outputColumns must have a name.")


def _check_run(body: dict[str, Any]) -> None:
    if not isinstance(body.get("parameterValues") or {}, dict):
        raise BadRequestError("parameterValues must be a JSON object.")
    seconds = body.get("workflowExecutionTimeoutSeconds", LONGEST_RUN)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not _SHORTEST <= seconds <= _LONGEST:
        raise BadRequestError("workflowExecutionTimeoutSeconds must be between 900 and 86400.")
    for name in ("dryRun", "skipPublish", "disableAggregationControls", "requireSyntheticData"):
        if not isinstance(body.get(name, False), bool):
            raise BadRequestError(f"{name} must be a boolean.")
    if body.get("additionalAcrResultsReceivers"):
        raise BadRequestError("additionalAcrResultsReceivers needs an AWS Clean Rooms collaboration.")
    _check_advertisers(body.get("advertisers") or [])


def _check_advertisers(advertisers: object) -> None:
    if not isinstance(advertisers, list):
        raise BadRequestError("advertisers must be a list.")
    for one in advertisers:
        if (
            not isinstance(one, dict)
            or not isinstance(one.get("id"), str)
            or one.get("type") not in _CHANNELS
        ):
            raise BadRequestError("Each of advertisers must have an id and a type.")


def advertiser_ids(body: dict[str, Any], known: Iterable[object]) -> frozenset[str] | None:
    """Return the ids of the advertisers that a run is restricted to, None for all.

    :raises BadRequestError: for one that the instance does not have.
    """
    asked = {str(one["id"]) for one in body.get("advertisers") or []}
    foreign = sorted(asked.difference(map(str, known)))
    if foreign:
        raise BadRequestError(f"Advertiser {foreign[0]} cannot be queried on this instance.")
    return frozenset(asked) or None


def certified(body: dict[str, Any], now: datetime, window_end: datetime) -> datetime:
    """Return the time up to which reported data are seen: data arrive hour by hour.

    :raises BadRequestError: for times that cannot be.
    """
    dimensions = body.get("maxDimensionTime")
    if dimensions is not None and read("maxDimensionTime", dimensions, zone_of(None)) < window_end:
        raise BadRequestError(
            f"maxDimensionTime '{dimensions}' must not be before the end of the time window."
        )
    asked = body.get("maxCertifiedTime")
    at = now if asked is None else min(now, read("maxCertifiedTime", asked, zone_of(None)))
    return at.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Listing:
    """What a list request asks for; ``after`` is the sequence number of the last one already shown."""

    first: datetime | None
    last: datetime | None
    workflow_id: str | None
    limit: int
    ascending: bool
    with_cancelled: bool
    with_workflow: bool
    after: int | None


def listing(query: Mapping[str, str]) -> Listing:
    """Return what the query of a list request asks for.

    :raises BadRequestError: for what AMC would answer 400.
    """
    zone = zone_of(query.get("timeZone") or None)
    first, last = query.get("minCreationTime"), query.get("maxCreationTime")
    workflow_id = query.get("workflowId") or None
    if not first and workflow_id is None:
        raise BadRequestError("One of minCreationTime and workflowId must be specified.")
    return Listing(
        read("minCreationTime", first, zone) if first else None,
        read("maxCreationTime", last, zone) if last else None,
        workflow_id,
        limit_of(query.get("limit")),
        flag(query, "sortAscending"),
        flag(query, "includeCancelled"),
        flag(query, "includeWorkflow"),
        read_token(query["nextToken"]) if query.get("nextToken") else None,
    )


def slice_of(query: Mapping[str, str], items: Sequence[T]) -> tuple[Sequence[T], dict[str, str]]:
    """Return one page of all items, and ``nextToken`` if there are more.

    :raises BadRequestError: for what AMC would answer 400.
    """
    start = read_token(query["nextToken"]) if query.get("nextToken") else 0
    end = start + limit_of(query.get("limit"))
    return items[start:end], {"nextToken": token_for(end)} if end < len(items) else {}


def limit_of(text: str | None, most: int = _LIMIT) -> int:
    """Return how many items a page may hold, 100 if nothing is said.

    :raises BadRequestError: for anything but 1 to ``most``.
    """
    if not text:
        return _LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise BadRequestError(f"limit '{text}' is invalid. It must be between 1 and {most}.")
    return int(text)


def flag(query: Mapping[str, str], name: str) -> bool:
    """Return a boolean of the query; absent is false.

    :raises BadRequestError: for anything but true and false.
    """
    text = query.get(name, "false").lower()
    if text not in ("true", "false"):
        raise BadRequestError(f"{name} '{text}' is invalid. It must be true or false.")
    return text == "true"


def token_for(sequence: int) -> str:
    """Return the ``nextToken`` that goes on behind this sequence number."""
    return base64.urlsafe_b64encode(f"after:{sequence}".encode()).decode()


def read_token(token: str) -> int:
    """Return the sequence number in a ``nextToken``.

    :raises BadRequestError: for a token that this server did not make.
    """
    try:
        word, _, number = base64.urlsafe_b64decode(token).decode().partition(":")
        if word == "after" and number.isdecimal():
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise BadRequestError("nextToken is invalid.")
