"""What stands in FROM: the columns that each table, WITH query or sub-query offers, found by name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from sqlglot import exp

from reportbuilder.catalog.datasources import data_sources
from reportbuilder.catalog.lint.facts import Fact, of_column, one_of
from reportbuilder.catalog.lint.standins import FREE, Choice, Names

Columns = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Output:
    """One column that a query gives: its possible names, what is known of it, and its place in the tree."""

    names: Names | None
    fact: Fact
    node: exp.Expr


@dataclass(frozen=True, slots=True)
class Variant:
    """The columns of a source for some options of parameters; ``is_open``: it may have others too."""

    label: str
    columns: Columns
    choice: Choice = FREE
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One source of a FROM: one variant, or one for every table that a placeholder can make of its name."""

    variants: tuple[Variant, ...]

    @property
    def is_open(self) -> bool:
        """Whether there may be columns that are not known."""
        return any(variant.is_open for variant in self.variants)

    @property
    def label(self) -> str:
        """The name for people."""
        return self.variants[0].label if self.variants else "it"

    def find(self, choice: Choice, name: str) -> Fact | None:
        """Return what is known of a column; None if it is missing for some option."""
        found = []
        for variant in self.variants:
            if not agree(choice, variant.choice):
                continue
            if name in variant.columns:
                found.append(variant.columns[name])
            elif variant.is_open:
                found.append(Fact())
            else:
                return None
        return one_of(found) if len(found) > 1 else found[0] if found else Fact()

    def lacking(self, choice: Choice, name: str) -> Variant:
        """Return the variant that lacks a column."""
        return next(v for v in self.variants if agree(choice, v.choice) and name not in v.columns)

    def has(self, choice: Choice, name: str) -> bool:
        """Say whether it surely has a column."""
        return any(agree(choice, v.choice) and name in v.columns for v in self.variants)


UNKNOWN = Source((Variant("it", {}, is_open=True),))


@dataclass
class Frame:
    """What names mean in one SELECT: sources by alias, columns that USING merged, output names."""

    sources: list[tuple[str, Source]] = field(default_factory=list)
    merged: set[str] = field(default_factory=set)
    aliases: dict[str, Fact] = field(default_factory=dict)
    has_aliases: bool = False  # whether the output names may be used here

    @property
    def is_open(self) -> bool:
        """Whether some source may have columns that are not known."""
        return any(source.is_open for _, source in self.sources)

    def source(self, alias: str) -> Source | None:
        """Return the source of an alias."""
        return next((source for name, source in self.sources if name == alias), None)

    def columns(self) -> set[str]:
        """Return the names of all known columns."""
        return {name for _, source in self.sources for v in source.variants for name in v.columns}


Ctes = Mapping[str, Source]
Frames = tuple[Frame, ...]  # from the inside out


@dataclass(frozen=True, slots=True)
class Result:
    """The columns of a query; ``is_open``: there may be others."""

    outputs: list[Output]
    is_open: bool


def agree(one: Choice, other: Choice) -> bool:
    """Say whether two choices of options can be taken together."""
    if not one or not other:
        return True
    chosen = dict(other)
    return all(chosen.get(name, option) == option for name, option in one)


@cache
def documented_columns(table: str) -> Columns:
    """Return the facts of a documented table's columns."""
    return {name: of_column(table, column) for name, column in data_sources()[table].columns.items()}


def source_of(label: str, outputs: Sequence[Output], *, is_open: bool, names: Sequence[str] = ()) -> Source:
    """Return the source that a query is for those who read from it."""
    columns: dict[str, Fact] = {}
    for place, output in enumerate(outputs):
        given = ((FREE, names[place]),) if place < len(names) else output.names
        is_open |= given is None
        columns |= {name: output.fact for _, name in given or () if name}
    return Source((Variant(label, columns, is_open=is_open),))


def merge(sources: Sequence[tuple[Choice, Source]]) -> Source:
    """Return one source for a name that can be several."""
    if len(sources) == 1 and not sources[0][0]:
        return sources[0][1]
    return Source(tuple(_variants(sources)))


def _variants(sources: Sequence[tuple[Choice, Source]]) -> Iterator[Variant]:
    for choice, source in sources:
        for each in source.variants:
            yield Variant(each.label, each.columns, choice | each.choice, each.is_open)
