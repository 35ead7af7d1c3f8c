"""Failures in plain words: every message that the sandbox can give, and those that are recorded of AMC."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reportbuilder.sandbox
from reportbuilder.amc.wire import with_tag
from reportbuilder.executions.advice import Advice, Spot, advise, is_known
from reportbuilder.executions.explanations import EXPLANATIONS
from reportbuilder.executions.refusals import with_advice
from reportbuilder.executions.states import ERROR_CLASSES

SANDBOX = Path(reportbuilder.sandbox.__file__).parent
REFUSALS = {"RefusedError", "BadRequestError", "_said"}
# of lists and of the control page, which no run asks for
NOT_OF_RUNS = re.compile(r"nextToken|minCreationTime|^limit |true or false|JSON object|valid JSON")

RECORDED = {  # as they are known of AMC itself
    "Filter operation brand referenced an undeclared parameter brand": "brand",
    "From line 6, column 2 to line 6, column 7: Number of columns must match number of query columns": "VALU",
    'Encountered "{" at line 8, column 3': "unfilled",
    "Object 'dsp_impresions' not found": "dsp_impresions",
    "Array expression is not an array data type": "list",
    "No match found for function signature DATE_ADD(<CHARACTER>, <NUMERIC>, <DATE>)": "DATE_ADD",
    "Unsupported scalar operation type ||": "CONCAT",
    "Value of parameter asins exceeded maximum allowed length of 1024": "longer",
    "Unauthorized request.": "rights",
    "Terms and conditions must be accepted to continue": "terms",
    "Workflow execution with ID 1-2-3 does not exist.": "does not know",
    'Execution "X" of workflow "Y" could not be run because too many workflows have already been run '
    "against the same input data sources in the same or overlapping time windows.": "overlap",
}


def texts_of(node: ast.expr, names: dict[str, list[ast.expr]]) -> Iterator[str]:
    """Yield what an expression of the sandbox's source may say, with X for what it fills in."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
    elif isinstance(node, ast.BinOp):
        yield from texts_of(node.right, names)
    elif isinstance(node, ast.Name):
        for value in names.get(node.id, []):
            yield from texts_of(value, {})


def messages_of(function: ast.AST) -> Iterator[str]:
    names: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in REFUSALS and node.args:
            yield from texts_of(node.args[0], names)


def sandbox_messages() -> list[str]:
    """Return what the sandbox's source can say of a run, read from the source itself."""
    found = {
        text
        for path in SANDBOX.glob("*.py")
        for text in messages_of(ast.parse(path.read_text()))
        if text.strip() and not NOT_OF_RUNS.search(text)
    }
    return sorted(found)


def test_the_sources_are_read() -> None:
    assert len(sandbox_messages()) > 60


@pytest.mark.parametrize("message", sandbox_messages())
def test_every_refusal_of_the_sandbox_has_words_of_its_own(message: str) -> None:
    assert is_known(message)
    told = advise("permanent", message)
    assert told.meaning != advise("permanent", "abracadabra").meaning
    assert told.todo.endswith((".", ")", "…"))
    assert "{" not in told.meaning


@pytest.mark.parametrize(("message", "word"), RECORDED.items())
def test_what_is_known_of_amc_has_words_of_its_own(message: str, word: str) -> None:
    for said in (
        message,
        f"Was unable to compile workflow rb-1 because it was found to be invalid: {message}",
    ):
        told = advise("permanent", with_advice(said))
        assert word in f"{told.meaning} {told.todo}"


@pytest.mark.parametrize(
    ("message", "spot"),
    [
        ("From line 6, column 12 to line 6, column 17: Object 'a' not found", Spot(6, 12, 6, 17)),
        ("From line 1, column 50 to line 2, column 3: Object 'a' not found", Spot(1, 20, 2, 3)),
        ('Encountered "{" at line 8, column 3', Spot(8, 3)),
        ("The query contains personal information at line 4: e-mail addresses", Spot(4)),
        ("Unauthorized request.", None),
        ("The deadline 30 of guideline 5 has passed", None),
    ],
)
def test_the_place_in_the_sql_is_read(message: str, spot: Spot | None) -> None:
    assert advise("permanent", message, before=30).spot == spot


def test_the_place_is_where_the_author_wrote_it() -> None:
    sql = "SELECT a FROM nowhere"
    sent = with_tag(sql, "rb-exec_1")
    column = sent.index("nowhere") + 1
    message = f"From line 1, column {column} to line 1, column {column + 6}: Object 'nowhere' not found"
    spot = advise("permanent", message, before=len(with_tag("", "rb-exec_1"))).spot
    assert spot == Spot(1, sql.index("nowhere") + 1, 1, len(sql))


@pytest.mark.parametrize("error_class", ERROR_CLASSES)
def test_each_class_has_words_for_what_nobody_knows(error_class: str) -> None:
    told = advise(error_class, "abracadabra")
    assert told.meaning
    assert told.todo


def test_the_words_of_a_class_go_before_what_sounds_like_a_fault_of_the_query() -> None:
    lost = "AMC no longer knows the execution abc; run it again"
    assert "no longer knows" in advise("lost", lost).meaning
    gone = "AMC does not give the rows: Workflow execution with ID 1 does not exist."
    assert "hand out" in advise("permanent", gone).meaning


def test_all_patterns_can_be_read_and_name_no_more_than_they_find() -> None:
    for each in EXPLANATIONS:
        names = ["X"] * re.compile(each.pattern).groups
        assert each.meaning.format(*names)
        assert each.todo.format(*names)


@given(st.sampled_from(sorted(ERROR_CLASSES)), st.text(), st.integers(0, 200))
def test_whatever_amc_says_there_is_advice(error_class: str, message: str, before: int) -> None:
    told = advise(error_class, message, before=before)
    assert isinstance(told, Advice)
    assert told.meaning
    assert told.spot is None or told.spot.column is None or told.spot.column >= 1
