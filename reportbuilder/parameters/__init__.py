"""Typed parameters: from the definitions of a template and raw values to the SQL that is shown and sent.

The whole way, for a template ``sql`` with its ``rows`` of parameter definitions::

    definitions = read_definitions(rows) if rows else guess_definitions(sql)
    problems = check_template(sql, definitions)  # on publishing: where no value could stand
    form = build_form(definitions, ui_schema, as_of=now, zone="Europe/Berlin", window=uses_window(sql))
    form.json_schema(), form.ui()  # what the browser shows, and checks by the same words
    typed = form.load(posted)  # raises errors.Invalid with details {field: [reasons]}
    wish = typed.pop("time_window", None)  # stays rolling: keep it, and form.dump(typed), in a report
    window = parse_window(wish, as_of=now, default_zone="Europe/Berlin")
    rendered = render(sql, definitions, typed, window=window, as_of=now, zone="Europe/Berlin")
    rendered.sql, rendered.values  # the text that is sent, and the JSON that gives the same text again
    window.local_start, window.local_end, window.zone  # what AMC wants beside it

All of it is pure: instants are passed in, nothing is stored, nothing is asked of the outside.
"""

from reportbuilder.parameters.binding import Problem, check_template
from reportbuilder.parameters.dates import DateRange, resolve_expression
from reportbuilder.parameters.definitions import Definition, read_definitions
from reportbuilder.parameters.forms import Form, build_form
from reportbuilder.parameters.naming import guess_definitions, uses_window
from reportbuilder.parameters.placeholders import Placeholder, find_placeholders
from reportbuilder.parameters.places import Place
from reportbuilder.parameters.rendering import Limits, Rendered, render
from reportbuilder.parameters.shapes import ShapeBroken
from reportbuilder.parameters.values import Rolling, TypedValue
from reportbuilder.parameters.windows import Window, default_window, parse_window, read_window, warn_of_window

__all__ = [
    "DateRange",
    "Definition",
    "Form",
    "Limits",
    "Place",
    "Placeholder",
    "Problem",
    "Rendered",
    "Rolling",
    "ShapeBroken",
    "TypedValue",
    "Window",
    "build_form",
    "check_template",
    "default_window",
    "find_placeholders",
    "guess_definitions",
    "parse_window",
    "read_definitions",
    "read_window",
    "render",
    "resolve_expression",
    "uses_window",
    "warn_of_window",
]
