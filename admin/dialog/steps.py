"""The steps of the dialog: which there are for a draft, which are done, and where each of them is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import url_for

from admin.blueprint import HOME
from reportbuilder.reports.drafting import DETAILS, PARAMETERS, WHEN
from reportbuilder.reports.models import ReportDraft

REVIEW: Final = "review"
ONCE, RECURRING, BACKFILL = TYPES = ("once", "recurring", "backfill")
BELOW: Final = f"{HOME}/new/<ident:template_id>"
_TEXTS: Final = {
    PARAMETERS: "Parameters",
    WHEN: "When",
    DETAILS: "Details",
    REVIEW: "Review",
}
_PAGES: Final = {
    PARAMETERS: "admin.report_form",
    WHEN: "admin.when",
    DETAILS: "admin.details",
    REVIEW: "admin.review",
}
_DETAILS: Final = {RECURRING: "Schedule", BACKFILL: "Backfill"}


@dataclass(frozen=True)
class Step:
    """One step. ``href`` is empty for one that cannot be gone to yet; ``state``: done, here or ahead."""

    key: str
    text: str
    href: str
    state: str


def progress(draft: ReportDraft, here: str) -> list[Step]:
    """Return the steps of a draft in their order, as they stand when one is at ``here``."""
    found: list[Step] = []
    is_open = True
    for key in steps_of(draft):
        href = address(draft, key) if is_open and key != here else ""
        state = "here" if key == here else "done" if is_done(draft, key) else "ahead"
        found.append(Step(key, text_of(draft, key), href, state))
        is_open = is_open and is_done(draft, key)
    return found


def unbegun() -> list[Step]:
    """Return the steps as they stand in the form of a report of which there is no draft yet."""
    return [Step(key, text, "", "here" if key == PARAMETERS else "ahead") for key, text in _TEXTS.items()]


def steps_of(draft: ReportDraft) -> tuple[str, ...]:
    """Return the keys of the steps that a draft goes through; a run that starts at once has no details."""
    middle = () if type_of(draft) == ONCE else (DETAILS,)
    return (PARAMETERS, WHEN, *middle, REVIEW)


def text_of(draft: ReportDraft, key: str) -> str:
    """Return what a step is called."""
    return _DETAILS.get(type_of(draft), _TEXTS[key]) if key == DETAILS else _TEXTS[key]


def before(draft: ReportDraft, key: str) -> str:
    """Return the step before another one."""
    steps = steps_of(draft)
    return steps[max(0, steps.index(key) - 1)]


def after(draft: ReportDraft, key: str) -> str:
    """Return the step after another one."""
    steps = steps_of(draft)
    return steps[min(len(steps) - 1, steps.index(key) + 1)]


def is_done(draft: ReportDraft, key: str) -> bool:
    """Say whether a step has what it asks for; whether that is right, the review says."""
    if key == WHEN:
        return type_of(draft) in TYPES
    if key == DETAILS:
        return bool(details_of(draft))
    return key == PARAMETERS


def type_of(draft: ReportDraft) -> str:
    """Return when it shall run: of TYPES, empty if that has not been said."""
    found = draft.steps.get(WHEN, {}).get("type", "")
    return found if found in TYPES else ""


def is_single(draft: ReportDraft) -> bool:
    """Say whether it is one run alone, of which no report is kept."""
    return type_of(draft) == ONCE and bool(draft.steps[WHEN].get("is_single"))


def details_of(draft: ReportDraft) -> Mapping[str, Any]:
    """Return what was typed of the schedule or the backfill; those of the other kind are kept beside it."""
    found: Mapping[str, Any] = draft.steps.get(DETAILS, {}).get(type_of(draft), {})
    return found


def address(draft: ReportDraft, key: str) -> str:
    """Return where a step of a draft is."""
    return url_for(_PAGES[key], template_id=draft.template.template_id, draft=draft.draft_id)
