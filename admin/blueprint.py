"""The console's blueprint, to which every family of pages adds its views."""

from flask import Blueprint

HOME = "/report-builder"

pages = Blueprint(
    "admin", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
)
