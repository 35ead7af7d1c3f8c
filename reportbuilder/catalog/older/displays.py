"""How results and forms look in older templates: widgets, positions and hints, in today's words."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from reportbuilder.catalog.older.files import decode
from reportbuilder.catalog.older.notes import Notes
from reportbuilder.errors import Invalid
from reportbuilder.parameters.messages import show

WIDEST: Final = 12  # columns of a page
CONFIG: Final = "report_config"
UI: Final = "ui_schema"
TYPES: Final = {
    **dict.fromkeys(("line_chart", "line", "linechart", "time_series"), "line_chart"),
    **dict.fromkeys(("bar_chart", "bar", "barchart", "column", "column_chart"), "bar_chart"),
    **dict.fromkeys(("horizontal_bar", "horizontal_bar_chart", "bar_horizontal"), "bar_chart"),
    **dict.fromkeys(("pie_chart", "pie", "donut", "donut_chart", "doughnut"), "pie_chart"),
    **dict.fromkeys(("area_chart", "area", "stacked_area"), "area_chart"),
    **dict.fromkeys(("scatter_chart", "scatter", "scatter_plot", "scatterplot"), "scatter_chart"),
    **dict.fromkeys(("table", "data_table", "grid"), "table"),
    **dict.fromkeys(("metric_card", "metric", "kpi", "number", "big_number", "card"), "metric_card"),
    **dict.fromkeys(("text", "markdown", "text_block"), "text"),
    **dict.fromkeys(("heatmap", "heat_map"), "heatmap"),
    **dict.fromkeys(("funnel", "funnel_chart"), "funnel"),
}
_HORIZONTAL = ("horizontal_bar", "horizontal_bar_chart", "bar_horizontal")
_FIELDS: Final = {
    "x_field": ("xField", "x_axis", "xAxis", "x_column"),
    "y_field": ("yField", "y_axis", "yAxis", "y_column"),
    "series_field": ("seriesField", "series", "color_field", "colorField"),
    "label_field": ("labelField", "label_column"),
    "value_field": ("valueField", "value_column"),
    "sort_field": ("sortField",),
}
_PLACES = ("position", "position_config", "layout")
_SIDES: Final = {"x": ("x",), "y": ("y",), "width": ("width", "w"), "height": ("height", "h")}


def read_config(value: Any, notes: Notes) -> dict[str, Any]:
    """Return ``{"widgets": […], …}`` from what ``report_config`` holds; what is not known stays as it is."""
    value = _decode(value, CONFIG, notes)
    if isinstance(value, list):
        value = {"widgets": value}
    if not isinstance(value, Mapping):
        if value not in (None, ""):
            notes.warn(CONFIG, f"{show(value)} describes no widgets; it was dropped")
        return {}
    config = dict(value)
    widgets = decode(config.get("widgets"))
    if widgets is None:
        return config
    if not isinstance(widgets, list):
        notes.warn(f"{CONFIG}.widgets", f"{show(widgets)} is not a list; it was dropped")
        widgets = []
    made = [_read_widget(widget, f"{CONFIG}.widgets.{place}", notes) for place, widget in enumerate(widgets)]
    return config | {"widgets": [widget for widget in made if widget]}


def _decode(value: Any, where: str, notes: Notes) -> Any:
    try:
        return decode(value)
    except Invalid as error:
        notes.refuse_column(where, error)
        return None


def _read_widget(raw: Any, where: str, notes: Notes) -> dict[str, Any]:
    raw = decode(raw)
    if not isinstance(raw, Mapping):
        notes.warn(where, f"{show(raw)} is no widget; it was dropped")
        return {}
    inner = decode(raw.get("config"))
    widget = {**raw, **inner} if isinstance(inner, Mapping) else dict(raw)
    if isinstance(inner, Mapping):
        widget.pop("config")
    word = _word(widget)
    if word not in TYPES:
        known = ", ".join(dict.fromkeys(TYPES.values()))
        notes.warn(f"{where}.type", f"{show(word)} is no widget, it was dropped; there are {known}")
        return {}
    widget = {"type": TYPES[word]} | {key: item for key, item in widget.items() if key != "type"}
    if word in _HORIZONTAL:
        widget["horizontal"] = True
    _rename_fields(widget)
    _read_position(widget, where, notes)
    return widget


def _word(widget: dict[str, Any]) -> str:
    """Return the word for what a widget is: the finer one, if there is a type and a chart type."""
    found = [
        widget.pop(key, None) for key in ("chart_type", "chartType", "type", "widget_type", "widgetType")
    ]
    said = [
        word.strip().lower().replace("-", "_") for word in found if isinstance(word, str) and word.strip()
    ]
    return next((word for word in said if word in TYPES), said[0] if said else "")


def _rename_fields(widget: dict[str, Any]) -> None:
    for name, spellings in _FIELDS.items():
        for spelling in spellings:
            if isinstance(widget.get(spelling), str | list) and name not in widget:
                widget[name] = widget.pop(spelling)


def _read_position(widget: dict[str, Any], where: str, notes: Notes) -> None:
    given = next((key for key in _PLACES if isinstance(decode(widget.get(key)), Mapping)), None)
    if given is None:
        return
    raw = decode(widget.pop(given))
    position = {}
    for side, spellings in _SIDES.items():
        number = next((raw[key] for key in spellings if key in raw), None)
        if isinstance(number, int | float) and not isinstance(number, bool) and number >= 0:
            position[side] = int(number)
        elif number is not None:
            notes.warn(f"{where}.{given}.{side}", f"{show(number)} is no number of columns; it was dropped")
    if position.get("width", 0) > WIDEST:
        notes.warn(f"{where}.{given}.width", f"{position['width']} became {WIDEST}, the width of a page")
        position["width"] = WIDEST
    widget["position"] = position


def read_hints(
    value: Any, own: Mapping[str, Mapping[str, Any]], names: Collection[str], notes: Notes
) -> dict[str, Any]:
    """Return hints by react-jsonschema-form, flat, for those parameters that there are.

    :param own: hints that stood in the definitions themselves; those of the schema win over them.
    """
    value = _decode(value, UI, notes)
    if value not in (None, "") and not isinstance(value, Mapping):
        notes.warn(UI, f"{show(value)} is not an object; it was dropped")
    schema = dict(value) if isinstance(value, Mapping) else {}
    nested = decode(schema.pop("fields", None))
    schema |= nested if isinstance(nested, Mapping) else {}
    order = schema.get("ui:order")
    made: dict[str, Any] = {key: item for key, item in schema.items() if key.startswith("ui:")}
    if isinstance(order, list):
        made["ui:order"] = [name for name in order if name in names]
    for name in names:
        hints = _prefixed(own.get(name)) | _prefixed(schema.get(name))
        if hints:
            made[name] = hints
    return made


def _prefixed(hints: Any) -> dict[str, Any]:
    if not isinstance(hints, Mapping):
        return {}
    return {key if key.startswith("ui:") else f"ui:{key}": value for key, value in hints.items()}
