"""Users, grants and tokens from the command line."""

from flask import Flask

from reportbuilder.accounts import grants, tokens, users
from reportbuilder.database import reading
from tests.cast import Cast
from tests.cli.conftest import Command

PASSWORD = "correct horse battery"


def test_a_user_is_added_and_may_sign_in(command: Command, database: Flask) -> None:
    added = command(
        "user", "add", "Dora@Example.test", "--role", "editor", "--password", "stdin", given=f"{PASSWORD}\n"
    )
    assert (added.exit_code, added.stdout) == (0, "added: dora@example.test (editor)\n")
    with reading() as session:
        assert users.verify(session, "dora@example.test", PASSWORD).role == "editor"
    assert "dora@example.test" in command("user", "list").stdout


def test_a_generated_password_is_shown_once_and_works(command: Command, cast: Cast) -> None:
    told = command("user", "password", "ben@example.test", "--password", "generate").stdout
    password = told.rpartition("password: ")[2].strip()
    with reading() as session:
        assert users.verify(session, "ben@example.test", password).name == "Ben"


def test_what_is_wrong_is_told_by_field_with_exit_code_2(command: Command, cast: Cast) -> None:
    wrong = command("user", "add", "dora", "--password", "none")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("error: email: 'dora' is not an e-mail address")
    short = command("user", "password", "ben@example.test", "--password", "stdin", given="short\n")
    assert "password: take 12" in short.stderr
    assert command("user", "deactivate", "nobody@example.test").exit_code == 2


def test_grants_are_given_and_taken(command: Command, cast: Cast) -> None:
    assert command("user", "grant", "ben@example.test", "amcnorthwind02", "run").exit_code == 0
    with reading() as session:
        assert grants.principal_of(session, cast.ben).grants == {cast.second.id: "run"}
    assert "amcnorthwind02 run" in command("user", "list").stdout
    command("user", "grant", "ben@example.test", "amcnorthwind02", "none")
    with reading() as session:
        assert grants.principal_of(session, cast.ben).grants == {}
    missing = command("user", "grant", "ben@example.test", "amcnowhere", "view")
    assert (missing.exit_code, "no instance 'amcnowhere'" in missing.stderr) == (2, True)


def test_a_token_is_alone_on_standard_output_and_shown_once(command: Command, cast: Cast) -> None:
    issued = command("token", "add", "nightly", "--user", "ben@example.test", "--scope", "read")
    text = issued.stdout.strip()
    with reading() as session:
        assert tokens.authenticate(session, text).email == "ben@example.test"
    listed = command("token", "list").stdout
    assert text not in listed
    assert f"{text[:9]}…" in listed
    revoked = command("token", "revoke", f"{text[:9]}…", "--user", "ben@example.test")
    assert revoked.exit_code == 0
    assert "revoked" in command("token", "list", "--user", "ben@example.test").stdout


def test_who_asks_must_be_said_where_there_are_several(command: Command, cast: Cast) -> None:
    asked = command("token", "add", "nightly")
    assert asked.exit_code == 2
    assert "--user EMAIL" in asked.stderr
    command("user", "deactivate", "ben@example.test")
    asked = command("token", "add", "nightly", "--user", "ben@example.test")
    assert "is deactivated" in asked.stderr
