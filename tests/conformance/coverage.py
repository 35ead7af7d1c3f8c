"""Which facts the tests have proved, as a table for people and as a list of what is wrong."""

import textwrap
from collections.abc import Collection, Iterator, Mapping

from tests.conformance.facts import KINDS, Fact

MOST_NAMES = 100


def problems(facts: Mapping[str, Fact], covered: Collection[str]) -> list[str]:
    """Return what makes a conformance run fail, one line each."""
    unknown = [f"{name}: no such fact in tests/conformance" for name in sorted(covered) if name not in facts]
    unexplained = [
        f"{fact.name}: no passing test, and no why_not ({fact.says})"
        for fact in facts.values()
        if fact.name not in covered and not fact.why_not
    ]
    proved_after_all = [
        f"{fact.name}: has a passing test, so its why_not has to go"
        for fact in facts.values()
        if fact.name in covered and fact.why_not
    ]
    return unknown + unexplained + proved_after_all


def table(facts: Mapping[str, Fact], covered: Collection[str]) -> str:
    """Return what to print: a count for each kind, excused facts with their reasons, and what is wrong."""
    wrong = problems(facts, covered)
    more = [f"... and {len(wrong) - MOST_NAMES} more"] if len(wrong) > MOST_NAMES else []
    shown = [textwrap.shorten(f"WRONG {line}", 300) for line in wrong[:MOST_NAMES]] + more
    return "\n".join([*_counts(facts, covered), "", *_excused(facts, covered), *shown])


def _counts(facts: Mapping[str, Fact], covered: Collection[str]) -> Iterator[str]:
    yield f"{'kind':<12}{'known':>7}{'covered':>9}{'not':>6}"
    for kind in (*KINDS, "all"):
        names = [fact.name for fact in facts.values() if kind in (fact.kind, "all")]
        proved = sum(name in covered for name in names)
        yield f"{kind:<12}{len(names):>7}{proved:>9}{len(names) - proved:>6}"


def _excused(facts: Mapping[str, Fact], covered: Collection[str]) -> Iterator[str]:
    for fact in facts.values():
        if fact.name not in covered and fact.why_not:
            yield textwrap.shorten(f"{fact.name}: {fact.why_not}", 300)
