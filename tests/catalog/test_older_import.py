"""Importing into the database: each template wholly or not at all, and none twice."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from reportbuilder.accounts import grants
from reportbuilder.catalog import exporting, importing, publishing, versions
from reportbuilder.catalog.importing import Outcome, Terms, import_sources
from reportbuilder.catalog.library import install_library
from reportbuilder.catalog.models import (
    QueryTemplate,
    QueryTemplateInstance,
    QueryTemplateParameter,
    QueryTemplateVersion,
)
from reportbuilder.catalog.older.files import find_sources, read_json
from reportbuilder.catalog.preparing import form_of
from reportbuilder.database import reading, transaction
from tests.cast import Cast
from tests.catalog.older_expected import EXPECTED
from tests.catalog.test_publishing import publication
from tests.conftest import NOON

FOLDER = Path(__file__).parent / "older"
SQL = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE clicks >= {{least}} GROUP BY campaign"


def older(**changes: Any) -> dict[str, Any]:
    return {
        "template_id": "tpl_00000000aaaa",
        "name": "Clicks",
        "category": "c",
        "sql_template": SQL,
        "parameters_schema": {"least": {"type": "integer", "default": 1, "x-kept": True}},
        **changes,
    }


def bring(cast: Cast, value: Any, *, who: str = "ada", dry_run: bool = False, **terms: Any) -> list[Outcome]:
    with transaction() as session:
        user = session.merge(getattr(cast, who))
        made = Terms(grants.principal_of(session, user), user, NOON, **terms)
        return import_sources(session, find_sources(value), made, dry_run=dry_run)


def counts() -> tuple[int, ...]:
    tables = (QueryTemplate, QueryTemplateParameter, QueryTemplateVersion, QueryTemplateInstance)
    with reading() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def test_the_table_names_every_file() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == sorted(EXPECTED)
    assert sum(len(each) for each in EXPECTED.values()) >= 50


def test_every_older_template_becomes_what_the_table_says(cast: Cast) -> None:
    for stem, expected in EXPECTED.items():
        outcomes = bring(cast, read_json((FOLDER / f"{stem}.json").read_bytes()))
        assert [each.outcome for each in outcomes] == [wanted for wanted, *_ in expected], (stem, outcomes)
        for outcome, (_, *pieces) in zip(outcomes, expected, strict=True):
            said = "\n".join(map(str, (*outcome.refusals, *outcome.warnings)))
            for piece in pieces:
                assert piece in said, stem
            assert bool(outcome.refusals) == (outcome.outcome == importing.REFUSED)
            assert outcome.outcome != importing.IMPORTED or not outcome.warnings


def test_importing_everything_again_changes_nothing(cast: Cast) -> None:
    values = [read_json(path.read_bytes()) for path in sorted(FOLDER.glob("*.json"))]
    first = [each for value in values for each in bring(cast, value)]
    before = counts()
    for update in (False, True):
        again = [each for value in values for each in bring(cast, value, update=update)]
        assert counts() == before
        for one, two in zip(first, again, strict=True):
            wanted = one.outcome if one.outcome == importing.REFUSED else importing.UNCHANGED
            assert (two.outcome, two.template_id, two.version) == (wanted, one.template_id, one.version)


def test_a_dry_run_says_the_same_and_leaves_nothing(cast: Cast) -> None:
    before = counts()
    rows = [older(), older(template_id="x", sql_template="SELECT a FROM t LIMIT 1")]
    tried = bring(cast, rows, dry_run=True)
    assert counts() == before
    assert [each.outcome for each in tried] == [each.outcome for each in bring(cast, rows)]
    assert [each.outcome for each in bring(cast, rows, dry_run=True)] == ["unchanged", "refused"]


def test_a_refused_one_takes_no_other_along_and_leaves_nothing(cast: Cast) -> None:
    # refused only after it was published: its value set fits, but the template does not render
    broken = older(
        template_id="b",
        name="Broken",
        sql_template=SQL.replace("{{least}}", "{{least}} AND click_date = {{day}}"),
        parameters_schema={
            "least": {"type": "integer", "default": 1},
            "day": {"type": "date", "default": "today", "max": "2020-01-01"},
        },
    )
    outcomes = bring(cast, [older(), broken, older(template_id="c", name="Third")])
    assert [each.outcome for each in outcomes][1] == "refused"
    assert "too late" in str(outcomes[1].refusals)
    with reading() as session:
        assert sorted(session.scalars(select(QueryTemplate.name))) == ["Clicks", "Third"]
        assert session.scalar(select(func.count()).select_from(QueryTemplateVersion)) == 2


def test_owner_origin_and_note(cast: Cast) -> None:
    (outcome,) = bring(cast, older(default_dashboard_type="grid"), who="ben")
    with reading() as session:
        made = session.scalars(select(QueryTemplate)).one()
        assert (made.user_id, made.is_public, made.template_id) == (cast.ben.id, False, outcome.template_id)
        assert made.template_id != "tpl_00000000aaaa"
        assert made.parameters_schema == older()["parameters_schema"]
        assert made.default_dashboard_type == "grid"
        (kept,) = versions.versions_of(session, made)
        assert (kept.note, kept.author_id) == ("imported", cast.ben.id)


def test_public_only_where_one_may_share(cast: Cast) -> None:
    (shared,) = bring(cast, older(is_public=True))
    (kept,) = bring(cast, older(is_public=True, template_id="other"), may_share=False)
    assert "you may not share templates" in str(kept.warnings)
    with reading() as session:
        flags = {row.template_id: row.is_public for row in session.scalars(select(QueryTemplate))}
    assert flags == {shared.template_id: True, kept.template_id: False}


def test_a_changed_file_is_the_next_version_only_when_asked(cast: Cast) -> None:
    (first,) = bring(cast, older())
    changed = older(description="Clearer")
    (told,) = bring(cast, changed)
    assert told.outcome == "refused"
    assert "import with --update (update: true)" in str(told.refusals)
    (updated,) = bring(cast, changed, update=True)
    assert (updated.outcome, updated.template_id, updated.version) == ("updated", first.template_id, 2)
    (again,) = bring(cast, changed, update=True)
    assert (again.outcome, again.version) == ("unchanged", 2)


def test_what_was_edited_here_is_overwritten_only_when_asked(cast: Cast) -> None:
    (first,) = bring(cast, older())
    with transaction() as session:
        publishing.update(session, session.scalars(select(QueryTemplate)).one(), {"name": "Mine"})
    assert [each.outcome for each in bring(cast, older())] == ["unchanged"]
    (updated,) = bring(cast, older(), update=True)
    assert (updated.outcome, updated.version, updated.template_id) == ("updated", 3, first.template_id)


def test_two_people_import_the_same_each_for_oneself(cast: Cast) -> None:
    (ada,), (ben,) = bring(cast, older()), bring(cast, older(), who="ben")
    assert ada.template_id != ben.template_id
    assert [each.outcome for each in bring(cast, older(), who="ben")] == ["unchanged"]


def test_without_an_id_the_name_knows_it_again(cast: Cast) -> None:
    row = older()
    del row["template_id"]
    bring(cast, row)
    assert [each.outcome for each in bring(cast, row)] == ["unchanged"]
    twice = bring(cast, [row, row | {"name": "CLICKS"}])
    assert [each.outcome for each in twice] == ["unchanged", "refused"]


def test_what_is_shipped_or_not_ones_own_is_never_changed(cast: Cast) -> None:
    with transaction() as session:
        install_library(session)
        shipped = session.scalars(select(QueryTemplate).limit(1)).one()
        foreign = publishing.publish(session, publication(is_public=True), session.merge(cast.ada))
        session.flush()
        files = [exporting.export(session, [row]) for row in (shipped, foreign)]
    for file in files:
        assert [each.outcome for each in bring(cast, file, who="ben")] == ["unchanged"]
        file["templates"][0]["publication"]["name"] = "Changed"
        (copied,) = bring(cast, file, who="ben", update=True)
        assert (copied.outcome, copied.version) == ("imported", 1)
        assert copied.template_id != file["templates"][0]["template_id"]
        assert [each.outcome for each in bring(cast, file, who="ben")] == ["unchanged"]
    with reading() as session:
        assert session.get_one(QueryTemplate, shipped.id).version == 1
        assert session.get_one(QueryTemplate, foreign.id).name == "Clicks"


def test_a_hidden_template_of_that_id_is_neither_changed_nor_told(cast: Cast) -> None:
    with transaction() as session:
        private = publishing.publish(session, publication(), session.merge(cast.ada))
        file = exporting.export(session, [private])
    (made,) = bring(cast, file, who="ben")
    assert (made.outcome, made.template_id == private.template_id) == ("imported", False)


def test_value_sets_come_along_where_they_fit(cast: Cast) -> None:
    sets = [
        {"instance_name": "Ten", "saved_parameters": '{"least": "10"}', "is_favorite": True},
        {"instance_name": "Dates", "saved_parameters": {"least": 2, "start_date": "2025-01-01"}},
        {"instance_name": "Wrong", "saved_parameters": {"least": "many"}},
        {"saved_parameters": {}},
        "no object",
    ]
    (made,) = bring(cast, older(query_template_instances=sets))
    said = "\n".join(map(str, made.warnings))
    assert "start_date was left out" in said
    assert said.count("this set was left out") == 3
    with reading() as session:
        template = session.scalars(select(QueryTemplate)).one()
        kept = exporting.value_sets(session, template, cast.ada.id)
        assert [(row.instance_name, row.saved_parameters, row.is_favorite) for row in kept] == [
            ("Dates", {"least": 2}, False),
            ("Ten", {"least": 10}, True),
        ]
        assert form_of(template, as_of=NOON).load(kept[1].saved_parameters) == {"least": 10}


@pytest.mark.parametrize("update", [False, True])
def test_a_saved_set_is_not_doubled(cast: Cast, update: bool) -> None:
    row = older(query_template_instances=[{"instance_name": "Ten", "saved_parameters": {"least": 10}}])
    bring(cast, row)
    bring(cast, json.loads(json.dumps(row | {"description": "x"})), update=True)
    bring(cast, row, update=update)
    assert counts()[3] == 1


def test_an_import_that_lost_a_race_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    # the other one's row came after ours had looked for it
    bring(cast, older())
    monkeypatch.setattr(importing, "_find", lambda *_: (None, False))
    (late, other) = bring(cast, [older(), older(template_id="other", name="Other")])
    assert (late.outcome, other.outcome) == ("refused", "imported with warnings")
    assert "imported by somebody else just now" in str(late.refusals)
    assert replace(late, refusals=()).template_id is None
