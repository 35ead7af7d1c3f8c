"""Templates in a real browser: the gallery as one types, the preview, the editor and the import."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import transaction
from tests.api.test_templates_api import PUBLICATION
from tests.browser.stack import Stack
from tests.browser.visits import DESK, PHONE, Visits, check_accessibility, check_fits

NEW = "/report-builder/new"


@pytest.fixture
def own(stack: Stack, ada: User) -> str:
    """The text id of a template of Ada's at version 2."""
    with stack.rooms.app_context(), transaction() as session:
        made = publishing.publish(session, PUBLICATION, session.merge(ada))
        changed = PUBLICATION["sql_template"].replace("COUNT(DISTINCT user_id)", "SUM(total_cost)")
        publishing.update(session, made, {"sql_template": changed}, author_id=ada.id, note="cost")
        return made.template_id


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wrong_with_what_an_instance_lacks(visits: Visits, ada: User, theme: str) -> None:
    for size in (DESK, PHONE):
        page = visits.open(f"{NEW}?instance_id=amcnorthwind02", who=ada, theme=theme, size=size)
        check_accessibility(page)
        check_fits(page)


def test_the_gallery_follows_what_one_types(page: Page) -> None:
    page.goto(NEW)
    field = page.get_by_label("Search", exact=True)
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("weekly roas")
    expect(page.locator(".template-card")).to_have_count(1)
    expect(field).to_be_focused()
    expect(page).to_have_url(re.compile(r"/new\?search=weekly\+roas$"))
    page.reload()
    expect(page.locator(".template-card")).to_have_count(1)
    field.fill("")
    expect(page.locator(".template-card")).not_to_have_count(1)
    page.get_by_label("Category").select_option("Products")
    expect(page).to_have_url(re.compile(r"/new\?category=Products$"))


@pytest.mark.parametrize("scripts", [True, False])
def test_a_preview_opens_over_the_gallery_or_as_a_page(visits: Visits, ben: User, scripts: bool) -> None:
    page = visits.open(f"{NEW}?report_type=weekly_roas", who=ben, scripts=scripts)
    page.get_by_role("link", name="Preview Weekly ROAS tracker").click()
    expect(page.get_by_role("heading", name=re.compile("rows"))).to_be_visible()
    expect(page.locator("dialog[open]")).to_have_count(1 if scripts else 0)
    if scripts:
        check_accessibility(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Preview Weekly ROAS tracker")).to_be_focused()


def test_the_lint_answers_while_one_types(visits: Visits, ada: User, own: str) -> None:
    page = visits.open(f"/templates/{own}/edit", who=ada)
    field = page.get_by_role("textbox", name=re.compile("^SQL"))
    field.fill("SELECT *\nFROM dsp_impressions")
    expect(page.locator("#judgement")).to_contain_text("AMC refuses * in the final SELECT")
    expect(field).to_be_focused()
    check_accessibility(page)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_next_version_is_reviewed_and_published(visits: Visits, ada: User, own: str, scripts: bool) -> None:
    page = visits.open(f"/templates/{own}/edit", who=ada, scripts=scripts)
    field = page.get_by_role("textbox", name=re.compile("^SQL"))
    field.fill(field.input_value() + "\n-- a remark")
    page.get_by_role("button", name="Review changes").click()
    expect(page.locator(".diff")).to_contain_text("-- a remark")
    if scripts:
        check_accessibility(page)
    page.get_by_label("Why").fill("remarked")
    page.get_by_role("button", name="Publish version 3").click()
    expect(page.locator("main").get_by_role("status").first).to_contain_text("Version 3 is published")
    expect(page.get_by_text("remarked")).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_files_are_checked_and_then_imported(visits: Visits, ada: User, scripts: bool) -> None:
    page = visits.open("/templates/import", who=ada, scripts=scripts)
    content = json.dumps(PUBLICATION | {"name": f"Brought along {scripts}"}).encode()
    page.get_by_label("Or choose files").set_input_files(
        {"name": "one.json", "mimeType": "application/json", "buffer": content}
    )
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status").filter(has_text="Nothing has been changed yet")).to_be_visible()
    if scripts:
        check_accessibility(page)
    page.get_by_role("button", name="Import 1 template").click()
    page.get_by_role("link", name=f"Brought along {scripts}").click()
    expect(page.get_by_role("heading", name=f"Brought along {scripts}")).to_be_visible()
