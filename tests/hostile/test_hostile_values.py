"""A corpus of hostile values through every door: each gives a clear error or a safe literal.

The shape of the SQL never changes; `make hostile` prints the counts.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import reading, transaction
from reportbuilder.executions import overview
from tests.api.conftest import Callers
from tests.cast import Cast
from tests.cli.conftest import Command
from tests.hostile.corpus import FORMS, NOT_JSON, TEXTS, VALUES, Form, as_json
from tests.hostile.judging import shape, texts

IDS = [f"{place}-{form.kind}" for place, form in enumerate(FORMS)]
ADA = ("--user", "ada@example.test", "--instance", "amcnorthwind01")
Tally = Counter[str]


def test_the_corpus_is_large() -> None:
    assert len(FORMS) * len(VALUES) > 5_000
    assert {form.kind for form in FORMS} >= {"string", "number", "date", "asin_list", "enum_select"}


@pytest.fixture(params=FORMS, ids=IDS)
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture
def template_id(form: Form, cast: Cast) -> str:
    return publish(form, cast)


def publish(form: Form, cast: Cast) -> str:
    data = {
        "name": form.kind,
        "category": "hostile",
        "sql_template": form.sql,
        "parameter_definitions": [form.row],
    }
    with transaction() as session:
        return publishing.publish(session, data, session.get_one(User, cast.ada.id)).template_id


def check_reasons(reasons: list[str]) -> None:
    """A clear error says something, on one line, without a trace of our insides."""
    assert reasons
    for reason in reasons:
        assert 8 < len(reason) < 2_000, reason
        assert reason.isprintable(), ascii(reason)
        assert "Traceback" not in reason
        assert "object at 0x" not in reason


def kept_items(value: Any) -> list[str]:
    """Return the texts that a value must still hold as literals, if it is taken as it is."""
    items = value if isinstance(value, list) else [value]
    texts = [item.strip() for item in items if isinstance(item, str)]
    if isinstance(
        value, list
    ):  # which may hold blanks, and loses the quotes of texts that are quoted already
        return [text for text in texts if text and not (text.startswith("'") and text.endswith("'"))]
    return texts


def test_the_api_takes_it_as_a_literal_or_says_why_not(
    form: Form, template_id: str, callers: Callers, tally: Tally
) -> None:
    path = f"/templates/{template_id}/validate-parameters"
    wanted = shape(ask(callers, path, form.plain)["preview_sql"])
    for value in VALUES:
        answer = ask(callers, path, value)
        if answer["valid"]:
            check_sql(form, value, answer["preview_sql"], wanted)
        else:
            assert {error["field"] for error in answer["errors"]} == {"x"}, answer
            check_reasons([error["message"] for error in answer["errors"]])
        tally[f"API, {form.kind}: {'a literal' if answer['valid'] else 'an error'}"] += 1


def ask(callers: Callers, path: str, value: Any) -> dict[str, Any]:
    body = {"instance_id": "amcnorthwind01", "parameters": {"x": value}}
    response = callers.ada.post(path, data=as_json(body), content_type="application/json")
    answer: dict[str, Any] = response.get_json()
    if response.status_code in (400, 413, 422):  # no JSON that can be stored, or too much of it
        reasons = [why for found in answer["error"]["details"].values() for why in found]
        return {
            "valid": False,
            "errors": [{"field": "x", "message": why} for why in reasons or [answer["error"]["message"]]],
        }
    assert response.status_code == 200, (response.status_code, ascii(value)[:200], response.text[:500])
    return answer


def check_sql(form: Form, value: Any, sql: str, wanted: Any) -> None:
    assert shape(sql) == wanted, ascii(value)[:200]
    if form.kind == "string" and not form.rules:
        assert set(kept_items(value)) <= {text.strip() for text in texts(sql)}, ascii(value)[:200]
    if form.kind == "campaign_list" and isinstance(value, list):
        assert set(kept_items(value)) <= {text.strip() for text in texts(sql)}, ascii(value)[:200]


def test_no_number_that_is_none_gets_in(callers: Callers, cast: Cast, tally: Tally) -> None:
    path = f"/templates/{publish(FORMS[3], cast)}/validate-parameters"
    for value in NOT_JSON:
        assert ask(callers, path, value)["valid"] is False
        tally["API, NaN and infinities: an error"] += 1


COMMAND_FORMS = [form for form in FORMS if form.kind in ("string", "number", "date", "asin_list")]


@pytest.mark.parametrize("some", COMMAND_FORMS, ids=lambda form: form.kind)
def test_the_command_line_takes_it_as_a_literal_or_says_why_not(
    some: Form, command: Command, cast: Cast, tally: Tally
) -> None:
    template_id = publish(some, cast)
    plain = some.plain if isinstance(some.plain, str) else json.dumps(some.plain)
    wanted = shape(run(command, template_id, plain) or "")
    for text in TEXTS if some.kind == "string" else TEXTS[::3]:
        sql = run(command, template_id, text)
        if sql is not None:
            assert shape(sql) == wanted, ascii(text)[:200]
        tally[f"CLI, {some.kind}: {'an error' if sql is None else 'a literal'}"] += 1


def run(command: Command, template_id: str, text: str) -> str | None:
    """Ask for an execution, and return the SQL that will be sent; None if it was refused clearly."""
    result = command("run", template_id, "--no-wait", "--param", f"x={text}", *ADA)
    if result.exit_code == 0:
        with reading() as session:
            return overview.find(session, result.stdout.strip()).sql_text
    assert result.exit_code == 2, (result.exit_code, ascii(text)[:200], result.exception)
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    return None


TYPE_WORDS = [
    "string",
    "integer",
    "date",
    "list",
    "asin_list",
    "campaign_list",
    "boolean",
    "select",
    "date_range",
]

OLDER_SQL = "SELECT campaign, SUM(impressions) AS n FROM dsp_impressions WHERE campaign IN ({{x}}) GROUP BY 1"


def test_the_import_takes_it_as_a_default_or_says_why_not(
    command: Command, cast: Cast, tmp_path: Path, tally: Tally
) -> None:
    for word in TYPE_WORDS:
        paths = [tmp_path / f"{word}{number}.json" for number in range(len(VALUES))]
        for number, value in enumerate(VALUES):
            paths[number].write_bytes(as_json(older(word, value, number)))
        files = map(str, paths)
        result = command("template", "import", *files, "--dry-run", "--json", "--user", "ada@example.test")
        assert result.exit_code in (0, 1), (result.exit_code, result.stderr[:500], result.exception)
        outcomes = json.loads(result.stdout)
        check_outcomes(outcomes, len(paths))
        tally.update(f"import as {word or 'anything'}: {each['outcome']}" for each in outcomes)


def older(word: str, value: Any, number: int) -> dict[str, Any]:
    declared = {"default": value} | ({"type": word} if word else {})
    return {
        "template_id": f"tpl_{number:012x}",
        "name": f"template {number}",
        "category": "hostile",
        "sql_template": OLDER_SQL,
        "parameters_schema": {"x": declared},
    }


def check_outcomes(outcomes: list[dict[str, Any]], count: int) -> None:
    assert len(outcomes) == count
    for each in outcomes:
        if each["outcome"] == "refused":
            check_reasons([why["reason"] for why in each["refusals"]])
