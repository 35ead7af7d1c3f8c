"""What differs between two publications of a template: the SQL line by line, the rest in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from itertools import zip_longest
from typing import Any, Final

from reportbuilder.parameters.messages import show

Publication = Mapping[str, Any]
_TEXTS: Final = ("name", "category", "description", "report_type", "tags", "is_public")
_OBJECTS: Final = ("report_config", "ui_schema")
_COLUMNS: Final = {
    "parameter_type": "type",
    "required": "required",
    "default_value": "default",
    "display_name": "title",
    "description": "description",
    "group_name": "group",
    "ui_config": "hints",
}


@dataclass(frozen=True)
class Difference:
    """``sql``: a unified diff, empty if it is the same; ``parameters`` and ``fields``: one sentence each."""

    sql: str
    parameters: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.sql or self.parameters or self.fields)


def compare(before: Publication, after: Publication, *, names: tuple[str, str] = ("a", "b")) -> Difference:
    """Compare two publications; ``names`` head the diff of the SQL.

    >>> compare({"name": "Reach"}, {"name": "Reach by day"}).fields
    ('name: "Reach" became "Reach by day"',)
    """
    return Difference(
        sql=_compare_sql(str(before.get("sql_template", "")), str(after.get("sql_template", "")), names),
        parameters=tuple(_compare_parameters(_rows(before), _rows(after))),
        fields=tuple(_compare_fields(before, after)),
    )


@dataclass(frozen=True)
class Pair:
    """One line before and one after, with their numbers from 1; None where there is no such line.

    ``kind``: same, changed, removed, added, or gap for lines in between that are the same and left out.
    """

    kind: str
    left: str | None = None
    right: str | None = None
    left_number: int | None = None
    right_number: int | None = None


def pair_lines(before: str, after: str, *, around: int = 3) -> tuple[Pair, ...]:
    """Put the lines of two texts side by side: what differs, with so many lines around it.

    >>> [(pair.kind, pair.left, pair.right) for pair in pair_lines("a\\nb", "a\\nc")]
    [('same', 'a', 'a'), ('changed', 'b', 'c')]
    """
    old, new = before.splitlines(), after.splitlines()
    found: list[Pair] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(around):
        if found or group[0][1] > 0:
            found.append(Pair("gap"))
        for _, start, stop, first, last in group:
            left, right = enumerate(old[start:stop], start + 1), enumerate(new[first:last], first + 1)
            found += [_pair(*sides) for sides in zip_longest(left, right, fillvalue=(None, None))]
    return tuple(found)


def _pair(left: tuple[int | None, str | None], right: tuple[int | None, str | None]) -> Pair:
    if left[1] is None or right[1] is None:
        kind = "added" if left[1] is None else "removed"
    else:
        kind = "same" if left[1] == right[1] else "changed"
    return Pair(kind, left[1], right[1], left[0], right[0])


def texts_of(publication: Publication) -> dict[str, str]:
    """Return the long parts of a publication as texts whose lines can be compared, by their field."""
    texts = {"sql_template": str(publication.get("sql_template", ""))}
    for name in ("parameter_definitions", *_OBJECTS):
        value = publication.get(name)
        texts[name] = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) if value else ""
    return texts


def _compare_sql(before: str, after: str, names: tuple[str, str]) -> str:
    lines = unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    text = "\n".join(lines)
    if not text and before != after:
        return f"--- {names[0]}\n+++ {names[1]}\n only line ends differ"
    return text


def _rows(publication: Publication) -> dict[str, Mapping[str, Any]]:
    return {row["parameter_name"]: row for row in publication.get("parameter_definitions") or ()}


def _compare_parameters(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for name in before:
        if name not in after:
            yield f"{name} was removed"
    for name, row in after.items():
        if name not in before:
            needed = "required" if row.get("required") else "optional"
            yield f"{name} was added: {row.get('parameter_type')}, {needed}"
            continue
        yield from (f"{name}: {said}" for said in _compare_rows(before[name], row))
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield f"the order became {', '.join(after)}"


def _compare_rows(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for column, word in _COLUMNS.items():
        if (before.get(column) or None) != (after.get(column) or None):
            yield _became(word, before.get(column), after.get(column))
    old, new = before.get("validation_rules") or {}, after.get("validation_rules") or {}
    for rule in _keys(old, new):
        if old.get(rule) != new.get(rule):
            yield _became(f"rule {rule}", old.get(rule), new.get(rule))


def _compare_fields(before: Publication, after: Publication) -> Iterator[str]:
    for name in _TEXTS:
        if (before.get(name) or None) != (after.get(name) or None):
            yield _became(name, before.get(name), after.get(name), colon=True)
    for name in _OBJECTS:
        old, new = before.get(name) or {}, after.get(name) or {}
        changed = [key for key in _keys(old, new) if old.get(key) != new.get(key)]
        if changed:
            yield f"{name}: {', '.join(changed)} changed"


def _keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> Sequence[str]:
    return list(dict.fromkeys((*before, *after)))


def _became(what: str, before: object, after: object, *, colon: bool = False) -> str:
    return f"{what}{':' if colon else ''} {_shown(before)} became {_shown(after)}"


def _shown(value: object) -> str:
    return "nothing" if value in (None, "", [], {}) else show(value)
