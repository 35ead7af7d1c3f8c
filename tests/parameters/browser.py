"""A form as a browser checks it, by its JSON Schema, and as the server loads it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators

from reportbuilder.errors import Invalid
from reportbuilder.parameters import Definition, Form, build_form

NOW = datetime(2025, 9, 14, 12, tzinfo=UTC)

# jsonschema reads patterns as Python does; the standard means ECMAScript, where $ is the very end.


def _match_pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


def _limit(keyword: str) -> Any:
    def check(_validator: Any, limit: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
        fixed = isinstance(instance, str) and instance[:1].isdigit()
        if fixed and (instance < limit if keyword == "formatMinimum" else instance > limit):
            yield ValidationError(keyword)

    return check


def _match_format(_validator: Any, name: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if name == "date" and isinstance(instance, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", instance):
        yield ValidationError("format")


_KEYWORDS = {"pattern": _match_pattern, "format": _match_format} | {
    name: _limit(name) for name in ("formatMinimum", "formatMaximum")
}
Browser = validators.extend(Draft202012Validator, _KEYWORDS)  # type: ignore[no-untyped-call]  # so it is


def errors_of(form: Form, data: Mapping[str, Any]) -> list[ValidationError]:
    return list(Browser(form.json_schema()).iter_errors(data))


def load(form: Form, data: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, list[str]]]:
    try:
        return form.load(data), {}
    except Invalid as error:
        return None, error.details


def one_field(kind: str, rules: Mapping[str, Any], *, required: bool = False) -> Form:
    return build_form([Definition("x", kind, rules=rules, required=required)], as_of=NOW)
