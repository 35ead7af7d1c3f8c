"""Placeholders and declared parameters: each needs the other, and has to be able to stand where it stands."""

from collections.abc import Iterator, Sequence

from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.parameters.binding import NEUTRAL, NULL, check_template, declare, find_source
from reportbuilder.parameters.choices import Mapped
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.naming import window_part
from reportbuilder.parameters.placeholders import Template
from reportbuilder.parameters.places import Place

FIELD = "parameter_definitions"


def find_in_declarations(template: Template, definitions: Sequence[Definition]) -> Iterator[Fault]:
    """Yield what speaks against the placeholders and the parameters of a template."""
    declared = declare(definitions)
    by_place = {(found.line, found.column): found for found in template.placeholders}
    for problem in check_template(template.sql, definitions):
        found = by_place[problem.line, problem.column]
        is_known = window_part(found.name, declared) or find_source(found, declared)[0]
        code = "misplaced-placeholder" if is_known else "undeclared-placeholder"
        yield Fault(code, (found.start, found.end), {"name": problem.parameter, "reason": problem.reason})
    for definition in definitions:
        yield from _judge(template, definition, definitions)


def _judge(template: Template, definition: Definition, definitions: Sequence[Definition]) -> Iterator[Fault]:
    declared = declare(definitions)
    is_used = any(
        found.place is not Place.COMMENT and find_source(found, declared)[0] is definition
        for found in template.placeholders
    )
    if not is_used:
        reason = f"the SQL does not use it; write {{{{{definition.name}}}}} where it belongs, or remove it"
        yield _fault("unused-parameter", definition, reason)
    elif unknown := definition.unknown_rules:
        reason = f"{definition.type} has no rule {', '.join(unknown)}; correct the spelling or remove it"
        yield _fault("unknown-rule", definition, reason)
    elif not _is_filled(definition) and not window_part(definition.name, declared):
        reason = (
            "left empty, nothing could be written; make it required, or give it a default or a rule empty"
        )
        yield _fault("unfilled-parameter", definition, reason)


def _is_filled(definition: Definition) -> bool:
    may_be_empty = definition.rules.get("empty") in (NEUTRAL, NULL) or isinstance(definition.kind, Mapped)
    return may_be_empty or definition.required or definition.default is not None


def _fault(code: str, definition: Definition, reason: str) -> Fault:
    values = {"name": definition.name, "reason": reason}
    return Fault(code, None, values, field=f"{FIELD}.{definition.name}")
