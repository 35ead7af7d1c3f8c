"""What the API can do, told for people: read from the same OpenAPI document that programs read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Field:
    """One parameter or one field of a body."""

    name: str
    kind: str
    is_required: bool
    text: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One method on one path."""

    method: str
    path: str
    summary: str
    text: str
    anchor: str
    parameters: list[Field]
    body: list[Field]
    answers: list[tuple[str, str, list[Field]]]


@dataclass(frozen=True)
class Group:
    """The operations of one noun."""

    name: str
    text: str
    operations: list[Operation]


def specification() -> dict[str, Any]:
    """Return the OpenAPI document of this app."""
    found: dict[str, Any] = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
    return found


def groups(spec: Mapping[str, Any]) -> list[Group]:
    """Return all operations by their tags."""
    return [
        Group(tag["name"], tag.get("description", ""), list(_operations(spec, tag["name"])))
        for tag in spec.get("tags", ())
    ]


def _operations(spec: Mapping[str, Any], tag: str) -> Iterator[Operation]:
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item and tag in item[method].get("tags", ()):
                yield _operation(spec, path, method, item[method], item.get("parameters", ()))


def _operation(
    spec: Mapping[str, Any], path: str, method: str, raw: Mapping[str, Any], shared: Any
) -> Operation:
    body = raw.get("requestBody", {})
    return Operation(
        method=method.upper(),
        path=path,
        summary=raw.get("summary", ""),
        text=raw.get("description", ""),
        anchor=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        parameters=[_parameter(spec, found) for found in (*shared, *raw.get("parameters", ()))],
        body=_fields(spec, _content(body)),
        answers=[
            (status, answer.get("description", ""), _fields(spec, _content(answer)) if status < "300" else [])
            for status, answer in sorted(
                (status, _resolve(spec, found)) for status, found in raw["responses"].items()
            )
        ],
    )


def _parameter(spec: Mapping[str, Any], found: Mapping[str, Any]) -> Field:
    raw = _resolve(spec, found)
    text = raw.get("description") or raw["schema"].get("description", "")
    return Field(raw["name"], _kind(raw["schema"]), raw.get("required", False), text, raw["in"])


def _content(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds: Mapping[str, Any] = raw.get("content", {})
    return kinds.get("application/json", {}).get("schema", {}) if kinds else {}


def _fields(spec: Mapping[str, Any], schema: Mapping[str, Any]) -> list[Field]:
    whole = _resolve(spec, schema)
    needed = set(whole.get("required", ()))
    return [
        Field(name, _kind(raw), name in needed, raw.get("description", ""))
        for name, raw in whole.get("properties", {}).items()
    ]


def _resolve(spec: Mapping[str, Any], found: Any) -> Any:
    while isinstance(found, Mapping) and "$ref" in found:
        target: Any = spec
        for step in found["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        found = target
    return found


def _kind(raw: Mapping[str, Any]) -> str:
    if "$ref" in raw:
        return str(raw["$ref"]).rpartition("/")[2]
    if "allOf" in raw:
        return _kind(raw["allOf"][0])
    if "oneOf" in raw:
        return " or ".join(_kind(each) for each in raw["oneOf"])
    if "anyOf" in raw:  # how apispec says that a nested shape may be null
        return f"{_kind(raw['anyOf'][-1])} or null"
    return f"{_plain_kind(raw)} or null" if raw.get("nullable") else _plain_kind(raw)


def _plain_kind(raw: Mapping[str, Any]) -> str:
    if "enum" in raw:
        return " | ".join(str(choice) for choice in raw["enum"] if choice is not None)
    if raw.get("type") == "array":
        return f"[{_kind(raw['items'])}]"
    kind = raw.get("type", "any")
    name = " or ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{name} ({raw['format']})" if "format" in raw else name
