"""The account pages: zone and colours, the password, API tokens that are shown once, people for admins."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from admin.blueprint import HOME
from reportbuilder import logs
from reportbuilder.accounts import grants, tokens, users
from reportbuilder.accounts.models import ApiToken, InstanceGrant, User
from reportbuilder.database import reading, transaction
from tests.api.conftest import BASE, PASSWORD, Callers
from tests.api.test_queries_counted import counted
from tests.console.timely import key_in
from tests.console.visitors import Visitor, sign_in, visitor

TEXT = re.compile(r"rb_[\w-]{40,}")
SAVED = {"name": "Ben", "time_zone": "America/New_York", "theme": "dark"}
NEW = "another horse battery"


def ben_now() -> User:
    with reading() as session:
        return users.get(session, "ben@example.test")


def test_who_one_is_and_what_one_may_do(ben: Visitor, cleo: Visitor) -> None:
    page = unescape(ben.get("/account").text)
    for text in ("ben@example.test", "You are analyst", "Northwind 1", "view and run", "America/New_York"):
        assert text in page
    assert "Northwind 2" not in page
    assert "People" not in page
    assert '<td data-label="You may">view</td>' in cleo.get("/account").text


def test_zone_and_colours_hold_from_then_on(ben: Visitor) -> None:
    assert ben.post("/account", SAVED).headers["Location"] == "/account"
    page = ben.get("/account").text
    assert 'data-color-mode="dark"' in page
    assert 'value="America/New_York"' in page
    assert (ben_now().time_zone, ben_now().theme) == ("America/New_York", "dark")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("time_zone", "Mars/Base", "is not a zone of the tz database"),
        ("theme", "pink", "is not one of auto, light, dark"),
        ("name", "x" * 201, "take up to 200 printable characters"),
    ],
)
def test_what_is_wrong_stands_at_its_field(ben: Visitor, field: str, value: str, told: str) -> None:
    answer = ben.post("/account", SAVED | {field: value})
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert told in page
    assert f'aria-describedby="{field}' in page
    if field != "theme":
        assert f'value="{value}"' in page
    assert ben_now().theme == "auto"


def test_a_new_password_ends_the_other_sessions(ben: Visitor, callers: Callers) -> None:
    other = callers.app.test_client()
    other.environ_base["HTTP_ACCEPT"] = "text/html"
    sign_in(other)
    assert other.get(HOME).status_code == 200
    answer = ben.post("/account/password", {"password": PASSWORD, "wanted": NEW, "again": NEW})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert ben.get("/account").status_code == 200
    assert other.get(HOME).status_code == 302
    assert callers.ben.get("/instances").status_code == 200
    with reading() as session:
        assert users.verify(session, "ben@example.test", NEW).name == "Ben"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"password": "wrong"}, "this is not your present password"),
        ({"again": "something else"}, "it is not the same as the new password"),
        ({"wanted": "short", "again": "short"}, "take 12 to 1000 characters"),
    ],
)
def test_a_password_that_does_not_fit_changes_nothing(
    ben: Visitor, changes: dict[str, str], told: str
) -> None:
    form = {"password": PASSWORD, "wanted": NEW, "again": NEW} | changes
    answer = ben.post("/account/password", form)
    assert answer.status_code == 422
    assert told in answer.text
    for secret in form.values():
        assert f'value="{secret}"' not in answer.text
    with reading() as session:
        assert users.verify(session, "ben@example.test", PASSWORD).name == "Ben"


def test_guessing_the_present_password_is_slowed_down(ben: Visitor) -> None:
    form = {"password": "wrong", "wanted": NEW, "again": NEW}
    seen = [ben.post("/account/password", form).status_code for _ in range(11)]
    assert 429 in seen


# ---------------------------------------------------------------- API tokens


def make_token(who: Visitor, **changes: str) -> tuple[str, str]:
    """Return the page that shows a new token, and its text."""
    once = key_in(who.get("/account/tokens").text)
    answer = who.post(
        "/account/tokens", {"name": "nightly", "scope": "read", "days": "30", "once": once} | changes
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found = TEXT.search(answer.text)
    assert found
    return answer.text, found[0]


def test_a_token_is_shown_once_and_works(
    ben: Visitor, callers: Callers, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("DEBUG")
    assert "No tokens" not in ben.get("/account/tokens").text  # the tests have given one to Ben
    page, text = make_token(ben)
    assert page.count(text) == 1
    headers = {"Authorization": f"Bearer {text}"}
    assert callers.app.test_client().get(f"{BASE}/instances", headers=headers).status_code == 200
    for path in ("/account/tokens", "/account", HOME):
        assert text not in ben.get(path).text
    assert text not in capsys.readouterr().err
    listed = ben.get("/account/tokens").text
    assert f"{text[: tokens.SHOWN]}…" in listed
    assert "nightly" in listed


def test_a_token_form_sent_twice_makes_one(ben: Visitor) -> None:
    once = key_in(ben.get("/account/tokens").text)
    form = {"name": "nightly", "scope": "read", "days": "30", "once": once}
    first, second = ben.post("/account/tokens", form), ben.post("/account/tokens", form)
    assert TEXT.search(first.text)
    assert second.status_code == 303
    page = ben.get("/account/tokens").text
    assert "This form was sent twice" in page
    assert not TEXT.search(page)
    with reading() as session:
        found = session.scalars(select(ApiToken).where(ApiToken.name == "nightly")).all()
    assert len(found) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": ""}, "say in 1 to 100 printable characters"),
        ({"scope": "root"}, "is not one of read, run, admin"),
        ({"days": "366"}, "is not within 365 days"),
        ({"days": "a year"}, "is no number of days; give 1 to 365"),
    ],
)
def test_a_token_that_does_not_fit(ben: Visitor, changes: dict[str, str], told: str) -> None:
    answer = ben.post("/account/tokens", {"name": "nightly", "scope": "read", "days": "30"} | changes)
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert not TEXT.search(answer.text)


def test_a_revoked_token_is_refused_and_listed_as_former(
    ben: Visitor, ada: Visitor, callers: Callers
) -> None:
    _, text = make_token(ben)
    begins = {"begins": text[: tokens.SHOWN]}
    ada.post("/account/tokens/revoke", begins)
    headers = {"Authorization": f"Bearer {text}"}
    client = callers.app.test_client()
    assert client.get(f"{BASE}/instances", headers=headers).status_code == 200
    assert ben.post("/account/tokens/revoke", begins).status_code == 303
    assert client.get(f"{BASE}/instances", headers=headers).status_code == 401
    page = ben.get("/account/tokens").text
    assert "1 that is over" in page
    assert "is withdrawn" in page


# ---------------------------------------------------------------- people


PERSON = {"email": "dora@example.test", "name": "Dora", "role": "analyst", "time_zone": "UTC"}


def test_people_are_for_admins(ben: Visitor, callers: Callers) -> None:
    path = f"/account/people/{callers.cast.cleo.id}"
    assert ben.get("/account/people").status_code == 403
    assert ben.get(path).status_code == 403
    for target in ("/account/people", path, f"{path}/active"):
        assert ben.post(target, PERSON | {"is_active": "0"}).status_code == 403
    assert callers.cleo.get("/instances").status_code == 200


def test_somebody_is_added_and_signs_in_with_the_password_shown(
    ada: Visitor, callers: Callers, browser: FlaskClient
) -> None:
    form = PERSON | {"once": key_in(ada.get("/account/people").text)}
    answer = ada.post("/account/people", form)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    found = re.search(r'id="password">([^<]+)</code>', answer.text)
    assert found
    assert found[1] not in ada.get("/account/people").text
    assert sign_in(browser, email=PERSON["email"], password=found[1]).status_code == 303
    again = ada.post("/account/people", form)
    assert again.status_code == 303
    taken = ada.post("/account/people", PERSON)
    assert taken.status_code == 422
    assert "There is a user dora@example.test already" in taken.text


def test_role_and_grants_of_somebody(ada: Visitor, cleo: Visitor, callers: Callers) -> None:
    path = f"/account/people/{callers.cast.cleo.id}"
    page = ada.get(path).text
    assert 'name="grant.amcnorthwind01"' in page
    form = {"role": "editor", "grant.amcnorthwind01": "", "grant.amcnorthwind02": "run"}
    assert ada.post(path, form).headers["Location"] == "/account/people"
    with reading() as session:
        user = session.get_one(User, callers.cast.cleo.id)
        held = session.scalars(select(InstanceGrant).where(InstanceGrant.user_id == user.id)).all()
    assert user.role == "editor"
    assert [(one.instance_id, one.access) for one in held] == [(callers.cast.second.id, "run")]
    assert "Northwind 2" in cleo.get("/account").text
    wrong = ada.post(path, {"role": "king", "grant.amcnorthwind01": "own"})
    assert wrong.status_code == 422
    assert "is not one of viewer, analyst, editor, admin" in unescape(wrong.text)


def test_what_another_admin_has_granted_meanwhile_stays(ada: Visitor, callers: Callers) -> None:
    path = f"/account/people/{callers.cast.cleo.id}"
    shown = dict(re.findall(r'name="(held\.\w+)" value="(\w*)"', ada.get(path).text))
    assert shown == {"held.amcnorthwind01": "view", "held.amcnorthwind02": ""}
    with transaction() as session:
        grants.grant(session, callers.cast.cleo.id, callers.cast.second.id, "run")
    form = {"role": "viewer", "grant.amcnorthwind01": "", "grant.amcnorthwind02": ""}
    assert ada.post(path, shown | form).status_code == 303
    with reading() as session:
        held = session.scalars(
            select(InstanceGrant).where(InstanceGrant.user_id == callers.cast.cleo.id)
        ).all()
    assert [(one.instance_id, one.access) for one in held] == [(callers.cast.second.id, "run")]


def test_grants_that_were_typed_stay_with_a_refusal(ada: Visitor, callers: Callers) -> None:
    wrong = ada.post(
        f"/account/people/{callers.cast.cleo.id}", {"role": "king", "grant.amcnorthwind02": "run"}
    ).text
    assert re.search(r'name="grant.amcnorthwind02".*?value="run" selected', wrong, re.DOTALL)


@pytest.mark.parametrize("name", ["x" * 201, "a\nb"])
def test_a_name_that_does_not_fit_is_told_at_its_field(ada: Visitor, name: str) -> None:
    answer = ada.post("/account/people", PERSON | {"name": name})
    assert answer.status_code == 422
    assert "take up to 200 printable characters" in answer.text


def test_who_is_shut_out_is_out_and_no_admin_shuts_out_themselves(
    ada: Visitor, cleo: Visitor, callers: Callers
) -> None:
    path = f"/account/people/{callers.cast.cleo.id}/active"
    assert ada.post(path, {"is_active": "0"}).status_code == 303
    assert cleo.get("/account").status_code == 302
    assert callers.cleo.get("/instances").status_code == 401
    assert ada.post(path, {"is_active": "1"}).status_code == 303
    own = f"/account/people/{callers.cast.ada.id}"
    ada.post(f"{own}/active", {"is_active": "0"})
    assert "for another admin to change" in ada.get("/account/people").text
    assert ada.post(own, {"role": "viewer"}).status_code == 422
    assert ada.get("/account/people").status_code == 200
    assert ada.get("/account/people/00000000-0000-4000-8000-000000000000").status_code == 404


@pytest.mark.parametrize(
    "path", ["/account", "/account/password", "/account/tokens", "/account/tokens/revoke", "/account/people"]
)
def test_forms_of_other_sites_are_refused(ada: Visitor, path: str) -> None:
    assert ada.client.post(path, data={}).status_code == 403


def test_people_take_as_many_statements_for_many(ada: Visitor, callers: Callers) -> None:
    with counted(callers) as few:
        ada.get("/account/people")
    with transaction() as session:
        for number in range(20):
            users.create(session, f"user{number}@example.test")
    with counted(callers) as many:
        ada.get("/account/people")
    assert len(few) == len(many)


def test_the_account_is_in_the_navigation(callers: Callers, passwords: None) -> None:
    client = callers.app.test_client()
    page = visitor(client, "ben@example.test").get("/account").text
    assert re.search(r'href="/account"[^>]*aria-current="page"', page)
