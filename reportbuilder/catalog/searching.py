"""Finding templates: the library of everybody, and what a user has published."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, or_, select, true
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, Subject, missing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.needs import needed
from reportbuilder.errors import Invalid

SORTS = {
    "name": func.lower(QueryTemplate.name),
    "category": func.lower(QueryTemplate.category),
    "created_at": QueryTemplate.created_at,
    "updated_at": QueryTemplate.updated_at,
    "execution_count": QueryTemplate.execution_count,
}


ORIGINS: dict[str, ColumnElement[bool]] = {
    "shipped": QueryTemplate.library_key.is_not(None),
    "imported": QueryTemplate.source_id.is_not(None),
    "shared": QueryTemplate.library_key.is_(None) & QueryTemplate.is_public,
    "private": ~QueryTemplate.is_public,
}


@dataclass(frozen=True)
class Criteria:
    """Which templates; None is no condition. ``search``: words that all occur in name, question, text, tags.

    ``tables``: only those that read no other tables than these, or with ``lacking`` only the others.
    ``origin``: a key of ORIGINS.
    """

    category: str | None = None
    report_type: str | None = None
    search: str | None = None
    tables: frozenset[str] | None = None
    lacking: bool = False
    origin: str | None = None


@dataclass(frozen=True)
class Facets:
    """How many templates one sees of each category and of each report type, by name."""

    categories: Mapping[str, int]
    report_types: Mapping[str, int]


def facets(session: Session, principal: Principal) -> Facets:
    """Return what the templates that a principal sees can be told apart by."""
    columns = (QueryTemplate.category, QueryTemplate.report_type)
    wanted = select(*columns, func.count()).where(_visible(principal)).group_by(*columns)
    categories, report_types = Counter[str](), Counter[str]()
    for category, report_type, number in session.execute(wanted):
        categories[category] += number
        if report_type is not None:
            report_types[report_type] += number
    return Facets(dict(sorted(categories.items())), dict(sorted(report_types.items())))


def search(
    session: Session,
    principal: Principal,
    criteria: Criteria,
    *,
    sort: str = "name",
    page: int = 1,
    limit: int = 20,
) -> tuple[list[QueryTemplate], int]:
    """Return one page of the templates that a principal sees, and how many there are.

    :param sort: a key of SORTS, with ``-`` in front descending.
    :raises Invalid: for another.
    """
    wanted = select(QueryTemplate).where(_visible(principal), *_conditions(criteria))
    if criteria.tables is not None:
        runnable = QueryTemplate.id.in_(_runnable(session, wanted, criteria.tables))
        wanted = wanted.where(~runnable if criteria.lacking else runnable)
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    if sort.removeprefix("-") not in SORTS:
        raise Invalid.field("sort", f"{sort!r} is not one of {', '.join(SORTS)}, or one of these after a -")
    column: Any = SORTS[sort.removeprefix("-")]
    ordered = wanted.order_by(column.desc() if sort.startswith("-") else column, QueryTemplate.id)
    return list(session.scalars(ordered.offset((page - 1) * limit).limit(limit))), total


def find(session: Session, principal: Principal, template_id: str, *, locked: bool = False) -> QueryTemplate:
    """Return a template by its text id; ``locked`` lets no other transaction change it.

    :raises NotFound: if there is none that the principal may see.
    """
    wanted = select(QueryTemplate).where(QueryTemplate.template_id == template_id, _visible(principal))
    template = session.scalars(wanted.with_for_update(key_share=True) if locked else wanted).one_or_none()
    if template is None:
        raise missing("template")
    return template


def _runnable(session: Session, wanted: Select[QueryTemplate], tables: frozenset[str]) -> list[UUID]:
    # what a template needs may have to be read from its SQL, which no database can
    columns = (QueryTemplate.id, QueryTemplate.report_config, QueryTemplate.sql_template)
    rows = session.execute(wanted.with_only_columns(*columns))
    return [row_id for row_id, config, sql in rows if needed(config, sql) <= tables]


@dataclass(frozen=True)
class Parent:
    """What a template is a copy of: ``copied`` is the version that was, ``version`` the present one."""

    template_id: str
    name: str
    copied: int | None
    version: int

    @property
    def has_newer(self) -> bool:
        """Whether the original has changed since."""
        return self.copied is not None and self.version > self.copied


def parent_of(session: Session, principal: Principal, template: QueryTemplate) -> Parent | None:
    """Return what a template is a copy of; None if it is none, or the principal may not see the original."""
    if template.parent_template_id is None:
        return None
    wanted = select(QueryTemplate).where(QueryTemplate.id == template.parent_template_id, _visible(principal))
    found = session.scalars(wanted).one_or_none()
    if found is None:
        return None
    return Parent(found.template_id, found.name, template.parent_version, found.version)


def owners_of(session: Session, templates: Iterable[QueryTemplate]) -> dict[UUID, str]:
    """Return the names of those whose templates these are, by their ids."""
    ids = {template.user_id for template in templates if template.user_id is not None}
    found = session.execute(select(User.id, User.name, User.email).where(User.id.in_(ids)))
    return {user_id: name or email for user_id, name, email in found}


def subject_of(template: QueryTemplate) -> Subject:
    """Return what permissions have to know of a template."""
    return Subject(owner_id=template.user_id, is_public=template.is_public)


def _visible(principal: Principal) -> ColumnElement[bool]:
    if principal.sees_all:
        return true()
    return or_(QueryTemplate.is_public, QueryTemplate.user_id == principal.user_id)


def _conditions(criteria: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if criteria.category is not None:
        found.append(func.lower(QueryTemplate.category) == func.lower(criteria.category))
    if criteria.report_type is not None:
        found.append(QueryTemplate.report_type == criteria.report_type)
    if criteria.origin is not None:
        found.append(ORIGINS[criteria.origin])
    return [*found, *map(_contains, (criteria.search or "").split())]


def _contains(word: str) -> ColumnElement[bool]:
    texts: list[Any] = [
        QueryTemplate.name,
        QueryTemplate.description,
        QueryTemplate.category,
        QueryTemplate.report_type,
        cast(QueryTemplate.tags, String),
        QueryTemplate.report_config["about"]["question"].as_string(),
    ]
    return or_(*(text.icontains(word, autoescape=True) for text in texts))
