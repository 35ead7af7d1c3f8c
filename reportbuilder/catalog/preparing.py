"""From a template and filled-in values to the SQL: one function for preview, validation and execution."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reportbuilder.catalog.lint import DOUBTS, ERROR, lint
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateParameter
from reportbuilder.catalog.older.files import read_object
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import RESERVED, Definition, read_definitions
from reportbuilder.parameters.forms import Form, build_form
from reportbuilder.parameters.naming import uses_window
from reportbuilder.parameters.rendering import Limits, Substitution, render
from reportbuilder.parameters.values import JsonValue
from reportbuilder.parameters.windows import LAG_DAYS, Window, warn_of_window

USUAL = Limits()
_COLUMNS = (
    "parameter_name",
    "display_name",
    "description",
    "parameter_type",
    "required",
    "default_value",
    "validation_rules",
    "ui_config",
    "display_order",
    "group_name",
)


@dataclass(frozen=True)
class Prepared:
    """The SQL as it will be sent, byte for byte, and what it was made of.

    ``given``: the values as the form took them, rolling ones still rolling: what a report stores. ``values``:
    the values that this SQL holds, defaults and resolved days included: what an execution keeps.
    ``needs_window``: whether the text itself looks at the window; AMC cuts every table to it anyway.
    """

    sql: str
    given: dict[str, JsonValue]
    values: dict[str, JsonValue]
    window: Window
    needs_window: bool
    warnings: tuple[str, ...] = ()
    places: tuple[Substitution, ...] = field(repr=False, default=())


def definitions_of(template: QueryTemplate) -> tuple[Definition, ...]:
    """Return the parameters of a template, in their display order.

    :raises Invalid: if a stored one is broken; ``details`` start with ``parameter_definitions.``.
    """
    try:
        return read_definitions(_as_row(parameter) for parameter in template.parameters)
    except Invalid as error:
        details = {f"parameter_definitions.{key}": why for key, why in error.details.items()}
        raise Invalid(f"template {template.name!r}: {error.message}", details=details) from None


def definition_rows(template: QueryTemplate) -> list[dict[str, Any]]:
    """Return the parameters as JSON in the shape in which they are published (``parameter_definitions``)."""
    return [_as_row(parameter) for parameter in template.parameters]


def _as_row(parameter: QueryTemplateParameter) -> dict[str, Any]:
    return {column: getattr(parameter, column) for column in _COLUMNS}


def form_of(
    template: QueryTemplate,
    *,
    as_of: datetime,
    zone: str = "UTC",
    lag_days: int = LAG_DAYS,
    choices: Mapping[str, Sequence[Any]] | None = None,
) -> Form:
    """Return the template's form; it asks for the time window as well, since AMC wants one for every query.

    :param choices: values of the instance to pick from, by parameter or by type (see ``build_form``).
    """
    return _form(template, definitions_of(template), as_of, zone, lag_days, choices)


def _form(
    template: QueryTemplate,
    definitions: Sequence[Definition],
    as_of: datetime,
    zone: str,
    lag_days: int,
    choices: Mapping[str, Sequence[Any]] | None = None,
) -> Form:
    return build_form(
        definitions,
        read_object(template.ui_schema),
        as_of=as_of,
        zone=zone,
        window=True,
        lag_days=lag_days,
        choices=choices,
    )


def prepare(
    template: QueryTemplate,
    values: Mapping[str, Any],
    *,
    window: Window,
    as_of: datetime,
    limits: Limits = USUAL,
    lag_days: int = LAG_DAYS,
) -> Prepared:
    """Check the values with the form, and render the template with them for a window.

    Days and rolling dates are those of the window's zone.

    :raises Invalid: with ``details`` by parameter, or under ``sql_template`` with line and column.
    :raises ShapeBroken: if the SQL is not the template with other literals; a fault of ours, never sent.
    """
    made = prepare_each(template, values, (window,), as_of=as_of, limits=limits, lag_days=lag_days)
    return made[0]


def prepare_each(
    template: QueryTemplate,
    values: Mapping[str, Any],
    windows: Sequence[Window],
    *,
    as_of: datetime,
    limits: Limits = USUAL,
    lag_days: int = LAG_DAYS,
) -> tuple[Prepared, ...]:
    """Do what `prepare` does for many windows of one zone; what does not look at its window is rendered once.

    :raises Invalid: as `prepare`; at the first window that does not go.
    """
    zone = windows[0].zone
    definitions = definitions_of(template)
    form = _form(template, definitions, as_of, zone, lag_days)
    if RESERVED in values:
        raise Invalid.field(RESERVED, "it is no parameter; give it beside the parameters, not among them")
    loaded = form.load(values)
    needs_window = uses_window(template.sql_template, definitions)
    remarks = _warn_of_sql(template)

    def one(window: Window) -> Prepared:
        rendered = render(
            template.sql_template,
            definitions,
            loaded,
            window=window,
            as_of=as_of,
            zone=zone,
            limits=limits,
        )
        return Prepared(
            sql=rendered.sql,
            given=form.dump(loaded),
            values=rendered.values,
            window=window,
            needs_window=needs_window,
            warnings=(*warn_of_window(window, as_of=as_of, lag_days=lag_days), *remarks),
            places=rendered.places,
        )

    first = one(windows[0])
    return (first, *(one(window) if needs_window else _moved(first, window) for window in windows[1:]))


def _moved(prepared: Prepared, window: Window) -> Prepared:
    """Return what does not look at its window, for another one; what is said of a window goes with it."""
    return replace(prepared, window=window, warnings=())


def _warn_of_sql(template: QueryTemplate) -> list[str]:
    """Say what AMC will or may refuse: templates from before the lint may still hold it."""
    return [
        f"{'AMC refuses this' if finding.severity == ERROR else 'AMC may refuse this'}: {finding}"
        for finding in lint(template.sql_template)
        if finding.severity == ERROR or finding.code in DOUBTS
    ]
