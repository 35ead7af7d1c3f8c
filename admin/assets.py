"""Scripts, styles and icons as bundled: hashed addresses, which browsers may keep for ever."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import cast

from flask import Flask, Response, current_app, g, request, send_from_directory, url_for
from markupsafe import Markup
from werkzeug.exceptions import NotFound

from admin.blueprint import pages
from reportbuilder import logs

log = logs.get_logger(__name__)

BUILT = Path(__file__).parent / "static" / "built"
FOR_EVER = "public, max-age=31536000, immutable"
ENCODINGS = {"br": ".br", "gzip": ".gz"}  # the better one first
KINDS = (".js", ".css", ".svg", ".txt")
BUNDLE = "reportbuilder.bundle"
MISSING = (
    "The console's scripts and styles have not been built: run `make assets`, or install the built package"
)


@dataclass(frozen=True)
class Bundle:
    """What was built. ``files``: the hashed name of each entry. ``icons``: the names in the sprite."""

    files: dict[str, str] = field(default_factory=dict)
    icons: frozenset[str] = frozenset()


def register(app: Flask) -> None:
    """Let templates of this app ask for assets and icons."""
    app.extensions[BUNDLE] = read(BUILT)
    if app.extensions[BUNDLE] is None:
        log.error("the console has no bundle", folder=str(BUILT), remedy=MISSING)
    app.jinja_env.globals.update(asset=asset, icon=icon)


def read(folder: Path) -> Bundle | None:
    """Return the bundle in a folder, None if it has not been built."""
    try:
        made = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError:
        return None
    return Bundle(made["files"], frozenset(made["icons"]))


def bundle() -> Bundle | None:
    """Return this app's bundle."""
    return cast("Bundle | None", current_app.extensions[BUNDLE])


def asset(name: str) -> str:
    """Return the address of an entry such as ``console.js``.

    :raises LookupError: if the bundle has no such entry.
    """
    made = bundle() or Bundle()
    if name not in made.files:
        raise LookupError(f"the bundle has no {name!r}: add it to admin/frontend/src and run `make assets`")
    return url_for("admin.built", name=made.files[name])


def icon(name: str, text: str = "") -> Markup:
    """Return an icon of the sprite; ``text`` names it for those who do not see it, else it is decoration.

    :raises LookupError: if the sprite has no such icon.
    """
    made = bundle() or Bundle()
    if name not in made.icons:
        raise LookupError(
            f"the sprite has no {name!r}: add it to admin/frontend/icons.txt, run `make assets`"
        )
    if "sprite" not in g:
        g.sprite = asset("icons.svg")
    return _drawn(g.sprite, name, text)


@lru_cache(maxsize=1_000)
def _drawn(sprite: str, name: str, text: str) -> Markup:
    told = Markup('role="img" aria-label="{}"').format(text) if text else Markup('aria-hidden="true"')
    return Markup('<svg class="octicon" viewBox="0 0 16 16" {}><use href="{}#{}"/></svg>').format(
        told, sprite, name
    )


@pages.get("/assets/built/<name>")
def built(name: str) -> Response:
    """Send a file of the bundle, compressed as the browser takes it; its name changes with its content."""
    coding = next((each for each in ENCODINGS if request.accept_encodings[each]), "")
    if not _is_shown(name) or not (BUILT / (name + ENCODINGS.get(coding, ""))).is_file():
        raise NotFound
    answer = send_from_directory(
        BUILT, name + ENCODINGS.get(coding, ""), mimetype=guess_type(name)[0], etag=False, conditional=False
    )
    answer.headers["Cache-Control"] = FOR_EVER
    answer.headers["Vary"] = "Accept-Encoding"
    if coding:
        answer.headers["Content-Encoding"] = coding
    return answer


def _is_shown(name: str) -> bool:
    return name.endswith(KINDS) and "/" not in name
