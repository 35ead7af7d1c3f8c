"""Importing templates from files, older shapes included: each wholly or not at all, and none twice."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal, Subject, ensure, may, may_see
from reportbuilder.catalog import publishing, saving
from reportbuilder.catalog.drafts import read_draft
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.conversion import Conversion, convert
from reportbuilder.catalog.older.files import Source, decode
from reportbuilder.catalog.older.notes import Note
from reportbuilder.catalog.preparing import definitions_of, prepare
from reportbuilder.catalog.searching import subject_of
from reportbuilder.catalog.versions import publication_of
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.parameters.kinds import SqlForm
from reportbuilder.parameters.windows import default_window

IMPORTED: Final = "imported"
WARNED: Final = "imported with warnings"
UPDATED: Final = "updated"
UNCHANGED: Final = "unchanged"
REFUSED: Final = "refused"
OUTCOMES: Final = (IMPORTED, WARNED, UPDATED, UNCHANGED, REFUSED)


@dataclass(frozen=True)
class Outcome:
    """What became of one template; ``template_id`` and ``version`` where it is in the library now."""

    name: str
    outcome: str
    template_id: str | None = None
    version: int | None = None
    warnings: tuple[Note, ...] = ()
    refusals: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Terms:
    """Who imports, when, and how.

    ``update``: publish what differs as the next version. ``may_share``: templates may become public.
    """

    principal: Principal
    user: User
    as_of: datetime
    update: bool = False
    may_share: bool = True

    @classmethod
    def of(cls, principal: Principal, user: User, as_of: datetime, *, update: bool) -> Self:
        """Return the terms for who asks.

        :raises NotPermitted: to those who may not publish.
        """
        ensure(principal, "template:publish")
        shared = Subject(owner_id=user.id, is_public=True)
        may_share = may(principal, "template:publish", shared)
        return cls(principal, user, as_of, update=update, may_share=may_share)


def import_sources(
    session: Session, sources: Iterable[Source], terms: Terms, *, dry_run: bool = False
) -> list[Outcome]:
    """Import templates, each in a savepoint of its own; the outcomes are in the order of the sources.

    :param dry_run: say what would become of them, and leave everything as it is.
    """
    with session.begin_nested() as whole:
        seen: dict[str, str] = {}
        outcomes = [_import_one(session, convert(source), terms, seen) for source in sources]
        if dry_run:
            whole.rollback()
    return outcomes


def count(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return how many there are of each outcome."""
    found = [each.outcome for each in outcomes]
    return {outcome: found.count(outcome) for outcome in OUTCOMES}


def _import_one(session: Session, made: Conversion, terms: Terms, seen: dict[str, str]) -> Outcome:
    if made.publication is None:
        return _refused(made)
    if made.key in seen:
        return _refused(made, Note("template_id", f"{seen[made.key]!r} in this import is the same template"))
    seen[made.key] = made.name
    try:
        with session.begin_nested():
            return _bring(session, made, made.publication, terms)
    except (Invalid, Conflict) as error:
        details = error.details or {"template": [error.message]}
        return _refused(made, *(Note(name, why) for name, reasons in details.items() for why in reasons))
    except IntegrityError:
        reason = "it was imported by somebody else just now; import it again"
        return _refused(made, Note("template", reason))


def _refused(made: Conversion, *why: Note) -> Outcome:
    return Outcome(made.name, REFUSED, warnings=made.warnings, refusals=(*made.refusals, *why))


def _bring(session: Session, made: Conversion, publication: dict[str, Any], terms: Terms) -> Outcome:
    warnings = list(made.warnings)
    if publication.get("is_public") and not terms.may_share:
        publication = publication | {"is_public": False}
        warnings.append(Note("is_public", "it is private now: you may not share templates"))
    publication = _normalise(publication)
    digest = _digest(publication)
    _try(publication, terms)
    template, is_own = _find(session, made.key, terms)
    if template is None or not (is_own or publication_of(template) == publication):
        template = publishing.publish(session, publication, terms.user, note="imported")
        template.source_id = made.key
        outcome = WARNED if warnings else IMPORTED
    elif publication_of(template) == publication or (template.source_digest == digest and not terms.update):
        return Outcome(made.name, UNCHANGED, template.template_id, template.version, made.warnings)
    else:
        _update(session, template, publication, terms)
        outcome = UPDATED
    if is_own or template.source_id == made.key:
        template.source_digest = digest
    _keep_origin(template, made)
    warnings += saving.save_sets(session, template, terms.user, made.value_sets, as_of=terms.as_of)
    session.flush()
    outcome = WARNED if outcome == IMPORTED and warnings else outcome
    return Outcome(made.name, outcome, template.template_id, template.version, tuple(warnings))


def _update(session: Session, template: QueryTemplate, publication: dict[str, Any], terms: Terms) -> None:
    if not terms.update:
        raise Conflict(
            f"{template.template_id} is this template and differs from it; import with --update "
            "(update: true) to publish it as the next version"
        )
    publishing.update(session, template, publication, author_id=terms.user.id, note="imported again")


def _normalise(publication: dict[str, Any]) -> dict[str, Any]:
    """Return a publication as it will be read back."""
    template = QueryTemplate()
    publishing.fill(template, read_draft(publication))
    return publication_of(template)


def _digest(publication: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(publication, sort_keys=True).encode()).hexdigest()


def _try(publication: dict[str, Any], terms: Terms) -> None:
    """See that the template renders with its defaults, unless a person has to give a value first.

    :raises Invalid: with the reason why it does not.
    """
    template = QueryTemplate()
    publishing.fill(template, read_draft(publication))
    for each in definitions_of(template):
        if each.default is None and (each.required or each.form is SqlForm.ANY):
            return
    window = default_window(as_of=terms.as_of)
    prepare(template, {}, window=window, as_of=terms.as_of)


def _find(session: Session, key: str, terms: Terms) -> tuple[QueryTemplate | None, bool]:
    """Return the template that was made of this one, or is it, and whether the importer may change it."""
    mine = session.scalar(
        select(QueryTemplate).where(QueryTemplate.user_id == terms.user.id, QueryTemplate.source_id == key)
    )
    if mine is not None:
        return mine, True
    found = session.scalar(select(QueryTemplate).where(QueryTemplate.template_id == key))
    if found is None or not may_see(terms.principal, subject_of(found)):
        return None, False
    is_own = found.library_key is None and may(terms.principal, "template:publish", subject_of(found))
    return found, is_own


def _keep_origin(template: QueryTemplate, made: Conversion) -> None:
    for name, value in made.origin.items():
        kept = decode(value)
        setattr(template, name, str(kept) if name == "default_dashboard_type" else kept)
