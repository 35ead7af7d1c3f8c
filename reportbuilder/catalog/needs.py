"""Which of AMC's tables a template needs, so that one can tell which instances can run it."""

from collections.abc import Mapping
from typing import Any

from reportbuilder.catalog.datasources import data_sources, old_names
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.files import read_object
from reportbuilder.errors import Invalid
from reportbuilder.parameters.tokens import tokenize


def tables_needed(template: QueryTemplate) -> frozenset[str]:
    """Return the tables that a template reads: those that it declares, else those that its SQL names."""
    return needed(template.report_config, template.sql_template)


def needed(report_config: Any, sql: str) -> frozenset[str]:
    """Return the same from the two columns that it takes; in lower case, former names as the present ones."""
    about = read_object(report_config).get("about")
    declared = about.get("tables") if isinstance(about, Mapping) else None
    if isinstance(declared, list) and declared and all(isinstance(name, str) for name in declared):
        named = {name.lower() for name in declared}
    else:
        named = tables_named(sql)
    present = old_names()
    return frozenset(present.get(name, name) for name in named)


def tables_named(sql: str) -> set[str]:
    """Return the documented tables whose names occur in a query, also as texts, as in EXTEND_TIME_WINDOW."""
    try:
        words = {token.text.lower() for token in tokenize(sql)}
    except Invalid:
        return set()
    return {word for word in words if word in data_sources() or word in old_names()}
