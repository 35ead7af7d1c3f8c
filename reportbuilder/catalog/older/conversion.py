"""One older template as a publication of today, or the reasons why it cannot be one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reportbuilder.catalog.drafts import FIELD, read_draft
from reportbuilder.catalog.lint import ERROR, WARNING, lint
from reportbuilder.catalog.older import displays, fragments, rewriting
from reportbuilder.catalog.older.declarations import Declaration, read_declarations
from reportbuilder.catalog.older.defaults import read_split
from reportbuilder.catalog.older.files import SQL_KEYS, Source, decode
from reportbuilder.catalog.older.notes import Note, Notes
from reportbuilder.catalog.older.parameters import LISTS, make_row
from reportbuilder.catalog.older.words import read_type
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import RESERVED
from reportbuilder.parameters.messages import shorten, show
from reportbuilder.parameters.naming import END, START, guess_definitions, guess_type, window_part
from reportbuilder.parameters.placeholders import Placeholder, Template, read_template, refuse_control
from reportbuilder.parameters.places import Place

NO_CATEGORY: Final = "Imported"
NAMES: Final = {START: "start_date", END: "end_date"}
# what a row has besides, and has no meaning here or is kept as it came
READ: Final = frozenset((
    *SQL_KEYS, "id", "template_id", "name", "description", "category", "parameters_schema",
    "default_parameters", "user_id", "is_public", "tags", "usage_count", "created_at", "updated_at",
    "report_type", "report_config", "ui_schema", "version", "parent_template_id", "execution_count",
    "default_dashboard_type", "parameters", "parameter_definitions", "query_template_parameters",
    "template_parameters", "value_sets", "query_template_instances", "template_instances",
))  # fmt: skip


@dataclass
class Conversion:
    """What became of one template. ``publication``: what `publishing.publish` takes, None if it is refused.

    ``key`` knows the template again: its id of before, or its name. ``origin``: columns that are kept as
    they came.
    """

    name: str
    key: str
    publication: dict[str, Any] | None
    warnings: tuple[Note, ...] = ()
    refusals: tuple[Note, ...] = ()
    origin: dict[str, Any] = field(default_factory=dict)
    value_sets: Sequence[Any] = ()


def convert(source: Source) -> Conversion:
    """Convert a template of a file, whatever its shape; whatever is wrong with it is told, never raised."""
    notes = Notes()
    name = _shown_name(source)
    if source.fault:
        notes.refuse("template", source.fault)
        return Conversion(name, "", None, refusals=tuple(notes.refusals))
    made: dict[str, Any] = {}
    try:
        made = _as_it_is(source, notes) if source.is_own else _convert(source.data, source, notes)
        _judge(made, notes)
    except Invalid as error:
        notes.refuse_all(error)
    key = _key(source.data, name)
    if notes.refusals:
        return Conversion(name, key, None, refusals=tuple(notes.refusals))
    return Conversion(name, key, made, tuple(notes.warnings), (), _origin(source), source.value_sets)


def _judge(made: Mapping[str, Any], notes: Notes) -> None:
    """See whether it could be published; where a parameter is wrong already, only the SQL is judged."""
    if notes.refusals:
        for finding in lint(str(made["sql_template"])):
            if finding.severity == ERROR:
                notes.refuse(rewriting.FIELD, str(finding))
        return
    draft = read_draft(made)
    for finding in lint(draft.sql_template, draft.definitions):
        if finding.severity == WARNING:
            notes.warn(rewriting.FIELD, str(finding))


def _shown_name(source: Source) -> str:
    about = source.data.get("publication") if source.is_own else source.data
    name = about.get("name") if isinstance(about, Mapping) else None
    return shorten(name.strip()) if isinstance(name, str) and name.strip() else "(no name)"


def _key(data: Mapping[str, Any], name: str) -> str:
    """Return what knows a template again: the id that it had, else its name."""
    for column in ("template_id", "id"):
        value = data.get(column)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return shorten(str(value).strip(), 200)
    return f"name:{name.lower()}"


def _origin(source: Source) -> dict[str, Any]:
    kept = source.data.get("origin") if source.is_own else source.data
    if not isinstance(kept, Mapping):
        return {}
    names = ("parameters_schema", "default_parameters", "default_dashboard_type")
    return {name: kept[name] for name in names if kept.get(name) not in (None, "", {}, [])}


def _as_it_is(source: Source, notes: Notes) -> dict[str, Any]:
    known = {"template_id", "version", "publication", "value_sets", "origin"}
    for key in source.data:
        if key not in known:
            notes.refuse(str(key), f"there is no field of that name; there are {', '.join(sorted(known))}")
    return dict(source.data["publication"])


def _convert(data: Mapping[str, Any], source: Source, notes: Notes) -> dict[str, Any]:
    for key in data:
        if key not in READ:
            notes.warn(str(key), "nobody reads this; it was dropped")
    sql = _find_sql(data)
    refuse_control(sql)
    declared = read_declarations(
        data.get("parameters_schema"), source.parameters, data.get("default_parameters"), notes
    )
    sql, template = _rewrite(sql, declared, notes)
    rows = _make_rows(template, declared, notes)
    names = [row["parameter_name"] for row in rows]
    hints = {name: declared[name].hints for name in names if name in declared}
    return {
        "name": data.get("name"),
        "description": _text(data.get("description")),
        "category": _category(data, notes),
        "sql_template": sql,
        FIELD: rows,
        "report_type": _text(data.get("report_type")) or None,
        "report_config": displays.read_config(data.get("report_config"), notes),
        "ui_schema": displays.read_hints(data.get("ui_schema"), hints, names, notes),
        "tags": _tags(data.get("tags")),
        "is_public": data.get("is_public") in (True, 1, "true", "t"),
    }


def _find_sql(data: Mapping[str, Any]) -> str:
    sql = next((data[key] for key in SQL_KEYS if data.get(key) not in (None, "")), None)
    if not isinstance(sql, str):
        shown = "it is missing" if sql is None else f"{show(sql)} is not a text"
        raise Invalid.field("sql_template", f"{shown}; give the SQL of the template")
    return sql


def _category(data: Mapping[str, Any], notes: Notes) -> Any:
    if data.get("category") in (None, ""):
        notes.warn("category", f"it is missing; {NO_CATEGORY} is taken")
        return NO_CATEGORY
    return data["category"]


def _text(value: Any) -> Any:
    return "" if value is None else value


def _tags(value: Any) -> Any:
    value = decode(value)
    if value is None:
        return []
    if isinstance(value, str):
        value = re.split(r"[,;{}]", value)
    return (
        [tag.strip() for tag in value if isinstance(tag, str) and tag.strip()]
        if isinstance(value, list)
        else value
    )


# ---------------------------------------------------------------- the SQL


def _rewrite(sql: str, declared: dict[str, Declaration], notes: Notes) -> tuple[str, Template]:
    """Bring the SQL into today's form; declarations change with it."""
    sql = rewriting.rewrite_marks(sql, declared, notes)
    sql = _write_conditions(sql, declared, notes)
    sql = rewriting.drop_orders(rewriting.replace_getdate(sql, notes), notes)
    _split_defaults(declared, notes)
    sql = rewriting.unquote(sql, {name for name, made in declared.items() if _is_list(made)}, notes)
    for name, made in declared.items():
        if isinstance(made.default, str) and re.match(r"\s*(?:VALUES\b|\()", made.default, re.IGNORECASE):
            sql = rewriting.open_brackets(sql, name)
    sql, optional = fragments.uncomment(sql, notes)
    for name in optional:
        made = declared.setdefault(name, Declaration(name, name, order=len(declared)))
        if made.has_default and made.default not in (None, "", []):
            notes.warn(f"{made.where}.default", f"{show(made.default)} was dropped: its condition was off")
        made.default, made.required = None, False
    sql = _name_window(sql, declared, notes)
    return sql, read_template(sql)


def _split_defaults(declared: Mapping[str, Declaration], notes: Notes) -> None:
    """Read ``a','b``, which made two values of the one in quotes, as the list that it was."""
    for made in declared.values():
        items = read_split(made.default) if isinstance(made.default, str) else None
        if items:
            notes.warn(f"{made.where}.default", f"{show(made.default)} was read as {show(items)}")
            made.default = items


def _is_list(made: Declaration) -> bool:
    found = read_type(made.type_word) if made.type_word else None
    return (found is not None and found[0] in LISTS) or isinstance(decode(made.default), list)


def _write_conditions(sql: str, declared: dict[str, Declaration], notes: Notes) -> str:
    """Write a condition that a parameter brought along into the SQL, with the parameter for its value."""
    edits: list[rewriting.Edit] = []
    for name, places in fragments.find_fragments(sql).items():
        made = declared.get(name)
        word = read_type(made.type_word) if made and made.type_word else None
        if all(whole for _, whole in places) and word and word[0] in ("boolean", "mapped_from_node"):
            continue
        text = made.default if made and isinstance(made.default, str) else ""
        found = fragments.read_condition(text)
        if made is None or found is None or any(found.joined is whole for _, whole in places):
            where = rewriting.place(sql, places[0][0])
            reason = "a piece of SQL would have to stand here, and there is no raw type"
            way_out = "write the condition into the SQL, with a placeholder for its value"
            notes.refuse(rewriting.FIELD, f"{where}: {{{{{name}}}}}: {reason}; {way_out}")
            continue
        for start, _ in places:
            end = sql.index("}}", start) + 2
            edits.append((start, end, f"{found.before}{{{{{name}}}}}{found.after}"))
        _declare_value(made, found)
        notes.warn(made.where, f"the condition {show(text.strip())} was written into the SQL, for its value")
    return rewriting.edit(sql, edits)


def _declare_value(made: Declaration, found: fragments.Condition) -> None:
    made.required, made.rules = False, {"empty": "neutral"}
    made.default = None if found.commented else found.value
    if isinstance(found.value, list):
        whole = all(isinstance(item, int) for item in found.value)
        guessed = guess_type(found.column)
        is_asins = guessed == "asin_list" and not whole
        made.type_word = "integer_list" if whole else "asin_list" if is_asins else "list"
        made.type_word = "campaign_list" if guessed == "campaign_list" and not whole else made.type_word
    else:
        made.type_word = "string" if isinstance(found.value, str) else "number"


def _name_window(sql: str, declared: dict[str, Declaration], notes: Notes) -> str:
    """Give the window its canonical names; what was declared of it goes, the run's window fills it."""
    used = {found.name for found in read_template(sql).placeholders if found.place is not Place.COMMENT}
    names = {name: part for name in used if (part := _window_part(name, declared))}
    for part, canonical in NAMES.items():
        mine = sorted(name for name in names if names[name] == part)
        if len(mine) > 1:
            said = " and ".join(mine)
            reason = f"{said} both mean the {part} of the window, and a run has one"
            notes.refuse(rewriting.FIELD, f"{reason}; rename one of them, such as base_{part}")
        elif mine and mine[0] != canonical:
            notes.warn(
                rewriting.FIELD, f"{mine[0]} was renamed to {canonical}, the {part} of the run's window"
            )
    for name in [name for name in declared if name in names or _window_part(name, declared)]:
        made = declared.pop(name)
        if made.has_default and made.default not in (None, "") and name in names:
            said = f"{show(made.default)} was dropped: the window of each run fills {NAMES[names[name]]}"
            notes.warn(f"{made.where}.default", said)
    if RESERVED in declared:
        notes.warn(declared.pop(RESERVED).where, "it was dropped: every run has a time window")
    return rewriting.rename(sql, {name: NAMES[part] for name, part in names.items()})


def _window_part(name: str, declared: Mapping[str, Declaration]) -> str:
    """Return the part of the window that a name means, unless it is declared as something else."""
    made = declared.get(name)
    found = read_type(made.type_word) if made and made.type_word else None
    is_other = found is not None and found[0] not in (
        "date",
        "date_range",
        "date_expression",
        "string",
        "mapped_from_node",
    )
    return "" if is_other else window_part(name, {})


# ---------------------------------------------------------------- the parameters


def _make_rows(template: Template, declared: dict[str, Declaration], notes: Notes) -> list[dict[str, Any]]:
    found: dict[str, list[Placeholder]] = {}
    for each in template.placeholders:
        found.setdefault(_source_of(each.name, declared), []).append(each)
    used = {name for name, places in found.items() if any(each.place is not Place.COMMENT for each in places)}
    for name in [name for name in declared if name not in used]:
        if (mark := rewriting.find_quoted_mark(template.layout, name)) is not None:
            where = rewriting.place(template.sql, mark.start)
            reason = f"{show(mark.text)} is a text and no placeholder; write {{{{{name}}}}} in its quotes"
            notes.refuse(rewriting.FIELD, f"{where}: {reason}")
        notes.warn(declared.pop(name).where, "the SQL does not use it; it was dropped")
    _declare_missing(template, declared, used, notes)
    ordered = sorted((made for made in declared.values()), key=lambda made: made.order)
    for order, made in enumerate(ordered):
        made.order = order
    return [make_row(made, template, found[made.name], notes) for made in ordered]


def _source_of(name: str, declared: Mapping[str, Declaration]) -> str:
    """Return the parameter that a placeholder belongs to: ``period_start`` may be an end of ``period``."""
    stem, _, part = name.rpartition("_")
    if name in declared or part not in (START, END) or stem not in declared:
        return name
    found = read_type(declared[stem].type_word)
    return stem if found and found[0] in ("date_range", "date_expression") else name


def _declare_missing(
    template: Template, declared: dict[str, Declaration], used: set[str], notes: Notes
) -> None:
    """Guess what is declared nowhere, from its name and its places."""
    for guessed in guess_definitions(template.sql):
        name = guessed.name
        if name in declared or name not in used:
            continue
        declared[name] = Declaration(
            name, name, guessed.type, required=True, rules=dict(guessed.rules), order=len(declared)
        )
        notes.warn(name, f"it is declared nowhere; by its name and place {guessed.type} is taken")
