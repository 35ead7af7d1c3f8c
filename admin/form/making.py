"""The form for a new report: shown, checked, its SQL previewed; what is right goes on as a draft."""

from collections.abc import Mapping
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.answers import done, say, wants_fragment
from admin.blueprint import HOME, pages
from admin.dialog import opening, steps
from admin.form import addresses, fields, judging, keeping, showing
from admin.form.controls import Typed
from admin.form.ground import Ground, overlay, stand, write_body
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import missing
from reportbuilder.api import context, ordering
from reportbuilder.catalog import valuesets
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.searching import find as find_template
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, ReportBuilderError
from reportbuilder.executions import overview
from reportbuilder.reports import defining, drafting
from reportbuilder.reports.models import ReportDraft
from reportbuilder.reports.wishes import read_wish

NEXT, INSTANCE, PREVIEW, SAVE = "next", "instance", "preview", "save_values"  # what a button asks for
DO = "do"
WRONG = 422
KEPT = ("name", "description", "timezone")  # of a report, beside its values


def posted() -> Typed:
    """Return the texts of the form's controls."""
    return {name: texts for name, texts in request.form.lists() if name not in ("csrf_token", DO)}


@pages.get(f"{HOME}/new/<ident:template_id>")
def report_form(template_id: str) -> ResponseReturnValue:
    """Show the form of a template: empty, from a draft, from saved values, or as the address says."""
    address = dict(request.args.lists())
    with reading() as session:
        template = find_template(session, context.principal(), template_id)
        instance_id, body = _begun_with(session, template)
        zone = str(body.get("timezone") or request.args.get("timezone", ""))
        ground = stand(session, template, request.args.get("instance_id", "") or instance_id, zone)
        is_new = not {"draft", "set"} & set(address)
        typed = overlay(ground, write_body(ground, body, is_new=is_new), address)
        return _page(session, ground, typed, told=bool(set(address) - {"instance_id"}))


def _begun_with(session: Session, template: QueryTemplate) -> tuple[str, dict[str, Any]]:
    """Return the instance and the fields that the address points to: of a draft, of saved values, or none."""
    values = addresses.read_values(request.args.get(addresses.VALUES, ""))
    if "draft" in request.args:
        draft = opening.named(session, template)
        if draft is None:
            raise missing("draft")
        return draft.instance.instance_id, dict(draft.steps[drafting.PARAMETERS])
    if "set" in request.args:
        kept = valuesets.find(session, context.principal(), request.args["set"])
        where = kept.shared_on.instance_id if kept.shared_on else ""
        return where, {"parameters": {**kept.saved_parameters, **values}, "time_window": kept.time_window}
    return "", {"parameters": values}


@pages.post(f"{HOME}/new/<ident:template_id>", endpoint="check_report_form")
def check_report_form(template_id: str) -> ResponseReturnValue:
    """Check what was typed: keep it as a draft and go on, or say at each field what is wrong."""
    typed, wish = posted(), request.form.get(DO, NEXT)
    if wish in (INSTANCE, PREVIEW):
        with reading() as session:
            return _page(session, _ground(session, template_id), typed, told=wish == PREVIEW)
    if wish.partition(" ")[0] in keeping.DEEDS:
        return _change_values(template_id, typed, *wish.split(maxsplit=1))
    with transaction() as session:
        ground = _ground(session, template_id)
        if ground.on is None:
            return _page(session, ground, typed, told=False), WRONG
        ordering.instance(session, ground.on.instance_id, "report:create")
        if wish == SAVE:
            return _save_values(session, ground, typed)
        return _go_on(session, ground, typed)


def _change_values(template_id: str, typed: Typed, wish: str, set_id: str = "") -> ResponseReturnValue:
    """Change saved values for a browser without scripts, and show the form again with all that is typed."""
    refused: ReportBuilderError | None = None
    try:
        with transaction() as session:
            row = valuesets.find(session, context.principal(), set_id)
            say(keeping.change(session, row, _ground(session, template_id).on, wish))
    except ReportBuilderError as refusal:
        refused = refusal
        reasons = [reason for found in refusal.details.values() for reason in found]
        say(" ".join(reasons) or refusal.message, "danger")
    with reading() as session:
        return _page(session, _ground(session, template_id), typed, told=False), WRONG if refused else 200


def _ground(session: Session, template_id: str) -> Ground:
    template = find_template(session, context.principal(), template_id)
    return stand(
        session, template, request.form.get("instance_id", ""), request.form.get("timezone", "").strip()
    )


def _go_on(session: Session, ground: Ground, typed: Typed) -> ResponseReturnValue:
    filled = judging.read(ground.form, typed, ground.zone)
    verdict = judging.judge(ground.template, ground.form, filled, ordering.terms())
    errors = {**verdict.errors, **_wrong_name(session, ground, filled)}
    if errors or verdict.prepared is None or ground.on is None:
        verdict = judging.Verdict(errors, verdict.window, verdict.prepared)
        return _page(session, ground, typed, told=True, verdict=verdict), WRONG
    body = filled.body() | {"parameters": verdict.prepared.given}
    return _led(_kept(session, ground, body), request.form.get(DO, NEXT))


def _kept(session: Session, ground: Ground, body: Mapping[str, Any]) -> ReportDraft:
    """Keep what is right in the draft that the form goes on with; in a new one if that has gone meanwhile."""
    assert ground.on is not None  # noqa: S101 - the caller has looked
    draft = opening.named(session, ground.template, locked=True)
    if draft is None:
        return drafting.start(session, context.principal().user_id, ground.template, ground.on, body)
    return drafting.keep(session, draft, drafting.PARAMETERS, body, instance=ground.on)


def _led(draft: ReportDraft, wish: str) -> ResponseReturnValue:
    """Lead to the step that was asked for; a script hears too where the form is that going back leads to."""
    is_step = wish in steps.steps_of(draft) and wish != drafting.PARAMETERS
    target = steps.address(draft, wish if is_step else drafting.WHEN)
    if not wants_fragment():
        return redirect(target, 303)
    answer = make_response("", 204)
    answer.headers["HX-Redirect"] = target
    answer.headers["HX-Replace-Url"] = steps.address(draft, drafting.PARAMETERS)
    return answer


def _wrong_name(session: Session, ground: Ground, filled: judging.Filled) -> dict[str, list[str]]:
    """Return what is wrong with the name and the description; a run once needs no name."""
    wrong = judging.wrong_texts(filled)
    if not filled.name or ground.on is None or judging.NAME in wrong:
        return wrong
    owner = session.get_one(User, context.principal().user_id)
    try:
        defining.refuse_taken(session, owner, ground.on, filled.name)
    except Conflict as taken:
        return {**wrong, judging.NAME: [taken.message]}
    return wrong


def _save_values(session: Session, ground: Ground, typed: Typed) -> ResponseReturnValue:
    try:
        row = _saved(session, ground, typed)
    except ReportBuilderError as error:
        errors = _by_field(ground, error)
        verdict = judging.Verdict(errors)
        return _page(session, ground, typed, told=True, verdict=verdict), WRONG
    assert ground.on is not None  # noqa: S101 - the caller has looked
    kept: dict[str, Any] = {name: typed[name][-1] for name in KEPT if typed.get(name)}
    target = url_for(
        "admin.report_form",
        template_id=ground.template.template_id,
        set=row.set_id,
        instance_id=ground.on.instance_id,
        **kept,
    )
    return done(target, f"Saved as {row.instance_name}")


def _saved(session: Session, ground: Ground, typed: Typed) -> valuesets.ValueSet:
    filled, by = judging.read(ground.form, typed, ground.zone), ordering.terms()
    loaded = ground.form.load(filled.values, partial=True)
    return valuesets.save(
        session,
        context.principal(),
        ground.template,
        request.form.get(valuesets.NAME, ""),
        ground.form.dump(loaded),
        time_window=read_wish(filled.window, zone=ground.zone, lag_days=by.lag_days),
        shared_on=ground.on if request.form.get("share") else None,
    )


def _by_field(ground: Ground, error: ReportBuilderError) -> dict[str, list[str]]:
    if not error.details:
        return {valuesets.NAME: [error.message]}
    return judging.by_control(ground.form, error.details)


@pages.post(f"{HOME}/new/<ident:template_id>/sql")
def report_sql(template_id: str) -> ResponseReturnValue:
    """Show the SQL of what is typed, exactly as it would be sent, or which field is wrong."""
    with reading() as session:
        ground = _ground(session, template_id)
        verdict = _judged(ground, posted())
        if ground.on is None:
            abort(make_response("", 204))
        typical = overview.typical_duration(session, ground.template.id, ground.on.id)
    shown = showing.sql_pane(ground, verdict)
    return render_template("form/_sql.html", typical=showing.typical(typical), **shown)


def _judged(ground: Ground, typed: Typed) -> judging.Verdict:
    filled = judging.read(ground.form, typed, ground.zone)
    return judging.judge(ground.template, ground.form, filled, ordering.terms())


def _page(
    session: Session, ground: Ground, typed: Typed, *, told: bool, verdict: judging.Verdict | None = None
) -> str:
    if ground.on is None:
        return _where(session, ground, typed)
    verdict = verdict or _judged(ground, typed)
    typical = overview.typical_duration(session, ground.template.id, ground.on.id)
    path = url_for("admin.report_form", template_id=ground.template.template_id)
    begun = fields.begin(ground.form, ground.hints)
    return render_template(
        "form/new.html",
        **showing.form_page(ground, typed, verdict, told=told),
        typical=showing.typical(typical),
        on=ground.on,
        **keeping.panel(session, context.principal(), ground.template, ground.on),
        address=addresses.write(path, ground.on.instance_id, typed, begun),
        draft=request.values.get("draft", ""),
        steps=opening.begun(session, ground.template),
    )


def _where(session: Session, ground: Ground, typed: Typed) -> str:
    """Ask for the instance before all else; what the address gives, or has been typed, is carried on."""
    given = dict(request.args.lists()) if request.method == "GET" else typed
    return render_template(
        "form/where.html",
        template=ground.template,
        path=url_for("admin.report_form", template_id=ground.template.template_id),
        instances=showing.choices(ground),
        carried=addresses.carried(given),
        steps=opening.begun(session, ground.template),
    )
