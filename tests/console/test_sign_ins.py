"""Where one is signed in: a copied cookie ends with the sign-out, and the account page lists each browser."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from admin.blueprint import HOME
from reportbuilder import clock
from reportbuilder.accounts.models import User
from reportbuilder.accounts.sign_ins import SignIn
from reportbuilder.database import reading, transaction
from tests.api.conftest import BASE, PASSWORD, Callers
from tests.api.test_queries_counted import counted
from tests.console.visitors import Visitor, csrf, sign_in, visitor

COOKIE = "reportbuilder"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0"
END = re.compile(r'action="(/account/sign-ins/[^"]+/end)"')


def another(callers: Callers, agent: str = EDGE, email: str = "ben@example.test") -> Visitor:
    """Sign somebody in with another browser."""
    client = callers.app.test_client()
    client.environ_base |= {"HTTP_ACCEPT": "text/html", "HTTP_USER_AGENT": agent}
    return visitor(client, email)


def copied(callers: Callers, client: FlaskClient) -> FlaskClient:
    """Return a browser that shows a copy of another one's cookie."""
    cookie = client.get_cookie(COOKIE)
    assert cookie
    thief = callers.app.test_client()
    thief.environ_base["HTTP_ACCEPT"] = "text/html"
    thief.set_cookie(COOKIE, cookie.value)
    return thief


def last_seen() -> datetime:
    with reading() as session:
        return session.scalars(select(SignIn.last_seen_at)).one()


def test_a_copied_cookie_is_good_for_nothing_after_signing_out(callers: Callers, ben: Visitor) -> None:
    thief = copied(callers, ben.client)
    assert thief.get(HOME).status_code == 200
    ben.post("/sign-out")
    assert thief.get(HOME).status_code == 302
    assert thief.get(f"{BASE}/instances").status_code == 401


def test_signing_in_anew_ends_what_the_browser_had_before(callers: Callers, ben: Visitor) -> None:
    thief = copied(callers, ben.client)
    token = csrf(ben.client, HOME)
    ben.client.post("/sign-in", data={"email": "ben@example.test", "password": PASSWORD, "csrf_token": token})
    assert ben.get(HOME).status_code == 200
    assert thief.get(HOME).status_code == 302


def test_a_new_password_ends_all_others_and_leaves_no_row_of_them(callers: Callers, ben: Visitor) -> None:
    other, cleo = another(callers), another(callers, email="cleo@example.test")
    new = "another horse battery"
    ben.post("/account/password", {"password": PASSWORD, "wanted": new, "again": new})
    assert [one.get(HOME).status_code for one in (ben, other, cleo)] == [200, 302, 200]
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(SignIn)) == 2


def test_who_is_shut_out_and_let_in_again_has_to_sign_in(
    ada: Visitor, cleo: Visitor, callers: Callers
) -> None:
    path = f"/account/people/{callers.cast.cleo.id}/active"
    for is_active in ("0", "1"):
        ada.post(path, {"is_active": is_active})
        assert cleo.get(HOME).status_code == 302


def test_a_session_without_use_ends_after_half_a_day(ben: Visitor) -> None:
    for hours, status in ((11.9, 200), (23.7, 200), (36, 302)):
        with clock.frozen(datetime.now(UTC) + timedelta(hours=hours)):
            assert ben.get(HOME).status_code == status


def test_a_page_that_lies_open_does_not_count_as_use(ben: Visitor) -> None:
    before = last_seen()
    with clock.frozen(datetime.now(UTC) + timedelta(hours=1)):
        assert ben.fragment(HOME, **{"X-Polling": "1"}).status_code == 200
        assert ben.client.get(f"{BASE}/instances", headers={"X-Polling": "1"}).status_code == 200
        assert last_seen() == before
        assert ben.client.get(f"{BASE}/instances").status_code == 200
        assert last_seen() > before


def test_use_is_not_written_down_at_each_request(ben: Visitor, callers: Callers) -> None:
    taken = []
    with clock.frozen(datetime.now(UTC) + timedelta(minutes=10)):
        for _ in range(3):
            with counted(callers) as seen:
                ben.get(HOME)
            taken.append(sum(statement.startswith("UPDATE sign_ins") for statement in seen))
    assert taken == [1, 0, 0]


def test_who_reads_is_found_in_one_statement(ben: Visitor, callers: Callers) -> None:
    with counted(callers) as seen:
        ben.get(HOME)
    (look,) = [each for each in seen if "sign_ins" in each]
    assert "FROM users JOIN sign_ins" in look
    assert not [each for each in seen if "WHERE users.id = " in each]


def test_the_account_lists_each_browser_and_marks_this_one(ben: Visitor, callers: Callers) -> None:
    another(callers)
    another(callers, email="cleo@example.test", agent="Cleo's own")
    page = ben.get("/account").text
    assert page.count("this browser</span>") == 1
    assert "Edge on Windows" in page
    assert "Cleo" not in page
    assert len(END.findall(page)) == 1
    now = datetime.now(UTC)
    with transaction() as session:
        session.execute(update(User).values(time_zone="Asia/Tokyo"))
        session.execute(update(SignIn).values(last_seen_at=now - timedelta(hours=2)))
    there = now - timedelta(hours=2) + timedelta(hours=9)
    assert f"{there:%Y-%m-%d %H:%M}" in ben.get("/account").text


@pytest.mark.parametrize("agent", ["<script>alert(1)</script>", ""])
def test_what_a_browser_calls_itself_does_no_harm(ben: Visitor, callers: Callers, agent: str) -> None:
    another(callers, agent)
    page = ben.get("/account").text
    assert "<script>alert" not in page
    assert ("&lt;script&gt;alert" if agent else "does not say its name") in page


def test_one_browser_is_signed_out_from_another(ben: Visitor, callers: Callers) -> None:
    other = another(callers)
    (path,) = END.findall(ben.get("/account").text)
    assert ben.post(path).headers["Location"] == "/account"
    assert "That browser is signed out now" in ben.get("/account").text
    assert (ben.get(HOME).status_code, other.get(HOME).status_code) == (200, 302)
    ben.post(path)
    assert "is signed out already" in ben.get("/account").text


def test_nobody_signs_others_out(ben: Visitor, cleo: Visitor) -> None:
    with reading() as session:
        mine = select(SignIn.id).join(User, User.id == SignIn.user_id).where(User.email == "ben@example.test")
        row_id = session.scalars(mine).one()
    cleo.post(f"/account/sign-ins/{row_id}/end")
    cleo.post("/account/sign-ins/end-others")
    assert ben.get(HOME).status_code == 200


def test_signing_out_everywhere_else(ben: Visitor, callers: Callers) -> None:
    assert "Sign out everywhere else" not in ben.get("/account").text
    others = [another(callers), another(callers, "curl/8.5")]
    assert "Sign out everywhere else" in ben.get("/account").text
    assert ben.post("/account/sign-ins/end-others").status_code == 303
    assert [one.get(HOME).status_code for one in (ben, *others)] == [200, 302, 302]


@pytest.mark.parametrize("path", ["end-others", "00000000-0000-4000-8000-000000000000/end"])
def test_forms_of_other_sites_sign_nobody_out(ben: Visitor, path: str) -> None:
    assert ben.client.post(f"/account/sign-ins/{path}").status_code == 403


def test_the_account_takes_as_many_statements_for_many_browsers(ben: Visitor, callers: Callers) -> None:
    taken = []
    for count in (0, 5):
        for _ in range(count):
            sign_in(callers.app.test_client())
        with counted(callers) as seen:
            ben.get("/account")
        taken.append(len(seen))
    assert taken[0] == taken[1]
