"""Whether a query that came out is the template with other literals and nothing else, by DuckDB's parser.

Our own tokens are not asked: they are on trial.
"""

import json
import re
from typing import Any

import duckdb

database = duckdb.connect()
LITERAL = "?"
_NAMED = re.compile(r"(conversions|within|x)_\w+")  # names of which a value may be a part


def shape(sql: str) -> Any:
    """Return what DuckDB understands of a query, with all literals alike, and many in a row as one.

    What a value has put into a name counts as one as well, but it must have left it one name.

    :raises AssertionError: if it is no single query.
    """
    return _alike(_parsed(sql))


def texts(sql: str) -> set[str]:
    """Return the values of all text literals of a query."""
    return set(_texts(_parsed(sql)))


def _parsed(sql: str) -> Any:
    [(answer,)] = database.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    found = json.loads(answer)
    assert not found["error"], f"{found}: {sql[:500]}"
    assert len(found["statements"]) == 1, sql[:500]
    return found["statements"][0]


def _alike(node: Any) -> Any:
    if isinstance(node, list):
        found = [_alike(each) for each in node]
        return [each for place, each in enumerate(found) if not place or not _same(each, found[place - 1])]
    if isinstance(node, str):
        return _NAMED.sub(r"\1_…", node)
    if not isinstance(node, dict):
        return node
    if node.get("class") == "CONSTANT":
        return LITERAL
    children = node.get("children") or []
    if node.get("class") == "FUNCTION" and node.get("function_name") == "-" and len(children) == 1:
        return _alike(children[0])  # a number below zero
    return {name: _alike(value) for name, value in node.items() if not name.startswith("query_location")}


def _same(one: Any, other: Any) -> bool:
    """Say whether two neighbours are both literals, or both rows of one."""
    return one == other and one in (LITERAL, [LITERAL])


def _texts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [text for each in node for text in _texts(each)]
    if not isinstance(node, dict):
        return []
    if node.get("class") == "CONSTANT":
        literal = node["literal"]
        return [literal["text"]] if literal["kind"] == "STRING" else []
    return [text for each in node.values() for text in _texts(each)]
