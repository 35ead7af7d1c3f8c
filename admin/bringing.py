"""Import of templates: texts and files are judged first, then brought in just as they were judged."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin.blueprint import pages
from reportbuilder import clock
from reportbuilder.accounts import permissions
from reportbuilder.accounts.models import User
from reportbuilder.api import context
from reportbuilder.catalog import importing
from reportbuilder.catalog.older.files import MOST_TEMPLATES, Source, find_sources, read_json
from reportbuilder.database import transaction
from reportbuilder.errors import Invalid

MOST_FILES = 50
PASTED = "pasted text"
CHANGING = (importing.IMPORTED, importing.WARNED, importing.UPDATED)


@dataclass(frozen=True)
class Text:
    """A file or a pasted text: what it is called, what stands in it, and why it cannot be read, if so."""

    name: str
    content: str
    fault: str = ""


@pages.get("/templates/import", endpoint="template_import")
def template_import() -> ResponseReturnValue:
    """Ask for files or text."""
    permissions.ensure(context.principal(), "template:publish")
    return _page([], update=False)


@pages.post("/templates/import", endpoint="import_templates")
def import_templates() -> ResponseReturnValue:
    """Say what would become of each template; bring in what was judged so."""
    permissions.ensure(context.principal(), "template:publish")
    update = "update" in request.form
    read = [_read(text) for text in _texts()]
    texts = [text for text, _ in read]
    sources = [(text.name, source) for text, found in read for source in found]
    if missing := _find_fault(texts, len(sources)):
        return _page(texts, update=update, status=422, missing=missing)
    print_ = _fingerprint(texts, update=update)
    wants = request.form.get("step") == "import"
    is_done = wants and request.form.get("checked") == print_
    outcomes = _import([source for _, source in sources], update=update, dry_run=not is_done)
    return _page(
        texts,
        update=update,
        outcomes=list(zip([name for name, _ in sources], outcomes, strict=True)),
        counts=importing.count(outcomes),
        is_done=is_done,
        has_changed=wants and not is_done,
        checked=print_,
    )


def _find_fault(texts: list[Text], count: int) -> str:
    if not texts:
        return "Paste a text or choose a file"
    if len(texts) > MOST_FILES:
        return f"There are {len(texts)} files and texts; {MOST_FILES} are taken at once. Choose fewer"
    if count > MOST_TEMPLATES:
        return f"There are {count:,} templates; {MOST_TEMPLATES:,} are imported at once"
    return ""


def _page(texts: list[Text], *, update: bool, status: int = 200, **shown: Any) -> ResponseReturnValue:
    counts: dict[str, int] = shown.get("counts", {})
    page = render_template(
        "library/import.html",
        texts=texts,
        update=update,
        summary=", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number),
        importable=sum(number for outcome, number in counts.items() if outcome in CHANGING),
        paste_help=f"An export, an older template, or a list of them; at most {MOST_TEMPLATES:,} at once.",
        files_help="JSON files, together at most 1 MB.",
        **shown,
    )
    return make_response(page, status)


def _texts() -> list[Text]:
    names = request.form.getlist("name")
    typed = [
        Text(names[place] if place < len(names) else PASTED, _with_plain_ends(content))
        for place, content in enumerate(request.form.getlist("content"))
        if content.strip()
    ]
    return [*typed, *_files()]


def _with_plain_ends(content: str) -> str:
    """Return a text with line ends of one kind: a text area sends others than there were in the file."""
    return content.replace("\r\n", "\n").replace("\r", "\n")


def _files() -> list[Text]:
    found = []
    for file in request.files.getlist("files"):
        if file.filename:
            try:
                content = file.read().decode("utf-8-sig")
                found.append(Text(file.filename, _with_plain_ends(content)))
            except UnicodeDecodeError as error:
                fault = f"it is not UTF-8 at byte {error.start}; save it as UTF-8"
                found.append(Text(file.filename, "", fault))
    return found


def _read(text: Text) -> tuple[Text, list[Source]]:
    if text.fault:
        return text, []
    try:
        return text, find_sources(read_json(text.content.encode("utf-8", "surrogatepass")))
    except Invalid as error:
        reasons = [reason for found in error.details.values() for reason in found]
        return Text(text.name, text.content, " ".join(reasons) or error.message), []


def _import(sources: list[Source], *, update: bool, dry_run: bool) -> list[importing.Outcome]:
    def work(session: Session) -> list[importing.Outcome]:
        user = session.get_one(User, context.principal().user_id)
        terms = importing.Terms.of(context.principal(), user, clock.now(), update=update)
        return importing.import_sources(session, sources, terms, dry_run=dry_run)

    with transaction() as session:
        return work(session)


def _fingerprint(texts: list[Text], *, update: bool) -> str:
    told = repr((update, [text.content for text in texts]))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
