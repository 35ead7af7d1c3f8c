"""The fields of a form as its template sees them: values and reasons by the paths that the API has."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from werkzeug.datastructures import MultiDict

Choices = Sequence[tuple[str, str]]  # a value, and its words
Posted = MultiDict[str, Any]  # what a form sent
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}")


class Wrong(NamedTuple):
    """Something wrong: the id of its control (empty if it has none), what that is called, and the reason."""

    control: str
    label: str
    reason: str


@dataclass(frozen=True)
class Fields:
    """A form: its values as they were typed, what is wrong, what its choices offer, and what is called how.

    The controls are named ``<prefix>.<path>``, so that several of these stand in one ``<form>``.
    """

    prefix: str
    values: Mapping[str, Any]
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    choices: Mapping[str, Choices] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    def name(self, path: str) -> str:
        """Return the name of a control, which is its id too."""
        return f"{self.prefix}.{path}"

    def value(self, path: str) -> Any:
        """Return what is in a field, empty if nothing is."""
        found = self.values.get(path)
        return "" if found is None else found

    def wrong(self, *paths: str) -> list[str]:
        """Return what is wrong with a field, or with several that are shown as one."""
        return [reason for path in paths for reason in self.errors.get(path, ())]

    def label(self, path: str) -> str:
        """Return what a field is called on the page."""
        return self.labels.get(path) or path

    @property
    def told(self) -> list[Wrong]:
        """All that is wrong, in the order of the labels, each with the field to go to."""
        places = {path: place for place, path in enumerate(self.labels)}
        paths = sorted(self.errors, key=lambda path: places.get(path, len(places)))
        return [
            Wrong(self.name(path) if path in self.values else "", self.label(path), reason)
            for path in paths
            for reason in self.errors[path]
        ]

    @property
    def strays(self) -> list[str]:
        """What is wrong with something that has no field here, with its name."""
        known = {*self.values, *GROUPS}
        return [
            f"{path}: {reason}"
            for path, reasons in self.errors.items()
            if path not in known
            for reason in reasons
        ]


GROUPS: Final = ("recurrence", "policies", "time_window")  # told at the group, since no control has the name


def typed(posted: Posted, prefix: str, paths: Iterable[str], lists: Sequence[str] = ()) -> dict[str, Any]:
    """Return what was typed by path: text without blanks around it, or a list where several may be chosen."""
    return {
        path: posted.getlist(f"{prefix}.{path}")
        if path in lists
        else (posted.get(f"{prefix}.{path}") or "").strip()
        for path in paths
    }


def whole(text: Any) -> Any:
    """Return the number that a text writes; any other text as it is, for the rules to refuse by name.

    >>> whole("12"), whole(""), whole("a dozen")
    (12, None, 'a dozen')
    """
    if text == "":
        return None
    return int(text) if isinstance(text, str) and _WHOLE.fullmatch(text) else text


def errors_below(errors: Mapping[str, Sequence[str]], prefix: str) -> dict[str, list[str]]:
    """Return the errors of a part of a request by paths of its own.

    >>> errors_below({"run.schedule.policies.missed": ["no"], "name": ["no"]}, "run.schedule")
    {'policies.missed': ['no']}
    """
    start = f"{prefix}."
    return {
        path.removeprefix(start): list(reasons) for path, reasons in errors.items() if path.startswith(start)
    }
