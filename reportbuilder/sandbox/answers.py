"""How executions, errors and data sources look in an answer."""

import json
import secrets
import string
from datetime import timedelta
from typing import Any

from flask import Response

from reportbuilder.sandbox.executions import FINAL, Column, Execution
from reportbuilder.sandbox.instants import shown
from reportbuilder.sandbox.tables import Table

EXECUTIONS = "application/vnd.amcworkflowexecutions.v1+json"
DATA_SOURCES = "application/vnd.amcdatasources.v1+json"
PLAIN = "application/json"


def answer(body: object, status: int = 200, kind: str = EXECUTIONS) -> Response:
    """Return a JSON answer with the headers that every AMC answer carries."""
    request_id = "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(20))
    response = Response(json.dumps(body), status, content_type=kind)
    response.headers["x-amz-rid"] = response.headers["x-amz-request-id"] = request_id
    return response


def refusal(status: int, details: str, kind: str = EXECUTIONS) -> Response:
    """Return AMC's error body."""
    return answer({"code": str(status), "details": details}, status, kind)


def created_body(execution: Execution) -> dict[str, Any]:
    """Return what the answer to a create request says."""
    return {
        **execution.fixed,
        "lastUpdatedTime": shown(execution.updated),
        "status": execution.status,
    }


def fixed_body(execution: Execution) -> dict[str, Any]:
    """Return what answers say of an execution that never changes."""
    body = execution.body
    result: dict[str, Any] = {
        "createTime": shown(execution.created),
        "dataGaps": [],
        "disableAggregationControls": bool(body.get("disableAggregationControls")),
        "executionCategory": "AD_HOC",
        "expireTime": shown(execution.created + timedelta(hours=24)),
        "ignoreDataGaps": str(body.get("ignoreDataGaps", "")).lower() == "true",
        "parameterValues": body.get("parameterValues") or {},
        "requireSyntheticData": bool(body.get("requireSyntheticData")),
        "timeWindowTimeZoneOriginal": execution.window.zone,
        "waitUntil": shown(execution.created - timedelta(hours=1)),
        "workflowExecutionId": execution.execution_id,
        "workflowExecutionTimeoutSeconds": execution.timeout,
        "workflowId": execution.workflow_id,
    }
    if execution.window.asked_start is not None:
        result |= _window(execution)
        result["timeWindowStartOriginal"] = execution.window.asked_start
        result["timeWindowEndOriginal"] = execution.window.asked_end
    if body.get("advertisers"):
        result["advertisers"] = body["advertisers"]
    return result


def execution_body(execution: Execution, *, with_workflow: bool) -> dict[str, Any]:
    """Return what get and list say of an execution."""
    result = created_body(execution) | {"availableTimeBeforeWindowSecs": 0, "invalidationOffsetSecs": 266400}
    if execution.reason is not None:
        result["statusReason"] = execution.reason
    if execution.started is not None or execution.status == "SUCCEEDED":
        result |= _window(execution)
        result["validatedTime"] = shown(execution.validated, milliseconds=True)
        result["outputS3URI"] = "N/A"
        result["outputColumns"] = [_column(column) for column in execution.computation.columns]
    if execution.started is not None and execution.ended is not None:
        computed = execution.computed or execution.ended
        result["executionTime"] = round((computed - execution.started).total_seconds())
    result["outputChannels"] = [_channel(execution)]
    if with_workflow:
        result["sqlQuery"] = execution.sql
        result["workflow"] = execution.body["workflow"] | {"workflowId": execution.workflow_id}
    return result


def data_source_body(table: Table) -> dict[str, Any]:
    """Return a data source as the API describes it."""
    return {
        "dataSourceId": table.name,
        "description": table.description,
        "owner": "AMAZON",
        "provider": "AMAZON",
        "columns": [
            {"name": column.name, "columnType": column.column_type, "dataType": column.type}
            for column in table.columns
        ],
        "tags": [],
        "outputChannels": [{"channel": {"type": "DOWNLOAD"}, "outputAvailable": True}],
    }


def _window(execution: Execution) -> dict[str, str]:
    return {
        "timeWindowStart": shown(execution.window.start),
        "timeWindowEnd": shown(execution.window.end),
    }


def _column(column: Column) -> dict[str, Any]:
    body: dict[str, Any] = {
        "name": column.name,
        "columnType": column.column_type,
        "dataType": column.data_type,
    }
    if column.precision is not None:
        body |= {"precision": column.precision, "scale": column.scale}
    return body


def _channel(execution: Execution) -> dict[str, Any]:
    channel: dict[str, Any] = {"channel": {"type": "DOWNLOAD"}}
    if execution.status not in FINAL:
        return channel | {"status": "PENDING"}
    if execution.status != "SUCCEEDED":
        return channel | {"status": "FAILED", "statusReason": "The workflow execution did not succeed."}
    if execution.computation.files:
        return channel | {"status": "AVAILABLE"}
    return channel | {"status": "UNAVAILABLE", "statusReason": _why_without_output(execution)}


def _why_without_output(execution: Execution) -> str:
    for name in ("dryRun", "skipPublish", "disableAggregationControls"):
        if execution.body.get(name):
            return f"The workflow execution has no output because {name} is true."
    return "The output is no longer retained."
