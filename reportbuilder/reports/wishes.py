"""What people say of a report: its fields, read strictly, with the time window as they asked for it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reportbuilder.errors import Invalid
from reportbuilder.parameters.dates import find_zone
from reportbuilder.parameters.values import is_text
from reportbuilder.parameters.windows import read_window

LONGEST_NAME: Final = 200  # characters
LONGEST_DESCRIPTION: Final = 10_000
CREATED: Final = ("name", "description", "parameters", "time_window", "timezone", "frequency", "is_active")
CHANGED: Final = ("name", "description", "parameters", "time_window", "timezone", "is_active")


def read_fields(
    data: Mapping[str, Any], allowed: tuple[str, ...], frequencies: tuple[str, ...]
) -> dict[str, Any]:
    """Return the given fields, each checked by itself; what was not given is left out.

    :raises Invalid: with every wrong or unknown field.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        "name": _read_name,
        "description": _read_description,
        "parameters": _read_object,
        "time_window": lambda value: None if value is None else _read_object(value),
        "timezone": _read_zone,
        "frequency": lambda value: _read_word(value, frequencies),
        "is_active": _read_flag,
    }
    unknown = f"it cannot be given here; there are {', '.join(allowed)}"
    wrong = {name: [unknown] for name in data if name not in allowed}
    values: dict[str, Any] = {}
    for name, value in data.items():
        if name in wrong:
            continue
        try:
            values[name] = readers[name](value)
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise Invalid("; ".join(f"{name}: {why[0]}" for name, why in wrong.items()), details=wrong)
    return values


def read_wish(wish: Mapping[str, Any] | None, *, zone: str, lag_days: int) -> dict[str, Any] | None:
    """Return the wish for a window in its one spelling, and no more of it than was said.

    A zone and a lag that were left out stay out, so that the report's own zone and the deployment's lag
    decide at each run; nothing said at all is None.

    :raises Invalid: with ``details`` under ``time_window``.
    """
    read = read_window(wish, default_zone=zone, lag_days=lag_days)
    said = {name for name, value in (wish or {}).items() if value not in (None, "")}
    return {name: value for name, value in read.items() if name in said} or None


def _read_name(value: object) -> str:
    if not isinstance(value, str) or not is_text(value) or not value.strip():
        raise ValueError("it is no name; give a text")
    if len(value.strip()) > LONGEST_NAME:
        raise ValueError(f"it has {len(value.strip())} characters; {LONGEST_NAME} are allowed")
    return value.strip()


def _read_description(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not is_text(value) or len(value) > LONGEST_DESCRIPTION:
        raise ValueError(f"it is no text of at most {LONGEST_DESCRIPTION:,} characters")
    return value.strip() or None


def _read_object(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is not an object; give name: value pairs")  # noqa: TRY004 - see read_fields
    return dict(value)


def _read_zone(value: object) -> str:
    try:
        return find_zone(value if isinstance(value, str) else str(value)).key
    except Invalid as error:
        raise ValueError(error.message.removeprefix("time_zone: ")) from None


def _read_word(value: object, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
    return str(value)


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")  # noqa: TRY004 - see read_fields
    return value
