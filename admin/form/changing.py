"""The same form for a report that there is: to change what it asks for, or to run it once otherwise."""

from collections.abc import Callable, Mapping, Sequence

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import done
from admin.blueprint import HOME, pages
from admin.form import judging, outdating, showing
from admin.form.controls import Typed
from admin.form.ground import Ground, ground_on, write_body
from admin.form.making import WRONG, posted
from admin.once import once, once_key
from admin.outdated import FIELD, STATUS, News, Outdated
from reportbuilder.api import context, limits, ordering, report_runs, reports
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, Invalid
from reportbuilder.executions import overview
from reportbuilder.reports import favorites
from reportbuilder.reports.models import ReportDefinition

BELOW = f"{HOME}/reports/<ident:report_id>"
Work = Callable[[Session, ReportDefinition, Ground, Typed], None]


class Unfit(Exception):
    """What was typed does not go; ``errors`` by control."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("the form does not go")
        self.errors = errors


@pages.get(f"{BELOW}/edit")
def edit_report(report_id: str) -> ResponseReturnValue:
    """Show what a report asks for, to be changed."""
    return _opened("form/edit.html", report_id, "report:change")


@pages.post(f"{BELOW}/edit", endpoint="change_report")
def change_report(report_id: str) -> ResponseReturnValue:
    """Change a report as the form says."""
    return _posted("form/edit.html", report_id, "report:change", _change, "The report is changed.")


@pages.get(f"{BELOW}/run")
def run_report(report_id: str) -> ResponseReturnValue:
    """Show what a report asks for, to be run once with other values."""
    return _opened("form/run.html", report_id, "report:run")


@pages.post(f"{BELOW}/run", endpoint="run_report_otherwise")
@limits.executions
def run_report_otherwise(report_id: str) -> ResponseReturnValue:
    """Run a report once with the values of the form; the report itself stays as it is."""
    return _posted("form/run.html", report_id, "report:run", _run, "A run has been asked for.")


@pages.post(f"{BELOW}/sql", endpoint="sql_of_report")
def sql_of_report(report_id: str) -> ResponseReturnValue:
    """Show the SQL of what is typed for a report, also if its template is shown to its reader no more."""
    typed = posted()
    with reading() as session:
        row = reports.visible(session, report_id)
        ground = _ground(session, row, typed)
        verdict = judging.judge(
            ground.template, ground.form, judging.read(ground.form, typed, ground.zone), ordering.terms()
        )
        typical = overview.typical_duration(session, row.template_id, row.instance_id)
    shown = showing.sql_pane(ground, verdict)
    return render_template("form/_sql.html", typical=showing.typical(typical), **shown)


def _opened(page: str, report_id: str, permission: str) -> ResponseReturnValue:
    with reading() as session:
        row = reports.visible(session, report_id, permission)
        ground = ground_on(session, row.template, row.instance, row.timezone)
        return _page(session, page, row, ground, write_body(ground, outdating.body_of(row)), {})


def _posted(page: str, report_id: str, permission: str, work: Work, told: str) -> ResponseReturnValue:
    typed = posted()
    try:
        with transaction() as session:
            row = reports.visible(session, report_id, permission)
            work(session, row, _ground(session, row, typed), typed)
    except Unfit as refusal:
        with reading() as session:
            row = reports.visible(session, report_id)
            return _page(session, page, row, _ground(session, row, typed), typed, refusal.errors), WRONG
    except Outdated as refusal:
        with reading() as session:
            row = reports.visible(session, report_id)
            ground = _ground(session, row, typed)
            return _page(session, page, row, ground, typed, {}, news=refusal.news), STATUS
    return done(f"{HOME}/reports/{report_id}", told)


def _ground(session: Session, row: ReportDefinition, typed: Typed) -> Ground:
    zone = (typed.get(judging.ZONE) or [row.timezone])[-1].strip()
    return ground_on(session, row.template, row.instance, zone)


def _change(session: Session, row: ReportDefinition, ground: Ground, typed: Typed) -> None:
    outdating.check(row, ground, typed)
    filled = judging.read(ground.form, typed, row.timezone)
    _judge(ground, filled, judging.wrong_texts(filled, needs_name=True))
    body = {
        "name": filled.name,
        "description": filled.description or None,
        "timezone": filled.zone,
        "parameters": dict(filled.values),
        "time_window": filled.window,
        "is_active": "is_active" in typed,
    }
    try:
        reports.change(session, row, body)
    except Conflict as taken:
        raise Unfit({judging.NAME: [taken.message]}) from None
    except Invalid as error:
        raise Unfit(judging.by_control(ground.form, error.details)) from None
    mark = favorites.mark if "favorite" in typed else favorites.unmark
    mark(session, context.principal().user_id, row)


def _run(session: Session, row: ReportDefinition, ground: Ground, typed: Typed) -> None:
    filled = judging.read(ground.form, typed, row.timezone)
    _judge(ground, filled)
    names = [each.name for each in ground.form.definitions if each.type != "mapped_from_node"]
    # what was emptied here has its default in this run, whatever the report says
    values = {name: filled.values.get(name) for name in names}
    body = {"parameters": values, "time_window": filled.window or {}}
    try:
        once(session, body, lambda: {"id": report_runs.start(session, row, body)["execution_id"]})
    except Invalid as error:
        raise Unfit(judging.by_control(ground.form, error.details)) from None


def _judge(ground: Ground, filled: judging.Filled, also: Mapping[str, Sequence[str]] | None = None) -> None:
    verdict = judging.judge(ground.template, ground.form, filled, ordering.terms())
    if errors := {**(also or {}), **verdict.errors}:
        raise Unfit(errors)


def _page(
    session: Session,
    page: str,
    row: ReportDefinition,
    ground: Ground,
    typed: Typed,
    errors: Mapping[str, Sequence[str]],
    *,
    news: News | None = None,
) -> str:
    filled = judging.read(ground.form, typed, ground.zone)
    verdict = judging.judge(ground.template, ground.form, filled, ordering.terms())
    told = judging.Verdict({**verdict.errors, **errors}, verdict.window, verdict.prepared)
    user_id = context.principal().user_id
    is_posted = request.method == "POST"
    return render_template(
        page,
        report=row,
        typical=showing.typical(overview.typical_duration(session, row.template_id, row.instance_id)),
        is_active="is_active" in typed if is_posted else row.is_active,
        is_favorite="favorite" in typed if is_posted else bool(favorites.marked(session, user_id, [row.id])),
        once=request.form.get("once") or once_key(),
        news=news,
        made_from=request.form.get(FIELD, "") if is_posted and not news else outdating.seal_of(row),
        back=url_for(request.endpoint or "", report_id=row.report_id).rsplit("/", 1)[0],
        **showing.form_page(ground, typed, told, told=True),
    )
