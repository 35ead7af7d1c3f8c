import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.results.dialect import Normaliser, valid
from reportbuilder.results.failures import BrokenResult

fields = st.text(st.sampled_from('ab ,"\\\n\ré€😀'), max_size=6)
records = st.lists(st.lists(fields, min_size=2, max_size=2), max_size=8)


def plain(rows: list[list[str]], data: bytes) -> None:
    found = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    assert found == rows


def field(text: str, style: str) -> str:
    escaped = text.replace("\\", "\\\\")
    if style == "doubled":
        return '"' + escaped.replace('"', '""') + '"'
    escaped = escaped.replace('"', '\\"')
    bare = style == "bare" and not set(text) & set(",\n\r")
    return escaped if bare else f'"{escaped}"'


@given(
    rows=records,
    style=st.sampled_from(["quoted", "bare", "doubled"]),
    end=st.sampled_from(["\n", "\r\n"]),
    whole=st.booleans(),
)
def test_failure_23_every_style_of_writing_a_field_means_the_same(
    rows: list[list[str]], style: str, end: str, *, whole: bool
) -> None:
    data = "".join(",".join(field(text, style) for text in row) + end for row in rows).encode()
    blocks = [data] if whole and data else [part + b"\n" for part in data.split(b"\n")[:-1]]
    normaliser = Normaliser()
    plain(rows, b"".join(normaliser.rewrite(block) for block in blocks))
    assert not normaliser.in_quotes


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (rb'"C:\new",1', rb'"C:\new",1'),
        (rb"C:\new\,1", rb"C:\new\,1"),
        (rb"\"a,1", b'"""a",1'),
        (rb'"a\\",1', rb'"a\",1'),
        (rb'"a\\\"",1', b'"a\\""",1'),
        (b'"","a ""b"""', b'"","a ""b"""'),
        (rb'"a"",\"b",1', b'"a"",""b",1'),
        (b'"a\rb",1\r', b'"a\rb",1'),
        (b"a\rb,1", b'"a\rb",1'),
    ],
)
def test_special_sequences(given_: bytes, expected: bytes) -> None:
    assert Normaliser().rewrite(given_ + b"\n") == expected + b"\n"


@pytest.mark.parametrize("line", [b'"\\a"x,1\n', b'x"\\a",1\n', b'"\\a"\rx,1\n', b'x\\\\"y",1\n'])
def test_quotes_where_none_can_stand_are_refused_where_backslashes_are_resolved(line: bytes) -> None:
    with pytest.raises(BrokenResult, match="quote"):
        Normaliser().rewrite(line)


def test_bytes_that_are_not_utf8_are_replaced_and_counted() -> None:
    text, repaired = valid(b"a\xff\xfe,\xef\xbf\xbd,\xed\xa0\x80\n")
    assert text.decode() == "a\ufffd\ufffd,\ufffd,\ufffd\ufffd\ufffd\n"
    assert repaired == 5


def test_bad_bytes_are_not_taken_for_stand_ins() -> None:
    normaliser = Normaliser()
    assert normaliser.rewrite(b"a\xff\\\\,\xfe\n").decode() == "a\ufffd\\,\ufffd\n"
    assert normaliser.repaired == 2
