"""The columns that leave a query: names, privacy, money, and whether they are aggregated."""

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from reportbuilder.catalog.datasources import data_sources
from reportbuilder.catalog.lint.findings import Fault
from reportbuilder.catalog.lint.grouping import aggregates
from reportbuilder.catalog.lint.money import judge_output
from reportbuilder.catalog.lint.reading import Reading
from reportbuilder.catalog.lint.sources import Output

_HUNDRED: Final = ("MEDIUM", "HIGH")


def find_in_output(tree: exp.Query, reading: Reading) -> Iterator[Fault]:
    """Yield what is wrong with the output of a query that has been read."""
    for position, branch in enumerate(reading.final):
        if position == 0:
            yield from _judge_names(branch)
        for output in branch:
            yield from _judge_privacy(output)
            yield from _judge_money(output)
    if reading.tables and not aggregates(tree):
        select = tree.find(exp.Select)
        yield Fault("no-aggregation", select.expressions[0] if select and select.expressions else (0, 6))


def _judge_names(outputs: list[Output]) -> Iterator[Fault]:
    seen: set[str] = set()
    for output in outputs:
        names = {name for _, name in output.names or ()}
        if names == {""}:
            yield Fault("unnamed-output", output.node)
        elif twice := sorted(names & seen - {""}):
            yield Fault("duplicate-output", output.node, {"name": twice[0]})
        seen |= names


def _judge_privacy(output: Output) -> Iterator[Fault]:
    values = {"column": output.fact.column, "level": output.fact.level}
    if output.fact.is_hidden:
        yield Fault("privacy-output", output.node, values)
    elif output.fact.level in _HUNDRED:
        yield Fault("threshold-100", output.node, values)


def _judge_money(output: Output) -> Iterator[Fault]:
    found = judge_output(output.fact.money) if output.fact.money else None
    if found:
        name = next((name for _, name in output.names or () if name), "this")
        yield Fault("raw-money", output.node, {"name": name, "unit": found[0], "way_out": found[1]})


def find_in_tables(reading: Reading, declared: frozenset[str] | None) -> Iterator[Fault]:
    """Yield what is wrong with the tables as a whole: those without events, and the declared ones."""
    known = data_sources()
    used = {name: place for name, place in reading.tables.items() if name in known}
    is_whole = len(used) == len(reading.tables) and not reading.unknown_tables and reading.is_sure_of_tables
    if used and is_whole and all(known[name].ignores_window for name in used):
        yield Fault("no-window", next(iter(used.values())), {"tables": " and ".join(sorted(used))})
    if declared is None:
        return
    for name, place in reading.tables.items():
        if name not in declared:
            yield Fault("undeclared-table", place, {"name": name})
    if reading.is_sure_of_tables:
        for name in sorted(declared - set(reading.tables) - reading.unknown_tables):
            yield Fault("unused-table", None, {"name": name}, field="report_config.about.tables")
