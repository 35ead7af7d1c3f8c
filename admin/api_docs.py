"""The documentation of the API, in the frame of all pages; who is not signed in may read it too."""

import re
from typing import Final

from flask import render_template
from markupsafe import Markup, escape

from admin.blueprint import pages
from reportbuilder.api import docs

_CODE: Final = re.compile(r"`([^`]+)`")
TONES: Final = {
    "GET": "success",
    "POST": "accent",
    "PUT": "attention",
    "PATCH": "attention",
    "DELETE": "danger",
}


@pages.app_template_filter("with_code")
def with_code(text: str) -> Markup:
    """Return a text as HTML, with what stands in backticks as code.

    >>> str(with_code("take `a < b` & go"))
    'take <code>a &lt; b</code> &amp; go'
    """
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just here


@pages.get("/api/docs")
def api_docs() -> str:
    """Show all operations by their nouns."""
    spec = docs.specification()
    return render_template("api_docs.html", info=spec["info"], groups=docs.groups(spec), tones=TONES)
