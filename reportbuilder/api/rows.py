"""The rows of an execution: as JSON with columns, filters and order, and as files; streamed, never cut."""

import json
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from itertools import chain, islice
from typing import Any, cast

from flask import Response
from marshmallow import Schema, fields

from reportbuilder.api import context, executions, limits
from reportbuilder.api.doors import BASE, Door
from reportbuilder.api.shapes import Text, Whole, one_of
from reportbuilder.database import reading
from reportbuilder.executions import overview
from reportbuilder.results import downloads, queries
from reportbuilder.results.models import ResultSet

door = Door("Rows", f"{BASE}/executions", "The rows that executions brought.")

ROWS_MAX = 10**12
CHUNK = 500  # rows
QUESTION_MAX = 8000  # characters; the web server takes no longer addresses
FILE = {"type": "string", "format": "binary"}
TYPES = {name: kind.partition(";")[0] for name, kind in downloads.CONTENT_TYPES.items()}


class ColumnShape(Schema):
    """A column of a result."""

    name = fields.String(required=True)
    type = fields.String(required=True, metadata={"description": "text, integer, decimal, …"})
    json = fields.String(
        required=True,
        validate=one_of(("string", "number", "boolean")),
        metadata={"description": "How its values come: as strings where JSON would round them"},
    )


class RowsSchema(Schema):
    """Rows as lists of values, in the order of the columns."""

    columns = fields.List(fields.Nested(ColumnShape), required=True)
    total = fields.Integer(required=True, metadata={"description": "Rows that the filters leave"})
    offset = fields.Integer(required=True)
    rows = fields.List(fields.List(fields.Raw(allow_none=True)), required=True)


class RowsQuery(Schema):
    """Which rows of which columns."""

    columns = Text(most=QUESTION_MAX, load_default="", metadata={"description": "Names, parted by commas"})
    filter = fields.List(
        Text(most=QUESTION_MAX, trim=False),
        load_default=list,
        metadata={"description": "`column:operator:value`, may be repeated; all must hold"},
    )
    sort = Text(
        most=QUESTION_MAX, load_default="", metadata={"description": "Names, with a minus for descending"}
    )
    offset = Whole(0, ROWS_MAX, load_default=0)
    limit = Whole(1, ROWS_MAX, load_default=None, metadata={"description": "All rows if it is left out"})


class DownloadQuery(Schema):
    """In which format."""

    format = fields.String(load_default="csv", validate=one_of(downloads.CONTENT_TYPES))


@door.route("/<ident:execution_id>/rows")
@door.arguments(RowsQuery, location="query")
@door.response(200, RowsSchema)
@door.refuses(404, 409, 410)
def get_rows(query: dict[str, Any], execution_id: str) -> Response:
    """Stream the rows of a completed execution as JSON."""
    with ExitStack() as held:
        path = held.enter_context(_file(execution_id))
        wanted = queries.parse(
            queries.schema(path),
            columns=query["columns"],
            filters=query["filter"],
            sort=query["sort"],
            offset=query["offset"],
            limit=query["limit"],
        )
        page = held.enter_context(queries.read_rows(path, wanted))
        return _streamed(_as_json(page, query["offset"]), "application/json", held.pop_all())


@door.route("/<ident:execution_id>/download")
@door.arguments(DownloadQuery, location="query")
@door.response(200, FILE, content_type=TYPES["csv"])
@door.alt_response(200, schema=FILE, content_type=TYPES["xlsx"], success=True)
@door.alt_response(200, schema=FILE, content_type=TYPES["parquet"], success=True)
@door.refuses(404, 409, 410, 429)
@limits.exports
def download_rows(query: dict[str, Any], execution_id: str) -> Response:
    """Stream all rows of a completed execution as a CSV, Excel or Parquet file.

    CSV holds the values exactly as they are, also those that a spreadsheet would take for formulas; for a
    spreadsheet take `xlsx`, in which text stays text. Parquet keeps the types.
    """
    return sent_file(execution_id, query["format"])


def sent_file(execution_id: str, kind: str) -> Response:
    """Return the answer that streams all rows of an execution as a file of a kind of CONTENT_TYPES.

    :raises Conflict: if it is not completed. :raises Gone: if its rows have been removed.
    :raises Invalid: if there are more rows than the kind holds.
    """
    scratch = context.settings().scratch_dir
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        path = held.enter_context(_file(execution_id))
        file = downloads.download(path, kind, scratch)
        # who goes away in the middle leaves no half-read file to the garbage collector
        held.enter_context(closing(cast("Generator[bytes]", file.chunks)))
        # the first chunk is made before anything is answered, so that what is wrong can still be told
        chunks = chain([next(file.chunks, b"")], file.chunks)
        response = _streamed(chunks, file.content_type, held.pop_all())
    response.headers.set("Content-Disposition", "attachment", filename=f"{execution_id}.{file.extension}")
    return response


def _file(execution_id: str) -> Any:
    return context.store().local(*_stored(execution_id))


def _stored(execution_id: str) -> tuple[str, str]:
    with reading() as session:
        found: ResultSet = overview.result_of(session, executions.visible(session, execution_id))
        return found.key, found.sha256


def _streamed(chunks: Iterator[bytes], content_type: str, held: ExitStack) -> Response:
    response = Response(chunks, content_type=content_type)
    response.call_on_close(held.close)
    return response


def _as_json(page: queries.Page, offset: int) -> Iterator[bytes]:
    columns = [{"name": each.name, "type": each.type, "json": each.json} for each in page.columns]
    head = json.dumps({"columns": columns, "total": page.total, "offset": offset}, ensure_ascii=False)
    yield f'{head[:-1]}, "rows": ['.encode()
    separator = ""
    while some := _next_rows(page):
        yield (separator + ",\n".join(json.dumps(row, ensure_ascii=False) for row in some)).encode()
        separator = ",\n"
    yield b"]}\n"


def _next_rows(page: queries.Page) -> list[tuple[Any, ...]]:
    return list(islice(page.rows, CHUNK))
