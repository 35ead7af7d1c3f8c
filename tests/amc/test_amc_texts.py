"""Texts from outside are short, printable, and hold no secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.amc import texts

SECRET = "IwEBIJ-7_s3cr3t.value~"


@pytest.mark.parametrize(
    "text",
    [
        "token Atza|{} refused",
        "Atzr|{}",
        "Authorization: Bearer {}",
        "authorization=Bearer {}",
        "bearer {} is expired",
        '{{"access_token":"{}","token_type":"bearer"}}',
        '{{"refresh_token": "{}"}}',
        "client_secret={}&grant_type=refresh_token",
        "amzn1.oa2-cs.v1.{}",
        "https://s3/x.csv?X-Amz-Signature={}&X-Amz-Expires=600",
        "https://s3/x.csv?X-Amz-Credential={}&X-Amz-Security-Token={}",
        "redis://user:{}@127.0.0.1:6379",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(text: str) -> None:
    shown = texts.clean(text.replace("{}", SECRET).replace("{{", "{").replace("}}", "}"))
    assert SECRET not in shown
    assert "s3cr3t" not in shown
    assert texts.HIDDEN in shown


@pytest.mark.parametrize(
    "text",
    [
        "No match found for function signature DATE_ADD(<CHARACTER>, <NUMERIC>)",
        "From line 6, column 12 to line 6, column 17: Object 'dsp_impression' not found",
        'Encountered "{" at line 8, column 3',
        "Filter operation x referenced an undeclared parameter token",
    ],
)
def test_amcs_own_messages_are_left_alone(text: str) -> None:
    assert texts.clean(text) == text


@given(st.text(max_size=500), st.integers(10, 100))
def test_any_text_becomes_short_and_storable(text: str, limit: int) -> None:
    shown = texts.clean(text, limit)
    assert len(shown) <= limit
    assert "\x00" not in shown
    shown.encode()


@given(st.text(alphabet="ab|Atzr \n", max_size=40), st.text(alphabet="xyz", max_size=2100))
def test_a_secret_cut_by_the_limit_does_not_show_its_rest(before: str, padding: str) -> None:
    assert SECRET[:8] not in texts.clean(f"{padding}{before} Atza|{SECRET * 400}")


@given(st.binary(max_size=400))
def test_any_body_has_a_text(body: bytes) -> None:
    for piece in (body, b"<" + body, b"<html><title>" + body, b'{"details":"' + body + b'"}'):
        assert len(texts.error_text(piece)) <= texts.LIMIT


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", ""),
        (b"   ", ""),
        (b"{}", ""),
        (b'{"details":"a","message":"b"}', "a"),
        (b'{"details":"","message":"b"}', "b"),
        (b'{"details":{"why":"deep"}}', '{"details":{"why":"deep"}}'),
        (b"[1]", "[1]"),
        (b"<html><head><title>504 Gateway\n Time-out</title></head>", "504 Gateway Time-out"),
        (b"<p>Slow &amp; <b>down</b><script>alert(1)</script></p>", "Slow & down"),
        (b"<!-- only a remark", ""),
        (
            b"<Error><Code>AccessDenied</Code><Message>Expired</Message><Signature>0badc0de</Signature></Error>",
            "AccessDenied: Expired",
        ),
        (b"\xff\xfe broken", "\ufffd\ufffd broken"),
    ],
)
def test_bodies_say_what_they_say(body: bytes, text: str) -> None:
    assert texts.error_text(body) == text


def test_a_page_of_megabytes_and_a_deep_body_cost_nothing() -> None:
    assert len(texts.error_text(b"<p>" + b"<" * 5_000_000)) <= texts.LIMIT
    assert len(texts.error_text(b"[" * 200_000)) <= texts.LIMIT
    assert len(texts.clean("Atza|" * 1_000_000)) <= texts.LIMIT
