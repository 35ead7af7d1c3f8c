"""Publishing: versions go up when something changed, and nobody's change is lost unseen."""

import re
from typing import Any

import pytest
from flask import Flask

from reportbuilder.accounts import grants
from reportbuilder.catalog import publishing, searching, versions
from reportbuilder.catalog.library import Shipped, install_library, read_file, read_library
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid, NotFound
from tests.cast import Cast

SQL = "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks WHERE campaign LIKE {{filter}} GROUP BY campaign"


def publication(**changes: Any) -> dict[str, Any]:
    row = {"parameter_name": "filter", "parameter_type": "campaign_filter", "required": True}
    return {
        "name": "Clicks",
        "category": "Performance",
        "sql_template": SQL,
        "parameter_definitions": [row],
        "ui_schema": {"filter": {"ui:placeholder": "Brand*"}},
        "report_config": {"widgets": [{"type": "table"}]},
        "tags": ["clicks"],
        **changes,
    }


def test_a_published_template_comes_back_whole(cast: Cast) -> None:
    with transaction() as session:
        made = publishing.publish(session, publication(), cast.ben)
        template_id = made.template_id
    assert re.fullmatch("tpl_[0-9a-f]{12}", template_id)
    with reading() as session:
        ben = grants.principal_of(session, cast.ben)
        found = searching.find(session, ben, template_id)
        assert (found.version, found.user_id, found.is_public) == (1, cast.ben.id, False)
        kept = versions.publication_of(found)
        (row,) = kept["parameter_definitions"]
        assert (row["parameter_name"], row["parameter_type"], row["required"]) == (
            "filter",
            "campaign_filter",
            True,
        )
        assert {key: kept[key] for key in ("name", "sql_template", "ui_schema", "report_config", "tags")} == {
            key: publication()[key] for key in ("name", "sql_template", "ui_schema", "report_config", "tags")
        }


def test_versions_count_changes(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
    with transaction() as session:
        template = session.merge(template)
        row_id = template.parameters[0].id
        publishing.update(session, template, {"name": "Clicks"})
        assert template.version == 1
        publishing.update(session, template, {"name": "All clicks"}, seen_version=1)
        assert (template.version, template.name) == (2, "All clicks")
    with transaction() as session:
        template = session.merge(template)
        assert template.parameters[0].id == row_id
        sql = "SELECT 1 AS n FROM t WHERE a = {{x}} AND b = {{y}}"
        rows = [
            {"parameter_name": name, "parameter_type": "number", "default_value": 1, "display_order": order}
            for name, order in (("y", 1), ("x", 0))
        ]
        publishing.update(session, template, {"sql_template": sql, "parameter_definitions": rows})
    with reading() as session:
        again = session.get(QueryTemplate, template.id)
        assert again is not None
        assert again.version == 3
        assert [row.parameter_name for row in again.parameters] == ["x", "y"]


def test_a_wrong_change_changes_nothing(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
    with pytest.raises(Invalid) as caught, transaction() as session:
        publishing.update(session, session.merge(template), {"sql_template": SQL + " LIMIT 5", "name": "X"})
    assert "AMC refuses LIMIT" in caught.value.details["sql_template"][0]
    with reading() as session:
        again = session.get(QueryTemplate, template.id)
        assert again is not None
        assert (again.name, again.sql_template, again.version) == ("Clicks", SQL, 1)


def test_of_two_editors_the_second_is_told(cast: Cast) -> None:
    with transaction() as session:
        template = publishing.publish(session, publication(), cast.ben)
        publishing.update(session, template, {"name": "Ada's"}, seen_version=1)
        with pytest.raises(Conflict, match="at version 2, not 1"):
            publishing.update(session, template, {"name": "Ben's"}, seen_version=1)


def test_a_copy_knows_its_parent_and_a_shipped_one_is_not_changed(cast: Cast) -> None:
    with transaction() as session:
        install_library(session)
        shipped = session.query(QueryTemplate).filter_by(library_key="weekly_roas").one()
        with pytest.raises(Conflict, match="publish a copy"):
            publishing.update(session, shipped, {"name": "Mine"})
        data = {**versions.publication_of(shipped), "name": "Mine", "is_public": False}
        copy = publishing.publish(session, data, cast.ben, parent=shipped)
        assert (copy.parent_template_id, copy.library_key, copy.version) == (shipped.id, None, 1)
        assert copy.sql_template == shipped.sql_template


# ---------------------------------------------------------------- the library


def test_installing_again_changes_nothing(database: Flask) -> None:
    keys = tuple(shipped.key for shipped in read_library())
    with transaction() as session:
        first = install_library(session)
        assert first.added == keys
    with transaction() as session:
        before = {row.template_id: row.updated_at for row in session.query(QueryTemplate)}
        second = install_library(session)
        assert (second.added, second.changed, second.unchanged) == ((), (), keys)
    with reading() as session:
        assert {row.template_id: row.updated_at for row in session.query(QueryTemplate)} == before


def test_a_changed_file_becomes_the_next_version_of_the_same_template(cast: Cast) -> None:
    shipped = read_library()
    newer = _changed(shipped[0])
    with transaction() as session:
        own = publishing.publish(session, publication(), cast.ben)
        install_library(session, shipped)
        template = session.query(QueryTemplate).filter_by(library_key=newer.key).one()
        before = (template.id, template.template_id)
    with transaction() as session:
        summary = install_library(session, (newer, *shipped[1:]))
        assert summary.changed == (newer.key,)
        assert len(summary.unchanged) == len(shipped) - 1
    with reading() as session:
        after = session.query(QueryTemplate).filter_by(library_key=newer.key).one()
        assert (after.id, after.template_id) == before
        assert (after.version, after.name, after.is_public) == (2, "Renamed", True)
        untouched = session.get(QueryTemplate, own.id)
        assert untouched is not None
        assert (untouched.name, untouched.version) == ("Clicks", 1)


def test_what_is_no_longer_shipped_stays(database: Flask) -> None:
    shipped = read_library()
    with transaction() as session:
        install_library(session, shipped)
        summary = install_library(session, shipped[1:])
        assert summary.orphaned == (shipped[0].key,)
        assert session.query(QueryTemplate).count() == len(shipped)


def _changed(shipped: Shipped) -> Shipped:
    from importlib.resources import files

    path = files("reportbuilder.catalog") / "library" / f"{shipped.key}.toml"
    text = path.read_text(encoding="utf-8")
    return read_file(f"{shipped.key}.toml", re.sub('^name = ".*"', 'name = "Renamed"', text).encode())


# ---------------------------------------------------------------- finding


def test_who_sees_what(cast: Cast) -> None:
    with transaction() as session:
        private = publishing.publish(session, publication(name="Ben's own"), cast.ben)
        public = publishing.publish(session, publication(name="For all", is_public=True), cast.ben)
    with reading() as session:
        for user, names in (
            (cast.ada, ["Ben's own", "For all"]),
            (cast.ben, ["Ben's own", "For all"]),
            (cast.cleo, ["For all"]),
        ):
            principal = grants.principal_of(session, user)
            found, total = searching.search(session, principal, searching.Criteria())
            assert ([each.name for each in found], total) == (names, len(names))
        cleo = grants.principal_of(session, cast.cleo)
        assert searching.find(session, cleo, public.template_id).name == "For all"
        for unseen in (private.template_id, "tpl_000000000000"):
            with pytest.raises(NotFound, match="There is no template that you may see"):
                searching.find(session, cleo, unseen)


@pytest.mark.parametrize(
    ("criteria", "names"),
    [
        (searching.Criteria(category="performance"), ["Äpfel 100%", "Zebra"]),
        (searching.Criteria(report_type="roas"), ["Zebra"]),
        (searching.Criteria(search="ÄPFEL"), ["Äpfel 100%"]),
        (searching.Criteria(search="Äpfel"), ["Äpfel 100%"]),
        (searching.Criteria(search="100%"), ["Äpfel 100%"]),
        (searching.Criteria(search="1%%"), []),
        (searching.Criteria(search="_"), []),
        (searching.Criteria(search="stripes ZEBRA"), ["Zebra"]),
        (searching.Criteria(search="stripes spots"), []),
        (searching.Criteria(category="none"), []),
    ],
)
def test_search(cast: Cast, criteria: searching.Criteria, names: list[str]) -> None:
    with transaction() as session:
        publishing.publish(session, publication(name="Zebra", tags=["stripes"], report_type="roas"), cast.ben)
        publishing.publish(session, publication(name="Äpfel 100%"), cast.ben)
        publishing.publish(session, publication(name="Leopard", category="Other", tags=["spots"]), cast.ben)
    with reading() as session:
        ben = grants.principal_of(session, cast.ben)
        found, total = searching.search(session, ben, criteria)
    assert sorted(each.name for each in found) == sorted(names)
    assert total == len(names)


def test_pages_and_order(cast: Cast) -> None:
    with transaction() as session:
        for name in ("c", "A", "b"):
            publishing.publish(session, publication(name=name), cast.ben)
    with reading() as session:
        ben = grants.principal_of(session, cast.ben)

        def names(**asked: Any) -> list[str]:
            found, total = searching.search(session, ben, searching.Criteria(), **asked)
            assert total == 3
            return [each.name for each in found]

        assert names(limit=2) == ["A", "b"]
        assert names(limit=2, page=2) == ["c"]
        assert names(limit=2, page=3) == []
        assert names(sort="-name") == ["c", "b", "A"]
        with pytest.raises(Invalid, match="sort"):
            searching.search(session, ben, searching.Criteria(), sort="password")
