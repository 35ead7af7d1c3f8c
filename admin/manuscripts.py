"""What stands in the editor of a template: texts as they were typed, read into a publication or refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from reportbuilder.catalog import judging
from reportbuilder.catalog.drafts import FIELD, LONGEST_SQL, declared_tables, read_draft
from reportbuilder.catalog.lint import ERROR, Finding
from reportbuilder.catalog.lint.findings import SQL
from reportbuilder.catalog.older.files import read_json
from reportbuilder.errors import Invalid

TEXTS: Final = ("name", "category", "report_type", "description", "tags", "sql_template")
JSONS: Final[dict[str, Any]] = {FIELD: [], "report_config": {}, "ui_schema": {}}
LONGEST_NOTE: Final = 500
BLANK: Final = {"sql_template": "SELECT\n", FIELD: "[]", "report_config": "{}", "ui_schema": "{}"}


@dataclass(frozen=True)
class Manuscript:
    """``texts`` by field. ``seen``: the version that the writer started from; None for a template to be."""

    texts: Mapping[str, str]
    is_public: bool = False
    note: str = ""
    seen: int | None = None


@dataclass(frozen=True)
class Reading:
    """``data`` is what publishing takes; ``wrong`` says by field why it may not; ``judgement``: the lint."""

    data: Mapping[str, Any]
    wrong: Mapping[str, list[str]]
    judgement: judging.Judgement = field(default_factory=lambda: judging.Judgement(()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the lint found."""
        return self.judgement.findings


def of_publication(publication: Mapping[str, Any], version: int) -> Manuscript:
    """Return a published template as texts to be edited."""
    texts = {name: publication.get(name) or "" for name in TEXTS if name != "tags"}
    texts["tags"] = ", ".join(map(str, publication.get("tags") or ()))
    for name, nothing in JSONS.items():
        texts[name] = json.dumps(publication.get(name) or nothing, indent=2, ensure_ascii=False)
    return Manuscript(texts, bool(publication.get("is_public")), seen=version)


def of_form(form: MultiDict[str, str]) -> Manuscript:
    """Return what was sent; line ends as they are in files, for browsers send them their own way."""
    texts = {name: form.get(name, "").replace("\r\n", "\n") for name in (*TEXTS, *JSONS)}
    note = form.get("note", "").strip()[:LONGEST_NOTE]
    return Manuscript(texts, "is_public" in form, note, form.get("version", None, int))


def read(written: Manuscript) -> Reading:
    """Read a manuscript; everything that is wrong with it is told at once."""
    wrong: dict[str, list[str]] = {}
    data: dict[str, Any] = {name: written.texts[name] for name in TEXTS if name != "tags"}
    data["report_type"] = written.texts["report_type"].strip() or None
    data["tags"] = [tag.strip() for tag in written.texts["tags"].split(",") if tag.strip()]
    data["is_public"] = written.is_public
    for name, nothing in JSONS.items():
        try:
            text = written.texts[name].strip()
            data[name] = read_json(text.encode("utf-8", "surrogatepass")) if text else nothing
        except Invalid as error:
            wrong[name] = [reason for reasons in error.details.values() for reason in reasons]
    judgement = _judge(data)
    if not wrong:
        wrong = _refusals(data, written)
    elif faults := [str(each) for each in judgement.findings if each.severity == ERROR and each.field == SQL]:
        wrong[SQL] = faults
    return Reading(data, wrong, judgement)


def _refusals(data: Mapping[str, Any], written: Manuscript) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    try:
        read_draft(data)
    except Invalid as error:
        for key, reasons in error.details.items():
            name, _, rest = key.partition(".")
            place = _place(written.texts.get(name, ""), rest)
            found.setdefault(name, []).extend(f"{place}{reason}" for reason in reasons)
    return found


def _place(text: str, path: str) -> str:
    """Return where in a JSON text the reason for ``2.validation_rules`` or the like has its place."""
    if not path:
        return ""
    number, _, rest = path.partition(".")
    line = line_of_item(text, int(number)) if number.isascii() and number.isdigit() else None
    where = f"line {line}, " if line else ""
    return f"{where}{rest or path}: "


def line_of_item(text: str, number: int) -> int | None:
    """Return in which line, from 1, an item of a JSON list begins; None if it has no such item.

    >>> line_of_item('[\\n  {"a": 1},\\n  {"b": 2}\\n]', 1)
    3
    """
    decoder, at = json.JSONDecoder(), text.find("[") + 1
    try:
        for place in range(number + 1):
            at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
            if place == number:
                return text.count("\n", 0, at) + 1 if text[at : at + 1] not in ("", "]") else None
            _, at = decoder.raw_decode(text, at)
    except ValueError:
        return None
    return None


def _judge(data: Mapping[str, Any]) -> judging.Judgement:
    sql, rows = data["sql_template"], data.get(FIELD)
    if not sql.strip() or len(sql) > LONGEST_SQL:
        return judging.Judgement(())
    can_read = isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows)
    config = data.get("report_config")
    tables = declared_tables(config) if isinstance(config, Mapping) else None
    return judging.judge(sql, rows if can_read else None, tables=tables)
