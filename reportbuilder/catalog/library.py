"""The templates that are shipped: one TOML file each, read strictly and installed into the database."""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from reportbuilder.catalog import versions
from reportbuilder.catalog.drafts import Draft, read_draft, refuse
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.publishing import fill, new_template
from reportbuilder.errors import Invalid

WIDGETS: Final = (
    "line_chart",
    "bar_chart",
    "pie_chart",
    "area_chart",
    "scatter_chart",
    "table",
    "metric_card",
    "text",
    "heatmap",
    "funnel",
)
FIELD_KEYS: Final = (
    "x_field",
    "y_field",
    "series_field",
    "label_field",
    "value_field",
    "sort_field",
    "columns",
)
FORMATS: Final = ("integer", "decimal", "currency", "percent")
_TOP = {
    "name": str,
    "question": str,
    "description": str,
    "category": str,
    "report_type": str,
    "tags": list,
    "tables": list,
    "typical_minutes": int,
    "sql": str,
    "parameters": list,
    "columns": list,
    "report_config": dict,
}
_PARAMETER = {"name", "type", "title", "description", "required", "default", "rules", "ui", "group"}
_COLUMN = {"name", "title", "format", "sample", "additive", "ratio", "scale"}


@dataclass(frozen=True)
class Shipped:
    """One file of the library: its key (the file's name), the digest of its bytes, and what it says."""

    key: str
    digest: str
    draft: Draft


@dataclass(frozen=True)
class Summary:
    """What an installation did, by key. ``orphaned``: once shipped, no longer so, and left as it is."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    orphaned: tuple[str, ...] = ()


def read_library() -> tuple[Shipped, ...]:
    """Read all shipped files, in the order of their keys.

    :raises Invalid: for a wrong one, naming file and field.
    """
    folder = files("reportbuilder.catalog") / "library"
    found = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda it: it.name)
    return tuple(read_file(item.name, item.read_bytes()) for item in found)


def read_file(name: str, content: bytes) -> Shipped:
    """Read one template file.

    :raises Invalid: with ``details`` keyed ``<file>: <field>``, for broken TOML, unknown or missing fields,
        wrong types, everything that publishing refuses, and widgets that show columns which do not exist.
    """
    try:
        data = tomllib.loads(content.decode())
        _check_fields(data)
        draft = read_draft(as_publication(data))
        refuse(_find_wrong_widgets(data["report_config"], [column["name"] for column in data["columns"]]))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid.field(name, f"it is not readable as TOML: {error}") from None
    except Invalid as error:
        raise Invalid(
            f"{name}: {error.message}", details={f"{name}: {key}": why for key, why in error.details.items()}
        ) from None
    return Shipped(name.removesuffix(".toml"), hashlib.sha256(content).hexdigest(), draft)


def install_library(session: Session, shipped: Iterable[Shipped] | None = None) -> Summary:
    """Bring the shipped templates into the database; doing it again changes nothing.

    A template is known by its key, so that its id and the reports on it stay; where its file has changed it
    gets the new text under the next version. Templates of users are never touched.
    """
    known = {
        template.library_key: template
        for template in session.scalars(select(QueryTemplate).where(QueryTemplate.library_key.is_not(None)))
    }
    added, changed, unchanged = [], [], []
    for one in read_library() if shipped is None else shipped:
        template = known.pop(one.key, None)
        if template is not None and template.library_digest == one.digest:
            unchanged.append(one.key)
        elif template is not None:
            versions.ensure_recorded(session, template, versions.publication_of(template))
            fill(template, one.draft)
            template.version += 1
            template.library_digest = one.digest
            session.flush()
            versions.record(session, template, author_id=None, note="shipped with a release")
            changed.append(one.key)
        else:
            template = new_template(session, one.draft, user_id=None)
            template.library_key, template.library_digest = one.key, one.digest
            session.flush()
            versions.record(session, template, author_id=None, note="shipped with a release")
            added.append(one.key)
    session.flush()
    return Summary(tuple(added), tuple(changed), tuple(unchanged), tuple(sorted(map(str, known))))


def _check_fields(data: Mapping[str, Any]) -> None:
    wrong = {name: ["there is no such field; remove it"] for name in sorted(set(data) - set(_TOP))}
    for name, kind in _TOP.items():
        if type(data.get(name)) is not kind:
            wrong[name] = [
                f"it is {'missing' if name not in data else 'of the wrong type'}; give a {kind.__name__}"
            ]
    refuse(wrong)
    refuse(_find_wrong_rows("parameters", data["parameters"], _PARAMETER, {"name", "type", "title"}))
    refuse(_find_wrong_rows("columns", data["columns"], _COLUMN, {"name", "title", "sample"}))
    names = {column["name"] for column in data["columns"]}
    for place, column in enumerate(data["columns"]):
        field = f"columns.{place}"
        if column.get("format", "integer") not in FORMATS:
            wrong[f"{field}.format"] = [f"{column['format']!r} is not one of {', '.join(FORMATS)}"]
        if missing := sorted(set(column.get("ratio", ())) - names):
            wrong[f"{field}.ratio"] = [f"there is no column {', '.join(missing)}"]
    refuse(wrong)


def _find_wrong_rows(
    field: str, rows: Sequence[Any], known: set[str], needed: set[str]
) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    for place, row in enumerate(rows):
        if not isinstance(row, dict):
            wrong[f"{field}.{place}"] = ["it is no table; write [[…]]"]
            continue
        wrong |= {
            f"{field}.{place}.{name}": ["there is no such field; remove it"] for name in set(row) - known
        }
        wrong |= {f"{field}.{place}.{name}": ["it is missing"] for name in sorted(needed - set(row))}
    return wrong


def as_publication(data: Mapping[str, Any]) -> dict[str, Any]:
    """Say a file's content, read as TOML, in the words of a publication.

    :raises KeyError: TypeError: AttributeError: for a content of another shape.
    """
    about = {name: data[name] for name in ("question", "tables", "typical_minutes", "columns")}
    return {
        "name": data["name"],
        "description": data["description"],
        "category": data["category"],
        "report_type": data["report_type"],
        "report_config": {**data["report_config"], "about": about},
        "ui_schema": {"ui:order": [row["name"] for row in data["parameters"]]},
        "tags": data["tags"],
        "is_public": True,
        "sql_template": data["sql"],
        "parameter_definitions": [_as_row(place, row) for place, row in enumerate(data["parameters"])],
    }


def _as_row(place: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "parameter_name": row["name"],
        "parameter_type": row["type"],
        "display_name": row["title"],
        "description": row.get("description", ""),
        "required": row.get("required", False),
        "default_value": row.get("default"),
        "validation_rules": row.get("rules", {}),
        "ui_config": row.get("ui", {}),
        "display_order": place,
        "group_name": row.get("group", ""),
    }


def _find_wrong_widgets(report_config: Mapping[str, Any], columns: Sequence[str]) -> dict[str, list[str]]:
    wrong: dict[str, list[str]] = {}
    for place, widget in enumerate(report_config.get("widgets", ())):
        field = f"report_config.widgets.{place}"
        if widget.get("type") not in WIDGETS:
            wrong[f"{field}.type"] = [f"{widget.get('type')!r} is not one of {', '.join(WIDGETS)}"]
        for key in FIELD_KEYS:
            named = widget.get(key, [])
            missing = [name for name in ([named] if isinstance(named, str) else named) if name not in columns]
            if missing:
                wrong[f"{field}.{key}"] = [f"there is no column {', '.join(missing)}"]
    return wrong
