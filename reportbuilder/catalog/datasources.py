"""AMC's data sources as its documents describe them: tables, columns, thresholds, money, and functions."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

LEVELS: Final = ("NONE", "LOW", "MEDIUM", "HIGH", "INTERNAL", "VERY_HIGH")  # from free to never shown
LONGEST_GUESSED: Final = 80


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """One documented column. ``threshold`` is one of LEVELS; ``money`` its unit, or empty."""

    name: str
    type: str
    column_type: str
    threshold: str
    money: str = ""


@dataclass(frozen=True, slots=True)
class DataSource:
    """One documented table, its columns by name. ``ignores_window``: it holds dimensions, not events."""

    name: str
    columns: Mapping[str, SourceColumn]
    ignores_window: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One documented function; ``most`` None: any number of arguments, ``least`` -1: a syntax of its own."""

    name: str
    least: int = -1
    most: int | None = None


@cache
def data_sources() -> Mapping[str, DataSource]:
    """Return every documented table by its name."""
    rows: dict[str, dict[str, Any]] = _tables()["tables"]
    found = {}
    for name, row in rows.items():
        columns = rows[row["columns_of"]]["columns"] if "columns_of" in row else row["columns"]
        found[name] = DataSource(
            name,
            {column: SourceColumn(column, *about) for column, about in columns.items()},
            row.get("ignores_window", False),
        )
    return found


@cache
def old_names() -> Mapping[str, str]:
    """Return today's name of a table by the name that working queries still use for it."""
    aliases: Mapping[str, str] = _tables()["aliases"]
    return aliases


@cache
def functions() -> Mapping[str, Function]:
    """Return every documented function by its name in capitals."""
    counted = _functions()["counted"]
    named = {name: Function(name) for name in _functions()["own_syntax"]}
    return named | {name: Function(name, count[0], (*count, None)[1]) for name, count in counted.items()}


@cache
def undocumented_functions() -> frozenset[str]:
    """Return functions of standard SQL of which AMC's documents say nothing."""
    return frozenset(_functions()["undocumented"])


def ways_out() -> Mapping[str, str]:
    """Return, for functions of other dialects, what to write in AMC."""
    found: Mapping[str, str] = _functions()["instead"]
    return found


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return the choice that is spelled most like the word; empty if none is."""
    if len(word) > LONGEST_GUESSED:
        return ""
    spelled = {choice.lower(): choice for choice in sorted(choices)}
    found = difflib.get_close_matches(word.lower(), spelled, n=1, cutoff=0.65)
    return spelled[found[0]] if found else ""


@cache
def _tables() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_read("tables.json"))
    return content


@cache
def _functions() -> dict[str, Any]:
    return tomllib.loads(_read("functions.toml"))


def _read(name: str) -> str:
    return (files("reportbuilder.catalog") / "documented" / name).read_text(encoding="utf-8")
