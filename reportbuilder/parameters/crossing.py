"""Rules between two fields: a number or a day that must not lie below that of another field."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from reportbuilder.parameters.days import resolve
from reportbuilder.parameters.definitions import Definition
from reportbuilder.parameters.messages import fill
from reportbuilder.parameters.quantities import digits
from reportbuilder.parameters.rules import NOT_BELOW
from reportbuilder.parameters.values import TypedValue


def find_crossed(
    definitions: Sequence[Definition],
    values: Mapping[str, TypedValue],
    today: date,
    *,
    hidden: Collection[str],
    wrong: Collection[str],
) -> dict[str, list[str]]:
    """Return by name why a value does not go with that of another field; what is left out has its default.

    :param hidden: fields of which nothing is told. :param wrong: fields whose own value does not go already.
    """
    declared = {each.name: each for each in definitions}
    found: dict[str, list[str]] = {}
    for each in definitions:
        other = declared.get(each.rule(NOT_BELOW) or "")
        if other is None or each.name in hidden or {each.name, other.name} & set(wrong):
            continue
        own, least = (_standing(one, values, today) for one in (each, other))
        if own is not None and least is not None and own < least:
            words = each.kind.words(each.own_rules)[NOT_BELOW]
            found[each.name] = [fill(words, None, own=_plain(own), other=_plain(least), title=other.title)]
    return found


def _standing(definition: Definition, values: Mapping[str, TypedValue], today: date) -> Any:
    """Return the number or the day that counts, None if there is none."""
    value = values.get(definition.name, definition.default)
    return None if value is None else resolve(value, today, definition.form)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, date) else digits(value)
