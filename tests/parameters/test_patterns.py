"""Patterns: the same as Python's own on what both know, linear where Python's is not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder.parameters.patterns import BadPattern, Pattern

quick = settings(max_examples=150, deadline=None)

atoms = st.sampled_from(
    ["a", "b", "[ab]", "[^a]", ".", r"\d", r"\w", r"\.", "[a-c0-9]", r"[\d_]", "-", r"\S", "é"]
)
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}", "*?"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@given(patterns, st.text("ab1.c_-é \n", max_size=8))
@quick
def test_it_agrees_with_python(source: str, text: str) -> None:
    ours = Pattern(source)
    assert ours.matches(text) == bool(re.fullmatch(source, text, re.ASCII))
    assert ours.matches(text) == bool(re.fullmatch(ours.portable[1:-1], text)), (
        "so does its portable spelling"
    )


@given(patterns)
@quick
def test_the_portable_spelling_is_stable(source: str) -> None:
    portable = Pattern(source).portable
    assert Pattern(portable).portable == f"^(?:{portable[1:-1]})$"


def test_nested_counts_do_not_explode() -> None:
    evil = Pattern("(a+)+(a|aa)*(.*.*.*)x")
    assert not evil.matches("a" * 1000 + "!")
    assert evil.matches("a" * 999 + "x")


@pytest.mark.parametrize(
    "source",
    [
        r"(a)\1",
        "(?=a)b",
        "(?!a)b",
        "(?<=a)b",
        "(?P<n>a)",
        "(?i)a",
        r"\bword\b",
        r"\Aa\Z",
        r"\p{L}",
        "a**",
        "a{2,1}",
        "*a",
        "a(",
        "a)",
        "[a",
        "[]",
        "[z-a]",
        r"[\D]",
        "a{1000}{1000}",
        "(a{900}){2}",
        "((?:){9999}){9999}",
        "a^b",
        "a$b",
        "{",
        "\\",
        "(" * 30 + ")" * 30,
        "a" * 1001,
    ],
)
def test_what_engines_read_differently_is_refused(source: str) -> None:
    with pytest.raises(BadPattern):
        Pattern(source)


def test_a_refusal_says_where() -> None:
    with pytest.raises(BadPattern, match=r"at character 3 of 'a\[z-a\]'|at character [0-9]+"):
        Pattern("a[z-a]")


@pytest.mark.parametrize(
    ("source", "text", "fits"),
    [
        ("^abc$", "abc", True),
        ("abc", "abc\n", False),
        ("b", "abc", False),
        (r"\d+", "١٢", False),
        (r"\s", "\ufeff", True),
        (r"\s", "\x1c", False),
        (".", "😀", True),
        (".", "\u2028", False),
        (r"\u00e9\x41\/", "éA/", True),
        ("[^]]?", "a", None),
        ("^a$|^b$", "b", True),
        ("", "", True),
        ("[&~|-]+", "&&--||~~", True),
    ],
)
def test_the_meaning_is_that_of_ecmascript(source: str, text: str, fits: bool | None) -> None:
    if fits is None:
        with pytest.raises(BadPattern):
            Pattern(source)
        return
    assert Pattern(source).matches(text) is fits
