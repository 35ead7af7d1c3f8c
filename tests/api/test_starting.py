"""What the web application refuses to start with."""

from dataclasses import replace

import pytest

from app import create_app
from reportbuilder import settings
from reportbuilder.errors import Invalid


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("secret_key", "", "RB_SECRET_KEY"),
        ("secret_key", "short", "RB_SECRET_KEY"),
        ("vault_keys", (), "RB_VAULT_KEYS"),
        ("vault_keys", ("not a key",), "RB_VAULT_KEYS"),
    ],
)
def test_failure_33_no_keys_no_start(field: str, value: object, name: str) -> None:
    good = settings.Settings(secret_key="a-secret-for-tests", vault_keys=("x",))
    with pytest.raises(Invalid, match="reportbuilder doctor") as caught:
        create_app(replace(good, **{field: value}))  # type: ignore[arg-type]  # by name
    assert name in caught.value.details
    assert "short" not in str(caught.value)
    assert "not a key" not in str(caught.value)
