"""Versions, copies and deletion: every publication stays readable, and nothing in use goes away."""

import pytest
from flask import Flask
from sqlalchemy import delete, select

from reportbuilder.accounts import grants
from reportbuilder.catalog import publishing, versions
from reportbuilder.catalog.differences import compare
from reportbuilder.catalog.library import install_library, read_library
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateVersion
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound
from reportbuilder.executions import uses
from reportbuilder.executions.lifecycle import Order, request
from reportbuilder.parameters.windows import default_window
from reportbuilder.reports.models import ReportDefinition
from tests.cast import Cast
from tests.catalog.test_publishing import SQL, publication
from tests.conftest import NOON


def test_every_publication_is_kept_with_author_and_note(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben, note="first")
        publishing.update(session, template, {"name": "All clicks"}, author_id=cast.ada.id, note="clearer")
        publishing.update(session, template, {"name": "All clicks"}, author_id=cast.ada.id)
    with reading() as session:
        found = versions.versions_of(session, session.merge(template))
        assert [(each.version, each.note, each.author and each.author.email) for each in found] == [
            (2, "clearer", "ada@example.test"),
            (1, "first", "ben@example.test"),
        ]
        assert [each.snapshot["name"] for each in found] == ["All clicks", "Clicks"]
        assert found[0].snapshot == versions.publication_of(session.merge(template))
        with pytest.raises(NotFound, match="no version 3; the present one is 2"):
            versions.version_of(session, session.merge(template), 3)


def test_an_earlier_version_comes_back_as_the_next_one(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
        first = versions.publication_of(template)
        sql = "SELECT a, SUM(n) AS n FROM t GROUP BY a"
        publishing.update(session, template, {"sql_template": sql, "parameter_definitions": []})
        publishing.restore(session, template, 1, author_id=cast.ada.id)
        assert (template.version, versions.publication_of(template)) == (3, first)
        assert versions.version_of(session, template, 3).note == "restored from version 1"
        publishing.restore(session, template, 3)
        assert template.version == 3
        with pytest.raises(Conflict, match="at version 3, not 2"):
            publishing.restore(session, template, 1, seen_version=2)


def test_what_could_not_be_published_today_is_not_restored(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
        publishing.update(session, template, {"name": "Newer"})
        kept = versions.version_of(session, template, 1)
        kept.snapshot = kept.snapshot | {"sql_template": SQL + " LIMIT 5"}
    with pytest.raises(Invalid, match="LIMIT"), transaction() as session:
        publishing.restore(session, session.merge(template), 1)
    with reading() as session:
        again = session.get_one(QueryTemplate, template.id)
        assert (again.name, again.version) == ("Newer", 2)


def test_what_another_program_wrote_is_kept_before_it_is_changed(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
        session.execute(delete(QueryTemplateVersion))
        before = versions.publication_of(template)
        assert [each.version for each in versions.versions_of(session, template)] == [1]
        publishing.update(session, template, {"name": "Newer"})
        assert versions.version_of(session, template, 1).snapshot == before


def test_the_library_keeps_its_versions_too(database: Flask) -> None:
    shipped = read_library()
    with transaction() as session:
        install_library(session, shipped)
        install_library(session, shipped)
        template = session.scalars(select(QueryTemplate).limit(1)).one()
        (kept,) = versions.versions_of(session, template)
        assert (kept.version, kept.author_id) == (1, None)


def test_a_copy_knows_what_it_is_a_copy_of(cast: Cast) -> None:
    with transaction() as session:
        parent = publishing.publish(session, publication(is_public=True), cast.ben)
        copy = publishing.fork(session, parent, cast.ada)
        assert (copy.name, copy.is_public, copy.user_id) == ("Clicks (copy)", False, cast.ada.id)
        assert (copy.parent_template_id, copy.parent_version, copy.version) == (parent.id, 1, 1)
        publishing.update(session, parent, {"name": "Newer"})
        assert (copy.parent_version, parent.version) == (1, 2)


def test_a_template_is_deleted_only_while_nothing_uses_it(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
        copy = publishing.fork(session, template, cast.ada)
        for owner, name in ((cast.ben, "One"), (cast.ada, "Two")):
            report = ReportDefinition(
                name=name, template_id=template.id, instance_id=cast.first.id, owner_id=owner.id
            )
            session.add(report)
        session.flush()
        order = Order(template, cast.first, cast.ben, "SELECT 1", default_window(as_of=NOON), {}, "manual")
        request(session, order)
        ben = grants.principal_of(session, cast.ben)
        found = uses.uses_of(session, ben, template)
        assert (found.reports, found.executions, found.copies, found.seen) == (2, 1, 1, ())
        ada = grants.principal_of(session, cast.ada)
        assert [each.name for each in uses.uses_of(session, ada, template).seen] == ["One", "Two"]
        with pytest.raises(Conflict, match=r"used by 2 reports .* and 1 execution;"):
            uses.delete_unused(session, template)
        uses.delete_unused(session, copy)
    with reading() as session:
        assert session.get(QueryTemplate, copy.id) is None
        assert not session.scalars(
            select(QueryTemplateVersion).where(QueryTemplateVersion.template_id == copy.id)
        ).all()


def test_copies_outlive_their_parent_and_shipped_ones_stay(cast: Cast) -> None:
    with transaction() as session:
        parent = publishing.publish(session, publication(), cast.ben)
        copy = publishing.fork(session, parent, cast.ada)
        uses.delete_unused(session, parent)
        install_library(session)
    with transaction() as session:
        again = session.get_one(QueryTemplate, copy.id)
        assert (again.parent_template_id, again.parent_version) == (None, None)
        shipped = session.scalars(select(QueryTemplate).where(QueryTemplate.library_key.is_not(None))).first()
        assert shipped is not None
        with pytest.raises(Conflict, match="is shipped"):
            uses.delete_unused(session, shipped)


def row(name: str, **changes: object) -> dict[str, object]:
    return {"parameter_name": name, "parameter_type": "string", "required": True, **changes}


def test_differences_are_told_in_words() -> None:
    before = {
        "name": "Reach",
        "sql_template": "SELECT a\nFROM t",
        "parameter_definitions": [row("brand"), row("gone"), row("n", validation_rules={"min": 1})],
        "report_config": {"widgets": [], "dashboard": {}},
    }
    after = {
        "name": "Reach by day",
        "sql_template": "SELECT b\nFROM t",
        "parameter_definitions": [
            row("n", validation_rules={"min": 2}),
            row("brand", parameter_type="campaign_list", default_value=["A"]),
            row("fresh", required=False),
        ],
        "report_config": {"widgets": [{"type": "table"}], "dashboard": {}},
    }
    found = compare(before, after, names=("version 1", "version 2"))
    assert found.sql.splitlines() == [
        "--- version 1",
        "+++ version 2",
        "@@ -1,2 +1,2 @@",
        "-SELECT a",
        "+SELECT b",
        " FROM t",
    ]
    assert found.parameters == (
        "gone was removed",
        "n: rule min 1 became 2",
        'brand: type "string" became "campaign_list"',
        'brand: default nothing became ["A"]',
        "fresh was added: string, optional",
        "the order became n, brand, fresh",
    )
    assert found.fields == ('name: "Reach" became "Reach by day"', "report_config: widgets changed")
    assert not found.is_empty
    assert compare(after, after).is_empty
    assert compare({"sql_template": "a\n"}, {"sql_template": "a\r\n"}).sql.endswith("only line ends differ")
