"""Shapes that all parts of the API share: texts, whole numbers, instants, ids in paths, pages of a list."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from werkzeug.routing import BaseConverter

from reportbuilder.api import strictjson

PAGE_MAX = 100_000
LIMIT_MAX = 100
TEXT_MAX = 500

RowT = TypeVar("RowT")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NO_ROW = UUID(int=0)


class Ident(BaseConverter):
    """Ids in paths, such as ``exec_…``, ``tpl_…`` and AMC's own; any other text is an unknown address."""

    regex = r"[A-Za-z0-9_-]{1,64}"


def ident_schema(_converter: Ident) -> dict[str, Any]:
    """Return how an id in a path looks in OpenAPI."""
    return {"type": "string", "pattern": f"^{Ident.regex}$"}


class Text(fields.String):
    """A text that every database can store, ``least`` to ``most`` characters, as a rule without edges."""

    def __init__(self, *, most: int = TEXT_MAX, least: int = 1, trim: bool = True, **options: Any) -> None:
        self.trim = trim
        options.setdefault("validate", []).append(validate.Length(min=least, max=most))
        super().__init__(**options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not strictjson.is_storable(text):
            raise ValidationError("Not a storable text: remove NUL characters and halves of surrogate pairs.")
        return text.strip() if self.trim else text


class Whole(fields.Integer):
    """A whole number in a query, in plain digits; no underscores, spaces or fractions."""

    def __init__(self, least: int, most: int, **options: Any) -> None:
        super().__init__(validate=validate.Range(min=least, max=most), **options)

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Flag(fields.Boolean):
    """JSON's true or false and nothing that resembles them."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Instant(fields.AwareDateTime):
    """ISO 8601; written in UTC with Z, read with any offset, without one as UTC, a day as its start."""

    default_error_messages = {  # noqa: RUF012 - so declared in the field
        "invalid": "Not an instant; write 2026-03-04 (its start in UTC), 2026-03-04T09:30:00Z, or with an "
        "offset, whose + is %2B in an address."
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        if isinstance(value, str) and _DAY.fullmatch(value):
            value += "T00:00:00"
        try:
            return super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type="instant") from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - marshmallow's signature
        return None if value is None else strictjson.instant(value)


class Body(Schema):
    """What comes in as JSON: nothing but its fields."""

    class Meta:
        """How marshmallow, and through it OpenAPI, is told so."""

        unknown = RAISE


class Page(Schema):
    """Which part of a list."""

    page = Whole(1, PAGE_MAX, load_default=1)
    limit = Whole(1, LIMIT_MAX, load_default=20)


def sort_field(keys: Mapping[str, Any], default: str) -> fields.String:
    """Return the field that takes one of the keys, with a minus for descending."""
    choices = [sign + key for key in keys for sign in ("", "-")]
    return fields.String(
        load_default=default,
        validate=validate.OneOf(choices),
        metadata={"description": "Field to sort by; a minus in front for descending"},
    )


def order(
    keys: Mapping[str, InstrumentedAttribute[Any]], choice: str, tie: InstrumentedAttribute[Any]
) -> list[Any]:
    """Return the ORDER BY of a choice; ``tie`` makes it total, so that no row is on two pages."""
    column = keys[choice.removeprefix("-")]
    return [column.desc(), tie.desc()] if choice.startswith("-") else [column.asc(), tie.asc()]


def page_of(
    session: Session, statement: Select[RowT], ordering: list[Any], query: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one page of what a SELECT of one entity finds, and how much there is in all."""
    total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery()))
    start = (query["page"] - 1) * query["limit"]
    items = session.scalars(statement.order_by(*ordering).offset(start).limit(query["limit"]))
    return {"items": list(items.unique()), "total": total, "page": query["page"], "limit": query["limit"]}


def row_id(
    session: Session, key: InstrumentedAttribute[UUID], name: InstrumentedAttribute[str], text: str | None
) -> UUID | None:
    """Return the row id of what has that text id, an id of nothing if there is none, None without a text."""
    if text is None:
        return None
    return session.scalar(select(key).where(name == text)) or NO_ROW


def list_of(item: type[Schema]) -> type[Schema]:
    """Return the schema of a page of items."""
    noun = item.__name__.removesuffix("Schema")
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(item), required=True),
            "total": fields.Integer(required=True),
            "page": fields.Integer(required=True),
            "limit": fields.Integer(required=True),
        },
        name=f"{noun}List",
    )


def one_of(choices: Any) -> Callable[..., Any]:
    """Return the validator that names the choices."""
    return validate.OneOf(list(choices), error=f"Must be one of: {', '.join(choices)}.")


def flatten(messages: Any, path: str = "") -> dict[str, list[str]]:
    """Return marshmallow's nested messages as one level, dots leading into nested fields.

    >>> flatten({"run": {"type": ["Missing."]}, "tags": {0: ["Too long."]}})
    {'run.type': ['Missing.'], 'tags.0': ['Too long.']}
    """
    if not isinstance(messages, Mapping):
        reasons = messages if isinstance(messages, list) else [messages]
        return {path or "body": [str(reason) for reason in reasons]}
    flat: dict[str, list[str]] = {}
    for key, inner in messages.items():
        step = "" if key == "_schema" else str(key)
        flat.update(flatten(inner, ".".join(part for part in (path, step) if part)))
    return flat


def pick(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return those of the names that are there.

    >>> pick({"page": 1, "sort": "name"}, "page", "limit")
    {'page': 1}
    """
    return {name: data[name] for name in names if name in data}
