"""Errors as people see them: a page, or for scripts a note beside the page, which stays as it is."""

from typing import Final

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from admin import assets, readers, signing_in
from admin.answers import wants_fragment, with_toast
from reportbuilder.api import context
from reportbuilder.api.failures import HTTP, Problem
from reportbuilder.errors import Unauthenticated

SERVER_FAULT: Final = 500
SIGNED_OUT: Final = "You are signed out. Sign in in another tab, then go on here: what you have typed stays."
# what programs are told in the words of HTTP
WORDS: Final = {
    HTTP[404][1]: "There is no such page",
    HTTP[405][1]: "This address takes only what a form sends; go back, and use the form",
    HTTP[413][1]: "That is more than is taken at once, 1 MB; send it in parts",
    HTTP[429][1]: "That was too often in a short time; wait a minute, then try again",
    HTTP[500][
        1
    ]: "Something went wrong here. It is written down; try again, and tell an admin if it stays so",
}


def error_page(problem: Problem) -> ResponseReturnValue:
    """Show an error to a person; who is not signed in is sent to the sign-in instead."""
    if wants_fragment():
        return _note(problem)
    if problem.code == Unauthenticated.code and request.method == "GET":
        return redirect(url_for("admin.sign_in", next=request.full_path.rstrip("?")))
    if assets.bundle() is None:
        return problem.message, problem.status
    if problem.status < SERVER_FAULT:
        readers.recognise()
    words = WORDS.get(problem.message, problem.message)
    if request.endpoint == "admin.check_sign_in" and problem.status < SERVER_FAULT:
        return signing_in.again(words), problem.status
    is_out = problem.code == Unauthenticated.code
    shown = render_template(
        "error.html", problem=problem, words=words, is_out=is_out, request_id=context.request_id()
    )
    return shown, problem.status


def _note(problem: Problem) -> ResponseReturnValue:
    """Leave the page as it is and tell of the error beside it, also to who is signed out."""
    answer = make_response("", problem.status)
    if problem.code == Unauthenticated.code:
        way = {"label": "Sign in", "href": url_for("admin.sign_in"), "apart": True}
        answer = with_toast(answer, SIGNED_OUT, "danger", **way)
    else:
        reasons = [reason for found in problem.details.values() for reason in found]
        words = WORDS.get(problem.message, problem.message)
        answer = with_toast(answer, " ".join([words, *reasons]), "danger")
    answer.headers["HX-Reswap"] = "none"
    return answer
