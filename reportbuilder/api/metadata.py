"""Values of an instance to pick from, as JSON: search, refresh, upload."""

from typing import Any

from flask import Response, request
from marshmallow import Schema, fields
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import missing
from reportbuilder.amc.models import AmcInstance
from reportbuilder.api import context, limits, ordering
from reportbuilder.api.doors import BASE, Door, Key, once
from reportbuilder.api.shapes import Body, Instant, Page, Text, list_of
from reportbuilder.database import reading, transaction
from reportbuilder.executions import quotas
from reportbuilder.valuelists import finding, refreshing, storing, uploading

door = Door("Metadata", f"{BASE}/metadata", "An instance's own brands, campaigns and ASINs, to pick from.")

LISTS = {"brands": "brand", "campaigns": "campaign", "asins": "asin"}
CSV = {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}


class ValueSchema(Schema):
    """A value of a list."""

    value = fields.String(required=True)
    label = fields.String(required=True, allow_none=True)
    detail = fields.Dict(required=True, metadata={"description": "What else is known, such as `campaign_id`"})
    weight = fields.Integer(required=True, metadata={"description": "Impressions or conversions in 90 days"})
    seen_at = Instant(required=True, allow_none=True, metadata={"description": "When AMC last told of it"})
    uploaded_at = Instant(required=True, allow_none=True)


class ValuesSchema(list_of(ValueSchema)):  # type: ignore[misc]  # made for each kind of item
    """A page of a list, and how fresh it is."""

    refreshed_at = Instant(required=True, allow_none=True)
    is_refreshing = fields.Boolean(required=True)
    problem = fields.String(
        required=True, allow_none=True, metadata={"description": "Why the last refresh failed, if it did"}
    )


class InstanceQuery(Schema):
    """Whose values."""

    instance_id = Text(most=64, required=True)


class ValuesQuery(Page):
    """Which values."""

    instance_id = Text(most=64, required=True)
    search = Text(most=200, load_default="", metadata={"description": "Words that all occur"})
    pattern = Text(
        most=1000,
        load_default="",
        metadata={"description": "The whole value, `*` for any characters; capitals count. `total` counts"},
    )


class UploadQuery(InstanceQuery):
    """Where the values of a file go."""

    replace = fields.Boolean(
        truthy={"true"},
        falsy={"false"},
        load_default=False,
        metadata={"description": "Take back what was uploaded before"},
    )


class RefreshBody(Body):
    """Whose values to fetch."""

    instance_id = Text(most=64, required=True)


class RefreshSchema(Schema):
    """What was asked of AMC; empty if all of it is being asked already."""

    execution_ids = fields.List(fields.String(), required=True)


class UploadSchema(Schema):
    """What was taken."""

    taken = fields.Integer(required=True)


@door.route("/<ident:values>")
@door.arguments(ValuesQuery, location="query")
@door.response(200, ValuesSchema)
@door.refuses(403, 404)
def list_values(query: dict[str, Any], values: str) -> dict[str, Any]:
    """List `brands`, `campaigns` or `asins` of an instance, the most frequent first."""
    kind = _kind(values)
    page, limit = query["page"], query["limit"]
    with reading() as session:
        on = ordering.instance(session, query["instance_id"], "value:view")
        rows, total = finding.search(
            session, on.id, kind, words=query["search"], pattern=query["pattern"], page=page, limit=limit
        )
        fresh = finding.standing(session, on.id)
    return {"items": rows, "total": total, "page": page, "limit": limit} | vars(fresh)


@door.route("/refresh", methods=["POST"])
@door.arguments(RefreshBody)
@door.arguments(Key, location="headers")
@door.response(202, RefreshSchema)
@door.refuses(400, 403, 404, 409, 429)
@limits.executions
def refresh_values(body: dict[str, Any], headers: dict[str, str]) -> Response:
    """Ask AMC for the values of an instance; the lists fill when the executions have ended."""

    def allowed(session: Session) -> AmcInstance:
        return ordering.instance(session, body["instance_id"], "value:refresh")

    def work(session: Session, on: AmcInstance) -> dict[str, Any]:
        return {"execution_ids": refresh(session, on)}

    return once(headers, allowed, work, RefreshSchema(), 202)


def refresh(session: Session, on: AmcInstance) -> list[str]:
    """Ask AMC for the values of an instance in the asker's name; return the ids of the executions.

    :raises TooMany: if the instance's runs of this day are used up.
    """
    quotas.ensure_runs_left(session, on, context.settings())
    locked = session.scalars(refreshing.locked(on.instance_id)).one()
    user = session.get_one(User, context.principal().user_id)
    asked = refreshing.ask(session, locked, user, triggered_by=ordering.trigger())
    return [execution.execution_id for execution in asked]


@door.route("/<ident:values>/upload", methods=["POST"])
@door.doc(requestBody=CSV)  # type: ignore[untyped-decorator]  # flask-smorest publishes no types
@door.arguments(UploadQuery, location="query")
@door.response(200, UploadSchema)
@door.refuses(403, 404, 413, 415, 422)
def upload_values(query: dict[str, Any], values: str) -> dict[str, Any]:
    """Take the values of a CSV: one a line, a label behind it if wanted. All or nothing."""
    kind = _kind(values)
    if request.mimetype != "text/csv":
        raise UnsupportedMediaType("Send the file as text/csv")
    request.max_content_length = uploading.LARGEST  # a long list has more than other bodies may have
    content = request.get_data()
    with transaction() as session:
        on = ordering.instance(session, query["instance_id"], "value:upload")
        taken = uploading.upload(session, on.id, kind, content, replace=query["replace"])
    return {"taken": taken}


@door.route("/<ident:values>/uploaded", methods=["DELETE"])
@door.arguments(InstanceQuery, location="query")
@door.response(204)
@door.refuses(403, 404)
def forget_uploaded_values(query: dict[str, Any], values: str) -> Response:
    """Take back all that was uploaded to a list; what AMC tells of stays."""
    kind = _kind(values)
    with transaction() as session:
        on = ordering.instance(session, query["instance_id"], "value:upload")
        storing.forget_uploaded(session, on.id, kind)
    return Response(status=204)


def _kind(values: str) -> str:
    if values not in LISTS:
        raise missing(f"list {values}; there are {', '.join(LISTS)}")
    return LISTS[values]
